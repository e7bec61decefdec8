"""A loan's life by the month: what its project adds to the household's cash, and what it pays.

Formula: pay = min(owed, cash + kin help) x Bernoulli(will), with cash, help and will as
`history.cash` has them; default is 90 days overdue. A loan is overdue in a month while more than
2 % of its amount is owed past its date.

Laws: money is only ever moved, and payments never exceed what is owed. Limits: months count 30
days; a life ends `AFTER_MONTHS` after the last payment falls due, by when every loan has either
been paid or has defaulted; what is collected later is not told. A straw's loan is paid in full by
the controller until he stops. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.cash import (
    CHANCE_BYTES,
    carry_cash,
    find_help,
    find_will,
    list_months,
    spare_money,
)
from tallystick.county.history.exact import expand
from tallystick.county.history.household import Household
from tallystick.county.history.parameter import Parameters
from tallystick.county.history.ring import Straw
from tallystick.county.history.season import KINDS, PEAKS, RETURN_PPM
from tallystick.county.history.stage import Stage
from tallystick.county.history.use import Use
from tallystick.county.history.wish import RATE_PPM, Wish

__all__ = ["AFTER_MONTHS", "DEFAULT_DAYS", "Life", "Loaned", "live_loan"]

AFTER_MONTHS: Final = 3
"""Months after the last date by which every loan's end is known."""
DEFAULT_DAYS: Final = 90
"""Days overdue that are a default."""
_LATE_LEAST_PPM: Final = 20_000
_RECOVERED_PPM: Final = 800_000
_DIVERTED_BACK_PPM: Final = 100_000
_HARVESTS_BEFORE_MONTHS: Final = 8
_EARNING_FROM_MONTHS: Final = 3  # a project takes a quarter to earn
_EARNING_AFTER_MONTHS: Final = 2


@dataclass(frozen=True, slots=True)
class Loaned:
    """A household with its loan: all that its life follows from but chance and the stage."""

    household: Household
    wish: Wish
    use: Use
    straw: Straw | None


@dataclass(frozen=True, slots=True)
class Life:
    """What became of a loan, by age in months since it was paid out.

    Attributes:
        paid_minor: paid at each age, from 0 to the end of the life.
        late_months: at each age, months overdue so far in a row.
        default_age: first age at 90 days overdue; 0 if it never came to that.
    """

    paid_minor: array[int]
    late_months: bytes
    default_age: int

    @property
    def is_default(self) -> bool:
        """Whether it was ever 90 days overdue."""
        return self.default_age > 0

    @property
    def was_late(self) -> bool:
        """Whether it was ever 30 days overdue."""
        return any(self.late_months)


def live_loan(loaned: Loaned, stage: Stage, parameters: Parameters, draws: Draws) -> Life:
    """Return what becomes of a loan.

    Args:
        loaned: the household, its loan and where the money went.
        stage: weather and prices.
        parameters: chances of illness and of losing work.
        draws: its own draws.
    """
    ages = loaned.wish.term_months + AFTER_MONTHS + 1
    chance = expand(draws, "life", ages * CHANCE_BYTES)
    if loaned.straw is None:
        flows = _flow(loaned, stage, parameters, draws, chance)
        payments = _pay(loaned, flows, chance)
    else:
        payments = _pay_by_controller(loaned.wish, loaned.straw)
    paid = array("q", bytes(8 * ages))
    late = bytearray(ages)
    floor = loaned.wish.amount_minor * _LATE_LEAST_PPM // PPM
    default_age = 0
    for age, (pay, owed) in enumerate(payments):
        paid[age] = pay
        if owed > floor:
            late[age] = late[age - 1] + 1
            if late[age] * 30 >= DEFAULT_DAYS and not default_age:
                default_age = age
    return Life(paid, bytes(late), default_age)


def _dues(wish: Wish) -> list[int]:
    """Return what falls due at each age of the life, fen."""
    amount, term = wish.amount_minor, wish.term_months
    dues = [0] * (term + AFTER_MONTHS + 1)
    for age in range(1, term + 1):
        if wish.is_bullet:
            dues[age] = amount * RATE_PPM // (4 * PPM) if age % 3 == 0 else 0
        else:
            # Principal in parts that add up to the amount, and interest on half of it on average.
            dues[age] = amount * age // term - amount * (age - 1) // term
            dues[age] += amount * RATE_PPM // (24 * PPM)
    if wish.is_bullet:
        dues[term] += amount
    return dues


def _flow(
    loaned: Loaned, stage: Stage, parameters: Parameters, draws: Draws, chance: bytes
) -> Iterator[int]:
    """Yield what each month leaves the household before debts, fen."""
    home, wish, use = loaned.household, loaned.wish, loaned.use
    invested = wish.amount_minor * use.invested_ppm // PPM
    project = invested * (RETURN_PPM[KINDS[home.kind]] + home.skill_ppm // 20) // PPM
    back = _give_back(loaned, invested)
    last = wish.term_months + _EARNING_AFTER_MONTHS
    months = list_months(home, stage, parameters, draws, (wish.month, chance))
    for age, (flow, part, kept) in enumerate(months):
        earned = project * part // PPM if _EARNING_FROM_MONTHS <= age <= last else 0
        yield flow + earned + back[age] * kept // PPM


def _give_back(loaned: Loaned, invested: int) -> list[int]:
    """Return by age the working capital that comes back, before weather."""
    wish = loaned.wish
    capital = invested * _RECOVERED_PPM // PPM
    if loaned.use.is_diverted:
        capital = capital * _DIVERTED_BACK_PPM // PPM
    back = [0] * (wish.term_months + AFTER_MONTHS + 1)
    if not wish.is_bullet:
        for age in range(1, wish.term_months + 1):
            back[age] = capital // wish.term_months
        return back
    peaks = PEAKS[KINDS[loaned.household.kind]]
    first = max(3, wish.term_months - _HARVESTS_BEFORE_MONTHS)
    for age in range(first, len(back)):
        if (wish.month + age) % 12 in peaks:
            back[age] = capital
            break
    return back


def _pay(loaned: Loaned, flows: Iterator[int], chance: bytes) -> Iterator[tuple[int, int]]:
    """Yield at each age what is paid and what stays owed, fen."""
    home, cash, owed = loaned.household, loaned.household.cash_minor, 0
    will, kin = find_will(home, diverted=loaned.use.is_diverted), find_help(home)
    for age, (due, flow) in enumerate(zip(_dues(loaned.wish), flows, strict=True)):
        cash = carry_cash(home, cash, flow)
        owed += due
        pay = 0
        at = age * CHANCE_BYTES
        if owed and chance[at + 8] << 8 | chance[at + 9] < will:
            pay = min(owed, spare_money(cash, kin))
            cash -= pay
            owed -= pay
        yield pay, owed


def _pay_by_controller(wish: Wish, straw: Straw) -> Iterator[tuple[int, int]]:
    """Yield at each age what a ring's controller pays and what stays owed, fen."""
    owed = 0
    for age, due in enumerate(_dues(wish)):
        owed += due
        pay = 0 if straw.fails and age > straw.paying_months else owed
        owed -= pay
        yield pay, owed
