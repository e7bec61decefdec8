"""The next payment of a loan is what money so far does not cover."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tallystick.county.loan_book import BookedLoan
from tallystick.services.credit.dues import due_day


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=36),
    st.integers(0, 10**10),
    st.integers(15_000, 25_000),
)
def test_what_is_missing_and_what_came_are_all_that_is_owed(
    amounts: list[int], paid: int, paid_out: int
) -> None:
    payments = tuple((month, amount) for month, amount in enumerate(amounts, start=1))
    loan = BookedLoan({}, payments, paid_out, paid)
    found = loan.next_payment()
    if paid >= sum(amounts):
        assert found is None
        return
    assert found is not None
    day, missing = found
    month = next(at for at in range(1, len(amounts) + 1) if due_day(paid_out, at) == day)
    # All before it is covered, and it is not.
    assert sum(amounts[:month]) - paid == missing
    assert 0 < missing <= amounts[month - 1]
