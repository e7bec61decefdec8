"""Laws of the tree: roots and proofs are those another library makes; no others pass."""

from __future__ import annotations

import pymerkle
from hypothesis import given
from hypothesis import strategies as st
from pymerkle.core import _inclusion_path_layout

from tallystick.chain.merkle import (
    Peaks,
    consistency_path,
    extends,
    includes,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
)

ITEMS = st.lists(st.binary(max_size=40), min_size=1, max_size=40)


def oracle(items: list[bytes]) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for item in items:
        tree.append_entry(item)
    return tree


@given(ITEMS)
def test_roots_are_those_of_pymerkle_and_of_the_growing_log(items: list[bytes]) -> None:
    tree, peaks = oracle(items), Peaks()
    for size, item in enumerate(items, start=1):
        peaks = peaks.append(leaf_hash(item))
        assert peaks.root() == root_of(items[:size]) == tree.get_root(size)


@given(ITEMS, st.data())
def test_pymerkle_accepts_our_inclusion_paths_and_makes_the_same(
    items: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    hashes = [leaf_hash(item) for item in items]
    path, root = inclusion_path(hashes, index), root_of(items)
    theirs = oracle(items).prove_inclusion(index + 1, len(items))
    rule, _ = _inclusion_path_layout(index + 1, len(items))
    ours = pymerkle.InclusionProof(
        "sha256", True, len(items), index + 1, rule, [hashes[index], *path]
    )
    ours.verify(hashes[index], root, index=index + 1, size=len(items))
    assert theirs.path == ours.path
    assert includes(leaf=hashes[index], index=index, size=len(items), path=path, root=root)


def subproof(old: int, items: list[bytes], *, whole: bool) -> list[bytes]:
    """RFC 6962 section 2.1.2 to the letter, subtrees' roots by pymerkle."""
    if old == len(items):
        return [] if whole else [oracle(items).get_root()]
    split = 1
    while 2 * split < len(items):
        split *= 2
    if old <= split:
        return [*subproof(old, items[:split], whole=whole), oracle(items[split:]).get_root()]
    return [*subproof(old - split, items[split:], whole=False), oracle(items[:split]).get_root()]


@given(ITEMS, st.data())
def test_consistency_paths_are_the_rfcs_and_prove_what_pymerkle_proves(
    items: list[bytes], data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, len(items)))
    tree = oracle(items)
    old_root, new_root = tree.get_root(old), tree.get_root()
    path = consistency_path([leaf_hash(item) for item in items], old)
    assert path == subproof(old, items, whole=True)
    assert extends(old=old, old_root=old_root, new=len(items), new_root=new_root, path=path)
    pymerkle.verify_consistency(old_root, new_root, tree.prove_consistency(old, len(items)))


@given(ITEMS, st.data())
def test_no_other_leaf_index_size_or_path_is_included(
    items: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    hashes = [leaf_hash(item) for item in items]
    path, root = inclusion_path(hashes, index), root_of(items)

    def holds(leaf: bytes, at: int, size: int, steps: list[bytes]) -> bool:
        return includes(leaf=leaf, index=at, size=size, path=steps, root=root)

    assert not holds(
        leaf_hash(b"a leaf of 41 or more bytes, in no such list"), index, len(items), path
    )
    assert not holds(hashes[index], index, len(items), [*path, bytes(32)])
    for at in range(-1, len(items) + 2):
        assert holds(hashes[index], at, len(items), path) == (at == index) or (
            0 <= at < len(items) and hashes[at] == hashes[index]
        )
    if path:
        assert not holds(hashes[index], index, len(items), path[:-1])
        assert not holds(hashes[index], index, len(items), path[1:])
        swapped = [bytes(32), *path[1:]]
        assert not holds(hashes[index], index, len(items), swapped)


@given(ITEMS, st.data())
def test_no_altered_history_is_extended(items: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(items)))
    hashes = [leaf_hash(item) for item in items]
    path = consistency_path(hashes, old)
    at = data.draw(st.integers(0, old - 1))
    forged = [*items[:at], items[at] + b"!", *items[at + 1 :]]

    def holds(first: list[bytes], second: list[bytes], steps: list[bytes], size: int = old) -> bool:
        return extends(
            old=size,
            old_root=root_of(first[:old]),
            new=len(items),
            new_root=root_of(second),
            path=steps,
        )

    assert holds(items, items, path)
    assert not holds(forged, items, path)
    assert not holds(items, forged, path)
    assert not holds(items, items, [*path, bytes(32)])
    assert not holds(items, items, path, 0)
    assert not holds(items, items, path, len(items) + 1)
    if path:
        assert not holds(items, items, path[:-1])
        assert not holds(items, items, [bytes(32), *path[1:]])


@given(ITEMS)
def test_an_inner_node_is_no_leaf(items: list[bytes]) -> None:
    hashes = [leaf_hash(item) for item in items]
    for left, right in zip(hashes[::2], hashes[1::2], strict=False):
        assert leaf_hash(left + right) != node_hash(left, right)
