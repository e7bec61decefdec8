"""A party's integrity record: what it did with money lent before, in points with their reasons.

It is worked out from records alone, by rules that the party can read and appeal against. Nobody's
opinion enters, and no record is not a bad record: it stands at `START`.

Laws, for any records in any order:

- the points are `START` and the points of the items, no more;
- a payment on time never lowers them, a fault never raises them;
- small dues, such as power, water or the medical insurance, count less than instalments of a loan,
  and no month has more than `SMALL_MONTH_MOST` points of them on time: who splits a bill or opens
  a second account stands no higher, and no payee that splits a bill can sink anybody;
- a disaster alone changes nothing, and what fell due while it lasted, or in the year after, and was
  paid within a year after its end, counts as nothing at all;
- a due that is open is as late as the last record of it shows, however long ago that was written;
- an account that two parties name as their own counts for neither of them;
- a fault leaves five years after it ended (a debt still open stays); what an appeal disputes counts
  nothing until the appeal is settled;
- integers only, the same for any order of the records.

Sources: the regulation on credit reporting (adverse items leave five years after the conduct ends);
the county's practice (no record is not a bad record, two good years raise the limit).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

__all__ = [
    "ADVERSE_DAYS",
    "DEFAULT_DAYS",
    "MOST",
    "SMALL_MONTH_MOST",
    "START",
    "Disaster",
    "Due",
    "Integrity",
    "Item",
    "Reason",
    "weigh_integrity",
]

_Room = tuple[str, int]  # what it holds, and of which month; -1 for all of them

START: Final = 500
"""Where a party without any record stands, of `MOST`."""

MOST: Final = 1_000
DEFAULT_DAYS: Final = 90
"""Days after which a payment that has not come is a default."""

ADVERSE_DAYS: Final = 1_826
"""Five years: how long a fault stays after it ended."""

_GRACE_DAYS: Final = 7
_SLIGHT_DAYS: Final = 30
_EXCUSED_DAYS: Final = 365
_ON_TIME, _SETTLED = 8, 30
_ON_TIME_MOST, _SETTLED_MOST = 240, 150
_SLIGHT, _LATE, _DEFAULT = -10, -40, -200
_SMALL_ON_TIME, _SMALL_SLIGHT, _SMALL_LATE, _SMALL_DEFAULT = 1, -8, -20, -50
_SMALL_ON_TIME_MOST: Final = MOST - START - _ON_TIME_MOST - _SETTLED_MOST
SMALL_MONTH_MOST: Final = 4
"""Most small dues of one month that count: on time in number, faults as so many defaults."""
_MONTH_DAYS: Final = 30

Reason = Literal[
    "on_time",
    "settled",
    "slightly_late",
    "late",
    "default",
    "disaster",
    "disputed",
    "claimed_twice",
    "full",
    "left",
]
"""Why an item has its points; those from `disaster` on have none."""


@dataclass(frozen=True, slots=True)
class Due:
    """One payment that was due, as records tell it.

    Attributes:
        record: id of the record that shows it: of the repayment, or of the loan while none came.
        loan: id of the loan.
        due: day on which it fell due, since 1970-01-01.
        paid: day on which it was paid in full; 0 while it is not.
        is_last: 1 where the loan is repaid whole with it.
        is_disputed: 1 while an appeal against the record is open.
        is_small: 1 for a small due outside credit, whose `loan` is then the account it is owed on.
        is_claimed_twice: 1 where another party names that account as its own.
        seen: last day of which records tell whether it was paid; 0 where they do to this day.
    """

    record: bytes
    loan: bytes
    due: int
    paid: int = 0
    is_last: int = 0
    is_disputed: int = 0
    is_small: int = 0
    is_claimed_twice: int = 0
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Disaster:
    """Days, both included, on which a disaster befell the party; a member stated it."""

    record: bytes
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the record.

    Attributes:
        record: id of the record behind it.
        reason: why it counts as it does.
        points: what it adds; 0 where it counts nothing.
        day: when the payment fell due.
        late_days: how late it came, or is.
        leaves: day from which it counts no more; 0 where it stays, or never counted against.
        loan: id of the loan, or what names the account of a small due.
    """

    record: bytes
    reason: Reason
    points: int
    day: int
    late_days: int
    leaves: int
    loan: bytes = b""

    def tree(self) -> dict[str, Any]:
        """Return it as a value tree."""
        return {
            "day": self.day,
            "leaves": self.leaves,
            "points": self.points,
            "reason": self.reason,
            "record": self.record,
            "late_days": self.late_days,
        }


@dataclass(frozen=True, slots=True)
class Integrity:
    """Where a party stands on a day.

    Attributes:
        points: 0 to `MOST`.
        items: every payment that fell due, by day and record.
    """

    points: int
    items: tuple[Item, ...]


def weigh_integrity(dues: Iterable[Due], disasters: Sequence[Disaster], today: int) -> Integrity:
    """Return a party's integrity record.

    Args:
        dues: payments of all its loans, each once; those due after `today` are left out.
        disasters: what befell it.
        today: days since 1970-01-01.
    """
    known = sorted((d for d in dues if d.due <= today), key=lambda d: (d.due, d.record, d.loan))
    taken: dict[_Room, int] = {}
    items: list[Item] = []
    for due in known:
        month = due.due // _MONTH_DAYS if due.is_small else None
        items += (_limit(item, month, taken) for item in _items_of(due, disasters, today))
    return Integrity(START + sum(item.points for item in items), tuple(items))


def _items_of(due: Due, disasters: Sequence[Disaster], today: int) -> list[Item]:
    """Return what one payment counts as: one item, or two where it settled the loan."""
    late = max(0, _known_day(due, today) - due.due)
    if due.is_claimed_twice or due.is_disputed:
        told: Reason = "claimed_twice" if due.is_claimed_twice else "disputed"
        return [Item(due.record, told, 0, due.due, late, 0, due.loan)]
    if late <= _GRACE_DAYS:
        if not due.paid:
            return []
        points = _SMALL_ON_TIME if due.is_small else _ON_TIME
        found = [Item(due.record, "on_time", points, due.due, late, 0, due.loan)]
        if due.is_last and not due.is_small:
            found.append(Item(due.record, "settled", _SETTLED, due.due, late, 0, due.loan))
        return found
    if _is_excused(due, disasters, today):
        return [Item(due.record, "disaster", 0, due.due, late, 0, due.loan)]
    leaves = due.paid + ADVERSE_DAYS if due.paid else 0
    if leaves and leaves <= today:
        return [Item(due.record, "left", 0, due.due, late, leaves, due.loan)]
    reason, large, small = _find_fault(late)
    points = small if due.is_small else large
    return [Item(due.record, reason, points, due.due, late, leaves, due.loan)]


def _known_day(due: Due, today: int) -> int:
    """Return when a payment came; while it has not, the last day of which that is known."""
    return due.paid or min(today, due.seen or today)


def _find_fault(late_days: int) -> tuple[Reason, int, int]:
    """Return what a payment so late is called, and its points by a loan and by a small due."""
    if late_days >= DEFAULT_DAYS:
        return "default", _DEFAULT, _SMALL_DEFAULT
    if late_days > _SLIGHT_DAYS:
        return "late", _LATE, _SMALL_LATE
    return "slightly_late", _SLIGHT, _SMALL_SLIGHT


def _is_excused(due: Due, disasters: Sequence[Disaster], today: int) -> bool:
    """Tell whether a disaster explains the lateness: due in its time, paid within a year after."""
    paid = _known_day(due, today)
    return any(
        each.begin <= due.due <= each.end + _EXCUSED_DAYS and paid <= each.end + _EXCUSED_DAYS
        for each in disasters
    )


def _limit(item: Item, month: int | None, taken: dict[_Room, int]) -> Item:
    """Return the item with no more points than there is room for, which it takes up.

    A month's room lies within that of its kind, so that the sum is the same in any order.

    Args:
        item: with its full points.
        month: thirty days, counted from 1970-01-01, of a small due; None for a loan's.
        taken: points that stand in each room so far.
    """
    if not item.points:
        return item
    rooms, size = _list_rooms(item, month), abs(item.points)
    for room, most in rooms:
        size = min(size, most - taken.get(room, 0))
    for room, _ in rooms:
        taken[room] = taken.get(room, 0) + size
    points = -size if item.points < 0 else size
    return item if points == item.points else replace(item, points=points, reason=_say(item, size))


def _list_rooms(item: Item, month: int | None) -> tuple[tuple[_Room, int], ...]:
    """Return the rooms that an item's points must fit in, and how many points each holds."""
    if item.points < 0:
        whole = (("fault", -1), START)
        in_month = -_SMALL_DEFAULT * SMALL_MONTH_MOST
        return (whole,) if month is None else (whole, (("fault", month), in_month))
    if month is None:
        most = _SETTLED_MOST if item.reason == "settled" else _ON_TIME_MOST
        return (((item.reason, -1), most),)
    in_month = _SMALL_ON_TIME * SMALL_MONTH_MOST
    return ((("small", -1), _SMALL_ON_TIME_MOST), (("small", month), in_month))


def _say(item: Item, size: int) -> Reason:
    return item.reason if size else "full"
