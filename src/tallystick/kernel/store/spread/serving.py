"""What a member answers about the shards that it holds.

Everything given is checked against its manifest before it is kept; everything asked for is checked
by whoever asks. Handlers are idempotent, as the link demands.
"""

from __future__ import annotations

from typing import Final

from tallystick.base import codec
from tallystick.base.codec import encode
from tallystick.base.errors import Denied, Invalid, NotFound
from tallystick.kernel.link.base import Handlers
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import ID_SIZE, Manifest
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX

__all__ = ["PIECE_BYTES_MAX", "SHARDS", "answer_for"]

PIECE_BYTES_MAX: Final = 8_000_000
"""Of a segment's shard: what one message carries."""
_SHARDS_MAX: Final = 32
_CHUNKS_MAX: Final = 1_024
_shard = codec.integer(0, _SHARDS_MAX - 1)
_PIECE: Final = codec.tuple_of(
    codec.octets(ID_SIZE, ID_SIZE),
    _shard,
    codec.integer(0, LENGTH_MAX),
    codec.octets(PIECE_BYTES_MAX),
)
_FINISH: Final = codec.tuple_of(_shard, codec.octets(2**24))
_FORGET: Final = codec.tuple_of(codec.octets(ID_SIZE, ID_SIZE))
_READ: Final = codec.tuple_of(
    codec.cid,
    _shard,
    codec.integer(0, LENGTH_MAX),
    codec.list_of(codec.integer(0, _CHUNKS_MAX), _CHUNKS_MAX, 1),
)
_NAME: Final = codec.tuple_of(codec.cid)
SHARDS: Final = codec.list_of(_shard, _SHARDS_MAX)
"""Numbers of shards, as they are told."""


def answer_for(holding: Holding) -> Handlers:
    """Return the methods by which others put, read and drop the shards held here."""
    return {**_keeping(holding), **_telling(holding)}


def _keeping(holding: Holding) -> Handlers:
    def piece(caller: str, payload: bytes) -> bytes:
        identifier, shard, at, data = codec.decode(payload, _PIECE)
        holding.write_piece(caller, (identifier, shard), at, data)
        return b""

    def finish(caller: str, payload: bytes) -> bytes:
        shard, data = codec.decode(payload, _FINISH)
        manifest = Manifest.read(data)
        if shard >= manifest.layout.profile.n:
            raise Invalid("spread.torn", f"no shard {shard} in that code", cure="Send it again.")
        holding.finish(caller, manifest, shard)
        return b""

    def forget(caller: str, payload: bytes) -> bytes:
        (identifier,) = codec.decode(payload, _FORGET)
        holding.forget(caller, identifier)
        return b""

    def drop(caller: str, payload: bytes) -> bytes:
        (cid,) = codec.decode(payload, _NAME)
        if holding.shards_of(cid) and Manifest.read(holding.manifest_of(cid)).owner != caller:
            raise Denied(
                "spread.owner", "another member put this object", cure="Ask that member to drop it."
            )
        return encode(holding.drop(cid))

    return {
        "spread.piece": piece,
        "spread.finish": finish,
        "spread.forget": forget,
        "spread.drop": drop,
    }


def _telling(holding: Holding) -> Handlers:
    def read(_: str, payload: bytes) -> bytes:
        cid, shard, place, chunks = codec.decode(payload, _READ)
        layout = Manifest.read(holding.manifest_of(cid)).layout
        if place >= layout.segment_count or max(chunks) >= layout.profile.alpha:
            raise NotFound(
                "spread.absent", "no such sub-chunk in that object", cure="Ask within the object."
            )
        return holding.read(cid, shard, layout.segment(place), sorted(set(chunks)))

    def held(_: str, payload: bytes) -> bytes:
        (cid,) = codec.decode(payload, _NAME)
        return encode([*holding.shards_of(cid)])

    def manifest(_: str, payload: bytes) -> bytes:
        (cid,) = codec.decode(payload, _NAME)
        return holding.manifest_of(cid)

    return {"spread.read": read, "spread.held": held, "spread.manifest": manifest}
