"""The money a project truly needs, by the household's planted cash, beside the interval stated.

A need is the cost less the least cash above three months' living between the first outlay and the
first sale. Where that is surely nothing, the interval is a point at the cost; the others are open,
and coverage is counted on them. The interval speaks of income alone: eight of ten needs lie within
where the file tells income, savings and debts as they are. What a file misstates it cannot know,
so on files as they are stated far fewer do; the share is told here so that nobody claims more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from tallystick.county.draws import PPM, Draws
from tallystick.county.history import History
from tallystick.county.history.cash import CHANCE_BYTES, carry_cash, find_spending, list_months
from tallystick.county.history.exact import expand
from tallystick.county.history.household import Household
from tallystick.county.history.loan import Loan
from tallystick.county.history.season import KINDS, SEASONS
from tallystick.county.livelihood import LIVELIHOODS
from tallystick.services.positioning.case import read_case
from tallystick.services.positioning.catalogue import (
    Catalogue,
    catalogue_from_toml,
    compile_catalogue,
)
from tallystick.services.positioning.interval import Interval, find_need
from tallystick.services.positioning.thresholds import RULES_V1

ROOT: Final = Path(__file__).resolve().parents[4]
NOW: Final = 2027 * 12
CASES: Final = 1_500


@dataclass(frozen=True, slots=True)
class Plan:
    """What is bought when: months from the request to the outlay, and from it to the sale."""

    cost_minor: int
    wait_months: int
    growing_months: int


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    text = (ROOT / "examples" / "products.toml").read_text(encoding="utf-8")
    return compile_catalogue(catalogue_from_toml(text))


def plan_of(loan: Loan, draws: Draws) -> Plan:
    wait, growing = draws.between("wait", 1, 3), draws.between("growing", 3, 9)
    return Plan(loan.amount_minor * 5 // 4, wait, growing)


def state_profile(home: Household) -> dict[str, Any]:
    """What a file states of a household; all of its business is one crop's, sold in season."""
    way, income = LIVELIHOODS[KINDS[home.kind]], home.income_minor
    business = income * (PPM - way.wage_ppm - way.transfer_ppm) // PPM
    months = [at + 1 for at, part in enumerate(SEASONS[KINDS[home.kind]]) if part]
    debt = {
        "lender": "kin",
        "balance_minor": home.debt_minor,
        "monthly_minor": home.debt_minor // 50,
    }
    return {
        "persons": home.persons,
        "wage_minor_month": income * way.wage_ppm // (12 * PPM),
        "wage_months": 12,
        "transfers_minor_year": income * way.transfer_ppm // PPM,
        "living_minor_person_year": find_spending(home) // home.persons,
        "crops": [
            {
                "crop": "own",
                "area_centimu": 100,
                "yield_kg_per_mu": business // 100,
                "price_minor_per_kg": 100,
                "sale_months": months,
            }
        ],
        "savings_minor": home.cash_minor,
        "debts": [debt] if home.debt_minor else [],
    }


def state_interval(home: Household, loan: Loan, plan: Plan, catalogue: Catalogue) -> Interval:
    as_of = NOW + loan.month % 12
    sale = as_of + plan.wait_months + plan.growing_months
    demand: Mapping[str, Any] = {
        "kind": "borrow",
        "purpose": "crop_inputs",
        "as_of_month": as_of,
        "amount_minor": loan.amount_minor,
        "cost_minor": plan.cost_minor,
        "first_outlay_month": as_of + plan.wait_months,
        "first_sale_month": sale,
        "last_sale_month": sale,
    }
    application = {"profile": state_profile(home), "demand": demand, "features": {}}
    found = find_need(read_case(application, catalogue, RULES_V1))
    assert found is not None
    return found


def live_need(history: History, loan: Loan, plan: Plan, draws: Draws) -> int:
    """What the project came to need: the household's own months, as planted."""
    truth, home = history.truth, history.truth.households[loan.number]
    months = plan.wait_months + plan.growing_months - 1
    chance = expand(draws, "months", months * CHANCE_BYTES)
    cash = [home.cash_minor]
    for month in list_months(home, truth.stage, truth.parameters, draws, (loan.month + 1, chance)):
        cash.append(carry_cash(home, cash[-1], month.flow_minor))
    spare = min(cash[plan.wait_months :]) - find_spending(home) // 4
    return max(0, plan.cost_minor - max(0, spare))


def count_needs(history: History, catalogue: Catalogue, *, as_stated: bool) -> Counter[str]:
    """Where needs lie, of households told as they are or as their files state them.

    A need beside an interval that is a point counts as `sure` where it is met, else as `missed`.
    """
    found: Counter[str] = Counter()
    for loan in history.loans[:CASES]:
        draws = Draws(b"need").under(str(loan.number))
        home, plan = history.truth.households[loan.number], plan_of(loan, draws)
        need = live_need(history, loan, plan, draws)
        if as_stated:
            home = replace(
                home,
                income_minor=loan.income_minor,
                cash_minor=loan.savings_minor,
                debt_minor=loan.debt_minor,
            )
        low, _, high = state_interval(home, loan, plan, catalogue)
        if low == high:
            found["sure" if need == low else "missed"] += 1
        else:
            found["below" if need < low else "above" if need > high else "within"] += 1
    return found


def test_eight_needs_of_ten_lie_within_where_the_file_tells_the_truth(
    histories: tuple[History, ...], catalogue: Catalogue
) -> None:
    found = sum((count_needs(each, catalogue, as_stated=False) for each in histories), Counter())
    opened = found["below"] + found["within"] + found["above"]
    assert found.total() == CASES * len(histories)
    assert opened > found.total() / 2
    assert 0.75 <= found["within"] / opened <= 0.85, found
    assert max(found["below"], found["above"]) / opened <= 0.17, found
    assert found["missed"] < found["sure"] / 20, found


def test_what_files_misstate_takes_needs_out_of_the_interval(
    history: History, catalogue: Catalogue
) -> None:
    found = count_needs(history, catalogue, as_stated=True)
    opened = found["below"] + found["within"] + found["above"]
    assert 0.25 <= found["within"] / opened <= 0.5, found
