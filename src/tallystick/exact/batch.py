"""Score many rows at once with NumPy, equal to `exact.card.score` on every row.

Laws: int64 only; the bounds of `exact.card` and `exact.calibration` keep every sum and
product below 2^63. This module is the only one of the room that needs NumPy; a verifier
replays with `exact.card` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tallystick.base.errors import Invalid
from tallystick.exact.calibration import Calibration
from tallystick.exact.card import Card, Feature
from tallystick.exact.reading import INTEGER_LIMIT

__all__ = ["BatchScore", "Bools", "Columns", "Integers", "calibrate_batch", "places", "score_batch"]

Integers: TypeAlias = NDArray[np.int64]
"""Integers of shape `(n_rows,)`."""

Bools: TypeAlias = NDArray[np.bool_]
"""Marks of shape `(n_rows,)`."""

Columns: TypeAlias = Mapping[str, tuple[Integers, Bools]]
"""By feature: values and whether each is known; a value that is not known is not read."""


@dataclass(frozen=True, slots=True)
class BatchScore:
    """What a card says of many rows.

    Attributes:
        logit_micro: shape `(n_rows,)`.
        default_ppm: shape `(n_rows,)`.
    """

    logit_micro: Integers
    default_ppm: Integers


def score_batch(card: Card, columns: Columns) -> BatchScore:
    """Return what the card says of every row.

    Args:
        card: a checked card.
        columns: at least one column, all of one length; a feature of the card that has no
            column is missing everywhere, a column the card does not know is ignored.

    Raises:
        Invalid: `model.columns` if there is no column, lengths differ, a column is not
            int64 with a mask, or a known value reaches 2^53.
    """
    rows = _row_count(columns)
    logit = np.full(rows, card.base, dtype=np.int64)
    for feature in card.features:
        if feature.name in columns:
            logit += _points(feature, *columns[feature.name])
        else:
            logit += feature.missing
    return BatchScore(logit, calibrate_batch(card.calibration, logit))


def places(kind: str, edges: Integers, values: Integers, known: Bools) -> Integers:
    """Return where each value stands in its feature's entries.

    Entries are numbered: the bins or levels, then `other`, then `missing`.

    Args:
        kind: `number` or `level`.
        edges: cuts or level codes, strictly ascending.
        values: shape `(n_rows,)`.
        known: shape `(n_rows,)`.
    """
    place = np.searchsorted(edges, values, side="left").astype(np.int64)
    other = len(edges) + (kind == "number")
    if kind == "level":
        matched = edges[np.minimum(place, len(edges) - 1)] == values
        place = np.where(matched, place, other)
    return np.where(known, place, other + 1)


def calibrate_batch(calibration: Calibration, logit_micro: Integers) -> Integers:
    """Return the probability in ppm at each logit, as `probability_ppm` does."""
    at = np.array(calibration.at, dtype=np.int64)
    ppm = np.array(calibration.ppm, dtype=np.int64)
    inside = np.clip(logit_micro, at[0], at[-1])
    left = np.minimum(np.searchsorted(at, inside, side="right"), len(at) - 1) - 1
    rise = (inside - at[left]) * (ppm[left + 1] - ppm[left])
    result: Integers = ppm[left] + rise // (at[left + 1] - at[left])
    return result


def _points(feature: Feature, values: Integers, known: Bools) -> Integers:
    """Return the micro-logits of one column."""
    entries = np.array([*feature.points, feature.other, feature.missing], dtype=np.int64)
    edges = np.array(feature.edges, dtype=np.int64)
    result: Integers = entries[places(feature.kind, edges, values, known)]
    return result


def _row_count(columns: Columns) -> int:
    """Return the one length of all columns, having checked their types and bounds."""
    lengths = {len(part) for column in columns.values() for part in column}
    if len(lengths) != 1:
        raise _refuse(f"columns and masks of one length are needed, found {sorted(lengths)}")
    for name, (values, known) in columns.items():
        if values.dtype != np.int64 or known.dtype != np.bool_:
            raise _refuse(f"{name}: int64 and bool are needed, found {values.dtype}, {known.dtype}")
        if np.any(known & ((values >= INTEGER_LIMIT) | (values <= -INTEGER_LIMIT))):
            raise _refuse(f"{name}: a value reaches 2^53")
    return lengths.pop()


def _refuse(fact: str) -> Invalid:
    """Return the error for columns that cannot be scored."""
    return Invalid("model.columns", fact, cure="Build the columns with learning.table.")
