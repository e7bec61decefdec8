"""From a training table to the matrix of floats that trees are grown on.

Laws: an integer below 2^53 stays what it is; what is unknown becomes NaN; levels become their
places among the codes that training knew, and any other code is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tallystick.learning.scorecard import find_state
from tallystick.learning.table import Column, Floats, Table

__all__ = ["LEVELS_MOST", "Encoding", "encode"]

LEVELS_MOST: Final = 255
"""Most levels of a feature that trees tell apart: the bins of the histogram."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a table becomes a matrix.

    Attributes:
        names: of the matrix's columns, those to split by sets of levels first.
        levels: by column: the codes told apart, ascending; None for a number.
        sets: how many columns are split by sets of levels.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[int, ...] | None, ...]
    sets: int

    def matrix(self, table: Table) -> Floats:
        """Return the rows of a table; shape `(n_rows, n_names)`, NaN where unknown."""
        columns = {column.name: column for column in table.columns}
        result = np.empty((len(table), len(self.names)))
        for index, (name, levels) in enumerate(zip(self.names, self.levels, strict=True)):
            result[:, index] = _encoded(columns[name], levels)
        return result


def encode(sample: Table) -> Encoding:
    """Return how to encode rows for trees that are grown on this sample.

    Columns that no split could tell apart are left out.

    Levels of which the sample knows only one become a number: scikit-learn splits such a
    column by a set that it never fills.
    """
    levels = {
        column.name: _levels(column, sample.weights) if column.kind == "level" else None
        for column in sample.columns
        if find_state(column) == "used"
    }
    split = [name for name, codes in levels.items() if codes and len(codes) > 1]
    names = (*split, *(name for name in levels if name not in split))
    return Encoding(names, tuple(levels[name] for name in names), len(split))


def _levels(column: Column, weights: Floats) -> tuple[int, ...]:
    """Return the heaviest codes of a column, ascending; on equal weight the lesser code."""
    codes, place = np.unique(column.values[column.known], return_inverse=True)
    weight = np.bincount(place, weights=weights[column.known])
    heaviest = np.argsort(-weight, kind="stable")[:LEVELS_MOST]
    return tuple(np.sort(codes[heaviest]).tolist())


def _encoded(column: Column, levels: tuple[int, ...] | None) -> Floats:
    """Return a column as floats, or as places among these levels; NaN where unknown."""
    if levels is None:
        return np.where(column.known, column.values, np.nan)
    codes = np.array(levels, dtype=np.int64)
    place = np.minimum(np.searchsorted(codes, column.values), len(codes) - 1)
    return np.where(column.known & (codes[place] == column.values), place, np.nan)
