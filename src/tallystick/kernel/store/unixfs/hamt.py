"""Large directories: a trie of shards, in which a name's hash says its place.

A shard of fanout f has f places. At each depth the next log2(f) bits of the name's hash, from the
highest down, choose one; a place holds one entry, named by the place and then the name, or, where
more meet, a shard, named by the place alone. Places are written as upper hex digits.
Laws: a shard's bits tell exactly the places its links take, highest place first; no shard below the
root is empty; an entry stands where its hash says. So one name is found by the same blocks that
list it, and a shard cannot stand for two places, which bounds what can be read.
Source: UnixFS specification, "HAMTDirectory".
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tallystick.kernel.store.unixfs.cid import DAG_PB, IpfsCid, name_block
from tallystick.kernel.store.unixfs.dagpb import PbLink, PbNode, encode_link, join_node
from tallystick.kernel.store.unixfs.entry import Entry, read_name
from tallystick.kernel.store.unixfs.fault import refuse_limit, refuse_node
from tallystick.kernel.store.unixfs.murmur import HASH_BITS, hash_name
from tallystick.kernel.store.unixfs.node import MURMUR3, Kind, UnixNode, encode_unix
from tallystick.kernel.store.unixfs.profile import Profile

__all__ = ["Slot", "find_place", "read_shard", "shard_entries"]

_Hashed: TypeAlias = tuple[int, Entry]
_HEX: Final = "0123456789ABCDEF"


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands at a place of a shard: an entry, or another shard where `name` is empty."""

    place: int
    name: str
    link: PbLink


def find_place(hashed: int, depth: int, fanout: int) -> int:
    """Return where a hash stands in a shard.

    Args:
        hashed: of the name, 64 bits.
        depth: shards above this one.
        fanout: places of a shard, a power of two.

    Raises:
        Invalid: `unixfs.limit` where the hash has no bits left.
    """
    bits = fanout.bit_length() - 1
    left = HASH_BITS - bits * (depth + 1)
    if left < 0:
        raise refuse_limit("depth of a sharded directory", depth + 1, HASH_BITS // bits)
    return hashed >> left & fanout - 1


def shard_entries(
    entries: Iterable[Entry], profile: Profile
) -> Generator[tuple[IpfsCid, bytes], None, tuple[IpfsCid, int]]:
    """Yield a directory's shards, the root last; return its CID and the bytes of all under it.

    Raises:
        Invalid: `unixfs.limit` if names meet in all 64 bits of their hashes.
    """
    hashed = sorted(
        ((hash_name(each.name.encode()), each) for each in entries), key=lambda pair: pair[0]
    )
    return (yield from _shard(hashed, 0, profile))


def _shard(
    hashed: Sequence[_Hashed], depth: int, profile: Profile
) -> Generator[tuple[IpfsCid, bytes], None, tuple[IpfsCid, int]]:
    links: list[PbLink] = []
    taken = 0
    groups = itertools.groupby(hashed, lambda pair: find_place(pair[0], depth, profile.fanout))
    for place, found in groups:
        group = list(found)
        prefix = _prefix(place, profile.fanout)
        taken |= 1 << place
        if len(group) == 1:
            entry = group[0][1]
            links.append(PbLink(entry.cid, prefix + entry.name.encode(), entry.tsize))
        else:
            cid, tsize = yield from _shard(group, depth + 1, profile)
            links.append(PbLink(cid, prefix, tsize))
    places = taken.to_bytes((taken.bit_length() + 7) // 8, "big")
    unix = UnixNode(Kind.SHARD, places, hash_function=MURMUR3, fanout=profile.fanout)
    block = join_node([encode_link(link) for link in links], encode_unix(unix))
    cid = name_block(block, DAG_PB, profile.cid_version)
    yield cid, block
    return cid, len(block) + sum(link.tsize or 0 for link in links)


def read_shard(node: PbNode, unix: UnixNode, depth: int) -> list[Slot]:
    """Return what stands in a shard, in the order it stands.

    Args:
        node: the shard.
        unix: its Data, checked.
        depth: shards above it.

    Raises:
        Invalid: `unixfs.node` where a law of shards is broken, `unixfs.name` for a bad name.
    """
    fanout = unix.fanout or 0
    slots = [_read_slot(link, fanout) for link in node.links]
    taken = 0
    for slot in slots:
        if taken >> slot.place & 1:
            raise refuse_node("a place of a shard taken twice")
        taken |= 1 << slot.place
    if taken != int.from_bytes(unix.data or b"", "big"):
        raise refuse_node("the places of a shard are not those of its links")
    if depth and not slots:
        raise refuse_node("an empty shard below the root")
    return slots


def _prefix(place: int, fanout: int) -> bytes:
    width = len(f"{fanout - 1:X}")
    return f"{place:0{width}X}".encode()


def _read_slot(link: PbLink, fanout: int) -> Slot:
    width = len(f"{fanout - 1:X}")
    name = link.name or b""
    digits = name[:width].decode("latin-1")
    if len(digits) < width or any(sign not in _HEX for sign in digits):
        raise refuse_node("a link of a shard without its place")
    # A place beyond the fanout has no bit among those of the shard, which are checked.
    return Slot(int(digits, 16), read_name(name[width:]) if len(name) > width else "", link)
