"""Exact forms of what a history is drawn with: a logistic chance, Beta(2, 5) and byte streams.

Laws: integers alone; a stream depends on its draws and label, as every value of `county.draws`.
Limits: a chance is met to one part in a million, a monthly event to one part in 65,536; the
monthly noise is a sum of four uniform bytes, so it lies within 3.5 standard deviations.
Source: order statistics of uniforms for Beta(2, 5); Irwin-Hall for the noise.
"""

from __future__ import annotations

import hashlib
from typing import Final

from tallystick.county.draws import PPM, Draws, exponential_ppm

__all__ = ["NOISE_BYTES", "WORD", "beta_two_five_ppm", "expand", "logistic_ppm", "noise_table"]

WORD: Final = 65_536
"""Values of two bytes of a stream."""
NOISE_BYTES: Final = 4
"""Bytes of a stream that one noise is the sum of."""
_LOGIT_MOST: Final = 12 * PPM
_NOISE_MOST: Final = NOISE_BYTES * 255
_NOISE_SPREAD_PPM: Final = 147_801_000  # standard deviation of the sum, in millionths of a byte


def logistic_ppm(logit_ppm: int) -> int:
    """Return the probability of a logit, both in ppm.

    >>> [logistic_ppm(x) for x in (0, 3_000_000, -3_000_000)]
    [500000, 952574, 47425]
    """
    bounded = min(_LOGIT_MOST, max(-_LOGIT_MOST, logit_ppm))
    return PPM * PPM // (PPM + exponential_ppm(-bounded))


def beta_two_five_ppm(draws: Draws, label: str) -> int:
    """Return a Beta(2, 5) value in ppm: the second smallest of six uniforms."""
    return sorted(draws.below(f"{label} {at}", PPM) for at in range(6))[1]


def expand(draws: Draws, label: str, size: int) -> bytes:
    """Return `size` uniform bytes of a label, for what is drawn by the month."""
    return hashlib.shake_256(draws.under(label).seed).digest(size)


def noise_table(spread_ppm: int) -> tuple[int, ...]:
    """Return e to a near normal of mean 0 and this deviation, in ppm, by the sum of four bytes."""
    return tuple(
        exponential_ppm((2 * total - _NOISE_MOST) * spread_ppm * PPM // (2 * _NOISE_SPREAD_PPM))
        for total in range(_NOISE_MOST + 1)
    )
