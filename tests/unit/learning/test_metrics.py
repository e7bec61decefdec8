"""Metrics against their definitions, written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.learning.metrics import auc, brier, ece, ece_null95, gini, ks

SAMPLES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1)), min_size=2, max_size=30).filter(
    lambda rows: {outcome for _, outcome in rows} == {0, 1}
)


@given(SAMPLES)
def test_auc_and_gini_count_pairs_and_ties_half(rows: list[tuple[int, int]]) -> None:
    bad = [value for value, outcome in rows if outcome]
    good = [value for value, outcome in rows if not outcome]
    wins = sum((b > g) + 0.5 * (b == g) for b in bad for g in good)
    scores, outcomes = np.array(rows).T
    assert auc(scores, outcomes) == pytest.approx(wins / (len(bad) * len(good)), abs=1e-12)
    assert gini(scores, outcomes) == pytest.approx(2 * auc(scores, outcomes) - 1, abs=1e-12)


@given(SAMPLES)
def test_ks_is_the_greatest_distance_of_the_two_distributions(rows: list[tuple[int, int]]) -> None:
    bad = [value for value, outcome in rows if outcome]
    good = [value for value, outcome in rows if not outcome]
    distances = [
        abs(sum(b <= at for b in bad) / len(bad) - sum(g <= at for g in good) / len(good))
        for at in range(9)
    ]
    scores, outcomes = np.array(rows).T
    assert ks(scores, outcomes) == pytest.approx(max(distances), abs=1e-12)


def test_brier_is_the_mean_squared_distance() -> None:
    assert brier(np.array([0.25, 1.0]), np.array([1, 1])) == 0.5625 / 2


def test_ece_weighs_the_gap_of_ten_bins_of_equal_frequency() -> None:
    # 25 rows: bins of 2 and 3 rows in turn; the outcome is the same within each bin.
    probabilities = np.arange(25) / 25
    ends = [25 * i // 10 for i in range(11)]
    outcomes = np.zeros(25, dtype=np.int64)
    expected = 0.0
    for number in range(10):
        rows = slice(ends[number], ends[number + 1])
        outcomes[rows] = number % 2
        expected += abs(float(np.sum(probabilities[rows] - number % 2))) / 25
    shuffled = np.random.Generator(np.random.PCG64(1)).permutation(25)
    assert ece(probabilities[shuffled], outcomes[shuffled]) == pytest.approx(expected, abs=1e-12)


def test_ece_of_fewer_rows_than_bins_is_the_mean_distance() -> None:
    assert ece(np.array([0.25, 0.5]), np.array([0, 1])) == pytest.approx(0.375, abs=1e-12)


def test_the_null_is_exceeded_by_a_true_model_about_one_time_in_twenty() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    probabilities = random.beta(2, 5, 1_000)
    null = ece_null95(probabilities, 1, 2_000)
    draws = ((random.random(1_000) < probabilities).astype(np.int64) for _ in range(600))
    above = sum(ece(probabilities, outcomes) > null for outcomes in draws)
    assert 15 <= above <= 50
    assert ece_null95(probabilities, 1, 2_000) == null
    # DOMAIN measured .042 to .046 on samples of this size.
    assert 0.03 < null < 0.05


def test_a_bent_model_exceeds_the_null() -> None:
    random = np.random.Generator(np.random.PCG64(6))
    truth = random.beta(2, 5, 2_000)
    outcomes = (random.random(2_000) < truth).astype(np.int64)
    bent = truth**2
    assert ece(bent, outcomes) > 2 * ece_null95(bent, 1, 200)


@pytest.mark.parametrize("metric", [auc, gini, ks])
def test_one_outcome_has_no_separation(metric: object) -> None:
    assert callable(metric)
    with pytest.raises(Invalid, match=r"learning\.one_outcome"):
        metric(np.array([1, 2]), np.array([1, 1]))
