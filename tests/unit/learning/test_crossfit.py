"""Folds and cross-fitting: nobody is scored by a card that has seen him."""

from __future__ import annotations

import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.exact.card import check_card, score
from tallystick.learning.crossfit import FOLDS, cross_fit, score_held_out
from tallystick.learning.folds import NO_FOLD, assign_folds
from tallystick.learning.metrics import auc
from tallystick.learning.scorecard import fit_card
from tallystick.learning.table import Table, table_from_rows


def households(rows: int, seed: int, *, unknown: float = 0.0) -> Table:
    """Rows of about two a household, with one telling number and one useless one."""
    random = np.random.Generator(np.random.PCG64(seed))
    signal, noise = random.integers(0, 100, rows), random.integers(0, 100, rows)
    bad = random.random(rows) < 0.1 + 0.006 * signal
    known = random.random(rows) >= unknown
    return table_from_rows(
        [{"signal": int(s), "noise": int(n)} for s, n in zip(signal, noise, strict=True)],
        [int(b) if k else None for b, k in zip(bad, known, strict=True)],
        [],
        groups=[f"household {number}" for number in random.integers(0, rows // 2, rows)],
    )


def test_folds_keep_households_whole_and_spread_the_bad_evenly() -> None:
    table = households(1_000, 1, unknown=0.3)
    folds = assign_folds(table, folds=5, seed=7)
    for group in np.unique(table.groups):
        assert len(set(folds[table.groups == group].tolist())) == 1
    worst = {g: int(table.outcomes[table.groups == g].max()) for g in np.unique(table.groups)}
    assert all((folds[table.groups == g] == NO_FOLD).all() == (w < 0) for g, w in worst.items())
    for outcome in (0, 1):
        members = [g for g, w in worst.items() if w == outcome]
        of_fold = [int(folds[table.groups == g][0]) for g in members]
        counts = np.bincount(of_fold, minlength=5)
        assert counts.max() - counts.min() <= 1


def test_a_seed_fixes_the_folds_and_another_changes_them() -> None:
    table = households(300, 2)
    first = assign_folds(table, folds=5, seed=1).tolist()
    assert assign_folds(table, folds=5, seed=1).tolist() == first
    assert assign_folds(table, folds=5, seed=2).tolist() != first


def test_the_deal_is_the_documented_one() -> None:
    table = table_from_rows([{"a": 1}] * 10, [0, 1] * 5, [])
    # Dealt by hand after sorting the digests that `b2sum -l 128` prints for 0/1, 0/3, ... 0/8.
    assert assign_folds(table, folds=3, seed=0).tolist() == [2, 0, 0, 0, 0, 1, 2, 2, 1, 1]


def test_a_changed_outcome_changes_every_card_but_the_one_that_scores_its_row() -> None:
    table = households(600, 3)
    fit = cross_fit(table, "default", seed=5, monotone={})
    # Swapping 2 rows of one household leaves its stratum, so the folds stay as they are.
    pairs = [
        rows
        for group in np.unique(table.groups)
        if set(table.outcomes[rows := np.flatnonzero(table.groups == group)].tolist()) == {0, 1}
        and table.columns[1].values[rows[0]] != table.columns[1].values[rows[1]]
    ]
    outcomes = table.outcomes.copy()
    rows = pairs[0]
    outcomes[rows] = 1 - outcomes[rows]
    forged = Table(table.columns, outcomes, table.weights, table.groups)
    again = cross_fit(forged, "default", seed=5, monotone={})
    assert again.folds == fit.folds
    own = fit.folds[rows[0]]
    for index in range(FOLDS + 1):
        assert (again.cards[index] == fit.cards[index]) == (index == own)


def test_rows_without_outcome_are_scored_by_the_card_of_all() -> None:
    table = households(600, 4, unknown=0.4)
    fit = cross_fit(table, "default", seed=5, monotone={})
    whole, report = fit_card(table, "default", seed=5, monotone={})
    assert fit.cards[FOLDS] == whole
    assert fit.reports[FOLDS] == report
    assert report.rows == int(table.labelled.sum())
    alone = [i for i in range(600) if fit.folds[i] == FOLDS]
    assert alone
    assert not table.labelled[alone].any()
    dropped = cross_fit(table.take(table.labelled), "default", seed=5, monotone={})
    assert dropped.cards[FOLDS] == whole


def test_held_out_scores_are_those_of_each_rows_own_card() -> None:
    table = households(400, 5, unknown=0.2)
    fit = cross_fit(table, "default", seed=5, monotone={"signal": 1})
    found = score_held_out(fit, table)
    for index in range(0, 400, 7):
        row = {column.name: int(column.values[index]) for column in table.columns}
        card = check_card(fit.cards[fit.folds[index]])
        assert score(card, row).default_ppm == found[index]
    known = table.labelled
    assert auc(found[known], table.outcomes[known]) > 0.6


@pytest.mark.long
def test_labels_without_signal_look_like_it_when_held_out() -> None:
    random = np.random.Generator(np.random.PCG64(8))
    rows = [
        {f"x{i}": int(v) for i, v in enumerate(line)} for line in random.integers(0, 50, (600, 12))
    ]
    table = table_from_rows(rows, random.integers(0, 2, 600).tolist(), [])
    fit = cross_fit(table, "default", seed=1, monotone={})
    honest = auc(score_held_out(fit, table), table.outcomes)
    seen = auc(
        np.array([score(check_card(fit.cards[FOLDS]), row).default_ppm for row in rows]),
        table.outcomes,
    )
    assert abs(honest - 0.5) < 0.06
    assert seen > honest + 0.05
    assert abs(fit.reports[FOLDS].auc_ppm - 500_000) < 60_000


def test_too_few_outcomes_for_every_fold_are_refused() -> None:
    table = table_from_rows([{"a": i % 12} for i in range(60)], [1] * 5 + [0] * 55, [])
    with pytest.raises(Invalid, match=r"learning\.one_outcome"):
        cross_fit(table, "default", seed=1, monotone={})
