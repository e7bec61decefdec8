"""Reports of small dues against a payee that would skip, repeat, invent or show too much."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rulings import DAY_MS, TIME_MS, Floor
from tallystick.records.dues import ACCOUNT_MOST, KINDS
from tallystick.records.held import HeldDues, find_dues
from tallystick.records.refusal import Refusal

BEGIN: Final = 2026 * 12 + 5  # June to August: over on the floor's day in September


@pytest.fixture
def floor() -> Floor:
    return Floor()


def _pub(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "power",
        "begin": BEGIN,
        "months": 3,
        "part": 1,
        "first": 1,
        "opened": 0,
        "payers": 0,
        "dues": 0,
        "cleared": 0,
        **changes,
    }


def _tell(floor: Floor, member: str = "village", /, **changes: Any) -> int:
    return floor.say(member, "dues.reported", _pub(**changes))


def test_who_collects_reports_and_nobody_else(floor: Floor) -> None:
    for member in ("newspaper", "regulator", "bureau", "operator"):
        assert _tell(floor, member) == 5
    for member in ("village", "bank-a", "finance", "project"):
        assert _tell(floor, member) == 0


def test_periods_follow_one_another_and_none_is_told_before_it_is_over(floor: Floor) -> None:
    assert _tell(floor, months=4) == Refusal.NOT_THE_MONTH
    assert _tell(floor, begin=BEGIN + 1) == Refusal.NOT_THE_MONTH
    assert _tell(floor, begin=BEGIN - 12, months=12) == 0
    for begin, months in ((BEGIN - 12, 12), (BEGIN - 1, 3), (BEGIN + 1, 1), (BEGIN - 24, 12)):
        assert _tell(floor, begin=begin, months=months) == Refusal.NOT_THE_MONTH
    assert _tell(floor) == 0
    assert _tell(floor, begin=BEGIN + 3, months=1) == Refusal.NOT_THE_MONTH
    floor.next_height(days=10)
    assert _tell(floor, begin=BEGIN + 3, months=1) == 0


def test_a_period_may_have_further_parts_of_its_own_months_alone(floor: Floor) -> None:
    assert _tell(floor, part=2) == Refusal.NOT_THE_MONTH
    assert _tell(floor) == 0
    for changes in ({"part": 3}, {"part": 1}, {"part": 2, "months": 2}):
        assert _tell(floor, **changes) == Refusal.NOT_THE_MONTH
    assert _tell(floor, part=2) == 0
    assert _tell(floor, part=2) == Refusal.NOT_THE_MONTH


@pytest.mark.parametrize("months", [0, 13])
def test_a_period_is_of_one_to_twelve_months(floor: Floor, months: int) -> None:
    assert _tell(floor, begin=BEGIN - 24, months=months) == 1


def test_accounts_are_numbered_on_by_each_payee_and_kind(floor: Floor) -> None:
    assert _tell(floor, first=2) == Refusal.NOT_THE_NUMBER
    assert _tell(floor, begin=BEGIN - 1, months=1, opened=3) == 0
    for first in (1, 3, 5):
        assert _tell(floor, first=first) == Refusal.NOT_THE_NUMBER
    assert _tell(floor, first=4, opened=2) == 0
    assert _tell(floor, kind="water") == 0
    assert _tell(floor, "bank-a") == 0
    assert find_dues(floor.state.get, "village", "power") == HeldDues(BEGIN, 3, 1, 6)
    assert find_dues(floor.state.get, "village", "water") == HeldDues(BEGIN, 3, 1, 1)
    assert find_dues(floor.state.get, "bank-a", "power") == HeldDues(BEGIN, 3, 1, 1)


def test_no_more_accounts_owe_than_were_opened_or_than_dues_fell_due(floor: Floor) -> None:
    assert _tell(floor, payers=1, dues=1) == Refusal.MORE_THAN_OPENED
    assert _tell(floor, opened=4, payers=5, dues=9) == Refusal.MORE_THAN_OPENED
    assert _tell(floor, opened=4, payers=4, dues=3) == Refusal.MORE_THAN_OPENED
    assert _tell(floor, opened=4, payers=4, dues=36) == 0


def test_a_sum_stands_only_where_five_accounts_are_behind_it(floor: Floor) -> None:
    assert _tell(floor, opened=9, payers=4, dues=12, owed=100) == Refusal.SUM_OF_FEW
    assert _tell(floor, opened=9, payers=5, dues=15, owed=100) == 0
    # Amounts need not be told at all.
    assert _tell(floor, part=2, first=10, payers=5, dues=15) == 0


def test_readers_are_other_members_named_once_in_order(floor: Floor) -> None:
    assert _tell(floor, readers=["village"]) == Refusal.NAMES_ITSELF
    assert _tell(floor, readers=["nobody"]) == Refusal.NO_SUCH_MEMBER
    assert _tell(floor, readers=["finance", "bank-b"]) == Refusal.NOT_ASCENDING
    assert _tell(floor, readers=["finance", "finance"]) == Refusal.NOT_ASCENDING
    assert _tell(floor, readers=["bank-b", "finance"]) == 0


def test_a_report_names_no_case_and_is_never_amended(floor: Floor) -> None:
    case = floor.apply()
    assert floor.say("village", "dues.reported", _pub(), case=case) == Refusal.NAMES_A_CASE
    assert _tell(floor) == 0
    again = floor.say("village", "dues.reported", _pub(part=2), amends=floor.last)
    assert again == Refusal.NEVER_AMENDED


def test_a_kind_that_is_no_small_due_is_of_no_form(floor: Floor) -> None:
    assert _tell(floor, kind="loan") == 1
    assert all(_tell(floor, kind=kind) == 0 for kind in KINDS)


def test_the_rule_has_an_answer_at_the_ends_of_time_and_number(floor: Floor) -> None:
    for time in (0, 1, TIME_MS, 2**53 - 1):
        floor.time = time
        assert _tell(floor, begin=0) in (0, Refusal.NOT_THE_MONTH)
    assert _tell(Floor(time=31 * DAY_MS), begin=1970 * 12, months=1) == 0
    assert _tell(Floor(time=31 * DAY_MS - 1), begin=1970 * 12, months=1) == Refusal.NOT_THE_MONTH
    full = Floor()
    assert _tell(full, begin=BEGIN - 1, months=1, opened=ACCOUNT_MOST) == 0
    assert _tell(full, first=ACCOUNT_MOST + 1) == 1
