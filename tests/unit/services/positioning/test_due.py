"""What is due follows from a row alone, whatever its records came in."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.clock import DAY_MS
from tallystick.kernel.access.roles import MATRIX
from tallystick.services.positioning.due import (
    APPEAL_DAYS,
    ENDING_DAYS,
    OFFER_LIFE_MS,
    PAYMENT_DAYS,
    find_appeal_due,
    find_case_due,
    find_payment_due,
    find_term_due,
    in_due_order,
)
from tallystick.text import PHRASES, say

NOW: Final = 20_000 * DAY_MS
ROW: Final[dict[str, Any]] = {
    "case": b"c" * 16,
    "kind": "borrow",
    "owner": "bank",
    "stage": "reported",
    "opened_at": NOW - 5 * DAY_MS,
    "decided_at": NOW - 5 * DAY_MS,
    "refused_at": None,
    "closed_at": None,
    "handed_over_due": None,
    "approved_at": None,
    "answered_at": None,
    "accepted": None,
    "overridden_at": None,
    "waits": "owner",
}
LOAN: Final[dict[str, Any]] = {
    "loan": b"l" * 16,
    "case": b"c" * 16,
    "lender": "bank",
    "amount": None,
    "disbursed_at": None,
}
APPROVED: Final = {"approved_at": NOW - DAY_MS, "waits": "answer"}
ACCEPTED: Final = {**APPROVED, "answered_at": NOW, "accepted": 1, "waits": "payout"}


@pytest.mark.parametrize(
    ("changes", "loan", "why"),
    [
        ({}, None, "approve"),
        ({"stage": "matched"}, None, "misfit"),
        ({"stage": "matched", "overridden_at": NOW}, None, "approve"),
        ({"overridden_at": NOW}, None, "overruled"),
        ({"stage": "applied", "decided_at": None, "waits": "decision"}, None, "undecided"),
        (APPROVED, None, "answer"),
        # An answer given before the approval was to nothing.
        ({"answered_at": NOW, "accepted": 1, "waits": "payout"}, None, "approve"),
        (ACCEPTED, None, "grant"),
        (ACCEPTED, LOAN, "disburse"),
        ({**ACCEPTED, "kind": "save"}, None, ""),
        ({"answered_at": NOW, "accepted": 0}, None, "declined"),
        ({"decided_at": NOW - OFFER_LIFE_MS - 1}, None, "expired"),
        ({"stage": "refused", "waits": None}, None, ""),
        ({"stage": "closed", "waits": None}, None, ""),
        ({**ACCEPTED, "waits": None}, {**LOAN, "disbursed_at": NOW}, ""),
    ],
)
def test_a_case_waits_for_what_its_row_says(
    changes: dict[str, Any], loan: dict[str, Any] | None, why: str
) -> None:
    found = find_case_due({**ROW, **changes}, loan, NOW)
    assert (found.why if found is not None else "") == why
    if found is not None:
        assert found.act in MATRIX
        assert f"due.{found.why}" in PHRASES


def test_a_case_that_was_handed_over_is_due_when_its_new_owner_was_to_act() -> None:
    row = {**ROW, "waits": "new_owner", "handed_over_due": NOW + 3 * DAY_MS}
    found = find_case_due(row, None, NOW)
    assert found is not None
    assert (found.why, found.due_ms) == ("approve", NOW + 3 * DAY_MS)
    offered = find_case_due(ROW, None, NOW)
    assert offered is not None
    assert offered.due_ms == ROW["decided_at"] + OFFER_LIFE_MS


@pytest.mark.parametrize(
    ("days", "why"),
    [(PAYMENT_DAYS + 1, ""), (PAYMENT_DAYS, "payment"), (0, "payment"), (-1, "payment_late")],
)
def test_a_payment_is_told_of_a_week_ahead_and_late_from_the_next_day(days: int, why: str) -> None:
    loan = {**LOAN, "disbursed_at": NOW - 300 * DAY_MS}
    found = find_payment_due(loan, NOW // DAY_MS + days, 120_000, NOW)
    assert (found.why if found is not None else "") == why
    if found is not None:
        assert "1,200" in say(f"due.{found.why}", found.values, "en")


@pytest.mark.parametrize(
    ("left_ms", "ended", "told"),
    [
        (ENDING_DAYS * DAY_MS, None, True),
        (ENDING_DAYS * DAY_MS + 1, None, False),
        (1, None, True),
        (0, None, False),
        (DAY_MS, NOW - 1, False),
    ],
)
@pytest.mark.parametrize("kind", ["mandate", "grant"])
def test_a_consent_is_told_of_before_it_ends_and_not_after(
    kind: str, left_ms: int, ended: int | None, told: bool
) -> None:
    row = {
        "term": b"t" * 16,
        "kind": kind,
        "member": "bank",
        "from_time": 1,
        "until": NOW + left_ms,
        "ended_at": ended,
    }
    found = find_term_due(row, NOW)
    assert (found is not None) == told
    if found is not None:
        assert found.act in MATRIX
        assert found.tree()[kind] == row["term"]


def test_an_appeal_has_its_legal_days_until_it_is_answered() -> None:
    row = {"appeal": b"a" * 16, "case": b"c" * 16, "opened_at": NOW, "settled_at": None}
    found = find_appeal_due(row, "bank")
    assert found is not None
    assert found.due_ms == NOW + APPEAL_DAYS * DAY_MS
    assert find_appeal_due({**row, "settled_at": NOW}, "bank") is None


@given(st.permutations(range(6)))
def test_what_is_due_first_comes_first_and_what_has_no_day_last(order: list[int]) -> None:
    offered = [
        find_case_due({**ROW, "case": bytes([at]) * 16, "decided_at": NOW - at}, None, NOW)
        for at in range(4)
    ]
    misfits = [
        find_case_due({**ROW, "stage": "matched", "case": bytes([at]) * 16}, None, NOW)
        for at in range(2)
    ]
    items = [item for item in (*offered, *misfits) if item is not None]
    found = in_due_order([items[at] for at in order])
    assert found == in_due_order(items)
    dues = [item.due_ms for item in found]
    assert dues == [*sorted(due for due in dues if due is not None), None, None]
