"""Logistic regression by Newton's method with a small ridge.

It minimises the weighted negative log likelihood plus half of ridge x coefficient^2 summed
(the intercept is free). A ridge above 0 makes the problem strictly convex, so separable
samples have an answer too; a step is halved until the objective does not rise. Source: Hastie,
Tibshirani, Friedman, "The Elements of Statistical Learning", 4.4.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tallystick.exact.batch import Integers
from tallystick.learning.table import Floats

__all__ = ["Logistic", "fit_logistic", "sigmoid"]

_ROUNDS: Final = 100
_HALVINGS: Final = 40
_TOLERANCE: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """log odds = intercept + features x coefficients.

    Attributes:
        intercept: free of the ridge.
        coefficients: shape `(n_features,)`.
    """

    intercept: float
    coefficients: Floats

    def logits(self, features: Floats) -> Floats:
        """Return the log odds of rows of shape `(n_rows, n_features)`."""
        result: Floats = self.intercept + features @ self.coefficients
        return result


def sigmoid(logits: Floats) -> Floats:
    """Return the probability at these log odds, without overflow; any shape."""
    result: Floats = 0.5 * (1 + np.tanh(logits / 2))
    return result


def fit_logistic(
    features: Floats, outcomes: Integers, weights: Floats, *, ridge: float | Floats
) -> Logistic:
    """Return the regression of least penalised deviance.

    Args:
        features: shape `(n_rows, n_features)`; finite; no feature is allowed.
        outcomes: 0 or 1, shape `(n_rows,)`; both occur.
        weights: above 0, shape `(n_rows,)`.
        ridge: at least 0, for all or of shape `(n_features,)`; above 0 where rows may be
            separable.
    """
    design = np.column_stack([np.ones(len(features)), features])
    penalty = np.zeros(design.shape[1])
    penalty[1:] = ridge
    problem = _Problem(design, outcomes, weights, penalty)
    solution = np.zeros(design.shape[1])
    value = problem.value(solution)
    for _ in range(_ROUNDS):
        solution, before = problem.step(solution, value), value
        value = problem.value(solution)
        if before - value <= _TOLERANCE * (abs(before) + 1):
            break
    return Logistic(float(solution[0]), solution[1:])


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What is minimised, over coefficients of shape `(n_columns,)`."""

    design: Floats
    outcomes: Integers
    weights: Floats
    penalty: Floats

    def value(self, solution: Floats) -> float:
        """Return the penalised deviance."""
        margin = (2 * self.outcomes - 1) * (self.design @ solution)
        return float(self.weights @ np.logaddexp(0.0, -margin) + self.penalty @ solution**2 / 2)

    def step(self, solution: Floats, value: float) -> Floats:
        """Return the next solution: Newton's, or nearer where that would not improve."""
        probability = sigmoid(self.design @ solution)
        residual = self.weights * (probability - self.outcomes)
        gradient = self.design.T @ residual + self.penalty * solution
        curvature = self.weights * probability * (1 - probability)
        # The tiny diagonal keeps a column without any curvature solvable.
        diagonal = np.diag(self.penalty + _TOLERANCE)
        change = np.linalg.solve((self.design.T * curvature) @ self.design + diagonal, gradient)
        for halving in range(_HALVINGS):
            candidate: Floats = solution - change / 2**halving
            if self.value(candidate) <= value:
                return candidate
        return solution
