"""How an object lies in shards: segments, sub-chunks, and where each ends.

An object is cut into segments of one size; the last holds the rest. A segment's data shards are
consecutive pieces of its bytes, each alpha sub-chunks long; behind the segment's end stand zeros
that are reckoned with and never kept: the data shard in which it ends is short, those behind it
empty. Parity shards are whole. A shard of the object is its pieces, one after another.

Laws: pure. Profile, length of the object and segment size give every place; a shard states none
of them, the manifest states all three.
Source: docs/spec/zigzag.md, "Layout".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Invalid
from tallystick.kernel.store.zigzag.profile import Profile

__all__ = ["SEGMENT_BYTES", "SEGMENT_BYTES_MAX", "SEGMENT_BYTES_MIN", "Layout", "Segment"]

_MIB: Final = 1024 * 1024
SEGMENT_BYTES: Final = 4 * _MIB
SEGMENT_BYTES_MIN: Final = _MIB
SEGMENT_BYTES_MAX: Final = 16 * _MIB
LENGTH_MAX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of an object.

    Attributes:
        profile: the code.
        length: bytes of data, at least 1.
        start: where it begins in the object.
        piece_start: where its piece begins in each shard.
    """

    profile: Profile
    length: int
    start: int = 0
    piece_start: int = 0

    @property
    def sub_chunk_bytes(self) -> int:
        """Return the size of a sub-chunk, an odd multiple of 64."""
        return self.profile.sub_chunk_bytes(self.length)

    @property
    def piece_bytes(self) -> int:
        """Return the bytes of a whole shard of this segment."""
        return self.profile.alpha * self.sub_chunk_bytes

    def kept_bytes(self, shard: int) -> int:
        """Return how many bytes of a shard are kept: all of a parity, data to the end."""
        whole = self.piece_bytes
        if shard >= self.profile.k:
            return whole
        return min(max(self.length - shard * whole, 0), whole)

    def read_bytes(self, shard: int, sub_chunks: Collection[int]) -> int:
        """Return how many kept bytes some sub-chunks of a shard have together."""
        kept, size = self.kept_bytes(shard), self.sub_chunk_bytes
        if kept == self.profile.alpha * size:
            return len(sub_chunks) * size
        return sum(min(max(kept - x * size, 0), size) for x in sub_chunks)

    def span(self, shard: int, sub_chunk: int) -> tuple[int, int]:
        """Return where a sub-chunk's kept bytes begin and end in the shard's piece."""
        kept, size = self.kept_bytes(shard), self.sub_chunk_bytes
        return min(sub_chunk * size, kept), min((sub_chunk + 1) * size, kept)


@dataclass(frozen=True, slots=True)
class Layout:
    """How an object of a known length lies in its shards.

    Attributes:
        profile: the code.
        length: bytes of the object; one of none has no segments and empty shards.
        segment_bytes: most bytes of a segment, 1 to 16 MiB; full ones hold a little less, so
            that their sub-chunks are odd multiples of 64 and nothing is padded.

    Raises:
        Invalid: `zigzag.length`, `zigzag.segment` for sizes outside their limits.
    """

    profile: Profile
    length: int
    segment_bytes: int = SEGMENT_BYTES

    def __post_init__(self) -> None:
        """Refuse sizes outside the limits."""
        if not 0 <= self.length <= LENGTH_MAX:
            raise Invalid(
                "zigzag.length",
                f"an object has 0 to {LENGTH_MAX} bytes, not {self.length}",
                cure="State the object's own length.",
            )
        if not SEGMENT_BYTES_MIN <= self.segment_bytes <= SEGMENT_BYTES_MAX:
            raise Invalid(
                "zigzag.segment",
                f"a segment has {SEGMENT_BYTES_MIN} to {SEGMENT_BYTES_MAX} bytes,"
                f" not {self.segment_bytes}",
                cure="Choose a size between the two.",
            )

    @property
    def full_bytes(self) -> int:
        """Return the bytes of data of a full segment."""
        size = self.profile.full_sub_chunk_bytes(self.segment_bytes)
        return self.profile.k * self.profile.alpha * size

    @property
    def segment_count(self) -> int:
        """Return the number of segments."""
        return -(-self.length // self.full_bytes)

    def segment(self, place: int) -> Segment:
        """Return the segment of a number from 0."""
        assert 0 <= place < self.segment_count, f"segment {place} of {self.segment_count}"
        full = self.full_bytes
        start = place * full
        piece_start = place * full // self.profile.k
        return Segment(self.profile, min(full, self.length - start), start, piece_start)

    def segments(self) -> Iterator[Segment]:
        """Yield all segments in order."""
        return (self.segment(place) for place in range(self.segment_count))

    def shard_bytes(self, shard: int) -> int:
        """Return the bytes kept of a shard of the whole object."""
        if self.length == 0:
            return 0
        last = self.segment(self.segment_count - 1)
        return last.piece_start + last.kept_bytes(shard)
