"""Laws of the erasure code: any k shards give the data back, and C says what NumPy says."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick import _native
from tallystick.kernel.store.zigzag import coder, reference
from tallystick.kernel.store.zigzag.kernels import shape_of
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.plan import (
    Plan,
    plan_encoding,
    plan_recovery,
    plan_update,
)
from tallystick.kernel.store.zigzag.profile import PROFILES, Profile, find_profile
from tallystick.kernel.store.zigzag.program import Program, Way, make_program

NAMES = [*PROFILES, "rs-4+2", "rs-6+3", "rs-1+1", "rs-3+1", "rs-2+4"]
LENGTHS = [1, 63, 64, 65, 4_095, 20_000]
# The levels that this processor has, each with the whole loops and without.
LEVELS = range(_native.zigzag.level + 1) if _native.is_zigzag_built() else range(0)
needs_loops = [
    pytest.mark.external,
    pytest.mark.skipif(not _native.is_zigzag_built(), reason="no loops in C were compiled here"),
]


def patterns(profile: Profile) -> Iterator[tuple[int, ...]]:
    """Yield every set of shards that may be lost."""
    for count in range(1, profile.r + 1):
        yield from itertools.combinations(range(profile.n), count)


def encoded(profile: Profile, data: bytes) -> list[bytes]:
    """Return the shards as the specification has them, by NumPy alone."""
    segment = Segment(profile, len(data))
    size = segment.sub_chunk_bytes
    whole = np.zeros(profile.k * profile.alpha * size, dtype=np.uint8)
    whole[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    parity = reference.encode(profile, whole.reshape(profile.k, profile.alpha, size))
    cut = segment.piece_bytes
    shards = [data[place * cut : (place + 1) * cut] for place in range(profile.k)]
    return shards + [each.tobytes() for each in parity]


def spoilt(segment: Segment, shard: int, data: bytes, kept: tuple[int, ...]) -> bytes:
    """Return a shard in which all sub-chunks but those kept are garbage."""
    found = bytearray(random.Random(shard).randbytes(len(data)))
    for x in kept:
        start, end = segment.span(shard, x)
        found[start:end] = data[start:end]
    return bytes(found)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_of_losses_is_repaired_from_the_planned_sub_chunks_alone(
    name: str, length: int
) -> None:
    profile = find_profile(name)
    data = random.Random(length).randbytes(length)
    segment = Segment(profile, length)
    shards = [bytes(each) for each in coder.encode(data, profile)]
    assert shards == encoded(profile, data)
    for lost in patterns(profile):
        plan = coder.repair_plan(profile, lost)
        assert not set(lost) & set(plan)
        reads = {
            shard: b"".join(shards[shard][slice(*segment.span(shard, x))] for x in chunks)
            for shard, chunks in plan.items()
        }
        found = coder.repair(segment, lost, reads)
        assert {shard: bytes(each) for shard, each in found.items()} == {
            shard: shards[shard] for shard in lost
        }


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_of_losses_is_decoded_with_garbage_in_whatever_no_plan_names(
    name: str,
) -> None:
    profile = find_profile(name)
    data = random.Random(7).randbytes(9_001)
    segment = Segment(profile, len(data))
    shards = encoded(profile, data)
    for lost in patterns(profile):
        wanted = [shard for shard in lost if shard < profile.k]
        read = dict(plan_recovery(profile, wanted, lost).reads)
        every = tuple(range(profile.alpha))
        # A data shard that is there is part of the answer; a parity only where it is read.
        present = {
            shard: spoilt(segment, shard, each, every if shard < profile.k else read.get(shard, ()))
            for shard, each in enumerate(shards)
            if shard not in lost
        }
        assert b"".join(coder.decode(segment, present)) == data


@pytest.mark.parametrize("name", PROFILES)
def test_whole_data_shards_may_be_garbage_where_one_lost_shard_does_not_read_them(
    name: str,
) -> None:
    profile = PROFILES[name]
    segment = Segment(profile, 50_000)
    shards = encoded(profile, random.Random(1).randbytes(50_000))
    for lost in range(profile.k):
        program = make_program(plan_recovery(profile, [lost], [lost]), profile.alpha)
        inputs = [spoilt(segment, shard, shards[shard], kept) for shard, kept in program.plan.reads]
        found = bytearray(segment.kept_bytes(lost))
        program.run(inputs, [found], segment.sub_chunk_bytes)
        assert bytes(found) == shards[lost]


@given(
    st.sampled_from(NAMES).map(find_profile),
    st.integers(1, 70_000),
    st.randoms(use_true_random=False),
)
def test_any_k_shards_give_the_data_back(
    profile: Profile, length: int, draw: random.Random
) -> None:
    data = draw.randbytes(length)
    shards = coder.encode(data, profile)
    kept = draw.sample(range(profile.n), draw.randint(profile.k, profile.n))
    pieces = coder.decode(Segment(profile, length), {shard: shards[shard] for shard in kept})
    assert b"".join(pieces) == data


@given(
    st.sampled_from(NAMES).map(find_profile),
    st.integers(1, 20_000),
    st.randoms(use_true_random=False),
)
def test_an_update_makes_the_parity_that_encoding_makes(
    profile: Profile, length: int, draw: random.Random
) -> None:
    data = bytearray(draw.randbytes(length))
    segment = Segment(profile, length)
    before = [bytes(each) for each in coder.encode(bytes(data), profile)]
    shard, x = draw.randrange(profile.k), draw.randrange(profile.alpha)
    start, end = segment.span(shard, x)
    new = draw.randbytes(end - start)
    first = shard * segment.piece_bytes
    old = bytes(data[first + start : first + end])
    data[first + start : first + end] = new
    after = [bytes(each) for each in coder.encode(bytes(data), profile)]
    size = segment.sub_chunk_bytes
    planned = coder.update_plan(profile, shard, x)
    parity = {each: before[each][y * size : (y + 1) * size] for each, y in planned.items()}
    found = coder.update(segment, (shard, x), (old, new), parity)
    assert sorted(found) == list(range(profile.k, profile.n))
    for each in range(profile.k, profile.n):
        changed = bytearray(before[each])
        changed[planned[each] * size : (planned[each] + 1) * size] = found[each]
        assert bytes(changed) == after[each]


# ---- C and NumPy


@cache
def plans() -> tuple[tuple[str, Plan], ...]:
    """Return every plan of every profile, made once: encoding, each recovery, each update."""
    return tuple(_plans())


def _plans() -> Iterator[tuple[str, Plan]]:
    for name in NAMES:
        profile = find_profile(name)
        yield f"{name} encoding", plan_encoding(profile)
        for lost in patterns(profile):
            yield f"{name} lost {lost}", plan_recovery(profile, lost, lost)
        for shard in range(profile.k):
            yield f"{name} update {shard}", plan_update(profile, shard, profile.alpha - 1)


def rows_of(plan: Plan, size: int, seed: int) -> list[Any]:
    draw = np.random.Generator(np.random.PCG64(seed))
    count = sum(len(chunks) for _, chunks in plan.reads)
    return list(draw.integers(0, 256, (count, size), dtype=np.uint8))


def run_at(program: Program, rows: list[Any], size: int, level: int, way: int) -> list[bytes]:
    """Run packed rows at one level and return the rows written, in the plan's order."""
    inputs: list[Any] = []
    outputs: list[memoryview] = []
    waiting = iter(rows)
    for place, (_, chunks) in enumerate(program.plan.reads):
        whole = np.empty((len(chunks), size), dtype=np.uint8)
        for position in program.positions[place]:
            whole[position] = next(waiting)
        inputs.append(whole)
    for _, chunks in program.plan.writes:
        block = memoryview(_native.zigzag.block(len(chunks) * size))
        block[:] = b"\xa5" * len(block)
        outputs.append(block)
    _native.zigzag.run(program.native, tuple(inputs), tuple(outputs), size, level, way)
    places = program.positions[len(inputs) :]
    return [
        bytes(outputs[place][position * size : (position + 1) * size])
        for place, positions in enumerate(places)
        for position in positions
    ]


class TestLoops:
    pytestmark = needs_loops

    @pytest.mark.parametrize("size", [64, 320, 2_048, 2_112])
    def test_every_plan_says_the_same_in_c_and_in_numpy(self, size: int) -> None:
        for seed, (title, plan) in enumerate(plans()):
            rows = rows_of(plan, size, seed)
            told = [each.tobytes() for each in reference.run(plan, rows)]
            program = make_program(plan, None)
            for level, way in itertools.product(LEVELS, Way):
                assert run_at(program, rows, size, level, way) == told, (title, level, way)

    def test_each_whole_loop_says_what_sum_by_sum_says(self) -> None:
        size, seen = 1_088, set()
        for seed, (title, plan) in enumerate(plans()):
            shape, _ = shape_of(plan)
            if shape.name not in _native.zigzag.kernels:
                continue
            seen.add(shape.name)
            rows = rows_of(plan, size, seed)
            program = make_program(plan, None)
            whole = run_at(program, rows, size, _native.zigzag.level, Way.NEAR)
            assert whole == run_at(program, rows, size, 0, Way.NEAR), title
        assert seen == set(_native.zigzag.kernels)

    @given(st.data())
    def test_a_drawn_program_says_the_same_at_every_level(self, data: st.DataObject) -> None:
        """Sums of rows that no profile has: any coefficients, with and without a middle."""
        draw = data.draw(st.randoms(use_true_random=False))
        reads, middle, sums = draw.randint(1, 9), draw.randint(0, 4), draw.randint(1, 9)

        def terms(count: int) -> tuple[tuple[int, int], ...]:
            chosen = sorted(draw.sample(range(count), draw.randint(0, count)))
            return tuple((place, draw.randint(1, 255)) for place in chosen)

        plan = Plan(
            ((0, tuple(range(reads))),),
            tuple(terms(reads + place) for place in range(middle)),
            ((1, tuple(range(sums))),),
            tuple(terms(reads + middle) for _ in range(sums)),
        )
        size = 64 * draw.choice([1, 2, 3, 5, 31, 33, 67])
        rows = rows_of(plan, size, draw.randrange(2**32))
        told = [each.tobytes() for each in reference.run(plan, rows)]
        program = make_program(plan, None)
        for level in LEVELS:
            assert run_at(program, rows, size, level, Way.NEAR) == told
