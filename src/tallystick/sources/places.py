"""Places in the application tree: which leaf a mapping's target names, and in which units.

A target is `profile.age_years`, `demand.terms_asked.term_months`, `profile.crops[].crop` (one row
per element of a nested list) or `profile.debts[0].balance_minor` (a row laid out in columns).
Source of leaves and ranges: `tallystick.records.applicant`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tallystick.base.errors import Invalid
from tallystick.records.applicant import DEMAND, PROFILE, Field, Row

__all__ = [
    "EACH",
    "MAP",
    "PLAIN",
    "Place",
    "find_group",
    "find_place",
    "find_prefix",
    "is_row_list",
    "own_unit",
    "units_of",
]

EACH = -1
"""Index of a place in every row of a nested list, written `[]`."""
MAP = -2
"""Index of a place in a group that is one map."""
PLAIN = -3
"""Index of a leaf that stands directly in profile or demand."""

_TREE: dict[str, dict[str, Field | Row]] = {"profile": PROFILE, "demand": DEMAND}
_TARGET = re.compile(
    r"(profile|demand)\.([a-z0-9_]+)(?:\[([0-9]|[1-9][0-9]|)\])?(?:\.([a-z0-9_]+))?"
)
_MONEY = {
    "fen": Fraction(1),
    "yuan": Fraction(100),
    "thousand_yuan": Fraction(100_000),
    "ten_thousand_yuan": Fraction(1_000_000),
}
_RATE = {
    "ppm": Fraction(1),
    "basis_point": Fraction(100),
    "per_mille": Fraction(1_000),
    "percent": Fraction(10_000),
    "fraction": Fraction(1_000_000),
}
_AREA = {  # 15 mu are one hectare.
    "centimu": Fraction(1),
    "mu": Fraction(100),
    "hectare": Fraction(1_500),
    "square_metre": Fraction(3, 20),
}
_COUNTS = {
    "years": {"years": Fraction(1), "months": Fraction(1, 12)},
    "months": {"months": Fraction(1), "years": Fraction(12), "days": Fraction(12, 365)},
    "days": {"days": Fraction(1)},
    "hundredth": {"hundredth": Fraction(1), "one": Fraction(100)},
    "km": {"km": Fraction(1), "metre": Fraction(1, 1000), "li": Fraction(1, 2)},
    "kg": {"kg": Fraction(1), "jin": Fraction(1, 2), "tonne": Fraction(1000)},
    "one": {"one": Fraction(1)},
}


@dataclass(frozen=True, slots=True)
class Place:
    """One leaf of the tree.

    Attributes:
        path: the target as written, such as `profile.debts[0].balance_minor`.
        branch: `profile` or `demand`.
        group: name of the row list or map the leaf stands in, or empty.
        index: `PLAIN`, `MAP`, `EACH`, or the number of the row.
        leaf: name of the leaf.
        field: its kind and range.
    """

    path: str
    branch: str
    group: str
    index: int
    leaf: str
    field: Field

    @property
    def datum(self) -> str:
        """Return the path by which the datum is dated: the leaf's, or that of its nested list."""
        return f"{self.branch}.{self.group}" if self.index >= EACH else self.path


def find_place(path: str) -> Place:
    """Return the leaf that `path` names.

    Raises:
        Invalid: `mapping.unknown_target`, with the nearest leaf as cure.
    """
    found = _TARGET.fullmatch(path)
    if found is None:
        raise _unknown(path)
    branch, name, index, leaf = found.groups()
    entry = _TREE[branch].get(name)
    if isinstance(entry, Field) and index is None and leaf is None:
        return Place(path, branch, "", PLAIN, name, entry)
    if (
        not isinstance(entry, Row)
        or leaf not in entry.fields
        or (entry.most > 0) != (index is not None)
    ):
        raise _unknown(path)
    number = MAP if index is None else EACH if not index else int(index)
    if number >= max(entry.most, 1):
        raise _unknown(path)
    return Place(path, branch, name, number, leaf, entry.fields[leaf])


def find_group(branch: str, group: str) -> Row:
    """Return the row list or map of that name, which `find_place` has already proven."""
    entry = _TREE[branch][group]
    assert isinstance(entry, Row)
    return entry


def is_row_list(branch: str, group: str) -> bool:
    """Return whether `branch` holds a list of rows named `group`."""
    entry = _TREE.get(branch, {}).get(group)
    return isinstance(entry, Row) and entry.most > 0


def find_prefix(path: str) -> str:
    """Return `path`, proven to name a branch, a leaf, a group, or a leaf of a group that is a map.

    Raises:
        Invalid: `mapping.unknown_target`, with the nearest as cure.
    """
    known = sorted({*_TREE, *_data()})
    if path not in known:
        raise _unknown(path, known)
    return path


def _data() -> Iterator[str]:
    for branch, entries in _TREE.items():
        for name, entry in entries.items():
            yield f"{branch}.{name}"
            if isinstance(entry, Row) and not entry.most:
                yield from (f"{branch}.{name}.{leaf}" for leaf in entry.fields)


def own_unit(place: Place) -> str:
    """Return the unit in which the leaf's integer counts, such as `fen` or `months`."""
    kind, words = place.field.kind, place.leaf.split("_")
    if kind in ("money", "rate", "area"):
        return {"money": "fen", "rate": "ppm", "area": "centimu"}[kind]
    if words[-1] == "centi":
        return "hundredth"
    return next((unit for unit in ("years", "months", "days", "km", "kg") if unit in words), "one")


def units_of(place: Place) -> dict[str, Fraction]:
    """Return the units that may be declared for a number here, each in own units."""
    kind = place.field.kind
    if kind in ("money", "rate", "area"):
        return {"money": _MONEY, "rate": _RATE, "area": _AREA}[kind]
    if kind == "month":
        return {"month_index": Fraction(1)}
    return _COUNTS[own_unit(place)] if kind == "count" else {}


def _unknown(path: str, known_paths: list[str] | None = None) -> Invalid:
    paths = _all_paths() if known_paths is None else known_paths
    longer = [known for known in paths if known.startswith(path)]
    near = longer or difflib.get_close_matches(path, paths, n=1, cutoff=0.4)
    cure = f"Did you mean {near[0]}?" if near else "The leaves are listed in docs/mapping.md."
    return Invalid(
        "mapping.unknown_target", f"the application tree has no leaf {path}", cure=cure, target=path
    )


def _all_paths() -> list[str]:
    paths = []
    for branch, entries in _TREE.items():
        for name, entry in entries.items():
            if isinstance(entry, Field):
                paths.append(f"{branch}.{name}")
            else:
                mark = "[]" if entry.most else ""
                paths += [f"{branch}.{name}{mark}.{leaf}" for leaf in entry.fields]
    return paths
