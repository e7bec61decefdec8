"""Encode, decode, repair and update one segment in memory.

Shards are views: data shards of what was given, parity and recovered shards of memory that is
used again once no view of it is left. Nothing is copied that need not be.

Laws: any k of the n shards give the data back; a shard's trailing zeros past the end of the data
are never kept nor sent (`layout`). Whoever reads a shard has checked its hash: bytes of the right
length that are wrong make wrong bytes.
Source: docs/spec/zigzag.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.plan import (
    plan_encoding,
    plan_recovery,
    plan_update,
    touched,
)
from tallystick.kernel.store.zigzag.profile import DEFAULT_PROFILE, Profile
from tallystick.kernel.store.zigzag.program import Buffer, Program, Way, make_program, new_block

__all__ = ["decode", "encode", "repair", "repair_plan", "update", "update_plan"]


def encode(
    data: Buffer, profile: Profile = DEFAULT_PROFILE, *, way: Way | None = None
) -> list[memoryview]:
    """Return the n shards of a segment, data first.

    Args:
        data: at least one byte.
        profile: the code.
        way: how rows come and go, by default as the segment's size is; `Way.FAR` for segments of a
            large object that is in memory as a whole.

    Raises:
        Invalid: `zigzag.length` for no data.
    """
    view = memoryview(data).cast("B")
    if not view:
        raise Invalid(
            "zigzag.length",
            "a segment has at least 1 byte, not 0",
            cure="Keep an empty object as its length alone: it has no segments.",
        )
    segment = Segment(profile, len(view))
    shards = _cut(segment, view)
    size, whole = segment.sub_chunk_bytes, segment.piece_bytes
    parity = new_block(profile.r * whole, view)
    found = [parity[place * whole : (place + 1) * whole] for place in range(profile.r)]
    _encoding(profile).run(shards, found, size, way=way)
    return shards + found


def decode(segment: Segment, shards: Mapping[int, Buffer]) -> list[memoryview]:
    """Return the data of a segment, as k views that follow one another.

    Args:
        segment: profile and length.
        shards: by number; any k suffice, more of them make it faster.

    Raises:
        Invalid: `zigzag.shard` for a number that the profile has not, `zigzag.size` for a shard
            of another length than the segment's.
        Unavailable: `zigzag.lost` for fewer than k shards.
    """
    profile = segment.profile
    views = _checked(segment, shards)
    absent = tuple(shard for shard in range(profile.n) if shard not in views)
    _check_enough(profile, absent)
    wanted = tuple(shard for shard in absent if shard < profile.k)
    if wanted:
        program = _recovery(profile, wanted, absent, is_packed=False)
        inputs = [views[shard] for shard, _ in program.plan.reads]
        views |= _filled(segment, program, inputs)
    return [views[shard] for shard in range(profile.k)]


def repair_plan(
    profile: Profile, lost: Collection[int], absent: Collection[int] = ()
) -> dict[int, tuple[int, ...]]:
    """Return which sub-chunks of which shards give the lost shards back, both ascending.

    Args:
        profile: the code.
        lost: shards to give back.
        absent: further shards that cannot be read.

    Raises:
        Invalid: `zigzag.shard` for a number that the profile has not.
        Unavailable: `zigzag.lost` for fewer than k shards that can be read.
    """
    plan = _repairing(profile, lost, absent).plan
    return {shard: tuple(sorted(chunks)) for shard, chunks in sorted(plan.reads)}


def repair(
    segment: Segment,
    lost: Collection[int],
    reads: Mapping[int, Buffer],
    absent: Collection[int] = (),
) -> dict[int, memoryview]:
    """Return the lost shards of a segment by number.

    Args:
        segment: profile and length.
        lost: shards to give back.
        reads: for each shard of `repair_plan` its planned sub-chunks, ascending, one after another
            and no longer than they are kept (`Segment.span`).
        absent: as it was given to `repair_plan`.

    Raises:
        Invalid: `zigzag.shard` and `zigzag.size` for what is not as planned.
        Unavailable: `zigzag.lost` for more lost and absent than the profile has parity.
    """
    program = _repairing(segment.profile, lost, absent)
    inputs = []
    for shard, chunks in program.plan.reads:
        _check_shard(shard, reads)
        kept = segment.read_bytes(shard, chunks)
        inputs.append(_sized(reads[shard], kept, f"what is read of shard {shard}"))
    return _filled(segment, program, inputs)


def update_plan(profile: Profile, shard: int, sub_chunk: int) -> dict[int, int]:
    """Return the one sub-chunk of each parity shard that changes with a data sub-chunk.

    Raises:
        Invalid: `zigzag.shard` for a data shard or sub-chunk that the profile has not.
    """
    if not (0 <= shard < profile.k and 0 <= sub_chunk < profile.alpha):
        raise Invalid(
            "zigzag.shard",
            f"{profile.name} has data shards 0 to {profile.k - 1} of {profile.alpha} sub-chunks,"
            f" not {shard} with {sub_chunk}",
            cure="Name a shard and a sub-chunk of the profile.",
        )
    return dict(touched(profile, shard, sub_chunk))


def update(
    segment: Segment,
    row: tuple[int, int],
    change: tuple[Buffer, Buffer],
    parity: Mapping[int, Buffer],
) -> dict[int, memoryview]:
    """Return what the parity sub-chunks of `update_plan` become when a data sub-chunk changes.

    Args:
        segment: profile and length.
        row: the data shard and its sub-chunk.
        change: its old and its new bytes, as long as they are kept.
        parity: by parity shard, the sub-chunk of `update_plan` as it is.

    Raises:
        Invalid: `zigzag.shard` and `zigzag.size` for what is not as planned.
    """
    shard, sub_chunk = row
    planned = update_plan(segment.profile, shard, sub_chunk)
    size = segment.sub_chunk_bytes
    start, end = segment.span(shard, sub_chunk)
    inputs = [_sized(each, end - start, f"sub-chunk {sub_chunk}") for each in change]
    for each in planned:
        _check_shard(each, parity)
        inputs.append(_sized(parity[each], size, f"the sub-chunk of shard {each}"))
    block = new_block(len(planned) * size, inputs[0])
    found = [block[place * size : (place + 1) * size] for place in range(len(planned))]
    _updating(segment.profile, shard).run(inputs, found, size)
    return dict(zip(planned, found, strict=True))


def _cut(segment: Segment, view: memoryview) -> list[memoryview]:
    whole = segment.piece_bytes
    return [view[place * whole : (place + 1) * whole] for place in range(segment.profile.k)]


def _filled(segment: Segment, program: Program, inputs: list[memoryview]) -> dict[int, memoryview]:
    """Return what a recovery writes, in fresh memory; parts past the end are not kept."""
    sizes = {shard: segment.kept_bytes(shard) for shard, _ in program.plan.writes}
    like = inputs[0] if inputs else b""
    found = {shard: new_block(size, like) for shard, size in sizes.items()}
    outputs = list(found.values())
    program.run(inputs, outputs, segment.sub_chunk_bytes)
    return found


@lru_cache(maxsize=64)
def _encoding(profile: Profile) -> Program:
    return make_program(plan_encoding(profile), profile.alpha)


@lru_cache(maxsize=1024)
def _recovery(
    profile: Profile, wanted: tuple[int, ...], absent: tuple[int, ...], *, is_packed: bool
) -> Program:
    plan = plan_recovery(profile, wanted, absent)
    return make_program(plan, None if is_packed else profile.alpha)


@lru_cache(maxsize=1024)
def _updating(profile: Profile, shard: int) -> Program:
    # Every sub-chunk of a shard changes parity by the same coefficients.
    return make_program(plan_update(profile, shard, 0), None)


def _repairing(profile: Profile, lost: Collection[int], absent: Collection[int]) -> Program:
    wanted, away = tuple(sorted(set(lost))), tuple(sorted({*lost, *absent}))
    for shard in away:
        _check_number(profile, shard)
    _check_enough(profile, away)
    return _recovery(profile, wanted, away, is_packed=True)


def _checked(segment: Segment, shards: Mapping[int, Buffer]) -> dict[int, memoryview]:
    found = {}
    for shard, data in shards.items():
        _check_number(segment.profile, shard)
        found[shard] = _sized(data, segment.kept_bytes(shard), f"shard {shard}")
    return found


def _sized(data: Buffer, size: int, what: str) -> memoryview:
    view = memoryview(data).cast("B")
    if len(view) != size:
        raise Invalid(
            "zigzag.size",
            f"{what} has {len(view)} bytes, the segment's has {size}",
            cure="Take all shards from one object and state its own profile and length.",
        )
    return view


def _check_number(profile: Profile, shard: int) -> None:
    if not 0 <= shard < profile.n:
        raise Invalid(
            "zigzag.shard",
            f"{profile.name} has shards 0 to {profile.n - 1}, not {shard}",
            cure="Take all shards from one object and state its own profile and length.",
        )


def _check_shard(shard: int, given: Mapping[int, Buffer]) -> None:
    if shard not in given:
        raise Invalid(
            "zigzag.shard",
            f"shard {shard} is planned for and was not given; there are {sorted(given)}",
            cure="Read all that the plan names, or plan again without that shard.",
        )


def _check_enough(profile: Profile, absent: Collection[int]) -> None:
    if len(absent) > profile.r:
        raise Unavailable(
            "zigzag.lost",
            f"{profile.n - len(absent)} of {profile.n} shards can be read, {profile.k} are needed",
            cure="Try again when more of the members that hold shards are up.",
        )
