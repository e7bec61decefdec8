"""A mapping: what a foreign file's columns mean, as data.

`tallystick.sources.loading` reads and checks it; `tallystick.sources.applications` runs it.
The reference of every key is docs/mapping.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from tallystick.sources.numbers import Style
from tallystick.sources.places import Place
from tallystick.sources.recipes import Recipe, Reference

__all__ = [
    "DateRecipe",
    "Feature",
    "FieldRecipe",
    "Layout",
    "Mapping",
    "Target",
]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file is written; see `[file]` in docs/mapping.md."""

    format: str = "auto"
    encoding: str = "detect"
    delimiter: str = ""
    member: str = ""
    header: bool = True
    columns: tuple[str, ...] = ()
    missing: frozenset[str] | None = None
    style: Style = Style()
    sheet: str = ""
    header_row: int = 1
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldRecipe:
    """One leaf of the application, the recipe of its value, and fen per unit of its currency."""

    place: Place
    recipe: Recipe
    factor: Fraction


@dataclass(frozen=True, slots=True)
class DateRecipe:
    """When the fields under a prefix were last updated.

    Attributes:
        prefix: path of fields, such as `profile.crops`, or empty for all of them.
        recipe: how the date is read.
    """

    prefix: str
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Feature:
    """One integer column for the scorecard.

    Attributes:
        name: the feature's name.
        recipe: how its value is read.
        kind: `number`, or `level` whose integer is the place of its text in `levels`.
        levels: texts of the levels in coded order, after translation by `values`.
        monotone: direction in which the risk of a bad end may move as the value grows.
        known_at: `application`, or `decision` where the lender sets it (told in notes), or
            `after` where only the loan's course tells it: read in training, kept beside the
            features for the search for leaks, never among them.
        declared: whether the mapping states `known_at`; where it does not, the column counts
            as known at the application and training looks whether that can be true.
        protected: kept beside the features for audits of fairness, never among them.
        use: `both`, or `train` for columns that a live case will not have.
    """

    name: str
    recipe: Recipe
    kind: Literal["number", "level"]
    levels: tuple[str, ...]
    monotone: Literal["up", "down", "none"]
    known_at: Literal["application", "decision", "after"]
    declared: bool
    protected: bool
    use: Literal["train", "both"]

    def is_read(self, *, training: bool) -> bool:
        """Return whether a row gives it; a live case has no column that comes later."""
        return training or (self.use == "both" and self.known_at != "after")


@dataclass(frozen=True, slots=True)
class Target:
    """How a loan ended: the column and the texts that say good, bad or unknown."""

    origin: Reference
    good: frozenset[str]
    bad: frozenset[str]
    unknown: frozenset[str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping.

    Attributes:
        name: the mapping file's name without its ending.
        digest: SHA-256 of the mapping's bytes, in hexadecimal.
        layout: how the file is written.
        key: where the case's own id is found, or None.
        fields: leaves of the application.
        defaults: values for leaves that the file lacks, in the leaves' own units.
        features: columns for the scorecard, protected ones included.
        target: how the loan ended, or None.
        keep: parts handed through unchanged under `expected`.
        notes: what the reader of the mapping should know, one English sentence each.
        dates: when fields were last updated, at most one recipe per prefix.
    """

    name: str
    digest: str
    layout: Layout
    key: Reference | None
    fields: tuple[FieldRecipe, ...]
    defaults: dict[str, object]
    features: tuple[Feature, ...]
    target: Target | None
    keep: tuple[Reference, ...]
    notes: tuple[str, ...]
    dates: tuple[DateRecipe, ...] = ()
