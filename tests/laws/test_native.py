"""Law of the loops in C: cards, trees and calibration say on every row what NumPy says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick import _native
from tallystick.exact.batch import BatchScore, calibrate_batch, score_batch
from tallystick.exact.calibration import AT_LIMIT, Calibration
from tallystick.exact.card import check_card
from tallystick.exact.trees import check_trees
from tallystick.exact.trees_batch import score_trees_batch

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not _native.is_built(), reason="the loops in C were not compiled here"),
]

Tree = dict[str, Any]
Columns = dict[str, tuple[Any, Any]]

LIMIT = 2**53 - 1
NAMES = ["a", "b", "c", "d"]
POINTS = st.integers(-64_000_000, 64_000_000)
VALUES = st.integers(-6, 6) | st.sampled_from([-LIMIT, LIMIT]) | st.integers(-LIMIT, LIMIT)
EDGES = st.sets(VALUES, max_size=40).map(sorted)


@st.composite
def calibrations(draw: st.DrawFn) -> Tree:
    knots = draw(st.integers(2, 12))
    ends = st.integers(-AT_LIMIT, AT_LIMIT) | st.integers(-(10**8), 10**8)
    at = draw(st.sets(ends, min_size=knots, max_size=knots))
    ppm = draw(st.sets(st.integers(0, 10**6), min_size=knots, max_size=knots))
    return {"at": sorted(at), "ppm": sorted(ppm)}


@st.composite
def card_features(draw: st.DrawFn, name: str) -> Tree:
    edges = draw(EDGES)
    feature: Tree = {"name": name, "missing": draw(POINTS)}
    if draw(st.booleans()) and edges:
        feature |= {"kind": "level", "levels": edges, "other": draw(POINTS)}
    else:
        feature |= {"kind": "number", "cuts": edges}
    count = len(edges) + (feature["kind"] == "number")
    return feature | {"points": draw(st.lists(POINTS, min_size=count, max_size=count))}


@st.composite
def cards(draw: st.DrawFn) -> Tree:
    return {
        "v": 1,
        "kind": "card",
        "target": "default",
        "base": draw(POINTS),
        "features": [draw(card_features(name)) for name in NAMES[: draw(st.integers(1, 4))]],
        "calibration": draw(calibrations()),
    }


@st.composite
def tree_features(draw: st.DrawFn, name: str) -> Tree:
    levels = draw(EDGES)
    if not levels or draw(st.booleans()):
        return {"kind": "number", "name": name}
    sets = draw(st.lists(st.sets(st.sampled_from(levels)).map(sorted), min_size=1, max_size=3))
    return {"kind": "level", "name": name, "levels": levels, "sets": sets}


@st.composite
def grown(draw: st.DrawFn, asked: list[Tree]) -> Tree:
    """Draw a tree of up to 40 leaves, level by level; inner values are written last."""
    inner = draw(st.integers(0, 39))
    tree: Tree = {"feature": [], "cut": [], "missing": [], "value": []}
    while len(tree["feature"]) < 2 * inner + 1:
        node = len(tree["feature"])
        asks = sum(place >= 0 for place in tree["feature"])
        # A node may end only if another one is left to go on, or nothing is left to ask.
        open_nodes = 2 * asks + 1 - node
        goes_on = asks < inner and (open_nodes == 1 or draw(st.booleans()))
        place = draw(st.integers(0, len(asked) - 1)) if goes_on else -1
        sets = asked[place].get("sets") if goes_on else None
        cut = st.integers(0, len(sets) - 1) if sets else VALUES
        tree["feature"].append(place)
        tree["cut"].append(draw(cut) if goes_on else 0)
        tree["missing"].append(draw(st.integers(0, 1)) if goes_on else 0)
        tree["value"].append(0 if goes_on else draw(st.integers(-(10**6), 10**6)))
    return centred(tree)


def centred(tree: Tree) -> Tree:
    """Return the tree with inner values between their children's, and 0 at the root."""
    inner = [node for node, place in enumerate(tree["feature"]) if place >= 0]
    value = tree["value"]
    for order, node in reversed(list(enumerate(inner))):
        value[node] = (value[2 * order + 1] + value[2 * order + 2]) // 2
    return tree | {"value": [each - value[0] for each in value]}


@st.composite
def ensembles(draw: st.DrawFn) -> Tree:
    asked = [draw(tree_features(name)) for name in NAMES[: draw(st.integers(1, 4))]]
    return {
        "v": 1,
        "kind": "trees",
        "target": "default",
        "base": draw(POINTS),
        "features": asked,
        "trees": [draw(grown(asked)) for _ in range(draw(st.integers(1, 5)))],
        "calibration": draw(calibrations()),
    }


def edges_of(model: Tree) -> list[int]:
    """Return every number that a model compares values with."""
    found = [edge for feature in model["features"] for edge in feature.get("cuts", [])]
    found += [edge for feature in model["features"] for edge in feature.get("levels", [])]
    return found + [cut for tree in model.get("trees", []) for cut in tree["cut"]]


@st.composite
def columns(draw: st.DrawFn, model: Tree) -> Columns:
    """Draw columns that lie on a model's edges and beside them; some features have none."""
    rows = draw(st.integers(0, 5) | st.sampled_from([2_047, 2_048, 2_049, 4_500]))
    near = [edge + step for edge in edges_of(model) for step in (-1, 0, 1)]
    pool = np.array([each for each in near if abs(each) <= LIMIT] + [0, LIMIT], dtype=np.int64)
    random = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32))))
    present = draw(st.sets(st.sampled_from(NAMES), min_size=1))
    gap = draw(st.integers(1, 2))
    return {
        name: (random.choice(pool, rows * gap)[::gap], (random.random(rows * gap) < 0.8)[::gap])
        for name in sorted(present)
    }


def both(say: Callable[[], BatchScore]) -> None:
    """Hold what the loops in C say against what NumPy says."""
    native = say()
    with mock.patch.object(_native, "batch", None):
        numpy = say()
    assert native.logit_micro.tolist() == numpy.logit_micro.tolist()
    assert native.default_ppm.tolist() == numpy.default_ppm.tolist()


@given(cards(), st.data())
def test_a_card_says_the_same_in_c_and_in_numpy(model: Tree, data: st.DataObject) -> None:
    drawn = data.draw(columns(model))
    card = check_card(model)
    both(lambda: score_batch(card, drawn))


@given(ensembles(), st.data())
def test_trees_say_the_same_in_c_and_in_numpy(model: Tree, data: st.DataObject) -> None:
    drawn = data.draw(columns(model))
    trees = check_trees(model)
    both(lambda: score_trees_batch(trees, drawn))


@given(calibrations(), st.lists(st.integers(-(2**62), 2**62), max_size=20))
def test_calibration_says_the_same_in_c_and_in_numpy(table: Tree, logits: list[int]) -> None:
    calibration = Calibration(tuple(table["at"]), tuple(table["ppm"]))
    near = [edge + step for edge in table["at"] for step in (-1, 0, 1)]
    drawn = np.array([*logits, *near, -(2**63), 2**63 - 1], dtype=np.int64)
    both(lambda: BatchScore(drawn, calibrate_batch(calibration, drawn)))
