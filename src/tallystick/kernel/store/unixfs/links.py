"""What a block links, whatever its codec.

An identity CID holds its content, so it leads to no block: where blocks are looked for, what such
content links stands for it, and the CID itself is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.kernel.store.unixfs.cid import DAG_CBOR, DAG_PB, RAW, IpfsCid
from tallystick.kernel.store.unixfs.dagcbor import links_in, read_document
from tallystick.kernel.store.unixfs.dagpb import decode_node

__all__ = ["direct_links", "each_link", "links_of"]


def direct_links(cid: IpfsCid, block: bytes) -> list[IpfsCid]:
    """Return the links of a block as they stand, identity CIDs among them; a raw block has none.

    Raises:
        Invalid: as `decode_node` and `read_document` do.
    """
    if cid.codec == DAG_PB:
        return [link.cid for link in decode_node(block).links]
    return list(links_in(read_document(block))) if cid.codec == DAG_CBOR else []


def each_link(cid: IpfsCid, block: bytes) -> Iterator[IpfsCid]:
    """Yield the links of a block in the order they stand, each identity CID before what it links.

    One identity CID stands within another with all its bytes, so this takes time by the block's.
    Raises as `direct_links`.
    """
    for link in direct_links(cid, block):
        yield link
        inline = link.inline
        if inline is not None and link.codec != RAW:
            yield from each_link(link, inline)


def links_of(cid: IpfsCid, block: bytes) -> list[IpfsCid]:
    """Return the blocks that a block links, also through identity CIDs, in the order they stand.

    Raises as `direct_links`.
    """
    return [link for link in each_link(cid, block) if link.inline is None]
