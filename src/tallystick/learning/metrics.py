"""How well a model separates and how honest its probabilities are.

Formulas, over rows with outcome 1 (bad) or 0 (good) and a score where higher is worse::

    AUC   = P(score of a bad row > score of a good row) + half of P(equal)    (Mann-Whitney)
    Gini  = 2 AUC - 1
    KS    = greatest |share of bad rows up to a score - share of good rows up to it|
    Brier = mean (probability - outcome)^2
    ECE   = sum over bins of share x |mean probability - mean outcome|, 10 bins of equal
            frequency (they differ by at most one row), rows ordered by probability

Laws: ties never depend on the order of rows in AUC, Gini, KS and Brier; in ECE equal
probabilities that straddle a bin's edge stay in their given order, which moves it by less
than a bin's share of one row. A perfect model of n rows has an ECE above 0 by chance alone:
judge by `ece_null95`, not by a constant. Source: Guo et al. (2017) for ECE; Vaicenavicius et
al. (2019) for the resampled null.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tallystick.base.errors import Invalid
from tallystick.exact.batch import Integers
from tallystick.learning.table import Floats

__all__ = ["BINS", "auc", "brier", "ece", "ece_null95", "gini", "ks"]

BINS: Final = 10
"""Bins of equal frequency in `ece`."""

_ROUNDS_LEAST: Final = 20


def auc(scores: Floats | Integers, outcomes: Integers) -> float:
    """Return the probability that a bad row scores above a good one, ties counted half.

    >>> auc(np.array([1.0, 2.0, 2.0]), np.array([0, 0, 1]))
    0.75

    Raises:
        Invalid: `learning.one_outcome` if only one outcome occurs.
    """
    bad, good = _both(outcomes)
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    # The mean rank of a tied run, doubled so that it stays an integer.
    twice_rank = 2 * np.cumsum(count) - count + 1
    twice_sum = int(twice_rank[place[outcomes == 1]].sum())
    return (twice_sum - bad * (bad + 1)) / (2 * bad * good)


def gini(scores: Floats | Integers, outcomes: Integers) -> float:
    """Return 2 AUC - 1: -1 to 1.

    Raises:
        Invalid: `learning.one_outcome` if only one outcome occurs.
    """
    return 2 * auc(scores, outcomes) - 1


def ks(scores: Floats | Integers, outcomes: Integers) -> float:
    """Return the greatest distance between the two cumulative distributions: 0 to 1.

    Raises:
        Invalid: `learning.one_outcome` if only one outcome occurs.
    """
    bad, good = _both(outcomes)
    _, place = np.unique(scores, return_inverse=True)
    bad_until = np.cumsum(np.bincount(place, weights=outcomes == 1))
    good_until = np.cumsum(np.bincount(place, weights=outcomes == 0))
    return float(np.abs(bad_until / bad - good_until / good).max())


def brier(probabilities: Floats, outcomes: Integers) -> float:
    """Return the mean squared distance of probability (0 to 1) and outcome."""
    return float(np.mean((probabilities - outcomes) ** 2))


def ece(probabilities: Floats, outcomes: Integers) -> float:
    """Return the expected calibration error over bins of equal frequency: 0 to 1.

    Args:
        probabilities: 0 to 1, shape `(n_rows,)`, at least one row; pooled out-of-fold ones
            for an honest figure.
        outcomes: 0 or 1, shape `(n_rows,)`.
    """
    order = np.argsort(probabilities, kind="stable")
    gap = probabilities[order] - outcomes[order]
    starts = _starts(len(gap))
    return float(np.abs(np.add.reduceat(gap, starts)).sum() / len(gap))


def ece_null95(probabilities: Floats, seed: int, rounds: int = 1_000) -> float:
    """Return the 95 % quantile of the ECE of a model whose probabilities are all true.

    Outcomes are drawn `rounds` times from the probabilities themselves; the quantile is the
    least simulated value that at least 95 % of rounds do not exceed.

    Args:
        probabilities: 0 to 1, shape `(n_rows,)`.
        seed: of PCG64.
        rounds: at least 20.
    """
    assert rounds >= _ROUNDS_LEAST, "fewer rounds have no 95 % quantile"
    ordered = np.sort(probabilities)
    random = np.random.Generator(np.random.PCG64(seed))
    starts = _starts(len(ordered))
    found = np.empty(rounds)
    for index in range(rounds):
        gap = ordered - (random.random(len(ordered)) < ordered)
        found[index] = np.abs(np.add.reduceat(gap, starts)).sum() / len(ordered)
    return float(np.sort(found)[-(-95 * rounds // 100) - 1])


def _starts(rows: int) -> Integers:
    """Return where each bin of equal frequency begins."""
    bins = min(BINS, rows)
    return np.arange(bins, dtype=np.int64) * rows // bins


def _both(outcomes: Integers) -> tuple[int, int]:
    """Return the numbers of bad and good rows, refusing a sample of one kind."""
    bad = int(np.sum(outcomes == 1))
    good = int(np.sum(outcomes == 0))
    if bad == 0 or good == 0:
        raise Invalid(
            "learning.one_outcome",
            f"{bad} bad and {good} good rows; both are needed",
            cure="Take a sample in which both outcomes occur.",
        )
    return bad, good
