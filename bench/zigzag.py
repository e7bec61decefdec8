"""How fast shards are made and rebuilt, against ISA-L, pyeclib and zfec in the same run.

Every figure is thread processor time, the first quartile of interleaved rounds, each call after an
untimed one of its own; a ratio is of two figures of one run, its spread that of the rounds' halves.
ISA-L is the one in pyeclib's wheel, called with plain pointers by ctypes: its newest kernels, and
its own AVX2 entry for what runs without GFNI. Public calls are measured in child processes, in two
states of the allocator: as it comes, where large results are fresh pages each time, and told to
keep memory. A peer that is not installed is said to be absent. `--clay` compares with the Clay code
instead (`zigzag_clay.py`).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import zigzag_clay
from isal import Array, Isal, Work, find_isal

from tallystick import _native
from tallystick.kernel.store.zigzag.coder import encode
from tallystick.kernel.store.zigzag.field import invert_matrix, power
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.plan import Plan, plan_encoding, plan_recovery
from tallystick.kernel.store.zigzag.profile import PROFILES, Profile
from tallystick.kernel.store.zigzag.program import Way, make_program

__all__ = ["parse", "run"]

MIB: Final = 2**20
GB: Final = 1e9
AVX2: Final = 1
SECONDS: Final = 0.5
ROUNDS_MIN: Final = 9
ROUNDS_MAX: Final = 200
# Allocators that keep what is freed, in the words of glibc.
KEPT: Final = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
    "MALLOC_TOP_PAD_": str(2**28),
}
ABSENT: Final = "pip install pyeclib zfec, or make setup"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds of processor time a call, by round."""

    seconds: list[float]

    @property
    def quartile(self) -> float:
        return sorted(self.seconds)[len(self.seconds) // 4]


def _measure(works: dict[str, Work]) -> dict[str, _Times]:
    """Time each work in turn, back and forth, each after an untimed call."""
    found: dict[str, list[float]] = {name: [] for name in works}
    began, rounds = time.monotonic(), 0
    while rounds < ROUNDS_MIN or (
        rounds < ROUNDS_MAX and time.monotonic() - began < SECONDS * len(works)
    ):
        order = list(works.items())
        for name, work in order if rounds % 2 else reversed(order):
            work()
            started = time.thread_time_ns()
            work()
            found[name].append((time.thread_time_ns() - started) / 1e9)
        rounds += 1
    return {name: _Times(seconds) for name, seconds in found.items()}


def _row(name: str, rate: float, unit: str, against: str, pair: tuple[_Times, _Times]) -> Row:
    """Return a row: `pair` is ours and the peer's time for the same work."""
    ours, theirs = pair
    half = len(ours.seconds) // 2
    halves = [
        _Times(theirs.seconds[part]).quartile / _Times(ours.seconds[part]).quartile
        for part in (slice(half), slice(half, None))
    ]
    return {
        "name": name,
        "value": round(rate, 2),
        "unit": unit,
        "against": against,
        "ratio": round(theirs.quartile / ours.quartile, 2),
        "spread": round(abs(halves[0] - halves[1]), 2),
    }


def _absent(name: str, peer: str) -> Row:
    told = f"not measured: no {peer} here; {ABSENT}"
    return {
        "name": name,
        "value": None,
        "unit": "",
        "against": told,
        "ratio": None,
        "spread": None,
    }


# ---- Reed-Solomon's matrices


def _recovering(profile: Profile, lost: list[int]) -> list[list[int]]:
    """Return the matrix by which Reed-Solomon's lost data follow from the first k shards left."""
    whole = [[int(i == j) for j in range(profile.k)] for i in range(profile.k)]
    whole += [[power(place * j) for j in range(profile.k)] for place in range(profile.r)]
    left = [shard for shard in range(profile.n) if shard not in lost][: profile.k]
    inverse = invert_matrix([whole[shard] for shard in left])
    return [inverse[shard] for shard in lost]


# ---- the loops in C


def _aligned(shape: tuple[int, ...]) -> Array:
    """Return zeros that begin with a page."""
    size = math.prod(shape)
    room = np.zeros(size + 4096, dtype=np.uint8)
    first = -room.ctypes.data % 4096
    return room[first : first + size].reshape(shape)


@dataclass(frozen=True, slots=True)
class _Stripes:
    """An object of a size as segments, and as the shards that ISA-L takes.

    Attributes:
        profile: the code.
        layout: of the object; full segments alone.
        shards: ours, of shape (segments, n, bytes of a piece).
        results: where ours are written, of shape (segments, n, bytes of a piece).
    """

    profile: Profile
    layout: Layout
    shards: Array
    results: Array

    @classmethod
    def of(cls, profile: Profile, size: int) -> _Stripes:
        """Draw an object of about `size` bytes."""
        segment = min(size, 4 * MIB)
        one = Layout(profile, size, segment)
        layout = Layout(profile, one.full_bytes * (size // segment), segment)
        piece = layout.full_bytes // profile.k
        shape = (layout.segment_count, profile.n, piece)
        shards = _aligned(shape)
        draw = np.random.Generator(np.random.PCG64(1))
        for segment_shards in shards:
            data = draw.integers(0, 256, (profile.k, piece), dtype=np.uint8)
            segment_shards[: profile.k] = data
            parity = encode(data.reshape(-1).data, profile)[profile.k :]
            segment_shards[profile.k :] = [np.frombuffer(each, dtype=np.uint8) for each in parity]
        return cls(profile, layout, shards, _aligned(shape))

    def flat(self, side: Array, shard: int) -> Array:
        """Return as many bytes, whole pages, as a shard of all segments has."""
        size = side.shape[0] * side.shape[2] // 4096 * 4096
        first = shard * size
        found: Array = side.reshape(-1)[first : first + size]
        return found

    def work(self, plan: Plan, *, packed: bool, level: int | None = None) -> Work:
        """Return a call that carries out a plan on every segment."""
        loops = _native.zigzag
        program = make_program(plan, None if packed else self.profile.alpha)
        size = next(iter(self.layout.segments())).sub_chunk_bytes
        taken = self._packed(plan, size) if packed else self.shards
        calls = []
        way = Way.FAR if len(self.shards) > 1 else None
        used = loops.level if level is None else level
        for shards, results in zip(taken, self.results, strict=True):
            rows = shards.reshape(-1, size)
            inputs, first = [], 0
            for shard, chunks in plan.reads:
                if packed:
                    inputs.append(rows[first : first + len(chunks)].reshape(-1))
                    first += len(chunks)
                else:
                    inputs.append(shards[shard])
            outputs = [results[shard] for shard, _ in plan.writes]
            touched = sum(map(len, inputs)) + sum(map(len, outputs))
            chosen = Way.of(touched) if way is None else way
            calls.append((program.native, tuple(inputs), tuple(outputs), size, used, chosen))

        def work() -> None:
            for call in calls:
                loops.run(*call)

        return work

    def _packed(self, plan: Plan, size: int) -> Array:
        """Return what helpers send for each segment, row after row in one region, as ISA-L's is."""
        places = [
            shard * self.profile.alpha + chunk
            for shard, chunks in plan.reads
            for chunk in sorted(chunks)
        ]
        found = _aligned((len(self.shards), len(places) * size))
        for rows, shards in zip(found, self.shards, strict=True):
            rows.reshape(len(places), size)[:] = shards.reshape(-1, size)[places]
        return found


def _pairs(profile: Profile, stripes: _Stripes, isal: Isal) -> dict[str, tuple[Work, Work]]:
    """Return ours and ISA-L's call for each job."""
    data = [stripes.flat(stripes.shards, shard) for shard in range(profile.k)]
    into = [stripes.flat(stripes.results, shard) for shard in range(profile.n)]
    matrix = [[power(place * j) for j in range(profile.k)] for place in range(profile.r)]
    far = profile.k - 1
    whole = plan_encoding(profile)
    jobs: dict[str, tuple[Plan, list[list[int]], str, bool, int | None]] = {
        "encode": (whole, matrix, "ec_encode_data", False, None),
        "encode_avx2": (whole, matrix, "ec_encode_data_avx2", False, AVX2),
        "rebuild": (
            plan_recovery(profile, [1], [1]),
            _recovering(profile, [1]),
            "ec_encode_data",
            True,
            None,
        ),
        "decode": (
            plan_recovery(profile, [0, far], [0, far]),
            _recovering(profile, [0, far]),
            "ec_encode_data",
            False,
            None,
        ),
    }
    return {
        job: (
            stripes.work(plan, packed=packed, level=level),
            isal.work(matrix, data, into[: len(matrix)], entry),
        )
        for job, (plan, matrix, entry, packed, level) in jobs.items()
    }


# Which jobs are measured at which sizes.
SIZES: Final = {
    1: ("encode", "encode_avx2", "rebuild", "decode"),
    64: ("encode",),
    256: ("rebuild",),
}


PLACES: Final = {1: 5}
"""Where pages come to stand decides which lines push each other out of a core's own cache, by a
fifth either way: of so many placements the one of the middle ratio is told."""


def _names() -> Iterable[tuple[int, str, str]]:
    for size, jobs in SIZES.items():
        for name in PROFILES:
            for job in jobs:
                yield size, name, f"zigzag.{job}_{_short(name)}_{size}m"


def _short(name: str) -> str:
    return name.removeprefix("zz-").replace("+", "_")


def _loops(isal: Isal) -> list[Row]:
    rows = []
    for size, jobs in SIZES.items():
        for name, profile in PROFILES.items():
            # Each is kept until the last is drawn, else it would come to stand where another did.
            drawn = [_Stripes.of(profile, size * MIB) for _ in range(PLACES.get(size, 1))]
            found = [_measure_jobs(profile, stripes, isal, jobs) for stripes in drawn]
            for job in jobs:
                name_of = f"zigzag.{job}_{_short(name)}_{size}m"
                pairs = sorted((each[job] for each in found), key=_ratio)
                pair = pairs[len(pairs) // 2]
                whole = drawn[0].shards.shape[0] * drawn[0].shards.shape[2]
                done = whole if job == "rebuild" else whole * profile.k
                unit = f"GB/s of {'the shard' if job == 'rebuild' else 'data'}"
                peer = f"ISA-L {'AVX2 ' if 'avx2' in job else ''}in the same run"
                rows.append(_row(name_of, done / pair[0].quartile / GB, unit, peer, pair))
    return rows


def _ratio(pair: tuple[_Times, _Times]) -> float:
    return pair[1].quartile / pair[0].quartile


def _measure_jobs(
    profile: Profile, stripes: _Stripes, isal: Isal, jobs: Sequence[str]
) -> dict[str, tuple[_Times, _Times]]:
    """Return our times and ISA-L's for each job, for as many bytes."""
    pairs = _pairs(profile, stripes, isal)
    times = _measure({f"{job} {side}": pairs[job][side] for job in jobs for side in (0, 1)})
    # ISA-L's shards are whole pages: told for as many bytes as ours.
    whole = stripes.shards.shape[0] * stripes.shards.shape[2]
    scale = whole / (whole // 4096 * 4096)
    return {
        job: (times[f"{job} 0"], _Times([each * scale for each in times[f"{job} 1"].seconds]))
        for job in jobs
    }


# ---- two threads


def _together(work: Callable[[int], object]) -> float:
    """Return how many times as much two threads do as one, by the clock, at the best."""
    single, double = [], []
    for _ in range(ROUNDS_MIN):
        started = time.perf_counter()
        work(0)
        single.append(time.perf_counter() - started)
        threads = [threading.Thread(target=work, args=(place,)) for place in (0, 1)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        double.append(time.perf_counter() - started)
    return 2 * min(single) / min(double)


def _threads(isal: Isal) -> Row:
    profile = PROFILES["zz-4+2"]
    pairs = [_pairs(profile, _Stripes.of(profile, 16 * MIB), isal)["encode"] for _ in (0, 1)]

    def repeated(side: int, place: int) -> None:
        for _ in range(8):
            pairs[place][side]()

    ours, theirs = (_together(partial(repeated, side)) for side in (0, 1))
    return {
        "name": "zigzag.two_threads",
        "value": round(ours, 2),
        "unit": "times one thread's work, two objects of 16 MiB, by the clock",
        "against": f"ISA-L's own: {theirs:.2f}",
        "ratio": round(ours / theirs, 2),
        "spread": 0.0,
    }


# ---- public calls, in a child


def _ours(profile: Profile, data: bytes) -> Work:
    """Encode as the store does: segment by segment, all shards held at the end."""
    layout, view = Layout(profile, len(data)), memoryview(data)
    cuts = [(each.start, each.start + each.length) for each in layout.segments()]
    way = Way.FAR if len(cuts) > 1 else None
    return lambda: [encode(view[start:end], profile, way=way) for start, end in cuts]


def _child(size: int) -> dict[str, dict[str, list[float]]]:
    """Return the times of each profile's encoding, ours and the peers'."""
    import zfec  # noqa: PLC0415 - a peer, in the child alone
    from pyeclib.ec_iface import ECDriver  # noqa: PLC0415

    data = np.random.Generator(np.random.PCG64(2)).integers(0, 256, size, dtype=np.uint8).tobytes()
    found = {}
    for name, profile in PROFILES.items():
        driver = ECDriver(k=profile.k, m=profile.r, ec_type="isa_l_rs_vand")
        encoder = zfec.Encoder(profile.k, profile.n)
        part = -(-size // profile.k)

        def by_zfec(encoder: Any = encoder, part: int = part, k: int = profile.k) -> None:  # noqa: ANN401
            view = memoryview(data)
            pieces = [bytes(view[j * part : (j + 1) * part]).ljust(part, b"\0") for j in range(k)]
            encoder.encode(pieces)

        times = _measure(
            {
                "ours": _ours(profile, data),
                "pyeclib": partial(driver.encode, data),
                "zfec": by_zfec,
            }
        )
        found[name] = {who: each.seconds for who, each in times.items()}
    return found


def _public(size: int, state: str) -> list[Row]:
    kept = KEPT if state == "kept" else {}
    command = [sys.executable, __file__, "child", str(size * MIB)]
    run = subprocess.run(  # noqa: S603 - our own program
        command, check=True, capture_output=True, text=True, env=os.environ | kept
    )
    found = json.loads(run.stdout.splitlines()[-1])
    return [
        _row(
            f"zigzag.api_{peer}_{_short(name)}_{size}m_{state}",
            size * MIB / _Times(told["ours"]).quartile / GB,
            "GB/s, bytes in, shards out",
            f"{peer}, allocator {state}",
            (_Times(told["ours"]), _Times(told[peer])),
        )
        for name, told in found.items()
        for peer in ("pyeclib", "zfec")
    ]


def _public_names() -> Iterable[tuple[str, str]]:
    for size in (1, 64):
        for state in ("fresh", "kept"):
            for name in PROFILES:
                for peer in ("pyeclib", "zfec"):
                    yield f"zigzag.api_{peer}_{_short(name)}_{size}m_{state}", peer


def _clay() -> list[Row]:
    program = zigzag_clay.build()
    if program is None or not _native.is_zigzag_built():
        told = f"not measured: {zigzag_clay.ABSENT}"
        return [{**_absent(name, ""), "against": told} for name in zigzag_clay.clay_names()]

    def loops(profile: Profile, size: int) -> dict[str, Work]:
        stripes, lost = _Stripes.of(profile, size), [zigzag_clay.LOST]
        return {
            "encode": stripes.work(plan_encoding(profile), packed=False),
            "repair": stripes.work(plan_recovery(profile, lost, lost), packed=True),
        }

    return zigzag_clay.measure(loops, program)


def parse(options: Sequence[str]) -> dict[str, Any]:
    """Return what `run` takes, of what is given after the bench's name."""
    asked = argparse.ArgumentParser("tally bench zigzag", description=__doc__)
    asked.add_argument("--clay", action="store_true")
    return vars(asked.parse_args(options))


def run(*, clay: bool = False) -> list[Row]:
    """Measure and return the rows of this bench."""
    if clay:
        return _clay()
    if not _native.is_zigzag_built():
        names = [name for _, _, name in _names()] + ["zigzag.two_threads"]
        names += [name for name, _ in _public_names()]
        return [_absent(name, "loops in C") for name in names]
    isal = find_isal()
    if isal is None:
        rows = [_absent(name, "pyeclib") for _, _, name in _names()]
        rows.append(_absent("zigzag.two_threads", "pyeclib"))
    else:
        rows = [*_loops(isal), _threads(isal)]
    peers = [importlib.util.find_spec(peer) for peer in ("pyeclib", "zfec")]
    if None in peers:
        return rows + [_absent(name, peer) for name, peer in _public_names()]
    return rows + [
        row for size in (1, 64) for state in ("fresh", "kept") for row in _public(size, state)
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        print(json.dumps(_child(int(sys.argv[2]))))
    else:
        for row in run(**parse(sys.argv[1:])):
            print(row)
