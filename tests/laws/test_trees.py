"""Laws of trees: one meaning in every evaluator, and no input that breaks the reader."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.exact.model import check_model, score_model
from tallystick.exact.trees import Trees, check_trees, score
from tallystick.exact.trees_batch import score_trees_batch

Tree = dict[str, Any]
Row = dict[str, int]
# A leaf is its value; another node is (place, cut, missing goes left, value, left, right).
Node = Any

VALUES = st.integers(-6, 6) | st.integers(1 - 2**53, 2**53 - 1)
NAMES = st.sampled_from(["a", "b.c", "d-e", "f_1", "g"])
ROWS = st.lists(st.dictionaries(NAMES, VALUES), min_size=1, max_size=12)


@st.composite
def features(draw: st.DrawFn, name: str) -> Tree:
    levels = sorted(draw(st.sets(VALUES, max_size=5)))
    if not levels or draw(st.booleans()):
        return {"kind": "number", "name": name}
    sets = draw(st.lists(st.sets(st.sampled_from(levels)).map(sorted), min_size=1, max_size=3))
    return {"kind": "level", "name": name, "levels": levels, "sets": sets}


@st.composite
def nodes(draw: st.DrawFn, asked: list[Tree], depth: int) -> Node:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.integers(-1_000_000, 1_000_000))
    place = draw(st.integers(0, len(asked) - 1))
    sets = asked[place].get("sets")
    cut = draw(VALUES) if sets is None else draw(st.integers(0, len(sets) - 1))
    left, right = draw(nodes(asked, depth - 1)), draw(nodes(asked, depth - 1))
    low, high = sorted((mean(left), mean(right)))
    return (place, cut, draw(st.booleans()), draw(st.integers(low, high)), left, right)


def mean(node: Node) -> int:
    """Return what a node says of all that reach it."""
    value: int = node if isinstance(node, int) else node[3]
    return value


def written(root: Node) -> Tree:
    """Write a tree down level by level, its values from the root's."""
    result: Tree = {"feature": [], "cut": [], "missing": [], "value": []}
    level = [root]
    while level:
        for node in level:
            place, cut, missing = (-1, 0, 0) if isinstance(node, int) else node[:3]
            result["feature"].append(place)
            result["cut"].append(cut)
            result["missing"].append(int(missing))
            result["value"].append(mean(node) - mean(root))
        level = [child for node in level if not isinstance(node, int) for child in node[4:]]
    return result


@st.composite
def ensembles(draw: st.DrawFn) -> tuple[Tree, list[Node]]:
    names = sorted(draw(st.sets(NAMES, min_size=1)))
    asked = [draw(features(name)) for name in names]
    roots = draw(st.lists(nodes(asked, 4), min_size=1, max_size=4))
    knots = draw(st.integers(2, 6))
    at = draw(st.sets(st.integers(-(10**7), 10**7), min_size=knots, max_size=knots))
    ppm = draw(st.sets(st.integers(0, 10**6), min_size=knots, max_size=knots))
    model = {
        "v": 1,
        "kind": "trees",
        "target": "default",
        "base": draw(st.integers(-64_000_000, 64_000_000)),
        "features": asked,
        "trees": [written(root) for root in roots],
        "calibration": {"at": sorted(at), "ppm": sorted(ppm)},
    }
    return model, roots


def walk(model: Tree, root: Node, row: Row) -> list[tuple[str, int]]:
    """Return who asked and what each step changed, by the words of the documentation."""
    steps = []
    node = root
    while not isinstance(node, int):
        place, cut, missing, before, left, right = node
        feature = model["features"][place]
        value = row.get(feature["name"])
        if value is None or ("levels" in feature and value not in feature["levels"]):
            goes_left = missing
        elif "levels" in feature:
            goes_left = value in feature["sets"][cut]
        else:
            goes_left = value <= cut
        node = left if goes_left else right
        steps.append((feature["name"], mean(node) - before))
    return steps


def batch(trees: Trees, rows: list[Row]) -> tuple[list[int], list[int]]:
    columns = {
        feature.name: (
            np.array([row.get(feature.name, 0) for row in rows], dtype=np.int64),
            np.array([feature.name in row for row in rows], dtype=np.bool_),
        )
        for feature in trees.features
    }
    found = score_trees_batch(trees, columns)
    return found.logit_micro.tolist(), found.default_ppm.tolist()


@given(ensembles(), ROWS)
def test_single_batch_and_the_words_of_the_form_agree(
    ensemble: tuple[Tree, list[Node]], rows: list[Row]
) -> None:
    model, roots = ensemble
    trees = check_trees(model)
    single = [score(trees, row) for row in rows]
    for row, found in zip(rows, single, strict=True):
        steps = [step for root in roots for step in walk(model, root, row)]
        assert found.logit_micro == model["base"] + sum(change for _, change in steps)
        for name, part in found.parts:
            assert part == sum(change for asked, change in steps if asked == name)
    expected = [one.logit_micro for one in single], [one.default_ppm for one in single]
    assert batch(trees, rows) == expected
    assert [score_model(check_model(model), row) for row in rows] == single


@given(ensembles(), ROWS)
def test_parts_add_up_to_the_distance_from_the_base(
    ensemble: tuple[Tree, list[Node]], rows: list[Row]
) -> None:
    model, _ = ensemble
    trees = check_trees(model)
    for row in rows:
        found = score(trees, row)
        assert found.logit_micro - trees.base == sum(part for _, part in found.parts)
        assert [name for name, _ in found.parts] == [f["name"] for f in model["features"]]


@given(ensembles(), ROWS)
def test_a_greater_logit_never_has_a_smaller_probability(
    ensemble: tuple[Tree, list[Node]], rows: list[Row]
) -> None:
    trees = check_trees(ensemble[0])
    found = sorted((s.logit_micro, s.default_ppm) for s in (score(trees, row) for row in rows))
    assert [ppm for _, ppm in found] == sorted(ppm for _, ppm in found)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4)
    ),
    max_leaves=8,
)


def places(node: object) -> list[tuple[Any, Any]]:
    """Return every (container, key) within a tree."""
    if isinstance(node, dict):
        keys: list[Any] = list(node)
    elif isinstance(node, list):
        keys = list(range(len(node)))
    else:
        return []
    inner: Any = node
    return [(node, key) for key in keys] + [p for key in keys for p in places(inner[key])]


@given(ANYTHING)
def test_no_value_breaks_the_reader(value: object) -> None:
    with pytest.raises(Invalid, match=r"model\.malformed"):
        check_trees(value)
    with pytest.raises(Invalid, match=r"model\.malformed"):
        check_model(value)


@given(ensembles(), ANYTHING | st.integers(-2, 9), ROWS, st.data())
def test_trees_changed_in_one_place_are_refused_or_still_score(
    ensemble: tuple[Tree, list[Node]], value: object, rows: list[Row], data: st.DataObject
) -> None:
    forged = copy.deepcopy(ensemble[0])
    container, key = data.draw(st.sampled_from(places(forged)))
    container[key] = value
    # Any other exception than `Invalid` is the reader's fault and fails the law.
    with contextlib.suppress(Invalid):
        trees = check_trees(forged)
        single = [score(trees, row) for row in rows]
        expected = [one.logit_micro for one in single], [one.default_ppm for one in single]
        assert batch(trees, rows) == expected
