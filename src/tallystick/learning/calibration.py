"""Calibration: from held-out log odds to probabilities, published as an integer table.

The curve is beta calibration in log odds s, written so that its bend can be shrunk::

    log odds = intercept + slope s + bend (ln(1 + e^s) + ln(1 + e^-s))

bend = 0 is Platt's sigmoid; a bend lets the bad and the good end have slopes of their own
(slope + bend, slope - bend), which sums of overlapping features need. Maximum likelihood with a
ridge on the bend; the ridge is raised until both slopes are at least `SLOPE_LEAST`, so the curve
increases and ranks survive. The published table tabulates it between the least and greatest
log odds the model can give, so nothing is clamped.

Law: knots strictly increase in ppm. Sources: Platt (1999); Kull, Silva Filho, Flach, "Beta
calibration" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tallystick.exact.batch import Integers
from tallystick.exact.calibration import PPM
from tallystick.learning.logistic import fit_logistic, sigmoid
from tallystick.learning.table import Floats

__all__ = ["SLOPE_LEAST", "Curve", "fit_curve", "tabulate"]

SLOPE_LEAST: Final = 0.05
"""Least slope at either end; a model without held-out signal shows in its metrics."""

_MICRO: Final = 1_000_000
_KNOTS: Final = 256
_SLOPE_RIDGE: Final = 1e-6
_BEND_RIDGE: Final = 10.0
_BEND_RIDGE_MOST: Final = 1e6


@dataclass(frozen=True, slots=True)
class Curve:
    """Probability by log odds; see the module for the formula."""

    intercept: float
    slope: float
    bend: float

    def probability(self, logits: Floats) -> Floats:
        """Return the probability at each of the log odds, 0 to 1; any shape."""
        return sigmoid(self.intercept + self.slope * logits + self.bend * _bow(logits))


def fit_curve(logits: Floats, outcomes: Integers, weights: Floats) -> Curve:
    """Return the calibration of held-out log odds.

    Args:
        logits: shape `(n_rows,)`, of rows the model was not trained on.
        outcomes: 0 or 1; both occur.
        weights: above 0.
    """
    features = np.column_stack([logits, _bow(logits)])
    ridge = _BEND_RIDGE
    while ridge < _BEND_RIDGE_MOST:
        penalty = np.array([_SLOPE_RIDGE, ridge])
        fit = fit_logistic(features, outcomes, weights, ridge=penalty)
        slope, bend = fit.coefficients.tolist()
        if slope - abs(bend) >= SLOPE_LEAST:
            return Curve(fit.intercept, slope, bend)
        ridge *= 4
    fit = fit_logistic(logits[:, None], outcomes, weights, ridge=_SLOPE_RIDGE)
    return Curve(fit.intercept, max(float(fit.coefficients[0]), SLOPE_LEAST), 0.0)


def tabulate(curve: Curve, least_micro: int, most_micro: int) -> dict[str, list[int]]:
    """Return the table of `exact.calibration` for log odds within these bounds.

    Args:
        curve: probability by log odds.
        least_micro: least log odds the model can give, in micro-units.
        most_micro: greatest; where it is not above the least, a small span is taken.
    """
    span = max(most_micro - least_micro, _KNOTS)
    at = [least_micro + span * step // (_KNOTS - 1) for step in range(_KNOTS)]
    probability = curve.probability(np.array(at, dtype=np.float64) / _MICRO)
    return {"at": at, "ppm": _spread([round(value * PPM) for value in probability.tolist()])}


def _spread(ppm: list[int]) -> list[int]:
    """Push neighbours that round to one ppm apart, by one each, within 1 to 10^6 - 1."""
    spread = []
    floor = 0
    for value in ppm:
        floor = max(floor + 1, value)
        spread.append(floor)
    ceiling = PPM
    for index in reversed(range(len(spread))):
        ceiling = spread[index] = min(ceiling - 1, spread[index])
    return spread


def _bow(logits: Floats) -> Floats:
    """Return ln(1 + e^s) + ln(1 + e^-s): even in s, with slopes -1 and 1 at the far ends."""
    result: Floats = np.logaddexp(0.0, logits) + np.logaddexp(0.0, -logits)
    return result
