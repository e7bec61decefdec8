"""The card on 2 real credit files: separation, honest probabilities, exact publication."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tallystick.exact.batch import score_batch
from tallystick.exact.card import check_card
from tallystick.learning.crossfit import FOLDS, cross_fit, score_held_out
from tallystick.learning.metrics import auc, ece, ece_null95
from tallystick.learning.scorecard import fit_model, publish
from tallystick.learning.table import Table, table_from_rows

MISSING = "99999999"
GASTON_LEVELS = {"Home", "Marital", "Records", "Job"}
GERMAN_NUMBERS = {
    "age_in_years",
    "credit_amount",
    "duration_in_month",
    "installment_rate_in_percentage_of_disposable_income",
    "number_of_existing_credits_at_this_bank",
    "number_of_people_being_liable_to_provide_maintenance_for",
    "present_residence_since",
}


@cache
def gaston(shared: Path) -> Table:
    """4,454 loans; 0 in a coded column means that nothing was entered."""
    with (shared / "data/gaston_credit/CreditScoring.csv").open(encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line["Status"] != "0"]
    rows = [
        {
            name.lower(): int(text)
            for name, text in line.items()
            if name != "Status" and text != MISSING and (name not in GASTON_LEVELS or text != "0")
        }
        for line in lines
    ]
    outcomes = [int(line["Status"]) - 1 for line in lines]
    return table_from_rows(rows, outcomes, {name.lower() for name in GASTON_LEVELS})


@cache
def german(shared: Path) -> Table:
    """1,000 loans; texts become codes by first appearance."""
    with (shared / "data/german_credit/germancredit.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    outcomes = [int(line.pop("creditability") == "bad") for line in lines]
    codes: dict[str, dict[str, int]] = {name: {} for name in lines[0]}
    rows = [
        {
            name: int(text)
            if name in GERMAN_NUMBERS
            else codes[name].setdefault(text, len(codes[name]))
            for name, text in line.items()
        }
        for line in lines
    ]
    return table_from_rows(rows, outcomes, set(lines[0]) - GERMAN_NUMBERS)


SETS = {"gaston": gaston, "german": german}
# Goals of the mission: .838 on gaston for the better of card and challenger, the card within .02.
AUC_LEAST = {"gaston": 0.83, "german": 0.775}


@pytest.mark.parametrize("name", SETS)
def test_held_out_scores_separate_and_their_probabilities_hold(name: str, shared: Path) -> None:
    table = SETS[name](shared)
    fit = cross_fit(table, "default", seed=1, monotone={})
    found = score_held_out(fit, table)
    folds = np.array(fit.folds)
    separation = [auc(found[folds == k], table.outcomes[folds == k]) for k in range(FOLDS)]
    assert np.mean(separation) >= AUC_LEAST[name]
    probabilities = found / 1e6
    null = ece_null95(probabilities, 1, 400)
    assert ece(probabilities, table.outcomes) <= null + 0.005


@pytest.mark.parametrize("name", SETS)
def test_publication_in_integers_costs_no_separation(name: str, shared: Path) -> None:
    table = SETS[name](shared)
    model, _ = fit_model(table, "default", seed=1, monotone={})
    found = score_batch(check_card(publish(model)), table.arrays())
    floating = auc(model.probabilities(table), table.outcomes)
    assert auc(found.default_ppm, table.outcomes) == pytest.approx(floating, abs=5e-4)
