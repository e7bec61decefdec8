"""What models make of a history: separation and calibration, on rows they have not seen.

Laws: models learn from observed features alone; `truth` is the one exception, and says what no
observer could reach. The intervals of an AUC are Hanley's and McNeil's, at 95 %; that of a gain is
DeLong's for two models of the same rows, pairs of rows taken within a fold. Limits: ends of
refused candidates are known to the county alone, so `card` and `challenger` are what an unscreened
history would allow, and `card_granted` what a lender has. Source: the county's practice (bands);
Hanley and McNeil (1982); DeLong, DeLong and Clarke-Pearson (1988).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, sqrt
from statistics import fmean, variance
from typing import Any, Final, Literal

from tallystick.base.errors import Invalid
from tallystick.county.history.findings import Favour
from tallystick.county.history.loan import MONOTONE
from tallystick.county.history.past import History
from tallystick.county.history.table import (
    table_with_integrity,
    table_with_truth,
    whole_table,
)
from tallystick.learning.evaluation import FOLDS, Figures, HeldOut, hold_out, measure
from tallystick.learning.scorecard import fit_card
from tallystick.learning.table import Table

__all__ = [
    "AUC_BANDS",
    "GAIN_PROMISED",
    "JUDGED",
    "TARGET",
    "Compared",
    "Gain",
    "Judged",
    "Judgement",
    "auc_error",
    "compare_auc",
    "judge",
    "judge_integrity",
    "ratio_interval",
]

Judged = Literal["card", "card_granted", "challenger", "truth"]
JUDGED: Final[tuple[Judged, ...]] = ("card", "card_granted", "challenger", "truth")
"""Models that are judged: the card on all and on granted loans, the boosted trees, and these with
the latent causes as columns."""

AUC_BANDS: Final[dict[Judged, tuple[float, float]]] = {
    "card": (0.76, 0.78),
    "card_granted": (0.72, 0.76),
    "challenger": (0.80, 0.81),
    "truth": (0.90, 0.94),
}
"""Least and greatest AUC of four runs of 30,000, sampling error aside."""

GAIN_PROMISED: Final = 0.02
"""Least AUC that the integrity record adds on thin files at 30,000 loans."""

TARGET: Final = "default"
"""Name of the outcome: 90 days overdue within the loan's life."""
_SEED: Final = 42
_Z: Final = 1.96
_MONOTONE: Final = MONOTONE | {"integrity_points": -1}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model's worth on rows that it has not seen.

    Attributes:
        name: which model.
        rows: rows judged.
        bad: bad rows among them.
        figures: as `learning.evaluation` measures them.
        auc_low: lower end of the AUC's interval.
        auc_high: upper end.
    """

    name: Judged
    rows: int
    bad: int
    figures: Figures
    auc_low: float
    auc_high: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models on the same rows.

    Attributes:
        before: AUC of the first, 0 to 1.
        after: AUC of the second.
        error: standard error of the difference.
    """

    before: float
    after: float
    error: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What the integrity record adds to a model on some rows, out of fold.

    Attributes:
        name: thin files, or all.
        rows: rows judged.
        bad: bad rows among them.
        auc_without: of the model without the points.
        auc_with: of the model with them.
        gain: the difference.
        low: lower end of its 95 % interval.
        high: upper end.
    """

    name: Literal["thin", "all"]
    rows: int
    bad: int
    auc_without: float
    auc_with: float
    gain: float
    low: float
    high: float


def judge(
    name: Judged, history: History, told: Callable[[int, int], None] | None = None
) -> Judgement:
    """Return what a model is worth on a history.

    Args:
        name: which model.
        history: at least a few hundred loans.
        told: hears of every fold that is done.

    Raises:
        Invalid: a code beginning `learning.` where loans are too few.
    """
    table = _table(name, history)
    held = hold_out(table, _fit(name), seed=_SEED, told=told)
    figures, bad = measure(held, seed=_SEED), int(held.outcomes.sum())
    error = _Z * auc_error(figures.auc_mean, bad, len(table) - bad)
    low, high = max(0.0, figures.auc_mean - error), min(1.0, figures.auc_mean + error)
    return Judgement(name, len(table), bad, figures, low, high)


def judge_integrity(
    history: History,
    told: Callable[[int, int], None] | None = None,
    *,
    name: Judged = "card",
) -> tuple[Gain, Gain]:
    """Return what the integrity record adds to a model: on thin files, then on all.

    Args:
        history: at least a few hundred loans.
        told: hears of every fold that is done, of both fits.
        name: the card, or the boosted trees.

    Raises:
        Invalid: a code beginning `learning.` where loans are too few.
    """
    held = [
        hold_out(
            table,
            _fit(name),
            seed=_SEED,
            told=None if told is None else _tell_after(told, FOLDS * number),
        )
        for number, table in enumerate((whole_table(history), table_with_integrity(history)))
    ]
    thin = [loan.prior_tenths is None for loan in history.loans]
    return (
        _find_gain("thin", held, [at for at, is_thin in enumerate(thin) if is_thin]),
        _find_gain("all", held, range(len(thin))),
    )


def _tell_after(told: Callable[[int, int], None], done: int) -> Callable[[int, int], None]:
    """Return a hook that hears of the folds of one fit of two."""
    return lambda step, _: told(done + step, 2 * FOLDS)


def _find_gain(name: Literal["thin", "all"], held: Sequence[HeldOut], rows: Sequence[int]) -> Gain:
    """Return what the second of two models adds to the first on some rows."""
    before, after = ([int(each.default_ppm[at]) for at in rows] for each in held)
    outcomes = [int(held[0].outcomes[at]) for at in rows]
    found = compare_auc(before, after, outcomes, [int(held[0].folds[at]) for at in rows])
    gain, error = found.after - found.before, _Z * found.error
    sums = (len(rows), sum(outcomes))
    return Gain(name, *sums, found.before, found.after, gain, gain - error, gain + error)


def compare_auc(
    before: Sequence[int], after: Sequence[int], outcomes: Sequence[int], folds: Sequence[int]
) -> Compared:
    """Return the AUC of two models on the same rows, and how sure their difference is.

    A fold weighs by its pairs of a bad and a good row; one with fewer than two of a kind is left
    out.

    Args:
        before: scores of the first model, higher is worse.
        after: of the second.
        outcomes: 0 good, 1 bad.
        folds: rows of different folds are not compared.

    Raises:
        Invalid: `learning.one_outcome` if no fold has two rows of each kind.
    """
    pairs, sums, spread = 0, [0.0, 0.0], 0.0
    for fold in sorted(set(folds)):
        bad, good = (
            [at for at, each in enumerate(folds) if each == fold and outcomes[at] == kind]
            for kind in (1, 0)
        )
        if min(len(bad), len(good)) < 2:  # noqa: PLR2004 - a variance needs two
            continue
        weight = len(bad) * len(good)
        places = [_place(scores, bad, good) for scores in (before, after)]
        sums = [total + weight * fmean(of) for total, (of, _) in zip(sums, places, strict=True)]
        for first, second in zip(*places, strict=True):
            moved = [b - a for a, b in zip(first, second, strict=True)]
            spread += weight * weight * variance(moved) / len(moved)
        pairs += weight
    if not pairs:
        raise Invalid(
            "learning.one_outcome",
            "no fold has two good and two bad rows to compare",
            cure="Take a sample in which both outcomes occur often enough.",
        )
    return Compared(sums[0] / pairs, sums[1] / pairs, sqrt(spread) / pairs)


def _place(
    scores: Sequence[int], bad: Sequence[int], good: Sequence[int]
) -> tuple[list[float], list[float]]:
    """Return of each bad row the part of good ones below it, of each good one that of bad above.

    Ties count half.
    """
    low, high = sorted(scores[at] for at in good), sorted(scores[at] for at in bad)
    return (
        [_rank(low, scores[at]) / len(low) for at in bad],
        [1 - _rank(high, scores[at]) / len(high) for at in good],
    )


def _rank(ordered: Sequence[int], score: int) -> float:
    return (bisect_left(ordered, score) + bisect_right(ordered, score)) / 2


def auc_error(auc: float, bad: int, good: int) -> float:
    """Return the standard error of an AUC of this many rows of each kind, each above 0.

    >>> round(auc_error(0.75, 100, 900), 4)
    0.0291
    """
    both_bad, both_good = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc)
    spread += (bad - 1) * (both_bad - auc * auc) + (good - 1) * (both_good - auc * auc)
    return sqrt(spread / (bad * good))


def ratio_interval(favour: Favour) -> tuple[float, float]:
    """Return the 95 % interval of a favour by its logarithm (Katz and others, 1978).

    Without anybody granted on a side nothing is known: 0 to infinity.
    """
    kin, others = favour.kin, favour.others
    if not kin.hits or not others.hits:
        return 0.0, inf
    spread = sum(1 / side.hits - 1 / side.rows for side in (kin, others))
    times = exp(_Z * sqrt(spread))
    ratio = kin.hits * others.rows / (kin.rows * others.hits)
    return ratio / times, ratio * times


def _table(name: Judged, history: History) -> Table:
    if name == "truth":
        return table_with_truth(history)
    return whole_table(history, granted_only=name == "card_granted")


def _fit(name: Judged) -> Callable[[Table], dict[str, Any]]:
    """Return the fit of what is judged; scikit-learn loads with the challenger alone."""
    if name in ("card", "card_granted"):
        return lambda table: fit_card(table, TARGET, seed=_SEED, monotone=_MONOTONE)[0]
    from tallystick.learning.challenger import ChallengerRule, fit_challenger  # noqa: PLC0415

    # A report is waited for: fewer, larger steps cost less than half a point of AUC.
    growth = ChallengerRule(rate=0.1, trees=200, folds=3)
    return lambda table: fit_challenger(table, TARGET, seed=_SEED, monotone=_MONOTONE, rule=growth)[
        0
    ]
