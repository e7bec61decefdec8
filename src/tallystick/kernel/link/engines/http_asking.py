"""How a member asks another over HTTP: signed, over kept connections, cheap where nobody answers.

Laws: an answer counts once the member that was asked has signed it for this very request; a peer
that cannot be connected to, or is silent, is not tried again before a pause, which doubles up to
`PAUSE_MAX_S`, so that one dead machine costs the others nothing; no proxy and no setting of the
environment is read.
"""

from __future__ import annotations

import threading
import time
from typing import Final

import httpx

from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX, bounded
from tallystick.kernel.link.book import Book, Place
from tallystick.kernel.link.certificate import asking_context
from tallystick.kernel.link.engines.http_answering import PATH
from tallystick.kernel.link.problem import read_problem
from tallystick.kernel.link.signature import only_fields
from tallystick.kernel.link.trust import Trust

__all__ = ["Asking"]

CONNECT_S: Final = 1.0
WRITE_S: Final = 10.0
READ_S: Final = 8.0
"""How long an answer may be silent: longer than any handler waits by itself (5 s)."""
POOL_S: Final = 5.0
CONNECTIONS_MAX: Final = 24
KEPT_MAX: Final = 8
KEPT_S: Final = 30.0
PAUSE_MIN_S: Final = 0.1
PAUSE_MAX_S: Final = 2.0
_OK: Final = 200


class Asking:
    """One member's asking of all others.

    Args:
        trust: its signing and believing.
        book: where the others are.
    """

    def __init__(self, trust: Trust, book: Book) -> None:
        self._trust = trust
        self._book = book
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def call(self, to: str, method: str, payload: bytes) -> bytes:
        """Ask `to` and return its answer, as `Link.call` says."""
        line = self._line(to)
        target = f"{line.place.address}{PATH}{method}"
        request = line.client.build_request(
            "POST", target, content=bounded(payload), headers={"accept-encoding": "identity"}
        )
        # As it goes out: a port that the scheme implies is not written.
        request.headers.update(self._trust.sign_request(to, str(request.url), payload))
        status, fields, body = line.send(request)
        self._trust.check_answer(to, request.headers["signature"], status, fields, body)
        if status != _OK:
            raise read_problem(to, status, body)
        return body

    def is_away(self, to: str) -> bool:
        """Tell whether a member did not answer when it was last asked."""
        with self._lock:
            line = self._lines.get(to)
        return line is not None and line.is_away

    def _line(self, to: str) -> _Line:
        with self._lock:
            if self._is_closed:
                raise lost(to, "this member's link is closed")
            found = self._lines.get(to)
            if found is None:
                place = self._book.get(to)
                if place is None:
                    raise lost(to, "the address book has no entry of this name")
                found = self._lines[to] = _Line(to, place)
            return found

    def close(self) -> None:
        """End all connections; a second call does nothing."""
        with self._lock:
            self._is_closed = True
            lines, self._lines = self._lines, {}
        for line in lines.values():
            line.client.close()


class _Line:
    """The connections to one member, and how long it has been away."""

    def __init__(self, member: str, place: Place) -> None:
        self.member = member
        self.place = place
        self.client = httpx.Client(
            verify=asking_context(place.certificate) if place.certificate else False,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S, write=WRITE_S, pool=POOL_S),
            limits=httpx.Limits(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=KEPT_MAX,
                keepalive_expiry=KEPT_S,
            ),
        )
        self._pause_s = 0.0
        self._again_s = 0.0

    @property
    def is_away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return self._pause_s > 0

    def send(self, request: httpx.Request) -> tuple[int, dict[str, str], bytes]:
        """Send a request and return status, fields and body of what comes back, not yet believed.

        Raises:
            Invalid: `link.size`, the answer is too large.
            Unavailable: `link.lost`.
        """
        if time.monotonic() < self._again_s:
            raise lost(self.member, "it did not answer a moment ago")
        try:
            found = self.client.send(request, stream=True)
            try:
                body = self._read(found)
            finally:
                found.close()
        except (httpx.ConnectError, httpx.TimeoutException) as error:
            # A machine that froze takes connections and answers none.
            self._pause()
            raise lost(self.member, type(error).__name__) from error
        except (httpx.HTTPError, httpx.StreamError, RuntimeError) as error:
            # The client is closed by another thread: httpx says so by a RuntimeError.
            raise lost(self.member, type(error).__name__) from error
        self._pause_s = 0.0
        return found.status_code, only_fields(found.headers.raw), body

    def _read(self, found: httpx.Response) -> bytes:
        body = bytearray()
        for part in found.iter_raw():
            body += part
            if len(body) > PAYLOAD_BYTES_MAX:
                raise Invalid(
                    "link.size",
                    f"an answer of more than {PAYLOAD_BYTES_MAX} bytes from {self.member}",
                    cure="Ask for less at once.",
                )
        return bytes(body)

    def _pause(self) -> None:
        self._pause_s = min(max(self._pause_s * 2, PAUSE_MIN_S), PAUSE_MAX_S)
        self._again_s = time.monotonic() + self._pause_s


def lost(to: str, reason: str) -> Unavailable:
    """Return the error for a question that got no answer."""
    return Unavailable(
        "link.lost", f"{to}: {reason}", cure="Try again; asking twice is safe.", member=to
    )
