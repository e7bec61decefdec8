"""A store on an IPFS node: an object is kept while its CID is pinned there.

Laws: as every store's (`base.py`). A batch goes over in one request and is kept once all of it is
pinned; what fails before is garbage to the node, and what was pinned of it is unpinned. A block is
hashed against its CID before it is believed.
Limits: a node gives a block to whoever names it, so what is put must be public or sealed. It is as
durable as the node's own store. Dropped bytes are deleted by the node, not overwritten; a block
that another pin needs stays readable. Objects of over 2 MiB are kept and not passed between nodes.
Each raw or dag-cbor block that is pinned by itself counts as the store's: give it its own node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from tallystick.base.codec import RAW, Cid
from tallystick.base.errors import Corrupt, Error, Invalid, NotFound
from tallystick.kernel.store.base import absent, checked, named
from tallystick.kernel.store.engines.kubo import Kubo
from tallystick.kernel.store.unixfs.cid import IpfsCid

__all__ = ["IpfsStore"]

_ASKED_MAX: Final = 16
"""Names that are asked for one by one; for more the node's whole list is cheaper."""


class IpfsStore:
    """Objects as blocks of a node.

    Args:
        node: where they are; closed with the store.
    """

    def __init__(self, node: Kubo) -> None:
        self._node = node

    def put_many(self, objects: Sequence[bytes], codec: int = RAW) -> list[Cid]:
        """Keep all objects, or none; return their CIDs in order."""
        cids = named(objects, codec)
        if not cids:
            return cids
        names = [IpfsCid(cid.raw) for cid in cids]
        self._node.put_blocks(objects, names)
        kept = self._kept(cids)
        fresh = [IpfsCid(cid.raw) for cid in dict.fromkeys(cids) if cid not in kept]
        try:
            self._node.pin(fresh, is_deep=False)
        except BaseException:
            for name in fresh:
                with suppress(Error):
                    self._node.unpin([name])
            raise
        return cids

    def get(self, cid: Cid) -> bytes:
        """Return the bytes that `cid` names."""
        try:
            return checked(cid, self._node.get_block(IpfsCid(cid.raw)))
        except NotFound as error:
            raise absent(cid) from error
        except Corrupt as error:
            if error.code != "unixfs.block":
                raise
            return checked(cid, None)

    def has(self, cid: Cid) -> bool:
        """Tell whether an object is kept under `cid`."""
        return self._node.is_pinned(IpfsCid(cid.raw))

    def drop(self, cids: Sequence[Cid]) -> int:
        """Forget the objects; return how many there were."""
        names = [IpfsCid(cid.raw) for cid in self._kept(cids)]
        self._node.unpin(names)
        self._node.remove_blocks(names)
        return len(names)

    def cids(self) -> Iterator[Cid]:
        """Yield the CIDs of all objects, ascending."""
        found = set()
        for name in self._node.pins():
            # A pinned node of a file is no object.
            with suppress(Invalid):
                found.add(Cid(name.raw))
        yield from sorted(found)

    def audit(self) -> list[Cid]:
        """Read everything again and return the CIDs that do not hold."""
        return [cid for cid in self.cids() if not self._holds(cid)]

    def _holds(self, cid: Cid) -> bool:
        try:
            self.get(cid)
        except (Corrupt, NotFound):
            return False
        return True

    def _kept(self, cids: Sequence[Cid]) -> set[Cid]:
        wanted = set(cids)
        if len(wanted) > _ASKED_MAX:
            return wanted & set(self.cids())
        return {cid for cid in wanted if self.has(cid)}

    def close(self) -> None:
        """End the connections to the node."""
        self._node.close()
