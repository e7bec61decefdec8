"""Objects that members hold for one another: put, read, granted, erased, and how they stand.

A body that is put is read as it comes and never held whole; what is read leaves as it is checked,
and breaks off where it cannot be had: who reads sees that bytes lack.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Limit, Name, Offset, page
from tallystick.api.turn import LookDep, TurnDep, answer_json
from tallystick.base.errors import Unavailable
from tallystick.county.telling import read_id
from tallystick.services.storing.acts import Wanted

__all__ = ["router"]

BODY_WAIT_S: Final = 30
"""How long a body that is put may be silent."""
PIECE_BYTES: Final = 1024 * 1024
READERS_DAYS_MAX: Final = 3_660
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
router = APIRouter(prefix="/{member}/v1/store", tags=["store"])
ObjectCid = Annotated[str, Path(pattern=r"^b[a-z2-7]{58}$", description="The object's CID.")]
FILE_TYPE: Final = "application/vnd.ipld.dag-cbor"
Digest = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file: 64 hex digits.")
]
Weakest = Annotated[
    int, Query(ge=0, le=1, description="1: those first that stand the fewest losses more.")
]
After = Annotated[
    str, Query(pattern=r"^(b[a-z2-7]{58})?$", description="`next` of the stretch before.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReader:
    """A member that may read, and for how many days; 0 ends it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    to: Name
    days: Annotated[int, Body(strict=True, ge=0, le=READERS_DAYS_MAX)] = field()


class _Coming:
    """A body as it comes, read by another thread than the one it comes in."""

    def __init__(self, pieces: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._pieces = pieces
        self._loop = loop
        self._rest = b""
        self._is_over = False

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end.

        Raises:
            Unavailable: `api.torn`, whoever sends has gone, or is silent, or the server ends.
        """
        while not self._rest and not self._is_over:
            asked = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
            try:
                # A loop that has ended answers nothing, not even that.
                found = asked.result(2 * BODY_WAIT_S)
            except (ClientDisconnect, TimeoutError, CancelledError) as error:
                raise Unavailable(
                    "api.torn", "the body broke off before its end", cure="Send it again, whole."
                ) from error
            self._is_over, self._rest = found is None, found or b""
        found_now, self._rest = self._rest[:size], self._rest[size:]
        return found_now

    async def _next(self) -> bytes | None:
        """Return some pieces as one, so that threads change seldom; None at the end.

        It ends by itself in time: one that was left to be cancelled may outlive its loop.
        """
        found, size = [], 0
        async with asyncio.timeout(BODY_WAIT_S):
            async for piece in self._pieces:
                found.append(piece)
                size += len(piece)
                if size >= PIECE_BYTES:
                    break
        return b"".join(found) or None


@router.get("/objects", summary="Objects that are to be kept", dependencies=[act("read_store")])
def list_objects(
    turn: LookDep, limit: Limit = 100, offset: Offset = 0, weakest: Weakest = 0
) -> Response:
    """Answers `{items, next?}`: how each stands and who holds it, in the order of their records."""
    rows = turn.office.list_objects(limit=limit, offset=offset, weakest=bool(weakest))
    return answer_json(page(rows, limit, offset))


def _read_wanted(
    name: Annotated[str, Query(max_length=200, description="What you call it.")] = "",
    code: Annotated[
        str,
        Query(pattern="^([a-z0-9+-]{1,20})?$", description="Its code; chosen by its size if none."),
    ] = "",
    is_public: Annotated[int, Query(ge=0, le=1, description="1: in clear, for all members.")] = 0,
    party: Annotated[
        str, Query(pattern="^([0-9a-f]{32})?$", description="Whom it is about; goes with it.")
    ] = "",
) -> Wanted:
    return Wanted(
        name=name, code=code, public=bool(is_public), party=read_id(party) if party else b""
    )


@router.post(
    "/objects",
    status_code=201,
    summary="Put an object",
    dependencies=[act("put_object")],
    openapi_extra={"requestBody": _BODY},
)
async def put_object(
    request: Request, turn: TurnDep, wanted: Annotated[Wanted, Depends(_read_wanted)]
) -> Response:
    """Takes the body's bytes, of any length; answers `{cid, holders, lacking}`.

    With an Idempotency-Key a repetition gets the first answer, and its body is not looked at.
    """
    source = _Coming(request.stream(), asyncio.get_running_loop())
    told = request.headers.get("content-length", "")
    sized = replace(wanted, size=int(told)) if told.isdecimal() else wanted
    return await run_in_threadpool(turn.write, lambda: turn.office.put_object(source, sized))


@router.get("/objects/{cid}", summary="How an object stands", dependencies=[act("read_store")])
def show_object(turn: LookDep, cid: ObjectCid) -> Response:
    """Answers an object with who holds which shard, and to its owner who may read it."""
    return answer_json(turn.office.show_object(cid))


@router.get("/objects/{cid}/content", summary="Read an object", dependencies=[act("read_object")])
def read_object(turn: LookDep, cid: ObjectCid) -> Response:
    """Answers its bytes, each believed before it leaves; leaves a receipt where it is sealed."""
    opened = turn.office.open_object(cid)
    pieces = opened.read(0, opened.size)
    # Whether it can be read at all is found out while that can still be told.
    first = next(pieces, b"")
    headers = {"Content-Length": str(opened.size), "Cache-Control": "no-store"}
    body = _gathered(chain((first,), pieces))
    return StreamingResponse(body, 200, headers, "application/octet-stream")


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces, some as one: each costs a change of threads."""
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(found)
            found, size = [], 0
    if found:
        yield b"".join(found)


@router.delete(
    "/objects/{cid}",
    status_code=201,
    summary="Erase an object",
    dependencies=[act("erase_object")],
)
def erase_object(turn: TurnDep, cid: ObjectCid) -> Response:
    """Destroys its key and has all drop it; answers `{receipts, waiting, departed}`."""
    return turn.write(turn.office.erase_object, cid)


@router.post(
    "/objects/{cid}/readers",
    status_code=201,
    summary="Let a member read an object",
    dependencies=[act("grant_object")],
)
def grant_object(turn: TurnDep, cid: ObjectCid, body: NewReader) -> Response:
    """Answers `{cid, to, until_at}`; the member asks for the key when it first reads.

    `days` of 0 ends it: `until_at` is 0, and `is_told` says whether the member's node knows it and
    has no key any more. What it has read before it may have kept.
    """
    return turn.write(turn.office.grant_object, cid, to=body.to, days=body.days)


@router.get("/health", summary="How all objects stand", dependencies=[act("read_store")])
def show_store(turn: LookDep) -> Response:
    """Answers counts of whole, short, bare and lost objects, who lied, and what was done last."""
    return answer_json(turn.office.show_store())


@router.get("/peers", summary="Who holds how much", dependencies=[act("read_store")])
def list_store_peers(turn: LookDep) -> Response:
    """Answers `{items}`: what each member says it holds for the others."""
    return answer_json({"items": turn.office.list_store_peers()})


@router.get("/liars", summary="Who gave wrong bytes", dependencies=[act("read_store")])
def list_liars(turn: LookDep) -> Response:
    """Answers `{items}`: who gave what that was wrong, and the digest of the file that proves it.

    A file is there where both members sign, as they do between machines.
    """
    return answer_json({"items": turn.office.list_liars()})


@router.get("/liars/{digest}", summary="The file that proves it", dependencies=[act("read_object")])
def read_liar(turn: LookDep, digest: Digest) -> Response:
    """Answers the file, as docs/spec/spread.md tells it.

    `tally evidence verify FILE --trust members.json` checks it on a machine that knows nothing.
    It holds what was answered, which of a public object may be some of its bytes in clear.
    """
    name = f'attachment; filename="wrong-answer-{digest[:16]}.cbor"'
    data = turn.office.read_liar(digest)
    return Response(data, 200, {"Content-Disposition": name}, FILE_TYPE)


@router.post(
    "/scrub", status_code=201, summary="Read own shards again", dependencies=[act("repair_store")]
)
def scrub_store(turn: TurnDep, after: After = "") -> Response:
    """Answers `{bytes, used, rotten, pieces_mended, next?}`: of a second; go on from `next`."""
    return turn.write(turn.office.scrub_store, after=after)


@router.post(
    "/repair", status_code=201, summary="Make lost shards anew", dependencies=[act("repair_store")]
)
def repair_store(turn: TurnDep, after: After = "") -> Response:
    """Answers `{objects, done, repaired, lacking, next?}`: a stretch; go on from `next`."""
    return turn.write(turn.office.repair_store, after=after)
