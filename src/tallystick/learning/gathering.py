"""A training table gathered row by row, in 9 bytes an entry instead of a map a row.

Laws: the table is the one that `learning.table.table_from_rows` would build of the same rows with
an outcome, but that a column without any value is there too, so that it can be told; rows without
an outcome are counted and not kept. Limits: `ROWS_MOST` rows with an outcome; features are
integers with |x| < 2^53, as the reader of the rows has seen to.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tallystick.base.errors import Invalid
from tallystick.learning.table import Column, Table

__all__ = ["ROWS_MOST", "Gathered", "Gatherer"]

ROWS_MOST: Final = 2_000_000
"""Most rows that are gathered."""

Kind = Literal["number", "level"]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was gathered.

    Attributes:
        table: the columns asked for, with an outcome in every row.
        unlabelled: rows without an outcome, which are not in it.
    """

    table: Table
    unlabelled: int


class Gatherer:
    """Gathers rows; `finish` makes the table."""

    __slots__ = (
        *("_count", "_groups", "_kinds", "_known"),
        *("_numbers", "_outcomes", "_unlabelled", "_values"),
    )

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """Prepare for these columns, each a `number` or a `level`."""
        self._kinds = dict(sorted(kinds.items()))
        self._values = {name: array("q") for name in self._kinds}
        self._known = {name: bytearray() for name in self._kinds}
        self._outcomes = array("b")
        self._groups = array("q")
        self._numbers: dict[str, int] = {}
        self._count = 0
        self._unlabelled = 0

    def add(self, row: Mapping[str, int], outcome: int | None, group: str | None = None) -> None:
        """Gather one row.

        Args:
            row: integers by column; an absent key is a missing value.
            outcome: 0 good, 1 bad, None unknown.
            group: whom the row is about; a group of its own where not said.

        Raises:
            Invalid: `learning.many_rows` beyond `ROWS_MOST`.
        """
        if outcome is None:
            self._unlabelled += 1
            return
        place = len(self._outcomes)
        if place == ROWS_MOST:
            raise Invalid(
                "learning.many_rows",
                f"more than {ROWS_MOST} rows have an outcome",
                cure="Draw a sample of them.",
            )
        for name, values in self._values.items():
            value = row.get(name)
            values.append(0 if value is None else value)
            self._known[name].append(value is not None)
        self._outcomes.append(outcome)
        number = self._count if group is None else self._numbers.setdefault(group, self._count)
        self._count += number == self._count
        self._groups.append(number)

    def finish(self) -> Gathered:
        """Return the table of all rows.

        Raises:
            Invalid: `learning.few_rows` if no row has an outcome.
        """
        if not self._outcomes:
            raise Invalid(
                "learning.few_rows",
                f"none of {self._unlabelled} rows has an outcome",
                cure="Check [target] of the mapping, or wait for outcomes.",
            )
        columns = tuple(
            Column(
                name,
                kind,
                np.frombuffer(self._values[name], dtype=np.int64),
                np.frombuffer(self._known[name], dtype=np.bool_),
            )
            for name, kind in self._kinds.items()
        )
        outcomes = np.frombuffer(self._outcomes, dtype=np.int8).astype(np.int64)
        groups = np.frombuffer(self._groups, dtype=np.int64)
        table = Table(columns, outcomes, np.ones(len(outcomes)), groups)
        return Gathered(table, self._unlabelled)
