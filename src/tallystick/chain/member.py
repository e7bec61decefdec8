"""The list of members in force: who may sign what, from which height to which.

A list is canonical bytes named by its CID in each header. Members ascend by name, keys by number;
a public key occurs once on a chain, a key number is never reused.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, Value, cid_of, refuse
from tallystick.base.keys import is_point
from tallystick.chain import schema

__all__ = ["Key", "Member", "Members", "quorum"]

_SIZES: Final = {1: 32, 2: 32, 3: 1_216}
_ALGS: Final = {"tx": {1}, "note": {1}, "link": {1}, "bft": {1}, "seal": {2, 3}}


def quorum(count: int) -> int:
    """Return how many distinct members speak for `count` of them: floor(2n/3) + 1.

    >>> [quorum(n) for n in (1, 4, 7, 8, 12)]
    [1, 3, 5, 6, 9]
    """
    return 2 * count // 3 + 1


@dataclass(frozen=True, slots=True)
class Key:
    """One public key of a member; valid at heights start <= h < end."""

    number: int
    use: str
    alg: int
    pub: bytes
    start: int
    end: int | None = None

    def is_valid(self, height: int) -> bool:
        """Tell whether the key may be used at `height`."""
        return self.start <= height and (self.end is None or height < self.end)

    def tree(self) -> dict[str, Any]:
        """Return the key as the codec's tree."""
        found: dict[str, Any] = {
            "key": self.number,
            "use": self.use,
            "alg": self.alg,
            "pub": self.pub,
            "from": self.start,
        }
        return found if self.end is None else {**found, "to": self.end}

    @classmethod
    def of(cls, tree: dict[str, Any]) -> Key:
        """Return the key of a checked tree."""
        return cls(tree["key"], tree["use"], tree["alg"], tree["pub"], tree["from"], tree.get("to"))

    def check(self) -> None:
        """Refuse a key whose algorithm, length or point does not fit its use."""
        if self.alg not in _ALGS[self.use]:
            raise refuse("alg")
        if len(self.pub) != _SIZES[self.alg]:
            raise refuse("pub size")
        if self.alg == 1 and not is_point(self.pub):
            raise refuse("pub point")
        if self.end is not None and self.end <= self.start:
            raise refuse("key span")


@dataclass(frozen=True, slots=True)
class Member:
    """An institution: its name, role and keys."""

    name: str
    role: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """A list of members in force, its bytes and CID.

    Attributes:
        data: its bytes.
        cid: their name.
        by_name: the members.
        by_number: their keys by member, number and use: each transaction asks for one.
    """

    data: bytes
    cid: Cid
    by_name: dict[str, Member]
    by_number: dict[tuple[str, int, str], Key]

    @classmethod
    def read(cls, data: bytes) -> Members:
        """Return the list of canonical `data`; Invalid for any fault of form or order."""
        return _read_members(data)

    @classmethod
    def of(cls, members: list[Member]) -> Members:
        """Return the list of `members` in any order."""
        rows: list[Value] = [
            {"member": each.name, "role": each.role, "keys": [key.tree() for key in each.keys]}
            for each in sorted(members, key=lambda each: each.name)
        ]
        return cls.read(codec.encode({"v": 1, "members": rows}))

    def key(self, member: str, number: int, use: str, height: int) -> Key | None:
        """Return the key of that member, number and use if it is valid at `height`."""
        key = self.by_number.get((member, number, use))
        return key if key is not None and key.is_valid(height) else None

    def keys(self, member: str, use: str, height: int) -> Iterator[Key]:
        """Yield the member's keys of a use valid at `height`, by number."""
        found = self.by_name.get(member)
        return (key for key in (found.keys if found else ()) if _fits(key, use, height))

    def voices(self, height: int) -> int:
        """Return n: how many members hold a note key valid at `height`."""
        return len({name for name, key in self.note_keys() if key.is_valid(height)})

    def note_keys(self) -> tuple[tuple[str, Key], ...]:
        """Return each member's note keys, of any height, by name and number."""
        return _list_note_keys(self.data)


@lru_cache(maxsize=8)
def _read_members(data: bytes) -> Members:
    """Read a list once: every block, proof and cosignature asks for one of the same few."""
    if len(data) > schema.MEMBERS_BYTES_MAX:
        raise refuse("members size")
    tree = codec.decode(data, schema.MEMBERS)
    if sum(map(_has_note_key, tree["members"])) > schema.NOTE_MEMBERS_MAX:
        raise refuse("note keys")
    members = [
        Member(each["member"], each["role"], tuple(Key.of(key) for key in each["keys"]))
        for each in tree["members"]
    ]
    _check_order(members)
    by_number = {(each.name, key.number, key.use): key for each in members for key in each.keys}
    return Members(data, cid_of(data), {each.name: each for each in members}, by_number)


@lru_cache(maxsize=8)
def _list_note_keys(data: bytes) -> tuple[tuple[str, Key], ...]:
    members = Members.read(data).by_name.values()
    return tuple((each.name, key) for each in members for key in each.keys if key.use == "note")


def _fits(key: Key, use: str, height: int) -> bool:
    return key.use == use and key.is_valid(height)


def _has_note_key(member: dict[str, Any]) -> bool:
    return any(key["use"] == "note" for key in member["keys"])


def _check_order(members: list[Member]) -> None:
    names = [member.name for member in members]
    if any(a >= b for a, b in itertools.pairwise(names)):
        raise refuse("member order")
    pubs: set[bytes] = set()
    for member in members:
        numbers = [key.number for key in member.keys]
        if any(a >= b for a, b in itertools.pairwise(numbers)):
            raise refuse("key order")
        for key in member.keys:
            key.check()
            if key.pub in pubs:
                raise refuse("pub twice")
            pubs.add(key.pub)
