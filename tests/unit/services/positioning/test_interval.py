"""Intervals of income and need: the swing's arithmetic, each rule of the case, and the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.services.positioning.case import Case, read_case
from tallystick.services.positioning.catalogue import Catalogue
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.interval import (
    SPREADS_V1,
    STATEMENTS_V1,
    Ratio,
    find_branch,
    find_income,
    find_need,
    find_ratios,
    find_swing,
)
from tallystick.services.positioning.page_figures import list_likely
from tallystick.services.positioning.page_markup import find_voice
from tallystick.services.positioning.thresholds import RULES_V1

Read = Callable[..., Case]
Make = Callable[..., dict[str, Any]]
MARCH = 2027 * 12 + 2
EXPOSED = sorted(name for name, spread in SPREADS_V1.items() if spread.exposed)


def below(swing_ppm: int, branch: str, *, insured: bool) -> float:
    """The share of years below a swing, by floats and a fine sum over Beta(2, 3)."""
    spread = SPREADS_V1[branch]
    level = math.log1p(swing_ppm / 1e6)

    def normal(x: float) -> float:
        return 0.5 * math.erfc(-x / (spread.price_ppm / 1e6) / math.sqrt(2))

    if not spread.exposed:
        return normal(level)
    borne = 0.45 if insured else 1.0
    losses = [(place + 0.5) / 2_000 for place in range(2_000)]
    hit = sum(
        12 * x * (1 - x) ** 2 / 2_000 * normal(level - math.log(1 - borne * x)) for x in losses
    )
    return 0.9 * normal(level) + 0.1 * hit


# ---- price times weather


@pytest.mark.parametrize("insured", [False, True])
@pytest.mark.parametrize("branch", sorted(SPREADS_V1))
def test_one_year_in_ten_lies_below_the_low_swing_and_one_above_the_high(
    branch: str, insured: bool
) -> None:
    low, high = find_swing(branch, insured=insured)
    assert below(low, branch, insured=insured) == pytest.approx(0.1, abs=0.000_5)
    assert below(high, branch, insured=insured) == pytest.approx(0.9, abs=0.000_5)


@pytest.mark.parametrize("branch", EXPOSED)
def test_weather_takes_from_the_low_end_and_insurance_gives_part_of_it_back(branch: str) -> None:
    bare, covered = find_swing(branch, insured=False), find_swing(branch, insured=True)
    deviation = SPREADS_V1[branch].price_ppm / 1e6
    calm = (math.expm1(-1.281_552 * deviation) * 1e6, math.expm1(1.281_552 * deviation) * 1e6)
    assert bare[0] < covered[0] < calm[0], "a loss reaches down, less far where it is insured"
    assert bare[1] < covered[1] < calm[1], "no weather brings more than a calm year"
    assert calm[0] - bare[0] > calm[1] - bare[1], "a loss is one-sided"


# ---- income


@pytest.mark.parametrize(
    ("purpose", "crop", "branch"),
    [
        ("crop_inputs", "maize", "grain"),
        ("crop_inputs", "rapeseed", "grain"),
        ("crop_inputs", "potato", "field"),
        ("crop_inputs", "unheard_of", "field"),
        ("orchard_upkeep", "apple", "orchard"),
        ("greenhouse_inputs", "gh_tomato", "greenhouse"),
        ("livestock_buy", "maize", "livestock"),
        ("shop_stock", "maize", "trade"),
    ],
)
def test_the_branch_follows_purpose_and_crop(
    read: Read, purpose: str, crop: str, branch: str
) -> None:
    case = read({"crops": [{"crop": crop, "area_centimu": 100, "in_project": 1}]})
    case = case._replace(ask=case.ask._replace(purpose=purpose))
    assert find_branch(case) == branch


def test_the_interval_is_the_swing_of_sales_joined_with_skill(read: Read) -> None:
    found = find_income(read())
    assert found is not None
    low, high = find_swing("grain", insured=False)
    skill = 1_080_000 * 0.05 * 1.281_552
    assert found.middle_minor == 1_080_000
    assert found.low_minor == pytest.approx(
        1_080_000 - math.hypot(1_820_000 * low / 1e6, skill), abs=2
    )
    assert found.high_minor == pytest.approx(
        1_080_000 + math.hypot(1_820_000 * high / 1e6, skill), abs=2
    )


@pytest.mark.parametrize("policy", ["maize", "grain"])
def test_a_policy_on_the_crop_or_branch_lifts_the_low_end_and_another_does_not(
    read: Read, policy: str
) -> None:
    bare, covered = find_income(read()), find_income(read({"insurance": [policy]}))
    assert bare is not None
    assert covered is not None
    assert covered.low_minor > bare.low_minor
    assert find_income(read({"insurance": ["hog"]})) == bare


def test_an_income_not_believed_lies_about_the_countys_middle_and_as_wide_as_its_households(
    read: Read,
) -> None:
    case = read(None, {"income_likely_minor": 1_500_000, "revenue_likely_minor": 2_240_000})
    project = case.ask.project
    assert project.implausible_minor
    found = find_income(case)
    assert found is not None
    assert found.middle_minor == project.county_p50_minor
    assert found.low_minor < project.income_low_minor
    assert found.high_minor > project.county_p80_minor


def test_no_income_of_its_own_has_no_interval(read: Read) -> None:
    assert find_income(read(None, {"income_likely_minor": 0, "income_low_minor": 0})) is None
    assert find_income(read(None, {"kind": "save"})) is None
    assert find_need(read(None, {"kind": "invest"})) is None


def test_a_crop_to_be_insured_is_reckoned_with_its_cover(read: Read) -> None:
    insure = {"object": "wheat", "unit": "mu", "units_centi": 1_000, "own_premium_minor": 9_000}
    found = find_income(read(None, {"kind": "insure", "purpose": "insure_crop", "insure": insure}))
    assert found is not None
    assert found.middle_minor == 10 * 56_000
    low, _ = find_swing("grain", insured=True)
    skill = 560_000 * 0.05 * 1.281_552
    assert found.low_minor == pytest.approx(
        560_000 - math.hypot(10 * 450 * 240 * low / 1e6, skill), abs=2
    )


# ---- need


ON_AID: dict[str, Any] = {
    "crops": [],
    "wage_minor_month": 0,
    "persons": 1,
    "living_minor_person_year": 1_200_000,
    "medical_school_minor_year": 0,
    "transfers_minor_year": 1_200_000,
    "savings_minor": 500_000,
}
"""Aid of 1,000 yuan a month pays a living of 1,000; 3,000 of the 5,000 saved stay in hand."""


def test_the_middle_need_is_cost_less_what_is_above_three_months_of_living(read: Read) -> None:
    found = find_need(read(ON_AID))
    assert found is not None
    assert found.middle_minor == 740_000 - (500_000 - 300_000), "the file at its word"


def test_the_ends_join_what_files_misstate_and_the_middle_stays(read: Read) -> None:
    found = find_need(read({**ON_AID, "savings_minor": 800_000}, {"cost_minor": 2_000_000}))
    assert found is not None
    deviate = 1.281_552
    savings = [800_000 * math.expm1(sign * deviate * 0.4) for sign in (-1, 1)]
    # Income and living are misstated together: what is left of them is the reserve of 3,000.
    reserve = [300_000 * math.expm1(0.08 + sign * deviate * 0.3) for sign in (-1, 1)]
    hidden = 7 * 1_200_000 * 0.2 * 0.02
    down = math.hypot(savings[0], reserve[1], hidden)
    up = math.hypot(savings[1], reserve[0])
    assert found.middle_minor == 2_000_000 - (800_000 - 300_000)
    assert found.high_minor == pytest.approx(1_500_000 + down, abs=5)
    assert found.low_minor == pytest.approx(1_500_000 - up, abs=5)


@pytest.mark.parametrize("ratio", [STATEMENTS_V1.savings, STATEMENTS_V1.income])
def test_a_ratio_reaches_as_far_as_its_lognormal(ratio: Ratio) -> None:
    for found, sign in zip(find_ratios(ratio), (-1, 1), strict=True):
        expected = ratio.median_ppm * math.exp(sign * 1.281_552 * ratio.spread_ppm / 1e6)
        assert found == pytest.approx(expected, abs=2)


def test_the_more_is_saved_by_the_file_the_wider_the_need(read: Read) -> None:
    less, more = (find_need(read({**ON_AID, "savings_minor": sum_})) for sum_ in (400_000, 500_000))
    assert less is not None
    assert more is not None
    assert more.high_minor - more.low_minor > less.high_minor - less.low_minor


def test_uncertain_wages_before_the_first_outlay_widen_the_need(read: Read) -> None:
    profile, outlay = {"savings_minor": 500_000}, {"first_outlay_month": MARCH + 3}
    soon, late = find_need(read(profile)), find_need(read(profile, outlay))
    assert soon is not None
    assert late is not None
    assert late.high_minor - late.low_minor > soon.high_minor - soon.low_minor


def test_an_old_debt_due_before_the_first_sale_is_money_that_cannot_be_spared(read: Read) -> None:
    debt = {"lender": "kin", "balance_minor": 700_000, "due_month": MARCH + 1}
    profile = {"savings_minor": 1_000_000}
    bare, owing = find_need(read(profile)), find_need(read({**profile, "debts": [debt]}))
    assert bare is not None
    assert owing is not None
    assert owing.middle_minor > bare.middle_minor


def test_where_savings_are_unknown_the_own_share_stated_counts(read: Read) -> None:
    case = read({"savings_minor": None})
    found = find_need(case)
    assert found is not None
    assert found.high_minor <= case.ask.cost_minor - case.ask.own_minor
    alone = {"savings_minor": None, "wage_minor_month": 0, "transfers_minor_year": 0}
    assert find_need(read(alone)) is None, "neither savings nor an income are known"


@given(
    savings=st.integers(0, 10**12),
    more=st.integers(0, 10**12),
    cost=st.integers(600_000, 10**12),
    wage=st.integers(0, 10**8),
    outlay=st.integers(0, 400),
)
def test_need_is_ordered_within_cost_and_falls_with_savings(
    catalogue: Catalogue, savings: int, more: int, cost: int, wage: int, outlay: int
) -> None:
    def need(saved: int) -> tuple[int, ...]:
        profile = {"persons": 2, "wage_minor_month": wage, "wage_months": 9, "savings_minor": saved}
        demand = {
            "kind": "borrow",
            "as_of_month": MARCH,
            "amount_minor": 600_000,
            "cost_minor": cost,
            "first_outlay_month": MARCH + outlay,
        }
        tree = {"profile": profile, "demand": demand, "features": {}}
        found = find_need(read_case(tree, catalogue, RULES_V1))
        assert found is not None
        return found

    low, middle, high = need(savings)
    assert 0 <= low <= middle <= high <= cost
    assert all(a >= b for a, b in zip((low, middle, high), need(savings + more), strict=True))


# ---- the decision and its words


def test_the_scheme_carries_both_intervals_and_says_what_was_assumed(
    decider: Decider, application: Make
) -> None:
    tree = application(None, {"revenue_likely_minor": None})
    figures = decider.decide({"v": 1, "application": tree, "defaults": []}).scheme.figures
    for name in ("income_interval", "need_interval"):
        row = figures[name]
        assert list(row) == ["low_minor", "high_minor", "middle_minor"], "canonical order"
        assert row["low_minor"] <= row["middle_minor"] <= row["high_minor"]
    assert "demand.revenue_likely_minor" in figures["assumed"]


def test_the_words_name_both_ends_in_both_languages() -> None:
    figures = {
        "income_interval": {"low_minor": -100_000, "high_minor": 900_000, "middle_minor": 600_000},
        "need_interval": {"low_minor": 200_000, "high_minor": 400_000, "middle_minor": 300_000},
    }
    zh = list_likely(find_voice("zh"), figures, {"working_capital": 1})
    en = list_likely(find_voice("en"), figures, {})
    assert zh[0].startswith("这一季的净收入多半在 −1,000 元 到 9,000 元 之间")
    assert "多半在 2,000 元 到 4,000 元 之间" in zh[1]
    assert "in a year is most likely between −¥1,000 and ¥9,000" in en[0]
    assert en[1].endswith("you most likely need between ¥2,000 and ¥4,000")


def test_a_need_without_width_says_no_more_than_the_sum_asked_for() -> None:
    none = {"low_minor": 0, "high_minor": 0, "middle_minor": 0}
    (told,) = list_likely(find_voice("en"), {"need_interval": none}, {})
    assert "your own money is enough" in told
    most = {"low_minor": 0, "high_minor": 400_000, "middle_minor": 90_000}
    assert list_likely(find_voice("en"), {"need_interval": most}, {})[0].endswith(
        "you most likely need no more than ¥4,000"
    )
    assert list_likely(find_voice("zh"), {"need_interval": most}, {})[0].endswith(
        "还差的多半不超过 4,000 元"
    )
    some = dict.fromkeys(none, 50_000)
    assert list_likely(find_voice("en"), {"need_interval": some}, {}) == []
    assert list_likely(find_voice("en"), {}, {}) == []
