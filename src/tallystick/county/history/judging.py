"""What models make of a history: separation and calibration, on rows they have not seen.

Laws: models learn from observed features alone; `truth` is the one exception, and says what no
observer could reach. The intervals of an AUC are Hanley's and McNeil's, at 95 %. Limits: ends of
refused candidates are known to the county alone, so `card` and `challenger` are what an unscreened
history would allow, and `card_granted` what a lender has. Source: the county's practice (bands);
Hanley and McNeil (1982).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, sqrt
from typing import Any, Final, Literal

from tallystick.county.history.findings import Favour
from tallystick.county.history.loan import MONOTONE
from tallystick.county.history.past import History
from tallystick.county.history.table import table_with_truth, whole_table
from tallystick.learning.challenger import ChallengerRule, fit_challenger
from tallystick.learning.evaluation import Figures, hold_out, measure
from tallystick.learning.scorecard import fit_card
from tallystick.learning.table import Table

__all__ = [
    "AUC_BANDS",
    "JUDGED",
    "TARGET",
    "Judged",
    "Judgement",
    "auc_error",
    "judge",
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

TARGET: Final = "default"
"""Name of the outcome: 90 days overdue within the loan's life."""
_SEED: Final = 42
# A report is waited for: fewer, larger steps cost less than half a point of AUC.
_GROWTH: Final = ChallengerRule(rate=0.1, trees=200, folds=3)
_Z: Final = 1.96


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
    if name in ("card", "card_granted"):
        return lambda table: fit_card(table, TARGET, seed=_SEED, monotone=MONOTONE)[0]
    return lambda table: fit_challenger(table, TARGET, seed=_SEED, monotone=MONOTONE, rule=_GROWTH)[
        0
    ]
