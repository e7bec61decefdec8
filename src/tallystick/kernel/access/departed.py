"""Who was a member and is one no more, by this member's own copy of the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from tallystick.base.errors import Error
from tallystick.chain.block import Tip
from tallystick.chain.member import Key, Members

__all__ = ["Departed", "Lists", "list_departed"]


class Lists(Protocol):
    """The lists of members of a chain, as far as they are asked here (a `Replica`)."""

    @property
    def tip(self) -> Tip:
        """Where it stands."""

    def members(self, height: int) -> Members:
        """Return the list in force at a height."""

    def handovers(self) -> list[int]:
        """Return the heights whose headers name another list than those before, ascending."""


@dataclass(frozen=True, slots=True)
class Departed:
    """A member that left.

    Attributes:
        member: its name.
        height: from which on no list names it.
        keys: its link keys that were in force at its last height.
    """

    member: str
    height: int
    keys: tuple[Key, ...]


def list_departed(lists: Lists) -> list[Departed]:
    """Return who was listed once and is not by the list in force, by name.

    Lists before the height from which this member's copy was taken over are not known.
    """
    tip = lists.tip
    found: dict[str, Departed] = {}
    known = [*_known(lists), (tip.height + 1, tip.members)]
    for (_, before), (height, after) in pairwise(known):
        for name in before.by_name.keys() - after.by_name.keys():
            keys = tuple(before.keys(name, "link", height - 1))
            found[name] = Departed(name, height, keys)
    return [found[name] for name in sorted(found.keys() - tip.members.by_name.keys())]


def _known(lists: Lists) -> Iterator[tuple[int, Members]]:
    """Yield each list with the first height that it was in force at."""
    for height in (1, *(each + 1 for each in lists.handovers())):
        try:
            yield height, lists.members(height)
        except Error:
            # A copy that was taken over holds no headers before: who left then is not told of.
            continue
