"""Other chains of the county: how far each is anchored here, and what is approved for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Code, Minor, RecordId
from tallystick.api.turn import LookDep, TurnDep, answer_json

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["chains"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidy:
    """Public money for a case that stands on another chain."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    case: RecordId
    programme: Code
    amount_minor: Minor


@router.get("/chains", summary="List chains", dependencies=[act("verify_chain")])
def list_chains(turn: LookDep) -> Response:
    """Answers `{items}`: this chain, then those linked to it, each with its last anchors here."""
    return answer_json({"items": turn.office.list_chains()})


@router.post(
    "/subsidies",
    status_code=201,
    summary="Approve public money for a case of another chain",
    dependencies=[act("approve_subsidy")],
)
def approve_subsidy(turn: TurnDep, body: Subsidy) -> Response:
    """A department's act; answers `{case, record}`.

    The lender's chain pays out once this chain's next anchor stands there.
    """
    return turn.write(
        turn.office.approve_subsidy,
        body.case,
        programme=body.programme,
        amount_minor=body.amount_minor,
    )
