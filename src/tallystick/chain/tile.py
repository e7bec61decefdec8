"""The log as C2SP static tiles: what a file server or a browser's cache can hold of it.

A tile is 256 consecutive hashes of one height of the tree, 8 heights apart: at level 0 leaf hashes,
above each the root of a full tile below. A partial tile, at the right edge, names its width. Leaves
stand in entry bundles, two bytes of length before each. `TileTree` is the reader's side: nothing it
returns came from a tile that the given root does not cover.
Limits: a log below 2^53 leaves, so 7 levels; an entry below 2^16 bytes.
Source: C2SP tlog-tiles; RFC 6962 section 2.1.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.base.codec import INTEGER_MAX, refuse
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.log import Log, Node, perfect_parts
from tallystick.chain.merkle import EMPTY_ROOT, Peaks, leaf_hash, tree_levels
from tallystick.chain.verdict import Contradicted

__all__ = [
    "ENTRIES",
    "ENTRY_BYTES_MAX",
    "LEVEL_MAX",
    "WIDTH",
    "Fetch",
    "Tile",
    "TileTree",
    "bundle_entries",
    "edge_tiles",
    "read_bundle",
    "tile_data",
    "tiles_of",
]

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
LEVEL_MAX: Final = 6
"""256^7 leaves are more than 2^53."""
ENTRIES: Final = -1
"""The level that stands for entry bundles."""
ENTRY_BYTES_MAX: Final = 2**16 - 1
KEPT_MAX: Final = 64
"""How many tiles a reader keeps: 512 KiB."""
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|[0-6])/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_PATH_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile.

    Attributes:
        level: 0..6, or `ENTRIES` for the bundle of the leaves that a tile of level 0 has hashes of.
        index: its place among the tiles of the level, from the left.
        width: how many hashes, or entries, it has: 1..256.
    """

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        """Refuse what no log below 2^53 leaves has."""
        if not ENTRIES <= self.level <= LEVEL_MAX or not 1 <= self.width <= WIDTH:
            raise refuse("tile")
        if self.index < 0 or self.leaves > INTEGER_MAX:
            raise refuse("tile index")

    @property
    def height(self) -> int:
        """The height in the tree of the tile's hashes; leaf hashes have 0."""
        return HEIGHT * max(self.level, 0)

    @property
    def leaves(self) -> int:
        """How many leaves a log has at least that has this tile."""
        return (self.index * WIDTH + self.width) << self.height

    @property
    def is_full(self) -> bool:
        """Whether it has all its hashes."""
        return self.width == WIDTH

    def path(self) -> str:
        """Return where it is served, below the log's prefix.

        >>> Tile(0, 1_234_067).path(), Tile(ENTRIES, 5, 112).path()
        ('tile/0/x001/x234/067', 'tile/entries/005.p/112')
        """
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        index = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{index}" + ("" if self.is_full else f".p/{self.width}")

    @classmethod
    def read(cls, path: str) -> Tile:
        """Return the tile of a path; Invalid `codec.form` unless it is the tile's one path."""
        found = _PATH.fullmatch(path) if len(path) <= _PATH_MAX else None
        if found is None:
            raise refuse("tile path")
        level = ENTRIES if found["level"] == "entries" else int(found["level"])
        index = int(found["index"].replace("x", "").replace("/", ""))
        tile = cls(level, index, int(found["width"] or WIDTH))
        if tile.path() != path:
            raise refuse("tile path")
        return tile


Fetch = Callable[[Tile], bytes]
"""Returns a tile's bytes, from wherever they are served; unverified."""


def tile_at(level: int, index: int, size: int) -> Tile | None:
    """Return the tile of that place in a log of `size` leaves; None if it has no hash there."""
    count = size >> HEIGHT * max(level, 0)
    width = min(WIDTH, count - index * WIDTH)
    return Tile(level, index, width) if width > 0 else None


def edge_tiles(size: int) -> list[Tile]:
    """Return the partial tiles of a log of `size` leaves, the highest level first.

    All the log's perfect subtrees that no full tile holds, and nothing else, stand in them: their
    roots are the log's peaks.
    """
    found = []
    for level in range(LEVEL_MAX, -1, -1):
        count = size >> HEIGHT * level
        if count % WIDTH:
            found.append(Tile(level, count // WIDTH, count % WIDTH))
    return found


def tiles_of(size: int, level: int = 0) -> Iterator[Tile]:
    """Yield the tiles of a level, or the entry bundles, of a log of `size` leaves, in order."""
    index = 0
    while (tile := tile_at(level, index, size)) is not None:
        yield tile
        index += 1


def tile_data(tile: Tile, node: Node) -> bytes:
    """Return a tile's bytes; `tile` is no entry bundle, and `node` reads the log it is of."""
    assert tile.level != ENTRIES
    first = tile.index * WIDTH
    return b"".join(node(tile.height, first + at) for at in range(tile.width))


def bundle_entries(entries: Sequence[bytes]) -> bytes:
    """Return the bytes of an entry bundle: 1 to 256 leaves, each after its length."""
    assert 1 <= len(entries) <= WIDTH
    assert all(len(entry) <= ENTRY_BYTES_MAX for entry in entries)
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def read_bundle(data: bytes, width: int) -> list[bytes]:
    """Return the `width` entries of a bundle; Invalid `codec.form` if it is not exactly that."""
    entries, at = [], 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise refuse("bundle length")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise refuse("bundle length")
    return entries


def _fold(hashes: Sequence[bytes]) -> bytes:
    return tree_levels(hashes)[-1][0]


class TileTree:
    """A log of known size and root, read from tiles that are believed only as far as the root goes.

    Made by `open`; `log` gives inclusion and consistency proofs up to this size.
    """

    def __init__(self, size: int, fetch: Fetch) -> None:
        self.size = size
        self._fetch = fetch
        self._edges: dict[tuple[int, int], list[bytes]] = {}
        self._kept: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()
        self.log = Log(self.node, lambda: size)

    @classmethod
    def open(cls, size: int, root: bytes, fetch: Fetch) -> TileTree:
        """Return the log of `size` leaves under `root`, its edge read and checked.

        Args:
            size: 0 <= size < 2^53, by a checkpoint.
            root: 32 bytes, by the same checkpoint; of an empty log H("").
            fetch: returns a tile's bytes.

        Raises:
            Invalid: `codec.form`, a tile has another length than its width demands.
            Contradicted: `tile.root`, the edge's hashes are not under the root.
        """
        if not 0 <= size <= INTEGER_MAX:
            raise refuse("log size")
        tree = cls(size, fetch)
        peaks: list[bytes] = []
        for tile in edge_tiles(size):
            hashes = tree._edges[tile.level, tile.index] = tree._read(tile)
            parts = perfect_parts(0, tile.width)
            peaks += [_fold(hashes[at << up : (at + 1) << up]) for up, at in parts]
        found = Peaks(size, tuple(peaks)).root() if size else EMPTY_ROOT
        if found != root:
            raise _no_root(size)
        return tree

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the 2^level leaves from index 2^level on, within the log.

        Raises:
            Invalid, Contradicted: as of `hashes`.
        """
        assert (index + 1) << level <= self.size
        up = level % HEIGHT
        first = index << up
        hashes = self.hashes(level // HEIGHT, first // WIDTH)
        place = first % WIDTH
        return _fold(hashes[place : place + (1 << up)])

    def hashes(self, level: int, index: int) -> list[bytes]:
        """Return the hashes of the tile at that place, all under the root.

        Raises:
            Invalid: `codec.form`, a tile has another length than its width demands.
            Contradicted: `tile.hash`, its hashes are not those that the tile above has the root of.
        """
        place = (level, index)
        if place in self._edges:
            return self._edges[place]
        if place in self._kept:
            self._kept.move_to_end(place)
            return self._kept[place]
        tile = tile_at(level, index, self.size)
        assert tile is not None
        assert tile.is_full
        above = self.hashes(level + 1, index // WIDTH)[index % WIDTH]
        found = self._read(tile)
        if _fold(found) != above:
            raise Contradicted(
                "tile.hash",
                f"{tile.path()} is not under the log's root",
                cure="Fetch it again, from another member.",
            )
        self._kept[place] = found
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return found

    def entries(self, index: int) -> list[bytes]:
        """Return the leaves of the entry bundle at that place, each under the root.

        Raises:
            Invalid: `codec.form`, the bundle has not the form of one.
            Contradicted: `tile.entry`, a leaf is another than the log's; or as of `hashes`.
        """
        bundle = tile_at(ENTRIES, index, self.size)
        if bundle is None:
            raise refuse("bundle index")
        found = read_bundle(self._fetch(bundle), bundle.width)
        if [leaf_hash(entry) for entry in found] != self.hashes(0, index):
            raise Contradicted(
                "tile.entry",
                f"{bundle.path()} has other leaves than the log",
                cure="Fetch it again, from another member.",
            )
        return found

    def recompute(self) -> int:
        """Read every tile of the log, so that each is known to be under the root; return how many.

        Raises:
            Invalid, Contradicted: as of `hashes`.
        """
        count = 0
        for level in range(LEVEL_MAX, -1, -1):
            for tile in tiles_of(self.size, level):
                self.hashes(level, tile.index)
                count += 1
        return count

    def _read(self, tile: Tile) -> list[bytes]:
        data = self._fetch(tile)
        if len(data) != tile.width * DIGEST_SIZE:
            raise refuse("tile length")
        return [data[at : at + DIGEST_SIZE] for at in range(0, len(data), DIGEST_SIZE)]


def _no_root(size: int) -> Contradicted:
    return Contradicted(
        "tile.root",
        f"the tiles of {size} leaves give another root than the checkpoint's",
        cure="Fetch the checkpoint and the tiles again, from another member.",
    )
