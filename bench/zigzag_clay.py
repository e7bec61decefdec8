"""Zigzag against the Clay code as its Rust crate has it: processor, updates, what repairs read.

The program in `clay/` is built by cargo, in the user's cache, and answers a call at a time:
its calls and ours take turns, each after an untimed one, all thread processor time, first quartile.
Its allocator is told to keep memory, which is its best state. `encode` and `repair` are our loops,
called at the edge of compiled code as Clay's are; `call_encode` and `call_repair` are the public
calls in Python. Clay's encoding copies the data into its chunks, ours gives views of them.
Clay reads as little as any such code can, for every node; so it reads less than Zigzag at 8+2 and
6+3, and for a lost parity shard everywhere. The rows of traffic tell by how much.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tallystick.kernel.store.zigzag.coder import encode, repair, repair_plan, update_plan
from tallystick.kernel.store.zigzag.layout import Layout, Segment
from tallystick.kernel.store.zigzag.profile import PROFILES, Profile
from tallystick.kernel.store.zigzag.program import Way

__all__ = ["ABSENT", "Clay", "build", "clay_names", "count_read", "count_update", "measure"]

MIB: Final = 2**20
LOST: Final = 1
ROUNDS: Final = {1: 60, 64: 9}
"""By size in MiB."""
JOBS: Final = ("encode", "repair", "call_encode", "call_repair")
COUNTED: Final = ("update", "read", "read_parity")
SMALL: Final = 16 * 1024
"""Bytes of the object whose updates are counted."""
SOURCES: Final = Path(__file__).with_name("clay")
ABSENT: Final = "it needs Rust's cargo, and our loops in C"
# As glibc takes it: never give memory back.
KEPT: Final = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
    "MALLOC_TOP_PAD_": str(2**28),
}

Row = dict[str, Any]
Work = Callable[[], object]


def build() -> Path | None:
    """Return the program, built in the user's cache; None where there is no cargo."""
    cargo = shutil.which("cargo")
    if cargo is None:
        return None
    # What cargo writes beside a program's sources is not to stand beside these.
    room = Path.home() / ".cache" / "tallystick" / "bench-clay"
    for name in ("Cargo.toml", "src/main.rs"):
        target = room / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((SOURCES / name).read_bytes())
    command = [cargo, "build", "--release", "--quiet"]
    subprocess.run(command, check=True, timeout=600, cwd=room)  # noqa: S603 - found above
    return room / "target" / "release" / "clay-bench"


class Clay:
    """The program, running for one shape and size."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def ask(self, line: str) -> str:
        """Return its answer."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()
        told = self._child.stdout.readline()
        assert told, f"the program ended on {line!r}"
        return told.strip()


@contextmanager
def _running(program: Path, profile: Profile, size: int) -> Iterator[Clay]:
    command = [str(program), str(profile.k), str(profile.r), str(size)]
    child = subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | KEPT,
    )
    try:
        yield Clay(child)
    finally:
        child.communicate()


def count_read(profile: Profile, lost: int) -> float:
    """Return how many shards' worth a repair of a shard reads."""
    return sum(map(len, repair_plan(profile, [lost]).values())) / profile.alpha


def count_update(profile: Profile, size: int) -> list[int]:
    """Return how many parity sub-chunks change with each data sub-chunk in turn, by encoding."""
    data = random.Random(1).randbytes(size)  # noqa: S311 - content
    segment = Segment(profile, size)
    then, found = encode(data, profile), []
    width = segment.sub_chunk_bytes
    for start in range(0, size, width):
        part = bytes(byte ^ 0x5A for byte in data[start : start + width])
        now = encode(data[:start] + part + data[start + width :], profile)
        pairs = [(now[shard], then[shard]) for shard in range(profile.k, profile.n)]
        found.append(
            sum(
                one[at : at + width] != other[at : at + width]
                for one, other in pairs
                for at in range(0, len(one), width)
            )
        )
        place = start // width
        assert found[-1] == len(update_plan(profile, *divmod(place, profile.alpha)))
    return found


def _works(profile: Profile, size: int) -> dict[str, Work]:
    """Return our calls on an object of a size, as the store makes them."""
    data = memoryview(random.Random(2).randbytes(size))  # noqa: S311 - content
    segments = list(Layout(profile, size).segments())
    way = Way.FAR if len(segments) > 1 else None
    cuts = [data[each.start : each.start + each.length] for each in segments]
    plan = repair_plan(profile, [LOST])
    reads = []
    for segment, cut in zip(segments, cuts, strict=True):
        shards = encode(cut, profile)
        parts: dict[int, bytes] = {}
        for shard, chunks in plan.items():
            spans = [segment.span(shard, x) for x in chunks]
            parts[shard] = b"".join(shards[shard][start:end] for start, end in spans)
        assert repair(segment, [LOST], parts)[LOST] == shards[LOST]
        reads.append(parts)
    return {
        "call_encode": lambda: [encode(cut, profile, way=way) for cut in cuts],
        "call_repair": lambda: [
            repair(segment, [LOST], parts) for segment, parts in zip(segments, reads, strict=True)
        ],
    }


def clay_names() -> Iterator[str]:
    """Yield the names of all rows."""
    for name in PROFILES:
        for size in ROUNDS:
            yield from (f"zigzag.clay_{job}_{_short(name)}_{size}m" for job in JOBS)
        yield from (f"zigzag.clay_{what}_{_short(name)}" for what in COUNTED)


def _short(name: str) -> str:
    return name.removeprefix("zz-").replace("+", "_")


def _spend(work: Work) -> float:
    """Return the thread's seconds of a call, after an untimed one."""
    work()
    started = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - started) / 1e9


def measure(loops: Callable[[Profile, int], dict[str, Work]], program: Path) -> list[Row]:
    """Return a row for each promise.

    Args:
        loops: returns our loops' `encode` and `repair` of shard `LOST`, on an object of a size.
        program: as `build` returns it.
    """
    rows = []
    for name, profile in PROFILES.items():
        for size in ROUNDS:
            works = {**loops(profile, size * MIB), **_works(profile, size * MIB)}
            with _running(program, profile, size * MIB) as clay:
                for job in JOBS:
                    done = size * MIB / (profile.k if job.endswith("repair") else 1)
                    pairs = _taking_turns(works[job], clay, job, ROUNDS[size])
                    rows.append(_timed(f"zigzag.clay_{job}_{_short(name)}_{size}m", pairs, done))
        with _running(program, profile, SMALL) as clay:
            rows += _counted(_short(name), profile, clay)
    return rows


def _taking_turns(work: Work, clay: Clay, job: str, rounds: int) -> list[tuple[float, float]]:
    asked = f"repair {LOST}" if job.endswith("repair") else "encode"
    return [(_spend(work), float(clay.ask(asked))) for _ in range(rounds)]


def _timed(name: str, pairs: list[tuple[float, float]], done: float) -> Row:
    ours, theirs = (sorted(side)[len(pairs) // 4] for side in zip(*pairs, strict=True))
    return {
        "name": name,
        "value": round(done / ours / 1e9, 2),
        "unit": "GB/s",
        "against": "clay-codes, allocator kept",
        "against_value": round(done / theirs / 1e9, 2),
        "ratio": round(theirs / ours, 2),
    }


def _counted(short: str, profile: Profile, clay: Clay) -> list[Row]:
    mean, least, most = clay.ask("update").split()
    ours = count_update(profile, SMALL)
    assert set(ours) == {profile.r}

    def row(what: str, unit: str, mine: float, theirs: float, more: str = "") -> Row:
        found: Row = {"name": f"zigzag.clay_{what}_{short}", "value": round(mine, 2), "unit": unit}
        told = {"against": f"clay-codes{more}", "against_value": round(theirs, 2)}
        return {**found, **told, "ratio": round(theirs / mine, 3)}

    changed = f", mean of {least} to {most}, of chunks cut into {clay.ask('alpha')}"
    reads = zip(COUNTED[1:], (LOST, profile.n - 1), strict=True)
    return [
        row(COUNTED[0], "parity sub-chunks a changed one", profile.r, float(mean), changed),
        *(
            row(what, "shards read", count_read(profile, lost), float(clay.ask(f"read {lost}")))
            for what, lost in reads
        ),
    ]
