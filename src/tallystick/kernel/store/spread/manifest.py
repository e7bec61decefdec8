"""What an object is made of: its code, its length, and the hash of every sub-chunk of every shard.

A DAG-CBOR object `{v, id, owner, code, length, segment, digests}`; its CID names the object. A read
of any sub-chunk from any member is checked by itself against it, so nobody need be trusted with a
byte. `id` is drawn by who puts it and decides which members hold which shard (`placement`).
Limits: 16 MiB, so some 42 GiB of object at the default code and segment (`length_max`).
Source: docs/spec/spread.md, "Manifest".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, encode
from tallystick.base.errors import Invalid
from tallystick.kernel.store.base import OBJECT_BYTES_MAX
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX, Layout, Segment
from tallystick.kernel.store.zigzag.layout import SEGMENT_BYTES_MAX as _SEGMENT_MAX
from tallystick.kernel.store.zigzag.profile import Profile, find_profile
from tallystick.kernel.store.zigzag.program import Buffer

__all__ = ["DIGEST_SIZE", "ID_SIZE", "Manifest", "hash_pieces", "length_max"]

DIGEST_SIZE: Final = 32
ID_SIZE: Final = 16
_SEGMENTS_MAX: Final = OBJECT_BYTES_MAX // DIGEST_SIZE
_SHAPE: Final = codec.shape(
    {
        "v": codec.choice(1),
        "id": codec.octets(ID_SIZE, ID_SIZE),
        "owner": codec.ident(40),
        "code": codec.text(20),
        "length": codec.integer(0, LENGTH_MAX),
        "segment": codec.integer(1, _SEGMENT_MAX),
        "digests": codec.list_of(codec.octets(OBJECT_BYTES_MAX), _SEGMENTS_MAX),
    }
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an object is made of; made by `of` or `read`.

    Attributes:
        id: 16 bytes, drawn.
        owner: the member who put it.
        layout: code, length and segment size.
        digests: by segment, of shard 0's sub-chunks first, 32 bytes each.
        data: its bytes.
        cid: the name of the object.
    """

    id: bytes
    owner: str
    layout: Layout
    digests: tuple[bytes, ...] = field(repr=False)
    data: bytes = field(repr=False)
    cid: Cid

    @classmethod
    def of(
        cls, identifier: bytes, owner: str, layout: Layout, digests: Sequence[bytes]
    ) -> Manifest:
        """Return the manifest of an object that was cut into these sub-chunks."""
        tree: dict[str, codec.Value] = {
            "v": 1,
            "id": identifier,
            "owner": owner,
            "code": layout.profile.name,
            "length": layout.length,
            "segment": layout.segment_bytes,
            "digests": [*digests],
        }
        data = encode(tree)
        return cls(identifier, owner, layout, tuple(digests), data, cid_of(data))

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        """Return the manifest of its bytes.

        Raises:
            Invalid: `spread.manifest`, they are none: another shape, code, or count of hashes.
        """
        try:
            if len(data) > OBJECT_BYTES_MAX:
                raise _malformed(f"it has {len(data)} bytes")
            tree: dict[str, Any] = codec.decode(data, _SHAPE)
            layout = Layout(find_profile(tree["code"]), tree["length"], tree["segment"])
        except Invalid as error:
            raise _malformed(error.message) from error
        digests = tuple(tree["digests"])
        found = cls(tree["id"], tree["owner"], layout, digests, data, cid_of(data))
        size = layout.profile.n * layout.profile.alpha * DIGEST_SIZE
        if len(found.digests) != layout.segment_count or any(
            len(each) != size for each in found.digests
        ):
            raise _malformed("it has not a hash for every sub-chunk")
        return found

    def find_wrong(self, place: int, shard: int, chunks: Sequence[int], data: Buffer) -> int | None:
        """Return the first of some sub-chunks that is not what was put, None if all are.

        Args:
            place: the segment's number.
            shard: of which they are.
            chunks: which, ascending.
            data: their kept bytes, one after another.
        """
        segment, view, at = self.layout.segment(place), memoryview(data).cast("B"), 0
        base = shard * self.layout.profile.alpha
        for x in chunks:
            start, end = segment.span(shard, x)
            digest = hashlib.sha256(view[at : at + end - start]).digest()
            first = (base + x) * DIGEST_SIZE
            if digest != self.digests[place][first : first + DIGEST_SIZE]:
                return x
            at += end - start
        return None if at == len(view) else chunks[-1] if chunks else 0


def length_max(profile: Profile, segment_bytes: int, owner: str) -> int:
    """Return the length of the longest object whose manifest can be kept and read, bytes.

    Args:
        profile: its code.
        segment_bytes: as `Layout` takes it.
        owner: who puts it.
    """
    layout = Layout(profile, LENGTH_MAX, segment_bytes)
    bare = Manifest.of(bytes(ID_SIZE), owner, layout, ())
    # The list of so many hashes has at most four bytes more of a head than an empty one.
    room = OBJECT_BYTES_MAX - len(bare.data) - 4
    return room // len(encode(bytes(profile.n * profile.alpha * DIGEST_SIZE))) * layout.full_bytes


def hash_pieces(segment: Segment, pieces: Sequence[Buffer]) -> bytes:
    """Return the digests of all sub-chunks of a segment's shards, shard 0's first."""
    found = []
    for shard, piece in enumerate(pieces):
        view = memoryview(piece).cast("B")
        for x in range(segment.profile.alpha):
            start, end = segment.span(shard, x)
            found.append(hashlib.sha256(view[start:end]).digest())
    return b"".join(found)


def _malformed(why: str) -> Invalid:
    return Invalid(
        "spread.manifest",
        f"the bytes are no manifest of an object: {why}",
        cure="Ask another member for the object's manifest by its CID.",
    )
