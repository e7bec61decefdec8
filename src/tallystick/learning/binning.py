"""Optimal monotone binning: the partition of greatest information value, exactly.

Numbers are first cut into at most `prebins` quantile cells; level codes are ordered by their
rate of bad outcomes. Dynamic programming over the cells then finds, among all partitions into
runs of cells whose rates do not fall (or do not rise), with the least share and both outcomes
in every bin, the one of greatest information value; on equal value the one of fewer bins.

Formulas, with e, g the weights of bad and good rows of a bin, E, G those of the feature's
rows altogether, N = E + G and s the smoothing in rows::

    rate = (e + s E/N) / (e + g + s)
    WoE  = ln((e + s E/N) / (g + s G/N)) - ln(E/G)       higher is worse; no row, no evidence: 0
    IV   = sum over bins of (e/E - g/G) WoE

The rate is smoothed as the WoE is, so a monotone rate is a monotone WoE. Missing values are a
bin of their own outside the order. Source: Navas-Palencia, "Optimal binning" (2020), states
the problem; here it is solved by dynamic programming over the last bin, O(bins x cells^2 log).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tallystick.exact.batch import Integers, places
from tallystick.learning.table import Column, Floats

__all__ = [
    "ASCENDING",
    "AUTO",
    "DESCENDING",
    "FREE",
    "Binning",
    "BinningRule",
    "Totals",
    "best_partition",
    "bin_column",
    "information_value",
    "weight_of_evidence",
]

ASCENDING: Final = 1
"""The rate of bad outcomes does not fall as the number rises."""

DESCENDING: Final = -1
"""The rate of bad outcomes does not rise as the number rises."""

FREE: Final = 0
"""Any shape."""

AUTO: Final = 2
"""Ascending or descending, whichever has the greater information value."""

_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class BinningRule:
    """What a partition must satisfy.

    Attributes:
        bins: most bins, missing aside; at least 1.
        prebins: most cells before merging; also most levels kept apart, the rarest join.
        share: least share of the feature's rows in a bin, 0 to 1.
        smoothing: rows of average rate added to each bin; more than 0.
    """

    bins: int = 8
    prebins: int = 50
    share: float = 0.05
    smoothing: float = 4.0


@dataclass(frozen=True, slots=True)
class Totals:
    """Weights of the bad and the good rows of the whole feature, both above 0."""

    bad: float
    good: float


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Weights of bad and good rows: of every cell, then of other, then of missing."""

    bad: Floats
    good: Floats

    @classmethod
    def summed(cls, places: Integers, bad: Floats, good: Floats, size: int) -> _Cells:
        """Return the weights summed by place, `size` places in all."""
        return cls(
            np.bincount(places, weights=bad, minlength=size).astype(np.float64),
            np.bincount(places, weights=good, minlength=size).astype(np.float64),
        )

    @property
    def totals(self) -> Totals:
        """Return the weights of the whole feature."""
        return Totals(float(self.bad.sum()), float(self.good.sum()))

    def evidence(self, smoothing: float) -> Floats:
        """Return the WoE of every cell."""
        return weight_of_evidence(self.bad, self.good, self.totals, smoothing)

    def value(self, smoothing: float) -> float:
        """Return the information value of all cells."""
        return float(information_value(self.bad, self.good, self.totals, smoothing).sum())


@dataclass(frozen=True, slots=True)
class Binning:
    """One feature's bins.

    Attributes:
        name: the feature.
        kind: `number` or `level`.
        edges: cuts or level codes, strictly ascending.
        evidence: WoE per bin (number: one more than cuts) or per level.
        other: WoE of a level not in `edges`.
        missing: WoE of a missing value.
        bins: number of bins, missing aside.
        value: information value, missing included.
    """

    name: str
    kind: Literal["number", "level"]
    edges: tuple[int, ...]
    evidence: tuple[float, ...]
    other: float
    missing: float
    bins: int
    value: float

    def transform(self, column: Column) -> Floats:
        """Return the WoE of every row of a column of this feature; shape `(n_rows,)`."""
        entries = np.array([*self.evidence, self.other, self.missing])
        edges = np.array(self.edges, dtype=np.int64)
        result: Floats = entries[places(self.kind, edges, column.values, column.known)]
        return result


def weight_of_evidence(bad: Floats, good: Floats, totals: Totals, smoothing: float) -> Floats:
    """Return the WoE of bins with these weights, by the module's formula; any shape."""
    prior = totals.bad / (totals.bad + totals.good)
    odds = (bad + smoothing * prior) / (good + smoothing * (1 - prior))
    result: Floats = np.log(odds) - np.log(totals.bad / totals.good)
    return result


def information_value(bad: Floats, good: Floats, totals: Totals, smoothing: float) -> Floats:
    """Return each bin's contribution to the information value; any shape, never negative."""
    evidence = weight_of_evidence(bad, good, totals, smoothing)
    result: Floats = (bad / totals.bad - good / totals.good) * evidence
    return result


def bin_column(
    column: Column, outcomes: Integers, weights: Floats, rule: BinningRule, direction: int
) -> Binning:
    """Return the optimal bins of one feature.

    Args:
        column: shape `(n_rows,)`, at least one value known.
        outcomes: 0 or 1; both occur.
        weights: above 0.
        rule: limits on the bins.
        direction: `ASCENDING`, `DESCENDING`, `FREE` or `AUTO`; levels have no order and
            take none.
    """
    bad = np.where(outcomes == 1, weights, 0.0)
    good = np.where(outcomes == 0, weights, 0.0)
    known = column.values[column.known]
    edges = _quantile_cuts(known, rule.prebins) if column.kind == "number" else np.unique(known)
    place = places(column.kind, edges, column.values, column.known)
    size = len(edges) + (column.kind == "number") + 2
    cells = _Cells.summed(place, bad, good, size)
    if column.kind == "number":
        return _merge_numbers(column.name, edges, cells, rule, direction)
    return _merge_levels(column.name, edges, cells, rule)


def best_partition(
    bad: Floats, good: Floats, totals: Totals, rule: BinningRule, direction: int
) -> tuple[int, ...]:
    """Return the ends of the bins of greatest information value, the last one `n_cells`.

    Bin i is the cells from end i-1 (or 0) up to, not including, end i. Where no partition
    meets the rule, all cells are one bin.

    Args:
        bad: weight of bad rows in each cell, shape `(n_cells,)`.
        good: weight of good rows in each cell, shape `(n_cells,)`.
        totals: weights of the feature, at least the sums of the cells.
        rule: limits on the bins.
        direction: `ASCENDING`, `DESCENDING`, `FREE` or `AUTO`.
    """
    signs = (1, -1) if direction == AUTO else (direction,)
    runs = _Runs.of(bad, good, totals, rule)
    found = [_search(runs, rule.bins, sign) for sign in signs]
    return max(found, key=lambda item: item[0])[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Rate and value of every run of cells [i, j); shape `(n_cells + 1, n_cells + 1)`.

    `value` is minus infinity where the run may not be a bin.
    """

    rate: Floats
    value: Floats

    @classmethod
    def of(cls, bad: Floats, good: Floats, totals: Totals, rule: BinningRule) -> _Runs:
        """Return all runs of these cells."""
        bad_until = np.concatenate(([0.0], np.cumsum(bad)))
        good_until = np.concatenate(([0.0], np.cumsum(good)))
        run_bad = bad_until[None, :] - bad_until[:, None]
        run_good = good_until[None, :] - good_until[:, None]
        least = rule.share * (bad_until[-1] + good_until[-1]) - _TINY
        allowed = (run_bad > _TINY) & (run_good > _TINY) & (run_bad + run_good >= least)
        run_bad, run_good = np.where(allowed, run_bad, 0.0), np.where(allowed, run_good, 0.0)
        value = information_value(run_bad, run_good, totals, rule.smoothing)
        prior = totals.bad / (totals.bad + totals.good)
        rate = (run_bad + rule.smoothing * prior) / (run_bad + run_good + rule.smoothing)
        return cls(rate, np.where(allowed, value, -np.inf))


def _search(runs: _Runs, bins: int, sign: int) -> tuple[float, tuple[int, ...]]:
    """Return the greatest value and its ends among partitions whose sign x rate never falls.

    best[k, i, j] is the greatest value of k + 1 bins over cells [0, j) whose last is [i, j).
    The bins before it end at i; sorted by rate, the best of those not above the last one's
    rate is a running maximum, looked up by bisection.
    """
    cells = len(runs.rate) - 1
    rate = sign * runs.rate
    best = np.full((bins, cells + 1, cells + 1), -np.inf)
    best[0, 0] = runs.value[0]
    for start in range(1, cells):
        order = np.argsort(rate[:start, start], kind="stable")
        before = np.maximum.accumulate(best[:-1, order, start], axis=1)
        count = np.searchsorted(rate[order, start], rate[start, start + 1 :], side="right")
        reached = np.where(count > 0, before[:, np.maximum(count - 1, 0)], -np.inf)
        best[1:, start, start + 1 :] = reached + runs.value[start, start + 1 :]
    return _trace(best, rate, cells)


def _trace(best: Floats, rate: Floats, cells: int) -> tuple[float, tuple[int, ...]]:
    """Return the value and the ends of the best partition of all cells."""
    last = best[:, :, cells]
    value = float(last.max())
    if value == -np.inf:
        return 0.0, (cells,)
    order, start = divmod(int(np.argmax(last)), cells + 1)
    ends = [cells]
    while order > 0:
        fitting = rate[:start, start] <= rate[start, ends[0]]
        ends.insert(0, start)
        order -= 1
        start = int(np.argmax(np.where(fitting, best[order, :start, ends[0]], -np.inf)))
    return value, tuple(ends)


def _quantile_cuts(values: Integers, cells: int) -> Integers:
    """Return cuts of at most `cells` quantile cells, floored midway between neighbours."""
    distinct = np.unique(values)
    lower = np.arange(len(distinct) - 1)
    if len(distinct) > cells:
        ordered = np.sort(values)
        at = np.arange(1, cells) * len(values) // cells
        lower = np.unique(np.searchsorted(distinct, ordered[at]))
        lower = lower[lower < len(distinct) - 1]
    result: Integers = (distinct[lower] + distinct[lower + 1]) // 2
    return result


def _merge_numbers(
    name: str, cuts: Integers, cells: _Cells, rule: BinningRule, direction: int
) -> Binning:
    """Return the bins of a number from its cells: one more than cuts, other, missing."""
    count = len(cuts) + 1
    ends = best_partition(cells.bad[:count], cells.good[:count], cells.totals, rule, direction)
    place = np.searchsorted(ends, np.arange(count), side="right")
    # A number has no other level, so that cell is empty and joins the missing one.
    place = np.append(place, [len(ends), len(ends)])
    merged = _Cells.summed(place, cells.bad, cells.good, len(ends) + 1)
    *evidence, missing = merged.evidence(rule.smoothing).tolist()
    return Binning(
        name=name,
        kind="number",
        edges=tuple(cuts[[end - 1 for end in ends[:-1]]].tolist()),
        evidence=tuple(evidence),
        other=0.0,
        missing=missing,
        bins=len(ends),
        value=merged.value(rule.smoothing),
    )


def _merge_levels(name: str, levels: Integers, cells: _Cells, rule: BinningRule) -> Binning:
    """Return the bins of levels from their cells: one per level, other, missing.

    Beyond `prebins` levels the rarest share one cell, whose bin a level never seen falls
    into as well; otherwise such a level has no evidence.
    """
    cell_of = _cell_of_level(cells, len(levels), rule.prebins)
    count = int(cell_of.max()) + 1
    parts = _Cells.summed(cell_of, cells.bad[:-2], cells.good[:-2], count)
    by_rate = weight_of_evidence(parts.bad, parts.good, cells.totals, rule.smoothing)
    order = np.argsort(by_rate, kind="stable")
    ends = best_partition(parts.bad[order], parts.good[order], cells.totals, rule, ASCENDING)
    bin_of_cell = np.empty(count, dtype=np.int64)
    bin_of_cell[order] = np.searchsorted(ends, np.arange(count), side="right")
    place = np.append(bin_of_cell[cell_of], [len(ends), len(ends)])
    merged = _Cells.summed(place, cells.bad, cells.good, len(ends) + 1)
    evidence = merged.evidence(rule.smoothing)
    return Binning(
        name=name,
        kind="level",
        edges=tuple(levels.tolist()),
        evidence=tuple(evidence[place[:-2]].tolist()),
        other=float(evidence[bin_of_cell[rule.prebins]]) if count > rule.prebins else 0.0,
        missing=float(evidence[-1]),
        bins=len(ends),
        value=merged.value(rule.smoothing),
    )


def _cell_of_level(cells: _Cells, levels: int, most: int) -> Integers:
    """Return each level's cell; beyond `most` levels the rarest share cell number `most`."""
    if levels <= most:
        return np.arange(levels, dtype=np.int64)
    weight = cells.bad[:-2] + cells.good[:-2]
    place = np.empty(levels, dtype=np.int64)
    place[np.argsort(-weight, kind="stable")] = np.arange(levels)
    result: Integers = np.minimum(place, most)
    return result
