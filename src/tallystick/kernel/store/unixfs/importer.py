"""Files, directories and symbolic links into blocks, as every IPFS tool makes them.

Each function yields (CID, block), children before parents and in the order of the content, and
returns what the last block stands for: the root. Nothing is kept but the links of the nodes not yet
full, so memory grows with height times width of the tree and not with the file.
A file is a balanced tree: leaves of `chunk_bytes`, all at one depth, nodes of `width` links filled
from the left; one leaf alone is the root, and an empty file is one empty leaf. A directory's links
are sorted by the bytes of their names; one larger than `shard_bytes` is sharded (`hamt.py`).
Source: IPIP-0499, layout `balanced`; UnixFS specification.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from tallystick.kernel.store.unixfs.cid import DAG_PB, RAW, IpfsCid, name_block
from tallystick.kernel.store.unixfs.dagpb import PbLink, encode_link, join_node
from tallystick.kernel.store.unixfs.entry import Entry, check_names
from tallystick.kernel.store.unixfs.hamt import shard_entries
from tallystick.kernel.store.unixfs.node import Kind, UnixNode, encode_unix
from tallystick.kernel.store.unixfs.profile import DEFAULT, Profile

__all__ = [
    "Block",
    "Blocks",
    "Made",
    "Readable",
    "collect",
    "import_directory",
    "import_file",
    "import_symlink",
]

Block: TypeAlias = tuple[IpfsCid, bytes]
"""A block and its name."""


class Readable(Protocol):
    """Something to read from, as an open file is."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an import made.

    Attributes:
        cid: of the root.
        size: bytes of the file; of a directory or link 0.
        tsize: bytes of all its blocks, one that is linked twice counted twice.
    """

    cid: IpfsCid
    size: int
    tsize: int

    def entry(self, name: str) -> Entry:
        """Return it as an entry of a directory."""
        return Entry(name, self.cid, self.tsize)


Blocks: TypeAlias = Generator[Block, None, Made]
_Found = TypeVar("_Found")


def collect(blocks: Generator[Block, None, _Found]) -> tuple[_Found, dict[IpfsCid, bytes]]:
    """Return what an import made, and its blocks: for content that fits into memory."""
    kept: dict[IpfsCid, bytes] = {}
    while True:
        try:
            cid, block = next(blocks)
        except StopIteration as end:
            return end.value, kept
        kept[cid] = block


def import_file(source: Readable, profile: Profile = DEFAULT) -> Blocks:
    """Yield the blocks of a file.

    Args:
        source: its bytes, read once, to their end; short reads are put together.
        profile: how it is cut and linked.

    >>> import io
    >>> made, blocks = collect(import_file(io.BytesIO(b"hello world")))
    >>> str(made.cid)
    'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
    """
    levels: list[list[Made]] = [[]]
    size = profile.chunk_bytes
    while size == profile.chunk_bytes:
        chunk = _read_chunk(source, profile.chunk_bytes)
        size = len(chunk)
        if not chunk and any(levels):
            break
        made, block = _leaf(chunk, profile)
        # Let go at once, a block that nobody keeps leaves its memory, still in cache, to the next.
        del chunk
        yield made.cid, block
        del block
        yield from _grow(levels, made, profile)
    return (yield from _close(levels, profile))


def import_directory(entries: Iterable[Entry], profile: Profile = DEFAULT) -> Blocks:
    """Yield the blocks of a directory: one, or the shards of a large one.

    Args:
        entries: what it holds, in any order.
        profile: when it is sharded, and how its CID is written.

    Raises:
        Invalid: `unixfs.name` for a name that may not stand in a directory, or stands twice.
    """
    found = sorted(entries, key=lambda each: each.name.encode(errors="surrogatepass"))
    check_names(found)
    links = [encode_link(PbLink(each.cid, each.name.encode(), each.tsize)) for each in found]
    block = join_node(links, encode_unix(UnixNode(Kind.DIRECTORY)))
    if _measure(found, block, profile) > profile.shard_bytes:
        cid, tsize = yield from shard_entries(found, profile)
    else:
        cid, tsize = _name(block, profile), len(block) + sum(each.tsize for each in found)
        yield cid, block
    return Made(cid, 0, tsize)


def import_symlink(target: bytes, profile: Profile = DEFAULT) -> Blocks:
    """Yield the block of a symbolic link; its target is not looked at."""
    block = join_node((), encode_unix(UnixNode(Kind.SYMLINK, target)))
    cid = _name(block, profile)
    yield cid, block
    return Made(cid, 0, len(block))


def _read_chunk(source: Readable, size: int) -> bytes:
    """Return the next bytes of a file, as many as asked for unless it ends."""
    found = source.read(size)
    if len(found) == size or not found:
        return found
    parts, rest = [found], size - len(found)
    while rest and (found := source.read(rest)):
        parts.append(found)
        rest -= len(found)
    return b"".join(parts)


def _leaf(chunk: bytes, profile: Profile) -> tuple[Made, bytes]:
    if profile.raw_leaves:
        return Made(name_block(chunk, RAW), len(chunk), len(chunk)), chunk
    data = encode_unix(UnixNode(Kind.FILE, chunk or None, len(chunk)))
    block = join_node((), data)
    return Made(_name(block, profile), len(chunk), len(block)), block


def _node(parts: list[Made], profile: Profile) -> tuple[Made, bytes]:
    """Return the node over parts of a file, and its block."""
    size = sum(part.size for part in parts)
    data = encode_unix(UnixNode(Kind.FILE, None, size, tuple(part.size for part in parts)))
    block = join_node([encode_link(PbLink(part.cid, b"", part.tsize)) for part in parts], data)
    tsize = len(block) + sum(part.tsize for part in parts)
    return Made(_name(block, profile), size, tsize), block


def _grow(levels: list[list[Made]], made: Made, profile: Profile) -> Iterator[Block]:
    """Add a leaf, and yield each node that it fills, from the lowest up."""
    levels[0].append(made)
    for level, parts in enumerate(levels):
        if len(parts) < profile.width:
            return
        yield from _raise(levels, level, profile)


def _raise(levels: list[list[Made]], level: int, profile: Profile) -> Iterator[Block]:
    """Put a node over the parts of a level, into the level above."""
    made, block = _node(levels[level], profile)
    yield made.cid, block
    levels[level].clear()
    if level + 1 == len(levels):
        levels.append([])
    levels[level + 1].append(made)


def _close(levels: list[list[Made]], profile: Profile) -> Blocks:
    """Put nodes over what is left until one part stands on top: all leaves stay at one depth."""
    for level, parts in enumerate(levels):
        if level + 1 == len(levels) and len(parts) == 1:
            return parts[0]
        if parts:
            yield from _raise(levels, level, profile)
    raise AssertionError("the top level is never empty")


def _name(block: bytes, profile: Profile) -> IpfsCid:
    return name_block(block, DAG_PB, profile.cid_version)


def _measure(entries: Iterable[Entry], block: bytes, profile: Profile) -> int:
    """Return the size by which a directory is judged."""
    if profile.counts_block:
        return len(block)
    return sum(len(each.name.encode()) + len(each.cid.raw) for each in entries)
