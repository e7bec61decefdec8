"""Parties, mandates, grants, and who read what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Body
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import (
    STRICT,
    Code,
    Days,
    Identifier,
    Name,
    RecordId,
    Tree,
    Words,
    check_tree,
)
from tallystick.api.turn import LookDep, TurnDep, answer_json

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["consent"])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParty:
    """A person, household, firm or project to be registered; all of it but the kind is sealed."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    kind: Literal["person", "household", "firm", "project"]
    identity: Tree
    contacts: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMandate:
    """A party lets this member's officer act for it, before a witness."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    party: RecordId
    witness: Name
    days: Days
    text: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """A party's consent: who may read which classes, what for, how long."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    party: RecordId
    recipient: Name
    classes: Annotated[list[Code], Body(min_length=1, max_length=16)] = field()
    purpose: Code
    days: Days


@router.post(
    "/parties", status_code=201, summary="Register a party", dependencies=[act("add_party")]
)
def add_party(turn: TurnDep, body: NewParty) -> Response:
    """Answers `{party}`; the record itself leaves in the day's shuffled bundle."""
    check_tree(body.identity, "identity")
    check_tree(body.contacts or {}, "contacts")
    return turn.write(
        lambda: {"party": turn.office.add_party(body.kind, body.identity, body.contacts)}
    )


@router.post(
    "/registrations",
    status_code=201,
    summary="Let waiting registrations leave",
    dependencies=[act("add_party")],
)
def send_registrations(turn: TurnDep) -> Response:
    """Answers `{sent}`: how many registrations and erasures left now."""
    return turn.write(turn.office.send_registrations)


@router.get("/parties/{party}", summary="Show a party", dependencies=[act("read_party")])
def show_party(turn: LookDep, party: Identifier) -> Response:
    """Answers `{party, identity, cases}` at the party's custodian; leaves a receipt."""
    return answer_json(turn.office.show_party(party))


@router.delete(
    "/parties/{party}", status_code=201, summary="Erase a party", dependencies=[act("erase_party")]
)
def erase_party(turn: TurnDep, party: Identifier) -> Response:
    """Forgets the party's keys for good; answers `{party, objects_closed}`."""
    return turn.write(turn.office.erase_party, party)


@router.get(
    "/parties/{party}/receipts",
    summary="Who read what of a party",
    dependencies=[act("list_receipts")],
)
def list_receipts(turn: LookDep, party: Identifier) -> Response:
    """Answers `{items: [{at, officer, purpose, record, sealed, subject}]}`, oldest first."""
    return answer_json({"items": turn.office.list_receipts(party)})


@router.post(
    "/mandates", status_code=201, summary="Give a mandate", dependencies=[act("add_mandate")]
)
def add_mandate(turn: TurnDep, body: NewMandate) -> Response:
    """Answers `{mandate}`."""
    return turn.write(
        lambda: {
            "mandate": turn.office.add_mandate(
                body.party, witness=body.witness, days=body.days, text=body.text
            )
        }
    )


@router.post(
    "/mandates/{mandate}/end",
    status_code=201,
    summary="Take a mandate back",
    dependencies=[act("end_mandate")],
)
def end_mandate(turn: TurnDep, mandate: Identifier) -> Response:
    """Answers `{mandate, ended}`."""
    return turn.write(turn.office.end_mandate, mandate)


@router.post("/grants", status_code=201, summary="Give a grant", dependencies=[act("give_grant")])
def give_grant(turn: TurnDep, body: NewGrant) -> Response:
    """Answers `{grant}`."""
    return turn.write(
        turn.office.give_grant,
        body.party,
        recipient=body.recipient,
        classes=body.classes,
        purpose=body.purpose,
        days=body.days,
    )


@router.post(
    "/grants/{grant}/end",
    status_code=201,
    summary="Take a grant back",
    dependencies=[act("end_grant")],
)
def end_grant(turn: TurnDep, grant: Identifier) -> Response:
    """Answers `{grant, ended}`; from this block on nobody reads under it."""
    return turn.write(turn.office.end_grant, grant)
