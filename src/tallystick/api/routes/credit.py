"""Approvals, offers answered, money received, public funds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter
from starlette.responses import Response

from tallystick.api.shape import STRICT, CaseId, Code, Minor, Name, Words
from tallystick.api.turn import TurnDep

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["credit"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An officer's notes."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    notes: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswer:
    """What the household says to its offer."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    accepted: bool
    words: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How much the household says it received."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    amount_minor: Minor
    words: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Public money of a programme for a member to lend."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    fund: Code
    to: Name
    programme: Code
    amount_minor: Minor


@router.post("/cases/{case}/approve", status_code=201, summary="Approve an offer")
def approve(turn: TurnDep, case: CaseId, body: Approval) -> Response:
    """An officer's act; answers `{case, record}`."""
    return turn.write(turn.office.approve, case, notes=body.notes)


@router.post("/cases/{case}/offer", status_code=201, summary="Answer an offer")
def answer_offer(turn: TurnDep, case: CaseId, body: OfferAnswer) -> Response:
    """The household's answer; answers `{case, record}`."""
    return turn.write(turn.office.answer_offer, case, accepted=body.accepted, words=body.words)


@router.post("/cases/{case}/money", status_code=201, summary="Record money received")
def receive_money(turn: TurnDep, case: CaseId, body: Receipt) -> Response:
    """What the household says; answers `{case, record}`."""
    return turn.write(
        turn.office.receive_money, case, amount_minor=body.amount_minor, words=body.words
    )


@router.post("/allocations", status_code=201, summary="Allocate public money")
def allocate_fund(turn: TurnDep, body: Allocation) -> Response:
    """A department's act; answers `{record}`."""
    return turn.write(
        turn.office.allocate_fund,
        fund=body.fund,
        to=body.to,
        programme=body.programme,
        amount_minor=body.amount_minor,
    )
