"""The training table: integer columns with masks, an outcome, weights and groups.

Laws: built once by `table_from_rows`, checked there; rows are never dropped silently. An
outcome is 0 (good), 1 (bad) or unknown. Rows of one group (one household, one firm) stay
together in every split. Limits: features are integers with |x| < 2^53.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tallystick.base.errors import Invalid
from tallystick.exact.batch import Bools, Integers
from tallystick.exact.reading import INTEGER_LIMIT

__all__ = ["UNKNOWN", "Column", "Floats", "Table", "table_from_rows"]

Floats: TypeAlias = NDArray[np.float64]
"""Floats; the shape stands where they are used."""

UNKNOWN: Final = -1
"""The outcome of a row that has none yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One feature of every row.

    Attributes:
        name: the feature.
        kind: `number` has an order, `level` is a code without one.
        values: shape `(n_rows,)`; 0 where not known.
        known: shape `(n_rows,)`.
    """

    name: str
    kind: Literal["number", "level"]
    values: Integers
    known: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows to train on and to score.

    Attributes:
        columns: by ascending name.
        outcomes: shape `(n_rows,)`: 0 good, 1 bad, `UNKNOWN`.
        weights: shape `(n_rows,)`: how many rows each stands for; more than 0.
        groups: shape `(n_rows,)`: rows of one number belong together.
    """

    columns: tuple[Column, ...]
    outcomes: Integers
    weights: Floats
    groups: Integers

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.outcomes)

    @property
    def labelled(self) -> Bools:
        """Return which rows have an outcome; shape `(n_rows,)`."""
        result: Bools = self.outcomes != UNKNOWN
        return result

    def take(self, rows: Bools) -> Table:
        """Return the rows marked in `rows`, in their order."""
        columns = tuple(
            Column(column.name, column.kind, column.values[rows], column.known[rows])
            for column in self.columns
        )
        return Table(columns, self.outcomes[rows], self.weights[rows], self.groups[rows])

    def arrays(self) -> dict[str, tuple[Integers, Bools]]:
        """Return the columns as `exact.batch.score_batch` takes them."""
        return {column.name: (column.values, column.known) for column in self.columns}


def table_from_rows(
    rows: Sequence[Mapping[str, int]],
    targets: Sequence[int | None],
    level_names: Collection[str],
    *,
    weights: Sequence[float] | None = None,
    groups: Sequence[str] | None = None,
) -> Table:
    """Return the table of these rows.

    Args:
        rows: integer features by name; an absent key is a missing value. Every feature
            that any row has becomes a column.
        targets: 0 good, 1 bad, None unknown; one per row.
        level_names: the features whose integers are codes without an order.
        weights: how many rows each stands for, finite and above 0; one each unless given.
        groups: whom each row is about; every row its own group unless given.

    Raises:
        Invalid: `learning.rows` if lengths differ, there is no row, or a value is not of
            the type and range above.
    """
    count = len(rows)
    for name, given in (("targets", targets), ("weights", weights), ("groups", groups)):
        if given is not None and len(given) != count:
            raise _refuse(f"{count} rows came with {len(given)} {name}")
    if count == 0:
        raise _refuse("no row")
    names = sorted({name for row in rows for name in row})
    columns = tuple(_column(name, rows, levelled=name in level_names) for name in names)
    return Table(columns, _outcomes(targets), _weights(weights, count), _groups(groups, count))


def _column(name: str, rows: Sequence[Mapping[str, int]], *, levelled: bool) -> Column:
    """Return one column of the rows."""
    found = [row.get(name) for row in rows]
    for value in found:
        if value is not None and (type(value) is not int or abs(value) >= INTEGER_LIMIT):
            raise _refuse(f"{name}: a value is no integer below 2^53 ({type(value).__name__})")
    values = np.array([0 if value is None else value for value in found], dtype=np.int64)
    known = np.array([value is not None for value in found], dtype=np.bool_)
    return Column(name, "level" if levelled else "number", values, known)


def _outcomes(targets: Sequence[int | None]) -> Integers:
    """Return outcomes with `UNKNOWN` for None."""
    for value in targets:
        if value is not None and (type(value) is not int or value not in (0, 1)):
            raise _refuse("an outcome is neither 0, 1 nor unknown")
    return np.array([UNKNOWN if value is None else value for value in targets], dtype=np.int64)


def _weights(weights: Sequence[float] | None, count: int) -> Floats:
    """Return the weights, one each unless given."""
    result = np.ones(count) if weights is None else np.array(weights, dtype=np.float64)
    if not np.all(np.isfinite(result) & (result > 0)):
        raise _refuse("a weight is not above 0 and finite")
    return result


def _groups(groups: Sequence[str] | None, count: int) -> Integers:
    """Return a number per group, by first appearance."""
    if groups is None:
        return np.arange(count, dtype=np.int64)
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.int64)


def _refuse(fact: str) -> Invalid:
    """Return the error for rows that are no table."""
    return Invalid(
        "learning.rows",
        fact,
        cure="Give integer features, outcomes 0, 1 or unknown, and one entry per row.",
    )
