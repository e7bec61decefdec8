"""Thin records: the training table from them alone, no later fact in it, no household in clear."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Invalid
from tallystick.county.history import History, draw_history
from tallystick.county.history.loan import FEATURES
from tallystick.county.history.officer import LENDERS
from tallystick.county.history.table import observed_table, table_from_records
from tallystick.county.history.thin import RECORDS_MOST
from tallystick.learning.table import Table

PUBLIC = {
    "granted": {"amount_minor", "term_months", "bullet", "subsidised"},
    "disbursed": {"amount_minor"},
    "repaid": {"paid_minor"},
    "overdue": {"days"},
}


def assert_equal(one: Table, other: Table) -> None:
    assert [each.name for each in one.columns] == [each.name for each in other.columns]
    for left, right in zip(one.columns, other.columns, strict=True):
        assert left.kind == right.kind
        assert np.array_equal(left.values, right.values)
        assert np.array_equal(left.known, right.known)
    assert np.array_equal(one.outcomes, other.outcomes)
    assert np.array_equal(one.groups, other.groups)


@pytest.mark.parametrize("unscreened", [False, True])
def test_the_table_of_the_records_is_the_observed_one(history: History, unscreened: bool) -> None:
    months = history.months(unscreened=unscreened)
    found = table_from_records(months, until_month=history.length_months)
    assert_equal(found, observed_table(history, unscreened=unscreened))
    assert found.outcomes.sum() > 20
    assert len(found) < sum(loan.granted or unscreened for loan in history.loans)


def test_an_earlier_table_is_the_same_whether_or_not_the_future_is_there(
    history: History,
) -> None:
    until = 30
    past = [each for each in history.months() if each[0] < until]
    found = table_from_records(history.months(), until_month=until)
    assert_equal(found, table_from_records(past, until_month=until))
    assert_equal(found, observed_table(replace(history, length_months=until)))


def test_a_loan_that_failed_already_waits_until_its_life_is_over(history: History) -> None:
    until = 24
    failed = {
        record.loan
        for month, bundles in history.months()
        for bundle in bundles
        for record in bundle.records
        if month < until and record.kind == "overdue" and record.public["days"] == 90
    }
    unripe = {
        number
        for number in failed
        if history.loans[number].month + history.loans[number].term_months + 3 >= until
    }
    assert unripe
    found = table_from_records(history.months(), until_month=until)
    assert found.outcomes.sum() == len(failed - unripe)


def test_records_hold_integers_and_no_household_in_clear(history: History) -> None:
    for month, bundles in history.months():
        for bundle in bundles:
            assert bundle.month == month
            assert 0 <= bundle.lender < len(LENDERS)
            assert 0 < len(bundle.records) <= RECORDS_MOST
            for record in bundle.records:
                assert set(record.public) == PUBLIC[record.kind]
                assert set(record.sealed) <= set(FEATURES)
                assert bool(record.sealed) == (record.kind == "granted")
                values = [*record.public.values(), *record.sealed.values()]
                assert all(type(value) is int for value in values)


def test_a_crowded_month_is_cut_into_bundles_that_a_transaction_takes() -> None:
    crowd = draw_history(SeededEntropy("a crowd"), loans=5_000, months=2)
    sizes = Counter(
        (month, bundle.lender)
        for month, bundles in crowd.months(unscreened=True)
        for bundle in bundles
    )
    assert max(sizes.values()) > 1


def test_records_tell_every_payment_until_the_end_and_each_delay_once(history: History) -> None:
    paid: Counter[int] = Counter()
    delays: Counter[tuple[int, int]] = Counter()
    granted = set()
    for _, bundles in history.months():
        for bundle in bundles:
            for record in bundle.records:
                granted |= {record.loan} if record.kind == "granted" else set()
                assert record.loan in granted
                paid[record.loan] += record.public.get("paid_minor", 0)
                delays[record.loan, record.public.get("days", 0)] += 1
    assert granted == {loan.number for loan in history.loans if loan.granted}
    for number in granted:
        loan, life = history.loans[number], history.truth.lives[number]
        seen = history.length_months - loan.month
        assert paid[number] == sum(life.paid_minor[:seen])
        late = life.late_months[:seen]
        assert delays[number, 90] == late.count(3)
        assert delays[number, 30] == late.count(1)


def test_a_history_without_an_end_gives_no_table() -> None:
    young = draw_history(SeededEntropy("young"), loans=50, months=5)
    with pytest.raises(Invalid) as refused:
        observed_table(young, unscreened=True)
    assert refused.value.code == "history.unripe"
    with pytest.raises(Invalid) as refused:
        table_from_records(young.months(unscreened=True), until_month=5)
    assert refused.value.code == "history.unripe"


def test_records_that_begin_in_the_middle_are_refused(history: History) -> None:
    later = [each for each in history.months() if each[0] >= 12]
    with pytest.raises(Invalid) as refused:
        table_from_records(later, until_month=48)
    assert refused.value.code == "history.order"
