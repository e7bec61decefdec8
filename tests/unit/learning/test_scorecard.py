"""The scorecard: what is used and why not, order, determinism, publication, refusals."""

from __future__ import annotations

from typing import Any

import dag_cbor
import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.exact.batch import score_batch
from tallystick.exact.card import check_card, score
from tallystick.learning.metrics import auc
from tallystick.learning.scorecard import CardRule, fit_card, fit_model, publish
from tallystick.learning.table import Table, table_from_rows

LEVELS = ["crop", "same"]


def loans(rows: int = 1_500, seed: int = 1, **more: Any) -> Table:
    """Loans whose risk rises with debt, falls with income and depends on the crop."""
    random = np.random.Generator(np.random.PCG64(seed))
    debt, income = random.integers(0, 1_000, rows), random.integers(0, 500, rows)
    crop, known = random.integers(1, 6, rows), random.random(rows) < 0.8
    logit = -1.5 + debt / 400 - income / 250 + 1.2 * (crop == 3) + 0.4 * ~known
    outcomes = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    noise = random.integers(0, 2, rows)
    table = [
        {"debt": int(debt[i]), "crop": int(crop[i]), "same": 7, "noise": int(noise[i])}
        | ({"income": int(income[i])} if known[i] else {})
        for i in range(rows)
    ]
    for row in table:
        row.update({name: fill(row) for name, fill in more.items()})
    return table_from_rows(table, outcomes.tolist(), LEVELS)


def test_every_feature_is_told_with_its_reason() -> None:
    table = loans()
    _, report = fit_card(table, "default", seed=1, monotone={"debt": 1, "unheard": -1})
    states = {feature.name: feature.state for feature in report.features}
    assert states == {
        "crop": "used",
        "debt": "used",
        "income": "used",
        "noise": "weak",
        "same": "constant",
        "unheard": "missing",
    }
    assert (report.rows, report.bad) == (1_500, int(table.outcomes.sum()))
    used = {feature.name: feature for feature in report.features if feature.state == "used"}
    assert all(f.coefficient_micro > 0 and f.value_micro >= 20_000 for f in used.values())
    assert 700_000 < report.auc_ppm < 850_000


def test_a_feature_whose_sign_turns_beside_another_is_left_out() -> None:
    random = np.random.Generator(np.random.PCG64(4))
    risk = random.normal(size=4_000)
    doubt = risk + random.normal(size=4_000)
    # The doubtful copy errs towards the bad side: alone it rises with risk, beside it it falls.
    logit = 2 * risk - 0.8 * doubt - 1
    outcomes = (random.random(4_000) < 1 / (1 + np.exp(-logit))).astype(int)
    rows = [{"risk": int(1e3 * r), "doubt": int(1e3 * d)} for r, d in zip(risk, doubt, strict=True)]
    tree, report = fit_card(
        table_from_rows(rows, outcomes.tolist(), []), "default", seed=1, monotone={}
    )
    assert {f.name: f.state for f in report.features} == {"doubt": "sign", "risk": "used"}
    assert [feature["name"] for feature in tree["features"]] == ["risk"]


@pytest.mark.parametrize("way", [1, -1])
def test_points_obey_the_declared_order_even_against_the_data(way: int) -> None:
    tree, _ = fit_card(loans(), "default", seed=1, monotone={"debt": 1, "income": way})
    features = {feature["name"]: feature for feature in tree["features"]}
    assert len(features["debt"]["points"]) >= 3
    assert features["debt"]["points"] == sorted(features["debt"]["points"])
    if "income" in features:
        points = features["income"]["points"]
        assert points == sorted(points, reverse=way < 0)
    assert ("income" in features and len(features["income"]["points"]) > 1) == (way == -1)


def test_one_input_gives_one_tree_and_another_seed_only_another_calibration() -> None:
    first, _ = fit_card(loans(), "default", seed=1, monotone={})
    assert dag_cbor.encode(fit_card(loans(), "default", seed=1, monotone={})[0]) == (
        dag_cbor.encode(first)
    )
    other, _ = fit_card(loans(), "default", seed=2, monotone={})
    assert other.pop("calibration") != first.pop("calibration")
    assert other == first


def test_the_integer_card_says_what_the_float_model_says() -> None:
    table = loans(4_000)
    model, _ = fit_model(table, "default", seed=1, monotone={})
    card = check_card(publish(model))
    found = score_batch(card, table.arrays())
    # Each of 4 entries is rounded by half a micro-logit at most.
    assert np.abs(found.logit_micro - 1e6 * model.logits(table)).max() <= 2.5
    assert np.abs(found.default_ppm / 1e6 - model.probabilities(table)).max() < 2e-4
    float_auc = auc(model.probabilities(table), table.outcomes)
    assert auc(found.default_ppm, table.outcomes) == pytest.approx(float_auc, abs=5e-4)


def test_a_missing_income_is_scored_by_its_own_bin() -> None:
    table = loans(6_000)
    tree, _ = fit_card(table, "default", seed=1, monotone={})
    income = next(feature for feature in tree["features"] if feature["name"] == "income")
    assert income["missing"] > 0
    parts = dict(score(check_card(tree), {"debt": 1, "crop": 3}).parts)
    assert parts["income"] == income["missing"] - min(income["points"])


def test_the_table_of_calibration_spans_every_attainable_score() -> None:
    tree, _ = fit_card(loans(), "default", seed=1, monotone={})
    entries = [
        [
            *feature["points"],
            feature["missing"],
            *([feature["other"]] if "other" in feature else []),
        ]
        for feature in tree["features"]
    ]
    at = tree["calibration"]["at"]
    assert at[0] == tree["base"] + sum(map(min, entries))
    assert at[-1] >= tree["base"] + sum(map(max, entries))


def test_a_heavier_row_moves_the_card() -> None:
    table = loans(400)
    weights = np.where(table.outcomes == 1, 3.0, 1.0)
    heavy = Table(table.columns, table.outcomes, weights, table.groups)
    row = {"debt": 500, "income": 250, "crop": 1}
    plain, weighted = (
        score(check_card(fit_card(t, "default", seed=1, monotone={})[0]), row).default_ppm
        for t in (table, heavy)
    )
    odds = plain / (1e6 - plain)
    assert weighted / (1e6 - weighted) == pytest.approx(3 * odds, rel=0.35)


def test_another_rule_is_obeyed() -> None:
    rule = CardRule(value_least=10.0)
    with pytest.raises(Invalid, match=r"learning\.no_signal"):
        fit_card(loans(), "default", seed=1, monotone={}, rule=rule)


def few(bad: int, good: int) -> Table:
    return table_from_rows([{"x": i} for i in range(bad + good)], [1] * bad + [0] * good, [])


@pytest.mark.parametrize(
    ("table", "monotone", "code"),
    [
        (few(14, 15), {}, "learning.few_rows"),
        (few(0, 100), {}, "learning.one_outcome"),
        (few(100, 0), {}, "learning.one_outcome"),
        (few(4, 100), {}, "learning.one_outcome"),
        (loans(200, default=lambda row: row["debt"]), {}, "learning.leak"),
        (loans(200), {"debt": 2}, "learning.monotone"),
        (loans(200), {"crop": 1}, "learning.monotone"),
        (table_from_rows([{"x": 1}] * 60, [0, 1] * 30, []), {}, "learning.no_signal"),
        (table_from_rows([{}] * 60, [0, 1] * 30, []), {}, "learning.no_signal"),
    ],
)
def test_a_sample_no_honest_card_comes_from_is_refused_with_a_cure(
    table: Table, monotone: dict[str, int], code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        fit_card(table, "default", seed=1, monotone=monotone)
    assert caught.value.code == code
    assert caught.value.cure


def test_rows_of_one_household_do_not_make_up_for_too_few() -> None:
    rows = [{"x": i} for i in range(60)]
    groups = ["one"] * 20 + [str(i) for i in range(40)]
    table = table_from_rows(rows, [1] * 20 + [0] * 40, [], groups=groups)
    with pytest.raises(Invalid, match=r"1 groups are bad"):
        fit_card(table, "default", seed=1, monotone={})
