"""Plans as loops in C that read each row once and keep every sum in a register.

A plan's *shape* is which row enters which sum, and where coefficients must be equal, without the
coefficients themselves: plans of one shape share a loop and bring their own constants. `source`
writes the loops of all plans worth one: encoding, one data shard lost, two lost, and updates, of
each Zigzag profile. Every other plan is carried out row by row.

`python -m tallystick.kernel.store.zigzag.kernels src/tallystick/_native/zigzag_kernels.h` writes
them anew; a test compares.

Laws: pure; the same profiles give the same text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Final, TypeAlias

from tallystick.kernel.store.zigzag.field import logarithm
from tallystick.kernel.store.zigzag.plan import (
    Plan,
    Terms,
    plan_encoding,
    plan_recovery,
    plan_update,
)
from tallystick.kernel.store.zigzag.profile import PROFILES, Profile

__all__ = ["Shape", "shape_of", "source"]

_NARROW_SUMS: Final = 3
"""With both halves of a line so many sums, and what doubling needs, fit sixteen registers."""

Entries: TypeAlias = tuple[tuple[int, int], ...]
"""A sum: places of rows, each with the number of its constant, 0 for a row taken as it is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a loop is made for.

    Attributes:
        reads: number of rows read.
        middle: sums that are kept.
        sums: sums that are written.
        constants: how many constants the sums name, from 1 on.
    """

    reads: int
    middle: tuple[Entries, ...]
    sums: tuple[Entries, ...]
    constants: int

    @property
    def name(self) -> str:
        """Return 16 hexadecimal digits by which the loop is found."""
        told = repr((self.reads, self.middle, self.sums))
        return sha256(told.encode()).hexdigest()[:16]


def shape_of(plan: Plan) -> tuple[Shape, bytes]:
    """Return a plan's shape and the constants that it brings to it."""
    blocks = [block for block, (_, rows) in enumerate(plan.reads) for _ in rows]
    width = max((len(rows) for _, rows in plan.reads), default=1)
    blocks += [len(plan.reads) + place // width for place in range(len(plan.middle))]
    numbers: dict[tuple[int, int], int] = {}

    def entries(terms: Terms) -> Entries:
        # Where data are solved a coefficient is 1 by chance, as shard 0's is: no part of the shape.
        plain = not plan.solves or all(by == 1 for _, by in terms)
        return tuple(
            (place, 0)
            if plain and by == 1
            else (
                place,
                numbers.setdefault((blocks[place] * plan.solves, by), len(numbers) + 1),
            )
            for place, by in terms
        )

    middle = tuple(entries(terms) for terms in plan.middle)
    sums = tuple(entries(terms) for terms in plan.sums)
    shape = Shape(sum(len(rows) for _, rows in plan.reads), middle, sums, len(numbers))
    return shape, bytes(by for _, by in numbers)


@dataclass(frozen=True, slots=True)
class _Loop:
    """A shape with what the text says of it: the first plan it was found for, its constants."""

    title: str
    shape: Shape
    constants: bytes
    is_definition: bool


def _loops() -> list[_Loop]:
    """Return each shape once, with the first plan that has it."""
    found: dict[str, _Loop] = {}
    for profile in PROFILES.values():
        for title, plan in _plans(profile):
            shape, constants = shape_of(plan)
            loop = _Loop(f"{profile.name}: {title}", shape, constants, title == "encoding")
            found.setdefault(shape.name, loop)
    return list(found.values())


def _plans(profile: Profile) -> Iterator[tuple[str, Plan]]:
    yield "encoding", plan_encoding(profile)
    for shard in range(profile.k):
        yield f"shard {shard} lost", plan_recovery(profile, [shard], [shard])
    for pair in combinations(range(profile.k), 2):
        yield f"shards {pair[0]} and {pair[1]} lost", plan_recovery(profile, pair, pair)
    for shard in range(profile.k):
        yield f"shard {shard} changed", plan_update(profile, shard, 0)


def source() -> str:
    """Return the text of `zigzag_kernels.h`."""
    loops = _loops()
    lines = [
        "/* Written by tallystick.kernel.store.zigzag.kernels: do not edit.",
        " * Part of zigzag_levels.h, which says what every name means. */",
    ]
    for place, loop in enumerate(loops):
        lines += _wide(place, loop)
    for place, loop in enumerate(loops):
        if loop.is_definition:
            lines += _narrow(place, loop)
    lines += ["static const Kernel KERNELS[] = {"]
    for place, loop in enumerate(loops):
        shape, fixed = loop.shape, "".join(f"\\x{each:02x}" for each in loop.constants)
        narrow = f"narrow_{place}" if loop.is_definition else "NULL"
        counts = f"{shape.reads}, {len(shape.middle)}, {len(shape.sums)}, {shape.constants}"
        lines += [f'    {{"{shape.name}", {counts}, wide_{place}, {narrow},', f'     "{fixed}"}},']
    return "\n".join([*lines, "};", ""])


def _wide(place: int, loop: _Loop) -> Iterator[str]:
    """Write a loop with a register a sum; constants are matrices of GF(2)."""
    shape = loop.shape
    count = len(shape.middle) + len(shape.sums)
    yield f"/* {loop.title} */"
    yield f"WIDE static void wide_{place}(ROWS)"
    yield "{"
    if not shape.constants:
        yield "    (void)by;"
    for number in range(1, shape.constants + 1):
        yield f"    const Wide c{number} = wide_constant(by[{number - 1}]);"
    yield "    for (size_t at = 0; at < size; at += WIDE_BYTES) {"
    yield f"        Wide {', '.join(f's{each}' for each in range(count))};"
    yield "        if (way == FAR_WAY)"
    yield f"            fetch_ahead(in, {shape.reads}, at);"
    begun: set[int] = set()
    for rows, entering in _entering(shape):
        loads = (
            f"{name} = wide_load(in[{row}] + at)" for name, row in zip("vw", rows, strict=False)
        )
        yield f"        {{ const Wide {', '.join(loads)};"
        for into, constants in entering:
            values = [_times(name, by) for name, by in zip("vw", constants, strict=False)]
            yield _added(into, values, begun)
        yield "        }"
    for number, entries in _solving(shape):
        kept = [(row - shape.reads, by) for row, by in entries if row >= shape.reads]
        yield from (_added(number, [_times(f"s{row}", by)], begun) for row, by in kept)
        if number >= len(shape.middle):
            place = number - len(shape.middle)
            yield f"        wide_store(out[{place}] + at, s{number}, way);"
    yield "    }"
    yield "}"


def _solving(shape: Shape) -> Iterator[tuple[int, Entries]]:
    """Yield all sums by number, each one written as soon as what it is made of is complete."""
    waiting = list(enumerate(shape.sums, len(shape.middle)))
    for number, entries in enumerate((*shape.middle, ())):
        ready = [each for each in waiting if all(row < shape.reads + number for row, _ in each[1])]
        yield from ready
        waiting = [each for each in waiting if each not in ready]
        if number < len(shape.middle):
            yield number, entries


_Entering: TypeAlias = list[tuple[int, tuple[int, ...]]]
"""Sums, each with a constant for every row that enters it."""


def _entering(shape: Shape) -> Iterator[tuple[tuple[int, ...], _Entering]]:
    """Yield one row, or two that enter the same sums, and what they enter; each row once."""
    into: list[dict[int, int]] = [{} for _ in range(shape.reads)]
    for number, entries in enumerate((*shape.middle, *shape.sums)):
        for row, constant in entries:
            if row < shape.reads:
                into[row][number] = constant
    left = list(range(shape.reads))
    while left:
        row = left.pop(0)
        mate = next((each for each in left if into[each].keys() == into[row].keys()), None)
        if mate is None:
            yield (row,), [(number, (by,)) for number, by in into[row].items()]
        else:
            left.remove(mate)
            yield (
                (row, mate),
                [(number, (by, into[mate][number])) for number, by in into[row].items()],
            )


def _times(name: str, constant: int) -> str:
    return f"wide_times({name}, c{constant})" if constant else name


def _added(into: int, values: list[str], begun: set[int]) -> str:
    """Return the line that adds one or two rows to a sum, or begins it with them."""
    if into in begun:
        name = "wide_add" if len(values) == 1 else "wide_add_both"
        return f"        {name}(&s{into}, {', '.join(values)});"
    begun.add(into)
    more = f" wide_add(&s{into}, {values[1]});" if len(values) > 1 else ""
    return f"        s{into} = {values[0]};{more}"


def _narrow(place: int, loop: _Loop) -> Iterator[str]:
    """Write a loop of doublings for fewer registers: a few sums of one parity at a time.

    Each takes its shards from the last, by Horner's rule, and the two halves of a line at once.
    Constants are fixed to those of the definition: powers of 2.
    """
    shape = loop.shape
    exponents = [0, *(logarithm(each) for each in loop.constants)]
    yield f"NARROW static void narrow_{place}(ROWS)"
    yield "{"
    yield "    (void)by, (void)way;"
    yield "    for (size_t at = 0; at < size; at += LINE) {"
    alike: dict[tuple[int, ...], list[int]] = {}
    for number, entries in enumerate(shape.sums):
        told = sorted({exponents[constant] for _, constant in entries}, reverse=True)
        alike.setdefault(tuple(told), []).append(number)
    for powers, numbers in alike.items():
        for first in range(0, len(numbers), _NARROW_SUMS):
            part = numbers[first : first + _NARROW_SUMS]
            yield from _batch(shape, exponents, powers, part)
    yield "    }"
    yield "}"


def _batch(
    shape: Shape, exponents: list[int], powers: tuple[int, ...], numbers: list[int]
) -> Iterator[str]:
    """Write the sums whose coefficients are the same powers of 2, highest first."""
    yield f"        {{ Narrow {', '.join(f'a{number}, b{number}' for number in numbers)};"
    begun: set[int] = set()
    for before, exponent in zip((None, *powers), powers, strict=False):
        if before is not None:
            for number in numbers:
                yield from _raised(f"a{number}", before - exponent)
                yield from _raised(f"b{number}", before - exponent)
        entering: dict[int, list[int]] = {}
        for number in numbers:
            for row, constant in shape.sums[number]:
                if exponents[constant] == exponent:
                    entering.setdefault(row, []).append(number)
        for row, into in sorted(entering.items()):
            yield f"          {{ const uint8_t *v = in[{row}] + at;"
            for number in into:
                added = "^=" if number in begun else "="
                yield f"          a{number} {added} narrow_load(v);"
                yield f"          b{number} {added} narrow_load(v + NARROW_BYTES);"
                begun.add(number)
            yield "          }"
    for number in numbers:
        yield f"          narrow_store(out[{number}] + at, a{number});"
        yield f"          narrow_store(out[{number}] + at + NARROW_BYTES, b{number});"
    yield "        }"


def _raised(name: str, exponent: int) -> Iterator[str]:
    """Write a product with a power of 2, two doublings at a time."""
    fours, rest = divmod(exponent, 2)
    yield from [f"          {name} = narrow_four_times({name});"] * fours
    yield from [f"          {name} = narrow_twice({name});"] * rest


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(source(), encoding="utf-8")
