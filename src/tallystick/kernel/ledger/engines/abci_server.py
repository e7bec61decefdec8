"""The socket that the engine asks the application on: ABCI 2.0 over TCP, loopback only.

Laws: one thread with an event loop of its own; requests of one connection are answered in order,
and no two requests run at once, whatever connection they came on; connections take turns, so that a
vote does not wait for hundreds of transactions to be checked; what is no request is answered with
an exception, and its connection ends; a peer that does not read its answers is not read from.
TCP and not a Unix socket: the engine's flush timer makes the latter a third slower.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import DecodeError

from tallystick.base.errors import Error, Invalid, Unavailable
from tallystick.kernel.ledger.engines.abci_table import Request, Response
from tallystick.kernel.ledger.engines.abci_wire import (
    FRAME_BYTES_MAX,
    Frames,
    frame_of,
    read_check_tx,
)

__all__ = ["CONNECTIONS_MAX", "HOST", "TURN", "AbciServer", "Answer", "listen"]

Answer = Callable[[str, Any], bytes]
"""Gives a request's answer as a frame: (kind, the request's own message) -> bytes."""

_LOG: Final = logging.getLogger(__name__)
HOST: Final = "127.0.0.1"
CONNECTIONS_MAX: Final = 8
"""The engine opens four; those of an engine that has just been restarted overlap its last ones."""
TURN: Final = 16
"""Requests of one connection that are answered before another's are: a millisecond or two."""
END_STEPS: Final = 50
END_TURNS: Final = 8
END_STEP_S: Final = 0.01
ERROR_CHARACTERS_MAX: Final = 500


def listen(port: int = 0) -> socket.socket:
    """Return a socket that listens on loopback; port 0 takes a free one.

    Raises:
        Unavailable: `abci.port`, something else listens there.
    """
    try:
        return socket.create_server((HOST, port), backlog=CONNECTIONS_MAX)
    except OSError as error:
        raise Unavailable(
            "abci.port",
            f"{HOST}:{port} is not free: {error.strerror}",
            cure="End what listens there, or choose another port.",
            port=port,
        ) from error


class AbciServer:
    """Answers one engine until `close`.

    Args:
        answer: gives each request's answer; called on the server's thread alone.
        port: of loopback; 0 takes a free one.
        frame_bytes_max: the largest request that is read.
    """

    def __init__(
        self,
        answer: Answer,
        port: int = 0,
        *,
        frame_bytes_max: int = FRAME_BYTES_MAX,
    ) -> None:
        self.answer = answer
        self.frame_bytes_max = frame_bytes_max
        self.trouble: Error | None = None
        """Why a request could not be answered; None once a block was kept since."""
        self.connections: set[_Connection] = set()
        """Those that are answered."""
        self.opened: set[_Connection] = set()
        """Those whose socket is open: refused ones too, until it is closed."""
        self._socket = listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        """What the thread runs; for its connections alone."""
        self._ended = asyncio.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Answer in a thread of its own; returns once it accepts connections."""
        assert self._thread is None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="abci", daemon=True)
        self._thread.start()
        ready.wait()

    def _run(self, ready: threading.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        server = await self.loop.create_server(lambda: _Connection(self), sock=self._socket)
        ready.set()
        try:
            await self._ended.wait()
        finally:
            await self._end_accepting(server)
            await self._end_connections()

    async def _end_accepting(self, server: asyncio.Server) -> None:
        """Accept nobody more, and take in whoever was accepted a moment ago."""
        # A server that is closed takes nobody in: asyncio then leaves the accepted socket open.
        # Being taken in needs some turns of the loop, whatever the clock says.
        self.loop.remove_reader(self._socket)
        for _ in range(END_TURNS):
            await asyncio.sleep(0)
        server.close()

    async def _end_connections(self) -> None:
        """Let every connection send its last answer, for a while, and close its socket."""
        await asyncio.sleep(END_STEP_S)
        for each in list(self.opened):
            each.end()
        for _ in range(END_STEPS):
            if not self.opened:
                return
            await asyncio.sleep(END_STEP_S)
        for each in list(self.opened):
            each.abort()
        await asyncio.sleep(END_STEP_S)

    def close(self) -> None:
        """End all connections and the thread; a second call does nothing."""
        if self._thread is None:
            self._socket.close()
            if not self.loop.is_closed():
                self.loop.close()
            return
        if self._thread.is_alive() and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


class _Connection(asyncio.Protocol):
    """One connection of the engine's."""

    def __init__(self, server: AbciServer) -> None:
        self._server = server
        self._frames = Frames(server.frame_bytes_max)
        self._waiting: deque[bytes] = deque()
        self._fault: Error | None = None
        """What stands in the stream behind the requests that wait."""
        self._is_full = False
        """Whether the peer does not read its answers."""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in, or refuse it where there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened.add(self)
        if len(self._server.connections) >= CONNECTIONS_MAX:
            transport.close()
            return
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take in every request that is whole now, and answer them by turns."""
        is_idle = not self._waiting
        try:
            # One by one: what came before a fault is answered before it is told.
            for message in self._frames.feed(data):
                self._waiting.append(message)
        except Error as error:
            self._fault = error
        if is_idle:
            self._take_turn()

    def _take_turn(self) -> None:
        """Answer some requests in one write; the rest after other connections had their turn."""
        if self._transport is None or self._transport.is_closing():
            self._waiting.clear()
            return
        answers: list[bytes] = []
        try:
            while self._waiting and len(answers) < TURN:
                answers.append(self._answer(self._waiting.popleft()))
        except Error as error:
            self._fail(answers, error)
            return
        except Exception as error:  # noqa: BLE001 - logged whole, and told
            # Our own bug must reach the engine, which then stops, and a log, which is then read.
            _LOG.exception("a request of the engine could not be answered")
            told = Unavailable("abci.failed", repr(error), cure="Report it; restart the member.")
            self._fail(answers, told)
            return
        if self._fault is not None and not self._waiting:
            self._fail(answers, self._fault)
            return
        if answers:
            self._transport.write(b"".join(answers))
        self._read_on()
        if self._waiting:
            self._server.loop.call_soon(self._take_turn)

    def _answer(self, message: bytes) -> bytes:
        check = read_check_tx(message)
        if check is not None:
            return self._server.answer("check_tx", check)
        try:
            request = Request.FromString(message)
        except DecodeError as error:
            raise _no_request("it has no reading") from error
        kind = request.WhichOneof("value")
        if kind is None:
            raise _no_request("it is of no known kind")
        told = self._server.answer(kind, getattr(request, kind))
        if kind == "commit":
            self._server.trouble = None
        return told

    def _fail(self, answers: list[bytes], error: Error) -> None:
        """Send what was answered, then why nothing more will be, and end the connection."""
        self._server.trouble = error
        self._waiting.clear()
        told = Response(exception={"error": str(error)[:ERROR_CHARACTERS_MAX]})
        if self._transport is not None:
            self._transport.write(b"".join([*answers, frame_of(told.SerializeToString())]))
        self.end()

    def end(self) -> None:
        """Close, once what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once, whatever was not sent."""
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        """Read nothing more from a peer that does not read."""
        self._is_full = True
        self._read_on()

    def resume_writing(self) -> None:
        """Go on reading."""
        self._is_full = False
        self._read_on()

    def _read_on(self) -> None:
        """Read from the peer only if it reads, and nothing it sent waits."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_full or self._waiting:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; whatever the engine had begun on it will be asked again."""
        del exc
        self._transport = None
        self._waiting.clear()
        self._server.connections.discard(self)
        self._server.opened.discard(self)


def _no_request(why: str) -> Invalid:
    return Invalid(
        "abci.request",
        f"a frame holds no request: {why}",
        cure="Let only CometBFT 0.38 connect to this port.",
    )
