"""The challenger: order, determinism, publication in integers, refusals, 2 real credit files."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import dag_cbor
import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tallystick.base.errors import Invalid
from tallystick.exact.card import reason_codes
from tallystick.exact.model import check_model, score_model, score_model_batch
from tallystick.exact.trees import LEAF, Trees, check_trees
from tallystick.learning import challenger, scorecard
from tallystick.learning.challenger import ChallengerRule, fit_challenger, fit_model, publish
from tallystick.learning.encoding import LEVELS_MOST, encode
from tallystick.learning.folds import assign_folds
from tallystick.learning.metrics import auc, ece, ece_null95
from tallystick.learning.table import Table, table_from_rows
from tallystick.sources import Application, load_mapping, read_applications

LEVELS = ["crop", "same"]
FAST = ChallengerRule(trees=60, rate=0.1)
MAPPINGS = Path(__file__).resolve().parents[3] / "examples" / "mappings"
FILES = {
    "german": "data/german_credit/germancredit.csv",
    "gaston": "data/gaston_credit/CreditScoring.csv",
}


def loans(rows: int = 1_500, seed: int = 1, **more: Any) -> Table:
    """Loans whose risk rises with debt, falls with income and depends on the crop."""
    random = np.random.Generator(np.random.PCG64(seed))
    debt, income = random.integers(0, 1_000, rows), random.integers(0, 500, rows)
    crop, known = random.integers(1, 6, rows), random.random(rows) < 0.8
    logit = -1.5 + debt / 400 - income / 250 + 1.2 * (crop == 3) + 0.4 * ~known
    outcomes = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    table = [
        {"debt": int(debt[i]), "crop": 10 * int(crop[i]), "same": 7}
        | ({"income": int(income[i])} if known[i] else {})
        for i in range(rows)
    ]
    for row in table:
        row.update({name: fill(row) for name, fill in more.items()})
    return table_from_rows(table, outcomes.tolist(), LEVELS)


@cache
def fitted() -> tuple[Table, challenger.ChallengerModel, challenger.ChallengerReport]:
    table = loans(3_000)
    return table, *fit_model(table, "default", seed=1, monotone={"debt": 1, "income": -1})


def held_out(model: Trees, table: Table) -> float:
    return auc(score_model_batch(model, table.arrays()).default_ppm, table.outcomes)


def test_the_published_integers_say_what_the_float_model_says() -> None:
    _, model, report = fitted()
    fresh = loans(3_000, seed=2)
    trees = check_trees(publish(model))
    found = score_model_batch(trees, fresh.arrays())
    # Every tree and the base are rounded by half a micro-logit at most.
    rounding = report.trees / 2 + 1
    assert np.abs(found.logit_micro - 1e6 * model.logits(fresh)).max() <= rounding
    assert np.abs(found.default_ppm / 1e6 - model.probabilities(fresh)).max() < 2e-4
    floating = auc(model.probabilities(fresh), fresh.outcomes)
    assert floating > 0.7
    assert held_out(trees, fresh) == pytest.approx(floating, abs=5e-4)


def test_single_scores_equal_the_batch_and_their_parts_start_at_the_mean_row() -> None:
    table, model, _ = fitted()
    trees = check_trees(publish(model))
    logits = score_model_batch(trees, table.arrays()).logit_micro
    rows = [
        {column.name: int(column.values[i]) for column in table.columns if column.known[i]}
        for i in range(300)
    ]
    found = [score_model(trees, row) for row in rows]
    assert [one.logit_micro for one in found] == logits[:300].tolist()
    # The base is the mean score of the training rows; each of the trees rounds its means.
    assert abs(logits.mean() - trees.base) <= 4 * len(trees.trees)
    worst = score_model(trees, {"debt": 990, "income": 5, "crop": 30})
    assert set(reason_codes(worst, 3)) == {"debt", "income", "crop"}


def test_the_means_are_those_of_the_weights() -> None:
    table = loans(2_000)
    weights = np.where(table.outcomes == 1, 5.0, 1.0)
    heavy = Table(table.columns, table.outcomes, weights, table.groups)
    model, _ = fit_model(heavy, "default", seed=1, monotone={}, rule=FAST)
    trees = check_trees(publish(model))
    logits = score_model_batch(trees, heavy.arrays()).logit_micro
    assert abs(np.average(logits, weights=weights) - trees.base) <= 4 * len(trees.trees)
    assert abs(logits.mean() - trees.base) > 40 * len(trees.trees)


@pytest.mark.parametrize("way", [1, -1])
def test_the_score_obeys_the_declared_order_even_against_the_data(way: int) -> None:
    tree, _ = fit_challenger(
        loans(), "default", seed=1, monotone={"debt": 1, "income": way}, rule=FAST
    )
    trees = check_trees(tree)
    spread = 0
    for crop, other in product((10, 20, 30, 40, 50), (0, 200, 400)):
        fixed = {"crop": crop, "income": other}
        debts = [score_model(trees, fixed | {"debt": d}).logit_micro for d in range(0, 1_001, 5)]
        assert debts == sorted(debts)
        fixed = {"crop": crop, "debt": 2 * other}
        incomes = [score_model(trees, fixed | {"income": i}).logit_micro for i in range(0, 501, 5)]
        assert incomes == sorted(incomes, reverse=way < 0)
        spread = max(spread, debts[-1] - debts[0])
    assert spread > 1_000_000


def test_a_number_that_is_not_named_takes_any_shape() -> None:
    random = np.random.Generator(np.random.PCG64(8))
    age = random.integers(18, 90, 3_000)
    outcomes = (random.random(3_000) < np.where(abs(age - 54) > 20, 0.6, 0.1)).astype(int)
    table = table_from_rows([{"age": int(a)} for a in age], outcomes.tolist(), [])
    tree, _ = fit_challenger(table, "default", seed=1, monotone={}, rule=FAST)
    trees = check_trees(tree)
    young, middle, old = (score_model(trees, {"age": a}).default_ppm for a in (20, 54, 88))
    assert min(young, old) > 450_000
    assert middle < 200_000


def test_one_input_gives_one_tree_on_any_number_of_threads() -> None:
    table = loans(2_000)
    first = dag_cbor.encode(fit_challenger(table, "default", seed=1, monotone={}, rule=FAST)[0])
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="openmp"):
            again, _ = fit_challenger(table, "default", seed=1, monotone={}, rule=FAST)
        assert dag_cbor.encode(again) == first
    other, _ = fit_challenger(table, "default", seed=2, monotone={}, rule=FAST)
    assert dag_cbor.encode(other) != first


def test_rows_without_an_outcome_change_nothing() -> None:
    table = loans(1_200)
    labelled = np.arange(1_200) < 1_000
    hidden = np.where(labelled, table.outcomes, -1)
    part = Table(table.columns, hidden, table.weights, table.groups)
    found, report = fit_challenger(part, "default", seed=1, monotone={}, rule=FAST)
    expected, _ = fit_challenger(table.take(labelled), "default", seed=1, monotone={}, rule=FAST)
    assert (found, report.rows) == (expected, 1_000)


def test_a_level_never_seen_is_scored_as_a_missing_one() -> None:
    table, model, _ = fitted()
    trees = check_trees(publish(model))
    unseen = score_model(trees, {"debt": 500, "income": 100, "crop": 35})
    assert unseen == score_model(trees, {"debt": 500, "income": 100})
    assert unseen != score_model(trees, {"debt": 500, "income": 100, "crop": 30})
    one = table_from_rows([{"debt": 500, "income": 100, "crop": 35, "same": 7}], [0], LEVELS)
    assert abs(unseen.logit_micro - 1e6 * model.logits(one)[0]) <= len(trees.trees) / 2 + 1
    assert len(table) == 3_000


@pytest.mark.parametrize("risky", [0, 2])
def test_one_known_level_and_its_absence_are_told_apart_beside_another_level(risky: int) -> None:
    # scikit-learn would look the one level up in the set of the other feature's first split.
    random = np.random.Generator(np.random.PCG64(9))
    there, other = random.random(4_000) < 0.5, random.integers(0, 3, 4_000)
    odds = np.where(there, -2.0, 0.0) + 1.5 * (other == risky)
    outcomes = (random.random(4_000) < 1 / (1 + np.exp(-odds))).astype(int)
    rows = [
        {"same": int(code)} | ({"crop": 4} if known else {})
        for code, known in zip(other, there, strict=True)
    ]
    table = table_from_rows(rows, outcomes.tolist(), LEVELS)
    tree, _ = fit_challenger(table, "default", seed=1, monotone={}, rule=FAST)
    trees = check_trees(tree)
    known, absent, unseen = (
        score_model(trees, row).default_ppm
        for row in ({"same": 1, "crop": 4}, {"same": 1}, {"same": 1, "crop": 5})
    )
    assert known == pytest.approx(119_000, abs=25_000)
    assert absent == unseen == pytest.approx(500_000, abs=40_000)


def test_of_too_many_levels_the_rarest_count_as_unknown() -> None:
    random = np.random.Generator(np.random.PCG64(10))
    crops = np.concatenate([np.repeat(np.arange(255), 15), np.arange(1_000, 1_060)])
    outcomes = (random.random(len(crops)) < np.where(crops % 2 == 0, 0.7, 0.2)).astype(int)
    table = table_from_rows([{"crop": int(crop)} for crop in crops], outcomes.tolist(), LEVELS)
    encoding = encode(table)
    assert encoding.levels == (tuple(range(255)),)
    assert len(encoding.levels[0] or ()) == LEVELS_MOST
    assert np.isnan(encoding.matrix(table)[-60:]).all()
    tree, _ = fit_challenger(table, "default", seed=1, monotone={}, rule=FAST)
    trees = check_trees(tree)
    assert score_model(trees, {"crop": 1_000}) == score_model(trees, {})
    assert held_out(trees, table) > 0.7


def test_every_feature_is_told_with_its_reason() -> None:
    random = np.random.Generator(np.random.PCG64(11))
    lasting = dict(zip(range(1_500), random.permutation(1_500).tolist(), strict=True))
    table = loans(silent=lambda _: 3, rank=lambda row: lasting[row["debt"]] % 2)
    tree, report = fit_challenger(
        table, "default", seed=1, monotone={"debt": 1, "unheard": -1}, rule=FAST
    )
    uses = {use.name: use for use in report.features}
    assert [use.name for use in report.features] == sorted(uses)
    assert {name for name, use in uses.items() if use.state == "used"} >= {"crop", "debt", "income"}
    assert {name: uses[name].state for name in ("same", "silent", "unheard")} == {
        "same": "constant",
        "silent": "constant",
        "unheard": "missing",
    }
    inner = sum(place != LEAF for one in tree["trees"] for place in one["feature"])
    assert sum(use.splits for use in uses.values()) == inner
    assert abs(sum(use.gain_ppm for use in uses.values()) - 1_000_000) <= len(uses)
    assert all((use.splits > 0) == (use.state == "used") for use in uses.values())
    assert (report.rows, report.bad) == (1_500, int(table.outcomes.sum()))
    assert 0 < report.trees <= FAST.trees
    assert 700_000 < report.auc_ppm < 850_000


def test_groups_stay_together_when_trees_are_chosen() -> None:
    # Each household has a number of its own and one outcome for its 10 rows: whoever splits
    # its rows learns it by heart, whoever keeps them together finds nothing in it.
    random = np.random.Generator(np.random.PCG64(12))
    house = np.repeat(np.arange(150), 10)
    outcomes = random.integers(0, 2, 150)[house]
    rows = [{"number": int(number)} for number in house]
    names = [str(number) for number in house]
    rule = ChallengerRule(trees=100, leaf_rows=5)
    alone = table_from_rows(rows, outcomes.tolist(), [])
    _, report = fit_challenger(alone, "default", seed=1, monotone={}, rule=rule)
    assert report.auc_ppm > 800_000
    grouped = table_from_rows(rows, outcomes.tolist(), [], groups=names)
    _, report = fit_challenger(grouped, "default", seed=1, monotone={}, rule=rule)
    assert report.auc_ppm < 600_000
    assert report.trees < 20


def noise(rows: int) -> Table:
    random = np.random.Generator(np.random.PCG64(13))
    table = [{"noise": int(value)} for value in random.integers(0, 100, rows)]
    return table_from_rows(table, [row % 2 for row in range(rows)], [])


@pytest.mark.parametrize(
    ("code", "table", "target", "monotone"),
    [
        ("learning.few_rows", loans(20), "default", {}),
        ("learning.leak", loans(100), "debt", {}),
        ("learning.monotone", loans(100), "default", {"debt": 2}),
        ("learning.monotone", loans(100), "default", {"crop": 1}),
        (
            "learning.one_outcome",
            table_from_rows([{"a": i} for i in range(99)], [0] * 99, []),
            "default",
            {},
        ),
        (
            "learning.no_signal",
            table_from_rows([{"a": 1}] * 99, [i % 2 for i in range(99)], []),
            "default",
            {},
        ),
        ("learning.no_signal", noise(400), "default", {}),
        ("learning.no_signal", loans(38), "default", {}),
    ],
)
def test_a_table_no_honest_trees_come_from_is_refused(
    code: str, table: Table, target: str, monotone: dict[str, int]
) -> None:
    with pytest.raises(Invalid) as caught:
        fit_challenger(table, target, seed=1, monotone=monotone, rule=FAST)
    assert caught.value.code == code
    assert caught.value.cure


def real(name: str, shared: Path) -> tuple[Table, dict[str, int]]:
    """Return a real file's labelled rows by its mapping, and the declared directions."""
    mapping = load_mapping(MAPPINGS / f"{name}.toml")
    rows = [
        row
        for row in read_applications(shared / FILES[name], mapping)
        if isinstance(row, Application) and row.target is not None
    ]
    levels = [feature.name for feature in mapping.features if feature.kind == "level"]
    table = table_from_rows([row.features for row in rows], [row.target for row in rows], levels)
    columns = {column.name for column in table.columns}
    ways = {"up": 1, "down": -1}
    return table, {
        feature.name: ways[feature.monotone]
        for feature in mapping.features
        if feature.monotone in ways and feature.name in columns
    }


# By file: rows, and the least AUC of the better of card and challenger.
GATES = {"german": (1_000, 0.775), "gaston": (4_454, 0.838)}


@pytest.mark.long
@pytest.mark.parametrize("name", ["german", pytest.param("gaston", marks=pytest.mark.slow)])
def test_card_and_challenger_meet_the_gates_on_real_rows_they_have_not_seen(
    name: str, shared: Path
) -> None:
    table, monotone = real(name, shared)
    rows, least = GATES[name]
    assert len(table) == rows
    fold_of = assign_folds(table, folds=5, seed=42)
    found = {"card": np.zeros(rows), "trees": np.zeros(rows)}
    floating = np.zeros(rows)
    for fold in range(5):
        rest, held = table.take(fold_of != fold), table.take(fold_of == fold)
        card, _ = scorecard.fit_card(rest, "default", seed=42, monotone=monotone)
        model, _ = fit_model(rest, "default", seed=42, monotone=monotone)
        floating[fold_of == fold] = model.probabilities(held)
        for kind, value in (("card", card), ("trees", publish(model))):
            scores = score_model_batch(check_model(value), held.arrays())
            found[kind][fold_of == fold] = scores.default_ppm / 1e6
    separation = {kind: auc(found[kind], table.outcomes) for kind in found}
    assert max(separation.values()) >= least
    assert separation["card"] >= separation["trees"] - 0.02
    assert separation["trees"] == pytest.approx(auc(floating, table.outcomes), abs=5e-4)
    for probabilities in found.values():
        assert ece(probabilities, table.outcomes) <= ece_null95(probabilities, 1, 400)
