"""A recipe, run: from a cell of text to a value of the tree.

Results of short cells are remembered (at most `MEMORY_MAX` per recipe), for most columns repeat
few texts. Laws: a cell is absent, tells that its row does not exist, or has a value in range;
anything else is a fault of the row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from fractions import Fraction
from typing import Final, TypeVar

from tallystick.base.errors import Invalid
from tallystick.records.applicant import Field
from tallystick.sources.dates import Dated, compile_date
from tallystick.sources.documents import Json
from tallystick.sources.numbers import Rounding, Style, parse_number, settle
from tallystick.sources.recipes import Recipe

__all__ = [
    "ABSENT",
    "ELEMENTS_MAX",
    "MEMORY_MAX",
    "Absence",
    "Reader",
    "Value",
    "compile_formula_value",
    "compile_number",
    "compile_value",
    "finish",
    "out_of_range",
    "remembered",
    "translate",
]

MEMORY_MAX = 16_384
"""Most cells remembered per recipe."""
ELEMENTS_MAX = 64
"""Most elements of one list of months or idents."""
_MEMORY_CELL_MAX = 40


class Absence(Enum):
    """Why there is no value."""

    UNKNOWN = "unknown"
    NO_ROW = "no_row"


ABSENT: Final = Absence.UNKNOWN
Value = int | str | list[int] | list[str]
Result = TypeVar("Result")
Reader = Callable[[Json], "tuple[Value | Fraction | Absence, bool]"]
"""From a cell to its value and whether it was clamped."""


def compile_number(
    recipe: Recipe, style: Style, missing: frozenset[str]
) -> Callable[[Json], Fraction | Absence]:
    """Return a function from a cell to its exact number before unit and scale."""
    date = compile_date(recipe.date, recipe.century) if recipe.date else None

    def read(cell: Json) -> Fraction | Absence:
        text = translate(cell, recipe, missing)
        if isinstance(text, Absence):
            return text
        if date is not None:
            return Fraction(text.month if isinstance(text, Dated) else date(text))
        for suffix, factor in recipe.suffixes:
            if text.endswith(suffix):
                return parse_number(text[: -len(suffix)], style) * factor
        return parse_number(text, style)

    return read


def translate(cell: Json, recipe: Recipe, missing: frozenset[str]) -> str | Absence:
    """Return the cell's text after codes of absence and `values`.

    Raises:
        Invalid: `source.not_scalar`, `source.value_unknown`.
    """
    text = plain_text(cell)
    if text is None or text in missing:
        return ABSENT
    if text in recipe.none:
        return Absence.NO_ROW
    if recipe.values is None:
        return text
    if text in recipe.values:
        # A translation to nothing says that the value is unknown.
        return recipe.values[text] or ABSENT
    if recipe.others == "refuse":
        raise Invalid(
            "source.value_unknown",
            "the mapping translates codes of this column, and not this one",
            cure='Add it to values, or declare others = "keep" or "missing".',
        )
    return text if recipe.others == "keep" else ABSENT


def plain_text(cell: Json) -> str | None:
    """Return a scalar's text without blanks around it, or None where there is none."""
    if isinstance(cell, str):
        return cell if isinstance(cell, Dated) else cell.strip()
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    raise Invalid(
        "source.not_scalar",
        "a list or map stands where one value is read",
        cure="Name a path inside it, such as debts[].balance.",
    )


def compile_value(
    recipe: Recipe, field: Field, factor: Fraction, style: Style, missing: frozenset[str]
) -> Reader:
    """Return a function from a cell to the leaf's value.

    Args:
        recipe: how the value is read.
        field: the leaf's kind and range.
        factor: own units of the leaf per declared unit.
        style: how the file writes numbers.
        missing: codes that stand for unknown.
    """
    kind = field.kind
    if kind in ("months", "idents"):
        return _compile_list(recipe, field, style, missing)
    if kind == "flag":
        return remembered(lambda cell: (_flag(translate(cell, recipe, missing)), False))
    if kind == "text":
        return lambda cell: (_text(cell, recipe, field, missing), False)
    if kind == "ident":
        return remembered(lambda cell: (_ident(translate(cell, recipe, missing), field), False))
    return _compile_whole(recipe, field, factor, style, missing)


def _compile_whole(
    recipe: Recipe, field: Field, factor: Fraction, style: Style, missing: frozenset[str]
) -> Reader:
    if field.kind == "month" and not recipe.date and recipe.unit != "month_index":
        recipe = replace(recipe, date="YYYY-MM")
    number = compile_number(recipe, style, missing)
    # Time since a date, and what another value divides, are settled by the assembler.
    open_ended = recipe.elapsed or bool(recipe.divide_by)
    scale = factor * recipe.scale

    def read(cell: Json) -> tuple[Value | Fraction | Absence, bool]:
        found = number(cell)
        if isinstance(found, Absence):
            return found, False
        return (found * scale, False) if open_ended else finish(found * scale, recipe, field)

    return remembered(read)


def finish(number: Fraction, recipe: Recipe, field: Field) -> tuple[int, bool]:
    """Return the number rounded, clamped where declared, and proven in range."""
    whole, clamped = _bounded(number, recipe.rounding, recipe.clamp)
    if not field.low <= whole <= field.high:
        raise out_of_range(field)
    return whole, clamped


def _bounded(
    number: Fraction, rounding: Rounding, clamp: tuple[int, int] | None
) -> tuple[int, bool]:
    whole = settle(number, rounding)
    if clamp is None:
        return whole, False
    held = min(max(whole, clamp[0]), clamp[1])
    return held, held != whole


def compile_formula_value(
    recipe: Recipe, field: Field, factor: Fraction
) -> Callable[[Fraction | None], tuple[Value | Fraction | Absence, bool]]:
    """Return a function from a formula's result to the leaf's value."""
    scale = factor * recipe.scale
    open_ended = bool(recipe.divide_by)

    def read(found: Fraction | None) -> tuple[Value | Fraction | Absence, bool]:
        if found is None:
            return ABSENT, False
        return (found * scale, False) if open_ended else finish(found * scale, recipe, field)

    return read


def remembered(read: Callable[[Json], Result]) -> Callable[[Json], Result]:
    """Return `read` with a bounded memory of short texts; its results must be immutable."""
    memory: dict[str, Result] = {}

    def recall(cell: Json) -> Result:
        # A date and a text that looks like it are read differently.
        if not isinstance(cell, str) or isinstance(cell, Dated):
            return read(cell)
        found = memory.get(cell)
        if found is None:
            found = read(cell)
            if len(memory) < MEMORY_MAX and len(cell) <= _MEMORY_CELL_MAX:
                memory[cell] = found
        return found

    return recall


def _flag(text: str | Absence) -> int | Absence:
    if isinstance(text, Absence):
        return text
    if text in ("1", "true"):
        return 1
    if text in ("0", "false"):
        return 0
    raise Invalid(
        "source.not_flag",
        "the value is neither 0, 1, true nor false",
        cure="Translate it: values = {yes = 1, no = 0}.",
    )


def _text(cell: Json, recipe: Recipe, field: Field, missing: frozenset[str]) -> str | Absence:
    text = translate(cell, recipe, missing)
    if isinstance(text, Absence):
        return text
    kept = cell if isinstance(cell, str) and recipe.values is None else text
    if not field.low <= len(kept.encode()) <= field.high:
        raise out_of_range(field)
    return str(kept)


def _ident(text: str | Absence, field: Field) -> str | Absence:
    if isinstance(text, Absence):
        return text
    if not field.low <= len(text.encode()) <= field.high:
        raise out_of_range(field)
    if not text.isprintable() or " " in text:
        raise Invalid(
            "source.ident",
            "the value holds blanks or control characters, so it is no identifier",
            cure="Translate it with values into a short name.",
        )
    return str(text)


def _compile_list(recipe: Recipe, field: Field, style: Style, missing: frozenset[str]) -> Reader:
    def element(text: str | Absence) -> int | str | Absence:
        if isinstance(text, Absence) or field.kind == "idents":
            return _ident(text, field)
        whole = settle(parse_number(text, style), "exact")
        if not field.low <= whole <= field.high:
            raise out_of_range(field)
        return whole

    def read(cell: Json) -> tuple[Value | Fraction | Absence, bool]:
        items = _elements(cell, recipe, missing)
        if items is Absence.NO_ROW:
            # What has no elements is known, unlike what is unknown.
            return [], False
        if isinstance(items, Absence):
            return items, False
        values = [element(translate(item, recipe, missing)) for item in items]
        if len(values) > ELEMENTS_MAX or len(set(values)) != len(values):
            raise Invalid(
                "source.elements",
                f"the list has one element twice, or over {ELEMENTS_MAX}",
                cure="State each element once.",
            )
        if any(isinstance(value, Absence) for value in values):
            raise _not_list()
        return values, False  # type: ignore[return-value]

    return read


def _elements(cell: Json, recipe: Recipe, missing: frozenset[str]) -> list[Json] | Absence:
    if isinstance(cell, list):
        return cell
    if cell is None:
        return ABSENT
    if not isinstance(cell, str) or not recipe.split:
        raise _not_list()
    text = cell.strip()
    if text in missing:
        return ABSENT
    if text in recipe.none:
        return Absence.NO_ROW
    return [*text.split(recipe.split)]


def _not_list() -> Invalid:
    return Invalid(
        "source.not_list",
        "a list without gaps is read here",
        cure='Give a list, or declare the mark between elements: split = ";".',
    )


def out_of_range(field: Field) -> Invalid:
    """Return the fault of a value outside of its leaf's closed range."""
    unit = " bytes" if field.kind in ("ident", "idents", "text") else ""
    return Invalid(
        "source.range",
        f"the value leaves the range {field.low}..{field.high}{unit} of a {field.kind}",
        cure="Check unit and scale, name codes of absence in missing, or declare clamp.",
    )
