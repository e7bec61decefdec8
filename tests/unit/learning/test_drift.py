"""The PSI: worked figures, months, chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.learning.drift import cut_deciles, psi, psi_by_month, psi_chance95

RNG = 20_261_121


def test_the_index_is_the_formula_worked_by_hand() -> None:
    p, q = (31 / 102, 71 / 102), (61 / 102, 41 / 102)
    by_hand = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert psi([30, 70], [60, 40]) == pytest.approx(by_hand, abs=1e-12)
    # Unsmoothed, as it is printed in textbooks, it is near.
    assert psi([3_000_000, 7_000_000], [6_000_000, 4_000_000]) == pytest.approx(0.375829, abs=1e-5)


def test_a_bin_that_one_side_lacks_leaves_it_finite() -> None:
    assert math.isfinite(psi([0, 100], [100, 0]))
    assert psi([0, 100], [100, 0]) > 4


def test_counts_that_are_none_of_the_same_bins_are_our_bug() -> None:
    for expected, found in (([1, 2], [1]), ([], []), ([1, -1], [1, 1])):
        with pytest.raises(AssertionError):
            psi(expected, found)


def test_months_without_drift_seldom_pass_what_chance_gives_and_a_shift_always_does() -> None:
    random = np.random.Generator(np.random.PCG64(RNG))
    reference = random.normal(600, 50, 4_000)
    months = np.repeat(np.arange(24_300, 24_500), 300)
    scores = random.normal(600, 50, len(months))
    still = psi_by_month(months, scores, reference)
    assert [each.month for each in still] == list(range(24_300, 24_500))
    assert {each.rows for each in still} == {300}
    # One in 20 is expected to: of 200 months 10, with 3 standard deviations of 3.1 either way.
    assert 1 <= sum(each.is_drift for each in still) <= 19
    moved = psi_by_month(months[:3_000], scores[:3_000] - 25, reference)
    assert all(each.is_drift for each in moved)


def test_the_order_of_rows_tells_nothing() -> None:
    random = np.random.Generator(np.random.PCG64(RNG))
    months, scores = random.integers(0, 3, 600), random.integers(0, 40, 600)
    order = random.permutation(600)
    assert psi_by_month(months, scores, scores) == psi_by_month(
        months[order], scores[order], scores[order]
    )


def test_the_reference_itself_does_not_drift() -> None:
    scores = np.arange(1_000)
    (only,) = psi_by_month(np.zeros(1_000, dtype=np.int64), scores, scores)
    assert (only.psi, only.is_drift) == (0.0, False)


def test_deciles_are_values_and_a_value_that_fills_bins_makes_them_one() -> None:
    assert cut_deciles(np.arange(1, 101)).tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert cut_deciles(np.array([5] * 60 + [7] * 40)).tolist() == [5]
    assert cut_deciles(np.array([5] * 9)).tolist() == []
    (only,) = psi_by_month(np.zeros(4, dtype=np.int64), np.array([1, 2, 3, 4]), np.array([5] * 9))
    assert (only.psi, only.chance95, only.is_drift) == (0.0, 0.0, False)


def test_a_value_on_a_cut_lies_below_it() -> None:
    reference, month = np.array([5] * 60 + [7] * 40), np.zeros(100, dtype=np.int64)
    (only,) = psi_by_month(month, np.array([5] * 100), reference)
    assert only.psi == psi([60, 40], [100, 0])


def test_a_reference_without_scores_is_refused() -> None:
    months, scores = np.zeros(1, dtype=np.int64), np.array([1.0])
    for reference in (np.array([]), np.array([1.0, math.nan])):
        with pytest.raises(Invalid, match="reference") as caught:
            psi_by_month(months, scores, reference)
        assert caught.value.code == "learning.no_reference"


def test_the_quantile_by_chance_is_that_of_the_chi_square() -> None:
    # Chi-square at 95 %: 3.841 of 1, 16.919 of 9, 30.144 of 19 degrees; tables give three places.
    for bins, quantile in ((2, 3.841), (10, 16.919), (20, 30.144)):
        assert psi_chance95(bins, 500, 500) * 250 == pytest.approx(quantile, rel=0.03)
    assert psi_chance95(10, 500, 500) * 250 == pytest.approx(16.919, rel=0.001)
