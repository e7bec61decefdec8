"""Approvals, offers answered, money received, public funds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Query
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.seen import Seen, write_seen
from tallystick.api.shape import (
    STRICT,
    CaseId,
    Code,
    Identifier,
    Limit,
    Minor,
    Name,
    Offset,
    Words,
    page,
)
from tallystick.api.turn import LookDep, TurnDep, answer_json

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
class Payout:
    """Money of a loan that is paid out."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    amount_minor: Minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """Money of a loan that comes back; fees count as interest."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    principal_minor: Minor
    interest_minor: Minor = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Public money of a programme for a member to lend."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    fund: Code
    to: Name
    programme: Code
    amount_minor: Minor


@router.post(
    "/cases/{case}/approve",
    status_code=201,
    summary="Approve an offer",
    dependencies=[act("approve")],
)
def approve(turn: TurnDep, case: CaseId, body: Approval, seen: Seen = None) -> Response:
    """An officer's act; answers `{case, record}`."""
    return write_seen(turn, case, seen, turn.office.approve, notes=body.notes)


@router.post(
    "/cases/{case}/offer",
    status_code=201,
    summary="Answer an offer",
    dependencies=[act("answer_offer")],
)
def answer_offer(turn: TurnDep, case: CaseId, body: OfferAnswer, seen: Seen = None) -> Response:
    """The household's answer; answers `{case, record}`."""
    return write_seen(
        turn, case, seen, turn.office.answer_offer, accepted=body.accepted, words=body.words
    )


@router.post(
    "/cases/{case}/money",
    status_code=201,
    summary="Record money received",
    dependencies=[act("receive_money")],
)
def receive_money(turn: TurnDep, case: CaseId, body: Receipt) -> Response:
    """What the household says; answers `{case, record}`."""
    return turn.write(
        turn.office.receive_money, case, amount_minor=body.amount_minor, words=body.words
    )


@router.post(
    "/cases/{case}/loan", status_code=201, summary="Grant a loan", dependencies=[act("grant_loan")]
)
def grant_loan(turn: TurnDep, case: CaseId) -> Response:
    """Grants what was approved and accepted, on the report's terms; answers `{case, loan}`."""
    return turn.write(turn.office.grant_loan, case)


@router.get("/loans", summary="List loans", dependencies=[act("read_case")])
def list_loans(
    turn: LookDep,
    case: Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")] = "",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Answers `{items, next?}`: of all members, newest first; amounts where money is public."""
    rows = turn.office.list_loans(case=case, limit=limit, offset=offset)
    return answer_json(page(rows, limit, offset))


@router.get("/loans/{loan}", summary="Show a loan", dependencies=[act("read_case")])
def show_loan(turn: LookDep, loan: Identifier) -> Response:
    """Answers `{row, terms, schedule, moves, paid_minor, balance_minor}`; leaves receipts."""
    return answer_json(turn.office.show_loan(loan))


@router.post(
    "/loans/{loan}/disburse",
    status_code=201,
    summary="Pay a loan out",
    dependencies=[act("disburse")],
)
def disburse_loan(turn: TurnDep, loan: Identifier, body: Payout) -> Response:
    """The lender's act; answers `{loan, record}`."""
    return turn.write(turn.office.disburse_loan, loan, amount_minor=body.amount_minor)


@router.post(
    "/loans/{loan}/repay", status_code=201, summary="Take a repayment", dependencies=[act("repay")]
)
def repay_loan(turn: TurnDep, loan: Identifier, body: Repayment) -> Response:
    """The lender's act; answers `{loan, record}`."""
    return turn.write(
        turn.office.repay_loan,
        loan,
        principal_minor=body.principal_minor,
        interest_minor=body.interest_minor,
    )


@router.get(
    "/parties/{party}/standing",
    summary="A party's integrity record",
    dependencies=[act("read_party")],
)
def show_standing(turn: LookDep, party: Identifier) -> Response:
    """Answers `{party, points, loans, closed, accounts, unread, items}`; receipts stay.

    It is built from the party's loans and from the small dues of the accounts that it named.
    """
    return answer_json(turn.office.show_standing(party))


@router.post(
    "/allocations",
    status_code=201,
    summary="Allocate public money",
    dependencies=[act("allocate_fund")],
)
def allocate_fund(turn: TurnDep, body: Allocation) -> Response:
    """A department's act; answers `{record}`."""
    return turn.write(
        turn.office.allocate_fund,
        fund=body.fund,
        to=body.to,
        programme=body.programme,
        amount_minor=body.amount_minor,
    )
