"""What a party's loans tell of it: its integrity record, read from what this member may open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Denied
from tallystick.finance import LoanTerms
from tallystick.kernel.access.desk import Desk, Found
from tallystick.services.credit.dues import Loan, Repayment, due_day, list_dues
from tallystick.services.credit.integrity import Disaster, Due, Integrity, weigh_integrity

__all__ = ["Standing", "find_standing"]

PURPOSE: Final = "credit"
_MONEY: Final = frozenset({"loan.granted", "loan.disbursed", "loan.repaid"})
_UNSHOWN: Final = frozenset({"", "none", "nobody", "self"})
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A party's integrity record as this member can know it.

    Attributes:
        integrity: points and items.
        loans: how many loans it is built from.
        closed: how many further loans of the party this member may not open.
    """

    integrity: Integrity
    loans: int
    closed: int


def find_standing(desk: Desk, party: bytes) -> Standing:
    """Return the integrity record of a party; every opened part leaves a receipt.

    Args:
        desk: of the party's custodian, or of a lender for a case it lent on.
        party: the party's id at its custodian, or the case's at another lender.
    """
    cases = sorted({key.case for key in desk.keys.of_party(party) if key.case})
    dues: list[Due] = []
    disasters: list[Disaster] = []
    loans = closed = 0
    for case in cases:
        disasters += _read_disasters(desk, case)
        for records in _loans_of(desk, case).values():
            try:
                found = _read_loan(desk, case, records)
            except Denied:
                closed += 1
                continue
            if found is not None:
                loans += 1
                dues += found
    today = desk.now_ms() // DAY_MS
    return Standing(weigh_integrity(dues, disasters, today), loans, closed)


def _loans_of(desk: Desk, case: bytes) -> Mapping[bytes, list[Found]]:
    """Return the records of a case's loans, by loan."""
    found: defaultdict[bytes, list[Found]] = defaultdict(list)
    for row in desk.views.rows("record", {"case": case}, order="height"):
        if row["t"] in _MONEY:
            each = desk.records.find(row["id"])
            found[each.record["pub"]["loan"]].append(each)
    return found


def _read_loan(desk: Desk, case: bytes, records: Iterable[Found]) -> list[Due] | None:
    """Return the payments of a loan; None while nothing of it was paid out."""
    permit = desk.permit(PURPOSE, case)
    granted: dict[str, Any] = {}
    identifier, paid_out = b"", 0
    repayments = []
    for found in records:
        record, day = found.record, found.time // DAY_MS
        sealed = desk.open(permit, record["id"], "case").values
        if record["t"] == "loan.granted":
            identifier, granted = record["id"], sealed
        elif record["t"] == "loan.disbursed":
            paid_out = paid_out or day
        else:
            amount = sealed.get("principal", 0) + sealed.get("interest", 0)
            repayments.append(Repayment(record["id"], day, amount))
    if not paid_out or "principal" not in granted:
        return None
    terms = LoanTerms(
        granted["principal"],
        granted.get("rate_ppm", 0),
        granted.get("months", 1),
        granted.get("pattern", "bullet"),
        **granted.get("terms", {}),
    )
    return list_dues(Loan(identifier, terms, paid_out, _is_disputed(desk, case)), repayments)


def _is_disputed(desk: Desk, case: bytes) -> int:
    """Tell whether an appeal about the case is open."""
    rows = desk.views.rows("appeal", {"case": case})
    return int(any(row["settled_at"] is None for row in rows))


def _read_disasters(desk: Desk, case: bytes) -> Iterator[Disaster]:
    """Yield what others have shown to have befallen the party, as it was sealed at intake."""
    profile = desk.open(desk.permit(PURPOSE, case), case, "party").values.get("profile", {})
    shock = profile.get("application", {}).get("demand", {}).get("shock", {})
    if shock.get("month") and shock.get("shown_by", "") not in _UNSHOWN:
        begin = _first_day(shock["month"])
        yield Disaster(case, begin, due_day(begin, 1) - 1)


def _first_day(month: int) -> int:
    """Return the first day of a month number."""
    return (date(month // 12, month % 12 + 1, 1) - _EPOCH).days
