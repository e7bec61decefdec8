"""Exact samplers on integers: a seed and a label give the same value on every machine.

Laws: a value depends on the seed and its label alone, never on what was drawn before, so a new
question put to a county leaves all older answers as they were. No float takes part.
Limits: a share is met to one part in 2^64; normal values lie within six standard deviations.
Source: Irwin-Hall sum of twelve uniforms for the normal; Beta(2, 3) as an order statistic.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

__all__ = ["PPM", "Draws", "exponential_ppm"]

PPM: Final = 1_000_000
_UNIFORM_BYTES: Final = 16
_WORDS: Final = struct.Struct(">12I")
_FINE: Final = 10**18
_LN2_FINE: Final = 693_147_180_559_945_309
_TERMS: Final = 24

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draws:
    """Values by label under one seed of 32 bytes."""

    seed: bytes

    def under(self, label: str) -> Draws:
        """Return draws of their own for a part of the whole."""
        return Draws(self._bytes(f"under {label}", 32))

    def _bytes(self, label: str, size: int) -> bytes:
        return hashlib.shake_256(self.seed + label.encode()).digest(size)

    def below(self, label: str, count: int) -> int:
        """Return one of 0..count - 1, each as likely; `count` > 0."""
        assert count > 0, "there is something to choose from"
        return int.from_bytes(self._bytes(label, _UNIFORM_BYTES), "big") % count

    def between(self, label: str, low: int, high: int) -> int:
        """Return one of low..high, both included."""
        return low + self.below(label, high - low + 1)

    def happens(self, label: str, chance_ppm: int) -> bool:
        """Return whether an event of this chance in parts per million takes place."""
        return self.below(label, PPM) < chance_ppm

    def pick(self, label: str, items: Sequence[T]) -> T:
        """Return one of the items, each as likely."""
        return items[self.below(label, len(items))]

    def choose(self, label: str, shares: Sequence[tuple[T, int]]) -> T:
        """Return one item of (item, share) by its share of the sum; shares are >= 0."""
        point = self.below(label, sum(share for _, share in shares))
        for item, share in shares:
            point -= share
            if point < 0:
                return item
        raise AssertionError("a point below the sum lies within a share")

    def normal_ppm(self, label: str) -> int:
        """Return a standard normal value in millionths."""
        words: tuple[int, ...] = _WORDS.unpack(self._bytes(label, _WORDS.size))
        return (sum(words) * PPM >> 32) - 6 * PPM

    def normal(self, label: str, mean: int, deviation: int) -> int:
        """Return a normal value of this mean and standard deviation, in their unit."""
        return mean + deviation * self.normal_ppm(label) // PPM

    def lognormal(self, label: str, median: int, deviation_ppm: int) -> int:
        """Return a lognormal value: `median` times e to a normal of this deviation (ppm)."""
        return median * exponential_ppm(deviation_ppm * self.normal_ppm(label) // PPM) // PPM

    def beta_two_three_ppm(self, label: str) -> int:
        """Return a Beta(2, 3) value in ppm: the second smallest of four uniforms."""
        return sorted(self.below(f"{label} {at}", PPM) for at in range(4))[1]


def exponential_ppm(exponent_ppm: int) -> int:
    """Return e to the exponent in parts per million, both in ppm.

    >>> [exponential_ppm(x) for x in (0, 1_000_000, -693_147)]
    [1000000, 2718281, 500000]
    """
    doublings, rest = divmod(exponent_ppm * (_FINE // PPM), _LN2_FINE)
    term = total = _FINE
    for order in range(1, _TERMS):
        term = term * rest // (_FINE * order)
        total += term
    scaled = total << doublings if doublings >= 0 else total >> -doublings
    return scaled * PPM // _FINE
