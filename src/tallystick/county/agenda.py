"""What is to be done on which day: acts in one order, whatever order they were planned in.

Laws: days never go back; within a day acts go by phase, then in the order in which they were
planned; an act may plan others for the same day or later; `advance` is told of each day once.
"""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Callable
from enum import IntEnum
from typing import Final

__all__ = ["Agenda", "Phase", "day_of"]

_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()


class Phase(IntEnum):
    """What comes first on a day."""

    FUND = 0
    REGISTER = 1
    INTAKE = 2
    FOLLOW = 3
    ASK = 4
    PUBLISH = 5


def day_of(month: int, day: int) -> int:
    """Return days since 1970-01-01 of a month number and a day of the month.

    >>> day_of(1970 * 12, 2)
    1
    """
    return datetime.date(month // 12, month % 12 + 1, day).toordinal() - _EPOCH


class Agenda:
    """Acts by day."""

    def __init__(self) -> None:
        self._acts: list[tuple[int, int, int, Callable[[], None]]] = []
        self._planned = 0
        self.day = -1

    def plan(self, day: int, phase: Phase, act: Callable[[], None]) -> None:
        """Have an act done on a day, today or later."""
        assert day >= self.day, "a plan is for today or later"
        heapq.heappush(self._acts, (day, phase, self._planned, act))
        self._planned += 1

    def run(self, until: int, advance: Callable[[int], None]) -> None:
        """Do what is planned before the day `until`; what is planned later stays undone."""
        while self._acts and self._acts[0][0] < until:
            day, _, _, act = heapq.heappop(self._acts)
            if day != self.day:
                self.day = day
                advance(day)
            act()
