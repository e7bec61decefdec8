"""What a block links, whatever its codec."""

from __future__ import annotations

from tallystick.kernel.store.unixfs.cid import DAG_CBOR, DAG_PB, IpfsCid
from tallystick.kernel.store.unixfs.dagcbor import links_in, read_document
from tallystick.kernel.store.unixfs.dagpb import decode_node

__all__ = ["links_of"]


def links_of(cid: IpfsCid, block: bytes) -> list[IpfsCid]:
    """Return the links of a block in the order they stand; a raw block has none.

    Raises:
        Invalid: as `decode_node` and `read_document` do.
    """
    if cid.codec == DAG_PB:
        return [link.cid for link in decode_node(block).links]
    return list(links_in(read_document(block))) if cid.codec == DAG_CBOR else []
