"""What a member notes of the objects it spreads: names, readers, receipts; tables of `store.db`.

Laws: none of it leaves this member but by an answer that its reader may have; an object is noted
before its record is signed, so that a stop in between is seen and ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import Cid
from tallystick.kernel.store.database import Database

__all__ = ["ERASED", "ERASING", "KEPT", "PUTTING", "SETTLED", "Noted", "SpreadBook"]

VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE spread_object (
    cid BLOB PRIMARY KEY, name TEXT NOT NULL, code TEXT NOT NULL, size INTEGER NOT NULL,
    sealed INTEGER NOT NULL, state INTEGER NOT NULL, added_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE spread_reader (
    cid BLOB NOT NULL, member TEXT NOT NULL, until_ms INTEGER NOT NULL,
    PRIMARY KEY (cid, member)) WITHOUT ROWID;
CREATE TABLE spread_receipt (
    cid BLOB NOT NULL, member TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (cid, member)) WITHOUT ROWID
"""
PUTTING: Final = 0
"""Spread, and its record is not known to be admitted."""
KEPT: Final = 1
ERASING: Final = 2
"""To be erased; its key may be there still."""
ERASED: Final = 3
"""Its key is gone; that the chain says so, or receipts, may be missing."""
SETTLED: Final = 4
"""Its key is gone, the chain says so, and so has every member there was."""
_END_TOLD: Final = -1
"""Instead of a reader's date: it may read no more, and has been told. 0: it has not been."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An object of this member's own.

    Attributes:
        cid: its name.
        name: what the member calls it.
        code: the profile it is coded by.
        size: bytes of what was put, before it was sealed.
        sealed: whether it was.
        state: `PUTTING`, `KEPT`, `ERASING`, `ERASED` or `SETTLED`.
        added_ms: when, ms since 1970 UTC.
    """

    cid: Cid
    name: str
    code: str
    size: int
    sealed: bool
    state: int
    added_ms: int


class SpreadBook:
    """A member's notes.

    Args:
        path: of `store.db`; whoever opens it holds the folder's lock.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database.write(path, "spread", SCHEMA, VERSION)

    @staticmethod
    def is_begun(path: Path) -> bool:
        """Tell whether a member has ever noted anything; its file is only looked at."""
        database = Database.read(path)
        try:
            known = "SELECT 1 FROM sqlite_master WHERE name = 'spread_object'"
            return database.row(known) is not None
        finally:
            database.close()

    def add(self, noted: Noted) -> None:
        """Note an object."""
        self._database.run(
            "INSERT OR REPLACE INTO spread_object VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                noted.cid.raw,
                noted.name,
                noted.code,
                noted.size,
                int(noted.sealed),
                noted.state,
                noted.added_ms,
            ),
        )

    def find(self, cid: Cid) -> Noted | None:
        """Return what is noted of an object; None for another member's."""
        row = self._database.row("SELECT * FROM spread_object WHERE cid = ?", (cid.raw,))
        return None if row is None else _noted(row)

    def objects(self, state: int | None = None) -> Iterator[Noted]:
        """Yield all objects, or those in one state, in the order they were put."""
        query = "SELECT * FROM spread_object WHERE ? IN (-1, state) ORDER BY added_ms, cid"
        for row in self._database.scan(query, (-1 if state is None else state,)):
            yield _noted(row)

    def move(self, cid: Cid, state: int, *, since: int | None = None) -> bool:
        """Put an object in another state, or only from one; tell whether it was."""
        query = "UPDATE spread_object SET state = ? WHERE cid = ? AND ? IN (-1, state)"
        return bool(self._database.run(query, (state, cid.raw, -1 if since is None else since)))

    # ---- who may read

    def admit(self, cid: Cid, member: str, until_ms: int) -> None:
        """Let a member read an object until then; 0 ends it, and it is to be told."""
        self._database.run(
            "INSERT OR REPLACE INTO spread_reader VALUES (?, ?, ?)", (cid.raw, member, until_ms)
        )

    def readers(self, cid: Cid) -> dict[str, int]:
        """Return until when each member may read an object; 0 for one whose reading was ended."""
        query = "SELECT member, until_ms FROM spread_reader WHERE cid = ? ORDER BY member"
        rows = self._database.rows(query, (cid.raw,))
        return {name.decode(): max(0, until) for name, until in rows}

    def untold(self) -> list[tuple[Cid, str]]:
        """Return objects, with the member that may read each no more and was not told yet."""
        query = "SELECT cid, member FROM spread_reader WHERE until_ms = 0 ORDER BY member, cid"
        return [(Cid(cid), name.decode()) for cid, name in self._database.rows(query)]

    def mark_told(self, cid: Cid, member: str) -> None:
        """Note that a member was told that it may read an object no more."""
        self._database.run(
            "UPDATE spread_reader SET until_ms = ? WHERE cid = ? AND member = ? AND until_ms = 0",
            (_END_TOLD, cid.raw, member),
        )

    # ---- receipts

    def file_receipt(self, cid: Cid, member: str, data: bytes) -> None:
        """Keep a holder's signed word; the first one counts."""
        self._database.run(
            "INSERT OR IGNORE INTO spread_receipt VALUES (?, ?, ?)", (cid.raw, member, data)
        )

    def receipts(self, cid: Cid) -> dict[str, bytes]:
        """Return the receipts of an object by holder."""
        query = "SELECT member, data FROM spread_receipt WHERE cid = ? ORDER BY member"
        return {name.decode(): data for name, data in self._database.rows(query, (cid.raw,))}

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._database.close()


def _noted(row: tuple[Any, ...]) -> Noted:
    cid, name, code, size, sealed, state, added_ms = row
    return Noted(Cid(cid), name.decode(), code.decode(), size, bool(sealed), state, added_ms)
