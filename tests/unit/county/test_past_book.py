"""What lenders tell of the past, and what a lender sees of a household: numbers, never truth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.county.county import START_MONTH, County, draw_county
from tallystick.county.history import History, draw_history
from tallystick.county.history.life import AFTER_MONTHS, DEFAULT_DAYS
from tallystick.county.history.loan import FEATURES
from tallystick.county.history.table import is_over
from tallystick.county.observing import observe
from tallystick.county.past_book import BOOKKEEPERS, KEPT_BY, PastBooks
from tallystick.services.credit import book
from tallystick.services.credit.book import MonthRows

MONTHS = 24


@pytest.fixture(scope="module")
def past() -> History:
    return draw_history(SeededEntropy("books of before"), loans=1_200, months=MONTHS)


@pytest.fixture(scope="module")
def county() -> County:
    return draw_county(SeededEntropy("seen from the desk"), households=400, months=12)


def _tell(past: History, more: int = 0) -> list[dict[str, MonthRows]]:
    """Return every month's rows, numbered as lenders would with no loan of the chain."""
    books = PastBooks(past, start_month=START_MONTH, more_months=more)
    assert books.next_month == START_MONTH - MONTHS
    following = dict.fromkeys(BOOKKEEPERS, 1)
    months = []
    for _ in range(MONTHS + more):
        months.append(books.tell_month())
        for name in BOOKKEEPERS:
            books.number(name, following[name])
            following[name] += len(months[-1][name].granted)
    return months


def test_every_granted_loan_is_told_once_with_what_became_of_it(past: History) -> None:
    months = _tell(past, more=60)
    granted = [loan for loan in past.loans if loan.granted]
    assert sum(len(rows.granted) for told in months for rows in told.values()) == len(granted)
    for name in BOOKKEEPERS:
        paid = sum(row.paid_minor for told in months for row in told[name].repaid)
        lives = [past.truth.lives[each.number] for each in granted if KEPT_BY[each.lender] == name]
        assert paid == sum(sum(life.paid_minor) for life in lives)
        failed = {row.number for told in months for row in told[name].late if row.days == 90}
        assert len(failed) == sum(life.is_default for life in lives)
    assert len(months[MONTHS]["credit-union"].granted) == 0


def test_rows_name_numbers_that_were_granted_before(past: History) -> None:
    following = dict.fromkeys(BOOKKEEPERS, 1)
    for told in _tell(past):
        for name, rows in told.items():
            named = [row.number for row in rows.repaid] + [row.number for row in rows.late]
            assert all(1 <= number < following[name] for number in named)
            assert len({row.number for row in rows.repaid}) == len(rows.repaid)
            following[name] += len(rows.granted)


def test_months_after_the_last_have_nothing_to_tell(past: History) -> None:
    last = _tell(past, more=60)[-1]
    assert all(len(rows) == 0 for rows in last.values())


def test_books_and_histories_mean_the_same_by_over_and_failed() -> None:
    assert (book.AFTER_MONTHS, book.DEFAULT_DAYS) == (AFTER_MONTHS, DEFAULT_DAYS)
    loan = book.BookLoan("bank", 1, 10, {"term_months": 6}, 10**6, None, 1)
    for month in range(10, 30):
        assert loan.is_over(month) == is_over(10, 6, month)


def test_a_household_that_borrows_is_seen_with_the_features_of_the_past(county: County) -> None:
    seen = 0
    for request in county.requests:
        party = county.parties[request.party]
        village = county.villages[party.village]
        found = observe(party, village, request.application)
        if "terms_asked" not in request.demand or party.kind != "household":
            assert found == {}
            continue
        seen += 1
        is_thin = party.profile["credit_record"] in ("none", "thin")
        assert set(found) == set(FEATURES) - ({"prior_tenths"} if is_thin else set())
        assert found["thin"] == is_thin
        assert found["amount_minor"] == request.demand["amount_minor"]
        assert all(type(value) is int and abs(value) < 2**53 for value in found.values())
        assert found == observe(party, village, request.application)
    assert seen > 20


def test_what_is_seen_holds_nothing_of_the_truth_but_with_error(county: County) -> None:
    """Income, debts and means follow from the file alone; a rating is off by its own error."""
    moved = 0
    for request in county.requests:
        party = county.parties[request.party]
        village = county.villages[party.village]
        truth = replace(
            party.truth, income_minor=1, poverty_minor=1, debts_minor=9, skill_ppm=5, insured=False
        )
        other = replace(party, truth=truth)
        application = request.application
        assert observe(party, village, application) == observe(other, village, application)
        found = observe(party, village, application)
        if found:
            own = 6 * party.truth.discipline_ppm // 10 + 3 * party.truth.kin_ppm // 10
            own += 400_000 * party.truth.cadre_kin
            moved += abs(found["rating_tenths"] * 100_000 - own) > 100_000
    assert moved > 10
