"""What records tell of a party: its integrity record, read from what this member may open.

It is built from two kinds of records: those of the party's loans, and payees' reports of small dues
on the accounts that the party named as its own when it applied. Each item names the record that
shows it, and each part opened leaves a receipt. An open appeal about a case disputes the case's
loans and the accounts named in it.

Limits: a member sees the loans of cases it may open and the books that name it as a reader; of an
account it knows what the household said (`services.credit.claims`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Denied
from tallystick.finance import LoanTerms
from tallystick.kernel.access.desk import Desk, Found
from tallystick.services.credit.claims import Claims, read_accounts
from tallystick.services.credit.collecting import PayeeBooks
from tallystick.services.credit.dues import Loan, Repayment, due_day, list_dues
from tallystick.services.credit.integrity import Disaster, Due, Integrity, weigh_integrity
from tallystick.services.credit.payee import Account

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
        accounts: what each account of small dues that it is built from is named by in items.
        unread: how many accounts the party named of which no book could be read.
    """

    integrity: Integrity
    loans: int
    closed: int
    accounts: Mapping[bytes, Account] = field(default_factory=dict)
    unread: int = 0


def find_standing(desk: Desk, party: bytes, claims: Claims | None = None) -> Standing:
    """Return the integrity record of a party; every opened part leaves a receipt.

    Args:
        desk: of the party's custodian, or of a lender for a case it lent on.
        party: the party's id at its custodian, or the case's at another lender.
        claims: what this member's parties named, as far as it is known; read anew where None.
    """
    cases = sorted({key.case for key in desk.keys.of_party(party) if key.case})
    dues: list[Due] = []
    disasters: list[Disaster] = []
    named: dict[Account, int] = {}
    loans = closed = 0
    for case in cases:
        profile = _read_profile(desk, case)
        disasters += _find_disasters(case, profile)
        disputed = _is_disputed(desk, case)
        for account in read_accounts(profile):
            named[account] = max(disputed, named.get(account, 0))
        for records in _loans_of(desk, case).values():
            try:
                found = _read_loan(desk, case, records)
            except Denied:
                closed += 1
                continue
            if found is not None:
                loans += 1
                dues += found
    small, unread = _read_small(desk, party, named, claims or Claims())
    integrity = weigh_integrity([*dues, *small], disasters, desk.now_ms() // DAY_MS)
    accounts = {account.owed_on: account for account in sorted(named.keys() - unread)}
    return Standing(integrity, loans, closed, accounts, len(unread))


def _read_small(
    desk: Desk, party: bytes, named: Mapping[Account, int], claims: Claims
) -> tuple[list[Due], frozenset[Account]]:
    """Return the small dues of accounts, and the accounts of which no book could be read.

    Args:
        desk: as `find_standing` has it.
        party: who named them.
        named: 1 by account while an appeal about a case that names it is open, else 0.
        claims: what this member's parties named.
    """
    found = PayeeBooks(desk).read_dues(named.keys())
    twice = {each.owed_on for each in claims.find_twice(desk, party, named.keys())}
    disputed = {account.owed_on for account, is_open in named.items() if is_open}
    dues = [
        replace(
            due,
            is_disputed=int(due.loan in disputed),
            is_claimed_twice=int(due.loan in twice),
        )
        for due in found.dues
    ]
    return dues, found.unread


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


def _read_profile(desk: Desk, case: bytes) -> Mapping[str, Any]:
    """Return what a party told at intake, as it was sealed."""
    opened = desk.open(desk.permit(PURPOSE, case), case, "party").values
    found: Mapping[str, Any] = opened.get("profile", {})
    return found


def _find_disasters(case: bytes, profile: Mapping[str, Any]) -> Iterator[Disaster]:
    """Yield what others have shown to have befallen the party."""
    shock = profile.get("application", {}).get("demand", {}).get("shock", {})
    if shock.get("month") and shock.get("shown_by", "") not in _UNSHOWN:
        begin = _first_day(shock["month"])
        yield Disaster(case, begin, due_day(begin, 1) - 1)


def _first_day(month: int) -> int:
    """Return the first day of a month number."""
    return (date(month // 12, month % 12 + 1, 1) - _EPOCH).days
