"""Changes of the members' list, keys and limits, which members vote on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Body
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Code, Identifier, Name
from tallystick.api.turn import LookDep, TurnDep, answer_json
from tallystick.base.errors import Invalid
from tallystick.county.card import AFTER_MAX

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["changes"])
Number = Annotated[int, Body(strict=True, ge=0, le=2**32 - 1, description="A key's number.")]
Value = Annotated[int, Body(strict=True, ge=0, le=2**53 - 1, description="The limit's value.")]
Use = Annotated[str, Body(pattern=r"^(tx|note|link|seal|bft)$", description="What a key is for.")]
Open = Annotated[int, Body(strict=True, ge=1, le=89, description="Days for which votes count.")]
Called = Annotated[str, Body(min_length=1, max_length=200, description="What it is called.")]
_HEX = Annotated[str, Body(pattern=r"^[0-9a-f]{64,2432}$", description="Bytes in hex.")]
_SIGNATURE = Annotated[str, Body(pattern=r"^[0-9a-f]{128}$", description="64 bytes in hex.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine of a member that is to order with others."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    key: Annotated[str, Body(pattern=r"^[0-9a-f]{64}$", description="By which it votes.")]
    node: Annotated[str, Body(pattern=r"^[0-9a-f]{40}$", description="Its node's name.")]
    host: Annotated[str, Body(min_length=1, max_length=253, description="Where that is reached.")]
    port: Annotated[int, Body(strict=True, ge=1, le=65_535)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A member as it states and signs itself (`tally member new --chain`, `renew`, `engine`)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    v: Annotated[int, Body(strict=True, ge=1, le=1)]
    name: Name
    role: Name
    zh: Called
    en: Called
    keys: Annotated[dict[str, _HEX], Body(max_length=4, description="Public keys by use.")]
    address: Annotated[str, Body(max_length=300, description="Of its link; it may be empty.")]
    certificate: Annotated[str, Body(max_length=10_000, description="What it shows there, PEM.")]
    chain: Annotated[str, Body(pattern=r"^[0-9a-f]{64}$", description="The chain it is to join.")]
    proofs: Annotated[
        dict[str, _SIGNATURE], Body(max_length=4, description="Each signing key's own, by use.")
    ]
    signature: _SIGNATURE
    engine: Annotated[
        Engine | None, Body(description="Its engine, where it is to order with others.")
    ] = None
    after: Annotated[
        int | None,
        Body(
            strict=True,
            ge=1,
            le=AFTER_MAX,
            description="The greatest number of a key that it ever had, where it comes back.",
        ),
    ] = None

    def tree(self) -> dict[str, Any]:
        """Return it as its member signed it: a field that is not told is none of the card."""
        return {name: each for name, each in asdict(self).items() if each is not None}


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
    renew: Annotated[list[Use], Body(min_length=1, max_length=5)] | None = None
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
