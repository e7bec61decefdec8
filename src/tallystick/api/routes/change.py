"""Changes of the members' list, keys and limits, which members vote on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Body
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Code, Identifier, Name, Tree
from tallystick.api.turn import LookDep, TurnDep, answer_json
from tallystick.base.errors import Invalid

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["changes"])
Number = Annotated[int, Body(strict=True, ge=0, le=2**32 - 1, description="A key's number.")]
Value = Annotated[int, Body(strict=True, ge=0, le=2**53 - 1, description="The limit's value.")]
Use = Annotated[str, Body(pattern=r"^(tx|note|link|seal)$", description="What a key is for.")]
Open = Annotated[int, Body(strict=True, ge=1, le=89, description="Days for which votes count.")]
_HEX = Annotated[str, Body(pattern=r"^[0-9a-f]{64,2432}$", description="Bytes in hex.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKey:
    """A key as its owner states it; `pop` with each signing key."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    key: Number
    use: Annotated[str, Body(pattern=r"^(tx|note|link|seal|bft)$")]
    alg: Annotated[int, Body(strict=True, ge=1, le=3)]
    pub: _HEX
    pop: _HEX | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A new member as it states itself (`tally change card`)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    member: Name
    role: Name
    name: Annotated[str, Body(min_length=1, max_length=200)]
    keys: Annotated[list[CardKey], Body(min_length=1, max_length=16)]

    def tree(self) -> Tree:
        """Return it as the office takes it."""
        keys = [
            {
                name: getattr(key, name)
                for name in ("key", "use", "alg", "pub", "pop")
                if getattr(key, name) is not None
            }
            for key in self.keys
        ]
        return {"member": self.member, "role": self.role, "name": self.name, "keys": keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A key that is to sign no more."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    member: Name
    key: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLimit:
    """A limit of the chain."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    limit: Code
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Exactly one of the five changes."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    join: Card | None = None
    renew: Annotated[list[Use], Body(min_length=1, max_length=4)] | None = None
    revoke: Revocation | None = None
    leave: Name | None = None
    limit: NewLimit | None = None
    days: Open = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One member's voice."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    vote: Annotated[int, Body(strict=True, ge=0, le=1, description="1 is yes, 0 is no.")]


@router.get("/limits", summary="Show the limits in force", dependencies=[act("read_change")])
def show_limits(turn: LookDep) -> Response:
    """Answers the chain's limits by name, as they hold for the next block."""
    return answer_json(turn.office.show_limits())


@router.get("/changes", summary="List changes", dependencies=[act("read_change")])
def list_changes(turn: LookDep) -> Response:
    """Answers `{items}`: changes, the newest first, with their votes and how they ended."""
    return answer_json({"items": turn.office.list_changes()})


@router.get("/changes/{change}", summary="Show a change", dependencies=[act("read_change")])
def show_change(turn: LookDep, change: Identifier) -> Response:
    """Answers what it says, who proposed it, who voted how, and how many more it needs."""
    return answer_json(turn.office.show_change(change))


@router.post(
    "/changes", status_code=201, summary="Propose a change", dependencies=[act("propose_change")]
)
def propose_change(turn: TurnDep, body: Proposal) -> Response:
    """Answers `{change}`; the proposal counts as this member's yes.

    `renew` draws fresh keys at this member: their public halves alone are told.
    """
    office, days = turn.office, body.days
    asked = [name for name in ("join", "renew", "revoke", "leave", "limit") if getattr(body, name)]
    if len(asked) != 1:
        raise Invalid(
            "change.one",
            f"{len(asked)} changes are asked for, a proposal has one",
            cure="Name exactly one of join, renew, revoke, leave, limit.",
        )
    if body.join is not None:
        return turn.write(office.propose_join, body.join.tree(), days=days)
    if body.renew is not None:
        return turn.write(office.propose_renewal, body.renew, days=days)
    if body.revoke is not None:
        revoke = body.revoke
        return turn.write(office.propose_revocation, revoke.member, revoke.key, days=days)
    if body.leave is not None:
        return turn.write(office.propose_leaving, body.leave, days=days)
    assert body.limit is not None
    return turn.write(office.propose_limit, body.limit.limit, body.limit.value, days=days)


@router.post(
    "/changes/{change}/votes",
    status_code=201,
    summary="Vote on a change",
    dependencies=[act("vote_change")],
)
def vote_change(turn: TurnDep, change: Identifier, body: Vote) -> Response:
    """Answers `{change, record}`; a member votes once, and the proposer's no takes it back."""
    return turn.write(turn.office.vote_change, change, yes=bool(body.vote))
