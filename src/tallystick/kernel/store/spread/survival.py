"""What is still readable after the loss of some members, counted exactly.

An object lies on `width` of n members and comes back while `needed` of these are left; all sets of
f lost members are equally likely. Laws: pure; shares are fractions.
Source: the hypergeometric distribution; docs/spec/spread.md, "How much may be lost".
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

__all__ = ["count_share"]


def count_share(members: int, width: int, needed: int, lost: int) -> Fraction:
    """Return the share of objects readable after the loss of so many members at once.

    Of the C(n, f) sets of lost members, those count that hit at most `width - needed` of an
    object's holders.

    Args:
        members: n.
        width: how many of them hold a part of an object, at most n.
        needed: how many of these give it back, 1 at least.
        lost: f, at most n.
    """
    hits = range(min(width - needed, lost) + 1)
    good = sum(comb(width, hit) * comb(members - width, lost - hit) for hit in hits)
    return Fraction(good, comb(members, lost))
