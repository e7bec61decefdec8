"""The household's cash month by month, in a middle and a bad year.

Month 0 is the payout's: the loan arrives and the cost is paid, so that the own share leaves the
savings then; savings are as stated at that moment, so that living counts from month 1. Where
savings are unknown the calendar opens at zero and the own share counts as kept apart.
Source: the county's practice, judgement (cash >= 0 each month at P20).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import add
from typing import NamedTuple

from tallystick.finance import Instalment, LoanTerms
from tallystick.services.positioning.case import Case

__all__ = ["Cash", "list_cash", "list_own_cash", "read_cash"]


class Cash(NamedTuple):
    """The bad year's cash within the loan's life.

    `short_month` is the first month below zero (0 = none) and `short_minor` the deepest lack of
    all months; `lowest_*` the lowest point, short or not.
    """

    short_minor: int
    short_month: int
    lowest_minor: int
    lowest_month: int


def read_cash(case: Case, terms: LoanTerms, schedule: Sequence[Instalment]) -> Cash:
    """Return where the bad year's cash is lowest until the last due date."""
    life = min(terms.term_months, case.horizon)
    cash = _run(case, terms, schedule, life, (case.home_bad, case.flow_bad))
    lowest = min(cash)
    month = case.ask.start + cash.index(lowest)
    if lowest >= 0:
        return Cash(0, 0, lowest, month)
    first = next(offset for offset, value in enumerate(cash) if value < 0)
    return Cash(-lowest, case.ask.start + first, lowest, month)


def list_cash(
    case: Case, terms: LoanTerms, schedule: Sequence[Instalment]
) -> tuple[list[int], list[int]]:
    """Return the cash at the end of each month, middle and bad year, over the whole horizon."""
    life = min(case.horizon, max(case.rules["calendar_months"], terms.term_months))
    middle = _run(case, terms, schedule, life, (case.home_middle, case.flow_middle))
    return middle, _run(case, terms, schedule, life, (case.home_bad, case.flow_bad))


def list_own_cash(case: Case) -> tuple[list[int], list[int]]:
    """Return the household's cash at the end of each month without any loan or project."""
    life = min(case.horizon, case.rules["calendar_months"]) + 1
    savings = max(0, case.household.savings_minor)
    middle, bad = (
        [savings + total for total in accumulate(home[:life])]
        for home in (case.home_middle, case.home_bad)
    )
    return middle, bad


def _run(
    case: Case,
    terms: LoanTerms,
    schedule: Sequence[Instalment],
    life: int,
    flows: tuple[Sequence[int], Sequence[int]],
) -> list[int]:
    """The cash at the end of each month of `life`, from the household's and the project's money."""
    home, project = flows
    moved = list(map(add, home[: life + 1], project))
    moved[0] += _open(case, terms)
    for month, principal, interest, subsidy, fee, _ in schedule:
        if month <= life:
            moved[month] -= principal + interest - subsidy + fee
    return list(accumulate(moved))


def _open(case: Case, terms: LoanTerms) -> int:
    """Savings once the cost is paid and the loan has arrived."""
    if case.household.savings_minor < 0:
        return 0
    return case.household.savings_minor - (case.ask.cost_minor - terms.amount_minor)
