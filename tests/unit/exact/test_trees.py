"""Published trees: what they score, to whom they credit it, and what they refuse."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import dag_cbor
import pytest

from tallystick.base.errors import Invalid
from tallystick.exact.card import reason_codes
from tallystick.exact.trees import LEAVES_MOST, TREES_MOST, check_trees, score

Tree = dict[str, Any]

# The first tree asks age, then crop on the left and age again on the right; the second crop.
TREE: Tree = {
    "v": 1,
    "kind": "trees",
    "target": "default",
    "base": -1_000_000,
    "features": [
        {"kind": "number", "name": "age_years"},
        {"kind": "level", "name": "crop", "levels": [2, 5, 9], "sets": [[2, 9], []]},
    ],
    "trees": [
        {
            "feature": [0, 1, 0, -1, -1, -1, -1],
            "cut": [40, 0, 60, 0, 0, 0, 0],
            "missing": [1, 0, 1, 0, 0, 0, 0],
            "value": [0, 100_000, -150_000, 300_000, -50_000, -200_000, -90_000],
        },
        {
            "feature": [1, -1, -1],
            "cut": [1, 0, 0],
            "missing": [1, 0, 0],
            "value": [0, 40_000, -10_000],
        },
    ],
    "calibration": {"at": [-2_000_000, -1_000_000, 1_000_000], "ppm": [50_000, 200_000, 700_000]},
}


def changed(change: Callable[[Tree], object]) -> Tree:
    tree = copy.deepcopy(TREE)
    change(tree)
    return tree


@pytest.mark.parametrize(
    ("row", "first", "second"),
    [
        ({"age_years": 40, "crop": 2}, 300_000, -10_000),
        ({"age_years": 40, "crop": 9}, 300_000, -10_000),
        ({"age_years": 1 - 2**53, "crop": 5}, -50_000, -10_000),
        ({"age_years": 41, "crop": 5}, -200_000, -10_000),
        ({"age_years": 60, "crop": 5}, -200_000, -10_000),
        ({"age_years": 61, "crop": 5}, -90_000, -10_000),
        # An absent age goes left at the root; an absent crop, and one that training never saw,
        # goes right in the first tree and left in the second.
        ({"crop": 2}, 300_000, -10_000),
        ({"unasked": 7}, -50_000, 40_000),
        ({"crop": 4}, -50_000, 40_000),
    ],
)
def test_a_row_scores_base_plus_one_leaf_of_each_tree(
    row: dict[str, int], first: int, second: int
) -> None:
    assert score(check_trees(TREE), row).logit_micro == -1_000_000 + first + second


def test_each_step_is_credited_to_the_feature_that_was_asked() -> None:
    found = score(check_trees(TREE), {"age_years": 30, "crop": 2})
    # Age takes the mean from 0 to 100,000, the crop from there to 300,000; then 0 to -10,000.
    assert found.parts == (("age_years", 100_000), ("crop", 200_000 - 10_000))
    assert reason_codes(found, 4) == ("crop", "age_years")
    # -710,000 lies .145 of the way from 200,000 to 700,000 ppm.
    assert (found.logit_micro, found.default_ppm) == (-710_000, 272_500)


def test_a_feature_that_lowers_the_score_is_no_reason() -> None:
    found = score(check_trees(TREE), {"age_years": 61})
    assert found.parts == (("age_years", -90_000), ("crop", 40_000))
    assert reason_codes(found, 4) == ("crop",)


def test_trees_survive_dag_cbor_of_another_library() -> None:
    assert check_trees(dag_cbor.decode(dag_cbor.encode(TREE))) == check_trees(TREE)


def spine(leaves: int) -> Tree:
    """Return the deepest tree of that many leaves: every right child is one."""
    inner = leaves - 1
    feature = [0] + [-1 if node % 2 else 0 for node in range(1, 2 * inner - 1)] + [-1, -1]
    feature[2::2] = [0] * (inner - 1) + [-1]
    asks = [place == 0 for place in feature]
    cuts = iter(range(inner))
    return {
        "feature": feature,
        "cut": [next(cuts) if ask else 0 for ask in asks],
        "missing": [0] * len(feature),
        "value": [0] * len(feature),
    }


def test_the_most_leaves_and_trees_are_taken_and_one_more_refused() -> None:
    check_trees(changed(lambda t: t.update(trees=[spine(LEAVES_MOST)])))
    with pytest.raises(Invalid, match=r"trees\[0\]\.feature: expected 1 to 127 items, found 129"):
        check_trees(changed(lambda t: t.update(trees=[spine(LEAVES_MOST + 1)])))
    stump = TREE["trees"][1]
    check_trees(changed(lambda t: t.update(trees=[stump] * TREES_MOST)))
    with pytest.raises(Invalid, match=r"trees: expected 1 to 2048 items, found 2049"):
        check_trees(changed(lambda t: t.update(trees=[stump] * (TREES_MOST + 1))))


FOREIGN_KEY: Any = 1


def put(tree: int, key: str, node: int, value: object) -> Callable[[Tree], object]:
    return lambda t: t["trees"][tree][key].__setitem__(node, value)


# By what is wrong: the change, and the path that the message must name.
REFUSED: dict[str, tuple[Callable[[Tree], object], str]] = {
    "another version": (lambda t: t.update(v=2), "v:"),
    "a bool for a version": (lambda t: t.update(v=True), "v:"),
    "another kind": (lambda t: t.update(kind="card"), "kind:"),
    "a kind that is no text": (lambda t: t.update(kind=[]), "kind:"),
    "one key more": (lambda t: t.update(note=1), "trees:"),
    "a key that is no text": (lambda t: t.update({FOREIGN_KEY: 1}), "trees:"),
    "one key less": (lambda t: t.pop("base"), "trees:"),
    "a target with a space": (lambda t: t.update(target="a b"), "target:"),
    "a target that is a feature": (lambda t: t.update(target="crop"), "features:"),
    "a base beyond 64 logits": (lambda t: t.update(base=64_000_001), "base:"),
    "no feature": (lambda t: t.update(features=[]), "features:"),
    "features out of order": (lambda t: t["features"].reverse(), "features[1].name:"),
    "a feature twice": (
        lambda t: t["features"].insert(0, t["features"][0]),
        "features[1].name:",
    ),
    "too many features": (
        lambda t: t.update(features=[{"kind": "number", "name": f"f{i:04}"} for i in range(513)]),
        "features:",
    ),
    "a feature that is no map": (lambda t: t["features"].append(1), "features[2]:"),
    "a number with sets": (lambda t: t["features"][0].update(sets=[]), "features[0]:"),
    "a level without sets": (lambda t: t["features"][1].pop("sets"), "features[1]:"),
    "no level": (lambda t: t["features"][1].update(levels=[]), "features[1].levels:"),
    "too many levels": (
        lambda t: t["features"][1].update(levels=list(range(257))),
        "features[1].levels:",
    ),
    "levels twice": (lambda t: t["features"][1].update(levels=[2, 2]), "features[1].levels[1]:"),
    "a set of a foreign level": (
        lambda t: t["features"][1]["sets"].append([2, 4]),
        "features[1].sets[2]:",
    ),
    "a set out of order": (
        lambda t: t["features"][1]["sets"].append([5, 2]),
        "features[1].sets[2][1]:",
    ),
    "no tree": (lambda t: t.update(trees=[]), "trees:"),
    "a tree that is no map": (lambda t: t["trees"].append([]), "trees[2]:"),
    "a tree with children": (lambda t: t["trees"][0].update(left=[1] * 7), "trees[0]:"),
    "a tree without a node": (
        lambda t: t["trees"].append({"feature": [], "cut": [], "missing": [], "value": []}),
        "trees[2].feature:",
    ),
    "a node that none leads to": (
        lambda t: t["trees"][0]["feature"].__setitem__(slice(0, 2), [-1, 0]),
        "trees[0].feature[1]:",
    ),
    "a leaf at the root of more": (put(1, "feature", 0, -1), "trees[1].feature[1]:"),
    "a child that does not exist": (put(1, "feature", 2, 0), "trees[1].feature:"),
    "a child too many": (put(0, "feature", 2, -1), "trees[0].feature[5]:"),
    "a feature below a leaf's": (put(0, "feature", 3, -2), "trees[0].feature[3]:"),
    "a feature that does not exist": (put(0, "feature", 0, 2), "trees[0].feature[0]:"),
    "a bool for a feature": (put(0, "feature", 1, value=True), "trees[0].feature[1]:"),
    "too few cuts": (lambda t: t["trees"][0]["cut"].pop(), "trees[0].cut:"),
    "a cut of 2^53": (put(0, "cut", 0, 2**53), "trees[0].cut[0]:"),
    "a float for a cut": (put(0, "cut", 0, 40.5), "trees[0].cut[0]:"),
    "a cut in a leaf": (put(0, "cut", 3, 1), "trees[0].cut[3]:"),
    "a cut without its set": (put(0, "cut", 1, 2), "trees[0].cut[1]:"),
    "a cut before the first set": (put(0, "cut", 1, -1), "trees[0].cut[1]:"),
    "a third way for the missing": (put(0, "missing", 0, 2), "trees[0].missing[0]:"),
    "a way for the missing in a leaf": (put(0, "missing", 3, 1), "trees[0].missing[3]:"),
    "too many ways": (lambda t: t["trees"][0]["missing"].append(0), "trees[0].missing:"),
    "a value beyond 64 logits": (put(0, "value", 3, 64_000_001), "trees[0].value[3]:"),
    "a value of a million digits": (put(0, "value", 3, 1 << 4_000_000), "trees[0].value[3]:"),
    "a root that is not 0": (put(0, "value", 0, 1), "trees[0].value[0]:"),
    "a mean above what is below": (put(0, "value", 1, 300_001), "trees[0].value[1]:"),
    "a mean below what is below": (put(0, "value", 2, -200_001), "trees[0].value[2]:"),
    "a root outside its children": (put(1, "value", 2, 1), "trees[1].value[0]:"),
    "no calibration": (lambda t: t.update(calibration=None), "calibration:"),
    "a probability that stands still": (
        lambda t: t["calibration"].update(ppm=[1, 1, 2]),
        "calibration.ppm[1]:",
    ),
}


@pytest.mark.parametrize(("change", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_trees_that_break_the_form_are_refused_by_their_field(
    change: Callable[[Tree], object], path: str
) -> None:
    with pytest.raises(Invalid) as caught:
        check_trees(changed(change))
    assert caught.value.code == "model.malformed"
    assert caught.value.message.startswith(path)
    assert caught.value.cure
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", [True, 1.0, "3", 2**53, -(2**53)])
@pytest.mark.parametrize("name", ["age_years", "crop"])
def test_a_value_that_is_no_integer_of_the_house_is_refused(name: str, value: object) -> None:
    row: Any = {name: value}
    with pytest.raises(Invalid, match=r"model\.row"):
        score(check_trees(TREE), row)


def test_trees_are_replayed_without_numpy() -> None:
    code = "import sys, tallystick.exact.trees; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
