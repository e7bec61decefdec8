"""A household's month: its floor and ceiling, the help of kin, the will to pay, and its dues."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.bill import BILLS, draw_bills
from tallystick.county.history.cash import (
    CHANCE_BYTES,
    carry_cash,
    find_help,
    find_spending,
    find_will,
    list_months,
    spare_money,
)
from tallystick.county.history.exact import WORD, expand
from tallystick.county.history.household import Household, draw_household
from tallystick.county.history.parameter import draw_parameters
from tallystick.county.history.stage import Stage, draw_stage

DRAWS = Draws(bytes(32))


@pytest.fixture(scope="module")
def stage() -> Stage:
    return draw_stage(DRAWS.under("stage"), months=48, weather_ppm=100_000)


@pytest.fixture(scope="module")
def homes(stage: Stage) -> list[Household]:
    return [draw_household(DRAWS.under(f"home {at}"), stage, None) for at in range(300)]


def test_kin_help_and_will_follow_the_formulas_of_practice(homes: list[Household]) -> None:
    home = replace(homes[0], income_minor=10 * PPM, kin_ppm=PPM, discipline_ppm=0)
    assert find_help(home) == 3_400_000
    assert find_help(replace(home, kin_ppm=-5 * PPM)) == 0
    assert find_help(replace(home, kin_ppm=9 * PPM)) == 8_000_000
    assert find_will(home, diverted=False) == 952_574 * WORD // PPM
    assert find_will(home, diverted=True) == 802_184 * WORD // PPM
    assert find_will(replace(home, discipline_ppm=-9 * PPM), diverted=False) == WORD // 20
    assert (spare_money(-5, 7), spare_money(-9, 7)) == (2, 0)


def test_cash_falls_no_lower_than_the_floor_and_debts_cost_while_there_is_some(
    homes: list[Household],
) -> None:
    home = replace(homes[0], income_minor=1_000_000, debt_minor=50_000)
    assert carry_cash(home, 10_000, 500) == 9_500
    assert carry_cash(home, -10_000, 500) == -9_500
    assert carry_cash(home, -149_000, -9_000) == -150_000


def test_a_year_brings_about_the_lasting_income_less_living(
    homes: list[Household], stage: Stage
) -> None:
    parameters = replace(draw_parameters(DRAWS), ill_ppm=0, ill_old_ppm=0, job_loss_ppm=0)
    calm = replace(stage, loss_ppm=tuple((0,) * 4 for _ in stage.loss_ppm))
    left = lasting = income = 0
    for at, home in enumerate(homes):
        chance = expand(DRAWS, f"months {at}", 24 * CHANCE_BYTES)
        months = list(list_months(home, calm, parameters, DRAWS, (0, chance)))
        assert len(months) == 24
        assert all(month.kept_ppm == PPM for month in months)
        left += sum(month.flow_minor for month in months)
        lasting += 2 * (home.income_minor - find_spending(home))
        income += 2 * home.income_minor
    # A good and a bad price of one size bring a little more than two usual ones.
    assert abs(left - lasting) < income * 3 // 100


def test_who_owes_what_follows_from_livelihood_persons_and_income_alone(
    homes: list[Household],
) -> None:
    for at, home in enumerate(homes):
        draws = DRAWS.under(f"bills {at}")
        bills = draw_bills(draws, home)
        other = replace(home, discipline_ppm=0, kin_ppm=0, cash_minor=0, debt_minor=0, skill_ppm=0)
        assert draw_bills(draws, other) == bills
        kinds = [bill.kind for bill in bills]
        assert kinds == sorted(set(kinds), key=BILLS.index)
        assert 13 <= sum(len(bill.months) for bill in bills) <= 46
        assert all(bill.amount_minor > 0 for bill in bills)
