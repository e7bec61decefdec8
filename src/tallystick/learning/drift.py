"""How far a distribution has moved from the one a model was fitted on: the PSI.

Formula, over k bins with counts e (reference) and f (found) of totals E and F::

    p = (e + 1) / (E + k),   q = (f + 1) / (F + k)          Laplace's rule of succession
    PSI = sum over bins of (q - p) ln(q / p)

which is Jeffreys' divergence of the two smoothed shares. The one row added to every bin keeps a
bin that one side lacks finite, weighs less the larger the sample, and draws small samples together.

Laws: equal counts give 0; it is symmetric and never negative; it grows as counts move further from
the reference; it does not depend on the order of rows, nor of bins.
Limits: counts in the same proportion but of unlike totals differ by the smoothing, so a little
above 0. Without any drift a sample of F rows has a PSI above 0 by chance alone: judge by
`psi_chance95`, not by .1 or .25 alone.
Source: Lewis (1994) for the index; Yurdakul and Naranjo (2020) for its distribution by chance,
chi-square of k - 1 times (1/E + 1/F); Wilson and Hilferty (1931) for the quantile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tallystick.base.errors import Invalid
from tallystick.exact.batch import Integers
from tallystick.learning.table import Floats

__all__ = ["BINS", "MonthDrift", "cut_deciles", "psi", "psi_by_month", "psi_chance95"]

BINS: Final = 10
"""Bins of near equal frequency in the reference, fewer where values repeat."""

_Z95: Final = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class MonthDrift:
    """How far one month's scores have moved.

    Attributes:
        month: its number.
        rows: scores of that month.
        psi: 0 or more, against the reference.
        chance95: what a month of as many rows without any drift stays below in 19 of 20 draws.
    """

    month: int
    rows: int
    psi: float
    chance95: float

    @property
    def is_drift(self) -> bool:
        """Whether chance alone hardly explains it."""
        return self.psi > self.chance95


def psi(expected: Integers | Sequence[int], found: Integers | Sequence[int]) -> float:
    """Return the population stability index of two counts over the same bins.

    Args:
        expected: rows of the reference by bin, each 0 or more, at least one bin.
        found: rows by bin, in the same order.

    >>> psi([50, 50], [50, 50])
    0.0
    >>> round(psi([50, 50], [80, 20]), 3)
    0.397
    """
    before, after = np.asarray(expected, dtype=np.int64), np.asarray(found, dtype=np.int64)
    assert before.ndim == 1 and before.shape == after.shape, "counts are of the same bins"  # noqa: PT018
    assert before.size and min(before.min(), after.min()) >= 0, "counts are 0 or more"  # noqa: PT018
    parts, shares = _smooth(before), _smooth(after)
    # Both factors have one sign; without it the terms are the same whichever side is which, and a
    # sum rounded once does not depend on the order of bins.
    terms = np.abs(shares - parts) * np.abs(np.log(shares) - np.log(parts))
    return math.fsum(terms.tolist())


def _smooth(counts: Integers) -> Floats:
    result: Floats = (counts + 1) / (counts.sum() + len(counts))
    return result


def psi_chance95(bins: int, rows_expected: int, rows_found: int) -> float:
    """Return what the PSI of two samples of one distribution stays below in 19 of 20 draws.

    Args:
        bins: at least 1; one bin never drifts.
        rows_expected: rows of the reference, at least 1.
        rows_found: rows compared with it, at least 1.

    >>> round(psi_chance95(10, 1_000, 1_000), 4)
    0.0338
    """
    assert min(bins, rows_expected, rows_found) >= 1, "samples have bins and rows"
    free = bins - 1
    if not free:
        return 0.0
    spread = 2 / (9 * free)
    quantile = free * (1 - spread + _Z95 * math.sqrt(spread)) ** 3
    return quantile * (1 / rows_expected + 1 / rows_found)


def cut_deciles(reference: Floats | Integers) -> Floats | Integers:
    """Return the cuts between bins of near equal frequency: a value up to a cut is below it.

    Cuts are values of the reference, so a value that fills several bins makes them one.

    Raises:
        Invalid: `learning.no_reference`, there is no score, or one that is no number.
    """
    if len(reference) == 0 or not np.all(np.isfinite(reference)):
        raise Invalid(
            "learning.no_reference",
            f"{len(reference)} scores of reference, all of which must be numbers",
            cure="Compare with the scores of the rows the model was fitted on.",
        )
    ordered = np.sort(reference)
    places = np.arange(1, BINS) * len(ordered) // BINS
    cuts = np.unique(ordered[np.maximum(places, 1) - 1])
    # Nothing lies above the greatest value: as a cut it would make a bin that is always empty.
    result: Floats | Integers = cuts[cuts < ordered[-1]]
    return result


def psi_by_month(
    months: Integers, scores: Floats | Integers, reference: Floats | Integers
) -> tuple[MonthDrift, ...]:
    """Return each month's drift against the reference, by rising month; absent months are left out.

    Args:
        months: month numbers, shape `(n_rows,)`.
        scores: of the same rows, all numbers.
        reference: scores of the rows the model was fitted on, at least one.

    Raises:
        Invalid: `learning.no_reference`.
    """
    assert len(months) == len(scores), "a score a month"
    assert np.all(np.isfinite(scores)), "scores are numbers"
    cuts = cut_deciles(reference)
    expected = _count(reference, cuts)
    found = []
    for month in np.unique(months).tolist():
        counts = _count(scores[months == month], cuts)
        rows = int(counts.sum())
        chance = psi_chance95(len(counts), len(reference), rows)
        found.append(MonthDrift(int(month), rows, psi(expected, counts), chance))
    return tuple(found)


def _count(scores: Floats | Integers, cuts: Floats | Integers) -> Integers:
    places = np.searchsorted(cuts, scores, side="left")
    return np.bincount(places, minlength=len(cuts) + 1).astype(np.int64)
