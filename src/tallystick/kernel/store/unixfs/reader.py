"""Reads files and directories out of blocks: whole, a range, a listing, a path.

Every block is hashed against its CID before a byte of it is believed, and every node against what
its parent said of it. A range takes only the blocks it needs, so a file whose other blocks are lost
is read as far as it is there. `Tsize` is a hint and decides nothing. Symbolic links are told, never
followed.
Limits: `dag.Limits`; a part of a file that is said to be empty is not taken.
Source: UnixFS specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tallystick.kernel.store.unixfs.cid import DAG_CBOR, DAG_PB, IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag, Part, Reading
from tallystick.kernel.store.unixfs.dagpb import PbLink
from tallystick.kernel.store.unixfs.entry import Entry, read_name
from tallystick.kernel.store.unixfs.fault import (
    no_entry,
    refuse_kind,
    refuse_limit,
    refuse_name,
    refuse_node,
    refuse_path,
    refuse_range,
)
from tallystick.kernel.store.unixfs.hamt import Slot, find_place, read_shard
from tallystick.kernel.store.unixfs.murmur import hash_name
from tallystick.kernel.store.unixfs.node import Kind

__all__ = [
    "Found",
    "Status",
    "list_directory",
    "read_entries",
    "read_file",
    "read_status",
    "resolve_path",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Status:
    """What a CID names, told by its one block.

    Attributes:
        kind: `file`, `directory`, `symlink`, or `other` for dag-cbor, which is not looked into.
        size: bytes of a file; of anything else 0.
        target: of a symbolic link; else empty.
        block_size: bytes of the block.
    """

    kind: str
    size: int
    target: bytes
    block_size: int


@dataclass(frozen=True, slots=True)
class Found:
    """An entry somewhere below a root: its path, without a leading slash, and what it is."""

    path: str
    entry: Entry
    kind: str


def read_status(dag: Dag, cid: IpfsCid) -> Status:
    """Return what a CID names, from its block alone."""
    reading = dag.reading()
    if cid.codec == DAG_CBOR:
        return Status("other", 0, b"", len(reading.block(cid)))
    part = reading.part(cid)
    target = part.unix.data if part.unix and part.kind == "symlink" else b""
    return Status(part.kind, part.size if part.is_file else 0, target or b"", len(part.block))


def read_file(dag: Dag, cid: IpfsCid, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Return the bytes of a file, a piece at a time.

    Args:
        dag: where the blocks come from.
        cid: the file.
        start: the first byte, 0 <= start <= the file's size.
        stop: where the range ends, not read; past the end, or None, is the end.

    Raises:
        Invalid: at once `unixfs.kind`, `unixfs.range`, `unixfs.limit`; then `unixfs.node` where a
            part is not what its node says.
        Corrupt: `unixfs.block`, before a byte of the block is given.
    """
    reading = dag.reading()
    root = reading.part(cid)
    if not root.is_file:
        raise refuse_kind(root.kind, "file")
    if root.size > dag.limits.bytes_max:
        raise refuse_limit("bytes of a file", root.size, dag.limits.bytes_max)
    end = root.size if stop is None else min(stop, root.size)
    if not 0 <= start <= root.size or end < start:
        raise refuse_range(start, stop, root.size)
    return _read_parts(reading, root, start, end)


def _read_parts(reading: Reading, root: Part, start: int, stop: int) -> Iterator[bytes]:
    waiting: list[tuple[IpfsCid, int, int, int]] = []
    part, at, depth = root, 0, 1
    while True:
        own = part.content[max(start - at, 0) : max(stop - at, 0)]
        if own:
            yield own
        needed = (each for each in _parts_of(part, at) if each[1] < stop and sum(each[1:]) > start)
        waiting += reversed([(*each, depth + 1) for each in needed])
        if not waiting:
            return
        cid, at, size, depth = waiting.pop()
        reading.check_depth("a file", depth)
        part = reading.part(cid)
        if not part.is_file or part.size != size:
            raise refuse_node("a part of a file that is not what its node says")


def _parts_of(part: Part, at: int) -> Iterator[tuple[IpfsCid, int, int]]:
    """Yield each part below a node that is not said to be empty: CID, first byte, size."""
    at += len(part.content)
    for link, size in zip(part.node.links, part.unix.part_sizes if part.unix else (), strict=True):
        if size:
            yield link.cid, at, size
        at += size


def list_directory(dag: Dag, cid: IpfsCid) -> Iterator[Entry]:
    """Return a directory's entries in the order they stand: by name, if sharded by hash.

    Raises:
        Invalid: `unixfs.kind` at once for what is no directory; `unixfs.name`, `unixfs.node`,
            `unixfs.limit` where one is met.
    """
    reading = dag.reading()
    return read_entries(reading, reading.part(cid))


def read_entries(
    reading: Reading, part: Part, has: Callable[[IpfsCid], bool] = lambda _: True
) -> Iterator[Entry]:
    """Return the entries of a directory that was taken, as `list_directory`.

    Args:
        reading: what it costs.
        part: the directory.
        has: whether a shard is to be taken; what stands in one that is not is passed over.
    """
    if part.kind != "directory" or part.unix is None:
        raise refuse_kind(part.kind, "directory")
    if part.unix.kind is Kind.SHARD:
        return _read_shards(reading, part, has)
    return iter(_read_flat(reading, part))


def _read_flat(reading: Reading, part: Part) -> list[Entry]:
    found: dict[str, Entry] = {}
    for link in part.node.links:
        reading.count_entry()
        name = read_name(link.name or b"")
        if name in found:
            raise refuse_name("it stands twice")
        found[name] = Entry(name, link.cid, link.tsize or 0)
    return list(found.values())


def _read_shards(reading: Reading, root: Part, has: Callable[[IpfsCid], bool]) -> Iterator[Entry]:
    """Yield the entries of all shards; each must stand where its hash says."""
    waiting: list[tuple[Slot, tuple[int, ...]]] = []
    part, seen = root, set[bytes]()
    above: tuple[int, ...] = ()
    while True:
        slots = _slots(part, len(above))
        waiting += [(slot, above) for slot in reversed(slots)]
        while waiting and (waiting[-1][0].name or not has(waiting[-1][0].link.cid)):
            slot, above = waiting.pop()
            if not slot.name:
                continue
            reading.count_entry()
            _check_places(slot, above, _fanout(root))
            yield Entry(slot.name, slot.link.cid, slot.link.tsize or 0)
        if not waiting:
            return
        slot, above = waiting.pop()
        above = (*above, slot.place)
        # Told by the first entry too; but in a part of an archive there may be none.
        find_place(0, len(above), _fanout(root))
        if slot.link.cid.raw in seen:
            raise refuse_node("a shard that stands at two places")
        seen.add(slot.link.cid.raw)
        part = _shard_below(reading, slot, _fanout(root))


def _check_places(slot: Slot, above: tuple[int, ...], fanout: int) -> None:
    hashed = hash_name(slot.name.encode())
    for depth, place in enumerate((*above, slot.place)):
        if find_place(hashed, depth, fanout) != place:
            raise refuse_node("an entry of a shard where its hash does not say")


def _slots(part: Part, depth: int) -> list[Slot]:
    assert part.unix is not None
    return read_shard(part.node, part.unix, depth)


def _fanout(part: Part) -> int:
    return (part.unix.fanout if part.unix else None) or 0


def _shard_below(reading: Reading, slot: Slot, fanout: int) -> Part:
    part = reading.part(slot.link.cid)
    if part.unix is None or part.unix.kind is not Kind.SHARD or _fanout(part) != fanout:
        raise refuse_node("a place of a shard that leads to no shard of its fanout")
    return part


def resolve_path(dag: Dag, cid: IpfsCid, path: str) -> IpfsCid:
    """Return what a path below a root leads to.

    Args:
        dag: where the blocks come from.
        cid: the root.
        path: names separated by `/`; empty ones are passed over, so "" is the root.

    Raises:
        NotFound: `unixfs.no_entry`.
        Invalid: `unixfs.path` for `.` and `..`; `unixfs.kind` for a way through a file or link.
    """
    reading = dag.reading()
    names = [name for name in path.split("/") if name]
    reading.check_depth("a path", len(names))
    if {".", ".."} & set(names):
        raise refuse_path("it holds . or ..")
    for name in names:
        cid = _find(reading, reading.part(cid), name).cid
    return cid


def _find(reading: Reading, part: Part, name: str) -> PbLink:
    if part.kind != "directory" or part.unix is None:
        raise refuse_kind(part.kind, "directory")
    if part.unix.kind is Kind.SHARD:
        return _find_in_shards(reading, part, name)
    for link, entry in zip(part.node.links, _read_flat(reading, part), strict=True):
        if entry.name == name:
            return link
    raise no_entry()


def _find_in_shards(reading: Reading, root: Part, name: str) -> PbLink:
    part, depth = root, 0
    hashed = hash_name(name.encode(errors="surrogatepass"))
    while True:
        place = find_place(hashed, depth, _fanout(root))
        slot = next((each for each in _slots(part, depth) if each.place == place), None)
        if slot is not None and slot.name == name:
            return slot.link
        if slot is None or slot.name:
            raise no_entry()
        part, depth = _shard_below(reading, slot, _fanout(root)), depth + 1


def walk(dag: Dag, cid: IpfsCid) -> Iterator[Found]:
    """Yield all that stands below a directory, a folder before what it holds.

    The limit of entries holds for the whole tree, that of depth for folders within folders. Files
    are looked at by their first block alone; dag-cbor is told as `other`, and not looked into.
    """
    reading = dag.reading()
    waiting = [("", entry, 1) for entry in read_entries(reading, reading.part(cid))][::-1]
    while waiting:
        above, entry, depth = waiting.pop()
        reading.check_depth("folders", depth)
        path = above + entry.name
        part = reading.part(entry.cid) if entry.cid.codec == DAG_PB else None
        kind = part.kind if part else "other" if entry.cid.codec == DAG_CBOR else "file"
        yield Found(path, entry, kind)
        if part and kind == "directory":
            below = [(path + "/", each, depth + 1) for each in read_entries(reading, part)]
            waiting += reversed(below)
