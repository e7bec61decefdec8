"""What payees have to tell of small dues, period by period, with the accounts by their own numbers.

Laws: a payee numbers accounts in the order in which their first dues are told, those of one period
in an order of each kind's own, so that numbers of two kinds do not tell that one household has
them; a due that is not paid within the period in which it fell due is told open, and once more
in the period in which it was paid. Who owes on an account stands in no row. Limits: what fell due
before the first period is told by nobody.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Final, TypeAlias

from tallystick.records.dues import PERIOD_MOST
from tallystick.services.credit.payee import DueRow, Period, PeriodRows

__all__ = ["KEPT_BY", "PAYEES", "DuesBooks", "Ledger", "plan_periods"]

Ledger: TypeAlias = Mapping[str, Sequence[tuple[int, int]]]
"""What a household owed: by kind, (day due, day paid or 0), by day."""

KEPT_BY: Final[Mapping[str, str]] = {
    "power": "postal-bank",
    "phone": "postal-bank",
    "water": "village",
    "rent": "village",
    "share": "cooperative",
    "credit": "cooperative",
    "medical": "civil-affairs",
    "premium": "insurer",
}
"""Member that collects each kind of due.

The county's power and telephone companies are no members; their bills are paid at the counters of
the postal bank, which collects for both. Villages run the waterworks and let the land, the supply
co-operative keeps its members' shares and what they take on credit, civil affairs takes in medical
insurance, and the farm insurer its own premiums. Where the power company is a member, an
enterprise among the co-operatives, it writes its own book.
"""

PAYEES: Final = tuple(sorted(set(KEPT_BY.values())))
"""Members that tell of small dues."""

_LIVE_MONTHS: Final = 3


class DuesBooks:
    """The books of small dues that a county's payees keep."""

    def __init__(self, ledgers: Sequence[Ledger], periods: Sequence[Period]) -> None:
        """Sort dues into periods, and number the accounts.

        Args:
            ledgers: what each holder owed.
            periods: told of one after another, ascending and without a gap.
        """
        self._periods = tuple(periods)
        self._told = 0
        self._starts = [period.days.start for period in periods]
        self._end = periods[-1].days.stop if periods else 0
        self._numbers: dict[tuple[int, str], int] = {}
        self._opened: Counter[tuple[int, str]] = Counter()
        self._rows: defaultdict[tuple[int, str], list[DueRow]] = defaultdict(list)
        self._number(ledgers)
        for holder, ledger in enumerate(ledgers):
            for kind, dues in ledger.items():
                if (holder, kind) in self._numbers:
                    self._take(self._numbers[holder, kind], kind, dues)

    def _place(self, day: int) -> int:
        """Return the place of the period a day lies in; -1 for what none tells of."""
        return bisect_right(self._starts, day) - 1 if day < self._end else -1

    def _number(self, ledgers: Sequence[Ledger]) -> None:
        firsts = sorted(
            (place, kind, _shuffle(kind, holder), holder)
            for holder, ledger in enumerate(ledgers)
            for kind, dues in ledger.items()
            if (place := self._find_first(dues)) >= 0
        )
        following: Counter[str] = Counter()
        for place, kind, _, holder in firsts:
            following[kind] += 1
            self._opened[place, kind] += 1
            self._numbers[holder, kind] = following[kind]

    def _find_first(self, dues: Sequence[tuple[int, int]]) -> int:
        """Return the place of the first period that tells of an account; -1 for none."""
        return min((at for due, _ in dues if (at := self._place(due)) >= 0), default=-1)

    def _take(self, number: int, kind: str, dues: Sequence[tuple[int, int]]) -> None:
        for due, paid in dues:
            place = self._place(due)
            if place < 0:
                continue
            paid_in = self._place(paid) if paid else -1
            is_open = paid_in != place
            self._rows[place, kind].append(DueRow(number, due, 0 if is_open else paid))
            if is_open and paid_in > place:
                self._rows[paid_in, kind].append(DueRow(number, due, paid))

    def name_accounts(self, holder: int) -> dict[str, int]:
        """Return the numbers of a holder's accounts by kind, as its bills show them."""
        kinds = [kind for kind in KEPT_BY if (holder, kind) in self._numbers]
        return {kind: self._numbers[holder, kind] for kind in kinds}

    def tell_until(self, month: int) -> Iterator[tuple[Period, dict[str, PeriodRows]]]:
        """Yield the periods over at the beginning of a month, with rows by kind, each once."""
        while self._told < len(self._periods):
            place, period = self._told, self._periods[self._told]
            if period.begin + period.months > month:
                return
            self._told += 1
            yield (
                period,
                {
                    kind: PeriodRows(
                        self._opened[place, kind], tuple(self._rows.pop((place, kind), ()))
                    )
                    for kind in KEPT_BY
                },
            )


def _shuffle(kind: str, holder: int) -> bytes:
    return blake2b(f"{kind} {holder}".encode(), digest_size=16).digest()


def plan_periods(begin: int, start: int, end: int) -> list[Period]:
    """Return whole years from `begin` to `start`, then quarters to `end`; month numbers."""
    found = []
    for low, high, step in ((begin, start, PERIOD_MOST), (start, end, _LIVE_MONTHS)):
        found += [Period(at, min(step, high - at)) for at in range(low, high, step)]
    return found
