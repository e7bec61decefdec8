"""Time and randomness as arguments: the only door to the clock and the entropy of the machine.

A simulation passes a `ManualClock` and a `SeededEntropy` and gets the same bytes again; a service
passes the system's.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from typing import Protocol

from tallystick.base.codec import encode

__all__ = [
    "DAY_MS",
    "Clock",
    "Entropy",
    "ManualClock",
    "SeededEntropy",
    "ShiftedClock",
    "SystemClock",
    "SystemEntropy",
]

DAY_MS = 86_400_000


class Clock(Protocol):
    """Tells the time."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""


class Entropy(Protocol):
    """Draws random bytes for a named purpose."""

    def draw(self, label: str, size: int) -> bytes:
        """Return `size` bytes; `label` is the purpose (id, nonce, salt, key, seal)."""


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that moves only when told: for simulation and tests."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        return self._now_ms

    def advance(self, by_ms: int) -> None:
        """Move on by `by_ms` milliseconds, which may be negative: clocks do go backwards."""
        self._now_ms += by_ms


class ShiftedClock:
    """A clock that runs on from a later time: a simulated county is served after its last day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms = 0

    def now_ms(self) -> int:
        """Return the other clock's time, and what it was moved ahead."""
        return self._clock.now_ms() + self._ahead_ms

    def reach(self, time_ms: int) -> None:
        """Move ahead so that it is not before `time_ms` now."""
        self._ahead_ms += max(0, time_ms - self.now_ms())


class SystemEntropy:
    """The machine's cryptographic randomness."""

    def draw(self, label: str, size: int) -> bytes:
        """Return `size` fresh bytes; the label has no effect."""
        del label
        return secrets.token_bytes(size)


class SeededEntropy:
    """Bytes that follow from a seed: SHAKE256 over [seed, label, counter], counter from 0 a label.

    A chain made with it is a demonstration: whoever knows the seed knows its keys.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counters: dict[str, int] = {}
        self._lock = threading.Lock()

    def draw(self, label: str, size: int) -> bytes:
        """Return the next `size` bytes of `label`."""
        with self._lock:
            counter = self._counters.get(label, 0)
            self._counters[label] = counter + 1
        return hashlib.shake_256(encode([self._seed, label, counter])).digest(size)
