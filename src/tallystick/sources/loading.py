"""Mappings read from TOML and checked before a row is touched.

Laws: an unknown key is refused; the target never enters a feature or the application; a column
known only after the decision is kept apart and feeds neither; a protected column feeds no feature;
what is handed through under `expected` feeds nothing. docs/mapping.md is the reference of keys.
"""

from __future__ import annotations

import hashlib
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

from tallystick.base.errors import Invalid, NotFound
from tallystick.sources import schema
from tallystick.sources.checks import check_default, check_mapping
from tallystick.sources.mapping import (
    DateRecipe,
    Feature,
    FieldRecipe,
    Layout,
    Mapping,
    Target,
)
from tallystick.sources.numbers import Style
from tallystick.sources.opening import ENCODINGS
from tallystick.sources.places import Place, find_place, find_prefix, is_row_list, units_of
from tallystick.sources.recipes import (
    CELL_KEYS,
    ORIGIN_KEYS,
    Recipe,
    Reference,
    parse_date,
    parse_recipe,
    parse_reference,
    unit_unknown,
)

__all__ = [
    "FEATURE_KEYS",
    "FEATURE_NAME_MAX",
    "FORMATS",
    "HEADER_ROW_MAX",
    "KINDS",
    "MAPPING_BYTES_MAX",
    "SECTIONS",
    "load_mapping",
    "parse_mapping",
]

MAPPING_BYTES_MAX = 1_048_576
"""Longest mapping, in bytes."""
FORMATS = ("auto", "csv", "arff", "jsonl", "xlsx")
"""Formats of files; `auto` knows a workbook by its bytes and text by its name, without .gz."""
HEADER_ROW_MAX = 1_000
"""Lowest row in which a header is looked for."""
FEATURE_NAME_MAX = 80
"""Longest name of a feature, in characters."""
KINDS = ("borrow", "save", "invest", "insure", "lease")
"""Kinds of demand that `[case]` may state for a whole file."""

Table = dict[str, object]

SECTIONS = {
    "file": (
        *("format", "encoding", "delimiter", "member", "header", "columns", "missing"),
        *("thousands", "decimal", "full_width", "sheet", "header_row", "unread"),
    ),
    "case": ("id", "kind", "as_of"),
    "target": ("column", "path", "good", "bad", "unknown"),
    "expected": ("keep",),
}
FEATURE_KEYS = ("name", "kind", "levels", "monotone", "known_at", "protected", "use")


def load_mapping(path: Path | str) -> Mapping:
    """Return the mapping that the TOML file at `path` states.

    Raises:
        NotFound: `mapping.absent`.
        Invalid: a code beginning `mapping.`, with the place and the cure.
    """
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(MAPPING_BYTES_MAX + 1)
    except OSError as error:
        raise NotFound(
            "mapping.absent",
            f"the mapping cannot be opened: {error.strerror}",
            cure="Check the path and the right to read it.",
        ) from error
    return parse_mapping(data, Path(path).stem)


def parse_mapping(data: bytes, name: str = "") -> Mapping:
    """Return the mapping that TOML bytes state; errors as `load_mapping`."""
    tables = _read_toml(data)
    names = (*SECTIONS, "currencies", "fields", "defaults", "dates")
    schema.check_keys(tables, (*names, "features"), "the mapping")
    section = {key: schema.take(tables, key, cast("Table", {}), "the mapping") for key in names}
    for key, known in SECTIONS.items():
        schema.check_keys(section[key], known, f"[{key}]")
    currencies = _currencies(section["currencies"])
    case = section["case"]
    features = _features(schema.take(tables, "features", cast("list[object]", []), "the mapping"))
    mapping = Mapping(
        name=name,
        digest=hashlib.sha256(data).hexdigest(),
        layout=_layout(section["file"]),
        key=parse_reference(case["id"], "[case]") if "id" in case else None,
        fields=tuple(
            _field(target, entry, currencies) for target, entry in section["fields"].items()
        ),
        defaults=_defaults(section["defaults"], case, currencies),
        features=features,
        target=_target(section["target"]) if section["target"] else None,
        keep=_keep(section["expected"]),
        notes=_notes(features),
        dates=tuple(_date(prefix, entry) for prefix, entry in section["dates"].items()),
    )
    check_mapping(mapping)
    return mapping


def _read_toml(data: bytes) -> Table:
    if len(data) > MAPPING_BYTES_MAX:
        raise _unreadable(f"it exceeds {MAPPING_BYTES_MAX} bytes")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable("it is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error)) from error
    except RecursionError as error:
        raise _unreadable("it nests too deep") from error


def _unreadable(fact: str) -> Invalid:
    return Invalid(
        "mapping.unreadable", f"the mapping is not TOML: {fact}", cure="Correct it there."
    )


def _layout(table: Table) -> Layout:
    place = "[file]"
    style = Style(
        schema.take(table, "thousands", "", place),
        schema.take_choice(table, "decimal", ".", (".", ","), place),
        schema.take_flag(table, "full_width", place),
    )
    if len(style.thousands) > 1 or style.thousands == style.decimal:
        raise schema.bad_value(place, "thousands", "it must be one mark, not the decimal one")
    delimiter = schema.take(table, "delimiter", "", place)
    delimiter = "\t" if delimiter == "tab" else delimiter
    if len(delimiter) > 1 or delimiter in ('"', "\r", "\n"):
        raise schema.bad_value(place, "delimiter", "it must be one mark, or tab")
    header = schema.take_flag(table, "header", place, default=True)
    columns = schema.take_unique(table, "columns", place)
    if not header and not columns:
        raise schema.bad_value(place, "header", "without a header, columns must name them all")
    return Layout(
        schema.take_choice(table, "format", "auto", FORMATS, place),
        schema.take_choice(table, "encoding", "detect", ENCODINGS, place),
        delimiter,
        schema.take(table, "member", "", place),
        header,
        columns,
        frozenset(schema.take_texts(table, "missing", place)) if "missing" in table else None,
        style,
        schema.take(table, "sheet", "", place),
        _header_row(table, place),
        schema.take_unique(table, "unread", place),
    )


def _header_row(table: Table, place: str) -> int:
    row = schema.take(table, "header_row", 1, place)
    if not 1 <= row <= HEADER_ROW_MAX:
        raise schema.bad_value(place, "header_row", f"it must be a row from 1 to {HEADER_ROW_MAX}")
    return row


def _date(prefix: str, entry: object) -> DateRecipe:
    if isinstance(entry, dict) and prefix in ("profile", "demand"):
        nested = next((key for key, inner in entry.items() if isinstance(inner, dict)), "")
        if nested and nested != "values":
            raise schema.bad_value(
                "[dates]", f"{prefix}.{nested}", 'a path stands in quotes: "profile.crops"'
            )
    path = "" if prefix == "all" else find_prefix(prefix)
    return DateRecipe(path, parse_date(entry, f"[dates] {prefix}"))


def _currencies(table: Table) -> dict[str, Fraction]:
    """Return fen per unit of each declared currency."""
    found = {}
    for name in table:
        found[name] = schema.take_number(table, name, Fraction(0), "[currencies]")
        if found[name] <= 0:
            raise schema.bad_value("[currencies]", name, "fen per unit must be above 0")
    return found


def _field(target: str, entry: object, currencies: dict[str, Fraction]) -> FieldRecipe:
    if isinstance(entry, dict) and "." not in target:
        raise schema.bad_value("[fields]", target, 'a target stands in quotes: "profile.persons"')
    place = find_place(target)
    recipe = parse_recipe(entry, f"[fields] {target}")
    return FieldRecipe(place, recipe, _factor(place, recipe, currencies))


def _factor(place: Place, recipe: Recipe, currencies: dict[str, Fraction]) -> Fraction:
    known = dict(units_of(place))
    if place.field.kind == "money":
        known |= currencies
    if recipe.unit:
        if recipe.unit not in known:
            raise unit_unknown(recipe.unit, sorted(known), place.path)
        return known[recipe.unit]
    if place.field.kind == "rate" and recipe.is_ratio:
        return known["fraction"]
    return Fraction(1)


def _defaults(table: Table, case: Table, currencies: dict[str, Fraction]) -> Table:
    """Return defaults by path: whole numbers in own units, texts, lists; months as an index."""
    stated = dict(table)
    if "kind" in case:
        kind = schema.take_choice(case, "kind", "", KINDS, "[case]")
        stated.setdefault("demand.kind", kind)
    if "as_of" in case:
        stated.setdefault("demand.as_of_month", schema.take(case, "as_of", "", "[case]"))
    return {path: _default(path, value, currencies) for path, value in stated.items()}


def _default(path: str, value: object, currencies: dict[str, Fraction]) -> object:
    if value == []:
        branch, _, group = path.partition(".")
        if is_row_list(branch, group):
            return []
    place = find_place(path)
    unit = Fraction(1)
    if isinstance(value, dict):
        schema.check_keys(value, ("value", "unit"), f"[defaults] {path}")
        recipe = Recipe(Reference("", ()), unit=schema.take(value, "unit", "", path))
        unit = _factor(place, recipe, currencies)
        value = value.get("value")
    return check_default(place, value, unit)


def _features(entries: list[object]) -> tuple[Feature, ...]:
    return tuple(_feature(entry, number) for number, entry in enumerate(entries, 1))


def _feature(entry: object, number: int) -> Feature:
    place = f"[[features]] number {number}"
    if not isinstance(entry, dict):
        raise schema.bad_value(place, "entry", "it must be a table")
    table = cast("Table", entry)
    name = schema.take(table, "name", "", place)
    if not name or len(name) > FEATURE_NAME_MAX:
        raise schema.bad_value(place, "name", f"it must have 1 to {FEATURE_NAME_MAX} characters")
    place = f"feature {name}"
    kind = schema.take_choice(table, "kind", "number", ("number", "level"), place)
    levels = schema.take_unique(table, "levels", place)
    if (kind == "level") != bool(levels):
        raise schema.bad_value(
            place, "levels", "levels are declared for kind level, and only there"
        )
    known_at = schema.take_choice(
        table, "known_at", "application", ("application", "decision", "after"), place
    )
    schema.check_keys(table, (*FEATURE_KEYS, *ORIGIN_KEYS, *CELL_KEYS), place)
    rest = {key: value for key, value in table.items() if key not in FEATURE_KEYS}
    return Feature(
        name,
        parse_recipe(rest, place, ()),
        cast('Literal["number", "level"]', kind),
        levels,
        cast(
            'Literal["up", "down", "none"]',
            schema.take_choice(table, "monotone", "none", ("up", "down", "none"), place),
        ),
        cast('Literal["application", "decision", "after"]', known_at),
        "known_at" in table,
        schema.take_flag(table, "protected", place),
        cast(
            'Literal["train", "both"]',
            schema.take_choice(table, "use", "both", ("train", "both"), place),
        ),
    )


def _target(table: Table) -> Target:
    place = "[target]"
    origin = {key: table[key] for key in ("column", "path") if key in table}
    good, bad, unknown = (
        frozenset(schema.take_unique(table, key, place)) for key in ("good", "bad", "unknown")
    )
    if not good or not bad:
        raise schema.bad_value(place, "good and bad", "each must name at least one value")
    if good & bad or good & unknown or bad & unknown:
        raise schema.bad_value(place, "good, bad and unknown", "they share a value")
    return Target(parse_reference(origin, place), good, bad, unknown)


def _keep(table: Table) -> tuple[Reference, ...]:
    names = schema.take_unique(table, "keep", "[expected]")
    return tuple(parse_reference({"path": name}, "[expected]") for name in names)


def _notes(features: tuple[Feature, ...]) -> tuple[str, ...]:
    return tuple(
        f"Feature {feature.name} is set at the decision, not by the applicant: a score with it "
        "judges the offer as well as the household."
        for feature in features
        if feature.known_at == "decision"
    )
