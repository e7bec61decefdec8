"""A loan's burden and calendar, figures worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tallystick.finance import LoanTerms, build_schedule
from tallystick.services.positioning.calendar import list_cash, read_cash
from tallystick.services.positioning.case import Case, scale_case
from tallystick.services.positioning.loan import Burden, judge_loan, weigh_burden

Read = Callable[..., Case]
MARCH = 2027 * 12 + 2
# The household: maize is the project. Wages 28,800 + transfers 4,200 = 33,000; living 22,800 and
# medicine 4,000 = 26,800. A bad year: wages 25,920, living at the floor of 550 x 12 x 3 = 19,800.
ROOM_MIDDLE = 3_300_000 - 2_680_000
ROOM_BAD = 2_592_000 + 420_000 - 1_980_000 - 400_000


def burden_of(case: Case, terms: LoanTerms) -> Burden:
    schedule = build_schedule(terms)
    return weigh_burden(case, terms, schedule, [row.payment for row in schedule])


def test_the_household_is_what_the_form_adds_up_to(read: Read) -> None:
    streams = read().household.streams
    assert streams.income_middle - streams.spending_middle == ROOM_MIDDLE
    assert streams.income_bad - streams.spending_bad == ROOM_BAD
    assert sum(streams.months_middle) == ROOM_MIDDLE
    assert sum(streams.months_bad) == ROOM_BAD


def test_working_capital_adds_the_loan_back(read: Read) -> None:
    found = burden_of(read(), LoanTerms(600_000, 50_000, 8, "bullet"))
    room = ROOM_MIDDLE + 1_080_000 + 600_000
    assert found.cover_middle == room * 1_000_000 // 620_000
    assert found.cover_bad == (ROOM_BAD + 720_000 + 600_000) * 1_000_000 // 620_000
    assert found.share == 20_000 * 1_000_000 // (3_300_000 + 1_080_000)
    assert found.payment == 620_000


def test_an_investment_does_not_come_back_with_the_sales(read: Read) -> None:
    case = read(None, {"working_capital": 0})
    found = burden_of(case, LoanTerms(600_000, 60_000, 24, "annual"))
    service = 300_000 + 36_000
    assert found.cover_middle == (ROOM_MIDDLE + 1_080_000) * 1_000_000 // service
    assert found.share == service * 1_000_000 // 4_380_000


def test_the_worst_loan_year_counts(read: Read) -> None:
    case = read(None, {"working_capital": 0, "first_sale_month": MARCH + 20})
    first = burden_of(case, LoanTerms(600_000, 60_000, 24, "annual"))
    # Nothing is sold in the first year.
    assert first.cover_middle == ROOM_MIDDLE * 1_000_000 // 336_000


def test_old_debts_and_half_of_guarantees_count_as_debt(read: Read) -> None:
    debts = [{"lender": "bank", "balance_minor": 1_000_000, "monthly_minor": 50_000}]
    case = read({"debts": debts, "guarantees_minor": 2_000_000})
    found = burden_of(case, LoanTerms(600_000, 50_000, 8, "bullet"))
    assert found.debt == (1_000_000 + 1_000_000 + 600_000) * 1_000_000 // 4_380_000
    assert case.owed[:22] == (0, *[50_000] * 20, 0)
    assert found.share == (20_000 + 600_000) * 1_000_000 // 4_380_000


def test_a_debt_with_a_date_and_no_instalments_is_due_at_once(read: Read) -> None:
    debts = [{"lender": "kin", "balance_minor": 700_000, "due_month": MARCH + 5}]
    assert read({"debts": debts}).owed[5] == 700_000


def test_a_debt_without_a_date_is_owed_but_never_due(read: Read) -> None:
    assert not any(read({"debts": [{"lender": "kin", "balance_minor": 700_000}]}).owed)


def test_the_calendar_is_conserved(read: Read) -> None:
    case = read()
    terms = LoanTerms(600_000, 50_000, 8, "bullet")
    middle, bad = list_cash(case, terms, build_schedule(terms))
    years = 3
    paid = 620_000
    project = 740_000 + 1_080_000
    assert middle[36] == 1_400_000 - 140_000 + years * ROOM_MIDDLE + project - paid
    assert bad[36] == 1_400_000 - 140_000 + years * ROOM_BAD + 740_000 + 720_000 - paid


def test_the_first_short_month_and_the_deepest_lack_are_told(read: Read) -> None:
    case = read({"savings_minor": 140_000, "wage_minor_month": 0})
    terms = LoanTerms(600_000, 50_000, 8, "bullet")
    cash = read_cash(case, terms, build_schedule(terms))
    # Each month lacks 1,633.33 yuan until maize is sold in October, the seventh.
    assert cash.short_month == MARCH + 1
    assert cash.short_minor == pytest.approx(6 * (1_980_000 + 400_000 - 420_000) // 12, abs=12)
    assert cash.lowest_month == MARCH + 6
    assert cash.lowest_minor == -cash.short_minor


def test_a_claim_is_money_of_its_month(read: Read) -> None:
    shock = {"shown_by": "insurer", "claim_minor": 500_000, "claim_month": MARCH + 2}
    with_claim, without = read(None, {"shock": shock}), read()
    assert with_claim.flow_bad[2] - without.flow_bad[2] == 500_000
    assert with_claim.earned_middle[0] - without.earned_middle[0] == 500_000


def test_a_smaller_project_shrinks_as_a_whole(read: Read) -> None:
    half = scale_case(read(), 300_000)
    assert half.ask.cost_minor == 370_000
    assert half.ask.project.income_middle_minor == 540_000
    assert half.ask.project.revenue_minor == 910_000
    assert sum(half.flow_middle) == 370_000 + 540_000


def test_a_smaller_project_brings_the_own_share_that_is_needed(read: Read) -> None:
    case = read(None, {"cost_minor": 600_000, "own_share_ppm": 0})
    stall = scale_case(case, 240_000, own_share_ppm=200_000)
    assert (stall.ask.cost_minor, stall.ask.own_minor) == (300_000, 60_000)
    assert stall.ask.project.income_middle_minor == 540_000


def test_income_above_four_of_five_farmers_is_not_believed(read: Read) -> None:
    project = read(None, {"income_likely_minor": 1_600_000}).ask.project
    # County maize: 480, 720 and 930 yuan a mu on 15 mu.
    assert project.income_middle_minor == 1_080_000
    assert project.income_low_minor == 720_000
    assert project.implausible_minor == 1_600_000 - 1_395_000


def test_a_crop_beside_the_project_is_held_to_the_county_too(read: Read) -> None:
    def income(yield_kg: int) -> int:
        crop: dict[str, Any] = {
            "crop": "maize",
            "area_centimu": 100,
            "yield_kg_per_mu": yield_kg,
            "price_minor_per_kg": 220,
            "cost_minor_per_mu": 49_000,
        }
        return read({"crops": [crop]}).household.streams.income_middle - 3_300_000

    assert income(550) == 72_000
    assert income(5_000) == 72_000
    assert income(500) == 61_000


def test_only_the_subsidised_part_of_a_sum_is_subsidised(read: Read) -> None:
    case = read({"category": "out_of_poverty"}, {"purpose": "livestock_buy"})
    product = case.catalogue.find_product("poverty_microcredit", MARCH)
    assert product is not None
    terms = LoanTerms(10_000_000, 35_000, 36, "annual", subsidy_ppm=1_000_000)
    large = judge_loan(case, product, terms)
    small = judge_loan(case, product, terms._replace(amount_minor=5_000_000))
    # Half of 100,000 yuan is above what the government pays interest on.
    assert large.schedule[0].subsidy * 2 == large.schedule[0].interest == 350_000
    assert small.schedule[0].subsidy == small.schedule[0].interest


def test_old_debts_leave_the_calendar_month_by_month(read: Read) -> None:
    terms = LoanTerms(600_000, 50_000, 8, "bullet")
    debts = [{"lender": "bank", "balance_minor": 1_000_000, "monthly_minor": 50_000}]
    free, owing = (
        list_cash(case, terms, build_schedule(terms))[1]
        for case in (read(), read({"debts": debts}))
    )
    assert [a - b for a, b in zip(free, owing, strict=True)][:4] == [0, 50_000, 100_000, 150_000]
    assert free[36] - owing[36] == 1_000_000


def test_outside_work_starts_after_the_spring_festival(read: Read) -> None:
    months = read({"wage_months": 3}).household.streams.months_middle
    rest = read({"wage_minor_month": 0}).household.streams.months_middle
    earned = [month for month in range(1, 13) if months[month - 1] != rest[month - 1]]
    assert earned == [3, 4, 5]
