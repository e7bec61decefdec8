"""A client that waits without holding its thread: for programs that serve many officers at once.

Law: as `Carrier`; what the API refuses is raised as the same error family with the same code.
"""

from __future__ import annotations

from typing import Any, Final, Self

import httpx

from tallystick.client.carrying import HOME, TIMEOUT_S, App, read_options, write_options
from tallystick.client.problem import Tree, check_answer, read_answer, unreachable

__all__ = ["AsyncClient"]

_OWN: Final = ("127.0.0.1", 0)


class AsyncClient:
    """One officer's requests to one member of an application in this process.

    Args:
        app: the API's application.
        token: of the officer's session; "" before log-in.
        member: who is asked.
        address: (host, port) the officer sits at: what log-ins are counted by.
    """

    def __init__(
        self, app: App, token: str, member: str, *, address: tuple[str, int] = _OWN
    ) -> None:
        self.member = member
        self._http = httpx.AsyncClient(
            base_url=HOME,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=TIMEOUT_S,
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False, client=address),
            trust_env=False,
        )

    async def close(self) -> None:
        """Let go of the connection."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the connection."""
        await self.close()

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Return the response to a request under `/{member}/v1`; raises what the API refuses.

        Raises:
            Error: as the API names it.
        """
        try:
            response = await self._http.request(method, f"/{self.member}/v1{path}", **more)
        except httpx.HTTPError as error:
            raise unreachable() from error
        return check_answer(response)

    async def get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - a tree
        """Return what a route tells; what is empty in the query is left out."""
        return (await self.request("GET", path, **read_options(query))).json()

    async def send(
        self,
        path: str,
        body: object = None,
        *,
        method: str = "POST",
        key: str = "",
        if_match: str = "",
    ) -> Tree:
        """Return what a write is answered.

        Args:
            path: under `/{member}/v1`.
            body: a tree that JSON can tell; None for none.
            method: POST, PUT or DELETE.
            key: its Idempotency-Key; "" for none.
            if_match: number of the records, or the revision, that the officer saw; "" for any.

        Raises:
            Unavailable: `ledger.late`, no block holds it yet.
            Error: as the API names it.
        """
        more = write_options(body, key=key, if_match=if_match)
        return read_answer(await self.request(method, path, **more))

    async def read_log(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - a tree
        """Return what a route below the member's log tells; asks for no token."""
        path = f"/{self.member}/log/{path}"
        try:
            response = await self._http.request("GET", path, **read_options(query))
        except httpx.HTTPError as error:
            raise unreachable() from error
        return check_answer(response).json()

    async def show_health(self) -> Tree:
        """Return the member's height, head, witnessed height and alarm; asks for no token."""
        try:
            response = await self._http.get(f"/{self.member}/healthz")
        except httpx.HTTPError as error:
            raise unreachable() from error
        return read_answer(check_answer(response))
