"""Fit gradient-boosted trees, the card's challenger, and publish them as `exact.trees`.

scikit-learn's `HistGradientBoostingClassifier` grows the trees; no other module loads it, and
scoring needs none of it. Steps: inner folds (`learning.folds`, whole groups) are fitted with
the rule's most trees; the number of trees is the one of least held-out log loss, and the held-
out log odds at that number fit the calibration (`learning.calibration`); trees are grown anew
on all rows. Publication floors thresholds, which leaves integers where they were, and rounds
leaves to micro-logits; the result is compared with the float model on every training row.

Laws: the same table, rule and seed give the same tree on one machine, since one thread grows
it; the score obeys every declared order of a known number. No row trains the tree that gives
its held-out log odds; but the number of trees is chosen on all of them, so `auc_ppm` flatters
by as much as one integer can. Judge by an outer split.

Levels: at most `LEVELS_MOST` per feature, the heaviest; the others count as unknown, as a
level never seen does. One with fewer than 10 rows at a node is not told apart there. Where
training knew every value of a feature, an unknown one goes with the child of more rows.

Sources: Friedman (2001); Ke et al., "LightGBM" (2017), for the histograms and sets of levels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
from sklearn.ensemble import (  # type: ignore[import-untyped]
    HistGradientBoostingClassifier,
)
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tallystick.exact.trees import LEAVES_MOST, TREES_MOST, check_trees
from tallystick.exact.trees_batch import score_trees_batch
from tallystick.learning.calibration import Curve, fit_curve, tabulate
from tallystick.learning.encoding import LEVELS_MOST, Encoding, encode
from tallystick.learning.folds import assign_folds
from tallystick.learning.grown import grown_trees, publish_trees
from tallystick.learning.metrics import auc
from tallystick.learning.scorecard import (
    CardRule,
    check_table,
    find_state,
    no_signal,
    to_micro,
)
from tallystick.learning.table import Floats, Table

__all__ = [
    "ChallengerModel",
    "ChallengerReport",
    "ChallengerRule",
    "FeatureUse",
    "fit_challenger",
    "fit_model",
    "publish",
]

_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ChallengerRule:
    """How trees are grown.

    Attributes:
        rate: share of each tree's step that is taken, above 0 up to 1.
        leaves: most leaves of a tree, 2 to 64.
        leaf_rows: least rows in a leaf.
        ridge: penalty on squared leaf values, in rows times p (1 - p).
        trees: most trees, 1 to 2,048.
        folds: inner folds that choose the number of trees and hold out log odds.
    """

    rate: float = 0.05
    leaves: int = 8
    leaf_rows: int = 20
    ridge: float = 10.0
    trees: int = 400
    folds: int = 5


@dataclass(frozen=True, slots=True)
class FeatureUse:
    """What became of one feature.

    Attributes:
        name: the feature.
        state: `used`, or why not: `missing` (no value known, or only named in `monotone`),
            `constant` (one value and none missing), `unasked` (no tree splits by it).
        splits: nodes that ask for it.
        gain_ppm: its share of the loss that all splits removed in training.
    """

    name: str
    state: str
    splits: int
    gain_ppm: int


@dataclass(frozen=True, slots=True)
class ChallengerReport:
    """What a fit used and found.

    Attributes:
        rows: rows with an outcome.
        bad: bad rows among them.
        trees: number of trees chosen; the rule's most tells that more may have been better.
        features: by name, used or not.
        auc_ppm: AUC of the inner held-out log odds, each row counted once.
        slope_micro: calibration's slope x 10^6; below 10^6 the raw log odds were too bold.
        bend_micro: calibration's bend x 10^6.
    """

    rows: int
    bad: int
    trees: int
    features: tuple[FeatureUse, ...]
    auc_ppm: int
    slope_micro: int
    bend_micro: int


@dataclass(frozen=True, slots=True, eq=False)
class ChallengerModel:
    """Fitted trees in floats; `publish` makes them the integer ones.

    Attributes:
        target: name of the outcome.
        encoding: from table to matrix.
        booster: the fitted `HistGradientBoostingClassifier`.
        calibration: log odds to probability.
        sample: the rows it was fitted on.
    """

    target: str
    encoding: Encoding
    booster: Any
    calibration: Curve
    sample: Table

    def logits(self, table: Table) -> Floats:
        """Return the log odds of every row before calibration; shape `(n_rows,)`."""
        with threadpool_limits(limits=1, user_api="openmp"):
            result: Floats = self.booster.decision_function(self.encoding.matrix(table))
        return result

    def probabilities(self, table: Table) -> Floats:
        """Return the calibrated probability of every row; shape `(n_rows,)`."""
        return self.calibration.probability(self.logits(table))


def fit_challenger(
    table: Table,
    target: str,
    *,
    seed: int,
    monotone: Mapping[str, int],
    rule: ChallengerRule | None = None,
) -> tuple[dict[str, Any], ChallengerReport]:
    """Return the published trees of a table and what their fit found.

    Args:
        table: rows; those without an outcome are not trained on.
        target: name of the outcome.
        seed: of the inner folds, and of the rows that thresholds are chosen from beyond
            200,000.
        monotone: by feature: 1 the probability of a bad outcome does not fall as the number
            rises, -1 it does not rise, 0 any shape, as for numbers not named (a card takes
            the better of 1 and -1 there).
        rule: how to fit; the house's unless given.

    Raises:
        Invalid: `learning.few_rows`, `learning.one_outcome`, `learning.leak` (a feature is
            the target), `learning.monotone` (an unknown direction, or one for a level) or
            `learning.no_signal` (no tree improves the held-out log loss).
    """
    model, report = fit_model(table, target, seed=seed, monotone=monotone, rule=rule)
    return publish(model), report


def fit_model(
    table: Table,
    target: str,
    *,
    seed: int,
    monotone: Mapping[str, int],
    rule: ChallengerRule | None = None,
) -> tuple[ChallengerModel, ChallengerReport]:
    """Return the trees in floats; arguments and errors are those of `fit_challenger`."""
    rule = rule or ChallengerRule()
    assert 1 < rule.leaves <= LEAVES_MOST, "a tree has 2 to 64 leaves"
    assert 0 < rule.trees <= TREES_MOST, "there are 1 to 2,048 trees"
    check_table(table, target, monotone, CardRule(folds=rule.folds))
    sample = table.take(table.labelled)
    grower = _Grower(rule, monotone, seed)
    # 2 threads have been seen to grow the same trees, but scikit-learn does not promise it.
    with threadpool_limits(limits=1, user_api="openmp"):
        trees, held_out = grower.hold_out(sample)
        encoding, booster = grower.grow(sample, trees)
    calibration = fit_curve(held_out, sample.outcomes, sample.weights)
    model = ChallengerModel(target, encoding, booster, calibration, sample)
    report = ChallengerReport(
        rows=len(sample),
        bad=int(sample.outcomes.sum()),
        trees=trees,
        features=_uses(model, monotone),
        auc_ppm=to_micro(auc(held_out, sample.outcomes)),
        slope_micro=to_micro(calibration.slope),
        bend_micro=to_micro(calibration.bend),
    )
    return model, report


def publish(model: ChallengerModel) -> dict[str, Any]:
    """Return the trees as the value tree that `exact.trees.check_trees` takes."""
    value = publish_trees(model.booster, model.encoding, model.target, model.sample)
    least = value["base"] + sum(min(tree["value"]) for tree in value["trees"])
    most = value["base"] + sum(max(tree["value"]) for tree in value["trees"])
    value["calibration"] = tabulate(model.calibration, least, most)
    found = score_trees_batch(check_trees(value), model.sample.arrays()).logit_micro
    apart = np.abs(found - _MICRO * model.logits(model.sample)).max()
    assert apart <= model.booster.n_iter_ / 2 + 1, "the published trees are not those grown"
    return value


@dataclass(frozen=True, slots=True)
class _Grower:
    """The steps of a fit under one rule."""

    rule: ChallengerRule
    monotone: Mapping[str, int]
    seed: int

    def grow(self, sample: Table, trees: int) -> tuple[Encoding, Any]:
        """Return that many trees of a sample, and how to encode what they score."""
        encoding = encode(sample)
        if not encoding.names or not trees:
            raise no_signal(len(sample.columns))
        booster = HistGradientBoostingClassifier(
            learning_rate=self.rule.rate,
            max_iter=trees,
            max_leaf_nodes=self.rule.leaves,
            min_samples_leaf=self.rule.leaf_rows,
            l2_regularization=self.rule.ridge,
            max_bins=LEVELS_MOST,
            categorical_features=np.arange(len(encoding.names)) < encoding.sets,
            monotonic_cst=[self.monotone.get(name, 0) for name in encoding.names],
            early_stopping=False,
            random_state=self.seed % 2**32,
        )
        # Equal weights are none, and the library then finds its bins in a third of the time.
        weights = None if bool(np.all(sample.weights == 1)) else sample.weights
        booster.fit(encoding.matrix(sample), sample.outcomes, sample_weight=weights)
        return encoding, booster

    def hold_out(self, sample: Table) -> tuple[int, Floats]:
        """Return the number of trees, and every row's log odds from such that never saw it."""
        fold_of = assign_folds(sample, folds=self.rule.folds, seed=self.seed)
        loss = np.zeros(self.rule.trees + 1)
        fitted = []
        for fold in range(self.rule.folds):
            inside = fold_of == fold
            rest, held = sample.take(~inside), sample.take(inside)
            encoding, booster = self.grow(rest, self.rule.trees)
            matrix = encoding.matrix(held)
            fitted.append((inside, matrix, booster))
            loss += [_loss(logits, held) for logits in _stages(booster, matrix, rest)]
        trees = int(np.argmin(loss))
        logits = np.zeros(len(sample))
        for inside, matrix, booster in fitted if trees else ():
            stages = booster.staged_decision_function(matrix)
            logits[inside] = next(islice(stages, trees - 1, None))
        return trees, logits


def _stages(
    booster: Any,  # noqa: ANN401 - scikit-learn tells no types
    matrix: Floats,
    sample: Table,
) -> Iterator[Floats]:
    """Yield the log odds of every row by no tree, 1 tree, 2 trees and so on."""
    bad = float(sample.weights @ sample.outcomes)
    yield np.full(len(matrix), math.log(bad / (float(sample.weights.sum()) - bad)))
    yield from booster.staged_decision_function(matrix)


def _loss(logits: Floats, sample: Table) -> float:
    """Return the log loss of all rows, by weight."""
    return float(sample.weights @ np.logaddexp(0.0, (1 - 2 * sample.outcomes) * logits))


def _uses(model: ChallengerModel, monotone: Mapping[str, int]) -> tuple[FeatureUse, ...]:
    """Return what became of every feature, and of those in `monotone` without a column."""
    names = model.encoding.names
    splits, gains = np.zeros(len(names), dtype=np.int64), np.zeros(len(names))
    for tree in grown_trees(model.booster):
        columns, gain = tree.asked()
        np.add.at(splits, columns, 1)
        np.add.at(gains, columns, gain)
    if not splits.any():
        raise no_signal(len(model.sample.columns))
    count = dict(zip(names, splits.tolist(), strict=True))
    share = dict(zip(names, (gains / gains.sum()).tolist(), strict=True))
    states = dict.fromkeys(monotone, "missing")
    states |= {column.name: find_state(column) for column in model.sample.columns}
    states |= {name: "unasked" for name in names if not count[name]}
    return tuple(
        FeatureUse(name, states[name], count.get(name, 0), to_micro(share.get(name, 0.0)))
        for name in sorted(states)
    )
