"""A member's data keys: `keys.db`, the one file whose loss closes what it opened.

Each row holds the key of one sealed object, itself encrypted under a master key that is replaced at
every erasure: what an old copy of the file holds opens nothing written after, and nothing erased is
left in the file (secure_delete, the write-ahead log truncated). Keep it out of ordinary backups.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tallystick.base.clock import Entropy
from tallystick.base.codec import Cid
from tallystick.base.errors import Corrupt
from tallystick.kernel.store.database import Database

__all__ = ["DataKey", "KeyRing"]

_KEY_SIZE: Final = 32
_NONCE_SIZE: Final = 12
VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE data_key (
    obj BLOB PRIMARY KEY, record BLOB NOT NULL, sealed TEXT NOT NULL, link BLOB NOT NULL,
    wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX data_key_link ON data_key (link);
CREATE INDEX data_key_record ON data_key (record)
"""


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """The key of one sealed object, and what the object belongs to.

    Attributes:
        record: id of the record that seals the object.
        sealed: "case" or "party".
        case: id of the case, b"" for none.
        party: id of the party.
    """

    obj: Cid
    key: bytes
    record: bytes
    sealed: str
    case: bytes
    party: bytes


class KeyRing:
    """keys.db and its master key file; thread-safe."""

    def __init__(self, folder: Path, entropy: Entropy) -> None:
        self._entropy = entropy
        self._lock = threading.RLock()
        self._master_path = folder / "master.key"
        self._master = self._read_master()
        self._db = Database.write(folder / "keys.db", "keys", SCHEMA, VERSION)

    def _read_master(self) -> bytes:
        try:
            return self._master_path.read_bytes()
        except FileNotFoundError:
            master = self._entropy.draw("key", _KEY_SIZE)
            _write_secret(self._master_path, master)
            return master

    def put(self, keys: Iterable[DataKey]) -> None:
        """Keep keys, all in one durable commit."""
        with self._lock:
            rows = [self._wrap(key) for key in keys]
            with self._db.transaction():
                self._db.run_many("REPLACE INTO data_key VALUES (?, ?, ?, ?, ?)", rows)

    def _wrap(self, key: DataKey) -> tuple[bytes, bytes, str, bytes, bytes]:
        nonce = self._entropy.draw("key", _NONCE_SIZE)
        plain = key.key + key.party + key.case
        wrapped = nonce + AESGCM(self._master).encrypt(nonce, plain, key.obj.raw)
        return key.obj.raw, key.record, key.sealed, self._link(key.party), wrapped

    def _link(self, party: bytes) -> bytes:
        """Return the party's blind index: what rows belong together, not to whom."""
        return blake2b(party, key=self._master, digest_size=16).digest()

    def _unwrap(self, row: Sequence[bytes]) -> DataKey:
        obj, record, sealed, _, wrapped = row
        nonce, text = wrapped[:_NONCE_SIZE], wrapped[_NONCE_SIZE:]
        try:
            plain = AESGCM(self._master).decrypt(nonce, text, obj)
        except InvalidTag as error:
            raise Corrupt(
                "keys.corrupt", "a row of keys.db does not open", cure="Restore keys.db."
            ) from error
        key, party, case = plain[:32], plain[32:48], plain[48:]
        return DataKey(Cid(obj), key, record, sealed.decode(), case, party)

    def find(self, obj: Cid) -> DataKey | None:
        """Return the key of an object, or None where this member holds none."""
        with self._lock:
            rows = self._db.rows("SELECT * FROM data_key WHERE obj = ?", (obj.raw,))
            return self._unwrap(rows[0]) if rows else None

    def of_party(self, party: bytes) -> list[DataKey]:
        """Return all keys of a party's objects."""
        with self._lock:
            query = "SELECT * FROM data_key WHERE link = ? ORDER BY obj"
            return [self._unwrap(row) for row in self._db.rows(query, (self._link(party),))]

    def of_record(self, record: bytes) -> list[DataKey]:
        """Return the keys of a record's sealed objects."""
        with self._lock:
            query = "SELECT * FROM data_key WHERE record = ? ORDER BY sealed"
            return [self._unwrap(row) for row in self._db.rows(query, (record,))]

    def erase(self, party: bytes) -> list[Cid]:
        """Forget all keys of a party, for good, and return the objects that no longer open.

        The master key is replaced: rows kept are encrypted anew, old copies open nothing.
        """
        with self._lock:
            gone = [key.obj for key in self.of_party(party)]
            kept = [
                self._unwrap(row)
                for row in self._db.rows("SELECT * FROM data_key")
                if row[3] != self._link(party)
            ]
            master = self._entropy.draw("key", _KEY_SIZE)
            fresh = self._master_path.with_suffix(".new")
            _write_secret(fresh, master)
            old, self._master = self._master, master
            try:
                with self._db.transaction():
                    self._db.run("DELETE FROM data_key")
                    rows = [self._wrap(key) for key in kept]
                    self._db.run_many("INSERT INTO data_key VALUES (?, ?, ?, ?, ?)", rows)
            except BaseException:
                self._master = old
                raise
            fresh.replace(self._master_path)
            self._db.truncate_journal()
            self._db.run("VACUUM")
            self._db.truncate_journal()
            return gone

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()


def _write_secret(path: Path, secret: bytes) -> None:
    """Write a secret for its owner alone, durably."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
