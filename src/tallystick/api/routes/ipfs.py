"""The trustless gateway: public files by their CID, for any IPFS tool.

Laws: asked without a session and counted by address, for only what a member marked public is given,
and everything else is answered as what never was, whoever asks: 404 and never 401, which would tell
that something is here. What is at an address never changes. Any member that is served here answers
for what it has. Whatever begins with `/ipfs` or `/ipns` ends here, by whatever method: nothing
below it is another route's. No IPNS name is kept.
Source: IPFS trustless gateway and path gateway specifications.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Annotated, Final, NoReturn

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from tallystick.api.problem import problem_response
from tallystick.api.turn import Settings
from tallystick.base.errors import Denied, Error, Invalid
from tallystick.kernel.store.answering import Answer, answer
from tallystick.kernel.store.blocks import Blocks, read_blocks
from tallystick.kernel.store.gateway import (
    ALLOWED,
    PUBLIC,
    SHARED,
    not_here,
    read_request,
    refuse_form,
)
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.links import links_of

__all__ = ["Rest", "is_below", "refuse", "router"]

router = APIRouter(prefix="/ipfs", tags=["ipfs"])
Cid = Annotated[str, Path(description="The CID of a root, or of a block under it.")]
Names = Annotated[str, Path(description="Names below the root; for a CAR alone.")]
REFUSED: Final = {**PUBLIC, "Cache-Control": "no-cache"}
_ALLOW: Final = {"Allow": ", ".join(ALLOWED)}


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
    return _serve(request, cid, "/" + path)


@router.head("/{cid}/{path:path}", summary="Whether something public is at a path")
def look_at_content_path(request: Request, cid: Cid, path: Names) -> Response:
    """Answers as GET does, without the content."""
    return _serve(request, cid, "/" + path)


def is_below(path: str) -> bool:
    """Tell whether an address is the gateway's."""
    return path.split("/", 2)[1:2] in (["ipfs"], ["ipns"])


class Rest(BaseRoute):
    """What no route above takes of `/ipfs` and `/ipns`, by any method and of any form of name.

    To stand right behind the router, and before the routes of any member.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take it, whatever signs the path has."""
        is_ours = scope["type"] == "http" and is_below(scope["path"])
        return (Match.FULL if is_ours else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: object) -> NoReturn:
        """Refuse: it has no name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        answered = await run_in_threadpool(_answer_rest, Request(scope), scope["path"])
        await answered(scope, receive, send)


def _answer_rest(request: Request, path: str) -> Response:
    if request.method == "OPTIONS":
        return _share(Response(headers={**PUBLIC, **_ALLOW}))
    if request.method not in ALLOWED:
        fault = Denied("api.method", "the route has no such method", cure="See docs/api.md.")
        return refuse(fault, _ALLOW)
    kind, _, below = path[1:].partition("/")
    name, slash, rest = below.partition("/")
    if not name:
        return refuse(refuse_form("the address names no content"))
    # A name may hold signs that no route's pattern does, a line's end among them.
    return _serve(request, name, slash + rest) if kind == "ipfs" else refuse(not_here())


def refuse(error: Error, more: Mapping[str, str] | None = None) -> Response:
    """Return the response that tells an error, to be read by any page."""
    return _share(problem_response(error, {**REFUSED, **(more or {})}))


def _share(response: Response) -> Response:
    """Return a response with what a page's script may ask for and read, a line each."""
    for name, values in SHARED.items():
        for value in values:
            response.headers.append(name, value)
    return response


def _serve(request: Request, cid: str, path: str) -> Response:
    is_head = request.method == "HEAD"
    try:
        with ExitStack() as opened:
            asked = read_request(cid, path, dict(request.query_params), request.headers)
            blocks = _find_public(request.app.state.settings, asked.cid, opened)
            dag = blocks.public_dag if blocks else Dag(_nothing)
            found = answer(asked, dag, is_head=is_head)
            return _share(_respond(found, opened, is_head=is_head))
    except Error as error:
        return refuse(error)


def _respond(found: Answer, opened: ExitStack, *, is_head: bool) -> Response:
    if isinstance(found.body, tuple):
        return Response(b"" if is_head else b"".join(found.body), found.status, found.headers)
    # What goes out piece by piece has no length to be told, by HEAD neither.
    body = iter(()) if is_head else _close_after(found.body, opened.pop_all())
    return StreamingResponse(body, found.status, found.headers)


def _find_public(settings: Settings, cid: IpfsCid, opened: ExitStack) -> Blocks | None:
    """Return the files of a member here that has a block public, open until the stack is closed.

    For a root that stands in its own CID, those of a member that has public what it links.
    """
    wanted = [cid] if cid.inline is None else _linked(cid, cid.inline)
    for seat in settings.house.seats():
        node = seat.node
        if node.member not in settings.members:
            continue
        with ExitStack() as looking:
            blocks = looking.enter_context(read_blocks(node.store, node.folder / "store.db"))
            if blocks is not None and any(map(blocks.is_public, wanted)):
                opened.push(looking.pop_all())
                return blocks
    return None


def _linked(cid: IpfsCid, block: bytes) -> list[IpfsCid]:
    try:
        return links_of(cid, block)
    except Invalid:
        # Anybody writes such a name: it is a block all the same, which links nothing.
        return []


def _close_after(body: Iterable[bytes], opened: ExitStack) -> Iterator[bytes]:
    with opened:
        yield from body


def _nothing(cid: IpfsCid) -> bytes:
    del cid
    raise not_here()
