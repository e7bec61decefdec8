"""Nodes of other members, as the own engine's light client asks them: HTTP on loopback alone.

JSON-RPC comes in at `/NAME`, goes over the link to that member, and its node's answer comes back.
It is there only while the engine takes a snapshot over; what it passes on is public and only read,
so any program of this machine may ask.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tallystick.base.errors import Error
from tallystick.kernel.ledger.engines.abci_server import HOST
from tallystick.kernel.ledger.engines.introducing import read_far
from tallystick.kernel.link.base import Link

__all__ = ["Relay"]

ASKED_BYTES_MAX: Final = 64 * 1024
IDLE_S: Final = 30
LOOK_S: Final = 0.05
"""How often it is looked at whether to end."""
_BAD_REQUEST: Final = -32_600
_FAILED: Final = -32_603


class Relay:
    """Passes on what a light client asks, until `close`.

    Args:
        link: to the members.
        names: who may be asked.
    """

    def __init__(self, link: Link, names: Sequence[str]) -> None:
        self._server = ThreadingHTTPServer((HOST, 0), _handler(link, frozenset(names)))
        self._server.daemon_threads = True
        port = self._server.server_address[1]
        self.servers = [f"http://{HOST}:{port}/{name}" for name in names]
        """Where the engine asks each member's node."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(LOOK_S,), name="relay", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End it; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(link: Link, names: frozenset[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = IDLE_S

        def do_POST(self) -> None:
            """Answer one call."""
            size = self.headers.get("Content-Length", "")
            if not size.isdecimal() or int(size) > ASKED_BYTES_MAX:
                self.send_error(413)
                return
            told = json.dumps(_answer(link, names, self.path[1:], self.rfile.read(int(size))))
            data = told.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
            """Tell nobody: the engine's own log says what it asked."""

    return Handler


def _answer(link: Link, names: frozenset[str], name: str, data: bytes) -> dict[str, Any]:
    """Return the answer to one JSON-RPC call of a member's node."""
    try:
        asked = json.loads(data)
        method, given, number = str(asked["method"]), asked.get("params") or {}, asked.get("id")
        numbers = {str(key): str(value) for key, value in given.items() if value is not None}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _refused(None, _BAD_REQUEST, "it has no reading")
    if name not in names:
        return _refused(number, _BAD_REQUEST, f"{name} is not asked here")
    try:
        return {**read_far(link, name, method, numbers), "id": number}
    except Error as error:
        return _refused(number, _FAILED, error.message)


def _refused(number: object, code: int, why: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": why, "data": ""}}
