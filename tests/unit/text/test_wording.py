"""Numbers, money and dates in both languages, against the house's table of words."""

from __future__ import annotations

import pytest

from tallystick.text import (
    Language,
    format_area,
    format_count,
    format_day,
    format_day_plain,
    format_money,
    format_month,
    format_months,
    format_percent,
    format_rate,
    format_ratio,
    format_years,
)


@pytest.mark.parametrize(
    ("minor", "zh", "en"),
    [
        (5_000_000, "50,000 元", "¥50,000"),
        (312_400_000, "312.4 万元", "¥3.12 million"),
        (-5_000_000, "\u221250,000 元", "\u2212¥50,000"),
        (0, "0 元", "¥0"),
        (150, "2 元", "¥2"),
        (250, "2 元", "¥2"),
        (99_999_949, "999,999 元", "¥999,999"),
        (100_000_000, "100.0 万元", "¥1.00 million"),
    ],
)
def test_money_is_written_as_people_do(minor: int, zh: str, en: str) -> None:
    assert format_money(minor, "zh") == zh
    assert format_money(minor, "en") == en


def test_cents_stand_only_where_asked_for() -> None:
    assert format_money(1_234_567, "zh", cents=True) == "12,345.67 元"
    assert format_money(-5, "en", cents=True) == "\u2212¥0.05"


def test_dates_differ_between_table_and_sentence() -> None:
    assert format_day_plain(20_775) == "2026-11-18"
    assert format_day(20_775, "zh") == "2026年11月18日 周三"
    assert format_day(20_775, "en") == "Wed 18 Nov 2026"
    assert format_month(24_321, "zh") == "2026年10月"
    assert format_month(24_323, "en") == "Dec 2026"


def test_one_month_is_singular_in_english() -> None:
    assert [format_months(n, "en") for n in (1, 3)] == ["1 month", "3 months"]
    assert [format_years(n, "en") for n in (1, 3)] == ["1 year", "3 years"]
    assert format_months(1, "zh") == "1 个月"
    assert format_years(2, "zh") == "2 年"


def test_rates_keep_the_places_they_have() -> None:
    assert [format_rate(r) for r in (35_000, 60_000, 42_125)] == ["3.5%", "6%", "4.21%"]
    assert format_percent(405_000) == "40%"
    assert format_percent(-12_000) == "\u22121%"


@pytest.mark.parametrize(("language", "expected"), [("zh", "1.15 倍"), ("en", "1.15x")])
def test_a_ratio_is_rounded_down(language: Language, expected: str) -> None:
    assert format_ratio(1_159_999, language) == expected


def test_land_is_written_in_mu() -> None:
    assert format_area(250, "zh") == "2.5 亩"
    assert format_area(-1_200, "en") == "\u221212 mu"
    assert format_count(-1_234) == "\u22121,234"
