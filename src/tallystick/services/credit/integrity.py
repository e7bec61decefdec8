"""A party's integrity record: what it did with money lent before, in points with their reasons.

It is worked out from records alone, by rules that the party can read and appeal against. Nobody's
opinion enters, and no record is not a bad record: it stands at `START`.

Laws, for any records in any order:

- the points are `START` and the points of the items, no more;
- a payment on time never lowers them, a fault never raises them;
- a disaster alone changes nothing, and what fell due while it lasted, or in the year after, and was
  paid within a year after its end, counts as nothing at all;
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
    "START",
    "Disaster",
    "Due",
    "Integrity",
    "Item",
    "Reason",
    "weigh_integrity",
]

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

Reason = Literal[
    "on_time", "settled", "slightly_late", "late", "default", "disaster", "disputed", "full", "left"
]
"""Why an item has its points: `disaster`, `disputed`, `full` and `left` have none."""


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
    """

    record: bytes
    loan: bytes
    due: int
    paid: int = 0
    is_last: int = 0
    is_disputed: int = 0


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
    """

    record: bytes
    reason: Reason
    points: int
    day: int
    late_days: int
    leaves: int

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
    room = {"on_time": _ON_TIME_MOST, "settled": _SETTLED_MOST, "fault": START}
    items = tuple(_limit(item, room) for due in known for item in _items_of(due, disasters, today))
    return Integrity(START + sum(item.points for item in items), items)


def _items_of(due: Due, disasters: Sequence[Disaster], today: int) -> list[Item]:
    """Return what one payment counts as: one item, or two where it settled the loan."""
    late = max(0, (due.paid or today) - due.due)
    if due.is_disputed:
        return [Item(due.record, "disputed", 0, due.due, late, 0)]
    if late <= _GRACE_DAYS:
        if not due.paid:
            return []
        found = [Item(due.record, "on_time", _ON_TIME, due.due, late, 0)]
        if due.is_last:
            found.append(Item(due.record, "settled", _SETTLED, due.due, late, 0))
        return found
    if _is_excused(due, disasters, today):
        return [Item(due.record, "disaster", 0, due.due, late, 0)]
    leaves = due.paid + ADVERSE_DAYS if due.paid else 0
    if leaves and leaves <= today:
        return [Item(due.record, "left", 0, due.due, late, leaves)]
    reason, points = _fault(late)
    return [Item(due.record, reason, points, due.due, late, leaves)]


def _fault(late_days: int) -> tuple[Reason, int]:
    if late_days >= DEFAULT_DAYS:
        return "default", _DEFAULT
    return ("slightly_late", _SLIGHT) if late_days <= _SLIGHT_DAYS else ("late", _LATE)


def _is_excused(due: Due, disasters: Sequence[Disaster], today: int) -> bool:
    """Tell whether a disaster explains the lateness: due in its time, paid within a year after."""
    paid = due.paid or today
    return any(
        each.begin <= due.due <= each.end + _EXCUSED_DAYS and paid <= each.end + _EXCUSED_DAYS
        for each in disasters
    )


def _limit(item: Item, room: dict[str, int]) -> Item:
    """Return the item with no more points than there is room for, which it takes up."""
    if not item.points:
        return item
    pool = "fault" if item.points < 0 else item.reason
    size = min(abs(item.points), room[pool])
    room[pool] -= size
    points = -size if item.points < 0 else size
    return replace(item, points=points, reason=item.reason if points else "full")
