"""Fit a monotone scorecard and publish it as the integer card of `exact.card`.

Steps: bin every feature optimally (`learning.binning`), replace values by their weight of
evidence, drop features of information value below the rule's, regress (`learning.logistic`),
drop one by one the features whose coefficient is not positive (a wrong sign would turn the
feature's order round), calibrate on log odds held out by inner folds (`learning.calibration`).
The published points are round(10^6 x coefficient x WoE).

Laws: the same table, rule and seed give the same tree on one machine; a feature's points obey
its declared order; no row's own outcome shapes the log odds it calibrates. What is not used is
told in the report with its reason. Source: Siddiqi, "Credit Risk Scorecards" (2006).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tallystick.base.errors import Invalid
from tallystick.exact.card import POINTS_LIMIT
from tallystick.learning.binning import (
    ASCENDING,
    AUTO,
    DESCENDING,
    FREE,
    Binning,
    BinningRule,
    bin_column,
)
from tallystick.learning.calibration import Curve, fit_curve, tabulate
from tallystick.learning.folds import assign_folds, worst_outcomes
from tallystick.learning.logistic import Logistic, fit_logistic
from tallystick.learning.metrics import auc
from tallystick.learning.table import Column, Floats, Table

__all__ = [
    "LABELLED_LEAST",
    "CardModel",
    "CardRule",
    "FeatureReport",
    "FitReport",
    "check_table",
    "find_state",
    "fit_card",
    "fit_model",
    "no_signal",
    "publish",
    "to_micro",
]

LABELLED_LEAST: Final = 30
"""Fewest rows with an outcome that a card is fitted on."""

_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class CardRule:
    """How a card is fitted.

    Attributes:
        binning: limits on the bins.
        value_least: least information value of a feature that is used.
        ridge: penalty on squared coefficients, in rows.
        folds: inner folds that hold out log odds for calibration.
    """

    binning: BinningRule = BinningRule()
    value_least: float = 0.02
    ridge: float = 1.0
    folds: int = 5


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """What became of one feature.

    Attributes:
        name: the feature.
        state: `used`, or why not: `missing` (no value known, or only named in `monotone`),
            `constant` (one value and none missing), `weak` (information value below the
            rule's), `sign` (coefficient not positive beside the others).
        bins: bins found, missing aside; 0 where none were sought.
        value_micro: information value x 10^6.
        coefficient_micro: of the WoE, x 10^6; 0 where not used.
    """

    name: str
    state: str
    bins: int
    value_micro: int
    coefficient_micro: int


@dataclass(frozen=True, slots=True)
class FitReport:
    """What a fit used and found.

    Attributes:
        rows: rows with an outcome.
        bad: bad rows among them.
        features: by name, used or not.
        auc_ppm: AUC of the inner held-out log odds, each row counted once.
        slope_micro: calibration's slope x 10^6; below 10^6 the raw log odds were too bold.
        bend_micro: calibration's bend x 10^6.
    """

    rows: int
    bad: int
    features: tuple[FeatureReport, ...]
    auc_ppm: int
    slope_micro: int
    bend_micro: int


@dataclass(frozen=True, slots=True, eq=False)
class CardModel:
    """A fitted card in floats; `publish` makes it the integer one.

    Attributes:
        target: name of the outcome.
        binnings: of the features in use, by name.
        regression: one coefficient per binning.
        calibration: log odds to probability.
    """

    target: str
    binnings: tuple[Binning, ...]
    regression: Logistic
    calibration: Curve

    def logits(self, table: Table) -> Floats:
        """Return the log odds of every row before calibration; shape `(n_rows,)`."""
        return self.regression.logits(_evidence(self.binnings, table))

    def probabilities(self, table: Table) -> Floats:
        """Return the calibrated probability of every row; shape `(n_rows,)`."""
        return self.calibration.probability(self.logits(table))


def fit_card(
    table: Table,
    target: str,
    *,
    seed: int,
    monotone: Mapping[str, int],
    rule: CardRule | None = None,
) -> tuple[dict[str, Any], FitReport]:
    """Return the published card of a table and what its fit found.

    Args:
        table: rows; those without an outcome are not trained on.
        target: name of the outcome.
        seed: of the inner folds.
        monotone: by feature: 1 the probability of a bad outcome does not fall as the number
            rises, -1 it does not rise, 0 any shape; unnamed numbers take the better of 1
            and -1.
        rule: how to fit; the house's unless given.

    Raises:
        Invalid: `learning.few_rows`, `learning.one_outcome`, `learning.leak` (a feature is
            the target), `learning.monotone` (an unknown direction, or one for a level) or
            `learning.no_signal` (no feature remains).
    """
    model, report = fit_model(table, target, seed=seed, monotone=monotone, rule=rule)
    return publish(model), report


def fit_model(
    table: Table,
    target: str,
    *,
    seed: int,
    monotone: Mapping[str, int],
    rule: CardRule | None = None,
) -> tuple[CardModel, FitReport]:
    """Return the card in floats; arguments and errors are those of `fit_card`."""
    rule = rule or CardRule()
    check_table(table, target, monotone, rule)
    sample = table.take(table.labelled)
    fitter = _Fitter(rule, monotone)
    fit = fitter.fit(sample)
    if not fit.used:
        raise no_signal(len(sample.columns))
    held_out = fitter.hold_out(sample, seed)
    calibration = fit_curve(held_out, sample.outcomes, sample.weights)
    report = FitReport(
        rows=len(sample),
        bad=int(sample.outcomes.sum()),
        features=fit.reports(monotone),
        auc_ppm=to_micro(auc(held_out, sample.outcomes)),
        slope_micro=to_micro(calibration.slope),
        bend_micro=to_micro(calibration.bend),
    )
    return CardModel(target, fit.used, fit.regression, calibration), report


def publish(model: CardModel) -> dict[str, Any]:
    """Return the card as the value tree that `exact.card.check_card` takes."""
    coefficients = model.regression.coefficients.tolist()
    features = [
        _published(binning, coefficient)
        for binning, coefficient in zip(model.binnings, coefficients, strict=True)
    ]
    base = _points(model.regression.intercept)
    entries = [
        [*item["points"], item["missing"], *([item["other"]] if "other" in item else [])]
        for item in features
    ]
    least = base + sum(min(points) for points in entries)
    most = base + sum(max(points) for points in entries)
    return {
        "v": 1,
        "kind": "card",
        "target": model.target,
        "features": features,
        "base": base,
        "calibration": tabulate(model.calibration, least, most),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Features in use, their regression, and every feature's state and bins."""

    used: tuple[Binning, ...]
    regression: Logistic
    states: dict[str, str]
    binnings: dict[str, Binning]

    def logits(self, table: Table) -> Floats:
        """Return the log odds of every row; shape `(n_rows,)`."""
        return self.regression.logits(_evidence(self.used, table))

    def reports(self, named: Iterable[str]) -> tuple[FeatureReport, ...]:
        """Return what became of every feature, and of those `named` without a column."""
        names = [item.name for item in self.used]
        coefficients = dict(zip(names, self.regression.coefficients.tolist(), strict=True))
        states = dict.fromkeys(named, "missing") | self.states
        return tuple(
            _report(name, states[name], self.binnings.get(name), coefficients.get(name, 0.0))
            for name in sorted(states)
        )


@dataclass(frozen=True, slots=True)
class _Fitter:
    """The steps of a fit under one rule."""

    rule: CardRule
    monotone: Mapping[str, int]

    def fit(self, sample: Table) -> _Fit:
        """Return the features in use and their regression."""
        states = {column.name: find_state(column) for column in sample.columns}
        binnings = {
            column.name: self._bin(column, sample)
            for column in sample.columns
            if states[column.name] == "used"
        }
        for name, binning in binnings.items():
            if binning.value < self.rule.value_least:
                states[name] = "weak"
        candidates = [item for name, item in binnings.items() if states[name] == "used"]
        kept, regression = self._regress(sample, candidates)
        for item in candidates:
            if item not in kept:
                states[item.name] = "sign"
        return _Fit(tuple(kept), regression, states, binnings)

    def hold_out(self, sample: Table, seed: int) -> Floats:
        """Return log odds of every row from a fit that has not seen its group."""
        fold_of = assign_folds(sample, folds=self.rule.folds, seed=seed)
        logits = np.zeros(len(sample))
        for fold in range(self.rule.folds):
            inside = fold_of == fold
            logits[inside] = self.fit(sample.take(~inside)).logits(sample.take(inside))
        return logits

    def _bin(self, column: Column, sample: Table) -> Binning:
        """Return the bins of one column."""
        direction = self.monotone.get(column.name, AUTO)
        return bin_column(column, sample.outcomes, sample.weights, self.rule.binning, direction)

    def _regress(self, sample: Table, used: list[Binning]) -> tuple[list[Binning], Logistic]:
        """Return the regression once every coefficient is positive, and its features."""
        while True:
            evidence = _evidence(tuple(used), sample)
            fit = fit_logistic(evidence, sample.outcomes, sample.weights, ridge=self.rule.ridge)
            if not used or float(fit.coefficients.min()) > 0:
                return used, fit
            worst = int(np.argmin(fit.coefficients))
            used = used[:worst] + used[worst + 1 :]


def _evidence(binnings: tuple[Binning, ...], table: Table) -> Floats:
    """Return the WoE of every row; shape `(n_rows, n_binnings)`."""
    columns = {column.name: column for column in table.columns}
    result = np.empty((len(table), len(binnings)))
    for index, binning in enumerate(binnings):
        result[:, index] = binning.transform(columns[binning.name])
    return result


def find_state(column: Column) -> str:
    """Return whether a column can be binned, by `FeatureReport.state`."""
    known = column.values[column.known]
    if len(known) == 0:
        return "missing"
    if len(known) == len(column.values) and known.min() == known.max():
        return "constant"
    return "used"


def _report(name: str, state: str, binning: Binning | None, coefficient: float) -> FeatureReport:
    """Return what became of one feature."""
    bins, value = (binning.bins, binning.value) if binning else (0, 0.0)
    return FeatureReport(name, state, bins, to_micro(value), to_micro(coefficient))


def _published(binning: Binning, coefficient: float) -> dict[str, Any]:
    """Return one feature of the card."""
    number = binning.kind == "number"
    feature = {
        "kind": binning.kind,
        "name": binning.name,
        "cuts" if number else "levels": list(binning.edges),
        "points": [_points(coefficient * evidence) for evidence in binning.evidence],
        "missing": _points(coefficient * binning.missing),
    }
    if not number:
        feature["other"] = _points(coefficient * binning.other)
    return feature


def _points(logit: float) -> int:
    """Return log odds in micro-units, within the card's limit."""
    return max(-POINTS_LIMIT, min(POINTS_LIMIT, to_micro(logit)))


def to_micro(value: float) -> int:
    """Return a float in millionths, half to even."""
    return round(value * _MICRO)


def check_table(table: Table, target: str, monotone: Mapping[str, int], rule: CardRule) -> None:
    """Refuse a sample no honest card comes from."""
    names = {column.name for column in table.columns}
    if target in names:
        raise Invalid(
            "learning.leak",
            f"the feature {target} is the target itself",
            cure="Take the target out of the features.",
        )
    levels = {column.name for column in table.columns if column.kind == "level"}
    wrong = sorted(
        name
        for name, way in monotone.items()
        if way not in (ASCENDING, DESCENDING, FREE) or (way != FREE and name in levels)
    )
    if wrong:
        raise Invalid(
            "learning.monotone",
            f"numbers take a direction -1, 0 or 1, levels none; wrong for: {', '.join(wrong)}",
            cure="Correct the directions, or declare the feature a number.",
        )
    _check_outcomes(table, rule)


def _check_outcomes(table: Table, rule: CardRule) -> None:
    """Refuse too few rows, or too few of one outcome for every fold to hold both."""
    labelled = int(table.labelled.sum())
    if labelled < LABELLED_LEAST:
        raise Invalid(
            "learning.few_rows",
            f"{labelled} rows have an outcome; at least {LABELLED_LEAST} are needed",
            cure="Wait for more outcomes, or take another county's history.",
        )
    worst = worst_outcomes(table)
    for outcome, word in ((1, "bad"), (0, "good")):
        count = int(np.sum(worst == outcome))
        if count < rule.folds:
            raise Invalid(
                "learning.one_outcome",
                f"{count} groups are {word}; at least {rule.folds} are needed",
                cure="Take a sample in which both outcomes occur often enough.",
            )


def no_signal(columns: int) -> Invalid:
    """Return the error for a table whose features tell nothing."""
    return Invalid(
        "learning.no_signal",
        f"none of {columns} features is known, varies and separates good from bad",
        cure="Bring further features, or more rows with an outcome.",
    )
