"""How fast content is cut, linked and named as IPFS names it, and read again, against bare SHA-256.

Every byte is hashed once in an import and once in a reading, so nothing can go below hashlib over
the same bytes in one call, which runs in the same interleaved rounds. A ratio is the median of the
rounds' ratios, its spread their interquartile range. All is the work of one thread on memory, and
time is that thread's on the processor, so that what else runs on the machine is not measured.
"""

from __future__ import annotations

import hashlib
import io
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.importer import collect, import_file
from tallystick.kernel.store.unixfs.profile import PROFILES, V1_2025, Profile
from tallystick.kernel.store.unixfs.reader import read_file

__all__ = ["run"]

SIZE: Final = 32 * 1024 * 1024
ROUNDS: Final = 15
_ROW: Final = {
    "unixfs-v1-2025": "store.import",
    "unixfs-v0-2015": "store.import_2015",
    "256kib-174-raw": "store.import_256kib",
}


def _time(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def _compare(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    for work in works:
        work()
    return [
        list(row)
        for row in zip(*([_time(work) for work in works] for _ in range(rounds)), strict=True)
    ]


def _row(name: str, ours: Sequence[float], bare: Sequence[float]) -> dict[str, Any]:
    ratios = [b / a for a, b in zip(ours, bare, strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    return {
        "name": name,
        "value": round(SIZE / statistics.median(ours) / 1e6),
        "unit": "MB/s",
        "against": "hashlib.sha256 of the same bytes",
        "ratio": round(ratio, 3),
        "spread": round(high - low, 3),
    }


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    data = hashlib.shake_128(b"bench").digest(SIZE)
    made, blocks = collect(import_file(io.BytesIO(data), V1_2025))
    dag = Dag(blocks.__getitem__)
    archive = b"".join(write_archive(dag, [made.cid]))

    def bring(profile: Profile) -> Callable[[], object]:
        return lambda: deque(import_file(io.BytesIO(data), profile), maxlen=0)

    works: dict[str, Callable[[], object]] = {
        **{_ROW[name]: bring(profile) for name, profile in PROFILES.items()},
        "store.read": lambda: deque(read_file(dag, made.cid), maxlen=0),
        "store.archive": lambda: open_archive(
            lambda at, size: archive[at : at + size], len(archive)
        ),
    }
    bare, *spent = _compare([lambda: hashlib.sha256(data).digest(), *works.values()], rounds)
    return [_row(name, ours, bare) for name, ours in zip(works, spent, strict=True)]


if __name__ == "__main__":
    for row in run():
        print(row)
