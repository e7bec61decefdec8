"""Score many rows by trees at once, equal to `exact.trees.score` on every row.

No tree is descended. A row's value of one feature decides every question about it in every
tree, so per feature a table holds, for each place among all its cuts and each tree, the leaves
that remain possible; the tables' rows of all features, joined by AND, leave the leaf reached
as the leftmost one. This is branchless work on contiguous words. Source: Lucchese et al.,
"QuickScorer" (2015); the tables per feature in place of its sorted conditions are ours.

The loops run in C where `tallystick._native` is built, else in NumPy, and say the same.

Laws: integers only, a sum of values stays below 2^63. Limits: the tables take 1 to 8 bytes
(for trees of up to 8 to 64 leaves) for each cut or level in each of 256 trees at a time: 0.3 MB
for 200 trees of 8 leaves on 15 features; the greatest ensemble that the form allows has been
seen to take 0.7 GB.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tallystick import _native
from tallystick.exact.batch import (
    BatchScore,
    Columns,
    Integers,
    _contiguous,
    _row_count,
    calibrate_batch,
    places,
)
from tallystick.exact.trees import LEAF, LEAVES_MOST, Tree, TreeFeature, Trees

__all__ = ["Leaves", "reach_leaves", "score_trees_batch"]

Leaves: TypeAlias = NDArray[np.uint8]
"""A node of every tree for every row; shape `(n_rows, n_trees)`."""

_Words: TypeAlias = NDArray[np.unsignedinteger[Any]]

_WORDS: Final = (np.uint8, np.uint16, np.uint32, np.uint64)
_BLOCK_BYTES: Final = 256 * 1024
_TREES_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What the answers about one feature leave possible.

    Attributes:
        name: the feature.
        kind: `number` or `level`.
        edges: all its cuts, or its levels; strictly ascending.
        remaining: shape `(n_entries, n_trees)`, entries as `exact.batch.places` numbers them;
            bit i stands for the tree's i-th leaf from the left.
    """

    name: str
    kind: str
    edges: Integers
    remaining: _Words


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    """An ensemble as tables.

    Attributes:
        asked: one for every feature.
        node: the leaves of every tree from the left, one tree after another.
        value: their micro-logits.
        start: where each tree's leaves begin; shape `(n_trees,)`.
    """

    asked: tuple[_Asked, ...]
    node: Leaves
    value: Integers
    start: Integers


def score_trees_batch(trees: Trees, columns: Columns) -> BatchScore:
    """Return what the ensemble says of every row.

    Args:
        trees: a checked ensemble.
        columns: at least one column, all of one length; a feature of the ensemble that has no
            column is missing everywhere, a column it does not know is ignored.

    Raises:
        Invalid: `model.columns`, as `exact.batch.score_batch`.
    """
    logit = np.full(_row_count(columns), trees.base, dtype=np.int64)
    add = _add_native if _native.is_built() else _add_numpy
    for _, compiled in _compile(trees):
        add(compiled, columns, logit)
    return BatchScore(logit, calibrate_batch(trees.calibration, logit))


def reach_leaves(trees: Trees, columns: Columns) -> Leaves:
    """Return the node at which every row ends in every tree.

    Args:
        trees: an ensemble.
        columns: as `score_trees_batch`.

    Raises:
        Invalid: `model.columns`.
    """
    result = np.empty((_row_count(columns), len(trees.trees)), dtype=np.uint8)
    for part, compiled in _compile(trees):
        for rows, leaf in _blocks(compiled, columns, len(result)):
            result[rows, part] = compiled.node[leaf]
    return result


def _add_native(compiled: _Compiled, columns: Columns, logit: Integers) -> None:
    """Add these trees to the logit of every row, in C."""
    word = compiled.asked[0].remaining.dtype.itemsize
    asked = tuple(
        (each.kind == "level", each.edges, each.remaining, *_contiguous(columns.get(each.name)))
        for each in compiled.asked
    )
    # The loops look no leaf's bounds up; so many values follow that no word leads past them.
    value = np.append(compiled.value, np.zeros(LEAVES_MOST, dtype=np.int64))
    _native.batch.add_trees(word, asked, compiled.start, value, logit)


def _add_numpy(compiled: _Compiled, columns: Columns, logit: Integers) -> None:
    """Add these trees to the logit of every row, in NumPy."""
    for rows, leaf in _blocks(compiled, columns, len(logit)):
        logit[rows] += compiled.value[leaf].sum(axis=1)


def _blocks(
    compiled: _Compiled, columns: Columns, count: int
) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    """Yield blocks of rows and the place of the leaf of each row and tree in `value`.

    The hot loop: blocks are small enough for a core's cache, and nothing is allocated in it
    that grows with the number of rows.
    """
    word = compiled.asked[0].remaining.dtype
    size = max(1, _BLOCK_BYTES // (len(compiled.start) * word.itemsize))
    remaining = np.empty((size, len(compiled.start)), dtype=word)
    answer = np.empty_like(remaining)
    for first in range(0, count, size):
        rows = slice(first, min(first + size, count))
        leaves, part = remaining[: rows.stop - first], answer[: rows.stop - first]
        leaves.fill(np.iinfo(word).max)
        for asked in compiled.asked:
            # The places are in range, so clipping only spares NumPy a copy.
            np.take(asked.remaining, _entries(asked, columns, rows), 0, part, mode="clip")
            np.bitwise_and(leaves, part, out=leaves)
        # Of x - 1 without the bits of x remain as many as there are zeros below its lowest.
        np.subtract(leaves, 1, out=part)
        np.bitwise_and(part, np.invert(leaves, out=leaves), out=part)
        yield rows, np.bitwise_count(part) + compiled.start


def _entries(asked: _Asked, columns: Columns, rows: slice) -> Integers:
    """Return the entry of every row of a block."""
    if asked.name not in columns:
        return np.full(rows.stop - rows.start, len(asked.remaining) - 1, dtype=np.int64)
    values, known = columns[asked.name]
    return places(asked.kind, asked.edges, values[rows], known[rows])


def _compile(trees: Trees) -> Iterator[tuple[slice, _Compiled]]:
    """Yield the tables of an ensemble, so many trees at once that they stay small."""
    for first in range(0, len(trees.trees), _TREES_AT_ONCE):
        part = slice(first, min(first + _TREES_AT_ONCE, len(trees.trees)))
        yield part, _compile_part(trees.features, trees.trees[part])


def _compile_part(features: tuple[TreeFeature, ...], trees: tuple[Tree, ...]) -> _Compiled:
    """Return the tables of these trees."""
    orders, spared = zip(*map(_leaves, trees), strict=True)
    leaves = [(tree, node) for tree, order in zip(trees, orders, strict=True) for node in order]
    counts = [len(order) for order in orders]
    word = next(word for word in _WORDS if max(counts) <= np.iinfo(word).bits)
    full: _Words = np.full(len(trees), np.iinfo(word).max, dtype=word)
    edges = _edges(features, trees)
    # By feature: entry, tree and mask of every answer that goes right.
    answers: list[list[tuple[int, int, int]]] = [[] for _ in features]
    for column, tree in enumerate(trees):
        for node, place in enumerate(tree.feature):
            if place != LEAF:
                mask = int(full[0]) & spared[column][node]
                right = _entries_right(tree, node, features[place], edges[place])
                answers[place] += [(entry, column, mask) for entry in right]
    return _Compiled(
        asked=tuple(
            _table(feature, edge, found, full)
            for feature, edge, found in zip(features, edges, answers, strict=True)
        ),
        node=np.array([node for _, node in leaves], dtype=np.uint8),
        value=np.array([tree.value[node] for tree, node in leaves], dtype=np.int64),
        start=np.cumsum([0, *counts[:-1]], dtype=np.int64),
    )


def _table(
    feature: TreeFeature, edges: list[int], answers: list[tuple[int, int, int]], full: _Words
) -> _Asked:
    """Return one feature's table; `full` is a row in which every leaf remains possible."""
    number = feature.levels is None
    remaining = np.tile(full, (len(edges) + 2 + number, 1))
    if answers:
        entry, column, mask = zip(*answers, strict=True)
        np.bitwise_and.at(remaining, (entry, column), np.array(mask, dtype=full.dtype))
    if number:
        # What goes right at one bin does so at every later one.
        bins = remaining[: len(edges) + 1]
        np.bitwise_and.accumulate(bins, axis=0, out=bins)
    kind = "number" if number else "level"
    return _Asked(feature.name, kind, np.array(edges, dtype=np.int64), remaining)


def _edges(features: tuple[TreeFeature, ...], trees: tuple[Tree, ...]) -> list[list[int]]:
    """Return for every feature all cuts of these trees, or its levels; ascending."""
    edges = [set(feature.levels or ()) for feature in features]
    for tree in trees:
        for place, cut in zip(tree.feature, tree.cut, strict=True):
            if place != LEAF and features[place].levels is None:
                edges[place].add(cut)
    return [sorted(found) for found in edges]


def _leaves(tree: Tree) -> tuple[list[int], list[int]]:
    """Return the leaves from the left, and for every inner node what going right spares.

    The latter is a mask without the bits of the leaves below the left child.
    """
    count = [1] * len(tree.feature)
    for node in reversed(range(len(count))):
        if child := tree.left[node]:
            count[node] = count[child] + count[child + 1]
    first = [0] * len(count)
    order = [0] * count[0]
    spared = [LEAF] * len(count)
    for node, child in enumerate(tree.left):
        if child:
            first[child], first[child + 1] = first[node], first[node] + count[child]
            spared[node] = ~(((1 << count[child]) - 1) << first[node])
        else:
            order[first[node]] = node
    return order, spared


def _entries_right(tree: Tree, node: int, feature: TreeFeature, edges: list[int]) -> list[int]:
    """Return the entries of a feature that go right at a node; of bins only the first."""
    if feature.levels is None:
        right = [bisect_left(edges, tree.cut[node]) + 1]
        unknown = [len(edges) + 2]
    else:
        inside = feature.sets[tree.cut[node]]
        right = [place for place, code in enumerate(edges) if code not in inside]
        unknown = [len(edges), len(edges) + 1]
    return right if tree.missing[node] else right + unknown
