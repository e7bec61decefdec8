"""A member's log as static tiles, read from what the member keeps."""

from __future__ import annotations

from tallystick.base.errors import NotFound
from tallystick.chain.tile import ENTRIES, WIDTH, Tile, bundle_entries, tile_data
from tallystick.kernel.ledger.replica import Replica

__all__ = ["read_tile"]


def read_tile(replica: Replica, tile: Tile) -> bytes:
    """Return the bytes of a tile, or of an entry bundle.

    Raises:
        NotFound: `ledger.no_tile`, the log does not reach it yet.
        Corrupt: the own file is not what was written.
    """
    size = replica.tip.peaks.size
    if tile.leaves > size:
        raise NotFound(
            "ledger.no_tile",
            f"{tile.path()} asked of a log of {size} leaves",
            cure="Ask for the tiles of a checkpoint's size.",
        )
    if tile.level != ENTRIES:
        return tile_data(tile, replica.log.node)
    return bundle_entries(list(replica.leaves(tile.index * WIDTH, tile.width)))
