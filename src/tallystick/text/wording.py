"""How numbers, money and dates are written in Chinese and English.

Money: `50,000 元` / `¥50,000`, from a million yuan `312.4 万元` / `¥3.12 million`, cents only where
asked for. Minus is U+2212. Tables write dates as 2026-11-18, sentences as 2026年11月18日 周三 or
Wed 18 Nov 2026. A space stands between Chinese and digits, but inside dates.
Laws: pure integers in, text out; rounding is half to even.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

__all__ = [
    "Language",
    "format_area",
    "format_count",
    "format_day",
    "format_day_plain",
    "format_money",
    "format_month",
    "format_months",
    "format_percent",
    "format_rate",
    "format_ratio",
    "format_years",
]

Language = Literal["zh", "en"]

MINUS = "\u2212"
_EPOCH = date(1970, 1, 1).toordinal()
_LARGE_YUAN = 1_000_000
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_ZH = "一二三四五六日"


def _round(numerator: int, denominator: int) -> int:
    """Divide to the nearest integer, halves to even; `finance` stands above this room."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient & 1 == 1))


def _signed(value: int, text: str) -> str:
    return MINUS + text if value < 0 else text


def _fixed(value: int, places: int) -> str:
    """Write value / 10^places with that many places, digits grouped."""
    whole, part = divmod(abs(value), 10**places)
    return f"{whole:,}.{part:0{places}d}" if places else f"{whole:,}"


def format_money(minor: int, language: Language, *, cents: bool = False) -> str:
    """Write a sum in fen.

    >>> format_money(5_000_000, "zh"), format_money(-5_000_000, "en")
    ('50,000 元', '−¥50,000')
    >>> format_money(312_400_000, "zh"), format_money(312_400_000, "en")
    ('312.4 万元', '¥3.12 million')
    >>> format_money(123_456, "en", cents=True)
    '¥1,234.56'
    """
    size = abs(minor)
    if cents:
        figure = _fixed(size, 2)
    elif size >= _LARGE_YUAN * 100:
        if language == "zh":
            return _signed(minor, _fixed(_round(size, 100_000), 1) + " 万元")
        return _signed(minor, "¥" + _fixed(_round(size, 1_000_000), 2) + " million")
    else:
        figure = _fixed(_round(size, 100), 0)
    return _signed(minor, figure + " 元" if language == "zh" else "¥" + figure)


def format_percent(ppm: int) -> str:
    """Write parts per million as whole percent: 405,000 is 40%."""
    value = _round(abs(ppm), 10_000)
    return _signed(ppm, f"{value:,}%")


def format_rate(ppm: int) -> str:
    """Write a yearly rate in percent with the places it has: 35,000 is 3.5%.

    >>> format_rate(35_000), format_rate(60_000), format_rate(42_125)
    ('3.5%', '6%', '4.21%')
    """
    text = _fixed(_round(abs(ppm), 100), 2).rstrip("0").rstrip(".")
    return _signed(ppm, text + "%")


def format_ratio(ppm: int, language: Language) -> str:
    """Write a ratio with two places, rounded down: 1,158,000 is 1.15 倍 or 1.15x."""
    text = _signed(ppm, _fixed(abs(ppm) // 10_000, 2))
    return text + " 倍" if language == "zh" else text + "x"


def format_month(month: int, language: Language) -> str:
    """Write a month number (year * 12 + month - 1): 2027年8月 or Aug 2027."""
    year, index = divmod(month, 12)
    return f"{year}年{index + 1}月" if language == "zh" else f"{_MONTHS_EN[index]} {year}"


def format_months(count: int, language: Language) -> str:
    """Write a number of months: 3 个月 or 3 months."""
    if language == "zh":
        return f"{count:,} 个月"
    return f"{count:,} month" if count == 1 else f"{count:,} months"


def format_years(count: int, language: Language) -> str:
    """Write a number of years: 3 年 or 3 years."""
    if language == "zh":
        return f"{count:,} 年"
    return f"{count:,} year" if count == 1 else f"{count:,} years"


def format_area(centi: int, language: Language) -> str:
    """Write 1/100 mu: 2.5 亩 or 2.5 mu."""
    text = _fixed(abs(centi), 2).rstrip("0").rstrip(".")
    return _signed(centi, text + (" 亩" if language == "zh" else " mu"))


def format_count(count: int) -> str:
    """Write a number, digits grouped."""
    return _signed(count, f"{abs(count):,}")


def format_day_plain(day: int) -> str:
    """Write a day since 1970 for a table: 2026-11-18."""
    return date.fromordinal(_EPOCH + day).isoformat()


def format_day(day: int, language: Language) -> str:
    """Write a day since 1970 for a sentence.

    >>> format_day(20_775, "zh"), format_day(20_775, "en")
    ('2026年11月18日 周三', 'Wed 18 Nov 2026')
    """
    at = date.fromordinal(_EPOCH + day)
    if language == "zh":
        return f"{at.year}年{at.month}月{at.day}日 周{_DAYS_ZH[at.weekday()]}"
    return f"{_DAYS_EN[at.weekday()]} {at.day} {_MONTHS_EN[at.month - 1]} {at.year}"
