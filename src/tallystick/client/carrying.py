"""Requests as a member's verbs send them, and an application in this process that answers them.

Law: a write is sent with an Idempotency-Key when its caller names one, with If-Match when its
caller says what it has seen.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Self

import httpx

from tallystick.client.problem import Tree, check_answer, read_answer, unreachable

__all__ = [
    "HOME",
    "PAGE_ROWS",
    "TIMEOUT_S",
    "App",
    "AppTransport",
    "Carrier",
    "Tree",
    "present",
    "read_options",
    "write_options",
]

TIMEOUT_S: Final = 30
PAGE_ROWS: Final = 1_000
"""Rows of a page where all pages are asked for: as many as the API gives at once."""
HOME: Final = "http://127.0.0.1"
"""Address of an application in this process."""
App = Callable[..., Awaitable[None]]
"""An ASGI application."""


def present(tree: Mapping[str, Any]) -> Tree:
    """Return the tree without what is absent: nothing is null."""
    return {name: value for name, value in tree.items() if value is not None}


def write_options(
    body: object = None, *, key: str = "", if_match: str = "", witnessed: bool = False
) -> Tree:
    """Return what a write is sent with, as httpx takes it."""
    named = {"Idempotency-Key": key, "If-Match": if_match and f'"{if_match}"'}
    found: Tree = {
        "headers": {name: value for name, value in named.items() if value},
        "params": {"wait": "witnessed"} if witnessed else {},
    }
    return found if body is None else {**found, "json": body}


def read_options(query: Mapping[str, Any]) -> Tree:
    """Return what a reading is sent with; what is empty is left out."""
    return {"params": {name: value for name, value in query.items() if value not in ("", None)}}


@cache
def _trusted() -> ssl.SSLContext:
    """Return the authorities that this process trusts, read once: that takes longer than a verb."""
    return httpx.create_ssl_context(trust_env=False)


class Carrier:
    """Carries requests to one member.

    Args:
        address: such as `http://127.0.0.1:8420`.
        token: the county folder's, or a session's; "" before log-in.
        member: who is asked.
        transport: carries the requests; None for the network.
    """

    def __init__(
        self,
        address: str,
        token: str,
        member: str,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.member = member
        self._http = httpx.Client(
            base_url=address,
            timeout=TIMEOUT_S,
            transport=transport or httpx.HTTPTransport(verify=_trusted(), trust_env=False),
            trust_env=False,
        )
        self.use_token(token)
        self._key = self._match = ""
        self._is_waiting = False

    def use_token(self, token: str) -> None:
        """Ask by this token from now on; "" for none."""
        self._http.headers.pop("Authorization", None)
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connection."""
        self.close()

    @contextmanager
    def keyed(
        self, key: str = "", *, witnessed: bool = False, if_match: str = ""
    ) -> Iterator[Self]:
        """Send the block's one write with an Idempotency-Key, or wait for its witnesses.

        Args:
            key: 1 to 200 visible signs; "" for none.
            witnessed: whether it waits until two thirds of the members have cosigned.
            if_match: number of the case's records that its officer saw; "" for any.
        """
        self._key, self._is_waiting, self._match = key, witnessed, if_match
        try:
            yield self
        finally:
            self._key = self._match = ""
            self._is_waiting = False

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Return the response to a request under `/{member}/v1`; raises what the API refuses.

        Raises:
            Unavailable: `client.unreachable`, nobody answers at the address.
            Error: as the API names it.
        """
        return self.ask(method, f"/{self.member}/v1{path}", **more)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Return the response to a request at a path of its own; raises as `request`."""
        try:
            response = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise unreachable() from error
        return check_answer(response)

    def _get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - a tree
        return self.request("GET", path, **read_options(query)).json()

    def _send(self, path: str, body: object = None, method: str = "POST") -> Tree:
        more = write_options(body, key=self._key, if_match=self._match, witnessed=self._is_waiting)
        return read_answer(self.request(method, path, **more))

    @staticmethod
    def list_all(listing: Callable[..., list[Any]], **where: Any) -> list[Any]:  # noqa: ANN401 - the listing's own
        """Return all rows of a listing, page after page to its end.

        A page as full as was asked for has a next one, and no other has: so the API tells `next`.
        Rows that come or go meanwhile move the others: one may then be told twice or be missed.

        Args:
            listing: one of a client's own, that takes `limit` and `offset`.
            where: what else it takes.
        """
        rows: list[Any] = []
        while True:
            page = listing(limit=PAGE_ROWS, offset=len(rows), **where)
            rows += page
            if len(page) < PAGE_ROWS:
                return rows

    def _list(self, path: str, limit: int, offset: int, **query: str) -> list[Any]:
        found: list[Any] = self._get(path, limit=limit, offset=offset, **query)["items"]
        return found


class AppTransport(httpx.BaseTransport):
    """Carries requests to an application in this process, in an event loop of its own thread."""

    def __init__(self, app: App) -> None:
        self._carrier = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's response, read whole."""
        return asyncio.run_coroutine_threadsafe(self._carry(request), self._loop).result()

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        response = await self._carrier.handle_async_request(request)
        # As it was sent: whoever asked decodes what the headers say is encoded.
        content = b"".join([part async for part in response.aiter_raw()])
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def close(self) -> None:
        """End the loop and its thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        await self._carrier.aclose()
        await self._loop.shutdown_default_executor()
