"""An officer's day: what is due, what an application would come to, what stands behind a case."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.application import check_application
from tallystick.api.shape import STRICT, CaseId, Identifier, Limit, Tree, check_tree
from tallystick.api.turn import LookDep, answer_json
from tallystick.county.evidence import export_case
from tallystick.county.telling import read_id

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["work"])


EVIDENCE_TYPE = "application/vnd.ipld.car"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An application as far as it is typed, and the paths whose values nobody stated."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    application: Tree = field()
    defaults: Annotated[list[Annotated[str, Body(max_length=120)]], Body(max_length=256)] = field(
        default_factory=list
    )


@router.get("/today", summary="What needs this member now", dependencies=[act("read_case")])
def list_today(
    request: Request,
    turn: LookDep,
    role: Annotated[str, Query(max_length=24, description="As this role; empty for all.")] = "",
    limit: Limit = 100,
) -> Response:
    """Answers `{items, counts, month}`: what an officer can end itself, by when it is due.

    Loans are read once after each start, 64 at a look; `month.loans_unread` tells how many are
    left, and sums and the late share are told once none is.
    """
    guest = request.scope.get("guest")
    own = guest.account.role if guest is not None else role
    return answer_json(turn.office.list_today(role=own, limit=limit))


@router.post(
    "/estimate", summary="What an application would come to", dependencies=[act("read_case")]
)
def estimate(turn: LookDep, body: Estimate) -> Response:
    """Answers the decision on what is typed so far; nothing is recorded and nobody's part is read.

    `missing` names what the decision needs and nobody has told, `assumed` what it assumed instead.
    """
    tree = {"profile": {}, "demand": {}, **body.application}
    demand = tree["demand"]
    # A kind that is not chosen yet is judged as a loan, and told as missing.
    kinded = {"kind": "borrow", **demand} if isinstance(demand, dict) else demand
    check_application({**tree, "demand": kinded}, "application")
    check_tree(tree, "application")
    return answer_json(turn.office.estimate(tree, defaults=body.defaults))


@router.get(
    "/parties/{party}/prefill",
    summary="What a party told before",
    dependencies=[act("read_party")],
)
def prefill(turn: LookDep, party: Identifier) -> Response:
    """Answers `{party, leaves}`, each with its day; every case opened leaves a receipt."""
    return answer_json(turn.office.prefill(party))


@router.get(
    "/cases/{case}/replay", summary="Run the decisions again", dependencies=[act("read_case")]
)
def replay_case(turn: LookDep, case: CaseId) -> Response:
    """Answers `{case, equal, decisions}`: whether each comes out byte for byte; leaves receipts."""
    return answer_json(turn.office.replay_case(case))


@router.get(
    "/cases/{case}/evidence",
    summary="The case's evidence file",
    dependencies=[act("export_evidence")],
)
def export_evidence(
    turn: LookDep,
    case: CaseId,
    redact: Annotated[
        list[Annotated[str, Query(pattern=r"^[a-z_]{1,40}$")]],
        Query(max_length=32, description="Sealed fields to leave out."),
    ] = [],  # noqa: B006 - never changed
) -> Response:
    """Answers the file that proves the case to an outsider: `tally evidence verify` reads it."""
    data = export_case(turn.seat.node, turn.seat.witnesses, read_id(case), redact=redact)
    name = f'attachment; filename="case-{case}.car"'
    return Response(data, media_type=EVIDENCE_TYPE, headers={"Content-Disposition": name})
