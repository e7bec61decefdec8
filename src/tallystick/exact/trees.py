"""Evaluate a published ensemble of decision trees: integers in, log odds and reasons out.

A model is a plain value tree, so that DAG-CBOR encodes it and a CID names it::

    {"v": 1, "kind": "trees", "target": name,
     "base": micro,                       mean log odds of a bad outcome in training
     "features": [                        names strictly ascending; the target is not one
       {"kind": "number", "name": name},
       {"kind": "level", "name": name,
        "levels": [codes ascending],      what training knew
        "sets": [[codes ascending]]}],    levels that go left; a cut points at one of them
     "trees": [
       {"feature": [place in features; -1 in a leaf],
        "cut": [number: x <= cut goes left; level: a place in sets; leaf: 0],
        "missing": [1 where an unknown value goes left, else 0; leaf: 0],
        "value": [micro]}],
     "calibration": {"at": [micro], "ppm": [ppm]}}     see `exact.calibration`

The four lists of a tree have one entry per node, level by level from the root. So the children
of the k-th node that is no leaf (k from 0) are the nodes 2k + 1 (left) and 2k + 2 (right), and
neither a cycle nor a node with 2 parents can be written down at all.

Laws: pure integers of the standard library; the logit is base plus the value of the leaf
reached in every tree; `exact.trees_batch` says the same. A feature is unknown where its key is
absent; a level that is not in `levels` counts as unknown. `value` of an inner node is the mean
of the leaves below it over the training rows, and that of a root is 0, so that base is the
mean score; it must lie between its children's.

Parts: each step from a node to its child is credited to the feature the node asks (Saabas,
"Interpreting random forests", 2014), so the parts add up to the logit less base, exactly.
Known bias: a feature that is asked late on a path, so close to the leaf, gets more than its
Shapley value would give, and an interaction goes to the feature that is asked last (Lundberg
et al., "Consistent individualized feature attribution", 2018, shows the inconsistency). A part
compares with the mean training row that took the same path so far, not with the feature's best
value as a card's does, and need not follow a declared direction although the logit does.

Limits: 512 features of 256 levels and 4,096 sets, 2,048 trees of 64 leaves, |value| <= 64
logits; so a sum of parts stays below 2^45.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.exact.calibration import Calibration, check_calibration, probability_ppm
from tallystick.exact.card import POINTS_LIMIT, Score
from tallystick.exact.reading import (
    INTEGER_LIMIT,
    check_names,
    malformed,
    read_ascending,
    read_integer,
    read_integers,
    read_list,
    read_map,
    read_name,
    row_fault,
)

__all__ = [
    "LEAF",
    "LEAVES_MOST",
    "TREES_MOST",
    "Tree",
    "TreeFeature",
    "Trees",
    "check_trees",
    "score",
]

LEAF: Final = -1
"""The feature of a node that asks none."""

LEAVES_MOST: Final = 64
"""Most leaves of a tree: as many as a batch marks in one machine word."""

TREES_MOST: Final = 2_048
"""Most trees of a model."""

_KEYS: Final = frozenset({"v", "kind", "target", "base", "features", "trees", "calibration"})
_NUMBER_KEYS: Final = frozenset({"kind", "name"})
_LEVEL_KEYS: Final = frozenset({"kind", "name", "levels", "sets"})
_TREE_KEYS: Final = frozenset({"feature", "cut", "missing", "value"})
_POINTS: Final = (-POINTS_LIMIT, POINTS_LIMIT)
_VALUES: Final = (1 - INTEGER_LIMIT, INTEGER_LIMIT - 1)
_FEATURES_MOST: Final = 512
_LEVELS_MOST: Final = 256
_SETS_MOST: Final = 4_096
_NODES_MOST: Final = 2 * LEAVES_MOST - 1


@dataclass(frozen=True, slots=True)
class TreeFeature:
    """One feature that trees ask for.

    Attributes:
        name: the row's key.
        levels: codes that training knew; None for a number.
        sets: codes that go left, by what a level's cuts point at; empty for a number.
    """

    name: str
    levels: frozenset[int] | None
    sets: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree; every attribute has one entry per node.

    Attributes:
        feature: place of the feature that is asked, `LEAF` in a leaf.
        cut: greatest number, or place of the set of levels, that goes left.
        missing: 1 where an unknown value goes left, else 0.
        value: micro-logits above the root's.
        left: the left child, the right one stands after it; 0 in a leaf.
    """

    feature: tuple[int, ...]
    cut: tuple[int, ...]
    missing: tuple[int, ...]
    value: tuple[int, ...]
    left: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trees:
    """A checked ensemble; build it with `check_trees`.

    Attributes:
        target: name of the outcome whose probability the model states.
        base: micro-logits of the mean training row.
        features: by ascending name.
        trees: at least 1.
        calibration: micro-logits to ppm.
    """

    target: str
    base: int
    features: tuple[TreeFeature, ...]
    trees: tuple[Tree, ...]
    calibration: Calibration


def check_trees(value: object) -> Trees:
    """Return the ensemble in an untrusted value tree.

    Args:
        value: what was decoded; see the module for its form.

    Raises:
        Invalid: `model.malformed`, naming the first field that breaks the form.
    """
    model = read_map(value, "trees", _KEYS)
    read_integer(model["v"], "v", 1, 1)
    if model["kind"] != "trees":
        raise malformed("kind", "the text trees", "another value")
    target = read_name(model["target"], "target")
    items = read_list(model["features"], "features", 1, _FEATURES_MOST)
    features = tuple(_check_feature(item, f"features[{i}]") for i, item in enumerate(items))
    check_names([feature.name for feature in features], target)
    base = read_integer(model["base"], "base", *_POINTS)
    items = read_list(model["trees"], "trees", 1, TREES_MOST)
    trees = tuple(_check_tree(item, f"trees[{i}]", features) for i, item in enumerate(items))
    return Trees(target, base, features, trees, check_calibration(model["calibration"]))


def score(trees: Trees, row: Mapping[str, int]) -> Score:
    """Return what the ensemble says of one row.

    Args:
        trees: a checked ensemble.
        row: integer features by name, |x| < 2^53; an absent key is a missing value, a key
            the ensemble does not know is ignored.

    Returns:
        The score; its parts are micro-logits above the mean training row, which
        `exact.card.reason_codes` ranks; see the module for their bias.

    Raises:
        Invalid: `model.row` if a value the ensemble reads is no such integer.
    """
    features = trees.features
    known = [_read(feature, row.get(feature.name)) for feature in features]
    parts = [0] * len(features)
    for tree in trees.trees:
        node = 0
        while (place := tree.feature[node]) != LEAF:
            left = _goes_left(tree, node, features[place], known[place])
            child = tree.left[node] + (not left)
            parts[place] += tree.value[child] - tree.value[node]
            node = child
    logit = trees.base + sum(parts)
    named = tuple((feature.name, part) for feature, part in zip(features, parts, strict=True))
    return Score(logit, probability_ppm(trees.calibration, logit), named)


def _goes_left(tree: Tree, node: int, feature: TreeFeature, value: int | None) -> bool:
    """Return whether a value, or None where unknown, goes left at an inner node."""
    if value is None:
        return tree.missing[node] == 1
    if feature.levels is None:
        return value <= tree.cut[node]
    return value in feature.sets[tree.cut[node]]


def _read(feature: TreeFeature, value: int | None) -> int | None:
    """Return a value of the row, or None where it is absent or a level never seen."""
    if value is None:
        return None
    if type(value) is not int or not -INTEGER_LIMIT < value < INTEGER_LIMIT:
        raise row_fault(feature.name, value)
    return value if feature.levels is None or value in feature.levels else None


def _check_feature(value: object, path: str) -> TreeFeature:
    """Return one feature of an untrusted tree."""
    kind = value.get("kind") if type(value) is dict else None
    if kind == "number":
        feature = read_map(value, path, _NUMBER_KEYS)
        return TreeFeature(read_name(feature["name"], f"{path}.name"), None, ())
    if kind == "level":
        return _check_level(read_map(value, path, _LEVEL_KEYS), path)
    raise malformed(path, "a map of kind number or level", "another value")


def _check_level(feature: dict[str, Any], path: str) -> TreeFeature:
    """Return a level's feature: every set is of its levels."""
    name = read_name(feature["name"], f"{path}.name")
    levels = frozenset(
        read_ascending(feature["levels"], f"{path}.levels", (1, _LEVELS_MOST), _VALUES)
    )
    sets = []
    for i, item in enumerate(read_list(feature["sets"], f"{path}.sets", 0, _SETS_MOST)):
        codes = read_ascending(item, f"{path}.sets[{i}]", (0, len(levels)), _VALUES)
        if not levels.issuperset(codes):
            raise malformed(f"{path}.sets[{i}]", "codes out of levels", "another code")
        sets.append(frozenset(codes))
    return TreeFeature(name, levels, tuple(sets))


def _check_tree(value: object, path: str, features: tuple[TreeFeature, ...]) -> Tree:
    """Return one tree of an untrusted ensemble with these features."""
    item = read_map(value, path, _TREE_KEYS)
    bounds = (LEAF, len(features) - 1)
    feature = read_integers(item["feature"], f"{path}.feature", (1, _NODES_MOST), bounds)
    lengths = (len(feature), len(feature))
    tree = Tree(
        feature=feature,
        cut=read_integers(item["cut"], f"{path}.cut", lengths, _VALUES),
        missing=read_integers(item["missing"], f"{path}.missing", lengths, (0, 1)),
        value=read_integers(item["value"], f"{path}.value", lengths, _POINTS),
        left=_left_children(feature, f"{path}.feature"),
    )
    read_integer(tree.value[0], f"{path}.value[0]", 0, 0)
    for node, place in enumerate(feature):
        if place == LEAF:
            read_integer(tree.cut[node], f"{path}.cut[{node}]", 0, 0)
            read_integer(tree.missing[node], f"{path}.missing[{node}]", 0, 0)
        else:
            _check_inner(tree, node, features[place], path)
    return tree


def _left_children(feature: tuple[int, ...], path: str) -> tuple[int, ...]:
    """Return every node's left child, 0 in a leaf; each node but the root has one parent."""
    left = []
    reached = 1
    for node, place in enumerate(feature):
        if node == reached:
            raise malformed(f"{path}[{node}]", "a node that an earlier one leads to", "none does")
        left.append(0 if place == LEAF else reached)
        reached += 0 if place == LEAF else 2
    if reached != len(feature):
        expected = f"{reached} nodes, 2 below each that is no leaf"
        raise malformed(path, expected, f"{len(feature)}")
    return tuple(left)


def _check_inner(tree: Tree, node: int, feature: TreeFeature, path: str) -> None:
    """Refuse a cut without its set, and a mean that is none of what stands below it."""
    if feature.levels is not None:
        read_integer(tree.cut[node], f"{path}.cut[{node}]", 0, len(feature.sets) - 1)
    below = tree.value[tree.left[node] : tree.left[node] + 2]
    read_integer(tree.value[node], f"{path}.value[{node}]", min(below), max(below))
