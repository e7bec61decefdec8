"""Objects larger than memory, segment by segment: files in, files out.

Laws: at most one segment and its parity are in memory; what is written follows from the bytes
read alone, whatever pieces the source gives them in.
Source: docs/spec/zigzag.md, "Layout".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import BinaryIO, TypeAlias

from tallystick.kernel.store.zigzag.coder import decode, encode, repair, repair_plan
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX, SEGMENT_BYTES, Layout, Segment
from tallystick.kernel.store.zigzag.profile import DEFAULT_PROFILE, Profile
from tallystick.kernel.store.zigzag.program import Buffer, new_block

__all__ = ["Reading", "decode_stream", "encode_stream", "repair_stream", "spans"]

Reading: TypeAlias = Callable[[int, int, int], Buffer]
"""Given a shard, and where a span of it begins and ends: its bytes."""


def encode_stream(
    source: BinaryIO,
    sinks: Sequence[BinaryIO],
    profile: Profile = DEFAULT_PROFILE,
    segment_bytes: int = SEGMENT_BYTES,
) -> Layout:
    """Write the n shards of what `source` holds from here on, and return their layout.

    Args:
        source: read to its end.
        sinks: one for each shard, data first.
        profile: the code.
        segment_bytes: as `Layout` takes it.
    """
    assert len(sinks) == profile.n, f"{len(sinks)} sinks for {profile.n} shards"
    room = Layout(profile, LENGTH_MAX, segment_bytes).full_bytes
    block = new_block(room)
    length = 0
    while count := _fill(source, block):
        for sink, shard in zip(sinks, encode(block[:count], profile), strict=True):
            sink.write(shard)
        length += count
    return Layout(profile, length, segment_bytes)


def decode_stream(layout: Layout, sources: Mapping[int, BinaryIO], sink: BinaryIO) -> None:
    """Write the object whose shards stand in `sources`, by number, to `sink`.

    Raises:
        Invalid: `zigzag.shard` and `zigzag.size` for shards that are not of this layout.
        Unavailable: `zigzag.lost` for fewer than k of them.
    """
    for segment in layout.segments():
        shards = {
            shard: source.read(segment.kept_bytes(shard)) for shard, source in sources.items()
        }
        sink.writelines(decode(segment, shards))


def repair_stream(
    layout: Layout,
    sinks: Mapping[int, BinaryIO],
    read: Reading,
    absent: Collection[int] = (),
) -> None:
    """Write the lost shards anew, reading nothing but what `repair_plan` names.

    Args:
        layout: of the object.
        sinks: the lost shards, each with where it is written.
        read: gives a span of a shard that is there; it is checked by whoever reads it.
        absent: further shards that cannot be read.

    Raises:
        Invalid: `zigzag.shard` and `zigzag.size` for what is not as planned.
        Unavailable: `zigzag.lost` for fewer than k shards that can be read.
    """
    plan = repair_plan(layout.profile, sinks, absent)
    for segment in layout.segments():
        reads = {
            shard: b"".join(
                read(shard, segment.piece_start + start, segment.piece_start + end)
                for start, end in spans(segment, shard, chunks)
            )
            for shard, chunks in plan.items()
        }
        for shard, piece in repair(segment, sinks, reads, absent).items():
            sinks[shard].write(piece)


def spans(segment: Segment, shard: int, chunks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where sub-chunks, ascending, lie in a shard's piece; neighbours as one span."""
    begun, ended = 0, 0
    for x in chunks:
        start, end = segment.span(shard, x)
        if start > ended or begun == ended:
            if begun < ended:
                yield begun, ended
            begun = start
        ended = end
    if begun < ended:
        yield begun, ended


def _fill(source: BinaryIO, block: memoryview) -> int:
    """Read until the block is full or the source at its end; return the bytes read."""
    count = 0
    while count < len(block) and (data := source.read(len(block) - count)):
        block[count : count + len(data)] = data
        count += len(data)
    return count
