"""Integer features for the scorecard, read beside the application.

A number is settled by its declared scale and rounding; a level is the place of its text in the
declared list, so that its code never depends on the file. What is unknown has no entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tallystick.base.errors import Invalid
from tallystick.records.applicant import Field
from tallystick.sources.cells import (
    Absence,
    compile_formula_value,
    compile_number,
    compile_value,
    translate,
)
from tallystick.sources.documents import Json
from tallystick.sources.mapping import Feature, Mapping
from tallystick.sources.numbers import INTEGER_LIMIT
from tallystick.sources.recipes import Formula
from tallystick.sources.rows import Record, Records, bind, bind_formula

__all__ = ["FeatureReader", "Read"]

_ANY = Field("count", 1 - INTEGER_LIMIT, INTEGER_LIMIT - 1)
_PPM = Fraction(1_000_000)

Find = Callable[[Record], "tuple[int | None, bool]"]


@dataclass(frozen=True, slots=True)
class Read:
    """The columns of one row, each by name; what is unknown has no entry.

    Attributes:
        features: what the scorecard may use.
        protected: kept for audits of fairness.
        later: known only after the decision.
    """

    features: dict[str, int]
    protected: dict[str, int]
    later: dict[str, int]

    def part(self, feature: Feature) -> dict[str, int]:
        """Return where a feature's value belongs."""
        if feature.protected:
            return self.protected
        return self.later if feature.known_at == "after" else self.features


class FeatureReader:
    """A mapping's features bound to one file."""

    def __init__(self, mapping: Mapping, records: Records, *, training: bool) -> None:
        """Bind every feature; without `training`, those a live case lacks are left out."""
        self._features: list[tuple[Feature, Find]] = [
            (feature, _bind(feature, mapping, records))
            for feature in mapping.features
            if feature.is_read(training=training)
        ]

    def read(self, record: Record, clamped: list[str]) -> Read:
        """Return features, protected columns, and columns known later, by name.

        Args:
            record: one row or document.
            clamped: list that names of clamped features are added to.

        Raises:
            Invalid: the row's first fault, its column among the values.
        """
        found = Read({}, {}, {})
        for feature, find in self._features:
            try:
                value, bounded = find(record)
            except Invalid as fault:
                fault.values.setdefault("column", feature.name)
                raise
            if bounded:
                clamped.append(f"features.{feature.name}")
            if value is not None:
                found.part(feature)[feature.name] = value
        return found


def _bind(feature: Feature, mapping: Mapping, records: Records) -> Find:
    recipe, style = feature.recipe, mapping.layout.style
    missing = records.missing if recipe.missing is None else recipe.missing
    if feature.kind == "level":
        return _bind_level(feature, records, missing)
    if isinstance(recipe.origin, Formula):
        result = bind_formula(recipe.origin, records, compile_number(recipe, style, missing))
        scale = _PPM if recipe.is_ratio else Fraction(1)
        settle = compile_formula_value(recipe, _ANY, scale)
        return lambda record: _whole(*settle(result(record)))
    find = bind(recipe.origin, records)
    value = compile_value(recipe, _ANY, Fraction(1), style, missing)
    return lambda record: _whole(*value(find(record)))


def _whole(value: object, clamped: bool) -> tuple[int | None, bool]:  # noqa: FBT001 - a pair
    if isinstance(value, Absence):
        return None, False
    assert isinstance(value, int)
    return value, clamped


def _bind_level(feature: Feature, records: Records, missing: frozenset[str]) -> Find:
    recipe = feature.recipe
    assert not isinstance(recipe.origin, Formula)
    find: Callable[[Record], Json] = bind(recipe.origin, records)
    codes = {level: code for code, level in enumerate(feature.levels)}

    def read(record: Record) -> tuple[int | None, bool]:
        text = translate(find(record), recipe, missing)
        if isinstance(text, Absence):
            return None, False
        code = codes.get(text)
        if code is None:
            raise Invalid(
                "source.level_unknown",
                f"the value is none of the {len(codes)} declared levels",
                cure='Add it to levels, or translate it with values and others = "missing".',
            )
        return code, False

    return read
