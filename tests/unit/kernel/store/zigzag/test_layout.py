"""Segments and files: where each begins and ends, and objects larger than a segment."""

from __future__ import annotations

import io
import random

import pytest

from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.store.zigzag.layout import SEGMENT_BYTES_MIN, Layout, Segment
from tallystick.kernel.store.zigzag.profile import PROFILES, find_profile
from tallystick.kernel.store.zigzag.stream import (
    decode_stream,
    encode_stream,
    repair_stream,
    spans,
)

PROFILE = PROFILES["zz-4+2"]
FULL = Layout(PROFILE, 1, SEGMENT_BYTES_MIN).full_bytes
EDGES = [0, 1, 64, FULL - 1, FULL, FULL + 1, 2 * FULL + 777]


def encoded(data: bytes, name: str = "zz-4+2") -> tuple[Layout, list[bytes]]:
    profile = find_profile(name)
    sinks = [io.BytesIO() for _ in range(profile.n)]
    layout = encode_stream(io.BytesIO(data), sinks, profile, SEGMENT_BYTES_MIN)
    return layout, [sink.getvalue() for sink in sinks]


def test_full_segments_hold_nothing_but_data() -> None:
    # 511 lines of 64 bytes in each of 32 sub-chunks.
    assert FULL == 32 * 32_704
    layout = Layout(PROFILE, 3 * FULL + 5, SEGMENT_BYTES_MIN)
    assert layout.segment_count == 4
    assert [each.start for each in layout.segments()] == [0, FULL, 2 * FULL, 3 * FULL]
    assert [each.piece_start for each in layout.segments()] == [
        place * FULL // 4 for place in range(4)
    ]
    assert layout.segment(2).kept_bytes(3) == layout.segment(2).kept_bytes(5) == FULL // 4
    assert [layout.shard_bytes(shard) for shard in range(6)] == [
        3 * FULL // 4 + kept for kept in (5, 0, 0, 0, 512, 512)
    ]


@pytest.mark.parametrize("length", EDGES)
def test_an_object_of_any_length_comes_back_from_any_four_shards(length: int) -> None:
    data = random.Random(length).randbytes(length)
    layout, shards = encoded(data)
    assert layout == Layout(PROFILE, length, SEGMENT_BYTES_MIN)
    assert [len(each) for each in shards] == [layout.shard_bytes(shard) for shard in range(6)]
    for kept in [(0, 1, 2, 3), (2, 3, 4, 5), (0, 1, 2, 3, 4, 5), (1, 2, 3, 5)]:
        sink = io.BytesIO()
        decode_stream(layout, {shard: io.BytesIO(shards[shard]) for shard in kept}, sink)
        assert sink.getvalue() == data


@pytest.mark.parametrize("name", [*PROFILES, "rs-4+2"])
def test_a_repair_reads_nothing_but_its_plan(name: str) -> None:
    data = random.Random(5).randbytes(2 * FULL + 777)
    layout, shards = encoded(data, name)
    profile = layout.profile
    for lost in range(profile.n):
        asked: dict[int, int] = {}

        def read(shard: int, start: int, end: int, asked: dict[int, int] = asked) -> bytes:
            asked[shard] = asked.get(shard, 0) + end - start
            assert 0 <= start < end <= len(shards[shard])
            return shards[shard][start:end]

        sink = io.BytesIO()
        repair_stream(layout, {lost: sink}, read)
        assert sink.getvalue() == shards[lost]
        assert lost not in asked
        if lost < profile.k and profile.alpha > 1:
            share = sum(asked.values()) / (profile.k * layout.shard_bytes(profile.k))
            assert share <= {"zz-6+3": 0.56}.get(name, 0.625)


def test_a_repair_with_an_absent_helper_asks_it_for_nothing() -> None:
    layout, shards = encoded(random.Random(6).randbytes(FULL + 9))
    sink = io.BytesIO()
    repair_stream(
        layout, {0: sink}, lambda shard, a, b: {2: b""}.get(shard, shards[shard][a:b]), [2]
    )
    assert sink.getvalue() == shards[0]


def test_neighbouring_sub_chunks_are_read_as_one_span() -> None:
    segment = Segment(PROFILE, 32 * 64 - 70)
    assert list(spans(segment, 0, [0, 1, 2, 5, 7])) == [(0, 192), (320, 384), (448, 512)]
    assert list(spans(segment, 3, [4, 6, 7])) == [(256, 320), (384, 442)]
    assert list(spans(Segment(PROFILE, 1), 1, [0, 1])) == []


def test_a_source_that_gives_little_at_a_time_makes_the_same_shards() -> None:
    data = random.Random(8).randbytes(FULL + 100)

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7_001))

    sinks = [io.BytesIO() for _ in range(6)]
    encode_stream(Slow(data), sinks, PROFILE, SEGMENT_BYTES_MIN)
    assert [sink.getvalue() for sink in sinks] == encoded(data)[1]


def test_a_shard_that_ends_early_is_refused_and_too_few_too() -> None:
    layout, shards = encoded(random.Random(9).randbytes(1_000))
    short = {shard: io.BytesIO(shards[shard][:-1]) for shard in (0, 1, 2, 4)}
    with pytest.raises(Invalid) as invalid:
        decode_stream(layout, short, io.BytesIO())
    assert invalid.value.code == "zigzag.size"
    with pytest.raises(Unavailable) as lost:
        decode_stream(layout, {0: io.BytesIO(shards[0])}, io.BytesIO())
    assert lost.value.code == "zigzag.lost"


def test_sizes_outside_their_limits_are_refused() -> None:
    for length, segment, code in [
        (-1, 2**20, "zigzag.length"),
        (2**53, 2**20, "zigzag.length"),
        (1, 2**20 - 1, "zigzag.segment"),
        (1, 2**24 + 1, "zigzag.segment"),
    ]:
        with pytest.raises(Invalid) as caught:
            Layout(PROFILE, length, segment)
        assert caught.value.code == code
        assert caught.value.cure
