"""A payee's book: rows in, reports out, and the same dues read back, or a named refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.codec import encode
from tallystick.base.errors import Invalid
from tallystick.records.base import split
from tallystick.records.dues import DuesReported
from tallystick.services.credit.integrity import Due
from tallystick.services.credit.payee import (
    Account,
    DueRow,
    Period,
    PeriodRows,
    ToldDues,
    follow_dues,
    write_dues,
)

BEGIN: Final = 24_300  # January 2025
YEAR: Final = Period(BEGIN, 12)
NEXT: Final = Period(BEGIN + 12, 3)
PLAIN_MOST: Final = 65_536


def _told(reports: Sequence[DuesReported]) -> list[ToldDues]:
    """Return reports as a reader has them."""
    found = []
    for number, report in enumerate(reports):
        parts = split(report)
        found.append(ToldDues("village", b"%d" % number, parts.public, parts.case))
    return found


def _write(*periods: tuple[Period, PeriodRows], kind: str = "water") -> list[ToldDues]:
    reports: list[DuesReported] = []
    first = 1
    for period, rows in periods:
        reports += write_dues(kind, period, first, rows)
        first += rows.opened
    return _told(reports)


def _code(*told: ToldDues, wanted: Sequence[int] = range(1, 9)) -> str:
    with pytest.raises(Invalid) as caught:
        follow_dues(told, wanted)
    return caught.value.code


def test_a_period_has_the_days_of_its_months() -> None:
    assert (YEAR.days.start, len(YEAR.days)) == (20_089, 365)
    assert NEXT.days.start == YEAR.days.stop


@given(data=st.data(), accounts=st.integers(1, 9), priced=st.booleans())
def test_what_is_told_is_read_back_due_for_due(
    data: st.DataObject, accounts: int, priced: bool
) -> None:
    days = YEAR.days
    places = st.tuples(st.integers(1, accounts), st.integers(days.start, days.stop - 1))
    named = data.draw(st.lists(places, unique=True, max_size=20))
    paid_days = st.sampled_from([0, days.start, days.stop - 1, days.stop, NEXT.days.stop - 1])
    paid = {place: data.draw(paid_days) for place in named}
    amount = 700 if priced else None
    rows = tuple(
        DueRow(*place, day if day < days.stop else 0, amount) for place, day in paid.items()
    )
    late = tuple(DueRow(*place, day, amount) for place, day in paid.items() if day >= days.stop)
    told = _write((YEAR, PeriodRows(accounts, rows)), (NEXT, PeriodRows(0, late)))
    payers = len({account for account, _ in named})
    assert told[0].pub["dues"] == len(named)
    assert told[0].pub["payers"] == payers
    assert told[1].pub["cleared"] == len(late)
    assert ("owed" in told[0].pub) == (priced and payers >= 5)
    found = follow_dues(told, range(1, accounts + 1))
    assert {(due.loan, due.due): due.paid for due in found} == {
        (Account("village", "water", account).owed_on, day): when
        for (account, day), when in paid.items()
    }
    for due in found:
        assert due.is_small
        assert due.seen == NEXT.days.stop - 1
        assert due.record == (b"1" if due.paid >= days.stop else b"0")


def test_only_the_accounts_asked_for_are_read() -> None:
    day = YEAR.days.start
    told = _write((YEAR, PeriodRows(3, tuple(DueRow(at, day, day) for at in (1, 2, 3)))))
    assert [due.loan for due in follow_dues(told, {2})] == [b"village/water/2"]
    assert follow_dues(told, set()) == []


def test_a_crowded_period_is_told_in_parts_that_a_sealed_object_takes() -> None:
    day = YEAR.days.start
    rows = tuple(
        DueRow(account, day + at, day + at, 2**36 + at)
        for account in range(1, 901)
        for at in range(12)
    )
    reports = write_dues("power", YEAR, 1, PeriodRows(900, rows))
    assert [report.part for report in reports] == list(range(1, len(reports) + 1))
    assert len(reports) > 1
    assert [report.opened for report in reports] == [900] + [0] * (len(reports) - 1)
    assert all(len(encode(split(report).case)) < PLAIN_MOST - 1_024 for report in reports)
    found = follow_dues(_told(reports), range(1, 901))
    assert [(due.due, due.paid) for due in found] == [(row.due, row.paid) for row in rows]


def test_a_period_without_dues_is_told_too() -> None:
    (told,) = _write((YEAR, PeriodRows()))
    assert (told.pub["payers"], told.pub["dues"], told.pub["cleared"]) == (0, 0, 0)
    assert told.sealed == {}
    assert follow_dues([told], {1}) == []


START: Final = YEAR.days.start
STOP: Final = YEAR.days.stop


@pytest.mark.parametrize(
    "rows",
    [
        (DueRow(3, START),),
        (DueRow(1, START), DueRow(1, START, START)),
        (DueRow(1, STOP),),
        (DueRow(1, START, STOP),),
        (DueRow(1, START - 1),),
        (DueRow(1, START - 9, START - 1),),
        (DueRow(1, START, 0, 5), DueRow(2, START)),
    ],
    ids=["account", "twice", "later", "paid later", "open before", "paid before", "amounts"],
)
def test_rows_that_cannot_be_of_a_period_are_not_told(rows: tuple[DueRow, ...]) -> None:
    with pytest.raises(Invalid) as caught:
        write_dues("water", YEAR, 1, PeriodRows(2, rows))
    assert caught.value.code == "dues.rows"


def _five() -> ToldDues:
    rows = tuple(DueRow(at, START + 40 * at, 0, 7) for at in range(1, 6))
    return _write((YEAR, PeriodRows(5, rows)))[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payers", 4),
        ("dues", 6),
        ("cleared", 1),
        ("owed", 36),
        ("begin", BEGIN + 12),
        ("months", 4),
    ],
)
def test_a_report_whose_counts_sum_or_period_are_not_its_rows_is_refused(
    name: str, value: int
) -> None:
    told = _five()
    assert len(follow_dues([told], range(1, 6))) == 5
    assert _code(replace(told, pub={**told.pub, name: value})) == "dues.differs"


def test_a_report_that_names_accounts_it_did_not_open_is_refused() -> None:
    told = _five()
    assert _code(replace(told, pub={**told.pub, "opened": 4})) == "dues.differs"


@pytest.mark.parametrize("name", ["accounts", "due_days", "paid_days", "amounts"])
@pytest.mark.parametrize("lacks", ["a row", "the column"])
def test_columns_of_other_lengths_are_refused(name: str, lacks: str) -> None:
    told = _five()
    assert told.sealed is not None
    sealed: dict[str, Any] = dict(told.sealed)
    if lacks == "a row":
        sealed[name] = sealed[name][:-1]
    else:
        del sealed[name]
    assert _code(replace(told, sealed=sealed)) == "dues.differs"


@pytest.mark.parametrize(
    "later",
    [DueRow(2, START, STOP), DueRow(1, START + 1, STOP), DueRow(1, START + 30, STOP)],
    ids=["another account", "another day", "paid before"],
)
def test_a_row_that_settles_what_is_not_open_is_refused(later: DueRow) -> None:
    rows = PeriodRows(2, (DueRow(1, START), DueRow(1, START + 30, START + 31)))
    told = _write((YEAR, rows), (NEXT, PeriodRows(0, (later,))))
    assert _code(*told) == "dues.unknown_due"


def test_a_due_told_in_two_parts_of_a_period_is_refused() -> None:
    told = _five()
    again = replace(told, pub={**told.pub, "part": 2, "first": 6, "opened": 0})
    assert _code(told, again) == "dues.unknown_due"


def test_a_book_is_read_up_to_the_first_period_that_is_closed_to_the_reader() -> None:
    rows = PeriodRows(1, (DueRow(1, START + 300),))
    told = _write((YEAR, rows), (NEXT, PeriodRows(0, (DueRow(1, START + 300, STOP + 3),))))
    (whole,) = follow_dues(told, {1})
    assert (whole.paid, whole.seen) == (STOP + 3, NEXT.days.stop - 1)
    (known,) = follow_dues([told[0], replace(told[1], sealed=None)], {1})
    assert known == Due(b"0", b"village/water/1", START + 300, is_small=1, seen=STOP - 1)
    assert follow_dues([replace(each, sealed=None) for each in told], {1}) == []
