"""Checks of a mapping's tables: known keys, right types, stated by place.

An unknown key is refused by name with the nearest known one, for a misspelt key that is passed
over would change applications silently.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import TypeVar

from tallystick.base.errors import Invalid

__all__ = [
    "as_text",
    "bad_value",
    "check_keys",
    "take",
    "take_choice",
    "take_flag",
    "take_number",
    "take_texts",
    "take_unique",
]

Value = TypeVar("Value", str, int, bool, dict[str, object], list[object])

_EXACT = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,12}|/[1-9][0-9]{0,17})?")
_NAMES = {str: "a text", int: "an integer", bool: "true or false", dict: "a table", list: "a list"}


def check_keys(table: dict[str, object], known: Iterable[str], place: str) -> None:
    """Refuse a key of `table` that is not among `known`.

    Raises:
        Invalid: `mapping.unknown_key`.
    """
    names = sorted(known)
    for key in table:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            cure = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(names)}."
            raise Invalid(
                "mapping.unknown_key", f"{place} has no key {key}", cure=cure, place=place, key=key
            )


def take(table: dict[str, object], key: str, default: Value, place: str) -> Value:
    """Return `table[key]`, which must be of the default's type, or the default.

    Raises:
        Invalid: `mapping.value`.
    """
    value = table.get(key, default)
    # True is an int to Python, but not to somebody who writes a mapping.
    if type(value) is not type(default):
        raise bad_value(place, key, f"it must be {_NAMES[type(default)]}")
    return value


def take_flag(table: dict[str, object], key: str, place: str, *, default: bool = False) -> bool:
    """Return true or false."""
    return take(table, key, default, place)


def take_choice(
    table: dict[str, object], key: str, default: str, choices: Iterable[str], place: str
) -> str:
    """Return a text that must be one of `choices`."""
    value = take(table, key, default, place)
    if value not in tuple(choices):
        near = difflib.get_close_matches(value, list(choices), n=1, cutoff=0.3)
        raise bad_value(
            place,
            key,
            f"it is not one of {', '.join(choices)}" + (f"; nearest is {near[0]}" if near else ""),
        )
    return value


def take_texts(table: dict[str, object], key: str, place: str) -> tuple[str, ...]:
    """Return a list of texts; integers and flags are taken as the text a file would show."""
    return tuple(as_text(item, place, key) for item in take(table, key, [], place))


def take_unique(table: dict[str, object], key: str, place: str) -> tuple[str, ...]:
    """Return a list of texts that are all different."""
    texts = take_texts(table, key, place)
    if len(set(texts)) != len(texts):
        raise bad_value(place, key, "it states one entry twice")
    return texts


def take_number(table: dict[str, object], key: str, default: Fraction, place: str) -> Fraction:
    """Return an exact number, written as an integer or as text such as "0.5" or "1/12"."""
    value = table.get(key)
    if value is None:
        return default
    if type(value) is int and abs(value) < 10**18:
        return Fraction(value)
    if isinstance(value, str) and _EXACT.fullmatch(value):
        return Fraction(value)
    raise bad_value(place, key, 'it must be an integer or exact text such as "0.5" or "1/12"')


def as_text(value: object, place: str, key: str) -> str:
    """Return a mapping's text, integer or flag as the text a file would show."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise bad_value(place, key, "it must hold texts, integers or flags")


def bad_value(place: str, key: str, fact: str) -> Invalid:
    """Return the refusal of a value."""
    return Invalid(
        "mapping.value",
        f"{key} of {place} cannot be used: {fact}",
        cure="Correct it as docs/mapping.md says.",
        place=place,
        key=key,
    )
