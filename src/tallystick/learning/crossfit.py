"""Cross-fitting: every row is scored by a card that has not seen its outcome.

Rows with an outcome are split by `learning.folds`; card k is fitted on the rows outside fold k.
One card more is fitted on all of them, for rows (and applicants) whose group has no outcome.
Law: `cards[folds[i]]` scores row i, and no row of i's group trained it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tallystick.exact.batch import Integers, score_batch
from tallystick.exact.card import check_card
from tallystick.learning.folds import NO_FOLD, assign_folds
from tallystick.learning.scorecard import CardRule, FitReport, fit_card
from tallystick.learning.table import Table

__all__ = ["FOLDS", "CrossFit", "cross_fit", "score_held_out"]

FOLDS: Final = 5
"""Outer folds."""


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Cards and who is scored by which.

    Attributes:
        folds: for every row the index of its card.
        cards: `FOLDS` cards, each blind to its fold, then the card of all labelled rows.
        reports: one per card.
    """

    folds: tuple[int, ...]
    cards: tuple[dict[str, Any], ...]
    reports: tuple[FitReport, ...]


def cross_fit(
    table: Table,
    target: str,
    *,
    seed: int,
    monotone: Mapping[str, int],
    rule: CardRule | None = None,
) -> CrossFit:
    """Return the cross-fitted cards of a table.

    Args:
        table: rows, with and without outcome.
        target: name of the outcome.
        seed: of outer and inner folds.
        monotone: as in `fit_card`.
        rule: as in `fit_card`.

    Raises:
        Invalid: as `fit_card`, for the whole table or for what one fold leaves.
    """
    whole, report = fit_card(table, target, seed=seed, monotone=monotone, rule=rule)
    fold_of = assign_folds(table, folds=FOLDS, seed=seed)
    fitted = [
        fit_card(table.take(fold_of != fold), target, seed=seed, monotone=monotone, rule=rule)
        for fold in range(FOLDS)
    ]
    fitted.append((whole, report))
    folds = np.where(fold_of == NO_FOLD, FOLDS, fold_of)
    cards, reports = zip(*fitted, strict=True)
    return CrossFit(tuple(folds.tolist()), cards, reports)


def score_held_out(fit: CrossFit, table: Table) -> Integers:
    """Return the probability in ppm of every row by the card that has not seen it.

    Args:
        fit: of this very table.
        table: the rows that were fitted.
    """
    fold_of = np.array(fit.folds, dtype=np.int64)
    assert len(fold_of) == len(table), "the fit belongs to another table"
    result = np.zeros(len(table), dtype=np.int64)
    for index, tree in enumerate(fit.cards):
        inside = fold_of == index
        if inside.any():
            part = table.take(inside)
            result[inside] = score_batch(check_card(tree), part.arrays()).default_ppm
    return result
