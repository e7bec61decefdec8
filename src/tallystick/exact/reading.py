"""Read a published model from an untrusted value tree, one field at a time.

Laws: types are compared exactly (a bool is no integer, a tuple no list); every length and
size has a bound; a message names the path and the rule, and echoes no text of the input.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tallystick.base.errors import Invalid

__all__ = [
    "INTEGER_LIMIT",
    "check_names",
    "malformed",
    "read_ascending",
    "read_integer",
    "read_integers",
    "read_list",
    "read_map",
    "read_name",
    "row_fault",
]

INTEGER_LIMIT: Final = 2**53
"""Integers of the house lie strictly between minus and plus this."""

_NAME: Final = re.compile(r"[a-z0-9._-]{1,64}", re.ASCII)


def malformed(path: str, expected: str, found: str) -> Invalid:
    """Return the error for a published model that breaks its form.

    Args:
        path: where in the tree, such as `features[3].cuts`.
        expected: the rule.
        found: what stands there instead; a type or a figure, never text of the input.
    """
    return Invalid(
        "model.malformed",
        f"{path}: expected {expected}, found {found}",
        cure="Fetch the model again by its CID, or publish it anew from training.",
        path=path,
    )


def row_fault(name: str, value: object) -> Invalid:
    """Return the error for a row whose `name` is no integer of the house."""
    return Invalid(
        "model.row",
        f"{name}: expected an integer below 2^53, found {type(value).__name__}",
        cure="Convert the row to integer features by the model's mapping first.",
        feature=name,
    )


def check_names(names: list[str], target: str) -> None:
    """Refuse names out of order or twice, and a feature that is the target itself."""
    for index in range(1, len(names)):
        if names[index - 1] >= names[index]:
            raise malformed(f"features[{index}].name", "names strictly ascending", "another order")
    if target in names:
        raise malformed("features", "features other than the target", "the target itself")


def read_map(value: object, path: str, keys: frozenset[str]) -> dict[str, Any]:
    """Return `value` as a map with exactly these keys.

    Raises:
        Invalid: `model.malformed` if it is no map, lacks a key or has another one.
    """
    if type(value) is not dict:
        raise malformed(path, "a map", _shown(value))
    if value.keys() != keys:
        absent = ", ".join(sorted(keys - value.keys())) or "none"
        others = len(value.keys() - keys)
        expected = f"exactly the keys {', '.join(sorted(keys))}"
        raise malformed(path, expected, f"{others} others, missing: {absent}")
    return value


def read_list(value: object, path: str, least: int, most: int) -> list[Any]:
    """Return `value` as a list of `least` to `most` items.

    Raises:
        Invalid: `model.malformed` if it is no list or of another length.
    """
    if type(value) is not list:
        raise malformed(path, "a list", _shown(value))
    if not least <= len(value) <= most:
        raise malformed(path, f"{least} to {most} items", f"{len(value)}")
    return value


def read_integer(value: object, path: str, least: int, most: int) -> int:
    """Return `value` as an integer from `least` to `most`.

    Raises:
        Invalid: `model.malformed` if it is no integer (a bool is none) or outside.
    """
    if type(value) is not int or not least <= value <= most:
        raise malformed(path, f"an integer from {least} to {most}", _shown(value))
    return value


def read_integers(
    value: object, path: str, lengths: tuple[int, int], bounds: tuple[int, int]
) -> tuple[int, ...]:
    """Return `value` as integers, bounded in number and in size (both inclusive).

    Raises:
        Invalid: `model.malformed`.
    """
    items = read_list(value, path, *lengths)
    return tuple(read_integer(item, f"{path}[{i}]", *bounds) for i, item in enumerate(items))


def read_ascending(
    value: object, path: str, lengths: tuple[int, int], bounds: tuple[int, int]
) -> tuple[int, ...]:
    """Return `value` as strictly ascending integers.

    Raises:
        Invalid: `model.malformed`.
    """
    items = read_integers(value, path, lengths, bounds)
    for index in range(1, len(items)):
        if items[index - 1] >= items[index]:
            raise malformed(f"{path}[{index}]", f"more than {items[index - 1]}", f"{items[index]}")
    return items


def read_name(value: object, path: str) -> str:
    """Return `value` as a name: 1 to 64 of a-z, 0-9, dot, underscore and hyphen.

    Raises:
        Invalid: `model.malformed`.
    """
    if type(value) is not str or not _NAME.fullmatch(value):
        raise malformed(path, "a name of 1 to 64 characters a-z 0-9 . _ -", _shown(value))
    return value


def _shown(value: object) -> str:
    """Describe a foreign value without repeating its text or a number of any length."""
    if type(value) is int:
        return str(value) if abs(value) < INTEGER_LIMIT else f"{value.bit_length()} bits"
    return type(value).__name__
