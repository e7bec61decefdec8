"""Rules of links and anchors between chains.

Laws: a chain is known here by a vote, or because it is the writer's own alone; an anchor counts if
a quorum of the other chain's list signed it and its log extends the one anchored before; so no
member, and no majority of the other chain either, can show this one two pasts.
State: `linked/`, `listed/` and `begun` (`chain.crossing`); `subsidy/`case -> the id of the approval
of its public money.
"""

from __future__ import annotations

from typing import Any

from tallystick.base.errors import Error
from tallystick.chain.crossing import (
    Anchored,
    anchor_chain,
    begin_list,
    end_list,
    find_chain,
    hold_chain,
    keep_chain,
    whole_list,
)
from tallystick.chain.member import Members
from tallystick.chain.record import Admission
from tallystick.records.refusal import Refusal

__all__ = ["admit_anchor", "admit_link", "admit_listing", "admit_subsidy", "subsidy_key"]

_SUBSIDY = b"subsidy/"


def admit_listing(offered: Admission) -> int:
    """Begin a list of members, or go on with it, for a later record of the bundle."""
    part: bytes = offered.record["pub"]["listed"]
    return 0 if begin_list(offered.state, part) else Refusal.LIST_TOO_LONG


def admit_link(offered: Admission) -> int:
    """Link a chain that is the writer's own alone; those of others are linked by a vote."""
    pub = offered.record["pub"]
    try:
        chain, held = hold_chain(pub["genesis"], whole_list(offered.state.get, pub["listed"]))
        names = set(Members.read(held.listed).by_name)
    except Error:
        return Refusal.NOT_A_CHAIN
    if names != {offered.member}:
        return Refusal.NOT_OWN
    if chain == offered.chain or find_chain(offered.state.get, chain) is not None:
        return Refusal.ALREADY_LINKED
    keep_chain(offered.state, chain, held)
    end_list(offered.state)
    return 0


def admit_anchor(offered: Admission) -> int:
    """Anchor a linked chain further than before, by whoever has its checkpoint."""
    pub: dict[str, Any] = offered.record["pub"]
    held = find_chain(offered.state.get, pub["chain"])
    if held is None:
        return Refusal.NO_CHAIN
    parts = {name: pub[name] for name in ("path", "header", "listed") if name in pub}
    if ("header" in parts) != ("listed" in parts):
        return Refusal.NOT_ANCHORED
    if "listed" in parts:
        parts["listed"] = whole_list(offered.state.get, pub["listed"])
    try:
        after = anchor_chain(
            pub["chain"], held, Anchored(note=pub["note"], path=parts.pop("path", ()), **parts)
        )
    except Error:
        return Refusal.NOT_ANCHORED
    keep_chain(offered.state, pub["chain"], after)
    if "listed" in parts:
        end_list(offered.state)
    return 0


def subsidy_key(case: bytes) -> bytes:
    """Return the state key of the approval of a case's public money."""
    return _SUBSIDY + case


def admit_subsidy(offered: Admission) -> int:
    """Approve public money for a case of another chain, once; that chain checks case and sum."""
    if "officer" not in offered.record:
        return Refusal.NO_OFFICER
    key = subsidy_key(offered.record["pub"]["approved_case"])
    if offered.state.get(key) is not None:
        return Refusal.ALREADY_APPROVED
    offered.state.put(key, offered.record["id"])
    return 0
