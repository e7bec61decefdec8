"""How fast content is named as IPFS names it, read again, and put whole, against bare SHA-256.

Every byte is hashed once in an import and once in a reading, so nothing can go below hashlib over
the same bytes in one call, which runs in the same interleaved rounds. A ratio is the median of the
rounds' ratios, its spread their interquartile range. A whole put imports a file, seals its blocks,
encodes them by the default code and hashes every sub-chunk of every shard, segment by segment as
members are sent them; it hashes the file once and the shards once, and so does its baseline. All
is the work of one thread on memory, and time is that thread's on the processor, so that what else
runs on the machine is not measured.
"""

from __future__ import annotations

import hashlib
import io
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from tallystick.kernel.store.spread.manifest import hash_pieces
from tallystick.kernel.store.spread.sealed import SealedSource, StreamKey
from tallystick.kernel.store.spread.source import fill
from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.importer import collect, import_file
from tallystick.kernel.store.unixfs.profile import PROFILES, V1_2025, Profile
from tallystick.kernel.store.unixfs.reader import read_file
from tallystick.kernel.store.zigzag.coder import encode
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX, SEGMENT_BYTES, Layout
from tallystick.kernel.store.zigzag.profile import DEFAULT_PROFILE

__all__ = ["Blocks", "put_whole", "run"]

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


class Blocks:
    """The blocks of an import, read as one source as they are made."""

    def __init__(self, data: bytes) -> None:
        self._blocks = import_file(io.BytesIO(data), V1_2025)
        self._block = io.BytesIO()

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none at the end."""
        room = memoryview(bytearray(size))
        return bytes(room[: self.readinto(room)])

    def readinto(self, room: memoryview, /) -> int:
        """Write the next bytes into a room, as a file does; return how many, 0 at the end."""
        while not (count := self._block.readinto(room)):
            made = next(self._blocks, None)
            if made is None:
                return 0
            self._block = io.BytesIO(made[1])
        return count


def put_whole(data: bytes) -> list[bytes]:
    """Return the hashes of a file's manifest, by segment; all its shards were made."""
    keys = StreamKey.of(bytes(32), bytes(32), "bank", bytes(16))
    source = SealedSource(Blocks(data), keys)
    room = Layout(DEFAULT_PROFILE, LENGTH_MAX, SEGMENT_BYTES).full_bytes
    memory = memoryview(bytearray(room))
    length, digests = 0, []
    while count := fill(source, memory):
        length += count
        segment = Layout(DEFAULT_PROFILE, length).segment(len(digests))
        digests.append(hash_pieces(segment, encode(memory[:count])))
    return digests


def _hash_whole(data: bytes) -> None:
    """Hash as many bytes as a put does."""
    hashlib.sha256(data).digest()
    half = memoryview(data)[: len(data) // 2]
    for each in (data, half):
        hashlib.sha256(each).digest()


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
    rows = [_row(name, ours, bare) for name, ours in zip(works, spent, strict=True)]
    hashed, put = _compare([lambda: _hash_whole(data), lambda: put_whole(data)], rounds)
    against = "hashlib.sha256 of it and of its shards, half as much again"
    return [*rows, {**_row("store.put", put, hashed), "against": against}]


if __name__ == "__main__":
    for row in run():
        print(row)
