"""Which codes there are: how many shards, how many may be lost, how finely they are cut.

A profile's letters are the formula's own: `k` data shards, `r` parity shards, `s` data shards that
share one shift, `alpha` sub-chunks in a shard. Sub-chunks are numbered by the vectors of Z_r^m,
m = ceil(k / s) - 1, first digit most significant, so alpha = r^m. Shard j shifts by the zero
vector if j < s, else by the unit vector of digit j // s.

Laws: pure. A sub-chunk is an odd multiple of 64 bytes: a vector register wide, and neighbours
never start in the same set of a processor's cache.
Source: docs/spec/zigzag.md, "Definition" and "Profiles".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Invalid

__all__ = ["DEFAULT_PROFILE", "LINE_BYTES", "PROFILES", "Profile", "find_profile"]

LINE_BYTES: Final = 64
_RS_DATA_MAX: Final = 20
_RS_PARITY_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Profile:
    """One code.

    Attributes:
        name: such as `zz-4+2`; what a manifest states.
        k: data shards.
        r: parity shards, and the number of shards that may be lost.
        s: data shards that share one shift.
    """

    name: str
    k: int
    r: int
    s: int

    @property
    def n(self) -> int:
        """All shards: data 0 to k - 1, parity k to n - 1."""
        return self.k + self.r

    @property
    def alpha(self) -> int:
        """Sub-chunks of a shard."""
        return int(self.r**self._digits)

    @property
    def _digits(self) -> int:
        return -(-self.k // self.s) - 1

    def digit(self, x: int, place: int) -> int:
        """Return digit `place` of sub-chunk `x`, 1 being the most significant."""
        return x // int(self.r ** (self._digits - place)) % self.r

    def shift(self, x: int, shard: int, times: int) -> int:
        """Return x + times * v_shard: the sub-chunk that many steps along the shard's shift."""
        place = shard // self.s
        if place == 0:
            return x
        digit = self.digit(x, place)
        weight = int(self.r ** (self._digits - place))
        return x + ((digit + times) % self.r - digit) * weight

    def sub_chunk_bytes(self, length: int) -> int:
        """Return the least sub-chunk that `length` bytes of data fit in, an odd multiple of 64."""
        lines = -(-length // (self.k * self.alpha * LINE_BYTES))
        return (lines | 1) * LINE_BYTES

    def full_sub_chunk_bytes(self, length: int) -> int:
        """Return the greatest sub-chunk that `length` bytes of data fill, an odd multiple of 64."""
        lines = length // (self.k * self.alpha * LINE_BYTES)
        return (lines - 1 | 1) * LINE_BYTES


PROFILES: Final = {
    each.name: each
    for each in (Profile("zz-4+2", 4, 2, 1), Profile("zz-8+2", 8, 2, 2), Profile("zz-6+3", 6, 3, 2))
}
"""The Zigzag codes by name; Reed-Solomon codes are made by `find_profile`."""

DEFAULT_PROFILE: Final = PROFILES["zz-4+2"]

_RS: Final = re.compile(r"rs-([1-9]\d?)\+([1-9])")


def find_profile(name: str) -> Profile:
    """Return the profile of a name: one of `PROFILES`, or `rs-k+r` with k <= 20 and r <= 4.

    Raises:
        Invalid: `zigzag.profile` for any other name.
    """
    if name in PROFILES:
        return PROFILES[name]
    found = _RS.fullmatch(name)
    k, r = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= k <= _RS_DATA_MAX and 1 <= r <= _RS_PARITY_MAX):
        raise Invalid(
            "zigzag.profile",
            f"no erasure code is called {name[:40]!r}; there are {', '.join(PROFILES)}"
            f" and rs-k+r with k to {_RS_DATA_MAX} and r to {_RS_PARITY_MAX}",
            cure="Name one of these.",
        )
    return Profile(name, k, r, k)
