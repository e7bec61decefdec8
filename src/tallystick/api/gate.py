"""What every request passes before any route: its host, its token, and the size of its body.

Laws: a name that is not ours in `Host` is refused, so that no page a browser shows can reach the
node by a name of its own; every route but health asks for the token; a body is read once, bounded.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallystick.api.problem import problem_response
from tallystick.api.token import is_token
from tallystick.base.errors import Denied, Error, Invalid

__all__ = ["BODY_BYTES_MAX", "LOOPBACK", "Gate", "is_loopback"]

BODY_BYTES_MAX: Final = 1024 * 1024
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HEALTH: Final = re.compile(r"(/[a-z0-9._-]{1,24})?/healthz")
_PORT: Final = re.compile(r":[0-9]{1,5}$")


def is_loopback(host: str) -> bool:
    """Tell whether an address to bind to is this machine's own."""
    return host in LOOPBACK or host == "::1"


class Gate:
    """Wraps the application.

    Args:
        app: what is behind the gate.
        token: the county's bearer token.
        hosts: names under which the node may be asked, without ports.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Collection[str]) -> None:
        self._app = app
        self._token = token
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            self._check_token(scope["path"], headers)
            body = await _read_body(headers, receive)
        except Error as error:
            await problem_response(error)(scope, receive, send)
            return
        scope["body"] = body
        await self._app(scope, _once(body, receive), send)

    def _check_host(self, headers: Headers) -> None:
        host = _PORT.sub("", headers.get("host", "")).lower()
        if host not in self._hosts:
            raise Denied(
                "api.host",
                "the request is for another host",
                cure="Ask by the address the node is bound to.",
            )

    def _check_token(self, path: str, headers: Headers) -> None:
        if _HEALTH.fullmatch(path):
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_token(self._token, given.strip()):
            raise Denied(
                "api.token",
                "the request carries no token of this county",
                cure="Send `Authorization: Bearer` with the county folder's token.",
            )


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
