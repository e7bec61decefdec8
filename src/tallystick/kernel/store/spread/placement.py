"""Which members hold an object's shards: by each object's own order, never two on one member.

Members are ordered by the hash of object and name, highest first (rendezvous hashing): shard i goes
to the i-th. So every object has an order of its own, load is even whatever the names, and a member
that joins or leaves moves the shards that are its own and no others' but by one place.
Source: docs/spec/spread.md, "Placement"; Thaler and Ravishankar, 1998.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from tallystick.base.errors import Unavailable

__all__ = ["choose_spare", "order_members", "place_shards"]


def order_members(identifier: bytes, members: Collection[str]) -> list[str]:
    """Return the members in an object's own order.

    >>> order_members(bytes(16), ["a", "b", "c"]), order_members(b"x" * 16, ["a", "b", "c"])
    (['b', 'c', 'a'], ['a', 'c', 'b'])
    """
    return sorted(set(members), key=lambda name: _weight(identifier, name), reverse=True)


def _weight(identifier: bytes, name: str) -> bytes:
    return hashlib.sha256(b"tally/place/1\x00" + identifier + name.encode()).digest()


def place_shards(identifier: bytes, members: Collection[str], count: int) -> tuple[str, ...]:
    """Return who holds each of an object's shards.

    Raises:
        Unavailable: `spread.members`, there are fewer members than shards.
    """
    found = order_members(identifier, members)
    if len(found) < count:
        raise Unavailable(
            "spread.members",
            f"{count} shards need as many members, {len(found)} can be reached",
            cure="Reach more members, or choose a code of fewer shards, such as rs-2+1.",
        )
    return tuple(found[:count])


def choose_spare(
    identifier: bytes, members: Collection[str], held: Mapping[int, Collection[str]]
) -> str:
    """Return the member that takes a lost shard: the first in order that holds none.

    Raises:
        Unavailable: `spread.members`, each holds one already.
    """
    taken = {name for names in held.values() for name in names}
    for name in order_members(identifier, members):
        if name not in taken:
            return name
    raise Unavailable(
        "spread.members",
        f"each of {len(set(members))} members that can be reached holds a shard already",
        cure="Reach more members, or let one join: two shards on one member are lost together.",
    )
