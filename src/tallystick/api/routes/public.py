"""The public chain: read by everybody without a log-in, written by officers of its members.

Laws: what is read needs no session and is counted by address, as the log is, below which it
stands; a chain of another kind answers as if it held nothing. Records and blocks never change, so
they may be kept for ever; lists are fresh for seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.routes.ledger import BLOCK_TYPE, PROOF_TYPE
from tallystick.api.shape import STRICT, Height, Identifier, RecordId
from tallystick.api.turn import Member, Settings, TurnDep, answer_json
from tallystick.base.codec import INTEGER_MAX
from tallystick.county.board import (
    find_public,
    list_anchored,
    list_public,
    prove_public,
    show_public,
    tell_pin,
)
from tallystick.county.house import Seat

__all__ = ["router"]

router = APIRouter(prefix="/{member}", tags=["public"])
SHORT: Final = {"Cache-Control": "public, max-age=10"}
FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
RECORDS_MAX: Final = 100
Day = Annotated[
    int, Body(strict=True, ge=0, le=INTEGER_MAX, description="A day, in days since 1970 UTC.")
]
Title = Annotated[str, Body(min_length=1, max_length=150, description="At most 150 bytes.")]
Text = Annotated[str, Body(min_length=1, max_length=2_400, description="At most 2,400 bytes.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What a member tells everybody, in both languages."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    title_zh: Title
    title_en: Title
    text_zh: Text
    text_en: Text
    amends: RecordId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days of a tally, and of which chain: its digest, needed where several are linked."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    from_day: Day
    to_day: Day
    chain: Annotated[str, Body(pattern=r"^([0-9a-f]{64})?$")] = ""


def _seat(request: Request, member: str) -> Seat:
    settings: Settings = request.app.state.settings
    seat = settings.seat(member)
    find_public(seat)
    return seat


@router.get("/log/records", summary="The public chain's records, the newest first")
def list_public_records(
    request: Request,
    member: Member,
    t: Annotated[
        str, Query(pattern=r"^[a-z.]{0,40}$", description="Of one type; empty for all.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=RECORDS_MAX, description="Most records.")] = 20,
    after: Annotated[
        str, Query(pattern=r"^([0-9a-f]{32})?$", description="Older than this record.")
    ] = "",
) -> Response:
    """Answers `{items, after?}`; of a bulletin, `state` tells whether it still holds."""
    node = _seat(request, member).node
    rows = list_public(node, t=t, limit=limit, before=bytes.fromhex(after))
    more = {"after": rows[-1]["record"]} if len(rows) == limit else {}
    return answer_json({"items": rows, **more}, headers=SHORT)


@router.get("/log/records/{record}", summary="A record of the public chain")
def show_public_record(request: Request, member: Member, record: Identifier) -> Response:
    """Answers the record whole: nothing of it is sealed."""
    found = show_public(_seat(request, member).node, record)
    return answer_json(found, headers=SHORT)


@router.get("/log/records/{record}/proof", summary="A public record's bytes and proof")
def prove_public_record(request: Request, member: Member, record: Identifier) -> Response:
    """Answers an evidence file: the record's bytes under a checkpoint that members cosigned.

    `tally evidence verify FILE --trust members.json` checks it on a machine that knows nothing.
    """
    data = prove_public(_seat(request, member), record)
    name = {"Content-Disposition": f'attachment; filename="record-{record}.car"'}
    return Response(data, 200, {**SHORT, **name}, PROOF_TYPE)


@router.get("/log/blocks/{height}", summary="A block of the public chain")
def read_public_block(request: Request, member: Member, height: Height) -> Response:
    """Answers the block's canonical bytes: whoever asks for each has a copy of the chain."""
    node = _seat(request, member).node
    return Response(node.replica.block(height), 200, FOR_EVER, BLOCK_TYPE)


@router.get("/log/chains", summary="How far the county's other chains have come")
def list_public_chains(request: Request, member: Member) -> Response:
    """Answers `{items}`: each chain with its last checkpoint here, a signed note as it is."""
    return answer_json({"items": list_anchored(_seat(request, member).node)}, headers=SHORT)


@router.get("/log/members.json", summary="What an outsider pins of the public chain")
def read_public_members(request: Request, member: Member) -> Response:
    """Answers the first members' keys; ask several members, and keep it only where they agree."""
    data = tell_pin(_seat(request, member).node)
    return Response(data, 200, FOR_EVER, "application/json")


@router.post(
    "/v1/bulletins",
    status_code=201,
    summary="Tell everybody something",
    dependencies=[act("publish_bulletin")],
)
def publish_bulletin(turn: TurnDep, body: Bulletin) -> Response:
    """Answers `{record}`; with `amends`, it stands in that own bulletin's place."""
    return turn.write(
        turn.office.publish_bulletin,
        title_zh=body.title_zh,
        title_en=body.title_en,
        text_zh=body.text_zh,
        text_en=body.text_en,
        amends=body.amends,
    )


@router.post(
    "/v1/bulletins/{record}/withdraw",
    status_code=201,
    summary="Withdraw a bulletin",
    dependencies=[act("publish_bulletin")],
)
def withdraw_bulletin(turn: TurnDep, record: Identifier) -> Response:
    """Answers `{record}`; what it said stays readable, as withdrawn."""
    return turn.write(turn.office.withdraw_bulletin, record)


@router.post(
    "/v1/tallies",
    status_code=201,
    summary="Publish a period's figures",
    dependencies=[act("publish_tally")],
)
def publish_tally(turn: TurnDep, body: Period) -> Response:
    """Counts the member's own copy of a linked chain; answers `{record, figures}`."""
    return turn.write(
        turn.office.publish_tally, from_day=body.from_day, to_day=body.to_day, chain=body.chain
    )
