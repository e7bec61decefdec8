"""Reports of loans against a lender that would skip, repeat, invent or show too much."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rulings import DAY_MS, TIME_MS, Floor
from tallystick.records.held import HeldBook, find_book
from tallystick.records.refusal import Refusal

MONTH: Final = 2026 * 12 + 7  # August, over on the floor's day in September


@pytest.fixture
def floor() -> Floor:
    return Floor()


def _pub(**changes: Any) -> dict[str, Any]:
    pub = {
        "month": MONTH,
        "part": 1,
        "first": 1,
        "granted": 0,
        "repayments": 0,
        "overdues": 0,
        **changes,
    }
    return {name: value for name, value in pub.items() if value is not None}


def _tell(floor: Floor, member: str = "bank-a", /, **changes: Any) -> int:
    return floor.say(member, "loans.reported", _pub(**changes))


def test_only_a_lender_reports_loans(floor: Floor) -> None:
    for member in ("village", "finance", "regulator", "newspaper"):
        assert _tell(floor, member) == 5
    assert _tell(floor) == 0


def test_months_follow_one_another_and_none_is_told_before_it_is_over(floor: Floor) -> None:
    assert _tell(floor, month=MONTH + 1) == Refusal.NOT_THE_MONTH
    assert _tell(floor, month=MONTH - 5, part=2) == Refusal.NOT_THE_MONTH
    assert _tell(floor, month=MONTH - 5) == 0
    for month in (MONTH - 5, MONTH - 3, MONTH - 6):
        assert _tell(floor, month=month) == Refusal.NOT_THE_MONTH
    for month in range(MONTH - 4, MONTH + 1):
        assert _tell(floor, month=month) == 0
    assert _tell(floor, month=MONTH + 1) == Refusal.NOT_THE_MONTH
    floor.next_height(days=10)
    assert _tell(floor, month=MONTH + 1) == 0


def test_a_month_may_have_further_parts_until_the_next_begins(floor: Floor) -> None:
    assert _tell(floor) == 0
    assert _tell(floor, part=3) == Refusal.NOT_THE_MONTH
    assert _tell(floor, part=1) == Refusal.NOT_THE_MONTH
    assert _tell(floor, part=2) == 0


def test_loans_are_numbered_on_and_each_lender_has_its_own_numbers(floor: Floor) -> None:
    assert _tell(floor, first=2) == Refusal.NOT_THE_NUMBER
    assert _tell(floor, month=MONTH - 1, granted=3) == 0
    for first in (1, 3, 5):
        assert _tell(floor, first=first) == Refusal.NOT_THE_NUMBER
    assert _tell(floor, "bank-b") == 0
    assert _tell(floor, first=4, granted=2) == 0
    assert find_book(floor.state.get, "bank-a") == HeldBook(MONTH, 1, 6, 0, 0)
    assert find_book(floor.state.get, "bank-b") == HeldBook(MONTH, 1, 1, 0, 0)


@pytest.mark.parametrize("name", ["repayments", "overdues"])
def test_no_more_loans_are_paid_on_or_late_in_a_month_than_were_granted(
    floor: Floor, name: str
) -> None:
    assert _tell(floor, month=MONTH - 1, **{name: 1}) == Refusal.MORE_THAN_LENT
    assert _tell(floor, month=MONTH - 1, granted=3, **{name: 2}) == 0
    more: dict[str, Any] = {"month": MONTH - 1, "part": 2, "first": 4}
    assert _tell(floor, **more, **{name: 2}) == Refusal.MORE_THAN_LENT
    assert _tell(floor, **more, **{name: 1}) == 0
    # Another month counts from nothing.
    assert _tell(floor, first=4, **{name: 3}) == 0


@pytest.mark.parametrize(("count", "total"), [("granted", "lent"), ("overdues", "arrears")])
def test_a_sum_stands_where_five_loans_are_behind_it_and_nowhere_else(
    floor: Floor, count: str, total: str
) -> None:
    assert _tell(floor, month=MONTH - 1, granted=9, lent=900) == 0
    numbers = {"first": 10, count: 4}
    assert _tell(floor, **numbers, **{total: 100}) == Refusal.SUM_OF_FEW
    assert _tell(floor, **{**numbers, count: 5}) == Refusal.SUM_OF_FEW
    assert _tell(floor, **{**numbers, count: 5}, **{total: 100}) == 0


def test_readers_are_other_members_named_once_in_order(floor: Floor) -> None:
    assert _tell(floor, readers=["bank-a"]) == Refusal.NAMES_ITSELF
    assert _tell(floor, readers=["nobody"]) == Refusal.NO_SUCH_MEMBER
    assert _tell(floor, readers=["finance", "bank-b"]) == Refusal.NOT_ASCENDING
    assert _tell(floor, readers=["finance", "finance"]) == Refusal.NOT_ASCENDING
    assert _tell(floor, readers=[]) == 1
    assert _tell(floor, readers=["bank-b", "finance"]) == 0


def test_a_report_names_no_case_and_is_never_amended(floor: Floor) -> None:
    case = floor.apply()
    assert floor.say("bank-a", "loans.reported", _pub(), case=case) == Refusal.NAMES_A_CASE
    assert _tell(floor) == 0
    again = floor.say("bank-a", "loans.reported", _pub(part=2), amends=floor.last)
    assert again == Refusal.NEVER_AMENDED


def test_the_rule_has_an_answer_at_any_time_a_block_may_have(floor: Floor) -> None:
    for time in (0, 1, TIME_MS, 2**53 - 1):
        floor.time = time
        assert _tell(floor, month=0, part=1) in (0, Refusal.NOT_THE_MONTH)
    assert _tell(Floor(time=31 * DAY_MS), month=1970 * 12) == 0
    assert _tell(Floor(time=31 * DAY_MS - 1), month=1970 * 12) == Refusal.NOT_THE_MONTH
