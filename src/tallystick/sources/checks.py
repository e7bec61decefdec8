"""Checks over a whole mapping: leaks, doubles, and keys that do not fit their leaf.

Source: the leaks that are met in credit data sets, where columns written after default stand
beside those of the application.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from tallystick.base.errors import Invalid
from tallystick.records.applicant import Field, Kind
from tallystick.sources import schema
from tallystick.sources.dates import compile_date
from tallystick.sources.mapping import Feature, FieldRecipe, Mapping
from tallystick.sources.numbers import settle
from tallystick.sources.places import EACH, PLAIN, Place, find_place
from tallystick.sources.recipes import Formula, Origin, Reference, origin_references

__all__ = ["check_default", "check_mapping", "list_prefix"]

_WHOLE = ("money", "rate", "area", "count")


def check_mapping(mapping: Mapping) -> None:
    """Refuse a mapping whose parts contradict one another.

    Raises:
        Invalid: `mapping.leak`, `mapping.value`, `mapping.empty`.
    """
    if not mapping.fields and not mapping.features:
        raise Invalid(
            "mapping.empty", "the mapping names no field and no feature", cure="Add [fields]."
        )
    _check_leaks(mapping)
    names = [feature.name for feature in mapping.features]
    if len(set(names)) != len(names):
        raise schema.bad_value("[[features]]", "name", "two features share one name")
    for field in mapping.fields:
        _check_field(field)
        _check_divisor(field, mapping)
    for feature in mapping.features:
        _check_level(feature)
    _check_lists(mapping.fields)


def _check_leaks(mapping: Mapping) -> None:
    _check_unread(mapping)
    hidden = [(reference, "is handed through under [expected]") for reference in mapping.keep]
    if mapping.target is not None:
        hidden.append((mapping.target.origin, "is the target"))
    for place, origin in _readers(mapping):
        _refuse_leak(place, origin, hidden)
    protected = [
        (reference, "is protected")
        for feature in mapping.features
        if feature.protected
        for reference in origin_references(feature.recipe.origin)
    ]
    later = [
        (reference, "is known only after the decision")
        for feature in mapping.features
        if feature.known_at == "after"
        for reference in origin_references(feature.recipe.origin)
    ]
    for entry in mapping.fields:
        _refuse_leak(f"[fields] {entry.place.path}", entry.recipe.origin, later)
    for feature in mapping.features:
        place, origin = f"feature {feature.name}", feature.recipe.origin
        if not feature.protected:
            _refuse_leak(place, origin, protected)
        if feature.known_at != "after":
            _refuse_leak(place, origin, later)


def _check_unread(mapping: Mapping) -> None:
    """Refuse any use of a column that [file] declares never to be read."""
    unread = [
        (Reference(name, (name,)), "is declared in unread of [file]")
        for name in mapping.layout.unread
    ]
    for place, origin in _readers(mapping):
        _refuse_leak(place, origin, unread)
    others = [("[expected]", reference) for reference in mapping.keep]
    if mapping.key is not None:
        others.append(("[case] id", mapping.key))
    if mapping.target is not None:
        others.append(("[target]", mapping.target.origin))
    for place, reference in others:
        _refuse_leak(place, reference, unread)


def _readers(mapping: Mapping) -> Iterable[tuple[str, Origin]]:
    for field in mapping.fields:
        yield f"[fields] {field.place.path}", field.recipe.origin
    for feature in mapping.features:
        yield f"feature {feature.name}", feature.recipe.origin
    for date in mapping.dates:
        yield f"[dates] {date.prefix or 'all'}", date.recipe.origin


def _refuse_leak(place: str, origin: Origin, hidden: list[tuple[Reference, str]]) -> None:
    for reference in origin_references(origin):
        for other, reason in hidden:
            shared = min(len(reference.steps), len(other.steps))
            same = reference.name == other.name
            if same or reference.steps[:shared] == other.steps[:shared]:
                raise Invalid(
                    "mapping.leak",
                    f"{place} reads {reference.name}, which {reason}",
                    cure="Remove it, or read another column.",
                )


def _check_field(field: FieldRecipe) -> None:
    place, recipe, kind = field.place, field.recipe, field.place.field.kind
    numeric = kind in (*_WHOLE, "month")
    plain = place.index == PLAIN
    listed = any(
        reference.is_path and "[]" in reference.name
        for reference in origin_references(recipe.origin)
    )
    divisor = not recipe.divide_by or find_place(recipe.divide_by).index == PLAIN
    rules = (
        ("unit", bool(recipe.unit) and not numeric, "only a number has one"),
        ("suffixes", bool(recipe.suffixes) and not numeric, "only a number has them"),
        ("scale", recipe.scale != 1 and not numeric, "only a number has one"),
        ("clamp", recipe.clamp is not None and not numeric, "only a number is clamped"),
        ("formula", isinstance(recipe.origin, Formula) and not numeric, "it gives a number"),
        ("split", bool(recipe.split) and kind not in ("months", "idents"), "this is no list"),
        (
            "date",
            bool(recipe.date) and kind != "month" and not recipe.elapsed,
            "only a month, or a count with elapsed, is read from a date",
        ),
        (
            "elapsed",
            recipe.elapsed and not (recipe.date and kind == "count" and plain),
            "it needs a date, and a count outside of lists and groups",
        ),
        (
            "none",
            bool(recipe.none) and place.index < 0 and kind not in ("months", "idents"),
            "only a row [0], [1] ... or a list in one cell can be none",
        ),
        ("path", listed and place.index != EACH, "a list gives rows, written as [].leaf"),
        (
            "divide_by",
            bool(recipe.divide_by) and not (plain and divisor),
            "both leaves must stand outside of lists and groups",
        ),
    )
    for key, broken, fact in rules:
        if broken:
            raise schema.bad_value(f"[fields] {place.path}", key, fact)


def _check_divisor(field: FieldRecipe, mapping: Mapping) -> None:
    """Refuse a divisor that nothing states, or that is derived and so comes too late."""
    divisor = field.recipe.divide_by
    if not divisor:
        return
    stated = [
        other.place.path
        for other in mapping.fields
        if not other.recipe.divide_by and not other.recipe.elapsed
    ]
    if divisor not in stated and divisor not in mapping.defaults:
        raise schema.bad_value(
            f"[fields] {field.place.path}", "divide_by", f"{divisor} is neither read nor a default"
        )


def _check_level(feature: Feature) -> None:
    recipe = feature.recipe
    numeric = (recipe.suffixes, recipe.date, recipe.clamp is not None, recipe.scale != 1)
    if feature.kind == "level" and (any(numeric) or isinstance(recipe.origin, Formula)):
        raise schema.bad_value(
            f"feature {feature.name}", "kind", "a level is a text, so nothing is computed from it"
        )


def _check_lists(fields: tuple[FieldRecipe, ...]) -> None:
    """Refuse a list whose rows come from two lists, or partly from columns."""
    found: dict[tuple[str, str], tuple[str, ...] | None] = {}
    for field in fields:
        place = field.place
        if place.index < 0 and place.index != EACH:
            continue
        prefix = list_prefix(field) if place.index == EACH else None
        if found.setdefault((place.branch, place.group), prefix) != prefix:
            raise schema.bad_value(
                f"[fields] {place.path}", "path", "all leaves of a list must come from one list"
            )


def list_prefix(field: FieldRecipe) -> tuple[str, ...]:
    """Return the steps to the list from which rows of `field` are made.

    Raises:
        Invalid: `mapping.value` where its path names no list.
    """
    origin = field.recipe.origin
    steps = origin.steps if isinstance(origin, Reference) else ()
    marks = [number for number, step in enumerate(steps) if step.endswith("[]")]
    if len(marks) != 1:
        raise schema.bad_value(
            f"[fields] {field.place.path}", "path", "it needs one list, such as crops[].area"
        )
    return (*steps[: marks[0]], steps[marks[0]].removesuffix("[]"))


def check_default(place: Place, value: object, factor: Fraction) -> object:
    """Return a default as the tree holds it.

    Args:
        place: the leaf.
        value: what the mapping states.
        factor: own units per declared unit.

    Raises:
        Invalid: `mapping.value` where it is of another kind or out of the leaf's range.
    """
    kind, where = place.field.kind, f"[defaults] {place.path}"
    if kind == "month" and isinstance(value, str):
        value = compile_date("YYYY-MM")(value)
    if kind in ("ident", "text"):
        if not isinstance(value, str) or not _fits(place, len(value.encode())):
            raise schema.bad_value(where, "value", f"it must be a {kind} within the leaf's range")
        return value
    if kind in ("months", "idents"):
        items = value if isinstance(value, list) else [None]
        one: Kind = "count" if kind == "months" else "ident"
        inner = Place(place.path, place.branch, "", PLAIN, place.leaf, _one(place, one))
        return [check_default(inner, item, Fraction(1)) for item in items]
    if kind == "flag" and isinstance(value, bool):
        value = int(value)
    if isinstance(value, str) and kind in _WHOLE:
        value = schema.take_number({"value": value}, "value", Fraction(0), where)
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise schema.bad_value(where, "value", f"it must be a number for a leaf of kind {kind}")
    whole = settle(value * factor, "exact")
    if not _fits(place, whole):
        raise schema.bad_value(where, "value", "it is out of the leaf's range")
    return whole


def _fits(place: Place, figure: int) -> bool:
    return place.field.low <= figure <= place.field.high


def _one(place: Place, kind: Kind) -> Field:
    return Field(kind, place.field.low, place.field.high)
