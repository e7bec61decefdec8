"""What every request passes before any route: its host, its token, how often, and its body's size.

Laws: a name that is not ours in `Host` is refused, so that no page a browser shows can reach the
node by a name of its own; every route but health, log-in, the log's tiles and public files asks
for the county's token or a session's, and below `/ipfs` and `/ipns` there is no other route; a
token comes in `Authorization` alone, no cookie is read; a body is read once, bounded, but for an
object that is put, which passes as it comes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallystick.api.gateway import is_below, refuse
from tallystick.api.guest import Guest, find_guest, no_token
from tallystick.api.problem import problem_response
from tallystick.api.rate import Buckets
from tallystick.api.served import Settings
from tallystick.api.token import is_token
from tallystick.base.errors import Denied, Error, Invalid
from tallystick.kernel.access.acting import ACTING, Acting

__all__ = ["BODY_BYTES_MAX", "LOOPBACK", "Gate", "is_loopback"]

BODY_BYTES_MAX: Final = 1024 * 1024
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HEALTH: Final = re.compile(r"(/[a-z0-9._-]{1,24})?/healthz")
_LOG: Final = re.compile(r"/[a-z0-9._-]{1,24}/log/.+")
_STREAM: Final = re.compile(r"/[a-z0-9._-]{1,24}/v1/store/objects")
"""Where a body of any length is taken as it comes, once its sender has been let in."""
_LOG_IN: Final = re.compile(r"/[a-z0-9._-]{1,24}/v1/sessions")
SESSION_BURST: Final = 240
SESSION_PER_MINUTE: Final = 1_200
"""How often one session may ask: a page of the console asks up to ten times."""
LOG_IN_BURST: Final = 20
LOG_IN_PER_MINUTE: Final = 20
"""How often one address may try to log in: each try costs 64 MiB and a tenth of a second."""
LOG_BURST: Final = 240
LOG_PER_MINUTE: Final = 1_200
"""How often one address may ask for the log, which needs no session."""
GATEWAY_BURST: Final = 2_000
GATEWAY_PER_MINUTE: Final = 6_000
"""How often one address may ask the gateway, counted by itself: who checks a file reads it block by
block, and 64 MiB in blocks of 256 KiB are 259 of them."""
_PORT: Final = re.compile(r":[0-9]{1,5}$")


def is_loopback(host: str) -> bool:
    """Tell whether an address to bind to is this machine's own."""
    return host in LOOPBACK or host == "::1"


class Gate:
    """Wraps the application.

    Args:
        app: what is behind the gate.
        settings: what is served.
        token: the county's bearer token.
        hosts: names under which the node may be asked, without ports.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, token: str, hosts: Collection[str]
    ) -> None:
        self._app = app
        self._settings = settings
        self._token = token
        self._hosts = frozenset(hosts)
        clock = settings.house.clock
        self._asks = Buckets(clock, burst=SESSION_BURST, per_minute=SESSION_PER_MINUTE)
        self._reads = Buckets(clock, burst=LOG_BURST, per_minute=LOG_PER_MINUTE)
        self._blocks = Buckets(clock, burst=GATEWAY_BURST, per_minute=GATEWAY_PER_MINUTE)
        self._tries = Buckets(clock, burst=LOG_IN_BURST, per_minute=LOG_IN_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            guest = await self._find_guest(scope, headers)
            streams = scope["method"] == "POST" and bool(_STREAM.fullmatch(scope["path"]))
            body = b"" if streams else await _read_body(headers, receive)
        except Error as error:
            tell = refuse if is_below(scope["path"]) else problem_response
            await tell(error)(scope, receive, send)
            return
        scope["body"], scope["guest"] = body, guest
        # Whatever runs for this request, in other threads too, starts with a copy of this.
        acting = ACTING.set(Acting(guest.member, guest.account.officer) if guest else None)
        try:
            await self._app(scope, receive if streams else _once(body, receive), send)
        finally:
            ACTING.reset(acting)

    def _check_host(self, headers: Headers) -> None:
        host = _PORT.sub("", headers.get("host", "")).lower()
        if host not in self._hosts:
            raise Denied(
                "api.host",
                "the request is for another host",
                cure="Ask by the address the node is bound to.",
            )

    async def _find_guest(self, scope: Scope, headers: Headers) -> Guest | None:
        """Return who asks in a session; None for the folder's owner, and where nobody need say."""
        path: str = scope["path"]
        if _HEALTH.fullmatch(path):
            return None
        if scope["method"] == "POST" and _LOG_IN.fullmatch(path):
            self._tries.take(_address(scope))
            return None
        if scope["method"] == "GET" and _LOG.fullmatch(path):
            self._reads.take(_address(scope))
            return None
        # Who needs no token passes as the folder's owner: nothing but the gateway answers there.
        if is_below(path):
            self._blocks.take(_address(scope))
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer":
            raise no_token()
        if is_token(self._token, given):
            return None
        guest = await run_in_threadpool(find_guest, self._settings, path, given)
        self._asks.take(guest.session)
        return guest


def _address(scope: Scope) -> bytes:
    """Return where a request comes from, without the port."""
    client = scope.get("client")
    return str(client[0] if client else "").encode()


async def _read_body(headers: Headers, receive: Receive) -> bytes:
    declared = headers.get("content-length", "0")
    if not declared.isdigit() or int(declared[:16]) > BODY_BYTES_MAX:
        raise _too_large()
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise _too_large()
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large() -> Invalid:
    return Invalid(
        "api.body_size",
        f"the body is larger than {BODY_BYTES_MAX} bytes",
        cure="Send fewer cases at once.",
    )


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read already, then what follows it."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
