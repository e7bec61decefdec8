"""Judging models on rows they have not seen: figures, intervals, and what is refused."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.learning.evaluation import (
    FOLDS,
    GROUPS_LEAST,
    ROWS_LEAST,
    HeldOut,
    bin_calibration,
    check_sample,
    hold_out,
    measure,
    score_published,
    share,
)
from tallystick.learning.metrics import auc, ece, ks
from tallystick.learning.scorecard import fit_card
from tallystick.learning.table import Table, table_from_rows

RANDOM = np.random.Generator(np.random.PCG64(7))


def risky(rows: int, *, weights: list[float] | None = None) -> Table:
    """Rows whose risk rises with x; y is noise, z a level of which one is rare."""
    random = np.random.Generator(np.random.PCG64(3))
    x = random.integers(0, 100, rows)
    outcomes = (random.random(rows) < 0.1 + 0.6 * x / 100).astype(int).tolist()
    made = [
        {"x": int(a), "y": int(random.integers(0, 9)), "z": 7 if number == 0 else number % 3}
        for number, a in enumerate(x)
    ]
    return table_from_rows(made, outcomes, {"z"}, weights=weights)


def card(table: Table) -> dict[str, object]:
    return fit_card(table, "bad", seed=1, monotone={})[0]


def test_every_row_is_scored_by_a_model_that_has_not_seen_it() -> None:
    table = risky(400)
    seen: list[set[int]] = []

    def fit(part: Table) -> dict[str, object]:
        seen.append(set(part.groups.tolist()))
        return card(part)

    held = hold_out(table, fit, seed=5)
    assert len(seen) == FOLDS
    for fold, groups in enumerate(seen):
        inside = held.folds == fold
        assert not groups & set(table.groups[inside].tolist())
        expected = score_published(card(table.take(~inside)), table.take(inside))
        assert held.default_ppm[inside].tolist() == expected.tolist()


def test_rows_without_an_outcome_are_neither_trained_on_nor_counted() -> None:
    table = risky(300)
    outcomes = table.outcomes.copy()
    outcomes[::3] = -1
    part = Table(table.columns, outcomes, table.weights, table.groups)
    held = hold_out(part, card, seed=5)
    assert len(held.outcomes) == 200
    assert set(held.outcomes.tolist()) == {0, 1}


def test_the_figures_are_those_of_the_metrics_by_fold_and_together() -> None:
    held = hold_out(risky(500), card, seed=5)
    found = measure(held, seed=9)
    folds = [held.folds == fold for fold in range(FOLDS)]
    each = [auc(held.default_ppm[fold], held.outcomes[fold]) for fold in folds]
    assert found.auc_mean == pytest.approx(np.mean(each))
    assert found.auc_sd == pytest.approx(statistics.stdev(each))
    assert found.gini == pytest.approx(2 * np.mean(each) - 1)
    assert found.ks == pytest.approx(
        np.mean([ks(held.default_ppm[fold], held.outcomes[fold]) for fold in folds])
    )
    assert found.ece == ece(held.default_ppm / 1e6, held.outcomes)
    assert measure(held, seed=9) == found


def test_the_null_quantile_covers_true_probabilities_and_convicts_false_ones() -> None:
    ppm = RANDOM.integers(50_000, 950_000, 4_000)
    outcomes = (RANDOM.random(4_000) < ppm / 1e6).astype(np.int64)
    folds = np.arange(4_000) % FOLDS
    honest = measure(HeldOut(ppm, outcomes, folds), seed=1)
    bold = measure(HeldOut(np.where(ppm > 500_000, ppm + 40_000, ppm), outcomes, folds), seed=1)
    assert honest.ece <= honest.ece_null95
    assert bold.ece > bold.ece_null95


def test_the_bins_hold_every_row_once_by_rising_probability() -> None:
    ppm = RANDOM.integers(0, 1_000_000, 1_003)
    outcomes = RANDOM.integers(0, 2, 1_003)
    bins = bin_calibration(HeldOut(ppm, outcomes, np.zeros(1_003, dtype=np.int64)))
    assert sum(each.observed.rows for each in bins) == 1_003
    assert [each.expected for each in bins] == sorted(each.expected for each in bins)
    assert sum(each.observed.value * each.observed.rows for each in bins) == pytest.approx(
        outcomes.sum()
    )


@pytest.mark.parametrize(
    ("count", "rows", "low", "high"),
    # Figures of Newcombe (1998), table I, for Wilson's interval.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_intervals_of_shares_are_wilsons(count: int, rows: int, low: float, high: float) -> None:
    found = share(count, rows)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_a_share_of_no_rows_may_be_anything() -> None:
    assert (share(0, 0).low, share(0, 0).high) == (0.0, 1.0)


def test_the_fewest_rows_are_enough_and_one_fewer_is_refused_with_the_figure() -> None:
    table = risky(ROWS_LEAST)
    assert len(hold_out(table, card, seed=2).outcomes) == ROWS_LEAST
    fewer = table.take(np.arange(ROWS_LEAST) > 0)
    with pytest.raises(Invalid, match=f"{ROWS_LEAST - 1} rows.*at least {ROWS_LEAST}") as caught:
        hold_out(fewer, card, seed=2)
    assert caught.value.code == "learning.few_rows"


@pytest.mark.parametrize("bad", [0, GROUPS_LEAST - 1, 100 - GROUPS_LEAST + 1, 100])
def test_an_outcome_too_rare_for_the_folds_is_refused(bad: int) -> None:
    outcomes = [int(number < bad) for number in range(100)]
    table = table_from_rows([{"x": number} for number in range(100)], outcomes, ())
    with pytest.raises(Invalid) as caught:
        check_sample(table)
    assert caught.value.code == "learning.one_outcome"


def test_the_rarest_outcome_that_is_allowed_can_be_fitted() -> None:
    outcomes = [int(number < 2 * GROUPS_LEAST and number % 2) for number in range(100)]
    assert sum(outcomes) == GROUPS_LEAST
    table = table_from_rows([{"x": number} for number in range(100)], outcomes, ())
    assert len(hold_out(table, card, seed=2).outcomes) == 100


def test_weights_act_in_the_fits_and_every_row_is_judged_once() -> None:
    plain = risky(300)
    heavy = risky(300, weights=[1.0 + 5 * (number % 2) for number in range(300)])
    first, second = hold_out(plain, card, seed=5), hold_out(heavy, card, seed=5)
    assert first.folds.tolist() == second.folds.tolist()
    assert first.default_ppm.tolist() != second.default_ppm.tolist()
    assert len(measure(second, seed=1).bins) == 10


def test_progress_is_told_fold_by_fold() -> None:
    steps: list[tuple[int, int]] = []
    hold_out(risky(100), card, seed=2, told=lambda done, of: steps.append((done, of)))
    assert steps == [(number, FOLDS) for number in range(1, FOLDS + 1)]
