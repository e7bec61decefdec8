"""Limits that a chain sets for itself: in genesis, and later by its members' vote.

Laws: a limit only tightens what docs/spec/codec.md allows, so no program must be able to read more
than that; a limit that is not set is the spec's. State: `limits/`name -> its value; a change counts
from the next height on. A program that does not know a limit cannot follow the chain, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.base.codec import encode, read_admitted, refuse
from tallystick.chain import schema
from tallystick.chain.state import Read

__all__ = [
    "LIMITS",
    "VOTE_PPM",
    "Limit",
    "check_limit",
    "count_needed",
    "hold_limits",
    "limit_key",
    "read_limit",
]

VOTE_PPM: Final = "vote_ppm"
_PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """What a limit may be set to.

    Attributes:
        least: the smallest value.
        most: the greatest.
        unset: what holds where it is not set.
    """

    least: int
    most: int
    unset: int


LIMITS: Final[Mapping[str, Limit]] = {
    # A block must hold the greatest transaction beside its own header.
    "block_bytes": Limit(300_000, schema.BLOCK_BYTES_MAX, schema.BLOCK_BYTES_MAX),
    "block_transactions": Limit(1, schema.BLOCK_TRANSACTIONS_MAX, schema.BLOCK_TRANSACTIONS_MAX),
    # 0: members do not vote; the operator admits members, and each rotates its own keys.
    VOTE_PPM: Limit(500_000, _PPM - 1, 0),
}


def limit_key(name: str) -> bytes:
    """Return the state key of a limit."""
    return b"limits/" + name.encode()


def check_limit(name: str, value: int) -> None:
    """Refuse a limit that no program knows, or a value that it may not have."""
    known = LIMITS.get(name)
    if known is None or not known.least <= value <= known.most:
        raise refuse("limits")


def read_limit(read: Read, name: str) -> int:
    """Return a limit in force: what the state holds, or the spec's."""
    held = read(limit_key(name))
    if held is None:
        return LIMITS[name].unset
    found: int = read_admitted(held)
    return found


def hold_limits(limits: Mapping[str, int]) -> dict[bytes, bytes]:
    """Return the state's pairs of genesis's limits; Invalid if one is unknown or out of range."""
    for name, value in limits.items():
        check_limit(name, value)
    return {limit_key(name): encode(value) for name, value in limits.items()}


def count_needed(vote_ppm: int, voices: int) -> int:
    """Return how many of `voices` members must say yes: more than `vote_ppm` of them.

    >>> [count_needed(666_667, n) for n in (1, 3, 4, 6, 12, 256)]
    [1, 3, 3, 5, 9, 171]
    """
    return voices * vote_ppm // _PPM + 1
