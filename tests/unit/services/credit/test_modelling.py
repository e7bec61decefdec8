"""When a model is to be trained anew: drift, loans that ended, chances that did not hold."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tallystick.base.errors import Invalid
from tallystick.exact.model import Model, check_model
from tallystick.learning.training import train
from tallystick.services.credit.book import BookLoan
from tallystick.services.credit.modelling import (
    MATURED_LEAST,
    make_lesson,
    report_lesson,
    score_loans,
    table_of,
    weigh_due,
)

START: Final = 24_000
APPROVED: Final = START + 40
TERM: Final = 6


def _loan(number: int, month: int, rating: int, *, failed: bool, until: int = 10**6) -> BookLoan:
    return BookLoan(
        lender="bank",
        number=number,
        month=month,
        features={"amount_minor": 1_000 + number, "rating": rating, "term_months": TERM},
        known_until=until,
        failed_month=month + 5 if failed else None,
        height=number,
    )


def _loans(
    begin: int, months: int, *, each: int, shift: int = 0, bad_of: int = 4
) -> list[BookLoan]:
    """Return loans whose rating tells their end: one in `bad_of` of those below 5 fails."""
    found: list[BookLoan] = []
    for month in range(begin, begin + months):
        for at in range(each):
            rating = (at * 7 + month) % 10 + shift
            failed = (at + month) % bad_of == 0 if rating < 5 else (at + month) % 20 == 0
            found.append(_loan(len(found) + 1, month, rating, failed=failed))
    return found


@pytest.fixture(scope="module")
def learnt() -> tuple[Model, list[BookLoan]]:
    loans = _loans(START, 30, each=40)
    lesson = make_lesson(loans, APPROVED, levels=(), monotone={"rating": -1})
    card = train("card", lesson.table, monotone=lesson.monotone)
    return check_model(card.published), loans


def _due(model: Model, loans: list[BookLoan], month: int) -> dict[str, Any]:
    return weigh_due(model, loans, approved_month=APPROVED, month=month)


def _reasons(found: dict[str, Any]) -> set[str]:
    return {each["reason"] for each in found["reasons"]}


def test_nothing_is_due_on_the_day_of_approval(learnt: tuple[Model, list[BookLoan]]) -> None:
    model, loans = learnt
    found = _due(model, loans, APPROVED)
    assert (found["trained"], found["granted"], found["matured"]) == (1_200, 0, 0)
    assert (found["due"], found["reasons"], found["months"]) == (0, [], [])


def test_more_of_the_same_is_no_drift(learnt: tuple[Model, list[BookLoan]]) -> None:
    model, loans = learnt
    found = _due(model, [*loans, *_loans(APPROVED, 4, each=20)], APPROVED + 4)
    assert found["granted"] == 80
    assert [each["month"] for each in found["months"]] == [APPROVED + at for at in range(4)]
    assert _reasons(found) == set()


def test_other_borrowers_are_drift(learnt: tuple[Model, list[BookLoan]]) -> None:
    model, loans = learnt
    found = _due(model, [*loans, *_loans(APPROVED, 4, each=20, shift=6)], APPROVED + 4)
    assert _reasons(found) == {"drift"}
    (reason,) = found["reasons"]
    assert reason["found"] > reason["limit"] > 0


def test_enough_loans_that_came_to_their_end_are_a_reason(
    learnt: tuple[Model, list[BookLoan]],
) -> None:
    model, loans = learnt
    late = _loans(APPROVED - TERM, 6, each=50)
    assert _reasons(_due(model, [*loans, *late], APPROVED + 3)) == set()
    found = _due(model, [*loans, *late], APPROVED + 12)
    assert found["matured"] == 300 >= MATURED_LEAST
    assert "matured" in _reasons(found)
    assert "calibration" not in _reasons(found)


def test_chances_that_did_not_hold_are_a_reason(learnt: tuple[Model, list[BookLoan]]) -> None:
    model, loans = learnt
    worse = _loans(APPROVED - TERM, 6, each=50, bad_of=1)
    assert "calibration" in _reasons(_due(model, [*loans, *worse], APPROVED + 12))


def test_a_lesson_is_named_by_its_loans_and_their_ends_alone() -> None:
    loans = _loans(START, 30, each=40)
    lesson = make_lesson(loans, APPROVED, levels=(), monotone={"rating": -1, "absent": 1})
    again = make_lesson(
        [*loans, _loan(9, APPROVED, 1, failed=True)], APPROVED, levels=(), monotone={"rating": -1}
    )
    other = make_lesson(loans[1:], APPROVED, levels=(), monotone={"rating": -1})
    assert lesson.data == again.data != other.data
    assert (lesson.unripe, again.unripe) == (0, 1)
    # A term that is the same for all teaches nothing.
    assert [column.name for column in lesson.table.columns] == ["amount_minor", "rating"]
    assert lesson.monotone == {"rating": -1}
    card = train("card", lesson.table, monotone=lesson.monotone)
    report = report_lesson(lesson, card, "1.0")
    assert report["metrics"]["rows"] == 1_200
    assert report["metrics"]["bad"] == sum(loan.failed_month is not None for loan in loans)


def test_a_table_without_a_loan_that_is_over_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        table_of(_loans(START, 1, each=3), START + 5, ())
    assert caught.value.code == "report.unripe"


def test_loans_are_scored_as_decisions_are(learnt: tuple[Model, list[BookLoan]]) -> None:
    model, loans = learnt
    low, high = _loan(1, START, 0, failed=False), _loan(2, START, 9, failed=False)
    found = score_loans(model, [low, high])
    assert found[0] > found[1]
    assert score_loans(model, loans)[:1] == score_loans(model, loans[:1])
