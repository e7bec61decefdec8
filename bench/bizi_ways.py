"""Four ways of keeping an object among members, and what survives the loss of some of them.

Definitions. A way keeps an object on `width` of n members, chosen by the product's own placement,
and gives it back while `needed` of these are left:

| way | width | needed |
|---|---|---|
| `ledger`: every member keeps the whole chain, the object's bytes in its records | n | 1 |
| `ipfs`: r + 1 members pin the file's blocks | r + 1 | 1 |
| `zigzag`: the file's bytes as k + r shards of an erasure code | k + r | k |
| `together`: the file named as IPFS names it, its archive as such shards, their manifest's CID in
  a record that every member keeps | k + r | k |

Of `together` the record alone, which proves what was put, survives as `ledger` does.

- *Fault tolerance* is the share of objects still readable, byte for byte, after f of n members lost
  their disks at once, all sets of f equally likely. `sure` is the largest f at which it is 1.
- *Storage* is the bytes that all members hold more for an object's being put (content, manifests,
  hashes, heads, rows of databases), for each byte of the object. Ways are compared at equal fault
  tolerance: the same `sure`. *Saving* is 1 - storage / storage of another way, which is named.
- *Scalability* stands in `bizi_scale.py`.

Laws: exact counts are fractions; a sample is drawn from a seed and told with an interval.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tallystick.kernel.store.spread import survival
from tallystick.kernel.store.spread.placement import order_members
from tallystick.kernel.store.zigzag.profile import find_profile

__all__ = ["WAYS", "Sample", "Way", "count_share", "draw_name", "make_way", "sample_share"]

WAYS: Final = ("ledger", "ipfs", "zigzag", "together")
_Z: Final = 3.9
"""Standard deviations of an interval: of a hundred of them together, one in a hundred errs."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of keeping, among so many members.

    Attributes:
        name: one of `WAYS`.
        members: n.
        width: how many of them hold something of an object's bytes.
        needed: how many of these give it back.
    """

    name: str
    members: int
    width: int
    needed: int

    @property
    def sure(self) -> int:
        """So many members may be lost, whichever they are."""
        return self.width - self.needed

    @property
    def mended(self) -> int:
        """So many may be lost one after another, if shards are made anew before the next."""
        return self.sure if self.name == "ipfs" else self.members - self.needed

    def holders(self, names: Sequence[str], identifier: bytes) -> list[str]:
        """Return who holds an object's bytes, by the product's placement."""
        return order_members(identifier, names)[: self.width]


def make_way(name: str, members: int, code: str) -> Way | None:
    """Return a way among n members, that tolerates as many losses as a code; None if n is too few.

    Args:
        name: one of `WAYS`.
        members: n.
        code: the erasure code, such as `zz-4+2`; `ipfs` makes its r + 1 copies.
    """
    profile = find_profile(code)
    width, needed = {
        "ledger": (members, 1),
        "ipfs": (profile.r + 1, 1),
        "zigzag": (profile.n, profile.k),
        "together": (profile.n, profile.k),
    }[name]
    return Way(name, members, width, needed) if width <= members else None


def count_share(way: Way, lost: int) -> Fraction:
    """Return the share of objects readable after the loss of so many members, exactly."""
    return survival.count_share(way.members, way.width, way.needed, lost)


@dataclass(frozen=True, slots=True)
class Sample:
    """A share that was drawn: of `drawn` objects `good` were readable; between `low` and `high`."""

    good: int
    drawn: int

    @property
    def share(self) -> float:
        """The share itself."""
        return self.good / self.drawn

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval."""
        n, p, z = self.drawn, self.share, _Z
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return middle - half, middle + half


def sample_share(way: Way, lost: int, drawn: int, seed: int) -> Sample:
    """Return how many objects of a seed are readable, each after a loss drawn for itself alone."""
    names = [draw_name(number) for number in range(way.members)]
    draw = random.Random(f"{way.name} {lost} {seed}")  # noqa: S311 - a simulation's
    good = 0
    for number in range(drawn):
        gone = set(draw.sample(names, lost))
        holders = way.holders(names, _identify(seed, number))
        good += sum(name not in gone for name in holders) >= way.needed
    return Sample(good, drawn)


def _identify(seed: int, number: int) -> bytes:
    return hashlib.sha256(f"{seed} {number}".encode()).digest()[:16]


def draw_name(number: int) -> str:
    """Return a member's name."""
    return f"m{number:02}"
