"""Repayment schedules: when which part of a loan is due, to the fen.

Laws: the principal parts sum to the amount exactly, the last instalment absorbing what division
leaves; interest accrues on the outstanding balance for whole months at rate / 12 and is rounded
half-even once per due date; a subsidy is a part of that interest which a third payer owes.
Limits: whole months, one disbursement at month 0, a rate fixed for life.
Source: China's retail practice (equal principal, level instalments, interest then principal).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, repeat
from operator import mul, sub
from typing import NamedTuple

from tallystick.finance.rounding import PPM, divide_half_even, part_ppm

__all__ = [
    "PERIOD_MONTHS",
    "REPAYMENTS",
    "Instalment",
    "LoanTerms",
    "build_schedule",
    "find_level_payment",
]

PERIOD_MONTHS = {
    "monthly": 1,
    "quarterly": 3,
    "semiannual": 6,
    "annual": 12,
    "level": 1,
    "interest_then_bullet": 3,
    "int_after_study": 12,
}
REPAYMENTS = ("bullet", *PERIOD_MONTHS)
_YEAR_PPM = 12 * PPM
_HALF = _YEAR_PPM // 2
_new = tuple.__new__


class LoanTerms(NamedTuple):
    """What a loan is agreed on.

    Args:
        amount_minor: principal, >= 0.
        rate_ppm: yearly interest on the outstanding balance.
        term_months: months from payout to the last due date, >= 1.
        repayment: one of `REPAYMENTS`. `bullet` pays all at the end, `interest_then_bullet` pays
            interest each quarter, `monthly`..`annual` are equal principal, `level` is one equal
            monthly sum, `int_after_study` pays interest yearly after study, then principal.
        grace_months: no principal is due in the first months.
        subsidy_ppm: part of the interest that a third payer owes.
        fee_ppm: yearly fee on the outstanding balance (a guarantee's), never subsidised.
        first_due_months: months to the first due date; 0 = one full period.
        study_months: for `int_after_study`: while studying the state owes all interest.
    """

    amount_minor: int
    rate_ppm: int
    term_months: int
    repayment: str
    grace_months: int = 0
    subsidy_ppm: int = 0
    fee_ppm: int = 0
    first_due_months: int = 0
    study_months: int = 0


class Instalment(NamedTuple):
    """One due date; all sums in minor units.

    `month` counts from the payout (0); `interest` is whole, of which `subsidy` is owed by a third
    payer; `balance` is what remains after it.
    """

    month: int
    principal: int
    interest: int
    subsidy: int
    fee: int
    balance: int

    @property
    def payment(self) -> int:
        """What the borrower pays: principal, own interest and fee."""
        return self.principal + self.interest - self.subsidy + self.fee


def build_schedule(terms: LoanTerms) -> tuple[Instalment, ...]:
    """Return the instalments in order of their months.

    >>> [row[:3] for row in build_schedule(LoanTerms(10_000, 60_000, 3, "monthly"))]
    [(1, 3333, 50), (2, 3333, 33), (3, 3334, 17)]
    """
    assert terms.repayment in REPAYMENTS, "the form of repayment is known"
    assert terms.term_months >= 1, "a loan has a month of life"
    months = _due_months(terms)
    principals = _principal_parts(terms, months)
    # Column by column, because a decision spends most of its time here.
    balances = list(accumulate(principals, sub, initial=terms.amount_minor))
    owed = list(map(mul, balances, map(sub, months, (0, *months))))
    interests = _accrue(owed, terms.rate_ppm)
    fees = _accrue(owed, terms.fee_ppm) if terms.fee_ppm else repeat(0)
    subsidies: Iterable[int] = repeat(0)
    if terms.subsidy_ppm or terms.study_months:
        spans = zip(balances, interests, (0, *months), months, strict=False)
        subsidies = [_subsidised(terms, *span) for span in spans]
    rows = zip(months, principals, interests, subsidies, fees, balances[1:], strict=False)
    return tuple(map(_new, repeat(Instalment), rows))


def find_level_payment(amount_minor: int, rate_ppm: int, count: int) -> int:
    """Return the equal monthly sum that repays an amount with interest in `count` months.

    Formula: P i / (1 - (1 + i)^-n) with i = rate / 12, on exact integers, rounded half-even.

    >>> find_level_payment(1_200_000, 60_000, 12)
    103280
    """
    if not rate_ppm:
        return divide_half_even(amount_minor, count)
    unit = 12 * PPM
    grown, still = (unit + rate_ppm) ** count, unit**count
    return divide_half_even(amount_minor * rate_ppm * grown, unit * (grown - still))


def _due_months(terms: LoanTerms) -> list[int]:
    """Months of the due dates, the last one the term."""
    if terms.repayment == "bullet":
        return [terms.term_months]
    period = PERIOD_MONTHS[terms.repayment]
    first = terms.first_due_months or period
    months = list(range(first, terms.term_months, period))
    return [*months, terms.term_months]


def _principal_parts(terms: LoanTerms, months: list[int]) -> list[int]:
    """Principal due at each month; the last part absorbs the remainder."""
    if terms.repayment in ("bullet", "interest_then_bullet"):
        return [0] * (len(months) - 1) + [terms.amount_minor]
    paying = len(months) - bisect_right(months, terms.grace_months) or 1
    idle = len(months) - paying
    if terms.repayment == "level":
        return [0] * idle + _level_parts(terms, paying)
    each = terms.amount_minor // paying
    last = terms.amount_minor - each * (paying - 1)
    return [0] * idle + [each] * (paying - 1) + [last]


def _level_parts(terms: LoanTerms, count: int) -> list[int]:
    rate, balance, parts = terms.rate_ppm, terms.amount_minor, []
    payment = find_level_payment(balance, rate, count)
    for _ in range(count - 1):
        interest, rest = divmod(balance * rate + _HALF, _YEAR_PPM)
        part = payment - (interest if rest else interest & -2)
        part = 0 if part < 0 else min(part, balance)
        parts.append(part)
        balance -= part
    return [*parts, balance]


def _accrue(owed: Iterable[int], rate_ppm: int) -> list[int]:
    """A yearly rate on balances times months, each rounded half-even: an odd half falls by one."""
    rounded = [divmod(each * rate_ppm + _HALF, _YEAR_PPM) for each in owed]
    return [whole if rest else whole & -2 for whole, rest in rounded]


def _subsidised(terms: LoanTerms, balance: int, interest: int, before: int, month: int) -> int:
    """The third payer's part of the interest of one period."""
    own = part_ppm(interest, terms.subsidy_ppm) if terms.subsidy_ppm else 0
    studying = min(month, terms.study_months) - before
    if studying <= 0:
        return own
    return max(own, min(interest, *_accrue([balance * studying], terms.rate_ppm)))
