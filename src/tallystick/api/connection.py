"""The server's side of a connection, which tells each request what ends it at once."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from tallystick.api.streams import ABORT

__all__ = ["make_connection"]


class _Connection(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # whichever is installed
    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # ASGI itself can only have a connection closed, once its reader has taken all.
        self.app_state = {**self.app_state, ABORT: cast("asyncio.Transport", transport).abort}


def make_connection() -> type[asyncio.Protocol]:
    """Return the protocol that a server is to speak on each connection."""
    return _Connection
