"""What a loan's records say was due, and when it came.

Laws: money repaid covers what fell due first; a payment is made on the day on which all due up to
it was covered; the last due date is that of the whole loan. Due days are those of the payout, so
many months later, the 28th at the latest. Sums in minor units, days since 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from tallystick.finance import LoanTerms, build_schedule
from tallystick.services.credit.integrity import Due

__all__ = ["Loan", "Repayment", "due_day", "list_dues"]

_EPOCH: Final = date(1970, 1, 1)
_LAST_DAY: Final = 28
_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan that was paid out.

    Attributes:
        record: id of the record that granted it, which is the loan's.
        terms: what it was granted on.
        paid_out: day of the payout.
        is_disputed: 1 while an appeal against its records is open.
    """

    record: bytes
    terms: LoanTerms
    paid_out: int
    is_disputed: int = 0


@dataclass(frozen=True, slots=True)
class Repayment:
    """Money of a loan that came back: principal, interest and fee together."""

    record: bytes
    day: int
    amount_minor: int


def list_dues(loan: Loan, repayments: Sequence[Repayment]) -> list[Due]:
    """Return every payment of a loan, the earliest first.

    Args:
        loan: what was lent.
        repayments: of this loan alone, in any order.
    """
    rows = [row for row in build_schedule(loan.terms) if row.payment]
    owed = accumulate(row.payment for row in rows)
    came = sorted(repayments, key=lambda each: (each.day, each.record))
    covered = list(accumulate(each.amount_minor for each in came))
    found = []
    for row, sum_minor in zip(rows, owed, strict=True):
        at = next((n for n, total in enumerate(covered) if total >= sum_minor), None)
        found.append(
            Due(
                record=loan.record if at is None else came[at].record,
                loan=loan.record,
                due=due_day(loan.paid_out, row.month),
                paid=0 if at is None else came[at].day,
                is_last=int(row is rows[-1]),
                is_disputed=loan.is_disputed,
            )
        )
    return found


def due_day(paid_out: int, months: int) -> int:
    """Return the day so many months after a payout.

    >>> from datetime import date
    >>> start = (date(2026, 1, 31) - date(1970, 1, 1)).days
    >>> str(date(1970, 1, 1) + timedelta(days=due_day(start, 1)))
    '2026-02-28'
    """
    start = _EPOCH + timedelta(days=paid_out)
    month = start.year * _YEAR + start.month - 1 + months
    found = date(month // _YEAR, month % _YEAR + 1, min(start.day, _LAST_DAY))
    return (found - _EPOCH).days
