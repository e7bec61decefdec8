"""A period's records of a chain counted into figures that point at nobody.

A figure is a record type: how many records, of how many different cases, and the public money in
them. Cases are what a chain shows; whose they are it does not. A figure of too few cases is left
out, and so is public money of too few, or that leaves too few without.
Laws: pure; the same rows in any order give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from tallystick.services.publication.rules import is_few

__all__ = ["COUNTED", "Counted", "count_figures"]

COUNTED: Final = (
    "appeal.opened",
    "appeal.settled",
    "approval.given",
    "case.applied",
    "case.matched",
    "case.refused",
    "case.reported",
    "feedback.given",
    "loan.disbursed",
    "loan.granted",
    "loan.repaid",
)
"""The record types that a tally tells of."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One record.

    Attributes:
        t: its type.
        case: the case it belongs to.
        amount_minor: the public money in it, in fen; None for none.
    """

    t: str
    case: bytes
    amount_minor: int | None = None


def count_figures(records: Iterable[Counted]) -> list[dict[str, Any]]:
    """Return the figures of a tally, by name; a type of which there is nothing has none."""
    by_type: dict[str, list[Counted]] = {}
    for each in records:
        by_type.setdefault(each.t, []).append(each)
    found = (_figure(t, by_type[t]) for t in sorted(by_type))
    return [each for each in found if not is_few(each)]


def _figure(t: str, records: list[Counted]) -> dict[str, Any]:
    cases = {each.case for each in records}
    paid = {each.case for each in records if each.amount_minor is not None}
    plain = {"figure": t, "count": len(records), "cases": len(cases)}
    total = sum(each.amount_minor or 0 for each in records)
    whole = {**plain, "funded": len(paid), "sum": total}
    return whole if paid and not is_few(whole) else plain
