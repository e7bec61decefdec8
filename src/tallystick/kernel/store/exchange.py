"""Public objects between members: asked for by CID, checked by hash, kept.

Public objects are DAG-CBOR trees (catalogues, models, news); sealed ones are raw ciphertext and are
not served here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.base.codec import DAG_CBOR, Cid, cid_of
from tallystick.base.errors import Denied, Error, NotFound
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.base import Store

__all__ = ["fetch_object", "serve_objects"]

METHOD: Final = "store.public"


def serve_objects(link: Link, store: Store) -> None:
    """Answer other members' requests for public objects."""

    def answer(caller: str, payload: bytes) -> bytes:
        del caller
        cid = Cid(payload)
        if cid.codec != DAG_CBOR:
            raise Denied("store.sealed", "sealed objects are not public", cure="Ask for a grant.")
        return store.get(cid)

    link.serve({METHOD: answer})


def fetch_object(link: Link, store: Store, cid: Cid, peers: Sequence[str]) -> bytes:
    """Return a public object: from the own store, else from the first peer that has it.

    Raises:
        NotFound: no member that answers holds it.
    """
    if store.has(cid):
        return store.get(cid)
    for peer in peers:
        try:
            data = link.call(peer, METHOD, cid.raw)
        except Error:
            # That peer is away or has no such object; the next one may.
            continue
        if cid_of(data, DAG_CBOR) == cid:
            store.put_many([data], DAG_CBOR)
            return data
    raise NotFound(
        "store.nowhere", f"no member that answers holds {cid}", cure="Try again when all are up."
    )
