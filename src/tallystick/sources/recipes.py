"""What a mapping says of one value: where it is found and how it becomes an integer.

A recipe is data; `tallystick.sources.cells` runs it. The steps are always the same: find the
cell, look for codes of absence, translate, strip a suffix, read the number or date, apply unit
and scale, divide, round, clamp, check the range.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast

from tallystick.base.errors import Invalid
from tallystick.sources import schema
from tallystick.sources.dates import compile_date
from tallystick.sources.numbers import INTEGER_LIMIT, ROUNDINGS, Rounding

__all__ = [
    "CELL_KEYS",
    "FIELD_KEYS",
    "FORMULA_DEPTH_MAX",
    "ORIGIN_KEYS",
    "Formula",
    "Origin",
    "Recipe",
    "Reference",
    "origin_references",
    "parse_date",
    "parse_origin",
    "parse_recipe",
    "parse_reference",
    "unit_unknown",
]

FORMULA_DEPTH_MAX = 4
"""Deepest nesting of formulas."""

Operation = Literal["ratio", "difference", "sum", "product"]
_OPERATIONS: tuple[Operation, ...] = ("ratio", "difference", "sum", "product")
ORIGIN_KEYS = ("column", "path", *_OPERATIONS)
CELL_KEYS = (
    "missing",
    "values",
    "others",
    "suffixes",
    "date",
    "century",
    "scale",
    "round",
    "clamp",
)
_DATE_KEYS = ("missing", "values", "others", "date", "century")
FIELD_KEYS = ("unit", "none", "split", "divide_by", "elapsed", "required", "assumed")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a cell is found.

    Attributes:
        name: the column, or the path as written.
        steps: keys to follow down a document; for a column, its name alone.
        is_path: whether it was given as a path, where a step that ends in `[]` stands for each
            element of a list.
    """

    name: str
    steps: tuple[str, ...]
    is_path: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """An operation on numbers; unknown where an operand is unknown or a divisor is 0."""

    operation: Operation
    operands: tuple[Origin, ...]


Origin = Reference | Formula


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one value is read; every attribute is a key of docs/mapping.md.

    Attributes:
        origin: where the cell, or the operands of a formula, are found.
        missing: codes that stand for unknown; None for the file's own.
        none: codes that say this row of a list does not exist.
        values: translation of codes before anything else is read, or None.
        others: what becomes of codes that `values` does not name.
        suffixes: units beside numbers and their factors, longest first.
        unit: name of the declared unit, or empty for the target's own.
        date: pattern of a date, or empty.
        century: first year of the hundred that YY names.
        elapsed: whether the value is the time from this date to the month of the case.
        scale: exact factor.
        rounding: what becomes of a fraction.
        split: mark between the elements of a list in one cell.
        clamp: closed range into which the integer is brought, and told, or None.
        divide_by: target whose value divides this one.
        required: whether a row without this value is rejected.
        assumed: whether the value is listed among the defaults, as derived and not stated.
    """

    origin: Origin
    missing: frozenset[str] | None = None
    none: frozenset[str] = frozenset()
    values: dict[str, str] | None = None
    others: Literal["refuse", "keep", "missing"] = "refuse"
    suffixes: tuple[tuple[str, Fraction], ...] = ()
    unit: str = ""
    date: str = ""
    century: int = 0
    elapsed: bool = False
    scale: Fraction = Fraction(1)
    rounding: Rounding = "exact"
    split: str = ""
    clamp: tuple[int, int] | None = None
    divide_by: str = ""
    required: bool = False
    assumed: bool = False

    @property
    def is_ratio(self) -> bool:
        """Whether the value is a ratio, which counts in ppm where nothing else is said."""
        return isinstance(self.origin, Formula) and self.origin.operation == "ratio"


def parse_recipe(value: object, place: str, extra: tuple[str, ...] = FIELD_KEYS) -> Recipe:
    """Return the recipe that a TOML value states; a bare text names a column.

    Args:
        value: a text or table.
        place: name of the table, for messages.
        extra: keys known here beside those of the origin and the cell.

    Raises:
        Invalid: `mapping.unknown_key`, `mapping.value`, `mapping.date`.
    """
    if isinstance(value, str):
        value = {"column": value}
    if not isinstance(value, dict):
        raise schema.bad_value(place, "value", "it must be a column's name or a table")
    table = cast("dict[str, object]", value)
    schema.check_keys(table, (*ORIGIN_KEYS, *CELL_KEYS, *extra), place)
    origin = parse_origin({key: table[key] for key in ORIGIN_KEYS if key in table}, place)
    ratio = isinstance(origin, Formula) and origin.operation == "ratio"
    rounding = schema.take_choice(table, "round", "nearest" if ratio else "exact", ROUNDINGS, place)
    date, century = schema.take(table, "date", "", place), schema.take(table, "century", 0, place)
    if date:
        compile_date(date, century)
    return Recipe(
        origin,
        missing=frozenset(schema.take_texts(table, "missing", place))
        if "missing" in table
        else None,
        none=frozenset(schema.take_texts(table, "none", place)),
        values=_values(table, place),
        others=cast(
            'Literal["refuse", "keep", "missing"]',
            schema.take_choice(table, "others", "refuse", ("refuse", "keep", "missing"), place),
        ),
        suffixes=_suffixes(table, place),
        unit=schema.take(table, "unit", "", place),
        date=date,
        century=century,
        elapsed=schema.take_flag(table, "elapsed", place),
        scale=schema.take_number(table, "scale", Fraction(1), place),
        rounding=cast("Rounding", rounding),
        split=schema.take(table, "split", "", place),
        clamp=_clamp(table, place),
        divide_by=schema.take(table, "divide_by", "", place),
        required=schema.take_flag(table, "required", place),
        assumed=schema.take_flag(table, "assumed", place),
    )


def parse_date(value: object, place: str) -> Recipe:
    """Return the recipe of a date that a TOML value states; a bare text names a column.

    Raises:
        Invalid: as `parse_recipe`.
    """
    table = {"column": value} if isinstance(value, str) else value
    if isinstance(table, dict):
        schema.check_keys(table, ("column", "path", *_DATE_KEYS), place)
    recipe = parse_recipe(table, place, ())
    if isinstance(recipe.origin, Formula) or "[]" in recipe.origin.name:
        raise schema.bad_value(place, "path", "one date per row or document stands here")
    return recipe


def parse_reference(value: object, place: str) -> Reference:
    """Return the column or path that a TOML value names."""
    origin = parse_origin(value, place)
    if isinstance(origin, Formula):
        raise schema.bad_value(place, origin.operation, "a column or path must stand here")
    return origin


def parse_origin(value: object, place: str, depth: int = 0) -> Origin:
    """Return the column, path or formula that a TOML value names.

    Raises:
        Invalid: `mapping.value` where none or several are named, or formulas nest too deep.
    """
    if isinstance(value, str):
        value = {"column": value}
    if not isinstance(value, dict) or len(value) != 1:
        raise schema.bad_value(
            place, "origin", f"exactly one of {', '.join(ORIGIN_KEYS)} is needed"
        )
    table = cast("dict[str, object]", value)
    schema.check_keys(table, ORIGIN_KEYS, place)
    key = next(iter(table))
    if key in ("column", "path"):
        name = schema.take(table, key, "", place)
        steps = (name,) if key == "column" else tuple(name.split("."))
        if not all(steps):
            raise schema.bad_value(place, key, "it must not be empty or have empty parts")
        return Reference(name, steps, key == "path")
    operands = schema.take(table, key, [], place)
    if depth >= FORMULA_DEPTH_MAX:
        raise schema.bad_value(place, key, f"formulas nest deeper than {FORMULA_DEPTH_MAX}")
    if len(operands) != 2 and (key in ("ratio", "difference") or len(operands) < 2):  # noqa: PLR2004
        raise schema.bad_value(place, key, "it needs two operands")
    parsed = tuple(parse_origin(operand, place, depth + 1) for operand in operands)
    return Formula(cast("Operation", key), parsed)


def origin_references(origin: Origin) -> list[Reference]:
    """Return every column or path that `origin` reads."""
    if isinstance(origin, Reference):
        return [origin]
    return [found for operand in origin.operands for found in origin_references(operand)]


def _values(table: dict[str, object], place: str) -> dict[str, str] | None:
    if "values" not in table:
        return None
    entries = schema.take(table, "values", cast("dict[str, object]", {}), place)
    return {code: schema.as_text(value, place, "values") for code, value in entries.items()}


def _suffixes(table: dict[str, object], place: str) -> tuple[tuple[str, Fraction], ...]:
    entries = schema.take(table, "suffixes", cast("dict[str, object]", {}), place)
    found = [(name, schema.take_number(entries, name, Fraction(1), place)) for name in entries]
    return tuple(sorted(found, key=lambda entry: (-len(entry[0]), entry[0])))


def _clamp(table: dict[str, object], place: str) -> tuple[int, int] | None:
    bounds = schema.take(table, "clamp", [], place)
    if not bounds:
        return None
    if len(bounds) == 2 and all(type(bound) is int for bound in bounds):  # noqa: PLR2004
        low, high = cast("list[int]", bounds)
        if -INTEGER_LIMIT < low <= high < INTEGER_LIMIT:
            return low, high
    raise schema.bad_value(place, "clamp", "it must be [lowest, highest] in the target's own unit")


def unit_unknown(unit: str, known: list[str], place: str) -> Invalid:
    """Return the refusal of a unit that the target does not know."""
    near = difflib.get_close_matches(unit, known, n=1, cutoff=0.5)
    told = ", ".join(known) or "none"
    return Invalid(
        "mapping.unit",
        f"{place} has no unit {unit}; known here: {told}",
        cure=f"Did you mean {near[0]}?"
        if near
        else "Declare a currency in [currencies], or use scale.",
    )
