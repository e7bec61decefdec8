"""Who may write which step of a case, and when: admission rules, total and pure.

A case has one stage and one owner at any time. State: `case/`id -> m([stage, owner]);
`rules/positioning` -> the version in force, set by genesis and `rules.activated`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from tallystick.base import codec
from tallystick.chain.amendment import writer_of
from tallystick.chain.record import Admission, Admit, Code

__all__ = [
    "CASE_SPACE",
    "CaseCode",
    "Stage",
    "admit_appeal",
    "admit_application",
    "admit_decision",
    "admit_endorsement",
    "admit_feedback",
    "admit_hand_over",
    "admit_member_entry",
    "admit_officer_act",
    "admit_override",
    "admit_rules",
    "admit_settlement",
]

CASE_SPACE: Final = b"case/"
_CASE: Final = codec.tuple_of(codec.integer(1, 9), codec.ident(24))
_VERSION: Final = codec.integer(0, 2**16 - 1)


class Stage(IntEnum):
    """How far a case has come."""

    APPLIED = 1
    SCHEMED = 2
    JUDGED = 3
    REPORTED = 4
    MATCHED = 5
    REFUSED = 6
    CLOSED = 7


class CaseCode(IntEnum):
    """Why a record of a case was refused."""

    NO_CASE = 100
    NOT_OWNER = 101
    WRONG_STAGE = 102
    NO_OFFICER = 103
    RULES_NOT_IN_FORCE = 104
    RATED_MEMBER_ASKS = 105
    NOT_OF_THIS_CASE = 106


_OPEN: Final = frozenset(Stage) - {Stage.CLOSED}
_DECIDED: Final = frozenset({Stage.REPORTED, Stage.MATCHED})


def _case(offered: Admission) -> tuple[int, str] | None:
    identifier = offered.record.get("case")
    held = offered.state.get(CASE_SPACE + identifier) if identifier else None
    if held is None:
        return None
    stage, owner = codec.decode(held, _CASE)
    return stage, owner


def _put(offered: Admission, identifier: bytes, stage: int, owner: str) -> None:
    offered.state.put(CASE_SPACE + identifier, codec.encode([stage, owner]))


def _own_case(offered: Admission, stages: frozenset[Stage]) -> int:
    """Return 0 if the writer owns the named case and it stands at one of `stages`."""
    found = _case(offered)
    if found is None:
        return CaseCode.NO_CASE
    stage, owner = found
    if owner != offered.member:
        return CaseCode.NOT_OWNER
    return 0 if stage in stages else CaseCode.WRONG_STAGE


def admit_application(offered: Admission) -> int:
    """Open a case; its id is the record's, so it names none."""
    if "case" in offered.record:
        return Code.RULE
    _put(offered, offered.record["id"], Stage.APPLIED, offered.member)
    return 0


def admit_decision(question: str, after: Stage, becomes: Stage) -> Admit:
    """Return the rule of one decision step: the owner's, in order, by the rules in force."""

    def rule(offered: Admission) -> int:
        code = _own_case(offered, frozenset({after}))
        if code:
            return code
        pub = offered.record["pub"]
        held = offered.state.get(b"rules/" + pub["service"].encode())
        if held is None or codec.decode(held, _VERSION) != pub["rules"]:
            return CaseCode.RULES_NOT_IN_FORCE
        if pub["service"] != "positioning" or pub["question"] != question:
            return Code.RULE
        if pub["not_after"] < offered.time:
            return Code.RULE
        _put(offered, offered.record["case"], becomes, offered.member)
        return 0

    return rule


def admit_officer_act(becomes: Stage, after: frozenset[Stage]) -> Admit:
    """Return the rule of an act that only a person may do: refuse, close."""

    def rule(offered: Admission) -> int:
        code = _own_case(offered, after)
        if code:
            return code
        if "officer" not in offered.record:
            return CaseCode.NO_OFFICER
        _put(offered, offered.record["case"], becomes, offered.member)
        return 0

    return rule


def admit_hand_over(offered: Admission) -> int:
    """Change a case's owner: from the owner, to another member in force."""
    code = _own_case(offered, _OPEN)
    if code:
        return code
    pub, found = offered.record["pub"], _case(offered)
    if pub["from_member"] != offered.member or pub["to"] == offered.member:
        return Code.RULE
    if pub["to"] not in offered.members.by_name:
        return Code.RULE
    assert found is not None
    _put(offered, offered.record["case"], found[0], pub["to"])
    return 0


def admit_override(offered: Admission) -> int:
    """Let the owner's officer decide otherwise than a decision of this case."""
    code = _own_case(offered, _DECIDED)
    if code:
        return code
    if "officer" not in offered.record:
        return CaseCode.NO_OFFICER
    return _names_decision(offered, offered.record["pub"]["decision"])


def _names_decision(offered: Admission, decision: bytes) -> int:
    found = writer_of(offered, decision)
    decisions = {"case.reported", "case.matched", "case.judged"}
    return 0 if found is not None and found[0] in decisions else CaseCode.NOT_OF_THIS_CASE


def admit_endorsement(offered: Admission) -> int:
    """Let any member endorse an admitted record of a case, once it stands."""
    if _case(offered) is None:
        return CaseCode.NO_CASE
    found = writer_of(offered, offered.record["pub"]["endorses"])
    return 0 if found is not None else CaseCode.NOT_OF_THIS_CASE


def admit_feedback(offered: Admission) -> int:
    """Take feedback from a member other than the case's owner, once the case is decided."""
    found = _case(offered)
    if found is None:
        return CaseCode.NO_CASE
    stage, owner = found
    if stage in {Stage.APPLIED, Stage.SCHEMED, Stage.JUDGED}:
        return CaseCode.WRONG_STAGE
    return CaseCode.RATED_MEMBER_ASKS if owner == offered.member else 0


def admit_appeal(offered: Admission) -> int:
    """Open an appeal against an admitted record; any member may take it in for the household."""
    if _case(offered) is None:
        return CaseCode.NO_CASE
    found = writer_of(offered, offered.record["pub"]["against"])
    return 0 if found is not None else CaseCode.NOT_OF_THIS_CASE


def admit_settlement(offered: Admission) -> int:
    """Settle an appeal: a person's act, of a member other than the one who took the appeal in."""
    if _case(offered) is None:
        return CaseCode.NO_CASE
    if "officer" not in offered.record:
        return CaseCode.NO_OFFICER
    found = writer_of(offered, offered.record["pub"]["appeal"])
    return 0 if found is not None and found[0] == "appeal.opened" else CaseCode.NOT_OF_THIS_CASE


def admit_member_entry(offered: Admission) -> int:
    """Admit what a member publishes about providers, products or models."""
    return Code.RULE if "case" in offered.record else 0


def admit_rules(offered: Admission) -> int:
    """Put a newer version of a service's rules in force from the next height on."""
    pub = offered.record["pub"]
    name = b"rules/" + pub["name"].encode()
    held = offered.state.get(name)
    before = codec.decode(held, _VERSION) if held is not None else 0
    if pub["version"] <= before or pub["from_height"] != offered.height + 1:
        return Code.RULE
    offered.state.put(name, codec.encode(pub["version"]))
    return 0
