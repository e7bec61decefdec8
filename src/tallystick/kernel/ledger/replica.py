"""A member's own copy of the chain: every block verified by this member, then kept.

Laws: what `tip` shows is durable, by one fsync for a block or for those that came together; a block
is kept with everything that follows from it, or not at all; a block that may not follow is put
aside with the reason and changes nothing; a row that is not what was written is `Corrupt`, never
served. One thread writes at a time, any number read.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Conflict, Error, Invalid, NotFound, Unavailable
from tallystick.chain.block import Effects, Genesis, Tip
from tallystick.chain.checkpoint import Body
from tallystick.chain.log import Log
from tallystick.chain.member import Members
from tallystick.chain.record import Charter, record_key
from tallystick.chain.span import Span
from tallystick.chain.state import Expect, Read
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.ahead import Ahead
from tallystick.kernel.ledger.audit import Report, audit_chain
from tallystick.kernel.ledger.base import Result
from tallystick.kernel.ledger.cache import StateCache
from tallystick.kernel.ledger.fault import BlockFault, InvalidBlock, find_fault
from tallystick.kernel.ledger.layout import corrupt
from tallystick.kernel.ledger.nodes import Nodes
from tallystick.kernel.ledger.pairs import Reading, is_state, read_pair
from tallystick.kernel.ledger.rerun import Progress, verify_chain
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.signatures import look_ahead
from tallystick.kernel.ledger.tables import load_tip, open_file, write_cosignatures, write_genesis
from tallystick.kernel.store.database import Database

__all__ = ["Replica"]


STAGED_MAX: Final = 1_024
_FIRST_TABLES: Final = ("fact", "roster", "pair", "head")


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
        self.elsewhere: Callable[[int], bytes] = lambda _: b""
        """Returns the block at a height that is not held here, proven to be it; b"" if none."""
        self._cache = StateCache(self._read_pair, self._read_pairs)
        # The hottest call of a block: no frame between the rules and the cache.
        self.read: Read = self._cache.read
        self.expect_pairs: Expect = self._cache.expect
        self._connect(database)
        self._tip = load_tip(self._rows)

    def _connect(self, database: Database) -> None:
        """Read and write the file by this connection, and by one of its own for reading."""
        self._database = database
        self._fresh = Database.read(self.path)
        self._rows = Rows(self._fresh)
        self.leaves = self._rows.leaves
        self.log = Log(Nodes(self._rows).node, lambda: self.tip.peaks.size)
        self._read_anew()

    def _read_anew(self) -> None:
        """Forget what was read of the file as it was."""
        self._reading = Reading()
        self._cache.forget()
        self._is_sound: bool | None = None
        self._handovers = self._rows.handovers()
        self._floor = self._rows.floor()
        self.leapt = self._rows.leapt()
        """The height up to which the state was taken over on others' word: not its to witness."""

    def _read_pair(self, key: bytes) -> bytes | None:
        """Read the state by the connection that writes, whose pages SQLite keeps.

        Of another one it drops them all when this one has written. While a transaction is open,
        the other one gives the state before it, and nobody waits.
        """
        with self._database.unless_busy() as is_free:
            return read_pair(self._database if is_free else self._fresh, key)

    def _read_pairs(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        with self._database.unless_busy() as is_free:
            return self._reading.read(self._database if is_free else self._fresh, keys)

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
        database = open_file(path)
        try:
            with database.transaction():
                if database.row("SELECT 1 FROM fact") is not None:
                    raise Conflict(
                        "ledger.exists", f"{path.name} holds a chain", cure="Open it, or move it."
                    )
                write_genesis(database, found)
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
        database = open_file(path)
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
    def floor(self) -> int:
        """The height up to which bodies may be missing (`kernel.ledger.floor`); 0 if none are."""
        return self._floor

    @property
    def halted(self) -> BlockFault | None:
        """Why the block after the tip was refused; None if none was, or another was accepted."""
        row = self._fresh.row("SELECT fault FROM aside WHERE height = ?", (self._tip.height + 1,))
        return None if row is None else BlockFault.read(row[0])

    def accept(self, *blocks: bytes) -> Effects:
        """Verify blocks from elsewhere completely, then keep them; return what the last one did.

        Raises:
            InvalidBlock: one may not follow; it is kept aside, and those before it are kept.
        """
        with self._writing:
            ahead = Ahead(self._tip, self.read, self.expect_pairs)
            for coming in look_ahead(blocks, lambda: ahead.tip):
                self.expect([coming.data])
                try:
                    ahead.run(coming, self.charter)
                except Invalid as error:
                    self._keep(ahead)
                    fault = find_fault(coming.data, self._tip, self.read, self.charter, error)
                    self._put_aside(fault, coming.data)
                    raise InvalidBlock(fault, coming.data) from error
            self._keep(ahead)
            return ahead.effects

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
            ahead = Ahead(self._tip, self.read, self.expect_pairs)
            ahead.add(data, effects)
            self._keep(ahead, also)

    def _keep(self, ahead: Ahead, also: Callable[[Database], None] | None = None) -> None:
        """Make durable what was run ahead of the tip, and go on from there."""
        if ahead.tip.height == self._tip.height:
            return
        self._check_usable()
        try:
            self._write(ahead, also)
        except Unavailable as error:
            # Where the disk failed, nobody knows what it holds until the file is read again.
            if error.code == "database.io":
                self._failed = error
            raise
        except Conflict as error:
            # Another process wrote the file: this one's tip is no longer the file's.
            self._failed = error
            raise
        self._reading.add(ahead.changes)
        self._cache.put(ahead.changes)
        with self._moved:
            self._handovers += ahead.handovers()
            self._tip = ahead.tip
            self._moved.notify_all()

    def _write(self, ahead: Ahead, also: Callable[[Database], None] | None) -> None:
        cosignatures = self._staged()
        with self._database.transaction():
            ahead.write(self._database)
            write_cosignatures(self._database, cosignatures)
            if also is not None:
                also(self._database)
        self._unstage(cosignatures)

    def keep(self, work: Callable[[Database], None]) -> None:
        """Write, in a transaction of its own, what an engine keeps that follows from no block."""
        with self._writing:
            self._check_usable()
            with self._database.transaction():
                work(self._database)

    def rewrite(
        self, work: Callable[[Database], None], settle: Callable[[], None] = lambda: None
    ) -> None:
        """Write, in one transaction, what takes the chain elsewhere than a block does.

        Args:
            work: writes; has proven that the tip the tables then tell is this chain's.
            settle: called before the transaction is kept; its failure takes all back.
        """

        def write(database: Database) -> None:
            work(database)
            settle()

        with self._writing:
            self.keep(write)
            self._read_anew()
            with self._moved:
                self._tip = load_tip(self._rows)
                self._moved.notify_all()

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
        """Return the block at `height`, from elsewhere where its body is not held.

        Raises:
            NotFound: `ledger.no_block` beyond the tip; `ledger.pruned`, nobody asked holds it.
        """
        try:
            return self._held_block(height)
        except NotFound as error:
            found = self.elsewhere(height) if error.code == "ledger.pruned" else b""
            if not found:
                raise
            return found

    def _held_block(self, height: int) -> bytes:
        return layout.join_block(*self._rows.block(height))

    def blocks(self, first: int, bytes_max: int, count_max: int = 256) -> list[bytes]:
        """Return the blocks from `first` on that are held, as many as fit, at least one."""
        found: list[bytes] = []
        size = 0
        for height in range(first, min(self._tip.height + 1, first + count_max)):
            try:
                data = self._held_block(height)
            except NotFound:
                break
            size += len(data)
            if found and size > bytes_max:
                break
            found.append(data)
        return found

    def holes(self, count: int, first: int = 1) -> list[int]:
        """Return the lowest heights from `first` on whose bodies are to be fetched, ascending."""
        if not self._floor:
            return []
        return self._rows.holes(max(self._rows.pruned(), first - 1), count)

    def holds(self, height: int) -> bool:
        """Tell whether the body of the block at a height, 1 <= height <= tip, is held."""
        return height > self._floor or self._rows.holds(height)

    def lowest(self) -> int:
        """Return the height from which on all blocks are held."""
        return self._rows.lowest() if self._floor else 1

    def span(self, height: int) -> Span:
        """Return what stands in for the block at a height; it is held where the body is not."""
        return self._rows.span(height)

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
        # Taken first: what is written meanwhile is then read twice, never not at all.
        staged = {member: line for at, member, line in self._staged() if at == height}
        return dict(sorted({**self._rows.cosignatures(height), **staged}.items()))

    def lines(self, first: int, count: int) -> tuple[list[tuple[int, str, str]], int]:
        """Return the lines of the next `count` heights from `first` on, and where to go on."""
        # Taken first, as by `cosignatures`.
        staged = self._staged()
        found, then = self._rows.lines(first, count)
        found += [row for row in staged if row[0] >= first and (not then or row[0] < then)]
        return sorted(set(found)), then

    def cosigned(self, back: int = 1_024) -> dict[str, int]:
        """Return the greatest height each member cosigned, among the last `back` heights."""
        # Taken first, as by `cosignatures`.
        staged = self._staged()
        found = self._rows.cosigned(self._tip.height - back)
        for height, member, _ in staged:
            found[member] = max(height, found.get(member, 0))
        return found

    def flush(self) -> None:
        """Write cosignatures that wait for the next block."""
        with self._writing:
            cosignatures = self._staged()
            if cosignatures:
                with self._database.transaction():
                    write_cosignatures(self._database, cosignatures)
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
        """Sum up all pairs of the state and compare with the head, once since the file was opened.

        An orderer does before its first block: a flipped bit in a pair's key, or in where it
        stands, hides it from its readers, and what is made of the others would be no block.

        Raises:
            Corrupt: `ledger.corrupt`, the state is not the one the head commits to.
        """
        with self._writing:
            if self._is_sound is None:
                self._is_sound = is_state(self._fresh, self._tip.lanes)
            if not self._is_sound:
                height = self._tip.height
                raise corrupt("the state is not the head's", field="state", height=height)

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
        """Keep everybody else from writing."""
        with self._writing:
            yield

    def exchange(self, swap: Callable[[], Path | None]) -> Path | None:
        """Let `swap` put another file in this one's place, and go on from that one's tip.

        Whoever reads in between is told `database.closed` and may ask again.
        """
        with self._writing:
            self.close()
            aside = swap()
            self._connect(open_file(self.path))
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
            self._fresh.close()
            self._database.close()


def _missing(path: Path) -> NotFound:
    return NotFound(
        "ledger.missing",
        f"no chain in {path.name}",
        cure="tally repair fetches it from the other members; a new member joins.",
    )
