"""The state: a flat map of byte strings, committed by an incremental hash.

Rules read the state, the header and genesis, nothing else. The commitment is LtHash16: the lanes
of a map are the sum of its pairs' lanes, so a block costs what it changes, and a snapshot is
checkable.
Source: Bellare and Micciancio 1997, a new paradigm for collision-free hashing; Lewi et al. 2019,
securing update propagation with homomorphic hashing (LtHash).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np

from tallystick import _native
from tallystick.base.codec import item_head
from tallystick.chain.digest import domain, sha256
from tallystick.chain.merkle import root_of

__all__ = [
    "EMPTY_LANES",
    "LANES_SIZE",
    "Changes",
    "Expect",
    "Overlay",
    "Read",
    "add_encoded",
    "commit_changes",
    "encode_pair",
    "lanes_of",
    "state_root",
]

LANES_SIZE: Final = 2_048
_BATCH: Final = 1_024
_PLAIN_BATCH: Final = 64
EMPTY_LANES: Final = bytes(LANES_SIZE)
_USE: Final = domain("lthash")

Read: TypeAlias = Callable[[bytes], bytes | None]
"""Returns a key's value, or None where the state does not hold the key."""
Expect: TypeAlias = Callable[[Iterable[bytes]], object]
"""Told which keys will be read next, where many at once cost less."""

Lanes: TypeAlias = np.ndarray[Any, np.dtype[np.uint16]]
"""1,024 words of 16 bits."""

Changes: TypeAlias = Mapping[bytes, bytes | None]
"""New values by key; None deletes."""


class Overlay:
    """A state being changed: reads fall through to what stood before."""

    __slots__ = ("_below", "changed")

    def __init__(self, below: Read) -> None:
        self._below = below
        self.changed: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return the key's value now, None if the state does not hold it."""
        if key in self.changed:
            return self.changed[key]
        return self._below(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Set the key's value."""
        self.changed[key] = value

    def delete(self, key: bytes) -> None:
        """Take the key out."""
        self.changed[key] = None

    def net(self) -> dict[bytes, bytes | None]:
        """Return what differs from before, keys ascending bytewise."""
        return {
            key: self.changed[key]
            for key in sorted(self.changed)
            if self.changed[key] != self._below(key)
        }


def encode_pair(key: bytes, value: bytes | None) -> bytes:
    """Return m([key, value]), m([key]) if the value is None; written here as each pair needs it."""
    item = item_head(2, len(key)) + key
    return b"\x81" + item if value is None else b"\x82" + item + item_head(2, len(value)) + value


def _sum(pairs: Iterable[bytes]) -> Lanes:
    """Return the lane-by-lane sum of encoded pairs."""
    if not _native.is_lanes_built():
        return _sum_plain(pairs)
    total = np.zeros(LANES_SIZE // 2, dtype="<u2")
    left = iter(pairs)
    while batch := tuple(itertools.islice(left, _BATCH)):
        total += np.frombuffer(_native.lanes.sum_pairs(_USE, batch), dtype="<u2")
    return total


def _sum_plain(pairs: Iterable[bytes]) -> Lanes:
    """Return the same where nothing was compiled, many at a time."""
    total = np.zeros(LANES_SIZE // 2, dtype="<u2")
    digests = (hashlib.shake_128(_USE + pair).digest(LANES_SIZE) for pair in pairs)
    while batch := b"".join(itertools.islice(digests, _PLAIN_BATCH)):
        rows = np.frombuffer(batch, dtype="<u2").reshape(-1, LANES_SIZE // 2)
        total += rows.sum(axis=0, dtype="<u2")
    return total


def commit_changes(lanes: bytes, before: Read, changes: Changes) -> tuple[bytes, bytes]:
    """Return the lanes (2,048 bytes) after `changes` to a state read by `before`, and their root.

    The root is over the changed keys, ascending: m([key, value]), or m([key]) if deleted.
    """
    keys = sorted(changes)
    pairs = [encode_pair(key, changes[key]) for key in keys]
    olds = ((key, before(key)) for key in keys)
    total = np.frombuffer(lanes, dtype="<u2").copy()
    total += _sum(p for p, key in zip(pairs, keys, strict=True) if changes[key] is not None)
    total -= _sum(encode_pair(key, value) for key, value in olds if value is not None)
    return total.tobytes(), root_of(pairs)


def lanes_of(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the lanes of a whole map."""
    return add_encoded(EMPTY_LANES, itertools.starmap(encode_pair, pairs))


def add_encoded(lanes: bytes, pairs: Iterable[bytes]) -> bytes:
    """Return lanes after more pairs, each as `encode_pair` writes it."""
    return (np.frombuffer(lanes, dtype="<u2") + _sum(pairs)).tobytes()


def state_root(writes: bytes, lanes: bytes) -> bytes:
    """Return H(D("state", writes_root, H(lanes)))."""
    return sha256(domain("state", writes, sha256(lanes)))
