"""A link within one process, as good or as bad as a test asks for.

Faults are drawn from an `Entropy`, so a seed repeats them: a message is lost (before the handler or
after it), duplicated, delayed until after later ones, or torn; members can be cut off.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import Entropy
from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.link.base import Answer, Handler, Handlers, answer, bounded

__all__ = ["Faults", "MemoryLink", "Network"]

PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong, each in parts per million of calls."""

    lost_ppm: int = 0
    duplicated_ppm: int = 0
    delayed_ppm: int = 0
    torn_ppm: int = 0


class Network:
    """The members of one process, and what happens between them.

    Args:
        faults: what goes wrong.
        entropy: where faults are drawn from, label `link`; needed if there are any.
    """

    def __init__(self, faults: Faults | None = None, entropy: Entropy | None = None) -> None:
        self.faults = faults or Faults()
        self._entropy = entropy
        assert entropy is not None or self.faults == Faults()
        self._tables: dict[str, dict[str, Handler]] = {}
        self._groups: list[frozenset[str]] = []
        self._late: list[tuple[str, str, str, bytes]] = []
        self._lock = threading.Lock()

    def join(self, member: str) -> MemoryLink:
        """Return the end of `member`, which answers nothing until it serves."""
        with self._lock:
            self._tables.setdefault(member, {})
        return MemoryLink(self, member)

    def leave(self, member: str) -> None:
        """Take a member off: it crashed or closed."""
        with self._lock:
            self._tables.pop(member, None)

    def partition(self, *groups: Iterable[str]) -> None:
        """Let members speak within their group only; no groups heals the network."""
        with self._lock:
            self._groups = [frozenset(group) for group in groups]

    def members(self) -> list[str]:
        """Return all names, ascending."""
        with self._lock:
            return sorted(self._tables)

    def register(self, member: str, handlers: Handlers) -> None:
        """Add methods to a member's table."""
        with self._lock:
            self._tables.setdefault(member, {}).update(handlers)

    def deliver_late(self) -> int:
        """Deliver every delayed message now, its answer unheard; return how many there were."""
        with self._lock:
            late, self._late = self._late, []
        for sender, to, method, payload in late:
            try:
                self._run(sender, to, method, payload)
            except Error:
                # Whoever asked has gone; there is nobody to tell.
                continue
        return len(late)

    def carry(self, sender: str, to: str, method: str, payload: bytes) -> bytes:
        """Carry one call, with whatever goes wrong on the way."""
        bounded(payload)
        if self._draws(self.faults.delayed_ppm):
            with self._lock:
                self._late.append((sender, to, method, payload))
            raise _lost(to, "no answer in time")
        if self._draws(self.faults.lost_ppm):
            raise _lost(to, "the request was lost")
        if self._draws(self.faults.torn_ppm):
            payload = self._tear(payload)
        if self._draws(self.faults.duplicated_ppm):
            self._run(sender, to, method, payload)
        found = self._run(sender, to, method, payload)
        if self._draws(self.faults.lost_ppm):
            raise _lost(to, "the answer was lost")
        found = self._tear(found) if self._draws(self.faults.torn_ppm) else found
        if self._late and self._draws(PPM // 2):
            self.deliver_late()
        return found

    def _run(self, sender: str, to: str, method: str, payload: bytes) -> bytes:
        with self._lock:
            table = self._tables.get(to)
            apart = self._groups and not any({sender, to} <= group for group in self._groups)
        if table is None or apart or sender not in self._tables:
            raise _lost(to, "cannot be reached")
        return answer(table, method, sender, payload)

    def _draws(self, ppm: int) -> bool:
        if not ppm or self._entropy is None:
            return False
        return int.from_bytes(self._entropy.draw("link", 8), "big") % PPM < ppm

    def _tear(self, data: bytes) -> bytes:
        assert self._entropy is not None
        place = int.from_bytes(self._entropy.draw("link", 8), "big")
        return data[: place % len(data)] if data else data


class MemoryLink:
    """One member's end of a `Network`."""

    def __init__(self, network: Network, member: str) -> None:
        self._network = network
        self._member = member

    @property
    def member(self) -> str:
        """The name under which this end asks."""
        return self._member

    def call(self, to: str, method: str, payload: bytes) -> bytes:
        """Ask `to` and return its answer."""
        return self._network.carry(self._member, to, method, payload)

    def ask(self, to: str, method: str, payload: bytes) -> Answer:
        """Ask `to`; nothing is signed within one process."""
        return Answer(self.call(to, method, payload))

    def serve(self, handlers: Handlers) -> None:
        """Add methods that this member answers."""
        self._network.register(self._member, handlers)

    def peers(self) -> list[str]:
        """Return the names of the other members, ascending."""
        return [name for name in self._network.members() if name != self._member]

    def close(self) -> None:
        """Stop answering."""
        self._network.leave(self._member)


def _lost(to: str, reason: str) -> Unavailable:
    return Unavailable("link.lost", f"{to}: {reason}", cure="Try again; asking twice is safe.")
