"""A store in one file, `store.db`.

A case writes eight small objects and may cost one fsync: one transaction of one file does that,
where a file per object would cost two fsyncs each. Dropped objects are overwritten in the file
(`secure_delete`) and in the journal (emptied at each drop).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tallystick.base.codec import RAW, Cid
from tallystick.base.errors import Corrupt, Error, Invalid, NotFound
from tallystick.kernel.store.base import absent, checked, named
from tallystick.kernel.store.database import Database

__all__ = ["SqliteStore", "audit_objects"]

VERSION: Final = 2
# Rows of kilobytes under random keys: in a tree of their own by number, they cost less than half.
SCHEMA: Final = "CREATE TABLE object (cid BLOB NOT NULL PRIMARY KEY, data BLOB NOT NULL)"
PAGE: Final = 1_024


class SqliteStore:
    """Objects in the rows of one file.

    Args:
        path: the file; created if there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database.write(path, "store", SCHEMA, VERSION)

    def put_many(self, objects: Sequence[bytes], codec: int = RAW) -> list[Cid]:
        """Keep all objects, or none, for one fsync; return their CIDs in order."""
        cids = named(objects, codec)
        if cids:
            rows = [(cid.raw, data) for cid, data in zip(cids, objects, strict=True)]
            with self._database.transaction():
                self._database.run_many("INSERT OR REPLACE INTO object VALUES (?, ?)", rows)
        return cids

    def get(self, cid: Cid) -> bytes:
        """Return the bytes that `cid` names."""
        return _get(self._database, cid)

    def has(self, cid: Cid) -> bool:
        """Tell whether an object is kept under `cid`."""
        return self._database.row("SELECT 1 FROM object WHERE cid = ?", (cid.raw,)) is not None

    def drop(self, cids: Sequence[Cid]) -> int:
        """Forget the objects, overwriting their bytes; return how many there were."""
        count = 0
        with self._database.transaction():
            for cid in cids:
                count += self._database.run("DELETE FROM object WHERE cid = ?", (cid.raw,))
        self._database.truncate_journal()
        return count

    def cids(self) -> Iterator[Cid]:
        """Yield the CIDs of all objects, ascending."""
        return _cids(self._database)

    def audit(self) -> list[Cid]:
        """Read everything again on a fresh connection and return the CIDs that do not hold.

        Raises:
            Corrupt: `database.corrupt` where the file's structure, not an object, is damaged.
        """
        found = audit_objects(self._path)
        with contextlib.closing(Database.read(self._path)) as fresh:
            faults = fresh.rows("PRAGMA integrity_check(1)")
        if faults != [(b"ok",)]:
            raise Corrupt(
                "database.corrupt", f"{self._path.name}: {faults[0][0]!r}", cure="Restore the file."
            )
        return found

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def audit_objects(path: Path) -> list[Cid]:
    """Read every object of a file again on a fresh connection; return the CIDs that do not hold.

    Raises:
        Corrupt: `database.corrupt`, a row's name is no CID, or a page cannot be read.
    """
    with contextlib.closing(Database.read(path)) as fresh:
        return [cid for cid in _cids(fresh) if not _holds(fresh, cid)]


def _get(database: Database, cid: Cid) -> bytes:
    data = database.value("SELECT data FROM object WHERE cid = ?", (cid.raw,))
    if data is None:
        raise absent(cid)
    return checked(cid, data)


def _holds(database: Database, cid: Cid) -> bool:
    try:
        _get(database, cid)
    except (Corrupt, NotFound):
        return False
    return True


def _cids(database: Database) -> Iterator[Cid]:
    """Yield in pages, so that no read transaction stays open while the caller works."""
    last = b""
    query = "SELECT cid FROM object WHERE cid > ? ORDER BY cid LIMIT ?"
    while rows := database.rows(query, (last, PAGE)):
        for (raw,) in rows:
            try:
                yield Cid(raw)
            except (Invalid, TypeError) as error:
                raise _misnamed(database.name) from error
        last = rows[-1][0]


def _misnamed(name: str) -> Error:
    return Corrupt("database.corrupt", f"{name}: a row's name is no CID", cure="Restore the file.")
