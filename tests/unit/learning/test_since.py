"""A model in force against what came since: drift and chances beside what chance explains."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.learning.since import measure_held, measure_months, measure_moved

RANDOM = random.Random(7)
ROWS = [RANDOM.randrange(10_000, 300_000) for _ in range(4_000)]
ENDS = [int(RANDOM.random() * 1_000_000 < ppm) for ppm in ROWS]


def test_true_probabilities_hold_and_doubled_ones_do_not() -> None:
    held = measure_held(ROWS, ENDS)
    assert (held.rows, held.bad) == (4_000, sum(ENDS))
    assert held.ece < held.null95
    assert held.auc is not None
    assert held.auc > 0.6
    off = measure_held([2 * ppm for ppm in ROWS], ENDS)
    assert off.ece > off.null95
    assert off.auc == held.auc


def test_nothing_separates_rows_that_ended_alike() -> None:
    for end in (0, 1):
        held = measure_held(ROWS[:50], [end] * 50)
        assert held.auc is None
        assert held.bad == 50 * end


def test_the_same_scores_have_not_moved_and_shifted_ones_have() -> None:
    assert measure_moved(ROWS[:1_000], ROWS).psi <= measure_moved(ROWS[:1_000], ROWS).chance95
    assert measure_moved([ppm + 60_000 for ppm in ROWS[:1_000]], ROWS).is_drift


@given(st.permutations(range(60)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    scores, months = ROWS[:60], [at % 3 for at in range(60)]
    shuffled = [scores[at] for at in order]
    assert measure_moved(shuffled, ROWS) == measure_moved(scores, ROWS)
    by_month = measure_months([months[at] for at in order], shuffled, ROWS)
    assert by_month == measure_months(months, scores, ROWS)
    assert [(each.month, each.rows) for each in by_month] == [(0, 20), (1, 20), (2, 20)]


def test_a_probability_is_of_an_end() -> None:
    with pytest.raises(AssertionError):
        measure_held([1, 2], [0])
