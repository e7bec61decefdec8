"""Score many rows at once, equal to `exact.card.score` on every row.

The loops run in C where `tallystick._native` is built, else in NumPy, and say the same.

Laws: int64 only; the bounds of `exact.card` and `exact.calibration` keep every sum and
product below 2^63. Of this room only the batches need NumPy; a verifier replays with
`exact.card` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tallystick import _native
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
    logits = _logits_native if _native.is_built() else _logits_numpy
    logit = logits(card, columns, rows)
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
    if _native.is_built():
        probability = np.empty(len(logit_micro), dtype=np.int64)
        _native.batch.calibrate(at, ppm, np.ascontiguousarray(logit_micro), probability)
        return probability
    inside = np.clip(logit_micro, at[0], at[-1])
    left = np.minimum(np.searchsorted(at, inside, side="right"), len(at) - 1) - 1
    rise = (inside - at[left]) * (ppm[left + 1] - ppm[left])
    result: Integers = ppm[left] + rise // (at[left + 1] - at[left])
    return result


def _logits_native(card: Card, columns: Columns, rows: int) -> Integers:
    """Return the logit of every row, in C."""
    logit = np.empty(rows, dtype=np.int64)
    asked = tuple(
        (feature.kind == "level", *_tables(feature), *_contiguous(columns.get(feature.name)))
        for feature in card.features
    )
    _native.batch.score_card(card.base, asked, logit)
    return logit


def _logits_numpy(card: Card, columns: Columns, rows: int) -> Integers:
    """Return the logit of every row, in NumPy."""
    logit = np.full(rows, card.base, dtype=np.int64)
    for feature in card.features:
        if feature.name in columns:
            edges, entries = _tables(feature)
            logit += entries[places(feature.kind, edges, *columns[feature.name])]
        else:
            logit += feature.missing
    return logit


def _tables(feature: Feature) -> tuple[Integers, Integers]:
    """Return a feature's edges, and its micro-logits as `places` numbers them."""
    entries = [*feature.points, feature.other, feature.missing]
    return np.array(feature.edges, dtype=np.int64), np.array(entries, dtype=np.int64)


def _contiguous(
    column: tuple[Integers, Bools] | None,
) -> tuple[Integers, Bools] | tuple[None, None]:
    """Return a column as the loops in C take it; a view with gaps is copied."""
    if column is None:
        return None, None
    values, known = column
    return np.ascontiguousarray(values), np.ascontiguousarray(known)


def _row_count(columns: Columns) -> int:
    """Return the one length of all columns, having checked their types and bounds."""
    shapes = {part.shape for column in columns.values() for part in column}
    lengths = {shape[0] for shape in shapes if len(shape) == 1}
    if len(shapes) != 1 or not lengths:
        raise _refuse(f"columns and masks of one length are needed, found {sorted(shapes)}")
    for name, (values, known) in columns.items():
        if values.dtype != np.int64 or known.dtype != np.bool_:
            raise _refuse(f"{name}: int64 and bool are needed, found {values.dtype}, {known.dtype}")
        if _reaches_limit(values, known):
            raise _refuse(f"{name}: a value reaches 2^53")
    return int(lengths.pop())


def _reaches_limit(values: Integers, known: Bools) -> bool:
    """Return whether a known value reaches 2^53 on either side."""
    if len(values) == 0:
        return False
    # Two passes that allocate nothing settle nearly every column.
    if values.min() > -INTEGER_LIMIT and values.max() < INTEGER_LIMIT:
        return False
    return bool(np.any(known & ((values >= INTEGER_LIMIT) | (values <= -INTEGER_LIMIT))))


def _refuse(fact: str) -> Invalid:
    """Return the error for columns that cannot be scored."""
    return Invalid("model.columns", fact, cure="Build the columns with learning.table.")
