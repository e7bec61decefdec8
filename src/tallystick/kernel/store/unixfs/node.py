"""What the Data of a dag-pb node says: a file's part, a directory, a symbolic link, a shard.

Fields stand in ascending order, each at most once but the block sizes, which are not packed; so
what is read encodes to the same bytes again. Permissions and times are read and kept, not written.
Laws of a node, checked when it is read: a file's size is that of its own bytes and its parts', with
one size a link, and its links have no names; a symbolic link has no links, and a target without
zero bytes, which no disk takes; a shard is of murmur3 and has 8 to 1,024 places.
Source: UnixFS specification, "dag-pb Types". The deprecated type Raw is read as a file's part.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from tallystick.kernel.store.unixfs.dagpb import PbNode
from tallystick.kernel.store.unixfs.fault import refuse_node
from tallystick.kernel.store.unixfs.wire import (
    FIXED32,
    NUMBER,
    OCTETS,
    octets_head,
    read_fields,
    write_number,
    write_octets,
)

__all__ = ["FANOUT_MAX", "MURMUR3", "Kind", "UnixNode", "decode_unix", "encode_unix", "read_unix"]

MURMUR3: Final = 0x22
FANOUT_MIN: Final = 8
FANOUT_MAX: Final = 1_024
NANOSECONDS: Final = 1_000_000_000
_SIGNED_SIZE_MAX: Final = 10
_MODE_LIMIT: Final = 1 << 32


class Kind(IntEnum):
    """What a node is."""

    RAW = 0
    DIRECTORY = 1
    FILE = 2
    SYMLINK = 4
    SHARD = 5


@dataclass(frozen=True, slots=True)
class UnixNode:
    """The Data of a node; None where a field does not stand.

    Attributes:
        kind: what the node is.
        data: a file's own bytes, a link's target, or the places of a shard that are taken.
        size: bytes of a file, its own and its parts'.
        part_sizes: bytes of the file under each link.
        hash_function: of a shard, as multihash numbers it.
        fanout: places of a shard.
        mode: permissions, opaque.
        modified: the message of a time, opaque.
    """

    kind: Kind
    data: bytes | None = None
    size: int | None = None
    part_sizes: tuple[int, ...] = ()
    hash_function: int | None = None
    fanout: int | None = None
    mode: int | None = None
    modified: bytes | None = None


_KIND, _DATA, _SIZE, _PART, _HASH, _FANOUT, _MODE, _TIME = range(1, 9)
_WIRES: Final = dict.fromkeys(range(_KIND, _TIME + 1), NUMBER) | {_DATA: OCTETS, _TIME: OCTETS}
_KINDS: Final = {int(kind): kind for kind in Kind}


def encode_unix(node: UnixNode) -> list[bytes]:
    """Return the Data of a node in pieces, of which its own bytes are one, not copied."""
    parts = [write_number(_KIND, node.kind)]
    if node.data is not None:
        parts += [octets_head(_DATA, len(node.data)), node.data]
    if node.size is not None:
        parts.append(write_number(_SIZE, node.size))
    parts += [write_number(_PART, size) for size in node.part_sizes]
    rest = ((_HASH, node.hash_function), (_FANOUT, node.fanout), (_MODE, node.mode))
    parts += [write_number(field, number) for field, number in rest if number is not None]
    if node.modified is not None:
        parts.append(write_octets(_TIME, node.modified))
    return parts


def decode_unix(data: bytes) -> UnixNode:
    """Return what Data says; Invalid `unixfs.node` for any departure from the one form."""
    numbers: dict[int, int] = {}
    runs: dict[int, bytes] = {}
    parts: list[int] = []
    last = 0
    for field, wire, value in read_fields(data, refuse_node):
        if field < last or (field == last != _PART) or _WIRES.get(field) != wire:
            raise refuse_node(f"field {field} of Data")
        last = field
        if isinstance(value, bytes):
            runs[field] = value
        elif field == _PART:
            parts.append(value)
        else:
            numbers[field] = value
    kind = _KINDS.get(numbers.get(_KIND, -1))
    if kind is None:
        raise refuse_node("a type that is not read")
    found = UnixNode(
        kind,
        runs.get(_DATA),
        numbers.get(_SIZE),
        tuple(parts),
        numbers.get(_HASH),
        numbers.get(_FANOUT),
        numbers.get(_MODE),
        runs.get(_TIME),
    )
    _check_metadata(found)
    return found


def read_unix(node: PbNode) -> UnixNode:
    """Return what a node is, checked with its links; Invalid `unixfs.node` if they do not fit."""
    if node.data is None:
        raise refuse_node("a node without Data")
    found = decode_unix(node.data)
    is_file = found.kind in {Kind.FILE, Kind.RAW}
    if found.part_sizes and not is_file:
        raise refuse_node("block sizes of what is no file")
    if found.kind is not Kind.SHARD and (found.hash_function or found.fanout):
        raise refuse_node("a fanout of what is no shard")
    if is_file:
        _check_file(node, found)
    elif found.kind is Kind.SHARD:
        _check_shard(found)
    elif found.kind is Kind.SYMLINK:
        _check_symlink(node, found)
    elif found.kind is Kind.DIRECTORY and found.data:
        raise refuse_node("a directory with bytes of its own")
    return found


def _check_file(node: PbNode, found: UnixNode) -> None:
    if len(found.part_sizes) != len(node.links):
        raise refuse_node(f"{len(found.part_sizes)} block sizes for {len(node.links)} links")
    if any(link.name for link in node.links):
        raise refuse_node("a name within a file")
    size = len(found.data or b"") + sum(found.part_sizes)
    if (found.size or 0) != size:
        raise refuse_node(f"a file size of {found.size or 0}, its parts have {size}")


def _check_symlink(node: PbNode, found: UnixNode) -> None:
    if node.links or found.data is None:
        raise refuse_node("a symbolic link with links or without a target")
    if b"\0" in found.data:
        raise refuse_node("a target of a symbolic link that holds zero")


def _check_shard(found: UnixNode) -> None:
    fanout = found.fanout or 0
    if found.hash_function != MURMUR3:
        raise refuse_node("a shard of another hash function than murmur3-x64-64")
    if not FANOUT_MIN <= fanout <= FANOUT_MAX or fanout & fanout - 1:
        raise refuse_node(f"a fanout of {fanout}, not a power of two of 8 to 1024")
    if found.data is None or len(found.data) > fanout // 8:
        raise refuse_node("places of a shard that do not fit its fanout")


def _check_metadata(found: UnixNode) -> None:
    if found.mode is not None and found.mode >= _MODE_LIMIT:
        raise refuse_node("a mode of more than 32 bits")
    if found.modified is None:
        return
    fields = list(read_fields(found.modified, refuse_node, _SIGNED_SIZE_MAX))
    if [each[:2] for each in fields] not in ([(1, NUMBER)], [(1, NUMBER), (2, FIXED32)]):
        raise refuse_node("a time that is not seconds and nanoseconds")
    for _, _, value in fields[1:]:
        assert isinstance(value, bytes)
        if not 0 < int.from_bytes(value, "little") < NANOSECONDS:
            raise refuse_node("nanoseconds that are not 1 to 999999999")
