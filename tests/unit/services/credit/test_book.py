"""A lender's book: rows in, reports out, and the same rows read back, or a named refusal."""

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
from tallystick.records.book import LATE_DAYS, LoansReported
from tallystick.services.credit.book import (
    BookLoan,
    Late,
    MonthRows,
    Repaid,
    Told,
    follow_books,
    write_reports,
)

MONTH: Final = 24_300
PLAIN_MOST: Final = 65_536
LOAN: Final = {"amount_minor": 1_000_000, "term_months": 6}


def _told(reports: Sequence[LoansReported], lender: str = "bank") -> list[Told]:
    """Return reports as a reader has them, at ascending heights."""
    found = []
    for height, report in enumerate(reports, 1):
        parts = split(report)
        found.append(Told(lender, height, parts.public, parts.case))
    return found


def _write(*months: MonthRows, begin: int = MONTH) -> list[LoansReported]:
    reports: list[LoansReported] = []
    first = 1
    for month, rows in enumerate(months, begin):
        reports += write_reports(month, first, rows)
        first += len(rows.granted)
    return reports


values = st.integers(-(2**53) + 1, 2**53 - 1)
features = st.dictionaries(
    st.sampled_from(["age", "prior", "thin", "workers"]), values, max_size=4
).flatmap(
    lambda found: st.fixed_dictionaries(
        {"amount_minor": st.integers(0, 10**9), "term_months": st.integers(1, 36)}
    ).map(lambda needed: {**found, **needed})
)


@given(granted=st.lists(features, min_size=1, max_size=12), data=st.data())
def test_what_is_told_is_read_back_row_for_row(
    granted: list[dict[str, int]], data: st.DataObject
) -> None:
    numbers = st.lists(st.integers(1, len(granted)), unique=True, max_size=len(granted))
    repaid = [Repaid(n, data.draw(st.integers(0, 10**9))) for n in data.draw(numbers)]
    late = [
        Late(n, data.draw(st.sampled_from(LATE_DAYS)), data.draw(st.integers(0, 10**9)))
        for n in data.draw(numbers)
    ]
    rows = MonthRows(tuple(granted), tuple(repaid), tuple(late))
    (report,) = _write(rows)
    assert (report.lent is None) == (len(granted) < 5)
    assert (report.arrears is None) == (len(late) < 5)
    loans = follow_books(_told([report]))
    assert [loan.features for loan in loans] == granted
    assert [loan.number for loan in loans] == list(range(1, len(granted) + 1))
    failed = {row.number for row in late if row.days == 90}
    assert {loan.number for loan in loans if loan.failed_month == MONTH} == failed


def test_a_crowded_month_is_told_in_parts_that_a_sealed_object_takes() -> None:
    columns = {f"feature_{number:02}": 2**53 - 1 - number for number in range(40)}
    granted = tuple({**columns, **LOAN, "age": number} for number in range(700))
    repaid = tuple(Repaid(number, 2**40 + number) for number in range(1, 701))
    rows = MonthRows(granted, repaid, (Late(700, 30, 5),))
    reports = _write(rows)
    assert [report.part for report in reports] == list(range(1, len(reports) + 1))
    assert len(reports) > 1
    assert all(len(encode(split(report).case)) < PLAIN_MOST - 1_024 for report in reports)
    loans = follow_books(_told(reports))
    assert [loan.features["age"] for loan in loans] == list(range(700))
    assert sum(report.repayments for report in reports) == 700


def test_a_month_without_rows_is_told_too() -> None:
    (report,) = _write(MonthRows())
    assert (report.granted, report.repayments, report.overdues) == (0, 0, 0)
    assert split(report).case == {}
    assert follow_books(_told([report])) == []


def test_a_loan_without_amount_or_term_is_not_told() -> None:
    for name in LOAN:
        features = {key: value for key, value in LOAN.items() if key != name}
        with pytest.raises(Invalid, match="needed") as caught:
            _write(MonthRows((features,)))
        assert caught.value.code == "report.features"


def _five() -> Told:
    rows = MonthRows(
        tuple({**LOAN, "age": at} for at in range(5)),
        (Repaid(1, 10),),
        tuple(Late(at, 30, 7) for at in range(1, 6)),
    )
    return _told(_write(rows))[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("granted", 4),
        ("repayments", 2),
        ("overdues", 4),
        ("lent", 4_999_999),
        ("arrears", 36),
    ],
)
def test_a_report_whose_counts_or_sums_are_not_its_rows_is_refused(name: str, value: int) -> None:
    told = _five()
    assert len(follow_books([told])) == 5
    with pytest.raises(Invalid) as caught:
        follow_books([replace(told, pub={**told.pub, name: value})])
    assert caught.value.code == "report.differs"


@pytest.mark.parametrize("name", ["paid", "late_days", "late_left", "repaid", "features"])
def test_columns_of_other_lengths_are_refused(name: str) -> None:
    told = _five()
    assert told.sealed is not None
    sealed: dict[str, Any] = dict(told.sealed)
    if name == "features":
        sealed[name] = {**sealed[name], "age": sealed[name]["age"][:-1]}
    else:
        sealed[name] = sealed[name][:-1]
    with pytest.raises(Invalid) as caught:
        follow_books([replace(told, sealed=sealed)])
    assert caught.value.code == "report.differs"


@pytest.mark.parametrize(
    "later", [MonthRows(repaid=(Repaid(2, 5),)), MonthRows(late=(Late(2, 30, 5),))]
)
def test_a_row_of_a_loan_that_none_granted_is_refused(later: MonthRows) -> None:
    with pytest.raises(Invalid) as caught:
        follow_books(_told(_write(MonthRows((LOAN,)), later)))
    assert caught.value.code == "report.unknown_loan"


def _book(late_at: int, months: int) -> list[Told]:
    """Return a book of one loan that comes to 30, 60 and 90 days overdue from a month on."""
    rows = [MonthRows((LOAN,)), *[MonthRows()] * (months - 1)]
    for step, days in enumerate(LATE_DAYS):
        rows[late_at + step] = MonthRows(late=(Late(1, days, 1),))
    return _told(_write(*rows))


def test_a_loan_is_over_three_months_after_its_term_and_not_a_month_sooner() -> None:
    (loan,) = follow_books(_book(2, months=20))
    assert loan.failed_month == MONTH + 4
    assert loan.over_month == MONTH + 10
    assert [loan.is_over(MONTH + at) for at in (4, 9, 10, 20)] == [False, False, True, True]
    # Its failure is known, and still it is not over while reports end before.
    (unripe,) = follow_books(_book(2, months=20)[:9])
    assert unripe.failed_month == MONTH + 4
    assert not unripe.is_over(MONTH + 20)


def test_a_book_is_read_up_to_the_first_month_that_is_closed_to_the_reader() -> None:
    told = _book(2, months=20)
    told[15] = replace(told[15], sealed=None)
    (loan,) = follow_books(told)
    assert loan.known_until == MONTH + 15
    told[0] = replace(told[0], sealed=None)
    assert follow_books(told) == []


def test_lenders_number_for_themselves() -> None:
    ours, theirs = _book(2, months=12), _told(_write(MonthRows((LOAN, LOAN))), "coop")
    loans = follow_books([theirs[0], *ours])
    found = [(loan.lender, loan.number) for loan in loans]
    assert found == [("bank", 1), ("coop", 1), ("coop", 2)]
    assert isinstance(loans[0], BookLoan)
