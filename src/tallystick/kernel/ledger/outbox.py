"""A member's outbox, in `local.db`: each sequence number signed once, ever.

Laws: what is sent was stored first, for one fsync; it is resent byte for byte until it is final or
expired, and only an expired one gets a new number; no number is signed above the window's top +
2^18; after a restore numbers start at top + 2^19, beyond anything signed and forgotten. An answer
given for (user, route, hash of body) is given again for 24 hours.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.clock import DAY_MS, Clock
from tallystick.base.codec import encode, sha256
from tallystick.base.errors import Conflict, Corrupt, Invalid, Unavailable
from tallystick.base.keys import SigningKey, verify
from tallystick.chain import schema
from tallystick.chain.merkle import root_of
from tallystick.chain.transaction import EMPTY_WINDOW, Transaction, sign_transaction
from tallystick.kernel.ledger.base import Result
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.store.database import Database, Row

__all__ = [
    "AHEAD_MAX",
    "LIFE_MS",
    "RESTORE_AHEAD",
    "Entry",
    "Outbox",
    "Request",
    "Writer",
    "audit_outbox",
    "key_reused",
]

AHEAD_MAX: Final = 2**18
RESTORE_AHEAD: Final = 2**19
LIFE_MS: Final = 600_000
CLOCKS_MS: Final = 10_000
"""How far the clock of whoever orders may be ahead of this member's."""
REMEMBER_MS: Final = DAY_MS
SETTLED_MAX: Final = 1_024
VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY, tid BLOB NOT NULL UNIQUE, data BLOB NOT NULL, state INTEGER NOT NULL,
    height INTEGER, place INTEGER, code INTEGER, position INTEGER, successor INTEGER,
    made_ms INTEGER NOT NULL);
CREATE INDEX outbox_pending ON outbox (seq) WHERE state = 0;
CREATE TABLE request (
    name BLOB PRIMARY KEY, body BLOB NOT NULL, seq INTEGER NOT NULL, made_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE counter (one INTEGER PRIMARY KEY, last INTEGER NOT NULL, base INTEGER NOT NULL);
INSERT INTO counter VALUES (0, 0, 0)
"""
PENDING: Final = 0
FINAL: Final = 1
EXPIRED: Final = 2
ABANDONED: Final = 3
_COLUMNS: Final = "seq, tid, data, state, height, place, code, position, successor"


@dataclass(frozen=True, slots=True)
class Request:
    """What an Idempotency-Key stands for.

    Attributes:
        user: who asks, as the session knows them.
        route: method and path.
        key: the Idempotency-Key; requests without one are never equal.
        body: the request's body; only its hash is kept.
    """

    user: str
    route: str
    key: str
    body: bytes

    @property
    def name(self) -> bytes:
        """The digest under which the answer is kept."""
        return sha256(encode([self.user, self.route, self.key]))


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed transaction in the outbox; `result` once it is final."""

    seq: int
    tid: bytes
    data: bytes
    result: Result | None
    state: int
    successor: int | None


@dataclass(frozen=True, slots=True)
class Writer:
    """Who signs: a member and its tx key."""

    member: str
    number: int
    key: SigningKey


class Outbox:
    """One member's outbox.

    Args:
        path: `local.db`.
        writer: whose transactions they are.
        replica: the member's copy of the chain: the window, the time, results.
        clock: gives the end of a transaction's life.
        restored: True where the file was restored from a copy: numbers then skip ahead.
    """

    def __init__(
        self,
        path: Path,
        writer: Writer,
        replica: Replica,
        clock: Clock,
        *,
        restored: bool = False,
    ) -> None:
        self._writer = writer
        self._replica = replica
        self._clock = clock
        self._lock = threading.Lock()
        self._settled: dict[int, Result] = {}
        self._database = Database.write(path, "outbox", SCHEMA, VERSION)
        if restored or self._counter()[0] < self._top():
            self._skip_ahead()

    def _counter(self) -> tuple[int, int]:
        row = self._database.row("SELECT last, base FROM counter WHERE one = 0")
        if row is None or [type(value) for value in row] != [int, int]:
            raise _corrupt("counter")
        return row[0], row[1]

    def _top(self) -> int:
        """Return the greatest number the chain has seen from this member."""
        window = self._replica.read(b"seq/" + self._writer.member.encode()) or EMPTY_WINDOW
        if window == EMPTY_WINDOW:
            return 0
        top: int = codec.decode(window, schema.WINDOW)[0]
        return top

    def _skip_ahead(self) -> None:
        """Begin beyond every number that may have been signed and forgotten."""
        base = max(self._top(), 0) + RESTORE_AHEAD
        with self._database.transaction():
            self._database.run("UPDATE counter SET last = ?, base = ?", (base - 1, base))

    @property
    def public(self) -> bytes:
        """The public half of the key that signs here."""
        return self._writer.key.public

    def take_key(self, writer: Writer) -> None:
        """Sign by this key from now on; what was signed before is resent as it is.

        The member is the same, its sequence numbers go on.
        """
        with self._lock:
            self._writer = writer

    def put(
        self, bundles: Sequence[Sequence[bytes]], request: Request | None = None
    ) -> list[Entry]:
        """Sign and store one transaction a bundle of records, for one fsync in all.

        Args:
            bundles: records by transaction.
            request: stored with the first, so that its repetition is known.

        Raises:
            Conflict: `outbox.key_reused`, the request's key came before with another body.
            Unavailable: `outbox.full`, too far beyond what the chain has seen; or the disk is full.
        """
        return self._database.together(lambda: self._put(bundles, request))

    def _put(self, bundles: Sequence[Sequence[bytes]], request: Request | None) -> list[Entry]:
        if request is not None and (known := self.known(request)) is not None:
            return [known]
        last, base = self._counter()
        bound = max(self._top(), base) + AHEAD_MAX
        if last + len(bundles) > bound:
            raise Unavailable(
                "outbox.full",
                f"the next number is {last + 1}, none above {bound} may be signed now",
                cure="Wait until earlier transactions are ordered.",
            )
        entries = [self._signed(last + 1 + i, records) for i, records in enumerate(bundles)]
        self._write_settled()
        self._insert(entries, request)
        return entries

    def _signed(self, seq: int, records: Sequence[bytes]) -> Entry:
        data = sign_transaction(
            self._writer.key,
            records,
            chain=self._replica.genesis.chain,
            member=self._writer.member,
            number=self._writer.number,
            seq=seq,
            not_after=max(self._clock.now_ms(), self._replica.tip.time) + LIFE_MS,
        )
        return Entry(seq, Transaction.read(data).tid, data, None, PENDING, None)

    def _insert(self, entries: Sequence[Entry], request: Request | None) -> None:
        now = self._clock.now_ms()
        self._database.run_many(
            "INSERT INTO outbox (seq, tid, data, state, made_ms) VALUES (?, ?, ?, 0, ?)",
            ((each.seq, each.tid, each.data, now) for each in entries),
        )
        self._database.run("UPDATE counter SET last = ?", (entries[-1].seq,))
        if request is not None:
            self._database.run(
                "REPLACE INTO request VALUES (?, ?, ?, ?)",
                (request.name, sha256(request.body), entries[0].seq, now),
            )

    def known(self, request: Request) -> Entry | None:
        """Return the entry of a request seen within 24 hours, None if it is new.

        Raises:
            Conflict: `outbox.key_reused`, it came with another body.
        """
        row = self._database.row(
            "SELECT body, seq FROM request WHERE name = ? AND made_ms > ?",
            (request.name, self._clock.now_ms() - REMEMBER_MS),
        )
        if row is None:
            return None
        if row[0] != sha256(request.body):
            raise key_reused()
        return self.entry(row[1])

    def entry(self, seq: int) -> Entry:
        """Return what was signed under a number, or what replaced it once it had expired."""
        while True:
            row = self._database.row(f"SELECT {_COLUMNS} FROM outbox WHERE seq = ?", (seq,))  # noqa: S608 - columns
            if row is None:
                raise _corrupt(f"number {seq}")
            found = self._read(row)
            if found.successor is None:
                return found
            seq = found.successor

    def _read(self, row: Row) -> Entry:
        seq, tid, data, state, height, place, code, position, successor = row
        if type(data) is not bytes or Transaction.read(data).tid != tid:
            raise _corrupt(f"number {seq}")
        result = self._settled.get(seq)
        if state == FINAL:
            result = Result(tid, height, place, code, position)
        return Entry(seq, tid, data, result, FINAL if result else state, successor)

    def pending(self) -> list[Entry]:
        """Return what is neither final nor expired, by number."""
        query = f"SELECT {_COLUMNS} FROM outbox WHERE state = 0 ORDER BY seq"  # noqa: S608 - columns
        entries = [self._read(row) for row in self._database.rows(query)]
        return [each for each in entries if each.result is None]

    def has_waited(self, before_ms: int) -> bool:
        """Tell whether something put in before a moment stands in no block of the member's chain.

        What does by now, and was not asked for since, is settled here.
        """
        query = f"SELECT {_COLUMNS} FROM outbox WHERE state = 0 AND made_ms < ? ORDER BY seq"  # noqa: S608 - columns
        for row in self._database.rows(query, (before_ms,)):
            entry = self._read(row)
            if entry.result is not None:
                continue
            result = self._replica.find(entry.tid)
            if result is None:
                return True
            self.settle(entry, result)
        return False

    def settle(self, entry: Entry, result: Result) -> None:
        """Remember a final answer; written with the next fsync, and until then asked for again."""
        with self._lock:
            self._settled[entry.seq] = result
            full = len(self._settled) >= SETTLED_MAX
        if full:
            self._database.together(self._write_settled)

    def _write_settled(self) -> None:
        with self._lock:
            # A failed commit loses them from memory only: the ledger is asked again.
            settled, self._settled = self._settled, {}
        self._database.run_many(
            "UPDATE outbox SET state = 1, height = ?, place = ?, code = ?, position = ?"
            " WHERE seq = ?",
            [(r.height, r.index, r.code, r.position, seq) for seq, r in settled.items()],
        )

    def renew(self) -> list[Entry]:
        """Sign anew, under new numbers, what expired unordered; return the new entries.

        Only the member's own chain says that something expired: no block after its end can hold it.
        """
        expired = [each for each in self.pending() if self._is_expired(each)]
        return [self._database.together(partial(self._replace, each)) for each in expired]

    def is_over(self, entry: Entry) -> bool:
        """Tell whether an entry's time is over by a clock, or nearly, and no block holds it.

        Where it is not over by the chain as well, it may neither be sent nor signed anew.
        """
        now = max(self._clock.now_ms() + CLOCKS_MS, self._replica.tip.time)
        past = Transaction.read(entry.data).not_after <= now
        return past and self._replica.find(entry.tid) is None

    def _is_expired(self, entry: Entry) -> bool:
        past = Transaction.read(entry.data).not_after < self._replica.tip.time
        return past and self._replica.find(entry.tid) is None

    def _replace(self, old: Entry) -> Entry:
        last, _ = self._counter()
        new = self._signed(last + 1, Transaction.read(old.data).records)
        self._write_settled()
        self._insert([new], None)
        self._database.run(
            "UPDATE outbox SET state = ?, successor = ? WHERE seq = ?", (EXPIRED, new.seq, old.seq)
        )
        return new

    def abandon(self, entry: Entry) -> None:
        """Send an entry no more: the ledger said that it may never stand in a block."""
        update = "UPDATE outbox SET state = ? WHERE seq = ? AND state = 0"
        self._database.together(lambda: self._database.run(update, (ABANDONED, entry.seq)))

    def forget(self) -> int:
        """Delete requests older than 24 hours; return how many there were."""
        before = self._clock.now_ms() - REMEMBER_MS
        delete = "DELETE FROM request WHERE made_ms <= ?"
        return self._database.together(lambda: self._database.run(delete, (before,)))

    def close(self) -> None:
        """Write final answers, and close the file."""
        try:
            self._database.together(self._write_settled)
        except Unavailable:
            # They are asked for again; the file may be closed already.
            self._settled.clear()
        self._database.close()


def audit_outbox(path: Path, keys: Mapping[int, bytes]) -> Iterator[int]:
    """Yield the numbers under which a `local.db` holds no longer what was signed; writes nothing.

    What was signed is checked down to its records; the file's other rows have no second witness.

    Args:
        path: the file.
        keys: the member's public tx keys by number; of others the signature is not checked.
    """
    with contextlib.closing(Database.read(path)) as database:
        for seq, tid, data in database.scan("SELECT seq, tid, data FROM outbox"):
            if not _is_signed(tid, data, keys):
                yield seq if type(seq) is int else -1


def _is_signed(tid: Any, data: Any, keys: Mapping[int, bytes]) -> bool:  # noqa: ANN401 - unchecked columns
    try:
        found = Transaction.read(data)
    except (Invalid, TypeError):
        return False
    whole = found.tid == tid and found.count == len(found.records)
    pub = keys.get(found.key)
    is_own = pub is None or verify(pub, found.signed, found.signature)
    return whole and found.root == root_of(found.records) and is_own


def key_reused() -> Conflict:
    """Return the error for an Idempotency-Key that came before with another body."""
    return Conflict(
        "outbox.key_reused",
        "this Idempotency-Key came before with another body",
        cure="Take a new key for a new request.",
    )


def _corrupt(what: str) -> Corrupt:
    return Corrupt("outbox.corrupt", f"local.db: {what}", cure="Restore the file, then open it so.")
