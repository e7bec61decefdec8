"""A model in force against what came since: how far scores have moved, and whether chances held.

Laws: drift is told beside what chance alone explains, an error of probabilities likewise; the same
scores give the same figures in any order. Probabilities are in ppm, as models publish them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tallystick.exact.calibration import PPM
from tallystick.learning.drift import MonthDrift, psi_by_month
from tallystick.learning.metrics import auc, ece, ece_null95

__all__ = ["Held", "measure_held", "measure_months", "measure_moved"]

_SEED: Final = 42
_ALL: Final = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What probabilities were worth once the ends were known.

    Attributes:
        rows: how many.
        bad: those of them that ended badly.
        ece: mean error of the probabilities, 0 to 1.
        null95: what true probabilities stay below in 19 of 20 samples of this size.
        auc: None where all ended alike.
    """

    rows: int
    bad: int
    ece: float
    null95: float
    auc: float | None


def measure_held(default_ppm: Sequence[int], ends: Sequence[int]) -> Held:
    """Return what probabilities were worth.

    Args:
        default_ppm: probability of a bad end by row, at least one.
        ends: 0 good, 1 bad, of the same rows.
    """
    assert len(default_ppm) == len(ends) > 0, "a probability an end"
    scores = np.asarray(default_ppm, dtype=np.int64)
    outcomes = np.asarray(ends, dtype=np.int64)
    bad = int(outcomes.sum())
    return Held(
        rows=len(outcomes),
        bad=bad,
        ece=ece(scores / PPM, outcomes),
        null95=ece_null95(scores / PPM, _SEED),
        auc=auc(scores, outcomes) if 0 < bad < len(outcomes) else None,
    )


def measure_months(
    months: Sequence[int], scores: Sequence[int], reference: Sequence[int]
) -> tuple[MonthDrift, ...]:
    """Return each month's drift against the reference, by rising month.

    Args:
        months: month numbers of `scores`.
        scores: since the model was approved.
        reference: of the rows it was trained on, at least one.
    """
    return psi_by_month(
        np.asarray(months, dtype=np.int64),
        np.asarray(scores, dtype=np.int64),
        np.asarray(reference, dtype=np.int64),
    )


def measure_moved(scores: Sequence[int], reference: Sequence[int]) -> MonthDrift:
    """Return the drift of all scores together, as of one month numbered 0.

    Args:
        scores: since the model was approved, at least one.
        reference: of the rows it was trained on, at least one.
    """
    (found,) = measure_months([_ALL] * len(scores), scores, reference)
    return found
