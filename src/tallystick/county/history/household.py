"""A household as it truly is: people, lasting income, debts, and what nobody can see of it.

Laws: nothing of this record but what `history.loan` states of it is ever observed; discipline,
kin and skill are standard normal. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import PPM, Draws, exponential_ppm
from tallystick.county.history.season import KINDS
from tallystick.county.history.stage import VILLAGES_COUNT, Stage
from tallystick.county.livelihood import LIVELIHOODS

__all__ = ["OLD_YEARS", "Household", "draw_cash", "draw_household"]

OLD_YEARS: Final = 60
"""Heads above this age fall ill more often."""
_KIND_SHARES: Final = tuple((code, LIVELIHOODS[kind].share) for code, kind in enumerate(KINDS))
_PERSONS: Final = ((1, 8), (2, 22), (3, 27), (4, 22), (5, 12), (6, 6), (7, 2), (8, 1))
# Logarithm of the median income per person over 15,000 yuan, by kind.
_STANDING_PPM: Final = (-143_101, 125_163, 336_472, 182_322, 262_364, 470_004, -567_984, 929_536)
_FARMS: Final = frozenset({0, 3, 7})
_NO_LABOUR: Final = 6
_REMOTE_COST_PPM: Final = 80_000


@dataclass(frozen=True, slots=True)
class Household:
    """What is true of a household.

    Attributes:
        kind: code of what it lives on, a place in `season.KINDS`.
        village: number of the village.
        persons: 1..8.
        workers: 0..6.
        age_years: of the head, 22..80.
        schooling_years: of the head, 0..16.
        is_woman: whether the head is a woman.
        each_minor: lasting net income per person and year, fen.
        income_minor: the same of all persons.
        standing_ppm: logarithm of income per person over 15,000 yuan.
        discipline_ppm: will to repay.
        kin_ppm: help of relatives in need.
        skill_ppm: skill at the trade.
        is_insured: whether weather losses are insured.
        is_cadre_kin: whether related to an official.
        debt_minor: other debts, stated or not.
        cash_minor: money at hand when the loan is asked for.
    """

    kind: int
    village: int
    persons: int
    workers: int
    age_years: int
    schooling_years: int
    is_woman: bool
    each_minor: int
    income_minor: int
    standing_ppm: int
    discipline_ppm: int
    kin_ppm: int
    skill_ppm: int
    is_insured: bool
    is_cadre_kin: bool
    debt_minor: int
    cash_minor: int


def draw_household(draws: Draws, stage: Stage, village: int | None) -> Household:
    """Return a household.

    Args:
        draws: its own draws.
        stage: what it shares with its neighbours.
        village: where it lives if that is settled, else drawn.
    """
    kind = draws.choose("kind", _KIND_SHARES)
    way = LIVELIHOODS[KINDS[kind]]
    village = draws.below("village", VILLAGES_COUNT) if village is None else village
    remote = stage.remote_ppm[village]
    persons = draws.choose("persons", _PERSONS)
    age = min(80, max(22, draws.normal("age", way.age_years, 8)))
    schooling = draws.normal("schooling", 8_700 - 60 * (age - 45), 2_500) // 1_000
    luck = way.spread_ppm * draws.normal_ppm("income") // PPM - _REMOTE_COST_PPM * remote // PPM
    each = way.income_minor * exponential_ppm(luck) // PPM
    insured = 350_000 + 250_000 * (kind in _FARMS) + 100_000 * (schooling > 8)  # noqa: PLR2004 - years of the basic school
    return Household(
        kind=kind,
        village=village,
        persons=persons,
        workers=_draw_workers(draws, kind, persons),
        age_years=age,
        schooling_years=min(16, max(0, schooling)),
        is_woman=draws.happens("woman", 260_000),
        each_minor=each,
        income_minor=each * persons,
        standing_ppm=_STANDING_PPM[kind] + luck,
        discipline_ppm=draws.normal_ppm("discipline"),
        kin_ppm=draws.normal_ppm("kin") - remote // 5,
        skill_ppm=draws.normal_ppm("skill"),
        is_insured=draws.happens("insured", insured),
        is_cadre_kin=draws.happens("cadre kin", 60_000),
        debt_minor=_draw_debt(draws, each * persons),
        cash_minor=draw_cash(draws, each * persons),
    )


def _draw_workers(draws: Draws, kind: int, persons: int) -> int:
    if kind == _NO_LABOUR:
        return 0
    able = sum(draws.happens(f"worker {at}", 570_000) for at in range(persons))
    return min(6, max(1, able))


def _draw_debt(draws: Draws, income: int) -> int:
    if not draws.happens("indebted", 380_000):
        return 0
    return draws.lognormal("debt", income * 367_879 // PPM, 800_000)


def draw_cash(draws: Draws, income: int) -> int:
    """Return money at hand, fen, of a household with this yearly income."""
    found = draws.lognormal("cash", income * 200 // 1_000, 700_000)
    return min(income * 3 // 2, max(income // 100, found))
