"""The state's pairs in memory: bounded, and never older than what is durable.

Two generations: a pair that is read moves to the young one; when that is full it becomes the old
one, and the old one is forgotten. So a read of anything used lately is a dict lookup.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from tallystick.chain.state import Changes, Read

__all__ = ["StateCache"]

_UNREAD: Final = b"unread"
"""Told apart by identity: a value of these bytes is another object."""
PAIRS_MAX: Final = 200_000


class StateCache:
    """Reads through to `below`, and writes through by `put`.

    Args:
        below: reads a pair from the file.
        many: reads those of many pairs that the file holds.
        pairs_max: how many pairs one generation holds; there are two.
    """

    def __init__(
        self,
        below: Read,
        many: Callable[[Sequence[bytes]], Mapping[bytes, bytes]],
        *,
        pairs_max: int = PAIRS_MAX,
    ) -> None:
        self._below = below
        self._many = many
        self._half = pairs_max
        self._young: dict[bytes, bytes | None] = {}
        self._old: Mapping[bytes, bytes | None] = {}
        self._lock = threading.Lock()
        self._changes = 0
        """So often the file was written. What was read of it before must not be put here after."""

    def read(self, key: bytes) -> bytes | None:
        """Return the key's value, None if the state does not hold it."""
        found = self._young.get(key, _UNREAD)
        if found is not _UNREAD:
            return found
        with self._lock:
            changes, value = self._changes, self._find(key)
            if value is not _UNREAD:
                self._keep(key, value)
                return value
        # Not under the lock: whoever takes over what a block wrote waits for no reader of the file.
        value = self._below(key)
        with self._lock:
            if changes == self._changes:
                self._keep(key, value)
            return value

    def forget(self) -> None:
        """Hold nothing, as the file is another one now."""
        with self._lock:
            self._changes += 1
            self._young, self._old = {}, {}

    def expect(self, keys: Iterable[bytes]) -> None:
        """Read the pairs that will be asked for at once: a query each costs three times as much."""
        with self._lock:
            changes, young, old = self._changes, self._young, self._old
            unread = [key for key in dict.fromkeys(keys) if key not in young and key not in old]
        found = self._many(unread)
        with self._lock:
            if changes == self._changes:
                for key in unread:
                    self._keep(key, found.get(key))

    def put(self, changes: Changes) -> None:
        """Take over what a block changed, once it is durable."""
        with self._lock:
            self._changes += 1
            for key, value in changes.items():
                self._keep(key, value)

    def _find(self, key: bytes) -> bytes | None:
        found = self._young.get(key, _UNREAD)
        return self._old.get(key, _UNREAD) if found is _UNREAD else found

    def _keep(self, key: bytes, value: bytes | None) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = value
