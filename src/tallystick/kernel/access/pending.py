"""What waits for the day's departure: sealed records, and notices that a case is to be forgotten.

Both are tables of the member's `local.db`. What leaves is sorted by random id, so that its order
tells nothing; a notice names one case, never a party.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tallystick.base.codec import decode
from tallystick.chain import schema
from tallystick.kernel.store.database import Database

__all__ = ["PENDING_SCHEMA", "PendingRecords"]

_NOTICE: Final = "notice (record BLOB, member TEXT, PRIMARY KEY (record, member)) WITHOUT ROWID"
PENDING_SCHEMA: Final = f"""
CREATE TABLE pending (id BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE {_NOTICE}
"""


class PendingRecords:
    """Durable and unordered: what leaves is sorted by id, which is random."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A file of before notices were kept has none.
        database.run(f"CREATE TABLE IF NOT EXISTS {_NOTICE}")

    def add(self, records: Sequence[bytes]) -> None:
        """Keep records in one commit."""
        rows = [(decode(record, schema.RECORD)["id"], record) for record in records]
        with self._database.transaction():
            self._database.run_many("INSERT INTO pending VALUES (?, ?)", rows)

    def waiting(self) -> list[bytes]:
        """Return all that wait, in the order of their random ids."""
        return [row[0] for row in self._database.rows("SELECT record FROM pending ORDER BY id")]

    def drop(self, records: Sequence[bytes]) -> None:
        """Forget records that have left."""
        ids = [(decode(record, schema.RECORD)["id"],) for record in records]
        with self._database.transaction():
            self._database.run_many("DELETE FROM pending WHERE id = ?", ids)

    def add_notices(self, notices: Iterable[tuple[bytes, str]]) -> None:
        """Keep (record, member) pairs: that member is to forget what it sealed under the record."""
        with self._database.transaction():
            self._database.run_many("REPLACE INTO notice VALUES (?, ?)", notices)

    def notices(self) -> list[tuple[bytes, str]]:
        """Return the notices that wait, by the records' random ids."""
        rows = self._database.rows("SELECT record, member FROM notice ORDER BY record, member")
        return [(record, member.decode()) for record, member in rows]

    def drop_notice(self, record: bytes, member: str) -> None:
        """Forget a notice that has been answered."""
        self._database.run("DELETE FROM notice WHERE record = ? AND member = ?", (record, member))
