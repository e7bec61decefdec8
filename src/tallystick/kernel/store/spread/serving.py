"""What a member answers about the shards that it holds.

Everything given is checked against its manifest before it is kept; everything asked for is checked
by whoever asks. Handlers are idempotent, as the link demands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import Cid, encode
from tallystick.base.errors import Denied, Invalid
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX, Handlers
from tallystick.kernel.store.spread.dropped import Dropped
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import ID_SIZE, Manifest
from tallystick.kernel.store.spread.receipt import Receipt, Vouching
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX, Layout

__all__ = [
    "FLAWED",
    "LISTED",
    "LISTED_MAX",
    "PIECE_BYTES_MAX",
    "PLACES",
    "READ",
    "READ_METHOD",
    "READ_SEGMENTS_MAX",
    "SHARDS",
    "answer_for",
]

PIECE_BYTES_MAX: Final = 8_000_000
"""Of a segment's shard: what one message carries."""
READ_SEGMENTS_MAX: Final = 64
"""Segments of which one call reads."""
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
READ_METHOD: Final = "spread.read"
READ: Final = codec.tuple_of(
    codec.cid,
    _shard,
    codec.list_of(codec.integer(0, LENGTH_MAX), READ_SEGMENTS_MAX, 1),
    codec.list_of(codec.integer(0, _CHUNKS_MAX), _CHUNKS_MAX, 1),
)
"""What is asked by it: object, shard, segments, sub-chunks."""
_CHECK: Final = codec.tuple_of(
    codec.cid, _shard, codec.list_of(codec.integer(0, LENGTH_MAX), READ_SEGMENTS_MAX, 1)
)
PLACES: Final = codec.list_of(codec.integer(0, LENGTH_MAX), READ_SEGMENTS_MAX)
"""Segments that were asked for and are wrong."""
_MEND: Final = codec.tuple_of(
    codec.cid, _shard, codec.integer(0, LENGTH_MAX), codec.octets(PIECE_BYTES_MAX)
)
FLAWED_MAX: Final = 65_536
"""Numbers of segments in one answer of `spread.flaws`."""
FLAWED: Final = codec.list_of(
    codec.tuple_of(codec.cid, _shard, codec.list_of(codec.integer(0, LENGTH_MAX), FLAWED_MAX, 1)),
    FLAWED_MAX,
)
"""Object, shard, and the segments of it that are known to be wrong."""
_NAME: Final = codec.tuple_of(codec.cid)
_NOTHING: Final = codec.tuple_of()
_AFTER: Final = codec.tuple_of(codec.octets(32))
LISTED_MAX: Final = 4_096
"""Objects in one answer of `spread.list`."""
LOOK_S: Final = 1.0
"""How often the folder is looked through at most for who lists it."""
SHARDS: Final = codec.list_of(_shard, _SHARDS_MAX)
"""Numbers of shards, as they are told."""
LISTED: Final = codec.tuple_of(
    codec.integer(0),
    codec.integer(0),
    codec.list_of(codec.tuple_of(codec.cid, SHARDS), LISTED_MAX),
)
"""Bytes used, the quota, and a page of what is held."""


def answer_for(holding: Holding, vouching: Vouching) -> Handlers:
    """Return the methods by which others put, read and drop the shards held here."""
    dropped = Dropped(holding.folder)
    return {**_keeping(holding, vouching, dropped), **_telling(holding), **_caring(holding)}


def _keeping(holding: Holding, vouching: Vouching, dropped: Dropped) -> Handlers:
    def is_erased(manifest: Manifest) -> bool:
        cid, owner = manifest.cid, manifest.owner
        return vouching.is_erased(cid, owner) or dropped.has(cid, owner)

    def piece(caller: str, payload: bytes) -> bytes:
        _check_listed(vouching, caller)
        identifier, shard, at, data = codec.decode(payload, _PIECE)
        holding.write_piece(caller, (identifier, shard), at, data)
        return b""

    def finish(caller: str, payload: bytes) -> bytes:
        _check_listed(vouching, caller)
        shard, data = codec.decode(payload, _FINISH)
        manifest = Manifest.read(data)
        if shard >= manifest.layout.profile.n:
            raise Invalid("spread.torn", f"no shard {shard} in that code", cure="Send it again.")
        if is_erased(manifest):
            holding.forget(caller, manifest.id, shard)
            raise _erased(manifest)
        holding.finish(caller, manifest, shard)
        if is_erased(manifest):
            # Meanwhile: whoever was told that nothing is held was told so before it was.
            holding.drop(manifest.cid)
            raise _erased(manifest)
        return b""

    def forget(caller: str, payload: bytes) -> bytes:
        (identifier,) = codec.decode(payload, _FORGET)
        holding.forget(caller, identifier)
        return b""

    def drop(caller: str, payload: bytes) -> bytes:
        (cid,) = codec.decode(payload, _NAME)
        if holding.shards_of(cid) and holding.owner_of(cid) != caller:
            raise Denied(
                "spread.owner", "another member put this object", cure="Ask that member to drop it."
            )
        # First: what is being given of it at this moment is not kept either.
        dropped.add(cid, caller)
        freed = holding.drop(cid)
        found = Receipt(vouching.chain, cid, caller, vouching.member, freed, vouching.now_ms())
        return replace(found, signature=vouching.sign(found.message)).data

    return {
        "spread.piece": piece,
        "spread.finish": finish,
        "spread.forget": forget,
        "spread.drop": drop,
    }


def _erased(manifest: Manifest) -> Denied:
    return Denied(
        "spread.erased",
        f"{manifest.owner} has erased this object",
        cure="Put its content as another object, if it is wanted.",
    )


def _check_listed(vouching: Vouching, caller: str) -> None:
    """Refuse a shard to or from who is no member: it takes nothing new, and nobody's quota."""
    for name in (vouching.member, caller):
        if not vouching.is_listed(name):
            raise Denied(
                "spread.left",
                f"{name} is not on the list of members in force",
                cure="See who is: tally store peers.",
            )


def _check_carried(layout: Layout, place: tuple[Sequence[int], int], chunks: Sequence[int]) -> None:
    """Refuse to read more than one answer carries, by the layout and before a byte is read.

    What lies beyond the object counts nothing: the reading refuses it.
    """
    segments, shard = place
    within = [each for each in segments if each < layout.segment_count]
    size = sum(layout.segment(each).read_bytes(shard, chunks) for each in within)
    if size > PAYLOAD_BYTES_MAX:
        raise Invalid(
            "link.size",
            f"sub-chunks of {size} bytes, most in one answer is {PAYLOAD_BYTES_MAX}",
            cure="Ask for less at once.",
        )


def _telling(holding: Holding) -> Handlers:
    def read(_: str, payload: bytes) -> bytes:
        cid, shard, places, chunks = codec.decode(payload, READ)
        place, wanted = (sorted(set(places)), shard), sorted(set(chunks))
        _check_carried(holding.layout_of(cid), place, wanted)
        return holding.read(cid, shard, place[0], wanted)

    def held(_: str, payload: bytes) -> bytes:
        (cid,) = codec.decode(payload, _NAME)
        return encode([*holding.shards_of(cid)])

    def manifest(_: str, payload: bytes) -> bytes:
        (cid,) = codec.decode(payload, _NAME)
        return holding.manifest_of(cid)

    def listing(_: str, payload: bytes) -> bytes:
        """Tell what is held after an object, in the order of digests; a page at a time."""
        (after,) = codec.decode(payload, _AFTER)
        if not after:
            # What a lost disk took is told by whoever is asked next, not after a while.
            holding.look(LOOK_S)
        page = holding.objects(after, LISTED_MAX)
        return encode([holding.used_bytes, holding.quota_bytes, [_row(each) for each in page]])

    def _row(cid: Cid) -> list[codec.Value]:
        return [cid, [*holding.shards_of(cid)]]

    return {
        READ_METHOD: read,
        "spread.held": held,
        "spread.manifest": manifest,
        "spread.list": listing,
    }


def _caring(holding: Holding) -> Handlers:
    def check(_: str, payload: bytes) -> bytes:
        cid, shard, places = codec.decode(payload, _CHECK)
        return encode([*holding.care.check(cid, shard, sorted(set(places)))])

    def mend(_: str, payload: bytes) -> bytes:
        """Take from anybody what is the manifest's: it can only make a shard right."""
        cid, shard, place, piece = codec.decode(payload, _MEND)
        holding.care.mend(cid, shard, place, piece)
        return b""

    def flaws(_: str, payload: bytes) -> bytes:
        codec.decode(payload, _NOTHING)
        rows, room = list[codec.Value](), FLAWED_MAX
        for (cid, shard), places in holding.care.flaws().items():
            if told := places[:room]:
                rows.append([cid, shard, [*told]])
                room -= len(told)
        return encode(rows)

    return {"spread.check": check, "spread.mend": mend, "spread.flaws": flaws}
