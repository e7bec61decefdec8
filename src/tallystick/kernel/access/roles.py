"""Which officer of a member may do what, and which two acts need two officers.

Law: both tables are literal and whole: an act without a row cannot be asked for, and a role that
is not in an act's row may not do it. Nobody may do everything: who keeps the accounts decides no
case, and who reads for the auditors changes nothing.
Source: the county's practice: a clerk takes in, a loan officer proposes, a reviewer or manager
approves, another pays out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tallystick.base.errors import Denied, Invalid

__all__ = ["FOUR_EYES", "MATRIX", "ROLES", "acts_of", "check_eyes", "check_role", "is_role", "may"]

ROLES: Final = (
    "clerk",
    "village_officer",
    "loan_officer",
    "reviewer",
    "risk",
    "manager",
    "auditor",
)

_INTAKE: Final = frozenset({"clerk", "village_officer", "loan_officer"})
_LENDING: Final = frozenset({"loan_officer", "reviewer", "manager"})
_SENIOR: Final = frozenset({"reviewer", "manager"})
_CASH: Final = frozenset({"clerk", "loan_officer", "manager"})

MATRIX: Final[Mapping[str, frozenset[str]]] = {
    "read_case": frozenset(ROLES),
    "read_party": _INTAKE | _SENIOR,
    "list_receipts": frozenset({"manager", "auditor"}),
    "add_party": _INTAKE,
    "erase_party": frozenset({"manager"}),
    "add_mandate": _INTAKE,
    "end_mandate": _INTAKE | _SENIOR,
    "give_grant": _INTAKE,
    "end_grant": _INTAKE | _SENIOR,
    "open_case": _INTAKE,
    "keep_draft": _INTAKE,
    "hand_over": _LENDING,
    "refuse": _LENDING,
    "close_case": _LENDING,
    "override": _SENIOR,
    "approve": _SENIOR,
    "answer_offer": _INTAKE,
    "grant_loan": _LENDING,
    "disburse": _CASH,
    "repay": _CASH,
    "receive_money": _INTAKE,
    "give_feedback": frozenset({"clerk", "village_officer"}),
    "sum_feedback": frozenset({"reviewer", "risk", "manager", "auditor"}),
    "open_appeal": _INTAKE,
    "settle_appeal": _SENIOR,
    "read_catalogue": frozenset(ROLES),
    "add_provider": frozenset({"manager"}),
    "add_product": frozenset({"manager"}),
    "read_model": frozenset(ROLES),
    "publish_model": frozenset({"risk"}),
    "shadow_model": frozenset({"risk", "reviewer"}),
    "approve_model": frozenset({"manager"}),
    "retire_model": frozenset({"risk", "manager"}),
    "report_loans": frozenset({"risk", "manager"}),
    "report_dues": frozenset({"clerk", "manager"}),
    "read_books": frozenset({"risk", "manager", "auditor"}),
    "allocate_fund": frozenset({"manager"}),
    "publish_news": frozenset({"manager"}),
    "publish_bulletin": frozenset({"manager"}),
    "publish_tally": frozenset({"manager"}),
    "give_guidance": _SENIOR,
    "evaluate_project": frozenset({"reviewer", "auditor"}),
    "export_evidence": frozenset({"risk", "manager", "auditor"}),
    "verify_chain": frozenset(ROLES),
    "measure_programme": _SENIOR,
    "read_programme": frozenset(ROLES),
    "repair_chain": frozenset({"risk", "manager"}),
    "rebuild_views": frozenset({"manager"}),
    "approve_subsidy": _SENIOR,
    "read_store": frozenset(ROLES),
    "read_object": _INTAKE | _SENIOR | {"risk"},
    "put_object": _INTAKE | _SENIOR | {"risk"},
    "grant_object": frozenset({"manager"}),
    "erase_object": frozenset({"manager"}),
    "repair_store": frozenset({"risk", "manager"}),
    "read_change": frozenset(ROLES),
    "propose_change": frozenset({"manager"}),
    "vote_change": frozenset({"manager"}),
    "add_user": frozenset({"manager"}),
    "list_users": frozenset({"manager", "auditor"}),
    "disable_user": frozenset({"manager"}),
    "enable_user": frozenset({"manager"}),
    "reset_user": frozenset({"manager"}),
    "change_role": frozenset({"manager"}),
}
"""The roles that may do each act; acts are verbs of a member's office."""

FOUR_EYES: Final[Mapping[str, frozenset[str]]] = {
    "approve": frozenset({"override"}),
    "disburse": frozenset({"approve", "override"}),
    "settle_appeal": frozenset({"refuse", "override", "approve"}),
    "approve_model": frozenset({"publish_model"}),
}
"""Acts that nobody may do who has done one of the others on the same case, loan or model."""


def is_role(role: str) -> bool:
    """Tell whether a role is one an account may have."""
    return role in ROLES


def may(role: str, act: str) -> bool:
    """Tell whether an officer of a role may do an act.

    Raises:
        Invalid: `access.act`, the table has no such act.
    """
    roles = MATRIX.get(act)
    if roles is None:
        raise Invalid("access.act", f"{act} is no act of an office", cure="See docs/threats.md.")
    return role in roles


def acts_of(role: str) -> list[str]:
    """Return the acts that officers of a role may do, by name."""
    return sorted(act for act, roles in MATRIX.items() if role in roles)


def check_role(role: str, act: str) -> None:
    """Deny an act that is not of a role.

    Raises:
        Denied: `access.role`.
        Invalid: `access.act`, the table has no such act.
    """
    if not may(role, act):
        raise Denied(
            "access.role",
            f"{act} is for {', '.join(sorted(MATRIX[act]))}, not for {role}",
            cure="Ask an officer of that role to do it.",
        )


def check_eyes(act: str, officer: bytes, earlier: Iterable[tuple[str, bytes]]) -> None:
    """Deny an act to whoever did the other half of it.

    Args:
        act: what is to be done now.
        officer: who is to do it, 16 bytes.
        earlier: (act, officer) of what was done on the same case, loan or model.

    Raises:
        Denied: `access.four_eyes`, the same officer did what another must have done.
    """
    others = FOUR_EYES.get(act, frozenset())
    for done, who in earlier:
        if done in others and who == officer:
            raise Denied(
                "access.four_eyes",
                f"{act} needs another officer than {done}, and both would be the same",
                cure="Ask another officer to do it.",
            )
