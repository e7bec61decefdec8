"""When each datum of an application was last updated.

A date stands in a column of its own and speaks for the fields under a prefix; the longest prefix
decides. Laws: only what the file gave is dated, never a default; a date that is missing stays
unknown, and no other date takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction

from tallystick.base.errors import Invalid
from tallystick.records.applicant import Field
from tallystick.sources.cells import Absence, Reader, compile_value
from tallystick.sources.documents import Json
from tallystick.sources.mapping import DateRecipe, Mapping
from tallystick.sources.recipes import Reference
from tallystick.sources.rows import Record, Records, bind

__all__ = ["UpdateReader"]

_MONTH = Field("month", 0, 12 * 3000)


@dataclass(frozen=True, slots=True)
class _Date:
    prefix: str
    label: str
    find: Callable[[Record], Json]
    value: Reader


class UpdateReader:
    """A mapping's dates bound to one file.

    Attributes:
        unseen: columns or paths of dates from which no row so far has had a value.
    """

    def __init__(self, mapping: Mapping, records: Records) -> None:
        """Bind every date of `mapping` to the columns or paths of `records`."""
        self._dates = sorted(
            (_bind(date, mapping, records) for date in mapping.dates),
            key=lambda date: (-len(date.prefix), date.prefix),
        )
        self._date_of: dict[str, _Date | None] = {}
        self.unseen = {date.label for date in self._dates}

    def read(self, record: Record, given: AbstractSet[str]) -> dict[str, int]:
        """Return the month of the last update by path, in the order of the paths.

        Args:
            record: one row or document.
            given: paths of what the file gave.

        Raises:
            Invalid: the fault of a date, its column among the values.
        """
        if not self._dates:
            return {}
        # Every date is read, so that a faulty one is told even where it speaks for nothing here.
        months = {date.prefix: self._month(record, date) for date in self._dates}
        dated = {}
        for path in sorted(given):
            date = self._find(path)
            month = None if date is None else months[date.prefix]
            if month is not None:
                dated[path] = month
        return dated

    def _month(self, record: Record, date: _Date) -> int | None:
        try:
            value, _ = date.value(date.find(record))
        except Invalid as fault:
            fault.values.setdefault("column", date.label)
            raise
        if isinstance(value, Absence):
            return None
        assert isinstance(value, int)
        self.unseen.discard(date.label)
        return value

    def _find(self, path: str) -> _Date | None:
        if path not in self._date_of:
            self._date_of[path] = next(
                (date for date in self._dates if _covers(date.prefix, path)), None
            )
        return self._date_of[path]


def _covers(prefix: str, path: str) -> bool:
    return not prefix or path == prefix or path.startswith(prefix + ".")


def _bind(date: DateRecipe, mapping: Mapping, records: Records) -> _Date:
    recipe = date.recipe
    assert isinstance(recipe.origin, Reference)
    missing = records.missing if recipe.missing is None else recipe.missing
    value = compile_value(recipe, _MONTH, Fraction(1), mapping.layout.style, missing)
    return _Date(date.prefix, recipe.origin.name, bind(recipe.origin, records), value)
