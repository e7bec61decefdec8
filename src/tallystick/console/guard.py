"""What every request to the console passes: host, origin, and what its answers allow a browser.

Laws: a request to another host's name is refused, so that no foreign page reaches this one through
DNS; what is no GET, and every websocket, must come from this console's own pages, and what names
another origin is refused whatever it asks; a body is bounded, but a file's that is passed on;
answers allow nothing from outside the host, in no frame.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallystick.console.passage import PUT

__all__ = ["Guard"]

_PORT: Final = re.compile(r":\d{1,5}$")
_SAFE: Final = frozenset({"GET", "HEAD"})
BODY_BYTES_MAX: Final = 1_048_576
_HEADERS: Final = {
    "content-security-policy": (
        # NiceGUI's pages build their templates and styles in the browser.
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval';"
        " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
        " connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self';"
        " object-src 'none'"
    ),
    # Stricter, and browsers would call the origin of our own forms "null".
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Stands before the console.

    Args:
        app: the console.
        hosts: names a request may be sent to, without ports.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it with a bare status."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        status = self._refusal(scope)
        if status:
            await _refuse(scope, send, status)
            return
        await self._app(scope, _bounded(scope, receive), _with_headers(send))

    def _refusal(self, scope: Scope) -> int:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _PORT.sub("", host).lower() not in self._hosts:
            return 421
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403
        if scope["type"] == "websocket" or scope["method"] not in _SAFE:
            if origin is None:
                return 403
            size = headers.get("content-length", "0")
            if not size.isdigit() or (not _passes(scope) and int(size[:16]) > BODY_BYTES_MAX):
                return 413
        return 0


def _passes(scope: Scope) -> bool:
    """Tell whether a body is passed on as it comes, of any length, to where it is let in."""
    return scope["type"] == "http" and PUT.fullmatch(scope["path"]) is not None


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Return a `receive` that hangs up on a body longer than it said."""
    if scope["type"] != "http" or _passes(scope):
        return receive
    size = 0

    async def received() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= BODY_BYTES_MAX else {"type": "http.disconnect"}

    return received


async def _refuse(scope: Scope, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
