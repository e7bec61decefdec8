"""The log as a transparency log is read: a checkpoint and static tiles, for anybody's own tools.

Laws: asked without a session and counted by address, for it tells digests, heights, times and
results alone: no member, case or party. What is at a tile's address never changes; the checkpoint's
does.
Source: C2SP tlog-tiles.
"""

from __future__ import annotations

import gzip
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from tallystick.api.turn import Member, Settings
from tallystick.base.errors import NotFound
from tallystick.chain.tile import ENTRIES, Tile
from tallystick.kernel.ledger.tiles import read_tile

__all__ = ["router"]

router = APIRouter(prefix="/{member}/log", tags=["log"])
TILE_TYPE: Final = "application/octet-stream"
FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
NOT_KEPT: Final = {"Cache-Control": "no-cache"}


@router.get("/checkpoint", summary="The log's newest checkpoint")
def read_log_checkpoint(request: Request, member: Member) -> Response:
    """Answers the newest witnessed checkpoint: a C2SP signed note with its cosignatures."""
    settings: Settings = request.app.state.settings
    seat = settings.seat(member)
    height = seat.witnesses.height
    if not height:
        raise NotFound(
            "ledger.no_note", "no height is witnessed yet", cure="Ask again once members cosigned."
        )
    return Response(seat.witnesses.note(height), 200, NOT_KEPT, "text/plain; charset=utf-8")


@router.get("/tile/{path:path}", summary="A tile, or an entry bundle, of the log")
def read_log_tile(
    request: Request,
    member: Member,
    path: Annotated[str, Path(max_length=60, description="`L/N[.p/W]` or `entries/N[.p/W]`.")],
) -> Response:
    """Answers up to 256 hashes of one height of the tree, or the leaves that they are of.

    A partial tile names its width. The path is the tile's one spelling, else 422.
    """
    settings: Settings = request.app.state.settings
    seat = settings.seat(member)
    tile = Tile.read(f"tile/{path}")
    data = read_tile(seat.node.replica, tile)
    if tile.level != ENTRIES:
        return Response(data, 200, FOR_EVER, TILE_TYPE)
    headers = {**FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        data = gzip.compress(data, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(data, 200, headers, TILE_TYPE)
