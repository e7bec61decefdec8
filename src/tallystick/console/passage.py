"""A file's bytes between a browser and the API: passed on as they come, never held here.

Laws: the visitor's session goes with them as a token, and nothing else that a browser sent but what
is named here; what the API refuses a download with is told on the file's own page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallystick.base.errors import Error
from tallystick.client import AsyncClient
from tallystick.console.visit import SESSION_OVER, Office

__all__ = ["PUT", "Passage"]

PUT: Final = re.compile(r"/([a-z0-9._-]{1,24})/file/object")
_READ: Final = re.compile(r"/([a-z0-9._-]{1,24})/file/object/(b[a-z2-7]{58})")
_KEPT: Final = frozenset({"host", "content-length", "content-type", "idempotency-key"})
CODE_SIGNS: Final = re.compile(r"[a-z._]{1,60}")
Ask = Callable[[str, str], AsyncClient]


class Passage:
    """Stands before the console's own routes.

    Args:
        app: the console.
        api: the API's application.
        office: the county as it is shown.
        ask: (member, token) -> a client of the API.
    """

    def __init__(self, app: ASGIApp, api: ASGIApp, office: Office, ask: Ask) -> None:
        self._app = app
        self._api = api
        self._office = office
        self._ask = ask

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a file on, or anything else to the console."""
        method = scope.get("method", "")
        if method == "POST" and (found := PUT.fullmatch(scope["path"])):
            await self._put(scope, receive, send, found[1])
        elif method == "GET" and (found := _READ.fullmatch(scope["path"])):
            await self._read(scope, receive, send, (found[1], found[2]))
        else:
            await self._app(scope, receive, send)

    async def _put(self, scope: Scope, receive: Receive, send: Send, member: str) -> None:
        path = f"/{member}/v1/store/objects"
        await self._api(self._as_officer(scope, member, path), receive, send)

    async def _read(
        self, scope: Scope, receive: Receive, send: Send, what: tuple[str, str]
    ) -> None:
        member, cid = what
        language = parse_qs(scope["query_string"].decode("latin-1")).get("language", [""])[0]
        place = f"/{member}/{'en' if language == 'en' else 'zh'}"
        try:
            shown = await self._ask(member, self._token(scope, member)).get(f"/store/objects/{cid}")
        except Error as error:
            await _lead_back(place, cid, error.code)(scope, receive, send)
            return
        path = f"/{member}/v1/store/objects/{cid}/content"
        leaving = _Leaving(send, shown.get("name") or f"{cid[:16]}.bin")
        asked = {**self._as_officer(scope, member, path), "query_string": b""}
        await self._api(asked, receive, leaving)
        if leaving.refused:
            await _lead_back(place, cid, leaving.code)(scope, receive, send)

    def _token(self, scope: Scope, member: str) -> str:
        cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
        return cookies.get(self._office.cookie(member), "")

    def _as_officer(self, scope: Scope, member: str, path: str) -> Scope:
        """Return a request as the API takes it of a program with the officer's session."""
        headers = [each for each in scope["headers"] if each[0].decode("latin-1") in _KEPT]
        token = self._token(scope, member).encode("latin-1", "replace")
        return {
            **scope,
            "path": path,
            "raw_path": path.encode(),
            "headers": [*headers, (b"authorization", b"Bearer " + token)],
        }


class _Leaving:
    """Sends a download on under its name, and keeps back what the API refuses it with.

    Attributes:
        refused: the status of a refusal; 0 for none.
    """

    def __init__(self, send: Send, name: str) -> None:
        self.refused = 0
        self._send = send
        self._name = name
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:  # noqa: PLR2004 - RFC 9110
            self.refused = message["status"]
        if self.refused:
            self._body += message.get("body", b"")
            return
        if message["type"] == "http.response.start":
            said = f"attachment; filename*=UTF-8''{quote(self._name, safe='')}"
            headers = [*message["headers"], (b"content-disposition", said.encode())]
            message = {**message, "headers": headers}
        await self._send(message)

    @property
    def code(self) -> str:
        """The code that the API refused it with."""
        try:
            tree: Any = json.loads(self._body)
            return str(tree["code"])
        except (ValueError, KeyError, TypeError):
            return "client.answer"


def _lead_back(place: str, cid: str, code: str) -> Response:
    """Return the way back to the file's page, which tells why, or to the log-in."""
    if code in SESSION_OVER or not CODE_SIGNS.fullmatch(code):
        return RedirectResponse(f"{place}/enter", 303)
    return RedirectResponse(f"{place}/store/{cid}?refused={code}", 303)
