"""From grown trees in floats to the integer ensemble of `exact.trees`.

Thresholds are floored, which leaves integers on the side where they were; leaves are rounded to
micro-logits; an inner node gets the mean of the leaves below it over the training rows, by
weight; the means of the roots go into the base. Levels beyond the encoding's count as unknown.

Law: the published log odds of every training row are those of the float model, up to half a
micro-logit per tree. scikit-learn has no public way to its trees, so this module, and no other,
reads the attributes that it keeps them in; the law would see them change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tallystick.exact.batch import Integers
from tallystick.exact.reading import INTEGER_LIMIT
from tallystick.exact.trees import LEAF, check_trees
from tallystick.exact.trees_batch import reach_leaves
from tallystick.learning.encoding import Encoding
from tallystick.learning.table import Floats, Table

__all__ = ["Grown", "grown_trees", "publish_trees"]

_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """A tree as scikit-learn keeps it.

    Attributes:
        nodes: records, one per node, in preorder.
        bits: sets of levels that go left, 256 bits each; shape `(n_sets, 8)` of 32.
    """

    nodes: Any
    bits: Any

    def asked(self) -> tuple[Integers, Floats]:
        """Return for every inner node the column it asks for, and the loss that this removed."""
        inner = self.nodes[self.nodes["is_leaf"] == 0]
        return inner["feature_idx"].astype(np.int64), inner["gain"]

    def codes(
        self,
        node: Any,  # noqa: ANN401 - a record of nodes
        levels: tuple[int, ...],
    ) -> tuple[int, ...]:
        """Return the levels that go left at a node."""
        if not node["is_categorical"]:
            return levels
        words = self.bits[node["bitset_idx"]].tolist()
        places = range(len(levels))
        return tuple(levels[place] for place in places if words[place >> 5] >> (place & 31) & 1)


def grown_trees(booster: Any) -> list[Grown]:  # noqa: ANN401 - scikit-learn tells no types
    """Return the trees of a fitted `HistGradientBoostingClassifier` of 2 outcomes."""
    predictors = booster._predictors  # noqa: SLF001
    return [Grown(one.nodes, one.raw_left_cat_bitsets) for (one,) in predictors]


def publish_trees(
    booster: Any,  # noqa: ANN401 - scikit-learn tells no types
    encoding: Encoding,
    target: str,
    sample: Table,
) -> dict[str, Any]:
    """Return the value tree of a fitted booster, with a calibration that is not yet fitted.

    Args:
        booster: a fitted `HistGradientBoostingClassifier`; at least one tree asks something.
        encoding: that it was fitted with.
        target: name of the outcome.
        sample: the rows it was fitted on.
    """
    grown = grown_trees(booster)
    names = {encoding.names[column] for tree in grown for column in tree.asked()[0].tolist()}
    sets: dict[str, dict[tuple[int, ...], int]] = {name: {} for name in sorted(names)}
    trees = [_published_tree(tree, encoding, sets) for tree in grown]
    value = {
        "v": 1,
        "kind": "trees",
        "target": target,
        "base": round(float(booster._baseline_prediction.item()) * _MICRO),  # noqa: SLF001
        "features": [_published_feature(name, encoding, sets[name]) for name in sets],
        "trees": trees,
        "calibration": {"at": [0, 1], "ppm": [0, 1]},
    }
    return _averaged(value, sample)


def _published_tree(
    tree: Grown, encoding: Encoding, sets: dict[str, dict[tuple[int, ...], int]]
) -> dict[str, list[int]]:
    """Return a tree level by level, its leaves in micro-logits, its inner values 0.

    Args:
        tree: as grown.
        encoding: that it was grown with.
        sets: by feature in use: the sets of levels known so far; what is new is added.
    """
    place_of = {name: place for place, name in enumerate(sets)}
    result: dict[str, list[int]] = {"feature": [], "cut": [], "missing": [], "value": []}
    order = [0]
    for place in order:
        node = tree.nodes[place]
        if node["is_leaf"]:
            entry = (LEAF, 0, 0, round(float(node["value"]) * _MICRO))
        else:
            column = int(node["feature_idx"])
            name, levels = encoding.names[column], encoding.levels[column]
            if levels is None:
                cut = _floored(float(node["num_threshold"]))
            else:
                cut = sets[name].setdefault(tree.codes(node, levels), len(sets[name]))
            entry = (place_of[name], cut, int(node["missing_go_to_left"]), 0)
            order += [int(node["left"]), int(node["right"])]
        for key, number in zip(result, entry, strict=True):
            result[key].append(number)
    return result


def _floored(threshold: float) -> int:
    """Return the greatest integer that goes left; where all known ones do, the greatest."""
    return INTEGER_LIMIT - 1 if math.isinf(threshold) else math.floor(threshold)


def _published_feature(
    name: str, encoding: Encoding, sets: dict[tuple[int, ...], int]
) -> dict[str, Any]:
    """Return one feature of the ensemble."""
    levels = encoding.levels[encoding.names.index(name)]
    if levels is None:
        return {"kind": "number", "name": name}
    return {
        "kind": "level",
        "name": name,
        "levels": list(levels),
        "sets": [list(codes) for codes in sets],
    }


def _averaged(value: dict[str, Any], sample: Table) -> dict[str, Any]:
    """Return the value tree with inner values; a root's goes into the base, alone or not."""
    # Values of 0 are well formed, so the tree itself can tell which rows reach which leaf.
    bare = [tree | {"value": [0] * len(tree["value"])} for tree in value["trees"]]
    checked = check_trees(value | {"trees": bare})
    reached = reach_leaves(checked, sample.arrays())
    base, trees = value["base"], []
    for index, tree in enumerate(value["trees"]):
        mass = np.bincount(reached[:, index], sample.weights, len(tree["value"])).tolist()
        means = _means(tree["value"], mass, checked.trees[index].left)
        base += means[0]
        if len(means) > 1:
            trees.append(tree | {"value": [mean - means[0] for mean in means]})
    return value | {"base": base, "trees": trees}


def _means(leaves: list[int], mass: list[float], left: tuple[int, ...]) -> list[int]:
    """Return the value of every leaf and the mean of those below every other node.

    Args:
        leaves: values of leaves, any integer elsewhere.
        mass: weight of the rows that end in each node.
        left: left children, 0 in a leaf.
    """
    means, mass = list(leaves), list(mass)
    for node in reversed(range(len(left))):
        if child := left[node]:
            mass[node] = mass[child] + mass[child + 1]
            share = mass[child + 1] / mass[node] if mass[node] else 0.0
            means[node] = means[child] + round((means[child + 1] - means[child]) * share)
    return means
