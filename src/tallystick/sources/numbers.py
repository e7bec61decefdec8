"""Numbers written by others, read exactly.

A number is a `Fraction` until it is settled into an integer, so no digit is lost on the way.
What is not plainly a number is refused with the reason and the key that would allow it.
Messages never quote the value, for it may be personal.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from tallystick.base.errors import Invalid

__all__ = [
    "DIGITS_MAX",
    "INTEGER_LIMIT",
    "ROUNDINGS",
    "Rounding",
    "Style",
    "parse_number",
    "settle",
]

INTEGER_LIMIT = 2**53
"""Every integer of the house is smaller than this in absolute value."""

DIGITS_MAX = 40
"""Most digits before, and after, the decimal mark."""

Rounding = Literal["exact", "nearest", "floor", "ceiling"]
ROUNDINGS: tuple[Rounding, ...] = ("exact", "nearest", "floor", "ceiling")

_PLAIN = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[,.' _\u00a0\u2009\u202f\uff0c][0-9]{3})+(?:[.,][0-9]*)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_NOT_FINITE = frozenset({"nan", "inf", "infinity", "1.#inf", "1.#qnan"})


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes its numbers.

    Attributes:
        thousands: the mark between groups of three digits, or empty.
        decimal: the decimal mark, `.` or `,`.
        full_width: whether full-width digits and signs are read as their ASCII twins.
    """

    thousands: str = ""
    decimal: str = "."
    full_width: bool = False


def parse_number(text: str, style: Style) -> Fraction:
    """Return the exact number that `text` states (at most 40 digits, exponent below 100).

    Raises:
        Invalid: `source.not_number` or a nearer code: `source.not_finite`, `source.full_width`,
            `source.separator`, `source.unit_in_value`.
    """
    plain = text.strip()
    if plain.isdigit() and plain.isascii() and len(plain) <= DIGITS_MAX:
        return Fraction(int(plain))
    if style.full_width:
        plain = unicodedata.normalize("NFKC", plain)
    if style.thousands or style.decimal != ".":
        plain = _without_marks(plain, style)
    if _PLAIN.fullmatch(plain) is None:
        raise _diagnose(plain)
    return Fraction(plain)


def _without_marks(text: str, style: Style) -> str:
    if style.thousands and style.thousands in text:
        mark, point = re.escape(style.thousands), re.escape(style.decimal)
        grouped = rf"[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{point}[0-9]*)?"
        if re.fullmatch(grouped, text) is None:
            raise Invalid(
                "source.separator",
                "the thousands separator does not part groups of three digits",
                cure="Correct the file, or the thousands and decimal keys of [file].",
            )
        text = text.replace(style.thousands, "")
    if style.decimal == ",":
        if "." in text:
            raise _separator_unknown()
        text = text.replace(",", ".")
    return text


def _separator_unknown() -> Invalid:
    return Invalid(
        "source.separator",
        "the number carries a separator that the mapping does not declare",
        cure='Declare it in [file]: thousands = "," or decimal = ",".',
    )


def _diagnose(text: str) -> Invalid:
    if text.lstrip("+-").lower() in _NOT_FINITE:
        return Invalid(
            "source.not_finite",
            "the value is not a finite number",
            cure="If it stands for unknown, name it in missing.",
        )
    if not text.isascii() and _PLAIN.fullmatch(unicodedata.normalize("NFKC", text)):
        return Invalid(
            "source.full_width",
            "the number is written in full-width digits",
            cure="Declare full_width = true in [file].",
        )
    if _GROUPED.fullmatch(text) or _COMMA.fullmatch(text):
        return _separator_unknown()
    if re.match(r"[+-]?[^0-9]{0,3}[0-9]", text) and re.search(r"[^0-9eE.,+-]", text):
        return Invalid(
            "source.unit_in_value",
            "a unit or sign stands beside the number",
            cure='Declare it: suffixes = {"万元" = 10000, "元" = 1}, or clean the column.',
        )
    return Invalid(
        "source.not_number",
        "the value is not a number",
        cure="If it stands for unknown, name it in missing; if it is a code, use values.",
    )


def settle(number: Fraction, rounding: Rounding) -> int:
    """Return `number` as an integer by the declared rounding (`nearest` is half to even).

    Raises:
        Invalid: `source.inexact` under `exact`; `source.range` at 2^53 and beyond.
    """
    if number.denominator == 1:
        whole = number.numerator
    elif rounding == "nearest":
        whole = round(number)
    elif rounding == "floor":
        whole = number.numerator // number.denominator
    elif rounding == "ceiling":
        whole = -(-number.numerator // number.denominator)
    else:
        raise Invalid(
            "source.inexact",
            "the value does not come to a whole number of the target's unit",
            cure='Declare round = "nearest", "floor" or "ceiling", or correct the unit.',
        )
    if abs(whole) >= INTEGER_LIMIT:
        raise Invalid(
            "source.range",
            "the value reaches 2^53, beyond every integer of the house",
            cure="Check the unit and scale; name codes such as 99999999 in missing.",
        )
    return whole
