"""The trustless gateway: public files by their CID, for any IPFS tool.

Laws: asked without a session and counted by address, for only what a member marked public is given,
and everything else is answered as what never was, whoever asks; what is at an address never
changes. Any member that is served here answers for what it has.
Source: IPFS trustless gateway specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from tallystick.api.problem import problem_response
from tallystick.api.turn import Settings
from tallystick.base.errors import Error
from tallystick.kernel.store.answering import Answer, answer
from tallystick.kernel.store.blocks import Blocks, read_blocks
from tallystick.kernel.store.gateway import PUBLIC, not_here, read_request
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag

__all__ = ["router"]

router = APIRouter(prefix="/ipfs", tags=["ipfs"])
Cid = Annotated[str, Path(max_length=256, description="The CID of a root, or of a block under it.")]
Names = Annotated[str, Path(max_length=4_096, description="Names below the root; for a CAR alone.")]
REFUSED: Final = {**PUBLIC, "Cache-Control": "no-cache"}


@router.get("/{cid}", summary="A public block, or a CAR of all under it")
def read_content(request: Request, cid: Cid) -> Response:
    """Answers a raw block or a CAR, as `format` or else `Accept` says; without either, 400."""
    return _serve(request, cid, "")


@router.head("/{cid}", summary="Whether a block is public here")
def look_at_content(request: Request, cid: Cid) -> Response:
    """Answers as GET does, without the content."""
    return _serve(request, cid, "")


@router.get("/{cid}/{path:path}", summary="A CAR of what is at a path below a public root")
def read_content_path(request: Request, cid: Cid, path: Names) -> Response:
    """Answers the blocks of the path, then those that it leads to, by `dag-scope`."""
    return _serve(request, cid, path)


@router.head("/{cid}/{path:path}", summary="Whether something public is at a path")
def look_at_content_path(request: Request, cid: Cid, path: Names) -> Response:
    """Answers as GET does, without the content."""
    return _serve(request, cid, path)


def _serve(request: Request, cid: str, path: str) -> Response:
    try:
        with ExitStack() as opened:
            asked = read_request(cid, path, dict(request.query_params), request.headers)
            blocks = _find_public(request.app.state.settings, asked.cid, opened)
            found = answer(asked, blocks.public_dag if blocks else Dag(_nothing))
            return _respond(found, opened, is_head=request.method == "HEAD")
    except Error as error:
        return problem_response(error, REFUSED)


def _respond(found: Answer, opened: ExitStack, *, is_head: bool) -> Response:
    if isinstance(found.body, tuple):
        return Response(b"" if is_head else b"".join(found.body), found.status, found.headers)
    # What goes out piece by piece has no length to be told, by HEAD neither.
    body = iter(()) if is_head else _close_after(found.body, opened.pop_all())
    return StreamingResponse(body, found.status, found.headers)


def _find_public(settings: Settings, cid: IpfsCid, opened: ExitStack) -> Blocks | None:
    """Return the files of a member here that has a block public, open until the stack is closed."""
    for seat in settings.house.seats():
        node = seat.node
        if node.member not in settings.members:
            continue
        with ExitStack() as looking:
            blocks = looking.enter_context(read_blocks(node.store, node.folder / "store.db"))
            if blocks is not None and blocks.is_public(cid):
                opened.push(looking.pop_all())
                return blocks
    return None


def _close_after(body: Iterable[bytes], opened: ExitStack) -> Iterator[bytes]:
    with opened:
        yield from body


def _nothing(cid: IpfsCid) -> bytes:
    del cid
    raise not_here()
