"""The code in NumPy: the specification that every faster form is compared with.

Laws: `encode` is the definition word for word; `run` carries out any plan, and serves where the
loops in C were not built.
Source: docs/spec/zigzag.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tallystick.kernel.store.zigzag.field import multiply, power
from tallystick.kernel.store.zigzag.plan import Plan, Terms
from tallystick.kernel.store.zigzag.profile import Profile

__all__ = ["Bytes", "encode", "run"]

Bytes: TypeAlias = NDArray[np.uint8]


@cache
def _products() -> Bytes:
    """Return every product of two bytes, of shape (256, 256)."""
    return np.array([[multiply(a, b) for b in range(256)] for a in range(256)], dtype=np.uint8)


def encode(profile: Profile, data: Bytes) -> Bytes:
    """Return the parity shards.

    Args:
        profile: the code.
        data: shape (k, alpha, bytes of a sub-chunk).

    Returns:
        Shape (r, alpha, bytes of a sub-chunk).
    """
    parity = np.zeros((profile.r, *data.shape[1:]), dtype=np.uint8)
    for place in range(profile.r):
        for x in range(profile.alpha):
            for j in range(profile.k):
                row = data[j, profile.shift(x, j, place)]
                parity[place, x] ^= _products()[power(place * j)][row]
    return parity


def run(plan: Plan, rows: Sequence[Bytes]) -> list[Bytes]:
    """Return the rows that a plan writes, given all that it reads, in its order."""
    known = list(rows)
    for terms in plan.middle:
        known.append(_sum(terms, known))
    return [_sum(terms, known) for terms in plan.sums]


def _sum(terms: Terms, rows: Sequence[Bytes]) -> Bytes:
    total = np.zeros_like(rows[0])
    for place, by in terms:
        total ^= rows[place] if by == 1 else _products()[by][rows[place]]
    return total
