"""A member's own copy of the chain: every block verified by this member, then kept, one fsync each.

Laws: what `tip` shows is durable; a block is kept with everything that follows from it, or not at
all; a block that may not follow is put aside with the reason and changes nothing; a row that is not
what was written is `Corrupt`, never served. One thread writes at a time, any number read.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Conflict, Error, Invalid, NotFound, Unavailable
from tallystick.chain.block import Effects, Genesis, Tip, apply_block, genesis_state, start
from tallystick.chain.checkpoint import Body
from tallystick.chain.log import Log
from tallystick.chain.member import Members
from tallystick.chain.membership import MEMBERS_KEY
from tallystick.chain.record import Charter, record_key
from tallystick.chain.state import Read, lanes_of, state_root
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.audit import Progress, Report, audit_chain, verify_chain
from tallystick.kernel.ledger.base import Result
from tallystick.kernel.ledger.cache import StateCache
from tallystick.kernel.ledger.fault import BlockFault, InvalidBlock, find_fault
from tallystick.kernel.ledger.layout import corrupt
from tallystick.kernel.ledger.nodes import Nodes
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database

__all__ = ["Replica"]


STAGED_MAX: Final = 1_024
_FIRST_TABLES: Final = ("fact", "roster", "state", "head")


class Replica:
    """One member's chain; made by `create` or `open`.

    Attributes:
        path: the file, `ledger.db`.
        charter: every record type with its rule.
        log: proofs over the transaction log.
        leaves: yields the bytes of so many leaves of the log from a place on, within the log.
        read: returns the state's value of a key, None if it holds none.
    """

    def __init__(self, path: Path, charter: Charter, database: Database) -> None:
        self.path = path
        self.charter = charter
        self._writing = threading.RLock()
        self._moved = threading.Condition()
        self._failed: Error | None = None
        self._cosignatures: dict[tuple[int, str], str] = {}
        self._connect(database)
        self._tip = load_tip(self._rows)

    def _connect(self, database: Database) -> None:
        """Read and write the file by this connection, and by two of its own for reading."""
        self._database = database
        self._fresh = Database.read(self.path)
        self._rows = Rows(self._fresh)
        self.leaves = self._rows.leaves
        self.log = Log(Nodes(self._rows).node, lambda: self.tip.peaks.size)
        self._handovers = self._rows.handovers()
        self._pairs = Rows(Database.read(self.path))
        self._cache = StateCache(self._read_pair, self._read_pairs, self._pairs.database.release)
        # The hottest call of a block: no frame between the rules and the cache.
        self.read: Read = self._cache.read

    def _read_pair(self, key: bytes) -> bytes | None:
        """Read the state within one snapshot for many reads: a snapshot each costs four locks."""
        self._pairs.database.hold()
        return self._pairs.state(key)

    def _read_pairs(self, keys: Sequence[bytes]) -> Iterable[tuple[bytes, bytes]]:
        self._pairs.database.hold()
        return self._pairs.states(keys)

    def expect(self, transactions: Iterable[bytes]) -> None:
        """Read what running some transactions, of these bytes, will first ask the state for."""
        self._cache.expect(
            record_key(identifier)
            for data in transactions
            for identifier in layout.ids_within(data)
        )

    @classmethod
    def create(cls, path: Path, genesis: bytes, members: bytes, charter: Charter) -> Replica:
        """Begin a chain in a new file.

        Raises:
            Conflict: `ledger.exists`, the file holds a chain.
            Invalid: genesis and members do not belong together.
        """
        found = Genesis.read(genesis, members)
        database = layout.open_file(path)
        try:
            with database.transaction():
                if database.row("SELECT 1 FROM fact") is not None:
                    raise Conflict(
                        "ledger.exists", f"{path.name} holds a chain", cure="Open it, or move it."
                    )
                _write_genesis(database, found)
            return cls(path, charter, database)
        except Error:
            database.close()
            raise

    @classmethod
    def open(cls, path: Path, charter: Charter) -> Replica:
        """Open the chain of a file; Corrupt if its head is not what was written.

        Raises:
            NotFound: `ledger.missing`, there is no file, or its creation was interrupted.
        """
        if not path.is_file():
            raise _missing(path)
        database = layout.open_file(path)
        try:
            if not any(database.rows(f"SELECT 1 FROM {name} LIMIT 1") for name in _FIRST_TABLES):  # noqa: S608 - our own names
                raise _missing(path)
            return cls(path, charter, database)
        except Error:
            database.close()
            raise

    @property
    def tip(self) -> Tip:
        """Where the chain stands; everything up to here is durable."""
        return self._tip

    @property
    def genesis(self) -> Genesis:
        """What the chain begins with."""
        return self._tip.genesis

    @property
    def halted(self) -> BlockFault | None:
        """Why the block after the tip was refused; None if none was, or another was accepted."""
        row = self._fresh.row("SELECT fault FROM aside WHERE height = ?", (self._tip.height + 1,))
        return None if row is None else BlockFault.read(row[0])

    def accept(self, data: bytes) -> Effects:
        """Verify a block from elsewhere completely, then keep it; return what it did.

        Raises:
            InvalidBlock: it may not follow the tip; it is kept aside.
        """
        with self._writing:
            tip = self._tip
            self.expect([data])
            try:
                effects = apply_block(data, tip, self.read, self.charter)
            except Invalid as error:
                fault = find_fault(data, tip, self.read, self.charter, error)
                self._put_aside(fault, data)
                raise InvalidBlock(fault) from error
            self.commit(data, effects)
            return effects

    def commit(
        self, data: bytes, effects: Effects, also: Callable[[Database], None] | None = None
    ) -> None:
        """Keep a block that this member ran itself on its tip, with its `effects`; one fsync.

        Args:
            data: the block's bytes.
            effects: what it does.
            also: writes what an engine keeps of it into its own tables, in the same transaction.

        Raises:
            Unavailable: the disk is full or the file is locked; the chain stands as before.
        """
        with self._writing:
            self._check_usable()
            assert effects.tip.height == self._tip.height + 1
            self._cache.release()
            try:
                self._write(data, effects, also)
            except Unavailable as error:
                # Where the disk failed, nobody knows what it holds until the file is read again.
                if error.code == "database.io":
                    self._failed = error
                raise
            except Conflict as error:
                # Another process wrote the file: this one's tip is no longer the file's.
                self._failed = error
                raise
            self._cache.put(effects.changes)
            with self._moved:
                if effects.tip.members.cid != self._tip.members.cid:
                    self._handovers.append(effects.tip.height)
                self._tip = effects.tip
                self._moved.notify_all()

    def _write(
        self, data: bytes, effects: Effects, also: Callable[[Database], None] | None
    ) -> None:
        before, after, database = self._tip, effects.tip, self._database
        header = _header_of(data)
        body = layout.split_block(data, header)
        digest = after.cid.digest
        height = after.height
        cosignatures = self._staged()
        with database.transaction():
            database.run(
                "INSERT INTO block VALUES (?, ?, ?, ?, ?)",
                (height, digest, header, body, layout.block_check(header, body)),
            )
            write_log(database, before.peaks.size, effects)
            write_state(database, effects.changes)
            database.run(
                "REPLACE INTO head VALUES (0, ?, ?, ?)",
                (height, after.lanes, effects.writes_root),
            )
            if after.members.cid != before.members.cid:
                database.run("INSERT INTO roster VALUES (?, ?)", (height, after.members.data))
            database.run("DELETE FROM aside WHERE height = ?", (height,))
            _write_cosignatures(database, cosignatures)
            if also is not None:
                also(database)
        self._unstage(cosignatures)

    def keep(self, work: Callable[[Database], None]) -> None:
        """Write, in a transaction of its own, what an engine keeps that follows from no block."""
        with self._writing:
            self._check_usable()
            self._cache.release()
            with self._database.transaction():
                work(self._database)

    def _put_aside(self, fault: BlockFault, data: bytes) -> None:
        with self._database.transaction():
            self._database.run(
                "REPLACE INTO aside VALUES (?, ?, ?)", (fault.height, fault.data(), data)
            )

    def aside(self, height: int) -> bytes | None:
        """Return the block that was refused at `height`, None if none was."""
        data: bytes | None = self._fresh.value("SELECT data FROM aside WHERE height = ?", (height,))
        return data

    def _check_usable(self) -> None:
        if self._failed is not None:
            raise Unavailable(
                "ledger.reopen", f"an earlier write failed: {self._failed}", cure="Open it again."
            )

    def wait_beyond(self, height: int, timeout_ms: int) -> bool:
        """Wait until the tip is beyond `height`; False if that takes longer than `timeout_ms`."""
        with self._moved:
            return self._moved.wait_for(lambda: self._tip.height > height, timeout_ms / 1_000)

    def block(self, height: int) -> bytes:
        """Return the block at `height`; NotFound `ledger.no_block` beyond the tip."""
        header, body = self._rows.block(height)
        return layout.join_block(header, body)

    def blocks(self, first: int, bytes_max: int, count_max: int = 256) -> list[bytes]:
        """Return the blocks from `first` on, as many as fit, at least one if there is one."""
        found: list[bytes] = []
        size = 0
        for height in range(first, min(self._tip.height + 1, first + count_max)):
            data = self.block(height)
            size += len(data)
            if found and size > bytes_max:
                break
            found.append(data)
        return found

    def header(self, place: int | Cid) -> bytes:
        """Return the header at a height or of a CID; genesis stands at height 0."""
        if place in (0, self.genesis.cid):
            return self.genesis.data
        return self._rows.header(place)

    def members(self, height: int) -> Members:
        """Return the list in force at `height` >= 1: the one the header before it names."""
        return self._rows.members(height - 1)

    def handovers(self) -> list[int]:
        """Return the heights whose blocks changed the list of members, ascending."""
        return list(self._handovers)

    def find(self, tid: bytes) -> Result | None:
        """Return where a transaction stands, None if it is in no block."""
        return self._rows.entry_of(tid)

    def leaf(self, position: int) -> bytes:
        """Return the bytes of the log's leaf at `position`."""
        entry = self._rows.entry(position)
        return self._rows.leaf(entry, self.header(entry.height - 1))

    def body(self, height: int) -> Body:
        """Return what a checkpoint at `height` >= 1 states."""
        return self._rows.body(height, self.genesis)

    def keep_cosignature(self, height: int, member: str, line: str) -> None:
        """Keep a verified cosignature line; written with the next block, or by `flush`."""
        with self._moved:
            self._cosignatures[(height, member)] = line
            many = len(self._cosignatures) >= STAGED_MAX
        if many:
            self.flush()

    def cosignatures(self, height: int) -> dict[str, str]:
        """Return the lines kept for the checkpoint at `height`, by member."""
        found = self._rows.cosignatures(height)
        with self._moved:
            staged = {m: line for (h, m), line in self._cosignatures.items() if h == height}
        return dict(sorted({**found, **staged}.items()))

    def cosigned(self, back: int = 1_024) -> dict[str, int]:
        """Return the greatest height each member cosigned, among the last `back` heights."""
        found = self._rows.cosigned(self._tip.height - back)
        with self._moved:
            for height, member in self._cosignatures:
                found[member] = max(height, found.get(member, 0))
        return found

    def flush(self) -> None:
        """Write cosignatures that wait for the next block."""
        with self._writing:
            cosignatures = self._staged()
            if cosignatures:
                self._cache.release()
                with self._database.transaction():
                    _write_cosignatures(self._database, cosignatures)
                self._unstage(cosignatures)

    def _staged(self) -> list[tuple[int, str, str]]:
        with self._moved:
            return [(height, member, line) for (height, member), line in self._cosignatures.items()]

    def _unstage(self, rows: Sequence[tuple[int, str, str]]) -> None:
        with self._moved:
            for height, member, line in rows:
                if self._cosignatures.get((height, member)) == line:
                    del self._cosignatures[(height, member)]

    def check_state(self) -> None:
        """Sum up all pairs of the state and compare with the head: what an orderer does at start.

        A flipped bit in a pair's key hides the pair from its readers without a trace in its row.

        Raises:
            Corrupt: `ledger.corrupt`, the state is not the one the head commits to.
        """
        pairs = self._fresh.scan("SELECT name, value FROM state")
        if lanes_of(pairs) != self._tip.lanes:
            raise corrupt("the state is not the head's", field="state", height=self._tip.height)

    def verify(self, progress: Progress | None = None) -> Tip:
        """Run the whole chain again from the file, on a fresh connection; return its tip."""
        return verify_chain(self.path, self.charter, progress)

    def audit(self, member: str, progress: Progress | None = None) -> Report:
        """Compare the file, read afresh, with the chain up to this tip."""
        self.flush()
        tip = self._tip
        head = (tip.height, tip.cid)
        return audit_chain(
            self.path,
            self.charter,
            member=member,
            chain=tip.genesis.chain,
            head=head,
            progress=progress,
        )

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody else from writing for as long as the block lasts."""
        with self._writing:
            yield

    def exchange(self, swap: Callable[[], Path]) -> Path:
        """Let `swap` put another file in this one's place, and go on from that one's tip.

        Whoever reads in between is told `database.closed` and may ask again.
        """
        with self._writing:
            self.close()
            aside = swap()
            self._connect(layout.open_file(self.path))
            with self._moved:
                self._tip, self._failed = load_tip(self._rows), None
                self._moved.notify_all()
            return aside

    def close(self) -> None:
        """Write what waits, and close the file; a second call does nothing."""
        with self._writing:
            try:
                self.flush()
            except Unavailable:
                # Members send their cosignatures again; the file may be closed already.
                self._cosignatures.clear()
            self._pairs.database.close()
            self._fresh.close()
            self._database.close()


def _missing(path: Path) -> NotFound:
    return NotFound("ledger.missing", f"no chain in {path.name}", cure="Join it, or repair.")


def load_tip(rows: Rows) -> Tip:
    """Return the tip that a file's rows tell, checked against its last header."""
    genesis = rows.genesis()
    height, lanes, writes = rows.head()
    held = rows.state(MEMBERS_KEY)
    if held is None:
        raise corrupt("state has no list of members", field="state", height=height)
    if height == 0:
        return start(genesis)
    header = rows.header(height)
    fields = layout.header_fields(header)
    log = Log(rows.node, lambda: fields["log_size"])
    tip = Tip(
        genesis=genesis,
        height=height,
        cid=cid_of(header),
        time=fields["time"],
        lanes=lanes,
        peaks=log.peaks(fields["log_size"]),
        members=read_members(held),
    )
    told: dict[str, Any] = {
        "height": height,
        "chain": genesis.chain,
        "log_root": tip.peaks.root(),
        "state_root": state_root(writes, lanes),
        "members": tip.members.cid,
    }
    for name, value in told.items():
        if fields[name] != value:
            raise corrupt(f"{name} of the head at height {height}", field=name, height=height)
    return tip


def read_members(data: bytes) -> Members:
    """Return the list of bytes that this member wrote; Corrupt if they are none."""
    try:
        return Members.read(data)
    except Invalid as error:
        raise corrupt("a list of members", field="members") from error


def write_state(database: Database, changes: dict[bytes, bytes | None]) -> None:
    """Write a block's changes into the state's rows."""
    kept = [
        (key, value, layout.pair_check(key, value))
        for key, value in changes.items()
        if value is not None
    ]
    gone = [(key,) for key, value in changes.items() if value is None]
    database.run_many("REPLACE INTO state VALUES (?, ?, ?)", kept)
    if gone:
        database.run_many("DELETE FROM state WHERE name = ?", gone)


def write_log(database: Database, first: int, effects: Effects) -> None:
    """Write what a block adds to the log, whose first new leaf stands at `first`."""
    tids, codes = b"".join(effects.tids), b"".join(map(layout.code_item, effects.codes))
    row = (first, effects.tip.height, tids, codes, b"".join(effects.nodes))
    database.run("INSERT INTO log VALUES (?, ?, ?, ?, ?)", row)
    shorts = map(layout.short_id, effects.tids)
    database.run_many("INSERT INTO entry VALUES (?, ?)", zip(shorts, itertools.count(first)))


def _write_genesis(database: Database, genesis: Genesis) -> None:
    tip = start(genesis)
    facts = [("genesis", genesis.data)]
    database.run_many("INSERT INTO fact VALUES (?, ?)", facts)
    database.run("INSERT INTO roster VALUES (0, ?)", (genesis.members.data,))
    write_state(database, {**genesis_state(genesis)})
    database.run("INSERT INTO head VALUES (0, 0, ?, ?)", (tip.lanes, b""))


def _write_cosignatures(database: Database, rows: Sequence[tuple[int, str, str]]) -> None:
    database.run_many("REPLACE INTO cosignature VALUES (?, ?, ?)", rows)


def _header_of(data: bytes) -> bytes:
    """Return the header's bytes of a block of known form, without reading all of it."""
    # 82 | byte string head | header: the head is 59 nn nn for 256 .. 65,535 bytes, and no header
    # is shorter: its nine names and five digests alone take more.
    assert data[:2] == b"\x82\x59"
    return data[4 : 4 + int.from_bytes(data[2:4], "big")]
