"""Laws of money over time: what any schedule and any yearly cost must hold."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tallystick.finance import (
    PERIOD_MONTHS,
    REPAYMENTS,
    LoanTerms,
    build_schedule,
    divide_half_even,
    find_level_payment,
    find_yearly_cost,
)


@st.composite
def loan_terms(draw: st.DrawFn) -> LoanTerms:
    """Any terms, those no bank would write too."""
    term = draw(st.integers(1, 300))
    return LoanTerms(
        amount_minor=draw(st.integers(0, 10**12)),
        rate_ppm=draw(st.integers(0, 400_000)),
        term_months=term,
        repayment=draw(st.sampled_from(REPAYMENTS)),
        grace_months=draw(st.integers(0, term)),
        subsidy_ppm=draw(st.integers(0, 1_000_000)),
        fee_ppm=draw(st.sampled_from([0, 8_000])),
        first_due_months=draw(st.integers(0, term)),
        study_months=draw(st.integers(0, term)),
    )


@given(loan_terms())
def test_principal_sums_to_the_amount_exactly(terms: LoanTerms) -> None:
    rows = build_schedule(terms)
    assert sum(row.principal for row in rows) == terms.amount_minor
    assert rows[-1].balance == 0


@given(loan_terms())
def test_balances_never_rise_and_no_part_is_negative(terms: LoanTerms) -> None:
    balance = terms.amount_minor
    for row in build_schedule(terms):
        assert min(row.principal, row.interest, row.subsidy, row.fee) >= 0
        assert row.subsidy <= row.interest
        assert row.balance == balance - row.principal
        balance = row.balance


@given(loan_terms())
def test_due_dates_ascend_and_end_with_the_term(terms: LoanTerms) -> None:
    months = [row.month for row in build_schedule(terms)]
    assert months == sorted(set(months))
    assert months[0] >= 1
    assert months[-1] == terms.term_months


@given(loan_terms())
def test_no_principal_is_due_in_grace_unless_all_dates_lie_in_it(terms: LoanTerms) -> None:
    rows = build_schedule(terms)
    if rows[-1].month > terms.grace_months:
        assert all(row.principal == 0 for row in rows if row.month <= terms.grace_months)


@given(loan_terms())
def test_interest_is_the_exact_accrual_to_half_a_fen(terms: LoanTerms) -> None:
    balance, before = terms.amount_minor, 0
    for row in build_schedule(terms):
        exact = Fraction(balance * terms.rate_ppm * (row.month - before), 12 * 10**6)
        assert abs(row.interest - exact) <= Fraction(1, 2)
        balance, before = row.balance, row.month


@given(loan_terms(), st.integers(0, 10**10))
def test_a_larger_sum_never_costs_less_interest(terms: LoanTerms, more: int) -> None:
    larger = LoanTerms(
        terms.amount_minor + more,
        terms.rate_ppm,
        terms.term_months,
        terms.repayment,
        terms.grace_months,
        first_due_months=terms.first_due_months,
    )
    own = LoanTerms(
        terms.amount_minor,
        terms.rate_ppm,
        terms.term_months,
        terms.repayment,
        terms.grace_months,
        first_due_months=terms.first_due_months,
    )
    # Each due date rounds by half a fen, and what division leaves moves to the last date.
    slack = len(build_schedule(own)) * (1 + terms.term_months * terms.rate_ppm // 10**6)
    assert _interest(larger) >= _interest(own) - slack


def _interest(terms: LoanTerms) -> int:
    return sum(row.interest for row in build_schedule(terms))


@given(st.integers(10_000, 10**10), st.integers(0, 400_000), st.integers(1, 120))
def test_level_payments_are_level_but_for_the_last(amount: int, rate: int, months: int) -> None:
    rows = build_schedule(LoanTerms(amount, rate, months, "level"))
    payment = find_level_payment(amount, rate, months)
    assert all(row.payment == payment for row in rows[:-1] if row.balance)
    # Each month's rounding is carried on with interest to the last payment.
    carried = Fraction(12 * 10**6 + rate, 12 * 10**6) ** months * months
    assert abs(rows[-1].payment - payment) <= carried + 1


@given(
    st.integers(1_000_000, 10**10),
    st.integers(1_000, 300_000),
    st.sampled_from(sorted(set(PERIOD_MONTHS) - {"int_after_study"})),
    st.integers(1, 60),
)
def test_the_yearly_cost_discounts_the_payments_to_the_sum_received(
    amount: int, rate: int, form: str, months: int
) -> None:
    rows = build_schedule(LoanTerms(amount, rate, months, form))
    payments = [(row.month, row.payment) for row in rows]
    cost = find_yearly_cost(amount, payments)

    def worth(yearly_ppm: int) -> float:
        growth = 1 + yearly_ppm / 1e6
        return sum(paid / float(growth ** (month / 12)) for month, paid in payments)

    assert worth(cost + 3) <= amount * (1 + 1e-9)
    assert worth(cost - 3) >= amount * (1 - 1e-9)


@given(st.integers(1, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=24))
def test_a_dearer_payment_never_lowers_the_yearly_cost(received: int, paid: list[int]) -> None:
    payments = list(enumerate(paid, 1))
    dearer = [*payments[:-1], (payments[-1][0], payments[-1][1] + 1_000)]
    assert find_yearly_cost(received, dearer) >= find_yearly_cost(received, payments) - 1


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_half_even_is_what_exact_fractions_round_to(numerator: int, denominator: int) -> None:
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))
