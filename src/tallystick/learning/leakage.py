"""Columns that tell the end they are to predict, found before a model can use them.

A column leaks, in this order:

- `after`: the mapping says that it is known only after the decision;
- `alone`: nobody says when it is known, and alone it ranks unseen rows with an AUC of at least
  `ALONE_LEAST`, its absence counted as a value (by the rates of quantile cells, or of levels, in
  the other folds);
- `copy`: nobody says when it is known, and its ranks are those of a leaking column (Spearman at
  least `RANK_LEAST` either way, where both are known);
- `function`: nobody says when it is known, and a leaking column determines it, or it determines
  a leaking column.

Copies of copies leak too. A column that the mapping declares as known in time is never taken out;
where it is a copy of one that leaks, that is a doubt, and is told.

Laws: pure, and the same for any order of the columns. That a value always goes with another counts
only where chance would have parted them `EVIDENCE_LEAST` times, so that a column without repeats
(an id, a sum to the cent) does not determine everything. Limit: a leak that is weak alone and
undeclared, such as a date some months late, is not found; nobody but its owner can know.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tallystick.exact.batch import Bools, Integers, places
from tallystick.learning.folds import assign_folds
from tallystick.learning.metrics import auc
from tallystick.learning.table import Column, Floats, Table

__all__ = [
    "ALONE_LEAST",
    "EVIDENCE_LEAST",
    "RANK_LEAST",
    "Leak",
    "Leakage",
    "Why",
    "auc_alone",
    "find_leaks",
    "is_determined",
    "rank_correlation",
]

ALONE_LEAST: Final = 0.80
"""AUC alone from which an undeclared column is too good to be known in time."""

RANK_LEAST: Final = 0.98
"""Rank correlation from which a column is a copy."""

EVIDENCE_LEAST: Final = 10.0
"""Times that 2 unrelated columns would have to part, so that never parting means something."""

_FOLDS: Final = 5
_CELLS: Final = 32
_SMOOTHING: Final = 4.0
_OVERLAP_LEAST: Final = 30
_OVERLAP_SHARE: Final = 0.5

Why = Literal["after", "alone", "copy", "function"]
"""How a column leaks; see the module."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that leaks, or a declared one that seems to.

    Attributes:
        column: its name.
        why: how it leaks.
        of: the leaking column whose copy or function it is, or empty.
        strength: AUC for `alone`, rank correlation for `copy`, 1 otherwise.
    """

    column: str
    why: Why
    of: str = ""
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Leakage:
    """What was found, each by why and name.

    Attributes:
        leaks: columns to leave out.
        doubts: columns declared as known in time that are copies of one that leaks.
    """

    leaks: tuple[Leak, ...]
    doubts: tuple[Leak, ...]


def find_leaks(
    table: Table, later: Sequence[Column], undeclared: Collection[str], *, seed: int
) -> Leakage:
    """Return the columns that leak.

    Args:
        table: candidates, and at least 5 groups of each outcome.
        later: columns declared to be known only after the decision, of the same rows.
        undeclared: names of candidates of which nobody says when they are known.
        seed: of the folds of `alone`.
    """
    leaks = [Leak(column.name, "after") for column in sorted(later, key=_name_of)]
    leaking = {column.name: column for column in later}
    free = [column for column in table.columns if column.name in undeclared]
    for column in free:
        strength = auc_alone(table, column, seed=seed)
        if strength >= ALONE_LEAST:
            leaks.append(Leak(column.name, "alone", strength=strength))
            leaking[column.name] = column
    leaks += _spread(free, leaking)
    declared = [column for column in table.columns if column.name not in undeclared]
    doubts = [_copied(column, leaking) for column in declared]
    return Leakage(tuple(leaks), tuple(doubt for doubt in doubts if doubt is not None))


def auc_alone(table: Table, column: Column, *, seed: int) -> float:
    """Return how well one column alone ranks rows it was not binned on: mean AUC over folds.

    Args:
        table: rows with outcomes; those without are left out.
        column: of the same rows; one without a known or a second value gives .5.
        seed: of the folds.
    """
    sample = Table((column,), table.outcomes, table.weights, table.groups).take(table.labelled)
    if len(np.unique(_codes(sample.columns[0]))) < 2:  # noqa: PLR2004 - one value ranks nothing
        return 0.5
    fold_of = assign_folds(sample, folds=_FOLDS, seed=seed)
    return float(np.mean([_auc_of_fold(sample, fold_of == fold) for fold in range(_FOLDS)]))


def _auc_of_fold(sample: Table, inside: Bools) -> float:
    """Return the AUC in a fold of the rates found outside of it, a few average rows added.

    The bins of `learning.binning` would not do: they merge a cell of one outcome only with its
    neighbours, and such cells are what a leak is made of.
    """
    train, test = sample.take(~inside), sample.take(inside)
    column = train.columns[0]
    cuts = _cuts(column)
    prior = float(train.outcomes.mean())
    size = len(cuts) + 3
    place = places(column.kind, cuts, column.values, column.known)
    bad = np.bincount(place, weights=train.outcomes, minlength=size) + _SMOOTHING * prior
    rate = bad / (np.bincount(place, minlength=size) + _SMOOTHING)
    column = test.columns[0]
    return auc(rate[places(column.kind, cuts, column.values, column.known)], test.outcomes)


def _cuts(column: Column) -> Integers:
    """Return level codes, or the cuts between a number's cells, floored midway.

    Cells are quantiles; a value that fills one is a cell of its own, so that a code of absence
    among the numbers does not swallow its neighbours.
    """
    distinct, count = np.unique(column.values[column.known], return_counts=True)
    if column.kind == "level" or len(distinct) == 0:
        return distinct
    rows = int(count.sum())
    quantile = (2 * np.cumsum(count) - count) * _CELLS // (2 * rows)
    heavy = count * _CELLS >= rows
    ends = (quantile[1:] != quantile[:-1]) | heavy[1:] | heavy[:-1]
    result: Integers = (distinct[:-1][ends] + distinct[1:][ends]) // 2
    return result


def _spread(free: Sequence[Column], leaking: dict[str, Column]) -> list[Leak]:
    """Return undeclared copies of leaking columns, and of those copies; all join `leaking`."""
    found: list[Leak] = []
    while True:
        rest = [column for column in free if column.name not in leaking]
        copies = [(column, _copied(column, leaking)) for column in rest]
        fresh = [(column, copy) for column, copy in copies if copy is not None]
        if not fresh:
            return found
        found += [copy for _, copy in fresh]
        leaking.update({column.name: column for column, _ in fresh})


def _copied(column: Column, leaking: dict[str, Column]) -> Leak | None:
    """Return of which leaking column this one is a copy, the first by name, if of any."""
    for name in sorted(leaking):
        other = leaking[name]
        strength = abs(rank_correlation(column, other))
        if strength >= RANK_LEAST:
            return Leak(column.name, "copy", name, strength)
        if is_determined(column, by=other) or is_determined(other, by=column):
            return Leak(column.name, "function", name)
    return None


def rank_correlation(left: Column, right: Column) -> float:
    """Return Spearman's correlation where both columns are known, ties at their mean rank.

    0 unless both are numbers, both vary there, and at least half of the known rows of `left`,
    and 30 of them, are known in `right` too.
    """
    both = left.known & right.known
    count = int(both.sum())
    if "level" in (left.kind, right.kind) or count < _OVERLAP_LEAST:
        return 0.0
    if count < _OVERLAP_SHARE * int(left.known.sum()):
        return 0.0
    first, second = _ranks(left.values[both]), _ranks(right.values[both])
    size = float(np.sqrt(first @ first) * np.sqrt(second @ second))
    return float(first @ second) / size if size > 0 else 0.0


def is_determined(column: Column, *, by: Column) -> bool:
    """Return whether equal entries of `by` always go with equal entries of `column`.

    A missing entry is an entry. Rows that repeat an entry of `by` are the evidence: were the
    columns unrelated, `EVIDENCE_LEAST` of them would have to differ from the first of their kind.
    """
    codes, shown = _codes(by), _codes(column)
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    if np.any(shown[first][place] != shown):
        return False
    parts = np.bincount(shown) / len(shown)
    repeats = len(shown) - len(first)
    return repeats * (1.0 - float(parts @ parts)) >= EVIDENCE_LEAST


def _codes(column: Column) -> Integers:
    """Return a number per entry, 0 upwards; a missing entry is one of them."""
    _, place = np.unique(np.where(column.known, column.values, 0), return_inverse=True)
    result: Integers = np.where(column.known, place + 1, 0)
    return np.unique(result, return_inverse=True)[1].astype(np.int64)


def _ranks(values: Integers) -> Floats:
    """Return ranks less their mean, ties at their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    result: Floats = rank[place] - (len(values) + 1) / 2
    return result


def _name_of(column: Column) -> str:
    """Return a column's name."""
    return column.name
