"""How a member asks another over HTTP: signed, over kept connections, cheap where nobody answers.

Laws: an answer counts once the member that was asked has signed it for this very request; a peer
that cannot be connected to, or is silent, is not tried again before a pause, which doubles up to
`PAUSE_MAX_S`, so that one dead machine costs the others nothing; no proxy and no setting of the
environment is read. Written on sockets: a general client took half of a call's processor time.
"""

from __future__ import annotations

import contextlib
import io
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httptools

from tallystick.base.errors import Denied, Error, Invalid, Unavailable
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX, Answer, Exchange, bounded
from tallystick.kernel.link.book import Book, Place
from tallystick.kernel.link.certificate import asking_context
from tallystick.kernel.link.engines.http_answering import HEAD_BYTES_MAX, LENGTH, PATH
from tallystick.kernel.link.problem import read_problem
from tallystick.kernel.link.signature import only_fields
from tallystick.kernel.link.trust import Trust

__all__ = ["Asking"]

CONNECT_S: Final = 1.0
WRITE_S: Final = 10.0
READ_S: Final = 8.0
"""How long an answer may be silent: longer than any handler waits by itself (5 s)."""
ANSWER_S: Final = 60.0
"""How long all of an answer may take: who sends it by the byte is not waited for."""
POOL_S: Final = 5.0
CONNECTIONS_MAX: Final = 24
KEPT_MAX: Final = 8
KEPT_S: Final = 30.0
PAUSE_MIN_S: Final = 0.1
PAUSE_MAX_S: Final = 2.0
JOINED_MAX: Final = 65_536
"""A body up to here goes out with its head: one packet costs less than a copy."""
_OK: Final = 200
_IMPLIED: Final = {"http": 80, "https": 443}


class _NoConnection(Exception):
    """Nobody could be connected to."""


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
        return self.ask(to, method, payload).body

    def ask(self, to: str, method: str, payload: bytes) -> Answer:
        """Ask `to` and return its answer with what both signed, as `Link.ask` says."""
        try:
            return self._ask(to, method, payload)
        except Error as refusal:
            if refusal.code != "link.key":
                raise
            # The list there is ahead of the own copy, or behind it, and knows another of its keys.
            for wanted in self._trust.find_others():
                with contextlib.suppress(Denied):
                    return self._ask(to, method, payload, wanted)
            raise

    def _ask(self, to: str, method: str, payload: bytes, wanted: str = "") -> Answer:
        line = self._line(to)
        path = f"{PATH}{method}"
        target = f"{line.address}{path}"
        signed = self._trust.sign_request(to, target, bounded(payload), wanted)
        status, fields, body = line.send(path, signed, payload)
        self._trust.check_answer(to, signed, status, fields, body)
        if status != _OK:
            raise read_problem(to, status, body)
        exchange = Exchange(target, payload, _signed(signed), _signed(fields), body)
        return Answer(body, exchange)

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
            line.close()


def _signed(fields: Mapping[str, str]) -> tuple[str, str]:
    """Return the two fields by which a message is signed."""
    return fields["signature-input"], fields["signature"]


@dataclass(slots=True, eq=False)
class _Lent:
    """A connection while it is asked on, and whether another question may follow."""

    socket: socket.socket
    is_good: bool = False


class _Timed(io.RawIOBase):
    """What comes on a connection, in its parts and in all of it for as long as it may take."""

    def __init__(self, found: socket.socket) -> None:
        self._socket = found
        self._ends_s = time.monotonic() + ANSWER_S

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any that can be written
        """Read what has come; TimeoutError where nothing comes, or all of it takes too long."""
        left_s = self._ends_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(min(READ_S, left_s))
        return self._socket.recv_into(buffer)


class _Head:
    """The head of an answer, read to its last byte and no further.

    Args:
        reader: what comes.

    Raises:
        ValueError, HttpParserError: it is none, or of more than `HEAD_BYTES_MAX`.
    """

    def __init__(self, reader: io.BufferedReader[Any]) -> None:
        self.told: list[tuple[bytes, bytes]] = []
        self._is_whole = False
        parser, left = httptools.HttpResponseParser(self), HEAD_BYTES_MAX
        while not self._is_whole:
            line = reader.readline(left)
            if not line.endswith(b"\n"):
                raise ValueError("a head without its end")
            left -= len(line)
            parser.feed_data(line)
        self.status = parser.get_status_code()
        self.is_kept = parser.should_keep_alive()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field, as the parser tells it."""
        self.told.append((name, value))

    def on_headers_complete(self) -> None:
        """Learn that there are no more."""
        self._is_whole = True


class _Line:
    """The connections to one member, and how long it has been away."""

    def __init__(self, member: str, place: Place) -> None:
        self.member = member
        self.place = place
        # As it goes out: a port that the scheme implies is not written.
        implied = f":{_IMPLIED[place.scheme]}"
        self.address = place.address.removesuffix(implied)
        self.host = self.address.partition("://")[2]
        is_tls = place.scheme == "https"
        assert bool(place.certificate) == is_tls, "the address book refuses one without the other"
        self._context = asking_context(place.certificate) if is_tls else None
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._kept: list[tuple[float, socket.socket]] = []
        self._is_closed = False
        self._pause_s = 0.0
        self._again_s = 0.0

    @property
    def is_away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return self._pause_s > 0

    def send(
        self, path: str, fields: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """POST a body and return status, fields and body of what comes back, not yet believed.

        Raises:
            Invalid: `link.size`, the answer is too large.
            Unavailable: `link.lost`.
        """
        if time.monotonic() < self._again_s:
            raise lost(self.member, "it did not answer a moment ago")
        stated = {"host": self.host, "content-length": str(len(body)), **fields}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in stated.items())]
        head = "\r\n".join([*lines, "", ""]).encode("ascii")
        try:
            with self._lend() as lent:
                _send(lent.socket, head, body)
                answer = self._read(lent)
        except (_NoConnection, TimeoutError) as error:
            # A machine that froze takes connections and answers none.
            self._pause()
            raise lost(self.member, type(error.__cause__ or error).__name__) from error
        except (httptools.HttpParserError, OSError, ValueError) as error:
            # The connection was closed by another thread, or by the other end.
            raise lost(self.member, type(error).__name__) from error
        self._pause_s = 0.0
        return answer

    def _read(self, lent: _Lent) -> tuple[int, dict[str, str], bytes]:
        with io.BufferedReader(_Timed(lent.socket)) as reader:
            head = _Head(reader)
            fields = only_fields(head.told)
            stated = fields.get("content-length", "")
            if not LENGTH.fullmatch(stated):
                # It would come in chunks, or to the connection's end: no member's does.
                raise ValueError("an answer of no stated length")
            if int(stated) > PAYLOAD_BYTES_MAX:
                raise self._too_large()
            body = reader.read(int(stated))
            if len(body) < int(stated):
                raise ConnectionError("an answer without its end")
            lent.is_good = head.is_kept
            return head.status, fields, body

    def _too_large(self) -> Invalid:
        return Invalid(
            "link.size",
            f"an answer of more than {PAYLOAD_BYTES_MAX} bytes from {self.member}",
            cure="Ask for less at once.",
        )

    @contextmanager
    def _lend(self) -> Iterator[_Lent]:
        """Lend a connection, kept from before or fresh; it is kept again if all was well."""
        if not self._room.acquire(timeout=POOL_S):
            raise TimeoutError
        try:
            lent = _Lent(self._take() or self._connect())
            try:
                yield lent
            finally:
                self._give_back(lent)
        finally:
            self._room.release()

    def _take(self) -> socket.socket | None:
        """Return a kept connection that the other end has not ended since."""
        while True:
            with self._lock:
                if not self._kept:
                    return None
                since, found = self._kept.pop()
            if time.monotonic() - since <= KEPT_S and not _has_news(found):
                return found
            self._give_back(_Lent(found))

    def _connect(self) -> socket.socket:
        address = (self.place.host.strip("[]"), self.place.port)
        try:
            found = socket.create_connection(address, CONNECT_S)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                found = self._context.wrap_socket(found)
        except OSError as error:
            raise _NoConnection from error
        with self._lock:
            self._open.add(found)
            if self._is_closed:
                found.close()
        return found

    def _give_back(self, lent: _Lent) -> None:
        with self._lock:
            if lent.is_good and len(self._kept) < KEPT_MAX and not self._is_closed:
                self._kept.append((time.monotonic(), lent.socket))
                return
            self._open.discard(lent.socket)
        lent.socket.close()

    def close(self) -> None:
        """End all connections, also those on which an answer is awaited."""
        with self._lock:
            self._is_closed = True
            self._kept.clear()
            found, self._open = self._open, set()
        for each in found:
            with contextlib.suppress(OSError):
                # Closing alone would leave whoever waits for an answer waiting.
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _pause(self) -> None:
        self._pause_s = min(max(self._pause_s * 2, PAUSE_MIN_S), PAUSE_MAX_S)
        self._again_s = time.monotonic() + self._pause_s


def _has_news(found: socket.socket) -> bool:
    """Tell whether something has come, on a connection where nothing was asked: that is its end."""
    looking = select.poll()
    looking.register(found, select.POLLIN)
    return bool(looking.poll(0))


def _send(found: socket.socket, head: bytes, body: bytes) -> None:
    """Send a request; each part of it may take its time, not all of it together."""
    found.settimeout(WRITE_S)
    parts = (head + body,) if len(body) <= JOINED_MAX else (head, body)
    for part in parts:
        rest = memoryview(part)
        while rest:
            rest = rest[found.send(rest) :]


def lost(to: str, reason: str) -> Unavailable:
    """Return the error for a question that got no answer."""
    return Unavailable(
        "link.lost", f"{to}: {reason}", cure="Try again; asking twice is safe.", member=to
    )
