"""The link between machines: HTTP/1.1, TLS 1.3, and every message signed by a member's link key.

A member listens at the place that its own entry in the address book names. TLS hides what passes;
who speaks is proven by signatures alone (`kernel/link/trust.py`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.kernel.link.base import Answer, Handler, Handlers, answer
from tallystick.kernel.link.book import Book, Place
from tallystick.kernel.link.certificate import answering_context
from tallystick.kernel.link.engines.http_answering import Answering, Server, listen
from tallystick.kernel.link.engines.http_asking import Asking
from tallystick.kernel.link.trust import Trust

__all__ = ["HttpLink", "Listening"]

TLS: Final = "https"


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a member listens.

    Attributes:
        place: as others are told.
        bind: host and port to listen at, where they differ from the place's.
        folder: holds `link.pem` and `link.key`, for TLS.
    """

    place: Place
    folder: Path
    bind: tuple[str, int] | None = None


class HttpLink:
    """One member's end.

    Args:
        trust: its signing and believing.
        book: where the others are.
        listening: where it listens: from now on others can connect, and are answered from `start`;
            None for an end that only asks.

    Raises:
        Unavailable: `link.address`, the address cannot be listened at.
    """

    def __init__(self, trust: Trust, book: Book, listening: Listening | None = None) -> None:
        self._trust = trust
        self._book = book
        self._table: dict[str, Handler] = {}
        self._lock = threading.Lock()
        self._asking = Asking(trust, book)
        self._server = None if listening is None else self._listen(listening)

    def _listen(self, listening: Listening) -> Server:
        place = listening.place
        host, port = listening.bind or (place.host, place.port)
        is_tls = place.scheme == TLS
        context = answering_context(listening.folder) if is_tls else None
        app = Answering(self._trust, self._answer, place.scheme)
        return Server(app, listen(host, port), context)

    @property
    def member(self) -> str:
        """The name under which this end asks."""
        return self._trust.member

    def start(self) -> None:
        """Begin to answer; whoever connected before is answered now."""
        assert self._server is not None
        self._server.start()

    def call(self, to: str, method: str, payload: bytes) -> bytes:
        """Ask `to` and return its answer; itself without a message."""
        return self.ask(to, method, payload).body

    def ask(self, to: str, method: str, payload: bytes) -> Answer:
        """Ask `to` and return its answer with both signatures; its own bears none."""
        if to == self.member:
            return Answer(self._answer(method, to, payload))
        return self._asking.ask(to, method, payload)

    def is_away(self, to: str) -> bool:
        """Tell whether a member did not answer when it was last asked."""
        return self._asking.is_away(to)

    def list_behind(self) -> list[str]:
        """Return the members that this machine's clock is ahead of, by what they said last."""
        return self._trust.list_behind()

    def serve(self, handlers: Handlers) -> None:
        """Add methods that this member answers; a name registered before is replaced."""
        with self._lock:
            self._table = {**self._table, **handlers}

    def _answer(self, method: str, caller: str, payload: bytes) -> bytes:
        return answer(self._table, method, caller, payload)

    def peers(self) -> list[str]:
        """Return the names of the other members that can be asked, ascending."""
        known = {*self._book} & {*self._trust.roll.names()}
        return sorted(known - {self.member})

    def close(self) -> None:
        """Stop answering and asking; a second call does nothing."""
        if self._server is not None:
            self._server.close()
        self._asking.close()
