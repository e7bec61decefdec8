"""A record's cells, put in their places of the application tree.

Order: stated leaves, rows of nested lists, rows laid out in columns, defaults, then leaves that
are derived from others (time since a date, a figure per head) and their defaults. Whatever was
not read from the file is listed by path, and so is whatever was clamped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from tallystick.base.errors import Invalid
from tallystick.sources.cells import (
    ABSENT,
    Absence,
    Value,
    compile_formula_value,
    compile_number,
    compile_value,
    finish,
)
from tallystick.sources.checks import list_prefix
from tallystick.sources.documents import Json, walk_to
from tallystick.sources.mapping import FieldRecipe, Mapping
from tallystick.sources.places import (
    EACH,
    MAP,
    PLAIN,
    Place,
    find_group,
    find_place,
    is_row_list,
    own_unit,
)
from tallystick.sources.recipes import Formula, Reference
from tallystick.sources.rows import Record, Records, bind, bind_formula

__all__ = ["Assembler", "Assembly"]

Leaves = dict[str, object]
Read = Callable[[Record], tuple[Value | Fraction | Absence, bool]]


@dataclass(slots=True)
class Assembly:
    """An application being built.

    Attributes:
        tree: `profile` and `demand`.
        defaults: paths whose values were not read from the file.
        clamped: paths whose values were brought into a declared range.
        given: paths that the file gave, a nested list by its own path.
    """

    tree: dict[str, Leaves]
    defaults: list[str] = field(default_factory=list)
    clamped: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Entry:
    source: FieldRecipe
    label: str
    read: Read

    @property
    def place(self) -> Place:
        return self.source.place


@dataclass(frozen=True, slots=True)
class _List:
    """A nested list: where it stands, and how each element gives its leaves."""

    branch: str
    group: str
    label: str
    find: Callable[[Record], Json]
    entries: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class _Default:
    """A value for a leaf that the file lacks; without a place, an empty list of rows."""

    path: str
    branch: str
    group: str
    place: Place | None
    value: object


class Assembler:
    """A mapping's fields bound to one file; `build` is pure."""

    def __init__(self, mapping: Mapping, records: Records) -> None:
        """Bind every field of `mapping` to the columns or paths of `records`."""
        derived = {
            entry.place.path
            for entry in mapping.fields
            if entry.recipe.elapsed or entry.recipe.divide_by
        }
        each = [entry for entry in mapping.fields if entry.place.index == EACH]
        rest = [_bind(entry, mapping, records) for entry in mapping.fields if entry not in each]
        self._plain = [entry for entry in rest if entry.place.index in (PLAIN, MAP)]
        self._derived = [entry for entry in self._plain if entry.place.path in derived]
        self._plain = [entry for entry in self._plain if entry.place.path not in derived]
        self._numbered = _by_group([entry for entry in rest if entry.place.index >= 0])
        self._lists = _lists(each, mapping, records)
        defaults = [_compile_default(*entry) for entry in sorted(mapping.defaults.items())]
        self._first = [default for default in defaults if default.path not in derived]
        self._last = [default for default in defaults if default.path in derived]
        self.unseen = {entry.label for entry in (*self._plain, *self._derived)}
        self.unseen |= {entry.label for group in self._numbered.values() for entry in group}
        self.unseen |= {listed.label for listed in self._lists}

    def build(self, record: Record) -> Assembly:
        """Return the application's tree.

        Raises:
            Invalid: the row's first fault, its column among the values.
        """
        built = Assembly({"profile": {}, "demand": {}})
        for entry in self._plain:
            self._place(built, entry, self._read(built, entry, record))
        for listed in self._lists:
            self._place_list(built, listed, record)
        for entries in self._numbered.values():
            self._place_rows(built, entries, record)
        for default in self._first:
            _apply_default(built, default)
        for entry in self._derived:
            value = self._read(built, entry, record)
            if isinstance(value, Fraction):
                self._place(built, entry, _derive(built, entry, value))
            if entry.place.leaf not in built.tree[entry.place.branch]:
                built.given.discard(entry.place.datum)
        for default in self._last:
            _apply_default(built, default)
        built.defaults.sort()
        return built

    def _read(self, built: Assembly, entry: _Entry, record: Record) -> Value | Fraction | Absence:
        recipe = entry.source.recipe
        try:
            value, clamped = entry.read(record)
        except Invalid as fault:
            fault.values.setdefault("column", entry.label)
            raise
        if isinstance(value, Absence):
            if recipe.required:
                raise _required(entry.label)
            if value is Absence.NO_ROW and not recipe.assumed:
                built.given.add(entry.place.datum)
            return value
        if not recipe.assumed:
            built.given.add(entry.place.datum)
        self.unseen.discard(entry.label)
        if clamped and entry.place.path not in built.clamped:
            built.clamped.append(entry.place.path)
        if recipe.assumed and entry.place.path not in built.defaults:
            built.defaults.append(entry.place.path)
        return value

    def _place(self, built: Assembly, entry: _Entry, value: Value | Fraction | Absence) -> None:
        if isinstance(value, Absence):
            return
        place, branch = entry.place, built.tree[entry.place.branch]
        if place.index == MAP:
            group = branch.setdefault(place.group, {})
            assert isinstance(group, dict)
            group[place.leaf] = value
        else:
            branch[place.leaf] = value

    def _place_rows(self, built: Assembly, entries: tuple[_Entry, ...], record: Record) -> None:
        """Build rows that the file lays out in columns; all told absent is an empty list."""
        rows: dict[int, Leaves] = {}
        absent: set[int] = set()
        for entry in entries:
            value = self._read(built, entry, record)
            if value is Absence.NO_ROW:
                absent.add(entry.place.index)
            elif value is not ABSENT:
                rows.setdefault(entry.place.index, {})[entry.place.leaf] = value
        kept = {number: row for number, row in rows.items() if number not in absent}
        if kept or absent:
            first = entries[0].place
            built.tree[first.branch][first.group] = [kept[number] for number in sorted(kept)]

    def _place_list(self, built: Assembly, listed: _List, record: Record) -> None:
        try:
            found = listed.find(record)
            if found is None:
                return
            most = find_group(listed.branch, listed.group).most
            if not isinstance(found, list) or len(found) > most:
                raise _list_refused(most)
        except Invalid as fault:
            fault.values.setdefault("column", listed.label)
            raise
        self.unseen.discard(listed.label)
        if not found:
            built.given.add(f"{listed.branch}.{listed.group}")
        rows = []
        for item in found:
            row: Leaves = {}
            for entry in listed.entries:
                value = self._read(built, entry, item)  # type: ignore[arg-type]
                if not isinstance(value, Absence):
                    row[entry.place.leaf] = value
            rows.append(row)
        built.tree[listed.branch][listed.group] = rows


def _bind(source: FieldRecipe, mapping: Mapping, records: Records) -> _Entry:
    recipe, style = source.recipe, mapping.layout.style
    missing = records.missing if recipe.missing is None else recipe.missing
    if isinstance(recipe.origin, Formula):
        result = bind_formula(recipe.origin, records, compile_number(recipe, style, missing))
        settle = compile_formula_value(recipe, source.place.field, source.factor)
        return _Entry(source, source.place.path, lambda record: settle(result(record)))
    find = bind(recipe.origin, records)
    value = compile_value(recipe, source.place.field, source.factor, style, missing)
    return _Entry(source, recipe.origin.name, lambda record: value(find(record)))


def _lists(fields: list[FieldRecipe], mapping: Mapping, records: Records) -> tuple[_List, ...]:
    groups: dict[tuple[str, str], list[FieldRecipe]] = {}
    for entry in fields:
        groups.setdefault((entry.place.branch, entry.place.group), []).append(entry)
    found = []
    for (branch, group), members in groups.items():
        prefix = list_prefix(members[0])
        entries = []
        for source in members:
            origin = source.recipe.origin
            assert isinstance(origin, Reference)
            inner = walk_to(origin.steps[len(prefix) :])
            missing = source.recipe.missing
            value = compile_value(
                source.recipe,
                source.place.field,
                source.factor,
                mapping.layout.style,
                records.missing if missing is None else missing,
            )
            entries.append(_Entry(source, origin.name, _after(inner, value)))
        find = bind(Reference(".".join(prefix), prefix), records)
        found.append(_List(branch, group, ".".join(prefix) + "[]", find, tuple(entries)))
    return tuple(found)


def _after(find: Callable[[Json], Json], value: Callable[[Json], object]) -> Read:
    return lambda record: value(find(record))  # type: ignore[arg-type,return-value]


def _by_group(entries: list[_Entry]) -> dict[tuple[str, str], tuple[_Entry, ...]]:
    groups: dict[tuple[str, str], tuple[_Entry, ...]] = {}
    for entry in entries:
        key = (entry.place.branch, entry.place.group)
        groups[key] = (*groups.get(key, ()), entry)
    return groups


def _derive(built: Assembly, entry: _Entry, value: Fraction) -> int | Absence:
    recipe, place = entry.source.recipe, entry.place
    if recipe.elapsed:
        as_of = built.tree["demand"].get("as_of_month")
        if not isinstance(as_of, int):
            return ABSENT
        months = as_of - settle_month(value)
        value = Fraction(months // 12 if own_unit(place) == "years" else months)
    else:
        divisor_place = find_place(recipe.divide_by)
        divisor = built.tree[divisor_place.branch].get(divisor_place.leaf)
        if not isinstance(divisor, int) or divisor == 0:
            return ABSENT
        value /= divisor
        # What rests on an assumption is itself one.
        if recipe.divide_by in built.defaults and place.path not in built.defaults:
            built.defaults.append(place.path)
    try:
        whole, clamped = finish(value, recipe, place.field)
    except Invalid as fault:
        fault.values.setdefault("column", entry.label)
        raise
    if clamped:
        built.clamped.append(place.path)
    return whole


def settle_month(value: Fraction) -> int:
    """Return a month index that `compile_date` has made, which is whole."""
    assert value.denominator == 1
    return value.numerator


def _apply_default(built: Assembly, default: _Default) -> None:
    leaves, value = built.tree[default.branch], default.value
    place = default.place
    if place is None:
        if default.group not in leaves:
            leaves[default.group] = []
            built.defaults.append(default.path)
        return
    applied = False
    for row in _rows_of(leaves, place):
        if place.leaf not in row:
            row[place.leaf] = list(value) if isinstance(value, list) else value
            applied = True
    if applied:
        built.defaults.append(default.path)


def _compile_default(path: str, value: object) -> _Default:
    branch, _, group = path.partition(".")
    listed = is_row_list(branch, group)
    return _Default(path, branch, group, None if listed else find_place(path), value)


def _rows_of(leaves: Leaves, place: Place) -> list[Leaves]:
    """Return the maps in which the leaf of `place` stands; rows are never made by a default."""
    if place.index == PLAIN:
        return [leaves]
    if place.index == MAP:
        group = leaves.setdefault(place.group, {})
        assert isinstance(group, dict)
        return [group]
    rows = leaves.get(place.group, [])
    assert isinstance(rows, list)
    return rows if place.index == EACH else rows[place.index : place.index + 1]


def _required(label: str) -> Invalid:
    return Invalid(
        "source.required",
        "the row lacks a value that the mapping requires",
        cure="Complete the row, or give a default and drop required.",
        column=label,
    )


def _list_refused(most: int) -> Invalid:
    return Invalid(
        "source.not_list",
        f"a list of at most {most} rows is read here",
        cure="Give a list, or shorten it.",
    )
