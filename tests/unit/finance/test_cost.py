"""The yearly cost against loans whose cost is known."""

from __future__ import annotations

import pytest

from tallystick.finance import RATE_MAX_PPM, LoanTerms, build_schedule, find_yearly_cost


def cost_of(terms: LoanTerms) -> int:
    rows = build_schedule(terms)
    return find_yearly_cost(terms.amount_minor, [(row.month, row.payment) for row in rows])


def test_one_payment_after_a_year_costs_its_rate() -> None:
    assert cost_of(LoanTerms(10_000_000, 60_000, 12, "bullet")) == 60_000


@pytest.mark.parametrize("form", ["monthly", "level"])
def test_monthly_payments_cost_the_compounded_monthly_rate(form: str) -> None:
    # (1 + 0.06 / 12)^12 - 1 = 6.1678 %
    assert cost_of(LoanTerms(100_000_000, 60_000, 24, form)) == pytest.approx(61_678, abs=1)


def test_a_fee_makes_a_loan_dearer_and_a_subsidy_cheaper() -> None:
    plain = cost_of(LoanTerms(10_000_000, 43_000, 36, "annual"))
    assert cost_of(LoanTerms(10_000_000, 43_000, 36, "annual", fee_ppm=8_000)) > plain
    assert cost_of(LoanTerms(10_000_000, 43_000, 36, "annual", subsidy_ppm=500_000)) < plain


def test_a_loan_whose_interest_another_pays_costs_nothing() -> None:
    assert cost_of(LoanTerms(3_000_000, 35_000, 36, "annual", subsidy_ppm=1_000_000)) == 0


def test_usury_is_told_as_the_greatest_rate() -> None:
    assert find_yearly_cost(100, [(1, 1_000)]) == RATE_MAX_PPM


def test_nothing_received_has_no_cost() -> None:
    with pytest.raises(AssertionError):
        find_yearly_cost(0, [(1, 1)])
