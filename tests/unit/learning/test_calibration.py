"""Regression and calibration: the stationary point, the curve, the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.exact.calibration import check_calibration, probability_ppm
from tallystick.learning.calibration import SLOPE_LEAST, Curve, fit_curve, tabulate
from tallystick.learning.logistic import fit_logistic, sigmoid
from tallystick.learning.metrics import ece


def draw(seed: int, rows: int, columns: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, rows, columns]))


def test_the_gradient_of_the_penalised_deviance_vanishes() -> None:
    random = draw(1, 500, 3)
    features = random.normal(size=(500, 3))
    truth = features @ np.array([1.0, -0.5, 0.0]) - 1
    outcomes = (random.random(500) < sigmoid(truth)).astype(np.int64)
    weights = random.uniform(0.5, 2, 500)
    fit = fit_logistic(features, outcomes, weights, ridge=2.0)
    residual = weights * (sigmoid(fit.logits(features)) - outcomes)
    assert features.T @ residual + 2 * fit.coefficients == pytest.approx(0, abs=1e-6)
    assert float(residual.sum()) == pytest.approx(0, abs=1e-6)


def test_separable_rows_and_copies_of_a_column_have_an_answer() -> None:
    features = np.repeat(np.array([[-2.0], [-1.0], [1.0], [2.0]]), 2, axis=1)
    fit = fit_logistic(features, np.array([0, 0, 1, 1]), np.ones(4), ridge=1e-3)
    assert np.all(np.isfinite(fit.coefficients))
    assert fit.coefficients[0] == pytest.approx(fit.coefficients[1], rel=1e-6)
    assert np.all((fit.logits(features) > 0) == [False, False, True, True])


def test_no_feature_leaves_the_log_odds_of_the_sample() -> None:
    fit = fit_logistic(np.zeros((10, 0)), np.array([1, 0, 0, 0, 0] * 2), np.ones(10), ridge=1.0)
    assert fit.intercept == pytest.approx(np.log(0.25), abs=1e-6)


def test_probabilities_do_not_overflow() -> None:
    assert sigmoid(np.array([-1e9, 0.0, 1e9])).tolist() == [0.0, 0.5, 1.0]


def test_a_curve_finds_slope_and_bend_again() -> None:
    random = draw(2, 60_000, 1)
    logits = random.normal(0, 2, 60_000)
    truth = Curve(-0.3, 0.8, -0.25)
    outcomes = (random.random(60_000) < truth.probability(logits)).astype(np.int64)
    found = fit_curve(logits, outcomes, np.ones(60_000))
    assert found.slope == pytest.approx(0.8, abs=0.03)
    assert found.bend == pytest.approx(-0.25, abs=0.03)
    assert ece(found.probability(logits), outcomes) < 0.01


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_a_curve_increases_even_where_the_model_is_wrong(sign: int) -> None:
    random = draw(3, 2_000, 1)
    logits = random.normal(0, 2, 2_000)
    outcomes = (random.random(2_000) < sigmoid(-1 + sign * np.abs(logits))).astype(np.int64)
    for given_logits in (logits, -np.abs(logits) * sign):
        found = fit_curve(given_logits, outcomes, np.ones(2_000))
        assert found.slope - abs(found.bend) >= SLOPE_LEAST - 1e-12
        probability = found.probability(np.linspace(-20, 20, 200))
        assert np.all(np.diff(probability) > 0)


def test_a_flat_end_is_bent_as_far_as_the_least_slope_allows() -> None:
    random = draw(4, 5_000, 1)
    logits = random.normal(0, 2, 5_000)
    truth = sigmoid(-1 + 1.5 * np.maximum(logits, 0))
    found = fit_curve(logits, (random.random(5_000) < truth).astype(np.int64), np.ones(5_000))
    assert found.slope - found.bend >= SLOPE_LEAST
    assert found.bend > 0.3


CURVES = st.builds(
    lambda intercept, slope, share: Curve(intercept, slope, slope * share),
    st.floats(-6, 6),
    st.floats(SLOPE_LEAST, 3),
    st.floats(-0.9, 0.9),
)


@given(CURVES, st.integers(-30_000_000, 30_000_000), st.integers(0, 40_000_000))
def test_a_table_is_well_formed_and_near_its_curve(curve: Curve, least: int, span: int) -> None:
    table = check_calibration(tabulate(curve, least, least + span))
    assert table.at[0] == least
    assert table.at[-1] >= least + span
    at = np.linspace(least, least + span, 50).astype(np.int64)
    exact = curve.probability(at / 1e6)
    found = np.array([probability_ppm(table, int(x)) for x in at]) / 1e6
    # A chord departs by h^2 / 8 x |p''|, p'' <= .1 slope^2 (2 slopes meet in a bend); 256 ppm at
    # most come from knots pushed apart in the tails.
    step = max(span, 256) / 255e6
    steepest = curve.slope + abs(curve.bend)
    bound = step**2 / 8 * (0.1 * steepest**2 + 0.125 * abs(curve.bend)) + 260e-6
    assert np.abs(found - exact).max() <= bound
