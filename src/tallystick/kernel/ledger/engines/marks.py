"""What a Byzantine engine's application keeps in the chain's own file, atomic with each block.

Heights of the chain count blocks with a transaction, heights of the engine count all: a mark says
which block of the engine made which of ours. Empty blocks leave none: after a crash the engine
replays the few since the last mark, and they change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.kernel.ledger.layout import corrupt, engine_check, is_row
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.store.database import Database

__all__ = ["Mark", "Marks", "Misbehaviour"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A height of ours, and the engine's height whose block made it; both 0 at the beginning."""

    own: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What the engine caught a validator at.

    Attributes:
        height: the engine's, of the offence.
        address: the validator's, 20 bytes.
        kind: 1 for two votes in one round, 2 for an attack on light clients.
        time_ms: of the offence.
    """

    height: int
    address: bytes
    kind: int
    time_ms: int


class Marks:
    """The engine's tables of one chain's file."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def last(self) -> Mark:
        """Return the newest mark of a block that the file holds.

        Raises:
            Corrupt: the row is not what was written.
        """
        row = self._read(
            "SELECT own, height, tally FROM engine WHERE own <= ? ORDER BY own DESC LIMIT 1",
            self._replica.tip.height,
        )
        if row is None:
            return Mark()
        if not is_row(row, int, int, bytes) or engine_check(row[0], row[1]) != row[2]:
            raise corrupt("the engine's mark", field="engine")
        return Mark(row[0], row[1])

    def _read(self, query: str, *values: int) -> Sequence[Any] | None:
        database = Database.read(self._replica.path)
        try:
            return database.row(query, values)
        finally:
            database.close()

    @staticmethod
    def write(mark: Mark) -> Callable[[Database], None]:
        """Return what writes a mark within the transaction that keeps its block."""

        def work(database: Database) -> None:
            row = (mark.own, mark.height, engine_check(mark.own, mark.height))
            database.run("REPLACE INTO engine VALUES (?, ?, ?)", row)

        return work

    def keep(self, mark: Mark) -> None:
        """Write the mark of a block that is kept already."""
        self._replica.keep(self.write(mark))

    def report(self, found: Sequence[Misbehaviour]) -> None:
        """Keep what validators were caught at; the same offence told again changes nothing."""
        values = [(each.height, each.address, each.kind, each.time_ms) for each in found]
        rows = [(*row, engine_check(*row)) for row in values]
        self._replica.keep(
            lambda database: database.run_many(
                "REPLACE INTO misbehaviour VALUES (?, ?, ?, ?, ?)", rows
            )
        )

    def misbehaviour(self) -> list[Misbehaviour]:
        """Return what was kept, by height; Corrupt if a row is not what was written."""
        database = Database.read(self._replica.path)
        try:
            rows = database.rows("SELECT height, address, kind, time, tally FROM misbehaviour")
        finally:
            database.close()
        for *row, tally in rows:
            if not is_row(row, int, bytes, int, int) or engine_check(*row) != tally:
                raise corrupt("what a validator was caught at", field="misbehaviour")
        return [Misbehaviour(*row) for *row, _ in rows]
