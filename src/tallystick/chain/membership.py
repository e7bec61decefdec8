"""How the list of members changes: the one record type the chain itself understands.

`member.joined` adds a member (its writer has the role operator) or restates a member's own keys:
kept keys stand unchanged and without proof, new signing keys sign for themselves, keys left out end
at the next height. A public key is held in the state for ever, so a retired one never returns.

Where the chain's limits say that members vote, `member.joined` is refused and a vote alone changes
the list (services/membership/rules.py), by the same `restate` and `remove`: whoever stole a key
can sign, but cannot shut its owner out.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import encode, refuse, sha256
from tallystick.base.errors import Invalid
from tallystick.base.keys import verify
from tallystick.chain import schema
from tallystick.chain.digest import domain
from tallystick.chain.limits import VOTE_PPM, read_limit
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.record import Admission, Code, RecordType
from tallystick.chain.state import Read
from tallystick.records.change import NEW_KEYS

__all__ = [
    "MEMBERS_KEY",
    "MEMBER_JOINED",
    "OPERATOR",
    "admit_member",
    "join",
    "pop_message",
    "read_top",
    "remove",
    "restate",
    "top_key",
]

OPERATOR: Final = "operator"
MEMBERS_KEY: Final = b"members"


def pop_message(chain: bytes, member: str, key: dict[str, Any]) -> bytes:
    """Return what a new signing key signs to prove that its owner holds it."""
    body = [member, key["key"], key["use"], key["alg"], key["pub"]]
    return domain("pop", chain, encode(body))


def read_top(read: Read, member: str) -> int:
    """Return the greatest number of a key that a member ever had; 0 if it had none."""
    return int.from_bytes(read(top_key(member)) or b"", "big")


def top_key(member: str) -> bytes:
    """Return the state key of that number."""
    return b"keys/" + member.encode()


def admit_member(offered: Admission) -> int:
    """Admit a joining member or a rotation of keys; write the list, key tops and public keys."""
    pub, state = offered.record["pub"], offered.state
    itself = offered.member == pub["member"]
    if not itself and offered.role != OPERATOR:
        return Code.ROLE
    if read_limit(state.get, VOTE_PPM):
        return Code.RULE
    try:
        restate(offered, pub, itself=itself)
    except Invalid:
        return Code.RULE
    return Code.ADMITTED


def restate(offered: Admission, pub: dict[str, Any], *, itself: bool) -> None:
    """Write the list with a member added or its keys restated, key tops and public keys.

    Args:
        offered: the record that brings it about.
        pub: `{member, role, name, keys}` as in `member.joined`.
        itself: whether the member stands in the list already.

    Raises:
        Invalid: it may not follow; nothing is written.
    """
    state = offered.state
    after, added = join(
        pub,
        _listed(offered),
        chain=offered.chain,
        height=offered.height,
        itself=itself,
        top=read_top(state.get, pub["member"]),
    )
    pubs = [b"pub/" + sha256(key.pub) for key in added]
    if any(state.get(key) is not None for key in pubs):
        raise refuse("pub twice")
    state.put(MEMBERS_KEY, after.data)
    if added:
        top = max(key.number for key in added)
        state.put(top_key(pub["member"]), top.to_bytes(4, "big"))
    for name, key in zip(pubs, added, strict=True):
        state.put(name, encode([pub["member"], key.number]))


def remove(offered: Admission, member: str) -> None:
    """Write the list without a member; its keys and their numbers are never used again.

    Raises:
        Invalid: it is not listed, or nobody would be left who may sign transactions and heights.
    """
    listed = _listed(offered)
    left = [each for each in listed.by_name.values() if each.name != member]
    if len(left) == len(listed.by_name):
        raise refuse("member")
    uses = {key.use for each in left for key in each.keys}
    if not {"tx", "note"} <= uses:
        raise refuse("nobody left")
    offered.state.put(MEMBERS_KEY, _list_at(left, offered.height).data)


def _listed(offered: Admission) -> Members:
    """Return the list that the state holds: with what earlier records of the block changed."""
    held = offered.state.get(MEMBERS_KEY)
    assert held is not None
    return Members.read(held)


def join(
    pub: dict[str, Any],
    members: Members,
    *,
    chain: bytes,
    height: int,
    itself: bool,
    top: int,
) -> tuple[Members, list[Key]]:
    """Return the list after a `member.joined` at `height`, and the keys it adds; else Invalid.

    Args:
        itself: whether the member writes about itself; only then does it stand in the list.
        top: the greatest key number the member ever had, 0 for a new one: none is used again.
    """
    before = members.by_name.get(pub["member"])
    if (before is None) == itself:
        raise refuse("member")
    if before is not None and before.role != pub["role"]:
        raise refuse("role changed")
    old = before.keys if before else ()
    kept = [_kept(key, old) for key in pub["keys"] if key["key"] <= top]
    added = [_added(key, pub["member"], chain, height) for key in pub["keys"] if key["key"] > top]
    numbers = [key["key"] for key in pub["keys"]]
    if any(a >= b for a, b in itertools.pairwise(numbers)):
        raise refuse("key order")
    joined = Member(pub["member"], pub["role"], (*kept, *added))
    others = [each for each in members.by_name.values() if each.name != joined.name]
    return _list_at([*others, joined], height), added


def _kept(stated: dict[str, Any], old: tuple[Key, ...]) -> Key:
    for key in old:
        if key.number == stated["key"]:
            tree = key.tree()
            del tree["from"]
            if tree != stated:
                raise refuse("key changed")
            return key
    raise refuse("key changed")


def _added(stated: dict[str, Any], member: str, chain: bytes, height: int) -> Key:
    key = Key(
        stated["key"], stated["use"], stated["alg"], stated["pub"], height + 1, stated.get("to")
    )
    key.check()
    pop = stated.get("pop")
    if (pop is None) == (key.alg == 1):
        raise refuse("pop")
    if pop is not None and not verify(key.pub, pop_message(chain, member, stated), pop):
        raise refuse("pop")
    return key


def _list_at(members: list[Member], height: int) -> Members:
    """Return the list after `height`: without keys that have ended, and members left with none."""
    found = []
    for each in members:
        keys = tuple(key for key in each.keys if key.end is None or key.end > height + 1)
        if keys:
            found.append(Member(each.name, each.role, keys))
    return Members.of(found)


MEMBER_JOINED: Final = RecordType(
    pub=codec.shape(
        {
            "member": codec.ident(schema.NAME_MAX),
            "role": schema.ROLE,
            "name": codec.text(200),
            "keys": NEW_KEYS,
        }
    ),
    case={},
    party={},
    roles=frozenset(),
    admit=admit_member,
)
