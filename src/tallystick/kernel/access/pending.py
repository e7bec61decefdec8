"""Sealed records that wait for the day's bundle: a table of the member's `local.db`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.base.codec import decode
from tallystick.chain import schema
from tallystick.kernel.store.database import Database

__all__ = ["PENDING_SCHEMA", "PendingRecords"]

PENDING_SCHEMA: Final = """
CREATE TABLE pending (id BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID
"""


class PendingRecords:
    """Durable and unordered: what leaves is sorted by id, which is random."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
