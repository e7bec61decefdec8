from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.chain.log import Log
from tallystick.chain.merkle import (
    Peaks,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
)
from tallystick.kernel.ledger.layout import node_count


class Nodes:
    """A log in a map, counting what is read."""

    def __init__(self, leaves: list[bytes], batch: int) -> None:
        self.reads = 0
        self.kept: list[bytes] = []
        peaks = Peaks()
        for start in range(0, len(leaves), batch):
            part = leaves[start : start + batch]
            after, nodes = peaks.extend(map(leaf_hash, part))
            for leaf in part:
                peaks = peaks.append(leaf_hash(leaf))
            assert after == peaks
            self.kept += nodes
        assert len(self.kept) == node_count(len(leaves))
        self.log = Log(self.node, lambda: len(leaves))

    def node(self, level: int, index: int) -> bytes:
        self.reads += 1
        last = ((index + 1) << level) - 1
        return self.kept[node_count(last) + level]


def _leaves(count: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(count)]


@given(
    size=st.integers(1, 70),
    batch=st.integers(1, 20),
    data=st.data(),
)
def test_kept_nodes_give_the_proofs_of_the_whole_tree(
    size: int, batch: int, data: st.DataObject
) -> None:
    leaves = _leaves(size)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    log = Nodes(leaves, batch).log
    part = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, part - 1))
    assert log.root(part) == root_of(leaves[:part])
    assert log.peaks(part).root() == root_of(leaves[:part])
    assert log.inclusion(index, part) == inclusion_path(hashes[:part], index)
    assert log.consistency(part, size) == consistency_path(hashes, part)


def test_a_proof_reads_a_few_nodes_of_many() -> None:
    nodes = Nodes(_leaves(10_000), 1_000)
    nodes.log.inclusion(4_321, 9_999)
    assert nodes.reads <= 2 * 14
    nodes.reads = 0
    nodes.log.consistency(4_321, 9_999)
    assert nodes.reads <= 3 * 14


def test_an_empty_log_has_the_empty_root() -> None:
    log = Nodes([], 1).log
    assert log.root(0) == root_of([])
    assert log.peaks(0) == Peaks()


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 6)])
def test_a_proof_beyond_the_log_is_refused(index: int, size: int) -> None:
    log = Nodes(_leaves(5), 5).log
    with pytest.raises(Invalid, match=r"ledger\.size"):
        log.inclusion(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (1, 6)])
def test_a_consistency_beyond_the_log_is_refused(old: int, new: int) -> None:
    log = Nodes(_leaves(5), 5).log
    with pytest.raises(Invalid, match=r"ledger\.size"):
        log.consistency(old, new)
