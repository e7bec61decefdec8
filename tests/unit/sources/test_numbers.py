"""Numbers written by others, read exactly or refused by the nearest code."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.sources.numbers import INTEGER_LIMIT, Style, parse_number, settle

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15))


@given(DECIMALS.filter(lambda number: number < 10**15))
def test_every_decimal_is_read_without_losing_a_digit(number: Decimal) -> None:
    assert parse_number(f"  {number:f} ", Style()) == Fraction(number)
    assert parse_number(f"{number:e}", Style()) == Fraction(number)


@given(st.integers(-(10**18), 10**18), st.sampled_from([",", ".", " ", "'", "_"]))
def test_declared_thousands_are_read_and_undeclared_ones_refused(number: int, mark: str) -> None:
    text = f"{number:,}".replace(",", mark)
    style = Style(thousands=mark, decimal="," if mark == "." else ".")
    assert parse_number(text, style) == number
    if mark in text and mark not in {".", "_"}:
        with pytest.raises(Invalid) as caught:
            parse_number(text, Style())
        assert caught.value.code == "source.separator"


@given(DECIMALS.filter(lambda number: number < 10**15))
def test_full_width_digits_are_read_only_where_declared(number: Decimal) -> None:
    wide = "".join(chr(ord(mark) + 0xFEE0) for mark in f"{number:f}")
    assert parse_number(wide, Style(full_width=True)) == Fraction(number)
    with pytest.raises(Invalid) as caught:
        parse_number(wide, Style())
    assert caught.value.code == "source.full_width"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", "source.not_finite"),
        ("-inf", "source.not_finite"),
        ("1e999", "source.not_number"),
        ("9" * 41, "source.not_number"),
        ("1,5", "source.separator"),
        ("1,234.50", "source.separator"),
        ("3万", "source.unit_in_value"),
        ("¥120", "source.unit_in_value"),
        ("5%", "source.unit_in_value"),
        ("", "source.not_number"),
        ("--1", "source.not_number"),
        ("0x10", "source.unit_in_value"),
        ("1 2", "source.unit_in_value"),
        ("张三", "source.not_number"),
    ],
)
def test_what_is_no_number_is_told_by_its_nearest_code_and_never_quoted(
    text: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        parse_number(text, Style())
    assert caught.value.code == code
    assert caught.value.cure
    assert not text or len(text) < 3 or text not in str(caught.value)


def test_a_group_of_two_digits_is_refused_even_where_thousands_are_declared() -> None:
    with pytest.raises(Invalid, match="groups of three"):
        parse_number("1,23", Style(thousands=","))


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=1000))
def test_roundings_agree_on_whole_numbers_and_stand_in_order_on_others(number: Fraction) -> None:
    low, high = settle(number, "floor"), settle(number, "ceiling")
    assert low <= number <= high <= low + 1
    assert settle(number, "nearest") in (low, high)
    assert abs(settle(number, "nearest") - number) <= Fraction(1, 2)
    if number.denominator == 1:
        assert settle(number, "exact") == low == high
    else:
        with pytest.raises(Invalid) as caught:
            settle(number, "exact")
        assert caught.value.code == "source.inexact"


def test_no_integer_reaches_two_to_the_fifty_third() -> None:
    assert settle(Fraction(INTEGER_LIMIT - 1), "exact") == INTEGER_LIMIT - 1
    with pytest.raises(Invalid) as caught:
        settle(Fraction(INTEGER_LIMIT), "exact")
    assert caught.value.code == "source.range"
