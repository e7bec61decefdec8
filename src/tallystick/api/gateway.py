"""Answers of the trustless gateway: public files, and names that point to them.

Laws: asked without a session and counted by address, for only what a member marked public is given,
and everything else is answered as what never was, whoever asks: 404 and never 401, which would tell
that something is here. A name opens nothing by itself: what it leads to is looked up as if it were
asked for by its CID. Any member that is served here answers for what it has, block by block; of a
name the newest record that any of them keeps counts. What fails once the status is sent leaves the
response without its end, which no reader takes for whole. Whatever begins with `/ipfs` or `/ipns`
ends here, by whatever method: nothing below it is another route's.
Source: IPFS trustless gateway and path gateway specifications.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Final, NoReturn

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from tallystick.api.problem import problem_response
from tallystick.api.published import Published
from tallystick.api.streams import PLACES, SLICE_BYTES, Body, press
from tallystick.api.turn import Settings
from tallystick.base.errors import Denied, Error
from tallystick.kernel.store.answering import Answer, answer
from tallystick.kernel.store.gateway import (
    ALLOWED,
    PUBLIC,
    SHARED,
    Asked,
    read_request,
    refuse_form,
)
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.names import read_names
from tallystick.kernel.store.ipns.record import Record
from tallystick.kernel.store.naming import answer_record, follow_request, read_named
from tallystick.node import Node

__all__ = ["Rest", "is_below", "refuse", "serve_content", "serve_name"]

_LOG: Final = logging.getLogger(__name__)
_SERVER: Final = logging.getLogger("uvicorn.error")
_BROKEN: Final[ContextVar[bool]] = ContextVar("broken", default=False)
"""Whether the response to this request was broken off, and that is logged."""
REFUSED: Final = {**PUBLIC, "Cache-Control": "no-cache"}
_ALLOW: Final = {"Allow": ", ".join(ALLOWED)}


def serve_content(request: Request, cid: str, path: str) -> Response:
    """Answer for content by its CID, and a path below it, "" or from its slash on."""
    query, headers = dict(request.query_params), _headers_of(request)
    with ExitStack() as opened:
        return _told(
            lambda: _give(request, read_request(cid, path, query, headers), opened),
        )


def serve_name(request: Request, name: str, path: str) -> Response:
    """Answer for a name: its record, or what it leads to."""
    settings: Settings = request.app.state.settings

    def find(wanted: IpnsName) -> Record | None:
        return _find_newest(settings, wanted)

    def give() -> Response:
        asked = read_named(name, path, dict(request.query_params), _headers_of(request))
        now_ms = settings.house.clock.now_ms()
        if not asked.is_record:
            return _give(request, follow_request(asked, find, now_ms), opened)
        found = answer_record(asked, find, now_ms)
        return _respond(found, opened, is_head=request.method == "HEAD")

    with ExitStack() as opened:
        return _told(give)


def is_below(path: str) -> bool:
    """Tell whether an address is the gateway's."""
    return path.split("/", 2)[1:2] in (["ipfs"], ["ipns"])


class Rest(BaseRoute):
    """What no route takes of `/ipfs` and `/ipns`, by any method and of any form of name.

    To stand right behind their routers, and before the routes of any member.
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
    serve = serve_content if kind == "ipfs" else serve_name
    return serve(request, name, slash + rest)


def refuse(error: Error, more: Mapping[str, str] | None = None) -> Response:
    """Return the response that tells an error, to be read by any page."""
    return _share(problem_response(error, {**REFUSED, **(more or {})}))


def _share(response: Response) -> Response:
    """Return a response with what a page's script may ask for and read, a line each."""
    for name, values in SHARED.items():
        for value in values:
            response.headers.append(name, value)
    return response


def _told(give: Callable[[], Response]) -> Response:
    try:
        return _share(give())
    except Error as error:
        return refuse(error)


def _give(request: Request, asked: Asked, opened: ExitStack) -> Response:
    """Return what is asked for of what is public here; what it reads stays open in the stack."""
    is_head = request.method == "HEAD"
    published = opened.enter_context(Published(_nodes(request.app.state.settings)))
    return _respond(answer(asked, published.dag, is_head=is_head), opened, is_head=is_head)


def _respond(found: Answer, opened: ExitStack, *, is_head: bool) -> Response:
    if isinstance(found.body, tuple):
        whole = b"" if is_head else b"".join(found.body)
        if len(whole) <= SLICE_BYTES:
            return Response(whole, found.status, found.headers)
        # A large block stands in the server as long as an archive where nobody reads it.
        headers = {"Content-Length": str(len(whole)), **found.headers}
        return _Pieces(Body((whole,), ExitStack()), found.status, headers)
    # What goes out piece by piece has no length to be told, by HEAD neither.
    body = Body((), ExitStack()) if is_head else Body(found.body, opened.pop_all())
    return _Pieces(body, found.status, found.headers)


class _Pieces(StreamingResponse):
    """A response that is left without its end where a piece cannot be had, or does not leave.

    The server closes the connection then. To raise would do the same and log a trace of it all.
    Whatever ends it, its body is closed: nothing else would, once its reader has gone.
    """

    def __init__(self, body: Body, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(body, status, headers)
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what can be had, where there is a place for it."""
        refused: Error | None = None
        try:
            with PLACES.hold(scope):
                await self._send_pieces(scope, receive, press(scope, send))
        except Error as error:
            refused = error
        finally:
            # Also where this task is cancelled once more, as it is when the server ends.
            await asyncio.shield(run_in_threadpool(self._body.close))
        if refused is not None:
            # An idle connection is one of few, too.
            await refuse(refused, {"Connection": "close"})(scope, receive, send)

    async def _send_pieces(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except Error as error:
            root = self.headers["X-Ipfs-Roots"].partition(",")[0]
            _LOG.warning("/ipfs/%s broken off: %s: %s", root, error.code, error.message)
            # The server has a line of its own for it, which tells no reason.
            _SERVER.addFilter(_is_untold)
            _BROKEN.set(True)


def _is_untold(record: logging.LogRecord) -> bool:
    del record
    return not _BROKEN.get()


def _headers_of(request: Request) -> dict[str, str]:
    """Return a request's headers by lower name: lines of one name are one list."""
    lines: dict[str, list[str]] = {}
    # Source: RFC 9110, 5.3. Each line once: a stranger may send very many.
    for name, value in request.headers.items():
        lines.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in lines.items()}


def _nodes(settings: Settings) -> Iterator[Node]:
    """Yield the members that are served here."""
    for seat in settings.house.seats():
        if seat.node.member in settings.members:
            yield seat.node


def _find_newest(settings: Settings, name: IpnsName) -> Record | None:
    """Return the newest record of a name that is given by a member here."""
    newest: Record | None = None
    for node in _nodes(settings):
        with read_names(node.folder / "store.db") as names:
            found = names.find_given(name) if names else None
        if found is not None and (newest is None or found.is_newer(newest)):
            newest = found
    return newest
