"""Dates of many patterns, all read as months since year 0."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.sources.dates import compile_date, month_index

DATES = st.dates(datetime.date(1900, 1, 1), datetime.date(2900, 12, 31))
PATTERNS = {
    "YYYY-MM": "%Y-%m",
    "YYYYMM": "%Y%m",
    "YYYYMMDD": "%Y%m%d",
    "YYYY/MM/DD": "%Y/%m/%d",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD-Mon-YYYY": "%d-%b-%Y",
    "YYYY年M月D日": "%Y年%m月%d日",
    "YYYY-MM-DD*": "%Y-%m-%dT08:26:00",
}


@given(DATES, st.sampled_from(sorted(PATTERNS)))
def test_every_date_comes_back_as_its_month(day: datetime.date, pattern: str) -> None:
    expected = month_index(day.year, day.month)
    assert compile_date(pattern)(day.strftime(PATTERNS[pattern])) == expected


@given(DATES, st.sampled_from([("sas_days", 1960), ("unix_days", 1970)]))
def test_counted_days_come_back_as_their_month(day: datetime.date, epoch: tuple[str, int]) -> None:
    days = (day - datetime.date(epoch[1], 1, 1)).days
    expected = month_index(day.year, day.month)
    assert compile_date(epoch[0])(str(days)) == expected
    assert compile_date(f"seconds since {epoch[1]}-01-01")(str(days * 86_400 + 7)) == expected


def test_a_sas_date_of_the_loan_data_is_the_day_its_year_column_tells() -> None:
    assert compile_date("sas_days")("15074") == month_index(2001, 4)


def test_two_digit_years_need_their_century() -> None:
    with pytest.raises(Invalid, match="century"):
        compile_date("DD-Mon-YY")
    read = compile_date("DD-Mon-YY", 1970)
    assert read("28-Feb-69") == month_index(2069, 2)
    assert read("28-FEB-70") == month_index(1970, 2)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("YYYY-MM-DD", "2027-02-29"),
        ("YYYY-MM", "2027-13"),
        ("YYYY-MM", "2027/01"),
        ("YYYY-MM", "0000-01"),
        ("YYYY-MM", "２０２７-01"),
        ("DD-Mon-YYYY", "01-Foo-2027"),
        ("sas_days", "99999999"),
        ("sas_days", "-99999999"),
    ],
)
def test_what_no_calendar_holds_is_refused(pattern: str, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        compile_date(pattern)(text)
    assert caught.value.code == "source.date"


@pytest.mark.parametrize("pattern", ["YYYY", "MM-DD", "YYYY-MM-MM", "days since 2027-02-30", ""])
def test_a_pattern_without_one_year_and_one_month_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid) as caught:
        compile_date(pattern)
    assert caught.value.code == "mapping.date"
