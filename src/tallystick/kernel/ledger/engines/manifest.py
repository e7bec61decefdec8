"""What a snapshot that a Byzantine engine passes on consists of, chunk by chunk.

Three kinds of chunks, in this order: *spans*, all headers from height 1 on with ids and results,
`GROUP` heights a chunk; the *state* at the height, as its file, `PART_BYTES` a chunk; the *names*,
the last: the cosignatures that lead from the list of genesis to the one in force there. The first
two are the same bytes at every member and stand in the manifest by their digests, so that a wrong
one names its sender. Names differ from member to member; they are judged by the signatures.
The manifest is the snapshot's metadata, its digest the snapshot's hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Value, encode, refuse, sha256
from tallystick.chain.checkpoint import NOTE_BYTES_MAX
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.span import Span
from tallystick.kernel.ledger.offer import PART_BYTES, decode_spans, encode_spans

__all__ = ["CHUNKS_MAX", "FORMAT", "GROUP", "Manifest", "Names", "count_parts"]

FORMAT: Final = 1
GROUP: Final = 64
"""Heights in a chunk of spans: of full blocks they take 9 MB, the engine passes 16 on."""
CHUNKS_MAX: Final = 100_000
"""The engine's own bound: six million heights."""
HANDOVERS_MAX: Final = 10_000
_TAIL_BYTES_MAX: Final = 12_000_000
_SHAPE: Final = codec.shape(
    {
        "own": codec.integer(1),
        "size": codec.integer(1, 2**40),
        "digests": codec.octets(CHUNKS_MAX * DIGEST_SIZE),
    }
)
_NAMES: Final = codec.shape(
    {
        "notes": codec.list_of(
            codec.tuple_of(codec.integer(1), codec.octets(NOTE_BYTES_MAX)), HANDOVERS_MAX
        ),
        "last": codec.octets(NOTE_BYTES_MAX),
        "tail": codec.octets(_TAIL_BYTES_MAX),
    }
)


def count_parts(total: int, size: int) -> int:
    """Return how many parts of `size` hold `total`."""
    return -(-total // size)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in a snapshot.

    Attributes:
        own: the height of the chain whose state it is.
        size: of the state's file in bytes.
        digests: of the chunks of spans and state, in order.
    """

    own: int
    size: int
    digests: tuple[bytes, ...]

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        """Return the manifest of its bytes; Invalid `codec.form` if they are none."""
        fields: dict[str, Any] = codec.decode(data, _SHAPE)
        joined = fields["digests"]
        digests = tuple(joined[at : at + DIGEST_SIZE] for at in range(0, len(joined), DIGEST_SIZE))
        found = cls(fields["own"], fields["size"], digests)
        parts = count_parts(found.size, PART_BYTES)
        if len(joined) != DIGEST_SIZE * (found.groups + parts) or found.chunks > CHUNKS_MAX:
            raise refuse("digests")
        return found

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return encode({"own": self.own, "size": self.size, "digests": b"".join(self.digests)})

    @property
    def hash(self) -> bytes:
        """The digest that the engine knows the snapshot by, 32 bytes."""
        return sha256(self.data)

    @property
    def groups(self) -> int:
        """How many chunks of spans there are."""
        return count_parts(self.own, GROUP)

    @property
    def chunks(self) -> int:
        """How many chunks there are, the names included."""
        return len(self.digests) + 1

    def heights(self, index: int) -> range:
        """Return the heights of a chunk of spans."""
        return range(index * GROUP + 1, min((index + 1) * GROUP, self.own) + 1)


@dataclass(frozen=True, slots=True)
class Names:
    """Who has signed on the way: the last chunk; unverified.

    Attributes:
        notes: the checkpoint of each height that changed the list of members, by height.
        last: one of the snapshot's height or a little later.
        tail: spans from the snapshot's height, exclusive, to the last note's.
    """

    notes: Mapping[int, bytes]
    last: bytes
    tail: Sequence[Span]

    @classmethod
    def read(cls, data: bytes) -> Names:
        """Return the names of a chunk; Invalid `codec.form` if it holds none."""
        fields: dict[str, Any] = codec.decode(data, _NAMES)
        return cls(dict(fields["notes"]), fields["last"], decode_spans(fields["tail"]))

    @property
    def data(self) -> bytes:
        """Its bytes."""
        notes: list[Value] = [[height, note] for height, note in sorted(self.notes.items())]
        return encode({"notes": notes, "last": self.last, "tail": encode_spans(self.tail)})
