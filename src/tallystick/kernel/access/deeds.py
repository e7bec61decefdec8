"""Who did the first half of what needs two officers, where no record of the chain tells.

Law: a deed is kept for ever and by officer's id alone; doing it twice is one deed.
"""

from __future__ import annotations

from typing import Final

from tallystick.kernel.store.database import Database

__all__ = ["Deeds"]

DEED_VERSION: Final = 1
DEED_SCHEMA: Final = """
CREATE TABLE deed (
    subject BLOB NOT NULL, act TEXT NOT NULL, officer BLOB NOT NULL,
    PRIMARY KEY (subject, act, officer)) WITHOUT ROWID
"""


class Deeds:
    """The deeds of one member's officers; safe to share between threads.

    Args:
        database: `local.db`; the table is made where there is none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.prepare("deeds", DEED_SCHEMA, DEED_VERSION)

    def note(self, subject: bytes, act: str, officer: bytes) -> None:
        """Keep that an officer did an act on a subject."""
        self._database.run("INSERT OR IGNORE INTO deed VALUES (?, ?, ?)", (subject, act, officer))

    def of(self, subject: bytes) -> list[tuple[str, bytes]]:
        """Return (act, officer) of all deeds on a subject."""
        rows = self._database.rows(
            "SELECT act, officer FROM deed WHERE subject = ? ORDER BY act, officer", (subject,)
        )
        return [(str(act, "utf-8"), officer) for act, officer in rows]

    def done(self, act: str) -> list[bytes]:
        """Return the subjects on which an act was done, by their bytes."""
        query = "SELECT DISTINCT subject FROM deed WHERE act = ? ORDER BY subject"
        return [row[0] for row in self._database.rows(query, (act,))]
