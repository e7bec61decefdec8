"""Members that hold shards for one another in one process: away, slow, lying, rotten."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Unavailable
from tallystick.kernel.link.base import Answer, Handlers, Link
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.ring import Ring

__all__ = ["Circle"]


class _Watched:
    """A member's end whose answers somebody may keep back or change."""

    def __init__(self, link: Link, circle: Circle) -> None:
        self._link = link
        self._circle = circle

    @property
    def member(self) -> str:
        return self._link.member

    def call(self, to: str, method: str, payload: bytes) -> bytes:
        circle = self._circle
        if to in circle.away:
            raise Unavailable("link.lost", f"{to} is away", cure="Try again.")
        if to in circle.slow:
            circle.released.wait(circle.slow_s)
        found = self._link.call(to, method, payload)
        lie = circle.lies.get(to)
        with circle.lock:
            circle.bytes_told[to] = circle.bytes_told.get(to, 0) + len(found)
        return lie(method, found) if lie is not None else found

    def ask(self, to: str, method: str, payload: bytes) -> Answer:
        return Answer(self.call(to, method, payload))

    def serve(self, handlers: Handlers) -> None:
        self._link.serve(handlers)

    def peers(self) -> list[str]:
        return self._link.peers()

    def close(self) -> None:
        self._link.close()


class Circle:
    """Some members, each with a folder of shards, and what is wrong with them."""

    def __init__(self, folder: Path, count: int, *, quota_bytes: int = 1 << 34) -> None:
        self.folder = folder
        self.names = [f"m{number:02}" for number in range(count)]
        self.away: set[str] = set()
        self.slow: set[str] = set()
        self.slow_s = 20.0
        """How long who is slow takes for an answer."""
        self.lies: dict[str, Callable[[str, bytes], bytes]] = {}
        self.released = threading.Event()
        self.lock = threading.Lock()
        self.bytes_told: dict[str, int] = {}
        self.entropy = SeededEntropy("circle")
        self._network = Network()
        self.quota_bytes = quota_bytes
        self.rings: dict[str, Ring] = {}
        for name in self.names:
            self.open(name)

    def open(self, name: str) -> Ring:
        """Open a member, again after a crash."""
        link = _Watched(self._network.join(name), self)
        self.rings[name] = Ring(link, Holding(self.folder / name, self.quota_bytes))
        self.rings[name].pauses_s = ()
        return self.rings[name]

    def draw(self) -> bytes:
        return self.entropy.draw("id", 16)

    def holding(self, name: str) -> Holding:
        return self.rings[name].own


@contextmanager
def released(circle: Circle) -> Iterator[None]:
    """Let slow members answer at the end, so that no thread is left."""
    try:
        yield
    finally:
        circle.released.set()
