"""Schedules that a clerk can check by hand."""

from __future__ import annotations

import pytest

from tallystick.finance import LoanTerms, build_schedule, find_level_payment


def test_a_bullet_pays_all_interest_with_the_principal_at_the_end() -> None:
    (row,) = build_schedule(LoanTerms(2_000_000, 55_000, 10, "bullet"))
    assert (row.month, row.principal, row.interest) == (10, 2_000_000, 91_667)
    assert row.payment == 2_091_667


def test_interest_then_bullet_pays_interest_each_quarter_and_for_the_rest() -> None:
    rows = build_schedule(LoanTerms(1_200_000, 60_000, 11, "interest_then_bullet"))
    assert [row.month for row in rows] == [3, 6, 9, 11]
    assert [row.interest for row in rows] == [18_000, 18_000, 18_000, 12_000]
    assert [row.principal for row in rows] == [0, 0, 0, 1_200_000]


@pytest.mark.parametrize(
    ("form", "months"),
    [
        ("monthly", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ("quarterly", [3, 6, 9, 12]),
        ("semiannual", [6, 12]),
        ("annual", [12]),
    ],
)
def test_equal_principal_falls_due_each_period(form: str, months: list[int]) -> None:
    rows = build_schedule(LoanTerms(1_200_000, 60_000, 12, form))
    assert [row.month for row in rows] == months
    assert {row.principal for row in rows} == {1_200_000 // len(months)}


def test_the_last_instalment_takes_what_division_leaves() -> None:
    rows = build_schedule(LoanTerms(1_000_001, 0, 7, "monthly"))
    assert [row.principal for row in rows] == [142_857] * 6 + [142_859]


def test_grace_asks_interest_alone() -> None:
    rows = build_schedule(LoanTerms(8_000_000, 35_000, 36, "semiannual", grace_months=6))
    assert [row.principal for row in rows] == [0] + [1_600_000] * 5
    assert rows[0].interest == 140_000


def test_a_subsidy_is_owed_by_a_third_payer() -> None:
    row = build_schedule(LoanTerms(4_500_000, 35_000, 3, "quarterly", subsidy_ppm=500_000))[0]
    assert (row.interest, row.subsidy) == (39_375, 19_688)
    assert row.payment == 4_500_000 + 39_375 - 19_688


def test_a_guarantee_fee_accrues_on_the_balance_and_is_not_subsidised() -> None:
    terms = LoanTerms(35_000_000, 42_000, 36, "annual", subsidy_ppm=1_000_000, fee_ppm=8_000)
    rows = build_schedule(terms)
    assert [row.fee for row in rows] == [280_000, 186_667, 93_333]
    assert rows[0].payment == rows[0].principal + 280_000


def test_the_state_pays_all_interest_until_study_ends() -> None:
    terms = LoanTerms(1_000_000, 30_000, 120, "int_after_study", grace_months=90, study_months=30)
    rows = build_schedule(terms)
    assert [row.payment for row in rows[:2]] == [0, 0]
    # The third year has six months of study and six months of own interest.
    assert (rows[2].interest, rows[2].subsidy) == (30_000, 15_000)
    assert rows[3].payment == 30_000
    assert [row.month for row in rows if row.principal] == [96, 108, 120]


def test_the_first_due_date_can_be_moved_to_a_harvest() -> None:
    rows = build_schedule(LoanTerms(3_500_000, 60_000, 32, "annual", first_due_months=8))
    assert [row.month for row in rows] == [8, 20, 32]
    assert rows[0].interest == 140_000


def test_a_level_payment_is_the_textbook_annuity() -> None:
    # 100,000 yuan over 12 months at 12 % a year: 8,884.88 a month.
    assert find_level_payment(10_000_000, 120_000, 12) == 888_488
    assert find_level_payment(1_200, 0, 12) == 100


def test_an_unknown_form_of_repayment_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        build_schedule(LoanTerms(1, 1, 1, "weekly"))
