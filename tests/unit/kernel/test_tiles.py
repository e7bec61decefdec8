"""Tiles read from a member's file are those of its log, of blocks of every width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from tallystick.base.errors import Corrupt, NotFound
from tallystick.chain.tile import ENTRIES, WIDTH, Tile, TileTree, read_bundle, tiles_of
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.tiles import read_tile

BLOCKS = (1, 7, 240, 30, 1, 255, 70)
SIZE = sum(BLOCKS)


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    chain = Chain("tiles")
    path = tmp_path_factory.mktemp("tiles") / "ledger.db"
    found = Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)
    seq = 0
    for count in BLOCKS:
        signed = [chain.sign(seq + at, [chain.news(seq + at)]) for at in range(1, count + 1)]
        chain.extend(found, signed)
        seq += count
    yield found
    found.close()


def test_the_log_is_whole_in_its_tiles_and_entries(replica: Replica) -> None:
    root = replica.tip.peaks.root()
    tree = TileTree.open(SIZE, root, lambda tile: read_tile(replica, tile))
    assert tree.recompute() == 3 + 1
    entries = [each for tile in tiles_of(SIZE) for each in tree.entries(tile.index)]
    assert entries == [replica.leaf(at) for at in range(SIZE)]


@pytest.mark.parametrize(("index", "width"), [(0, 1), (0, 8), (0, 256), (1, 200), (2, SIZE - 512)])
def test_any_width_that_the_log_has_reached_is_served(
    replica: Replica, index: int, width: int
) -> None:
    data = read_tile(replica, Tile(ENTRIES, index, width))
    first = index * WIDTH
    assert read_bundle(data, width) == [replica.leaf(at) for at in range(first, first + width)]
    hashes = read_tile(replica, Tile(0, index, width))
    assert hashes == b"".join(replica.log.leaf_hash(at) for at in range(first, first + width))


@pytest.mark.parametrize("tile", [Tile(0, 2), Tile(1, 0, 3), Tile(ENTRIES, 2), Tile(2, 0, 1)])
def test_a_tile_beyond_the_log_is_not_found(replica: Replica, tile: Tile) -> None:
    with pytest.raises(NotFound, match=r"ledger\.no_tile"):
        read_tile(replica, tile)


@pytest.mark.parametrize(
    "change",
    [
        *("tids = substr(tids, 1, length(tids) - 1)", "tids = zeroblob(256)", "tids = x''"),
        *("tids = 'text'", "codes = substr(codes, 1, length(codes) - 1)", "codes = x''"),
        *("codes = x'" + "0001" * 8 + "'", "codes = 1", "nodes = zeroblob(480)", "nodes = x''"),
        *("nodes = 'text'", "first = 1", "first = 99", "height = 2"),
    ],
)
def test_a_damaged_row_is_told_and_not_served(tmp_path: Path, change: str) -> None:
    chain = Chain("tiles")
    found = Replica.create(tmp_path / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    chain.extend(found, [chain.sign(at, [chain.news(at)]) for at in range(1, 9)])
    with found._database.transaction():
        found._database.run(f"UPDATE log SET {change}")
    with pytest.raises(Corrupt, match=r"ledger\.corrupt"):
        read_tile(found, Tile(ENTRIES, 0, 8))
    found.close()
