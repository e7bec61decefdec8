"""Evaluate a published scorecard: integer features in, log odds and reasons out.

A card is a plain value tree, so that DAG-CBOR encodes it and a CID names it::

    {"v": 1, "kind": "card", "target": name,
     "base": micro,                       log odds of a bad outcome before any feature
     "features": [                        names strictly ascending; the target is not one
       {"kind": "number", "name": name,
        "cuts": [ints ascending],         bin i holds cuts[i-1] < x <= cuts[i]
        "points": [micro, one per bin], "missing": micro},
       {"kind": "level", "name": name,
        "levels": [codes ascending],
        "points": [micro, one per level], "other": micro, "missing": micro}],
     "calibration": {"at": [micro], "ppm": [ppm]}}     see `exact.calibration`

Laws: pure integers of the standard library; points are in micro-logits of the *bad* outcome
(higher is worse); the logit is base plus one entry of every feature, so 2 rows that fall
into equal bins score equally on any machine; `exact.batch.score_batch` says the same.
Limits: 512 features, 1,024 cuts or 4,096 levels each, |points| <= 64 logits.
A missing feature is an absent key; a level never seen in training scores as `other`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tallystick.exact.calibration import Calibration, check_calibration, probability_ppm
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
    "POINTS_LIMIT",
    "Card",
    "Feature",
    "Score",
    "check_card",
    "reason_codes",
    "score",
]

POINTS_LIMIT: Final = 64_000_000
"""Greatest |micro-logits| of one entry: 64 logits, odds of 10^27."""

_CARD_KEYS: Final = frozenset({"v", "kind", "target", "features", "base", "calibration"})
_NUMBER_KEYS: Final = frozenset({"kind", "name", "cuts", "points", "missing"})
_LEVEL_KEYS: Final = frozenset({"kind", "name", "levels", "points", "other", "missing"})
_POINTS: Final = (-POINTS_LIMIT, POINTS_LIMIT)
_VALUES: Final = (1 - INTEGER_LIMIT, INTEGER_LIMIT - 1)
_FEATURES_MOST: Final = 512
_CUTS_MOST: Final = 1_024
_LEVELS_MOST: Final = 4_096


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a checked card.

    Attributes:
        name: the row's key.
        kind: `number` is looked up by cuts, `level` by equality.
        edges: cuts, or level codes; strictly ascending.
        points: micro-logits; one per bin (one more than cuts), or one per level.
        other: micro-logits of a level not in `edges`; 0 and unused for a number.
        missing: micro-logits of an absent key.
        best: the least of `points`: what the most favourable known value scores.
    """

    name: str
    kind: Literal["number", "level"]
    edges: tuple[int, ...]
    points: tuple[int, ...]
    other: int
    missing: int
    best: int


@dataclass(frozen=True, slots=True)
class Card:
    """A checked card; build it with `check_card`.

    Attributes:
        target: name of the outcome whose probability the card states.
        base: micro-logits before any feature.
        features: by ascending name.
        calibration: micro-logits to ppm.
    """

    target: str
    base: int
    features: tuple[Feature, ...]
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Score:
    """What a card says of one row.

    Attributes:
        logit_micro: log odds of the bad outcome before calibration, in micro-units.
        default_ppm: calibrated probability of the bad outcome, 0 to 10^6.
        parts: (feature, micro-logits above the feature's best known value), in the card's
            order. Zero is the best; only an unknown value can fall below it.
    """

    logit_micro: int
    default_ppm: int
    parts: tuple[tuple[str, int], ...]


def check_card(value: object) -> Card:
    """Return the card in an untrusted value tree.

    Args:
        value: what was decoded; see the module for its form.

    Raises:
        Invalid: `model.malformed`, naming the first field that breaks the form.
    """
    tree = read_map(value, "card", _CARD_KEYS)
    read_integer(tree["v"], "v", 1, 1)
    if tree["kind"] != "card":
        raise malformed("kind", "the text card", "another value")
    target = read_name(tree["target"], "target")
    items = read_list(tree["features"], "features", 1, _FEATURES_MOST)
    features = tuple(_check_feature(item, f"features[{i}]") for i, item in enumerate(items))
    check_names([feature.name for feature in features], target)
    base = read_integer(tree["base"], "base", *_POINTS)
    return Card(target, base, features, check_calibration(tree["calibration"]))


def score(card: Card, row: Mapping[str, int]) -> Score:
    """Return what the card says of one row.

    Args:
        card: a checked card.
        row: integer features by name, |x| < 2^53; an absent key is a missing value, a key
            the card does not know is ignored.

    Raises:
        Invalid: `model.row` if a value the card reads is no such integer.
    """
    logit = card.base
    parts = []
    for feature in card.features:
        points = _points(feature, row.get(feature.name))
        logit += points
        parts.append((feature.name, points - feature.best))
    return Score(logit, probability_ppm(card.calibration, logit), tuple(parts))


def reason_codes(score: Score, most: int) -> tuple[str, ...]:
    """Return the features that worsen the score most, worst first, at most `most`.

    A feature counts by its distance from its own best known value, so that a reason is
    always something that could have been better; equal distances go by name. A feature at
    its best is no reason, so fewer than `most` may come back.
    """
    worse = sorted((-part, name) for name, part in score.parts if part > 0)
    return tuple(name for _, name in worse[:most])


def _points(feature: Feature, value: int | None) -> int:
    """Return the micro-logits of one value."""
    if value is None:
        return feature.missing
    if type(value) is not int or not -INTEGER_LIMIT < value < INTEGER_LIMIT:
        raise row_fault(feature.name, value)
    place = bisect_left(feature.edges, value)
    if feature.kind == "number":
        return feature.points[place]
    if place < len(feature.edges) and feature.edges[place] == value:
        return feature.points[place]
    return feature.other


def _check_feature(value: object, path: str) -> Feature:
    """Return one feature of an untrusted tree."""
    kind = value.get("kind") if type(value) is dict else None
    if kind == "number":
        return _check_number(value, path)
    if kind == "level":
        return _check_level(value, path)
    raise malformed(path, "a map of kind number or level", "another value")


def _check_number(value: object, path: str) -> Feature:
    """Return a number's feature: one more entry than cuts."""
    tree = read_map(value, path, _NUMBER_KEYS)
    name = read_name(tree["name"], f"{path}.name")
    cuts = read_ascending(tree["cuts"], f"{path}.cuts", (0, _CUTS_MOST), _VALUES)
    lengths = (len(cuts) + 1, len(cuts) + 1)
    points = read_integers(tree["points"], f"{path}.points", lengths, _POINTS)
    missing = read_integer(tree["missing"], f"{path}.missing", *_POINTS)
    return Feature(name, "number", cuts, points, 0, missing, min(points))


def _check_level(value: object, path: str) -> Feature:
    """Return a level's feature: as many entries as levels."""
    tree = read_map(value, path, _LEVEL_KEYS)
    name = read_name(tree["name"], f"{path}.name")
    levels = read_ascending(tree["levels"], f"{path}.levels", (1, _LEVELS_MOST), _VALUES)
    lengths = (len(levels), len(levels))
    points = read_integers(tree["points"], f"{path}.points", lengths, _POINTS)
    other = read_integer(tree["other"], f"{path}.other", *_POINTS)
    missing = read_integer(tree["missing"], f"{path}.missing", *_POINTS)
    return Feature(name, "level", levels, points, other, missing, min(points))
