"""A member's data keys: `keys.db`, the one file whose loss closes what it opened.

Each row holds the key of one sealed object, itself encrypted under a master key that is replaced at
every erasure: what an old copy of the file holds opens nothing written after, and nothing erased is
left in the file (secure_delete, the write-ahead log truncated). Keep it out of ordinary backups.
A kill at any point of an erasure leaves it undone or done, never a file that does not open.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tallystick.base import codec
from tallystick.base.clock import Entropy
from tallystick.base.codec import Cid
from tallystick.base.errors import Corrupt, Error, Unavailable
from tallystick.kernel.access.master import MASTER_SIZE, MasterFiles, digest_of
from tallystick.kernel.store.database import Database

__all__ = ["DataKey", "KeyRing", "are_lost", "audit_keys"]

_NONCE_SIZE: Final = 12
_NEVER_MS: Final = 2**63 - 1
VERSION: Final = 2
SCHEMA: Final = """
CREATE TABLE data_key (
    obj BLOB PRIMARY KEY, record BLOB NOT NULL, sealed TEXT NOT NULL, link BLOB NOT NULL,
    wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX data_key_link ON data_key (link);
CREATE INDEX data_key_record ON data_key (record);
CREATE TABLE master (one INTEGER PRIMARY KEY, digest BLOB NOT NULL)
"""
_WrappedRow: TypeAlias = tuple[bytes, bytes, str, bytes, bytes]
"""obj, record, sealed, link, wrapped."""
_INSERT: Final = "INSERT INTO data_key VALUES (?, ?, ?, ?, ?)"
_PLAIN: Final = codec.tuple_of(
    codec.octets(64), codec.octets(64), codec.octets(64), codec.integer()
)


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """The key of one sealed object, and what the object belongs to.

    Attributes:
        record: id of the record that seals the object.
        sealed: "case" or "party"; "own" for the party's own signing key; "spread" for an object
            that members hold for one another.
        case: id of the case, b"" for none.
        party: id of the party; the id of the case where this member is not the party's custodian.
        until: when a key that was lent is to be forgotten, ms since 1970 UTC; 0 for one's own.
    """

    obj: Cid
    key: bytes
    record: bytes
    sealed: str
    case: bytes
    party: bytes
    until: int = 0


def are_lost(folder: Path) -> bool:
    """Tell whether a member's keys are gone that the files beside them show to have been there.

    Its first opening makes `keys.db`, then `master.key`, then `views.db`.
    """
    later = (folder / "master.key", folder / "views.db")
    return not (folder / "keys.db").is_file() and any(each.is_file() for each in later)


class KeyRing:
    """keys.db and its master key file; thread-safe.

    Raises:
        Corrupt: `keys.lost`, `keys.no_master`.

    Attributes:
        changes: how often keys were kept or forgotten since it was opened: as long as it stands,
            what was found is what would be found.
    """

    def __init__(self, folder: Path, entropy: Entropy) -> None:
        self.changes = 0
        self._entropy = entropy
        self._lock = threading.RLock()
        self._files = MasterFiles(folder)
        self._lapses_ms: int | None = None
        """No key that was lent is over before; None until somebody looked."""
        if are_lost(folder):
            # To keys begun anew those of a backup could not be added later.
            raise Corrupt(
                "keys.lost",
                "keys.db is missing, and master.key or views.db beside it shows that there were"
                " keys",
                cure="Restore keys.db with the master.key of that moment; without a backup put"
                " master.key and views.db aside: what those keys opened stays closed.",
            )
        self._db = Database.write(folder / "keys.db", "keys", SCHEMA, VERSION)
        try:
            self._master = self._found_master()
            # A kill may have left erased rows in the journal.
            self._db.truncate_journal()
        except BaseException:
            self._db.close()
            raise

    def _found_master(self) -> bytes:
        """Return the master key in force; on a new file, draw the first."""
        digest = self._db.value("SELECT digest FROM master")
        if digest is not None:
            return self._files.settle(digest)
        if (master := self._files.present()) is None:
            master = self._entropy.draw("key", MASTER_SIZE)
            self._files.stage(master)
            self._files.promote()
        self._db.run("INSERT INTO master VALUES (0, ?)", (digest_of(master),))
        return master

    def put(self, keys: Iterable[DataKey]) -> None:
        """Keep keys, all in one durable commit."""
        keys = list(keys)
        with self._lock:
            rows = self._wrap_all(keys)
            with self._db.transaction():
                self._db.run_many(_INSERT.replace("INSERT", "REPLACE"), rows)
            self.changes += 1
            if any(key.until for key in keys):
                self._lapses_ms = None

    def _wrap_all(self, keys: Sequence[DataKey]) -> list[_WrappedRow]:
        """Return the rows of keys, each under a nonce of its own from one draw."""
        cipher = AESGCM(self._master)
        nonces = self._entropy.draw("key", _NONCE_SIZE * len(keys))
        return [
            self._wrap(key, cipher, nonces[_NONCE_SIZE * at : _NONCE_SIZE * (at + 1)])
            for at, key in enumerate(keys)
        ]

    def _wrap(self, key: DataKey, cipher: AESGCM, nonce: bytes) -> _WrappedRow:
        plain = codec.encode_decoded([key.key, key.party, key.case, key.until])
        bound = _bound(key.obj.raw, key.record, key.sealed)
        wrapped = nonce + cipher.encrypt(nonce, plain, bound)
        return key.obj.raw, key.record, key.sealed, self._link(key.party), wrapped

    def _link(self, party: bytes) -> bytes:
        """Return the party's blind index: what rows belong together, not to whom."""
        return blake2b(party, key=self._master, digest_size=16).digest()

    def _unwrap(self, row: Sequence[Any]) -> DataKey:
        obj, record, sealed, _, wrapped = row
        nonce, text = wrapped[:_NONCE_SIZE], wrapped[_NONCE_SIZE:]
        try:
            bound = _bound(obj, record, sealed.decode())
            plain = AESGCM(self._master).decrypt(nonce, text, bound)
        except (InvalidTag, ValueError) as error:
            raise Corrupt(
                "keys.corrupt", "a row of keys.db does not open", cure="Restore keys.db."
            ) from error
        key, party, case, until = codec.decode(plain, _PLAIN)
        return DataKey(Cid(obj), key, record, sealed.decode(), case, party, until)

    def _select(self, test: str, *values: bytes) -> list[DataKey]:
        rows = self._db.rows(f"SELECT * FROM data_key {test}", values)  # noqa: S608 - tests below
        return [self._unwrap(row) for row in rows]

    def find(self, obj: Cid) -> DataKey | None:
        """Return the key of an object, or None where this member holds none."""
        with self._lock:
            found = self._select("WHERE obj = ?", obj.raw)
            return found[0] if found else None

    def of_party(self, party: bytes) -> list[DataKey]:
        """Return all keys of a party's objects."""
        with self._lock:
            return self._select("WHERE link = ? ORDER BY obj", self._link(party))

    def of_record(self, record: bytes) -> list[DataKey]:
        """Return the keys of a record's sealed objects."""
        with self._lock:
            return self._select("WHERE record = ? ORDER BY sealed", record)

    def forget_lent(self, now_ms: int) -> list[Cid]:
        """Forget keys whose time is over, and return the objects that no longer open.

        Where none can be over yet, no row is opened: it may be asked often.
        """
        with self._lock:
            if self._lapses_ms is not None and now_ms <= self._lapses_ms:
                return []
            lent = [key for key in self._select("") if key.until]
            over = [key.obj for key in lent if key.until < now_ms]
            gone = self._renew(over) if over else []
            left = [key.until for key in lent if key.until >= now_ms]
            self._lapses_ms = min(left, default=_NEVER_MS)
            return gone

    def forget(self, objects: Collection[Cid]) -> list[Cid]:
        """Forget the keys of single objects as `erase` does; return those that there were."""
        with self._lock:
            found = [obj for obj in objects if self.find(obj) is not None]
            return self._renew(found) if found else []

    def erase(self, *parties: bytes) -> list[Cid]:
        """Forget all keys of parties, for good, and return the objects that no longer open.

        The master key is replaced: rows kept are encrypted anew, old copies open nothing.

        Raises:
            Unavailable: `keys.not_erased`, the keys are gone from the file, but something still
                reads its journal; opening the ring again finishes it.
        """
        with self._lock:
            return self._renew([key.obj for party in parties for key in self.of_party(party)])

    def _renew(self, gone: Sequence[Cid]) -> list[Cid]:
        """Replace the master key and keep all rows but those of `gone`."""
        dropped = set(gone)
        kept = [key for key in self._select("") if key.obj not in dropped]
        fresh = self._entropy.draw("key", MASTER_SIZE)
        # What an erasure before left unfinished comes first: its key must not be overwritten.
        self._files.settle(digest_of(self._master))
        self._files.stage(fresh)
        old, self._master = self._master, fresh
        try:
            with self._db.transaction():
                self._db.run("DELETE FROM data_key")
                self._db.run_many(_INSERT, self._wrap_all(kept))
                self._db.run("UPDATE master SET digest = ?", (digest_of(fresh),))
        except BaseException:
            self._master = old
            # A commit that failed may still have reached the file: the file says which it was.
            self._master = self._found_master()
            raise
        finally:
            self.changes += 1
        self._files.promote()
        self._db.truncate_journal()
        self._db.run("VACUUM")
        self._db.truncate_journal()
        if self._journal_bytes():
            raise Unavailable(
                "keys.not_erased",
                "keys.db: another process still reads its journal",
                cure="End it, then open the member again.",
            )
        return list(gone)

    def _journal_bytes(self) -> int:
        journal = self._db.path.with_name(f"{self._db.name}-wal")
        return journal.stat().st_size if journal.exists() else 0

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()


def audit_keys(folder: Path) -> Iterator[str]:
    """Yield what is wrong with a member's keys, read again on a fresh connection; writes nothing.

    Each row must open under the master key in force, and stand under its party's link.
    """
    database = Database.read(folder / "keys.db")
    try:
        digest = database.value("SELECT digest FROM master")
        if digest is None:
            return
        master = MasterFiles(folder).holding(digest)
        if master is None:
            yield "it stands under a master key that is in neither master.key nor master.new"
            return
        ring = KeyRing.__new__(KeyRing)
        ring._master = master  # noqa: SLF001 - a ring that only reads
        for row in database.scan("SELECT * FROM data_key"):
            try:
                found = ring._unwrap(row)  # noqa: SLF001
                fits = row[3] == ring._link(found.party)  # noqa: SLF001
            except (Error, TypeError, AttributeError):
                fits = False
            if not fits:
                yield "a row does not open"
    finally:
        database.close()


def _bound(obj: bytes, record: bytes, sealed: str) -> bytes:
    """Return what a row's cipher text is bound to: moved to another row it does not open."""
    # The first is of fixed length and the last of few words: nothing else reads the same.
    return b"/".join((obj, record, sealed.encode()))
