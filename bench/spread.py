"""What a lost shard costs among members: bytes on the wire, and the time until it is there again.

Members answer one another over signed HTTP on real sockets. Where bytes are counted a relay stands
between them, which sees every byte both ways, heads, signatures and all. Where time is taken each
member is a process of its own, as it is in a county, and whoever reads holds no shard. The same
object under the plain code of the same shape, by the same path, is what the Zigzag code is compared
with.
"""

from __future__ import annotations

import asyncio
import io
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bizi_processes import open_processes

from tallystick.base.clock import SeededEntropy, SystemClock, SystemEntropy
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Key, Member, Members
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.link.book import Place
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.ports import find_free_ports
from tallystick.kernel.link.trust import Roll, Trust
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Reader, batched_places
from tallystick.kernel.store.spread.repairing import repair_object
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.zigzag.profile import Profile, find_profile

__all__ = ["run"]

MIB: Final = 1024 * 1024
OBJECT_BYTES: Final = 16 * MIB
READ_MIB: Final = {f"spread.degraded_{size}": size for size in (1, 4, 16, 64)}
SHAPES: Final = (("zz-4+2", "rs-4+2"), ("zz-8+2", "rs-8+2"), ("zz-6+3", "rs-6+3"))
WIRE_GOALS: Final = (1 / (0.625 * 1.02), 1 / (0.625 * 1.02), 1 / (0.56 * 1.02))
READ_GOAL: Final = 1 / 0.75
ROUNDS: Final = 15
SHARDS: Final = 6
CHAIN: Final = bytes(32)


@dataclass
class Relay:
    """Stands before a member and counts what passes."""

    at: int
    behind: int
    count: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self) -> None:
        await asyncio.start_server(self._join, "127.0.0.1", self.at)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        for source, sink in ((reader, other_writer), (other_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(MIB):
            self.count += len(data)
            sink.write(data)
            await sink.drain()
        sink.close()


@dataclass
class Circle:
    """Members that hold shards, each behind a relay."""

    rings: dict[str, Ring]
    relays: dict[str, Relay]

    def counted(self) -> int:
        return sum(relay.count for relay in self.relays.values())


@contextmanager
def _circle(count: int, folder: Path) -> Iterator[Circle]:
    names = [f"m{number:02}" for number in range(count)]
    entropy = SeededEntropy("spread")
    keys = {name: SigningKey.from_seed(entropy.draw("link", 32)) for name in names}
    members = Members.of(
        [Member(name, "bank", (Key(1, "link", 1, keys[name].public, 0),)) for name in names]
    )
    ports = iter(find_free_ports(2 * count))
    relays = {name: Relay(next(ports), next(ports)) for name in names}
    book = {name: Place("http", "127.0.0.1", relay.at) for name, relay in relays.items()}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with ExitStack() as opened:
        opened.callback(lambda: loop.call_soon_threadsafe(loop.stop))
        rings = {}
        for name in names:
            asyncio.run_coroutine_threadsafe(relays[name].serve(), loop).result()
            nonces = HeardRequests(folder / f"{name}.db", SystemClock())
            opened.callback(nonces.close)
            trust = Trust(
                name,
                lambda name=name: keys[name],  # type: ignore[misc]
                Roll(CHAIN, lambda: (members, 1)),
                clock=SystemClock(),
                entropy=SystemEntropy(),
                nonces=nonces,
            )
            bind = ("127.0.0.1", relays[name].behind)
            link = HttpLink(trust, book, Listening(book[name], folder, bind))
            rings[name] = Ring(link, Holding(folder / name))
            link.start()
            opened.callback(link.close)
        yield Circle(rings, relays)


@dataclass(frozen=True)
class Lost:
    """An object whose shard 1 is lost, and a member that holds none."""

    manifest: Manifest
    ring: Ring


def _lose(circle: Circle, profile: Profile, size: int, seed: int) -> Lost:
    data = random.Random(seed).randbytes(size)  # noqa: S311 - content
    identifier = random.Random(-seed).randbytes(16)  # noqa: S311 - a bench's own
    done = put_object(circle.rings["m00"], io.BytesIO(data), identifier, profile)
    assert not done.missing
    circle.rings[done.holders[1]].own.drop(done.manifest.cid)
    spare = next(name for name in circle.rings if name not in done.holders)
    return Lost(done.manifest, circle.rings[spare])


def _repair_bytes(circle: Circle, profile: Profile) -> int:
    """Return the bytes that pass while a lost data shard is read for and made anew."""
    lost = _lose(circle, profile, OBJECT_BYTES, 1)
    before = circle.counted()
    # The spare makes it for itself: what passes is what it reads.
    with Reader(lost.ring, lost.manifest, hedge_s=20) as reader:
        for places in batched_places(lost.manifest.layout):
            reader.give(places, [1])
    passed = circle.counted() - before
    assert repair_object(lost.ring, lost.manifest, hedge_s=20).made
    return passed


def _degraded_s(ring: Ring, profile: Profile, seed: int, size: int) -> float:
    """Return the seconds until the lost shard of an object of `size` bytes is there."""
    dice = random.Random(f"{profile.name} {size} {seed}")  # noqa: S311 - content
    done = put_object(ring, io.BytesIO(dice.randbytes(size)), dice.randbytes(16), profile)
    assert not done.missing
    ring.drop(done.holders[1], done.manifest.cid)
    with Reader(ring, done.manifest, hedge_s=20) as reader:
        began = time.perf_counter()
        for places in batched_places(done.manifest.layout):
            reader.give(places, [1])
        return time.perf_counter() - began


def _compared(
    name: str,
    unit: str,
    measure: Callable[[Profile, int], float],
    shape: tuple[str, str],
    rounds: int,
    *,
    goal: float,
) -> dict[str, Any]:
    ours, plain = [], []
    for seed in range(rounds + 1):
        for profile, taken in ((shape[0], ours), (shape[1], plain)):
            found = measure(find_profile(profile), seed)
            if seed or rounds == 0:
                taken.append(found)
    ratio = statistics.median(b / a for a, b in zip(ours, plain, strict=True))
    return {
        "name": name,
        "unit": unit,
        "value": statistics.median(ours),
        "against": shape[1],
        "against_value": statistics.median(plain),
        "ratio": round(ratio, 3),
        "goal": round(goal, 3),
        "met": ratio >= goal,
    }


def run() -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    with tempfile.TemporaryDirectory() as folder, _circle(12, Path(folder)) as circle:
        rows = [
            _compared(
                f"spread.wire_{shape[0][3:]}",
                "bytes",
                lambda profile, _: _repair_bytes(circle, profile),
                shape,
                0,
                goal=goal,
            )
            for shape, goal in zip(SHAPES, WIRE_GOALS, strict=True)
        ]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_processes(SHARDS, Path(folder), SHAPES[0][0]) as apart,
    ):
        ring = apart.client.ring
        degraded = [
            _compared(
                name,
                "s",
                lambda profile, seed, size=size: _degraded_s(  # type: ignore[misc]
                    ring, profile, seed, size * MIB
                ),
                SHAPES[0],
                ROUNDS,
                goal=READ_GOAL,
            )
            for name, size in READ_MIB.items()
        ]
    return [*rows, *degraded]


if __name__ == "__main__":
    for row in run():
        print(row)
