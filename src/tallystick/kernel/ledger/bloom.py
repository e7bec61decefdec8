"""Which eight-byte heads of hashes are surely not in a growing set, without looking for them.

Laws: what was entered is never said to be absent. The set comes in parts, by the heads' first byte:
a part that was not entered yet is nowhere absent, and one is entered whole, in place of what was
known of it. At 12 bits a head or more, one of a hundred absent ones is not said to be.
Source: Bloom, "Space/Time Trade-offs in Hash Coding with Allowable Errors" (1970); Kirsch and
Mitzenmacher, "Less Hashing, Same Performance" (2008).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tallystick.kernel.ledger.index import Shorts

__all__ = ["PARTS", "BloomFilter"]

PARTS: Final = 256
HASHES: Final = 4
WIDTH: Final = 1_024
"""Bits of a part at first; a power of two, as each width after it."""
WIDTH_MAX: Final = 1 << 21
"""64 MiB for all parts, enough for 44 million heads; beyond, more absent ones are looked for."""
BITS_LEAST: Final = 12
TURNS: Final = 1_024
"""Once there is more room, a part is entered anew whenever the set has grown by one in so many."""
_HALF: Final = np.uint64(28)
_MASK: Final = np.uint64((1 << 28) - 1)
_BYTE: Final = np.uint64(3)
_LOW: Final = np.uint64(7)
_TOP: Final = np.uint64(56)
_TIMES: Final = np.arange(HASHES, dtype=np.uint64)[:, np.newaxis]

_Words = npt.NDArray[np.uint64]


class BloomFilter:
    """A filter over heads of hashes as signed integers; nothing is entered at first."""

    __slots__ = ("_bits", "_counts", "_is_dense", "_is_entered", "_since", "_width")

    def __init__(self) -> None:
        self._width = WIDTH
        self._bits = np.zeros(PARTS * WIDTH // 8, np.uint8)
        self._counts = np.zeros(PARTS, np.int64)
        self._is_entered = np.zeros(PARTS, np.bool_)
        self._is_dense = np.ones(PARTS, np.bool_)
        """Whether a part was not entered since there is room for it."""
        self._since = 0

    def may_hold(self, shorts: Shorts) -> npt.NDArray[np.bool_]:
        """Tell of each whether the set may hold it; shape (n,). False is certain."""
        parts, places = self._places(shorts)
        return self._are_set(places) | ~self._is_entered[parts]

    def add(self, shorts: Shorts) -> None:
        """Enter more of the set, shape (n,), and take more room where it becomes too dense."""
        parts, places = self._places(shorts)
        new = self._is_entered[parts] & ~self._are_set(places)
        bits = np.left_shift(np.uint64(1), places[:, new] & _LOW).astype(np.uint8)
        np.bitwise_or.at(self._bits, (places[:, new] >> _BYTE).ravel(), bits.ravel())
        self._counts += np.bincount(parts[new], minlength=PARTS)
        self._since += int(new.sum())
        while self._counts.sum() * BITS_LEAST > PARTS * self._width and self._width < WIDTH_MAX:
            # A place is a remainder by the width: by twice the width it is one of two.
            self._bits = np.tile(self._bits.reshape(PARTS, -1), 2).ravel()
            self._width *= 2
            self._is_dense[:] = True
            self._since = 0

    def wanted(self) -> int | None:
        """Return the part that is to be entered now; None if none is."""
        missing = np.flatnonzero(~self._is_entered)
        if len(missing):
            return int(missing[0])
        dense = np.flatnonzero(self._is_dense)
        is_due = len(dense) and self._since * TURNS >= self._counts.sum()
        return int(dense[0]) if is_due else None

    def enter(self, part: int, shorts: Shorts) -> None:
        """Enter all heads of a part, of all that the set holds; shape (n,)."""
        size = self._width // 8
        self._bits[part * size : (part + 1) * size] = 0
        self._counts[part] = 0
        self._is_entered[part], self._is_dense[part] = True, False
        since = self._since - self._counts.sum() // TURNS
        self.add(shorts)
        self._since = since

    def _are_set(self, places: _Words) -> npt.NDArray[np.bool_]:
        bits = self._bits[places >> _BYTE] >> (places & _LOW).astype(np.uint8)
        found: npt.NDArray[np.bool_] = (bits & 1).all(axis=0)
        return found

    def _places(self, shorts: Shorts) -> tuple[npt.NDArray[np.int64], _Words]:
        """Return parts, shape (n,), and places of bits, shape (HASHES, n)."""
        words = shorts.view(np.uint64)
        parts = (words >> _TOP) ^ np.uint64(PARTS // 2)
        steps = (words >> _HALF & _MASK) | np.uint64(1)
        within = ((words & _MASK) + _TIMES * steps) & np.uint64(self._width - 1)
        return parts.astype(np.int64), parts * np.uint64(self._width) + within
