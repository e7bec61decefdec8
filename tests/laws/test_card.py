"""Laws of the card: one meaning in every evaluator, and no input that breaks the reader."""

from __future__ import annotations

import contextlib
import copy
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.exact.batch import score_batch
from tallystick.exact.card import Card, check_card, reason_codes, score

Tree = dict[str, Any]
Row = dict[str, int]

POINTS = st.integers(-64_000_000, 64_000_000)
VALUES = st.integers(-6, 6) | st.integers(1 - 2**53, 2**53 - 1)
NAMES = st.sampled_from(["a", "b.c", "d-e", "f_1", "g"])


@st.composite
def features(draw: st.DrawFn, name: str) -> Tree:
    levelled = draw(st.booleans())
    edges = sorted(draw(st.sets(VALUES, max_size=6)))
    feature: Tree = {"name": name, "missing": draw(POINTS)}
    if edges and levelled:
        feature |= {"kind": "level", "levels": edges, "other": draw(POINTS)}
        count = len(edges)
    else:
        feature |= {"kind": "number", "cuts": edges}
        count = len(edges) + 1
    return feature | {"points": draw(st.lists(POINTS, min_size=count, max_size=count))}


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    names = sorted(draw(st.sets(NAMES, min_size=1)))
    knots = draw(st.integers(2, 6))
    at = draw(st.sets(st.integers(-(10**8), 10**8), min_size=knots, max_size=knots))
    ppm = draw(st.sets(st.integers(0, 10**6), min_size=knots, max_size=knots))
    return {
        "v": 1,
        "kind": "card",
        "target": "default",
        "base": draw(POINTS),
        "features": [draw(features(name)) for name in names],
        "calibration": {"at": sorted(at), "ppm": sorted(ppm)},
    }


ROWS = st.lists(st.dictionaries(NAMES, VALUES), min_size=1, max_size=12)


def naive_logit(tree: Tree, row: Row) -> int:
    """Score by the words of the documentation, without bisection."""
    total: int = tree["base"]
    for feature in tree["features"]:
        if feature["name"] not in row:
            total += feature["missing"]
        elif feature["kind"] == "number":
            total += feature["points"][sum(c < row[feature["name"]] for c in feature["cuts"])]
        else:
            known = dict(zip(feature["levels"], feature["points"], strict=True))
            total += known.get(row[feature["name"]], feature["other"])
    return total


def naive_ppm(tree: Tree, logit: int) -> int:
    """Interpolate in fractions, segment by segment."""
    at, ppm = tree["calibration"]["at"], tree["calibration"]["ppm"]
    if logit <= at[0]:
        return int(ppm[0])
    for left in range(len(at) - 1):
        if at[left] <= logit <= at[left + 1]:
            share = Fraction(logit - at[left], at[left + 1] - at[left])
            return int(ppm[left] + math.floor(share * (ppm[left + 1] - ppm[left])))
    return int(ppm[-1])


def batch(card: Card, rows: list[Row]) -> tuple[list[int], list[int]]:
    columns = {
        feature.name: (
            np.array([row.get(feature.name, 0) for row in rows], dtype=np.int64),
            np.array([feature.name in row for row in rows], dtype=np.bool_),
        )
        for feature in card.features
    }
    found = score_batch(card, columns)
    return found.logit_micro.tolist(), found.default_ppm.tolist()


@given(trees(), ROWS)
def test_single_batch_and_the_words_of_the_form_agree(tree: Tree, rows: list[Row]) -> None:
    card = check_card(tree)
    single = [score(card, row) for row in rows]
    logits = [naive_logit(tree, row) for row in rows]
    assert [one.logit_micro for one in single] == logits
    assert [one.default_ppm for one in single] == [naive_ppm(tree, logit) for logit in logits]
    assert batch(card, rows) == (logits, [one.default_ppm for one in single])


@given(trees(), ROWS)
def test_a_greater_logit_never_has_a_smaller_probability(tree: Tree, rows: list[Row]) -> None:
    card = check_card(tree)
    found = sorted((s.logit_micro, s.default_ppm) for s in (score(card, row) for row in rows))
    assert [ppm for _, ppm in found] == sorted(ppm for _, ppm in found)


@given(trees(), ROWS)
def test_parts_add_up_to_the_distance_from_the_best_row(tree: Tree, rows: list[Row]) -> None:
    card = check_card(tree)
    best = card.base + sum(min(feature["points"]) for feature in tree["features"])
    for row in rows:
        found = score(card, row)
        assert found.logit_micro - best == sum(part for _, part in found.parts)
        parts = dict(found.parts)
        reasons = reason_codes(found, len(parts))
        assert [parts[name] for name in reasons] == sorted(
            (part for part in parts.values() if part > 0), reverse=True
        )


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
        check_card(value)


@given(trees(), ANYTHING, st.data())
def test_a_card_changed_in_one_place_is_refused_or_still_scores(
    tree: Tree, value: object, data: st.DataObject
) -> None:
    forged = copy.deepcopy(tree)
    container, key = data.draw(st.sampled_from(places(forged)))
    container[key] = value
    # Any other exception than `Invalid` is the reader's fault and fails the law.
    with contextlib.suppress(Invalid):
        assert 0 <= score(check_card(forged), {}).default_ppm <= 10**6
