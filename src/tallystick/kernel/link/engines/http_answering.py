"""How a member answers over HTTP: `POST /link/v1/METHOD`, every bound checked before it costs much.

Laws: a request's signature is believed before a byte of its body is read; a stranger costs a head
of 16 KiB and one signature's check; a member holds at most `CALLER_CALLS_MAX` calls at a time, all
bodies together `BODIES_BYTES_MAX`; whatever comes is answered, by a problem document if need be,
and every answer to a signed request is signed. A fault of our own is logged by its place alone and
told as `link.failed`.
Source: ASGI 3.0; RFC 9457.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
import threading
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tallystick.base.errors import Error, Invalid, NotFound, Unavailable
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX
from tallystick.kernel.link.problem import PROBLEM_TYPE, write_problem
from tallystick.kernel.link.signature import only_fields
from tallystick.kernel.link.trust import WANTED, Asked, Trust

__all__ = ["PATH", "Answering", "Server", "listen"]

PATH: Final = "/link/v1/"
CALLER_CALLS_MAX: Final = 24
WORKERS_MAX: Final = 96
BODIES_BYTES_MAX: Final = 4 * PAYLOAD_BYTES_MAX
CONNECTIONS_MAX: Final = 256
HEAD_BYTES_MAX: Final = 16_384
HEAD_S: Final = 10
"""How long a connection may take for the head of a request."""
BODY_S: Final = 30
"""How long a body may take in all."""
IDLE_S: Final = 75
"""How long an idle connection is kept: longer than whoever asks keeps it."""
FLUSH_S: Final = 0.2
GRACE_S: Final = 1
_ROUTE: Final = re.compile(rb"/link/v1/([a-z0-9_.]{1,60})")
LENGTH: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE_CHARS_MAX: Final = 200
_LOG: Final = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, dict[str, str], bytes]


class Answering:
    """The ASGI application.

    Args:
        trust: the member's signing and believing.
        handle: answers (method, caller, payload), in a thread of the pool.
        scheme: `https` or `http`, as it is served.
    """

    def __init__(
        self, trust: Trust, handle: Callable[[str, str, bytes], bytes], scheme: str
    ) -> None:
        self._trust = trust
        self._handle = handle
        self._scheme = scheme
        self._pool = ThreadPoolExecutor(WORKERS_MAX, thread_name_prefix=f"{trust.member} link")
        self._is_mute = False
        self._calls: Counter[str] = Counter()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        fields = only_fields(scope["headers"])
        signed = fields.get("signature", ""), fields.get(WANTED, "")
        try:
            method, asked = self._believe(scope, fields)
            with self._room(asked.caller, fields) as size:
                body = await _read(receive, size)
                status, more, found = await asyncio.get_running_loop().run_in_executor(
                    self._pool, self._work, method, asked, body, signed
                )
        except Error as error:
            status, more, found = self._refuse(error, signed)
        await _send(send, status, more, found)

    def _believe(self, scope: Scope, fields: dict[str, str]) -> tuple[str, Asked]:
        path: bytes = scope.get("raw_path") or scope["path"].encode("latin-1", "replace")
        route = _ROUTE.fullmatch(path)
        if route is None or scope["method"] != "POST" or scope["query_string"]:
            raise NotFound(
                "link.route", "the link answers POST /link/v1/METHOD alone", cure="Ask so."
            )
        target = f"{self._scheme}://{fields.get('host', '')}{path.decode('latin-1')}"
        return route[1].decode(), self._trust.check_request("POST", target, fields)

    @contextmanager
    def _room(self, caller: str, fields: dict[str, str]) -> Iterator[int]:
        """Keep a place for a member's call and its body; yield the body's length."""
        stated = fields.get("content-length", "")
        if not LENGTH.fullmatch(stated) or int(stated) > PAYLOAD_BYTES_MAX:
            raise Invalid(
                "link.size",
                f"a message of {stated[:12] or 'no stated'} bytes, most is {PAYLOAD_BYTES_MAX}",
                cure="Ask for less at once.",
            )
        size = int(stated)
        if self._calls[caller] >= CALLER_CALLS_MAX or self._bytes + size > BODIES_BYTES_MAX:
            raise Unavailable(
                "link.busy",
                f"{self._calls[caller]} calls of {caller} and {self._bytes} bytes are being"
                f" answered, most is {CALLER_CALLS_MAX} and {BODIES_BYTES_MAX}",
                cure="Ask again in a second.",
            )
        self._calls[caller] += 1
        self._bytes += size
        try:
            yield size
        finally:
            self._bytes -= size
            self._calls[caller] -= 1

    def _work(self, method: str, asked: Asked, body: bytes, signed: tuple[str, str]) -> Answer:
        """Believe the whole, have it answered, and sign; in a thread of the pool.

        `signed`: the request's signature, and by which of the own keys its caller goes.
        """
        try:
            self._trust.accept(asked, body)
            found = self._handle(method, asked.caller, body)
        except Error as error:
            return self._refuse(error, signed)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends one call and no more
            # What it says may hold what was sealed: the log tells where it came from.
            place = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error(
                "%s failed at %s asked by %s: %s at %s:%s",
                *(self._trust.member, method, asked.caller, type(error).__name__),
                *(Path(place.filename).name, place.lineno),
            )
            fault = Unavailable("link.failed", f"{method} failed there", cure="Tell its operator.")
            return self._refuse(fault, signed)
        return 200, self._sign(signed, 200, found), found

    def _sign(self, signed: tuple[str, str], status: int, body: bytes) -> dict[str, str]:
        return self._trust.sign_answer(signed[0], status, body, signed[1])

    def _refuse(self, error: Error, signed: tuple[str, str]) -> Answer:
        status, body = write_problem(error)
        fields = {"content-type": PROBLEM_TYPE}
        if 0 < len(signed[0]) <= _SIGNATURE_CHARS_MAX and signed[0].isascii():
            try:
                fields |= self._sign(signed, status, body)
                self._is_mute = False
            except Error:
                # Its own key is not in force: then nobody believes its answers, and it says so,
                # once, for it is asked many times a second.
                if not self._is_mute:
                    _LOG.warning("%s cannot sign its answers", self._trust.member)
                self._is_mute = True
        return status, fields, body

    def close(self) -> None:
        """Take in no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _read(receive: Receive, size: int) -> bytes:
    """Return a body of exactly `size` bytes, as it comes, in time."""
    try:
        async with asyncio.timeout(BODY_S):
            return await _collect(receive, size)
    except TimeoutError as error:
        raise _cut_off(f"no whole body after {BODY_S} s") from error


async def _collect(receive: Receive, size: int) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _cut_off("the caller has gone")
        found += message.get("body", b"")
        if len(found) > size:
            raise _cut_off(f"more than the {size} bytes it stated")
        if not message.get("more_body", False):
            return bytes(found)


def _cut_off(reason: str) -> Unavailable:
    return Unavailable("link.torn", f"the message was cut off: {reason}", cure="Try again.")


async def _send(send: Send, status: int, fields: dict[str, str], body: bytes) -> None:
    told = {"content-type": "application/octet-stream", **fields, "content-length": len(body)}
    headers = [(name.encode(), str(value).encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Patient(HttpToolsProtocol):
    """HTTP/1.1 whose patience for the head of a request has an end, and whose room for one too."""

    _ending: asyncio.TimerHandle | None = None
    _is_in_head = False
    _taken = 0
    """How many bytes of names and values the head has so far."""
    _come = 0
    """How many bytes came since it began and is not whole: of a name or value without an end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._come = self._come + len(data) if self._is_in_head else 0
        if self._come > HEAD_BYTES_MAX:
            self.transport.abort()
        self._wait()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._taken = True, 0

    def on_url(self, url: bytes) -> None:
        self._take(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._take(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def _take(self, size: int) -> None:
        self._taken += size
        if self._taken > HEAD_BYTES_MAX:
            # The parser makes a refusal of it, and the connection is closed.
            raise ValueError(f"a head of more than {HEAD_BYTES_MAX} bytes")

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether all that was asked is answered, and has gone out."""
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is None or cycle.response_complete
        return is_answered and not self.transport.get_write_buffer_size()

    def _wait(self) -> None:
        """Begin to count where a head is awaited; end it where one has come."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop()
        elif self._ending is None:
            self._ending = self.loop.call_later(HEAD_S, self._give_up)

    def _stop(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _give_up(self) -> None:
        self._ending = None
        self.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that others can connect to before anything answers; port 0 takes a free one.

    Raises:
        Unavailable: `link.address`, the address cannot be listened at.
    """
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        found = socket.create_server((bare, port), family=family, backlog=CONNECTIONS_MAX)
    except OSError as error:
        raise Unavailable(
            "link.address",
            f"{host}:{port}: {error.strerror}",
            cure="End what listens there, or change the member's own entry in peers.json.",
        ) from error
    # Accepted connections inherit it: without, each answer waits 40 ms for the last one's receipt.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


class _Ending(uvicorn.Server):
    """A server that leaves no connection open, not even that of a call which outlasts its end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is idle soon, what is open in time, then the rest."""
        # The server's own limit would be told on standard error, as if it were a fault.
        ending = asyncio.ensure_future(super().shutdown(sockets))
        await asyncio.wait([ending], timeout=FLUSH_S)
        for connection in list(self.server_state.connections):
            # Over TLS an end is said and answered, and whoever is idle answers nothing.
            if isinstance(connection, _Patient) and connection.is_idle:
                connection.transport.abort()
        await asyncio.wait([ending], timeout=GRACE_S)
        ending.cancel()
        for task in self.server_state.tasks:
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # Each is told of it in the loop's next turn.
        await asyncio.sleep(0)


class Server:
    """Serves the application at a socket, in a thread of its own.

    Args:
        app: the application.
        listener: where others connect.
        context: of TLS; None on this machine alone.
    """

    def __init__(
        self, app: Answering, listener: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        self._app = app
        self._listener = listener
        config = uvicorn.Config(
            app,
            http=_Patient,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=IDLE_S,
        )
        if context is not None:
            config.load()
            config.ssl = context
        self._server = _Ending(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="link server", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """End: open calls get a second; a second call does nothing."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()
        self._app.close()
