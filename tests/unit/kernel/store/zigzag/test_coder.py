"""Segments in memory: edges, what is refused, and the form without C."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tallystick import _native
from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.store.zigzag import coder, program
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.profile import PROFILES, find_profile

PROFILE = PROFILES["zz-4+2"]
DATA = random.Random(3).randbytes(10_000)
SEGMENT = Segment(PROFILE, len(DATA))


@pytest.fixture(params=["C", "NumPy"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run in C where it is built, and without it."""
    cached: Any = (coder._encoding, coder._recovery, coder._updating)
    for each in cached:
        each.cache_clear()
    if request.param == "NumPy":
        monkeypatch.setattr(_native, "zigzag", None)
    yield request.param
    for each in cached:
        each.cache_clear()


def given(*lost: int) -> dict[int, memoryview]:
    shards = coder.encode(DATA, PROFILE)
    return {place: shard for place, shard in enumerate(shards) if place not in lost}


def test_data_shards_are_views_of_what_was_given_and_hold_no_padding(form: str) -> None:
    shards = coder.encode(DATA, PROFILE)
    assert [shard.obj is DATA for shard in shards] == [True] * 4 + [False] * 2
    assert b"".join(shards[:4]) == DATA
    # 10,000 bytes in 32 sub-chunks: 320 bytes each, five lines.
    assert [len(shard) for shard in shards] == [2_560, 2_560, 2_560, 2_320, 2_560, 2_560]
    assert [SEGMENT.kept_bytes(shard) for shard in range(6)] == [len(each) for each in shards]


def test_one_byte_is_kept_in_one_byte_and_its_parity(form: str) -> None:
    shards = coder.encode(b"\x07", PROFILE)
    assert [len(shard) for shard in shards] == [1, 0, 0, 0, 512, 512]
    assert bytes(shards[4][:2]) == b"\x07\x00"
    found = coder.decode(Segment(PROFILE, 1), {3: b"", 2: b"", 4: shards[4], 5: shards[5]})
    assert b"".join(found) == b"\x07"


@pytest.mark.parametrize("lost", [(0,), (0, 1), (2, 4), (4, 5), ()])
def test_what_was_lost_comes_back(form: str, lost: tuple[int, ...]) -> None:
    assert b"".join(coder.decode(SEGMENT, given(*lost))) == DATA


def test_a_shard_that_is_there_is_given_back_as_it_came() -> None:
    shards = given(2)
    found = coder.decode(SEGMENT, shards)
    assert [found[place].obj is shards[place].obj for place in (0, 1, 3)] == [True] * 3


def test_memory_is_used_again_once_no_view_of_it_is_left() -> None:
    if not _native.is_zigzag_built():
        pytest.skip("only C uses memory again")
    first = program.new_block(12_345)
    first[:] = b"x" * 12_345
    again = program.new_block(12_345)
    assert bytes(first) == b"x" * 12_345
    again[:] = b"y" * 12_345
    part = first[100:200]
    del first
    third = program.new_block(12_345)
    third[:] = b"z" * 12_345
    assert bytes(part) == b"x" * 100
    assert bytes(again) == b"y" * 12_345


def test_bytes_like_objects_of_every_kind_are_taken(form: str) -> None:
    told = [bytes(shard) for shard in coder.encode(DATA, PROFILE)]
    for each in (bytearray(DATA), memoryview(DATA), memoryview(bytearray(DATA))):
        assert [bytes(shard) for shard in coder.encode(each, PROFILE)] == told
    with pytest.raises(TypeError):
        coder.encode(memoryview(DATA)[::2], PROFILE)


def test_too_many_losses_are_refused_with_both_figures(form: str) -> None:
    with pytest.raises(Unavailable, match="3 of 6 shards can be read, 4 are needed") as caught:
        coder.decode(SEGMENT, given(0, 3, 5))
    assert caught.value.code == "zigzag.lost"
    with pytest.raises(Unavailable) as caught:
        coder.repair_plan(PROFILE, [0], absent=[1, 2])
    assert caught.value.code == "zigzag.lost"


def test_shards_of_another_profile_length_or_number_are_refused(form: str) -> None:
    others = coder.encode(DATA, PROFILES["zz-6+3"])
    wrongs: list[tuple[dict[int, Any], str]] = [
        (given() | {1: others[1]}, "zigzag.size"),
        (given() | {5: others[7]}, "zigzag.size"),
        (given() | {3: bytes(2_560)}, "zigzag.size"),
        (given() | {6: others[6]}, "zigzag.shard"),
        (given() | {-1: others[0]}, "zigzag.shard"),
    ]
    for wrong, code in wrongs:
        with pytest.raises(Invalid) as caught:
            coder.decode(SEGMENT, wrong)
        assert caught.value.code == code
        assert caught.value.cure


def test_a_repair_that_is_not_given_what_it_planned_is_refused(form: str) -> None:
    plan = coder.repair_plan(PROFILE, [1])
    shards = given(1)
    reads: dict[int, bytes] = {
        shard: b"".join(shards[shard][slice(*SEGMENT.span(shard, x))] for x in chunks)
        for shard, chunks in plan.items()
    }
    assert coder.repair(SEGMENT, [1], reads)[1] == DATA[2_560:5_120]
    with pytest.raises(Invalid, match=r"shard 4 is planned for") as caught:
        coder.repair(SEGMENT, [1], {s: each for s, each in reads.items() if s != 4})
    assert caught.value.code == "zigzag.shard"
    with pytest.raises(Invalid, match=r"shard 4 has 1279 bytes, the segment's has 1280") as caught:
        coder.repair(SEGMENT, [1], reads | {4: reads[4][:-1]})
    assert caught.value.code == "zigzag.size"
    with pytest.raises(Invalid) as caught:
        coder.repair_plan(PROFILE, [6])
    assert caught.value.code == "zigzag.shard"


def test_a_helper_that_fails_is_planned_around() -> None:
    shards = given(1, 3)
    plan = coder.repair_plan(PROFILE, [1], absent=[3])
    assert 3 not in plan
    reads = {
        shard: b"".join(shards[shard][slice(*SEGMENT.span(shard, x))] for x in chunks)
        for shard, chunks in plan.items()
    }
    found = coder.repair(SEGMENT, [1], reads, absent=[3])
    assert found.keys() == {1}
    assert found[1] == DATA[2_560:5_120]


def test_an_update_of_what_is_not_there_is_refused(form: str) -> None:
    for shard, x in [(4, 0), (-1, 0), (0, 8), (0, -1)]:
        with pytest.raises(Invalid) as caught:
            coder.update_plan(PROFILE, shard, x)
        assert caught.value.code == "zigzag.shard"
    parity = {4: bytes(320), 5: bytes(320)}
    for change, given_parity, code in [
        ((bytes(320), bytes(319)), parity, "zigzag.size"),
        ((bytes(320), bytes(320)), {4: bytes(320)}, "zigzag.shard"),
        ((bytes(320), bytes(320)), parity | {5: bytes(64)}, "zigzag.size"),
    ]:
        with pytest.raises(Invalid) as caught:
            coder.update(SEGMENT, (0, 0), change, given_parity)
        assert caught.value.code == code


def test_nothing_is_repaired_by_reading_nothing_and_no_data_make_no_segment(form: str) -> None:
    assert coder.repair_plan(PROFILE, [], absent=[1, 4]) == {}
    assert coder.repair(SEGMENT, [], {}, absent=[1, 4]) == {}
    with pytest.raises(Invalid, match="at least 1 byte") as caught:
        coder.encode(b"", PROFILE)
    assert caught.value.code == "zigzag.length"


def test_threads_share_a_program_and_keep_their_bytes_apart() -> None:
    whole = [random.Random(place).randbytes(300_001) for place in range(4)]
    told = [[bytes(each) for each in coder.encode(data, PROFILE)] for data in whole]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            found = list(pool.map(coder.encode, whole))
            assert [[bytes(each) for each in shards] for shards in found] == told


def test_the_largest_reed_solomon_code_runs_too(form: str) -> None:
    profile = find_profile("rs-20+4")
    shards = coder.encode(DATA, profile)
    kept = {place: shards[place] for place in range(4, 24)}
    assert b"".join(coder.decode(Segment(profile, len(DATA)), kept)) == DATA


def test_without_the_loops_in_c_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_native, "zigzag", None)
    program._tell_once.cache_clear()
    coder._encoding.cache_clear()
    with caplog.at_level(logging.WARNING, logger="tallystick.store"):
        coder.encode(DATA, PROFILE)
        coder.encode(DATA, PROFILES["zz-6+3"])
    assert [each.name for each in caplog.records] == ["tallystick.store"]
    assert "C compiler" in caplog.text
    coder._encoding.cache_clear()
    program._tell_once.cache_clear()
