"""The loops in C: made by the generator, kept inside their buffers, shut to what does not fit."""

from __future__ import annotations

import ctypes
import mmap
import random
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tallystick import _native
from tallystick.kernel.store.zigzag.kernels import shape_of, source
from tallystick.kernel.store.zigzag.plan import Plan, plan_encoding, plan_recovery, plan_update
from tallystick.kernel.store.zigzag.profile import PROFILES, find_profile
from tallystick.kernel.store.zigzag.program import Way, make_program

ROOT = Path(__file__).resolve().parents[5]
WRITTEN = ROOT / "src/tallystick/_native/zigzag_kernels.h"
needs_loops = [
    pytest.mark.external,
    pytest.mark.skipif(not _native.is_zigzag_built(), reason="no loops in C were compiled here"),
]
LEVELS = range(_native.zigzag.level + 1) if _native.is_zigzag_built() else range(0)


def test_the_text_in_the_tree_is_what_the_generator_writes() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == source()


@pytest.mark.parametrize("name", PROFILES)
def test_all_shards_lost_in_like_places_share_one_loop(name: str) -> None:
    profile = PROFILES[name]
    names = {shape_of(plan_recovery(profile, [j], [j]))[0].name for j in range(profile.k)}
    assert len(names) == 1
    pairs = {
        shape_of(plan_recovery(profile, (i, j), (i, j)))[0].name
        for i in range(profile.k)
        for j in range(i)
    }
    assert len(pairs) == (1 if profile.s == 1 else 2)
    assert len({shape_of(plan_update(profile, 1, x))[0].name for x in range(profile.alpha)}) == 1


class Guarded:
    """Memory whose neighbours on both sides end the process when touched."""

    def __init__(self, size: int, *, at_end: bool) -> None:
        page = mmap.PAGESIZE
        pages = -(-size // page)
        self.map = mmap.mmap(-1, (pages + 2) * page)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        libc = ctypes.CDLL(None, use_errno=True)
        for guard in (start, start + (pages + 1) * page):
            assert libc.mprotect(ctypes.c_void_p(guard), page, 0) == 0
        first = page + (pages * page - size if at_end else 0)
        self.view = memoryview(self.map)[first : first + size]


def guarded(plan: Plan, alpha: int, size: int, *, at_end: bool) -> tuple[list[Any], list[Any]]:
    """Return buffers of just the bytes that a plan reads and writes."""
    inputs = [Guarded(alpha * size, at_end=at_end) for _ in plan.reads]
    outputs = [Guarded(len(chunks) * size, at_end=at_end) for _, chunks in plan.writes]
    for seed, each in enumerate(inputs):
        each.view[:] = random.Random(seed).randbytes(len(each.view))
    return inputs, outputs


class TestLoops:
    pytestmark = needs_loops

    @pytest.mark.parametrize("level", LEVELS)
    @pytest.mark.parametrize("at_end", [False, True])
    def test_no_loop_touches_a_byte_beside_its_buffers(self, level: int, at_end: bool) -> None:
        for profile in PROFILES.values():
            last = profile.k - 1
            for plan in (
                plan_encoding(profile),
                plan_recovery(profile, [0], [0]),
                plan_recovery(profile, [0, 1], [0, 1]),
                plan_recovery(profile, [0, last], [0, last]),
                plan_recovery(profile, [last, profile.k], [last, profile.k]),
            ):
                for size in (64, 1_088):
                    program = make_program(plan, profile.alpha)
                    inputs, outputs = guarded(plan, profile.alpha, size, at_end=at_end)
                    views = tuple(each.view for each in inputs)
                    found = tuple(each.view for each in outputs)
                    for way in Way:
                        _native.zigzag.run(program.native, views, found, size, level, way)
                    assert any(found[0])

    @pytest.mark.parametrize("level", LEVELS)
    def test_buffers_that_end_early_are_read_as_zeros_and_written_no_further(
        self, level: int
    ) -> None:
        profile = find_profile("zz-6+3")
        plan, size = plan_recovery(profile, [0, 4], [0, 4]), 192
        program = make_program(plan, profile.alpha)
        draw = random.Random(level)
        for _ in range(20):
            kept = [draw.randint(0, profile.alpha * size) for _ in plan.reads]
            inputs = [draw.randbytes(each) for each in kept]
            whole = [each + bytes(profile.alpha * size - len(each)) for each in inputs]
            told = [bytearray(profile.alpha * size) for _ in plan.writes]
            _native.zigzag.run(program.native, tuple(whole), tuple(told), size, level, Way.NEAR)
            lengths = [draw.randint(0, profile.alpha * size) for _ in plan.writes]
            found = [bytearray(each) for each in lengths]
            _native.zigzag.run(program.native, tuple(inputs), tuple(found), size, level, Way.FAR)
            assert found == [each[:length] for each, length in zip(told, lengths, strict=True)]

    @pytest.mark.parametrize(
        "words",
        [
            [],
            [1, 1],
            # One buffer of one row read, one written, no sum between; then what is wrong.
            [1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1],
            [1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1],
            [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1],
            [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0],
            [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 256],
            [1, 1, 0, 1, 1, 0, 1, 1, 0, 2, 0, 1, 0, 1],
            [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0],
            [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0],
            [1, 1, 0, 1, 257, *range(257), 1, 1, 0, 1, 0, 1],
            [1, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1],
            [1, 1, 0, 1, 2, 0, 0, 1, 1, 0, 2, 0, 1, 1, 1],
            [1, 1, 0, 1, 1, 0, 1, 2, 0, 0, 1, 0, 1, 1, 0, 1],
            [65, 1, 0],
            [1, 1, 257],
        ],
    )
    def test_a_program_that_would_lead_past_its_rows_is_refused(self, words: list[int]) -> None:
        with pytest.raises(ValueError, match=r"program|row|sum"):
            _native.zigzag.program(array("H", words), -1, b"")

    def test_a_program_is_of_whole_words_and_a_kernel_of_its_shape(self) -> None:
        words = array("H", [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1])
        _native.zigzag.program(words, -1, b"")
        with pytest.raises(ValueError, match="whole"):
            _native.zigzag.program(bytes(words) + b"\0", -1, b"")
        with pytest.raises(ValueError, match="no such"):
            _native.zigzag.program(words, len(_native.zigzag.kernels), b"")
        for place in _native.zigzag.kernels.values():
            with pytest.raises(ValueError, match="shape"):
                _native.zigzag.program(words, place, b"")

    @pytest.mark.parametrize(
        ("inputs", "outputs", "size", "level"),
        [
            ((bytes(65),), (bytearray(64),), 64, 0),
            ((bytes(64),), (bytearray(65),), 64, 0),
            ((bytes(64),), (bytes(64),), 64, 0),
            ((), (bytearray(64),), 64, 0),
            ((bytes(64), bytes(64)), (bytearray(64),), 64, 0),
            ([bytes(64)], (bytearray(64),), 64, 0),
            ((memoryview(bytes(128))[::2],), (bytearray(64),), 64, 0),
            (("text",), (bytearray(64),), 64, 0),
            ((bytes(64),), (bytearray(64),), 0, 0),
            ((bytes(64),), (bytearray(64),), 32, 0),
            ((bytes(64),), (bytearray(64),), -64, 0),
            ((bytes(64),), (bytearray(64),), 2**62, 0),
            ((bytes(64),), (bytearray(64),), 64, -1),
            ((bytes(64),), (bytearray(64),), 64, 3),
        ],
    )
    def test_a_call_that_does_not_fit_its_program_is_refused(
        self, inputs: Sequence[Any], outputs: Sequence[Any], size: int, level: int
    ) -> None:
        words = array("H", [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 3])
        program = _native.zigzag.program(words, -1, b"")
        loops: Any = _native.zigzag
        with pytest.raises((ValueError, TypeError, BufferError)):
            loops.run(program, inputs, outputs, size, level, Way.NEAR)
        with pytest.raises((ValueError, TypeError)):
            loops.run(object(), (bytes(64),), (bytearray(64),), 64, 0, 0)
        for way in (-1, 3):
            with pytest.raises(ValueError, match="way"):
                loops.run(program, (bytes(64),), (bytearray(64),), 64, 0, way)

    @pytest.mark.parametrize("level", LEVELS)
    def test_rows_may_begin_anywhere_in_a_line(self, level: int) -> None:
        profile = find_profile("zz-6+3")
        plan, size = plan_encoding(profile), 1_088
        program = make_program(plan, profile.alpha)
        whole = profile.alpha * size
        data = [random.Random(j).randbytes(whole) for j in range(profile.k)]
        told = [bytearray(whole) for _ in plan.writes]
        _native.zigzag.run(program.native, tuple(data), tuple(told), size, 0, Way.NEAR)
        for first in (1, 17, 32, 63):
            room = memoryview(_native.zigzag.block((whole + 64) * profile.k))
            moved = []
            for place, each in enumerate(data):
                start = place * (whole + 64) + first
                room[start : start + whole] = each
                moved.append(room[start : start + whole])
            for like in (moved[0], bytes(1)):
                for way in Way:
                    found = [memoryview(_native.zigzag.block(whole, like)) for _ in plan.writes]
                    _native.zigzag.run(program.native, tuple(moved), tuple(found), size, level, way)
                    assert found == told

    def test_a_block_is_aligned_writable_and_of_no_negative_size(self) -> None:
        for size in (0, 1, 64, 4_096, 100_000):
            view = memoryview(_native.zigzag.block(size))
            assert len(view) == size
            assert not view.readonly
            if size:
                address = ctypes.addressof(ctypes.c_char.from_buffer(view))
                assert address % 64 == 0
                for first in range(min(size, 65)):
                    like = memoryview(_native.zigzag.block(size, view[first:]))
                    begins = ctypes.addressof(ctypes.c_char.from_buffer(like))
                    assert begins % 64 == first % 64
        for wrong in (-1, 2**63 - 1):
            with pytest.raises((ValueError, MemoryError)):
                _native.zigzag.block(wrong)
        block: Any = type(_native.zigzag.block(1))
        with pytest.raises(TypeError):
            block()
