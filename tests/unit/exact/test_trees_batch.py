"""Trees in batch: every width of word, every block, equal to single rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.exact import trees_batch
from tallystick.exact.trees import LEAF, LEAVES_MOST, TREES_MOST, Trees, check_trees, score
from tallystick.exact.trees_batch import reach_leaves, score_trees_batch

Tree = dict[str, Any]
Random = np.random.Generator

LEVELS = [-4, 0, 7, 8]
SETS = [[-4], [0, 8], [], LEVELS]
FEATURES: list[Tree] = [
    {"kind": "number", "name": "a"},
    {"kind": "level", "name": "b", "levels": LEVELS, "sets": SETS},
    {"kind": "number", "name": "c"},
    {"kind": "number", "name": "unasked"},
]


def grow(random: Random, leaves: int) -> Tree:
    """Return a tree whose splits, cuts and leaves are drawn; inner values are 0."""
    inner = leaves - 1
    asks = [True]
    # The k-th inner node has the children 2k + 1 and 2k + 2; one of a pair at least goes on.
    while sum(asks) < inner:
        left = inner - sum(asks)
        asks += [(True, True), (True, False), (False, True)][
            random.integers(0, 3 if left > 1 else 2)
        ]
        if sum(asks) > inner:
            asks[-1] = False
    asks += [False] * (2 * inner + 1 - len(asks))
    feature = [int(random.integers(0, 3)) if ask else LEAF for ask in asks]
    cuts = {0: (-50, 50), 1: (0, len(SETS)), 2: (1 - 2**53, 2**53 - 1), LEAF: (0, 1)}
    return {
        "feature": feature,
        "cut": [int(random.integers(*cuts[place])) for place in feature],
        "missing": [int(random.integers(0, 2)) if ask else 0 for ask in asks],
        "value": [
            0 if ask else int(random.integers(1, 64_000_001)) * (-1) ** node
            for node, ask in enumerate(asks)
        ],
    }


def centred(tree: Tree) -> Tree:
    """Return the tree with 0 for inner values, made well formed by a sign on either side."""
    # 0 lies between the children of every inner node if one is at most 0 and one at least 0.
    feature, value = tree["feature"], tree["value"]
    for inner in range(sum(place != LEAF for place in feature)):
        for node, sign in ((2 * inner + 1, -1), (2 * inner + 2, 1)):
            if feature[node] == LEAF:
                value[node] = sign * abs(value[node])
    return tree


def ensemble(random: Random, leaves: int, trees: int = 20) -> Trees:
    return check_trees(
        {
            "v": 1,
            "kind": "trees",
            "target": "default",
            "base": int(random.integers(-64_000_000, 64_000_001)),
            "features": FEATURES,
            "trees": [centred(grow(random, leaves)) for _ in range(trees)],
            "calibration": {"at": [-(10**9), 0, 10**9], "ppm": [0, 300_000, 1_000_000]},
        }
    )


def columns_of(random: Random, rows: int) -> dict[str, tuple[Any, Any]]:
    return {
        "a": (random.integers(-60, 60, rows), random.random(rows) < 0.8),
        "b": (random.integers(-5, 10, rows), random.random(rows) < 0.8),
        "c": (random.integers(1 - 2**53, 2**53, rows), random.random(rows) < 0.8),
        "foreign": (random.integers(0, 2, rows), np.ones(rows, dtype=np.bool_)),
    }


def rows_of(columns: dict[str, tuple[Any, Any]]) -> list[dict[str, int]]:
    count = len(columns["foreign"][0])
    return [
        {name: int(values[row]) for name, (values, known) in columns.items() if known[row]}
        for row in range(count)
    ]


@pytest.mark.parametrize("leaves", [2, 8, 9, 16, 17, 32, 33, 63, LEAVES_MOST])
def test_every_width_of_word_says_what_single_rows_say(leaves: int) -> None:
    random = np.random.Generator(np.random.PCG64(leaves))
    model = ensemble(random, leaves)
    assert all(tree.feature.count(LEAF) == leaves for tree in model.trees)
    columns = columns_of(random, 300)
    found = score_trees_batch(model, columns)
    single = [score(model, row) for row in rows_of(columns)]
    assert found.logit_micro.tolist() == [one.logit_micro for one in single]
    assert found.default_ppm.tolist() == [one.default_ppm for one in single]
    assert len(set(found.logit_micro.tolist())) > 100 or leaves == 2


def test_trees_of_unequal_size_share_one_table() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    small, large = ensemble(random, 3, 2), ensemble(random, 40, 2)
    alone = check_trees(
        {
            "v": 1,
            "kind": "trees",
            "target": "default",
            "base": 5,
            "features": FEATURES,
            "trees": [{"feature": [LEAF], "cut": [0], "missing": [0], "value": [0]}],
            "calibration": {"at": [-1, 1], "ppm": [0, 1]},
        }
    )
    trees = (*small.trees, *alone.trees, *large.trees)
    model = Trees("default", 0, small.features, trees, small.calibration)
    columns = columns_of(random, 200)
    found = score_trees_batch(model, columns).logit_micro.tolist()
    assert found == [score(model, row).logit_micro for row in rows_of(columns)]
    assert score_trees_batch(alone, columns).logit_micro.tolist() == [5] * 200


def test_the_size_of_blocks_and_the_trees_at_once_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.Generator(np.random.PCG64(2))
    model, columns = ensemble(random, 12), columns_of(random, 101)
    whole = score_trees_batch(model, columns).logit_micro.tolist()
    leaves = reach_leaves(model, columns).tolist()
    for size in (1, 2_000):
        monkeypatch.setattr(trees_batch, "_BLOCK_BYTES", size)
        assert score_trees_batch(model, columns).logit_micro.tolist() == whole
        assert reach_leaves(model, columns).tolist() == leaves
    monkeypatch.setattr(trees_batch, "_TREES_AT_ONCE", 7)
    assert score_trees_batch(model, columns).logit_micro.tolist() == whole
    assert reach_leaves(model, columns).tolist() == leaves


def test_the_leaves_that_are_reached_hold_what_was_scored() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    model, columns = ensemble(random, 30), columns_of(random, 150)
    reached = reach_leaves(model, columns).tolist()
    assert all(
        tree.feature[node] == LEAF
        for row in reached
        for tree, node in zip(model.trees, row, strict=True)
    )
    sums = [
        model.base + sum(tree.value[node] for tree, node in zip(model.trees, row, strict=True))
        for row in reached
    ]
    assert sums == score_trees_batch(model, columns).logit_micro.tolist()


def test_a_feature_without_a_column_is_missing_everywhere() -> None:
    random = np.random.Generator(np.random.PCG64(4))
    model, columns = ensemble(random, 10), columns_of(random, 50)
    for name in ("a", "b", "c"):
        rest = {other: column for other, column in columns.items() if other != name}
        found = score_trees_batch(model, rest).logit_micro.tolist()
        assert found == [score(model, row).logit_micro for row in rows_of(rest)]


def test_no_row_is_scored_as_no_row() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    found = score_trees_batch(ensemble(random, 5), columns_of(random, 0))
    assert (found.logit_micro.tolist(), found.default_ppm.tolist()) == ([], [])


def test_the_greatest_ensemble_does_not_overflow() -> None:
    limit = 64_000_000
    stump = {
        "feature": [0, -1, -1],
        "cut": [0] * 3,
        "missing": [0] * 3,
        "value": [0, -limit, limit],
    }
    model = check_trees(
        {
            "v": 1,
            "kind": "trees",
            "target": "default",
            "base": limit,
            "features": FEATURES[:1],
            "trees": [stump] * TREES_MOST,
            "calibration": {"at": [-(10**12), 10**12], "ppm": [0, 1_000_000]},
        }
    )
    ends = (np.array([0, 1]), np.ones(2, dtype=np.bool_))
    found = score_trees_batch(model, {"a": ends})
    assert found.logit_micro.tolist() == [-(TREES_MOST - 1) * limit, (TREES_MOST + 1) * limit]
    assert found.default_ppm.tolist() == [score(model, {"a": end}).default_ppm for end in (0, 1)]


def test_a_batch_refuses_columns_it_cannot_score() -> None:
    model = ensemble(np.random.Generator(np.random.PCG64(6)), 4)
    two, three = np.zeros(2, dtype=np.int64), np.ones(3, dtype=np.bool_)
    refused: list[Any] = [
        {},
        {"a": (two, three)},
        {"a": (two.astype(np.float64), three[:2])},
        {"a": (two + 2**53, three[:2])},
    ]
    for columns in refused:
        with pytest.raises(Invalid, match=r"model\.columns"):
            score_trees_batch(model, columns)
        with pytest.raises(Invalid, match=r"model\.columns"):
            reach_leaves(model, columns)


def test_a_batch_does_not_read_what_is_not_known() -> None:
    model = ensemble(np.random.Generator(np.random.PCG64(7)), 20)
    unknown = (np.full(1, np.iinfo(np.int64).min), np.zeros(1, dtype=np.bool_))
    found = score_trees_batch(model, dict.fromkeys("abc", unknown))
    assert found.logit_micro.tolist() == [score(model, {}).logit_micro]
