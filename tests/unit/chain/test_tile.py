"""Static tiles hold the whole log: every proof comes from them, none from a forged one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.codec import INTEGER_MAX
from tallystick.base.errors import Error, Invalid
from tallystick.chain.log import Log
from tallystick.chain.merkle import (
    EMPTY_ROOT,
    Peaks,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
    tree_levels,
)
from tallystick.chain.tile import (
    ENTRIES,
    ENTRY_BYTES_MAX,
    LEVEL_MAX,
    WIDTH,
    Tile,
    TileTree,
    bundle_entries,
    edge_tiles,
    read_bundle,
    tile_data,
    tiles_of,
)
from tallystick.chain.verdict import Contradicted

BIG = 66_000
"""Leaves of a log with a full tile of level 1 and an edge on three levels."""
SIZES = (1, 2, 255, 256, 257, 511, 512, 513, 4_097, 65_535, 65_536, 65_537, BIG)


def leaf(number: int) -> bytes:
    return number.to_bytes(4, "big") * (number % 3)


@pytest.fixture(scope="module")
def levels() -> list[list[bytes]]:
    return tree_levels([leaf_hash(leaf(number)) for number in range(BIG)])


@pytest.fixture(scope="module")
def serve(levels: list[list[bytes]]) -> Callable[[Tile], bytes]:
    """Serve any tile of the big log, as a file server would."""

    def fetch(tile: Tile) -> bytes:
        assert tile.leaves <= BIG
        if tile.level == ENTRIES:
            first = tile.index * WIDTH
            return bundle_entries([leaf(at) for at in range(first, first + tile.width)])
        return tile_data(tile, lambda level, index: levels[level][index])

    return fetch


def hashes(size: int) -> list[bytes]:
    return [leaf_hash(leaf(number)) for number in range(size)]


@pytest.mark.parametrize("size", SIZES)
def test_a_log_of_any_size_opens_from_its_edge_and_gives_its_root(
    size: int, serve: Callable[[Tile], bytes]
) -> None:
    root = root_of([leaf(number) for number in range(size)])
    asked: list[Tile] = []

    def fetch(tile: Tile) -> bytes:
        asked.append(tile)
        return serve(tile)

    tree = TileTree.open(size, root, fetch)
    assert asked == edge_tiles(size)
    assert len(asked) <= LEVEL_MAX + 1
    assert tree.log.root(size) == root


def test_the_specifications_example_of_seventy_thousand_leaves() -> None:
    by_level = [list(tiles_of(70_000, level)) for level in range(4)]
    assert [len(each) for each in by_level] == [274, 2, 1, 0]
    assert [each[-1].width for each in by_level[:3]] == [112, 17, 1]
    assert edge_tiles(70_000) == [each[-1] for each in by_level[2::-1]]
    assert [list(tiles_of(256, level)) for level in (0, 1)] == [[Tile(0, 0)], [Tile(1, 0, 1)]]


@given(size=st.integers(1, 2_000), data=st.data())
def test_proofs_from_tiles_are_those_of_the_whole_tree(size: int, data: st.DataObject) -> None:
    below = hashes(size)
    levels = tree_levels(below)
    fetch = _serving(levels)
    tree = TileTree.open(size, levels[-1][0], fetch)
    index, part = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.log.inclusion(index, size) == inclusion_path(below, index)
    assert tree.log.consistency(part, size) == consistency_path(below, part)
    assert tree.log.root(part) == tree_levels(below[:part])[-1][0]


def _serving(levels: list[list[bytes]]) -> Callable[[Tile], bytes]:
    return lambda tile: tile_data(tile, lambda level, index: levels[level][index])


def test_an_inclusion_proof_of_a_big_log_fetches_few_tiles(
    serve: Callable[[Tile], bytes], levels: list[list[bytes]]
) -> None:
    asked: list[Tile] = []

    def fetch(tile: Tile) -> bytes:
        asked.append(tile)
        return serve(tile)

    tree = TileTree.open(BIG, levels[-1][0], fetch)
    assert tree.log.inclusion(12_345, BIG) == inclusion_path(levels[0], 12_345)
    assert len(asked) == 3 + 2
    tree.log.inclusion(12_346, BIG)
    assert len(asked) == 3 + 2


def test_every_tile_and_entry_is_read_and_held_against_the_root(
    serve: Callable[[Tile], bytes], levels: list[list[bytes]]
) -> None:
    tree = TileTree.open(BIG, levels[-1][0], serve)
    assert tree.recompute() == 258 + 2 + 1
    last = BIG // WIDTH
    assert tree.entries(last) == [leaf(at) for at in range(last * WIDTH, BIG)]
    assert tree.entries(7) == [leaf(at) for at in range(7 * WIDTH, 8 * WIDTH)]
    with pytest.raises(Invalid, match=r"codec\.form"):
        tree.entries(last + 1)


def test_an_empty_log_has_no_tile_and_only_the_empty_root() -> None:
    def nothing(tile: Tile) -> bytes:
        raise AssertionError(tile)

    tree = TileTree.open(0, EMPTY_ROOT, nothing)
    assert tree.log.root(0) == EMPTY_ROOT
    assert tree.recompute() == 0
    with pytest.raises(Invalid, match=r"ledger\.size"):
        tree.log.inclusion(0, 0)
    with pytest.raises(Invalid, match=r"ledger\.size"):
        tree.log.consistency(0, 0)
    with pytest.raises(Contradicted, match=r"tile\.root"):
        TileTree.open(0, bytes(32), nothing)


@pytest.mark.parametrize("size", [-1, INTEGER_MAX + 1])
def test_no_log_has_such_a_size(size: int, serve: Callable[[Tile], bytes]) -> None:
    with pytest.raises(Invalid, match=r"codec\.form"):
        TileTree.open(size, bytes(32), serve)


@pytest.mark.parametrize("size", [1, 255, 256, 300, 700, 66_000])
def test_a_changed_tile_is_told_wherever_it_stands(size: int) -> None:
    levels = tree_levels(hashes(size))
    root, honest = levels[-1][0], _serving(levels)
    everything = [tile for level in range(3) for tile in tiles_of(size, level)]
    chosen = everything if size < 1_000 else everything[:: len(everything) // 9]
    for bad in chosen:
        for at in {0, bad.width * 32 - 1, bad.width * 16}:

            def fetch(tile: Tile, bad: Tile = bad, at: int = at) -> bytes:
                data = bytearray(honest(tile))
                if tile == bad:
                    data[at] ^= 1
                return bytes(data)

            with pytest.raises(Contradicted, match=r"tile\.(root|hash)"):
                TileTree.open(size, root, fetch).recompute()


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + bytes(32), bytes])
def test_a_tile_of_another_length_is_refused(change: Callable[[bytes], bytes]) -> None:
    levels = tree_levels(hashes(300))
    honest = _serving(levels)

    def fetch(tile: Tile) -> bytes:
        return change(honest(tile))[: -32 if change is bytes else None]

    with pytest.raises(Invalid, match=r"codec\.form"):
        TileTree.open(300, levels[-1][0], fetch)


@pytest.mark.parametrize("size", [256, 300])
def test_tiles_of_another_size_are_another_log(size: int) -> None:
    levels = tree_levels(hashes(size))
    other = tree_levels(hashes(size + 1))
    with pytest.raises(Error):
        TileTree.open(size + 1, levels[-1][0], _serving(other))


def test_an_entry_that_is_not_the_logs_is_told() -> None:
    below = [leaf(at) for at in range(20)]
    levels = tree_levels([leaf_hash(each) for each in below])
    honest = _serving(levels)
    forged = [*below[:4], b"another", *below[5:]]

    def fetch(tile: Tile) -> bytes:
        return bundle_entries(forged) if tile.level == ENTRIES else honest(tile)

    with pytest.raises(Contradicted, match=r"tile\.entry"):
        TileTree.open(20, levels[-1][0], fetch).entries(0)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
def test_a_bundle_is_read_as_it_was_written_and_in_no_other_length(entries: list[bytes]) -> None:
    data = bundle_entries(entries)
    assert read_bundle(data, len(entries)) == entries
    for altered in (data[:-1], data + b"\0", data[1:] + b"\xff"):
        if altered != data:
            try:
                assert read_bundle(altered, len(entries)) != entries
            except Invalid:
                continue
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_bundle(data, len(entries) + 1)


def test_the_longest_entry_fits_its_two_bytes() -> None:
    entries = [bytes(ENTRY_BYTES_MAX)]
    assert read_bundle(bundle_entries(entries), 1) == entries


@given(st.integers(ENTRIES, LEVEL_MAX), st.integers(0, 2**53), st.integers(1, WIDTH))
def test_a_tile_has_one_path_and_a_path_one_tile(level: int, index: int, width: int) -> None:
    try:
        tile = Tile(level, index, width)
    except Invalid:
        assert (index * WIDTH + width) << 8 * max(level, 0) > INTEGER_MAX
        return
    assert Tile.read(tile.path()) == tile


@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/1", "tile/0/0001", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001"),
        *("tile/00/001", "tile/7/001", "tile/-1/001", "tile/0/001.p/0", "tile/0/001.p/256"),
        *("tile/0/001.p/05", "tile/0/001.p/", "tile/0/001.p/257", "tile/entry/001", "/tile/0/001"),
        *("tile/0/001/", "tile/0/x999/x999/x999/x999/x999/999", "tile/0/x1/001", "tile/0/\u0661"),
        *("tile/0/001.p/1/", "tile/0/", "", "tile/0/../001", "tile/0/" + "x000/" * 4_000 + "001"),
    ],
)
def test_another_spelling_is_no_tile(path: str) -> None:
    with pytest.raises(Invalid, match=r"codec\.form"):
        Tile.read(path)


def test_an_older_checkpoint_is_read_from_the_tiles_of_a_newer_one(
    serve: Callable[[Tile], bytes], levels: list[list[bytes]]
) -> None:
    tree = TileTree.open(BIG, levels[-1][0], serve)
    roots = {size: root_of([leaf(at) for at in range(size)]) for size in SIZES}
    assert {size: tree.log.root(size) for size in SIZES} == roots
    for old, new in pairwise(SIZES):
        older = TileTree.open(old, roots[old], serve)
        assert isinstance(older.log, Log)
        assert older.log.peaks(old) == tree.log.peaks(old)
        assert tree.log.consistency(old, new) == consistency_path(levels[0][:new], old)
    assert tree.log.peaks(BIG).root() == levels[-1][0]
    assert Peaks(0).root() == EMPTY_ROOT
