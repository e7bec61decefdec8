"""Rules of parties, mandates and grants. State: `mandate/`, `grant/` id -> m([writer, until])."""

from __future__ import annotations

import itertools
from typing import Final

from tallystick.base import codec
from tallystick.chain.record import Admission, Admit, Code

__all__ = ["admit_end", "admit_objects", "admit_own", "admit_party", "admit_start"]

_HELD: Final = codec.tuple_of(codec.ident(24), codec.integer())


def admit_own(offered: Admission) -> int:
    """Admit a statement that changes no state beyond its id and names no case."""
    return Code.RULE if "case" in offered.record else 0


def admit_party(offered: Admission) -> int:
    """Register a party whose custodian is the writer itself."""
    own = offered.record["pub"]["custodian"] == offered.member
    return 0 if own and "case" not in offered.record else Code.RULE


def admit_objects(offered: Admission) -> int:
    """Admit a list of dropped objects, each named once, in ascending order."""
    objects = offered.record["pub"]["objects"]
    ordered = all(a < b for a, b in itertools.pairwise(objects))
    return 0 if ordered and "case" not in offered.record else Code.RULE


def admit_start(space: str) -> Admit:
    """Return the rule that opens a mandate or grant: its id is the record's, its term not over."""

    def rule(offered: Admission) -> int:
        record, pub = offered.record, offered.record["pub"]
        if pub[space] != record["id"] or "case" in record:
            return Code.RULE
        if not pub["from_time"] < pub["until"] or pub["until"] <= offered.time:
            return Code.RULE
        other = pub["witness"] if space == "mandate" else pub["recipient"]
        if other not in offered.members.by_name:
            return Code.RULE
        if space == "mandate" and other == offered.member:
            return Code.RULE
        key = space.encode() + b"/" + record["id"]
        offered.state.put(key, codec.encode([offered.member, pub["until"]]))
        return 0

    return rule


def admit_end(space: str) -> Admit:
    """Return the rule that ends a mandate or grant: by the member that recorded it, once."""

    def rule(offered: Admission) -> int:
        key = space.encode() + b"/" + offered.record["pub"][space]
        held = offered.state.get(key)
        if held is None:
            return Code.RULE
        member, _ = codec.decode(held, _HELD)
        if member != offered.member:
            return Code.ROLE
        offered.state.delete(key)
        return 0

    return rule
