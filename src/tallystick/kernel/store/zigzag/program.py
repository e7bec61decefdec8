"""A plan made ready to run: in C where `tallystick._native` is built, else in NumPy.

Laws: both say the same of every byte (tests/laws/test_zigzag.py). A buffer may end before its
last row: what is missing is read as zeros and not written. What runs without C says so once.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final, TypeAlias

from tallystick import _native
from tallystick.kernel.store.zigzag.kernels import shape_of
from tallystick.kernel.store.zigzag.plan import Plan

__all__ = ["Buffer", "Program", "Way", "make_program", "new_block"]

Buffer: TypeAlias = bytes | bytearray | memoryview
"""Contiguous bytes."""


class Way(IntEnum):
    """How rows come from memory and go there; it changes how long a call takes and nothing else."""

    NEAR = 0
    """Small enough that all of it stays in the cache."""
    PAST = 1
    """What is written would push what is read out of the cache, and is written past it."""
    FAR = 2
    """What is read comes from memory, and is fetched ahead."""

    @classmethod
    def of(cls, touched: int) -> Way:
        """Return the way for so many bytes, read and written together."""
        return cls((touched > _NEAR_BYTES) + (touched > _PAST_BYTES))


# What a processor's core keeps for itself, and what it has of the cache that it shares.
_NEAR_BYTES: Final = 1024 * 1024
_PAST_BYTES: Final = 12 * 1024 * 1024
_LOG: Final = logging.getLogger("tallystick.store")


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A plan and the buffers that it runs on.

    Attributes:
        plan: what is carried out.
        spans: most rows of each buffer, those read first.
        positions: for each buffer, where in it the plan's rows stand.
        native: the same in C, or None.
    """

    plan: Plan
    spans: tuple[int, ...]
    positions: tuple[tuple[int, ...], ...]
    native: Any

    def run(
        self,
        inputs: Sequence[Buffer],
        outputs: Sequence[Buffer],
        size: int,
        *,
        way: Way | None = None,
    ) -> None:
        """Fill the outputs.

        Args:
            inputs: a buffer for each entry of the plan's reads.
            outputs: a writable buffer for each entry of its writes.
            size: bytes of a sub-chunk, a multiple of 64.
            way: how rows come and go; by default as all their bytes together fit in the cache.
        """
        if self.native is None:
            _run_slowly(self, inputs, outputs, size)
        else:
            loops = _native.zigzag
            if way is None:
                way = Way.of(sum(map(len, inputs)) + sum(map(len, outputs)))
            loops.run(self.native, tuple(inputs), tuple(outputs), size, loops.level, way)


def make_program(plan: Plan, alpha: int | None) -> Program:
    """Return a plan ready to run.

    Args:
        plan: the plan.
        alpha: the sub-chunks of whole shards, which the buffers read then are; None for buffers
            that hold the rows read alone, ascending. Buffers written hold the rows written alone.
    """
    sides = [(rows, alpha) for rows in plan.reads] + [(rows, None) for rows in plan.writes]
    positions = tuple(_positions(chunks, whole) for (_, chunks), whole in sides)
    spans = tuple(whole or len(chunks) for (_, chunks), whole in sides)
    if not _native.is_zigzag_built():
        _tell_once()
        return Program(plan, spans, positions, None)
    shape, constants = shape_of(plan)
    kernel = _native.zigzag.kernels.get(shape.name, -1)
    words = _words(plan, spans, positions)
    return Program(
        plan,
        spans,
        positions,
        _native.zigzag.program(words, kernel, constants if kernel >= 0 else b""),
    )


def new_block(size: int, like: Buffer = b"") -> memoryview:
    """Return writable memory, not cleared.

    Args:
        size: in bytes.
        like: what it is computed from; both begin at the same place in a line of memory.
    """
    if not _native.is_zigzag_built():
        return memoryview(bytearray(size))
    return memoryview(_native.zigzag.block(size, like))


def _positions(chunks: tuple[int, ...], whole: int | None) -> tuple[int, ...]:
    if whole is not None:
        return chunks
    place = {x: number for number, x in enumerate(sorted(chunks))}
    return tuple(place[x] for x in chunks)


def _words(
    plan: Plan, spans: tuple[int, ...], positions: tuple[tuple[int, ...], ...]
) -> array[int]:
    """Return the program as zigzag.c reads it; zigzag.pyi states the form."""
    words = array("H", [len(plan.reads), len(plan.writes), len(plan.middle)])
    for span, chunks in zip(spans, positions, strict=True):
        words.extend([span, len(chunks), *chunks])
    for terms in (*plan.middle, *plan.sums):
        words.append(len(terms))
        for term in terms:
            words.extend(term)
    return words


@cache
def _tell_once() -> None:
    _LOG.warning(
        "the loops in C were not built with this package: erasure coding runs in NumPy,"
        " some fifty times slower; install a C compiler and reinstall"
    )


def _run_slowly(
    program: Program, inputs: Sequence[Buffer], outputs: Sequence[Buffer], size: int
) -> None:
    import numpy as np  # noqa: PLC0415 - only where there is no C

    from tallystick.kernel.store.zigzag import reference  # noqa: PLC0415 - it loads NumPy

    rows = []
    for place, buffer in enumerate(inputs):
        whole = np.zeros((program.spans[place], size), dtype=np.uint8)
        given = np.frombuffer(buffer, dtype=np.uint8)
        whole.reshape(-1)[: len(given)] = given
        rows += [whole[position] for position in program.positions[place]]
    found = iter(reference.run(program.plan, rows))
    for place, buffer in enumerate(outputs, len(inputs)):
        kept = np.frombuffer(buffer, dtype=np.uint8)
        for position in program.positions[place]:
            part = kept[position * size : (position + 1) * size]
            part[:] = next(found)[: len(part)]
