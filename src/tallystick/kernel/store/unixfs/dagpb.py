"""dag-pb blocks: links, then data, each in its one form.

A link is Hash, Name, Tsize in this order, each at most once, Hash always; a node is its links,
then at most one Data. Unknown fields, doubled fields, other wire types and numbers that are not
minimal are refused, so what is read encodes to the same bytes again. Whether Name, Tsize and Data
are absent or empty is kept: other tools write both; ours always writes Name and Tsize.
Limits: blocks of 2 MiB, 65,536 links.
Source: IPLD DAG-PB specification, "Protobuf Strictness". Its decoders may also take Data before
Links, which tools wrote before 2015; this one does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.fault import refuse_limit, refuse_node
from tallystick.kernel.store.unixfs.wire import (
    NUMBER,
    OCTETS,
    octets_head,
    read_fields,
    write_number,
    write_octets,
)

__all__ = [
    "BLOCK_BYTES_MAX",
    "LINKS_MAX",
    "PbLink",
    "PbNode",
    "decode_node",
    "encode_link",
    "encode_node",
    "join_node",
]

BLOCK_BYTES_MAX: Final = 2 * 1024 * 1024
LINKS_MAX: Final = 65_536
_DATA: Final = 1
_LINK: Final = 2
_HASH, _NAME, _TSIZE = 1, 2, 3
_WIRES: Final = {_HASH: OCTETS, _NAME: OCTETS, _TSIZE: NUMBER}


@dataclass(frozen=True, slots=True)
class PbLink:
    """A link.

    Attributes:
        cid: what it leads to.
        name: its name as bytes; empty for a part of a file; None where it does not stand.
        tsize: bytes of all blocks under it and its own, as stated; None where it does not stand.
    """

    cid: IpfsCid
    name: bytes | None = b""
    tsize: int | None = 0


@dataclass(frozen=True, slots=True)
class PbNode:
    """A node: its links in the order they stand, and its data; None where there is none."""

    links: tuple[PbLink, ...] = ()
    data: bytes | None = None


def encode_link(link: PbLink) -> bytes:
    """Return a link's bytes as they stand in a node, with tag and length."""
    parts = write_octets(_HASH, link.cid.raw)
    if link.name is not None:
        parts += write_octets(_NAME, link.name)
    if link.tsize is not None:
        parts += write_number(_TSIZE, link.tsize)
    return write_octets(_LINK, parts)


def join_node(links: Iterable[bytes], data: Sequence[bytes]) -> bytes:
    """Return the block of encoded links and of data in pieces, each copied once."""
    return b"".join((*links, octets_head(_DATA, sum(map(len, data))), *data))


def encode_node(node: PbNode) -> bytes:
    """Return the block of a node."""
    links = map(encode_link, node.links)
    return b"".join(links) if node.data is None else join_node(links, (node.data,))


def decode_node(block: bytes) -> PbNode:
    """Return the node of a block.

    Raises:
        Invalid: `unixfs.node` for any departure from the one form, `unixfs.limit` for too much.
    """
    if len(block) > BLOCK_BYTES_MAX:
        raise refuse_limit("bytes of a block", len(block), BLOCK_BYTES_MAX)
    links: list[PbLink] = []
    data: bytes | None = None
    for field, wire, value in read_fields(block, refuse_node):
        if data is not None:
            raise refuse_node("something after Data")
        if field not in {_DATA, _LINK} or wire != OCTETS:
            raise refuse_node(f"field {field} of a node")
        assert isinstance(value, bytes)
        if field == _DATA:
            data = value
        else:
            if len(links) == LINKS_MAX:
                raise refuse_limit("links of a node", LINKS_MAX + 1, LINKS_MAX)
            links.append(_decode_link(value))
    return PbNode(tuple(links), data)


def _decode_link(message: bytes) -> PbLink:
    found: dict[int, int | bytes] = {}
    last = 0
    for field, wire, value in read_fields(message, refuse_node):
        if field <= last or _WIRES.get(field) != wire:
            raise refuse_node(f"field {field} of a link")
        found[field] = value
        last = field
    cid, name, tsize = found.get(_HASH), found.get(_NAME), found.get(_TSIZE)
    if not isinstance(cid, bytes):
        raise refuse_node("a link without Hash")
    assert name is None or isinstance(name, bytes)
    assert tsize is None or isinstance(tsize, int)
    return PbLink(IpfsCid(cid), name, tsize)
