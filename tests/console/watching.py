"""What a page does that nobody sees: requests, scripts that fail, sockets; each is kept and judged.

Law: a page of the console asks its own host and no other, and its scripts never fail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

__all__ = ["Watch"]

_INSIDE = frozenset({"data", "blob", "about"})


@dataclass
class Watch:
    """What one browser context asked and said; Playwright marks it, so it has no slots.

    Attributes:
        host: host and port of the console.
        asked: every address asked for, in order.
        said: errors and warnings of scripts.
        sockets: addresses of the websockets opened.
        expected: patterns of what a test provokes, and need not be blamed for.
    """

    host: str
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    sockets: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        """Begin to listen, to all pages that the context will open."""
        context.on("request", self._ask)
        context.on("console", self._say)
        context.on("weberror", self._fail)
        context.on("page", self._open)

    def expect(self, pattern: str) -> None:
        """Say what a test is about to provoke."""
        self.expected.append(pattern)

    def begin(self, host: str) -> None:
        """Begin anew, for another test: at a host, with nothing asked, said or expected."""
        self.host = host
        for told in (self.asked, self.said, self.sockets, self.expected):
            told.clear()

    def _ask(self, request: Request) -> None:
        self.asked.append(request.url)

    def _say(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            at = message.location.get("url", "")
            self.said.append(f"{message.type}: {message.text} [{at}]")

    def _fail(self, error: WebError) -> None:
        self.said.append(f"uncaught: {error.error}")

    def _open(self, page: Page) -> None:
        page.on("websocket", self._connect)

    def _connect(self, socket: WebSocket) -> None:
        self.sockets.append(socket.url)

    def faults(self) -> list[str]:
        """Return what breaks the law, each once."""
        outside = [each for each in (*self.asked, *self.sockets) if self._is_outside(each)]
        failed = [
            each for each in self.said if not any(re.search(known, each) for known in self.expected)
        ]
        return list(dict.fromkeys([*(f"asks another host: {each}" for each in outside), *failed]))

    def _is_outside(self, address: str) -> bool:
        found = urlsplit(address)
        return found.scheme not in _INSIDE and found.netloc != self.host
