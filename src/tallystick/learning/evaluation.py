"""What a model is worth on rows it has not seen, with the span that chance alone explains.

Rows with an outcome are dealt into `FOLDS` stratified folds (`learning.folds`); for each fold the
whole fit, its calibration included, is done anew on the others and the published integer object
scores the fold. AUC, Gini and KS are means over the folds, for scores of 2 fits need not share a
scale; Brier and ECE are of all held-out probabilities together. Every row counts once, whatever
its weight; weights act in the fits.

Laws: the same table, fit and seed give the same figures; no row is scored by a model that saw its
group. The ECE stands beside the 95 % quantile that a model with true probabilities would show by
chance. Intervals of shares are Wilson's, at 95 %. Source: Wilson (1927).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from tallystick.base.errors import Invalid
from tallystick.exact.batch import Integers
from tallystick.exact.calibration import PPM
from tallystick.exact.model import check_model, score_model_batch
from tallystick.learning.folds import assign_folds, worst_outcomes
from tallystick.learning.metrics import BINS, auc, brier, ece, ece_null95, ks
from tallystick.learning.scorecard import LABELLED_LEAST
from tallystick.learning.table import Table

__all__ = [
    "FOLDS",
    "GROUPS_LEAST",
    "NULL_ROUNDS",
    "ROWS_LEAST",
    "CalibrationBin",
    "Figures",
    "Fit",
    "HeldOut",
    "Share",
    "bin_calibration",
    "check_sample",
    "hold_out",
    "measure",
    "score_published",
    "share",
]

FOLDS: Final = 5
"""Stratified folds."""

ROWS_LEAST: Final = -(-LABELLED_LEAST * FOLDS // (FOLDS - 1))
"""Fewest rows with an outcome, so that what a fold leaves can still be fitted: 38."""

GROUPS_LEAST: Final = 7
"""Fewest groups of each outcome: a fold of 2 leaves 5, one for each inner fold."""

NULL_ROUNDS: Final = 1_000
"""Draws of outcomes behind the ECE's null quantile."""

_Z: Final = 1.959963984540054

Fit: TypeAlias = Callable[[Table], dict[str, Any]]
"""From a training table to a published model."""

Told: TypeAlias = Callable[[int, int], None]
"""Hook that hears how many steps of how many are done."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Probabilities of rows by models that have not seen them; all of shape `(n_labelled,)`.

    Attributes:
        default_ppm: probability of the bad outcome by the published object, in ppm.
        outcomes: 0 good, 1 bad.
        folds: the fold that held each row out, 0 to `FOLDS` - 1.
    """

    default_ppm: Integers
    outcomes: Integers
    folds: Integers


@dataclass(frozen=True, slots=True)
class Share:
    """A share of rows with its 95 % interval.

    Attributes:
        value: 0 to 1.
        low: Wilson's lower end.
        high: Wilson's upper end.
        rows: rows it is a share of; 0 leaves the interval at 0 to 1.
    """

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """One tenth of the rows, by probability.

    Attributes:
        expected: mean probability of a bad end, 0 to 1.
        observed: share that did end badly.
    """

    expected: float
    observed: Share


@dataclass(frozen=True, slots=True)
class Figures:
    """What held-out probabilities are worth; formulas in `learning.metrics`.

    Attributes:
        auc_mean: mean over folds.
        auc_sd: standard deviation over folds, n - 1 in the divisor.
        gini: mean over folds.
        ks: mean over folds.
        brier: all rows together.
        ece: all rows together.
        ece_null95: what a perfect model of this size stays below in 19 of 20 draws.
        bins: tenths of the rows by rising probability.
    """

    auc_mean: float
    auc_sd: float
    gini: float
    ks: float
    brier: float
    ece: float
    ece_null95: float
    bins: tuple[CalibrationBin, ...]


def hold_out(table: Table, fit: Fit, *, seed: int, told: Told | None = None) -> HeldOut:
    """Return what models fitted on the other folds say of every labelled row.

    Args:
        table: rows; those without an outcome are left out.
        fit: called once per fold.
        seed: of the folds.
        told: hears of every fold that is done.

    Raises:
        Invalid: `learning.few_rows` below `ROWS_LEAST` rows, `learning.one_outcome` below
            `GROUPS_LEAST` groups of an outcome; and as `fit`.
    """
    sample = table.take(table.labelled)
    check_sample(sample)
    fold_of = assign_folds(sample, folds=FOLDS, seed=seed)
    default_ppm = np.zeros(len(sample), dtype=np.int64)
    for fold in range(FOLDS):
        inside = fold_of == fold
        default_ppm[inside] = score_published(fit(sample.take(~inside)), sample.take(inside))
        if told is not None:
            told(fold + 1, FOLDS)
    return HeldOut(default_ppm, sample.outcomes, fold_of)


def score_published(model: dict[str, Any], table: Table) -> Integers:
    """Return the probability of the bad outcome of every row, in ppm, by a published model."""
    return score_model_batch(check_model(model), table.arrays()).default_ppm


def measure(held: HeldOut, *, seed: int) -> Figures:
    """Return the figures of held-out probabilities.

    Args:
        held: both outcomes occur in every fold.
        seed: of the draws behind the ECE's null quantile.
    """
    probabilities = held.default_ppm / PPM
    folds = [held.folds == fold for fold in range(FOLDS)]
    separations = [auc(held.default_ppm[fold], held.outcomes[fold]) for fold in folds]
    distances = [ks(held.default_ppm[fold], held.outcomes[fold]) for fold in folds]
    return Figures(
        auc_mean=float(np.mean(separations)),
        auc_sd=float(np.std(separations, ddof=1)),
        gini=2 * float(np.mean(separations)) - 1,
        ks=float(np.mean(distances)),
        brier=brier(probabilities, held.outcomes),
        ece=ece(probabilities, held.outcomes),
        ece_null95=ece_null95(probabilities, seed, NULL_ROUNDS),
        bins=bin_calibration(held),
    )


def bin_calibration(held: HeldOut) -> tuple[CalibrationBin, ...]:
    """Return tenths of the rows by rising probability: what was expected, what came."""
    order = np.argsort(held.default_ppm, kind="stable")
    return tuple(
        CalibrationBin(
            float(held.default_ppm[rows].mean()) / PPM,
            share(int(held.outcomes[rows].sum()), len(rows)),
        )
        for rows in np.array_split(order, min(BINS, len(order)))
    )


def share(count: int, rows: int) -> Share:
    """Return `count` of `rows` with Wilson's 95 % interval.

    >>> found = share(5, 10)
    >>> round(found.low, 3), round(found.high, 3)
    (0.237, 0.763)
    """
    assert 0 <= count <= rows, "a share is of its own rows"
    if rows == 0:
        return Share(0.0, 0.0, 1.0, 0)
    value, z2 = count / rows, _Z * _Z
    middle = (value + z2 / (2 * rows)) / (1 + z2 / rows)
    spread = _Z * np.sqrt(value * (1 - value) / rows + z2 / (4 * rows * rows)) / (1 + z2 / rows)
    return Share(value, max(0.0, float(middle - spread)), min(1.0, float(middle + spread)), rows)


def check_sample(sample: Table) -> None:
    """Refuse a sample whose folds could not be fitted, before any work is done.

    Args:
        sample: rows with an outcome.

    Raises:
        Invalid: `learning.few_rows` below `ROWS_LEAST` rows, `learning.one_outcome` below
            `GROUPS_LEAST` groups of an outcome.
    """
    if len(sample) < ROWS_LEAST:
        raise Invalid(
            "learning.few_rows",
            f"{len(sample)} rows have an outcome; {FOLDS} folds need at least {ROWS_LEAST}",
            cure="Wait for more outcomes, or take another county's history.",
        )
    worst = worst_outcomes(sample)
    for outcome, word in ((1, "bad"), (0, "good")):
        count = int(np.sum(worst == outcome))
        if count < GROUPS_LEAST:
            raise Invalid(
                "learning.one_outcome",
                f"{count} groups are {word}; {FOLDS} folds need at least {GROUPS_LEAST}",
                cure="Take a sample in which both outcomes occur often enough.",
            )
