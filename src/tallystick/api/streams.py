"""Answers that go out piece by piece to whoever asks: how many at once, and how long one may stand.

Laws: whatever ends such an answer, what it reads from is closed with it, by a thread that may wait
for a disk; one address is sent `EACH_MAX` at once and all together `ALL_MAX`, so that connections
are left for everybody else; what does not leave for `STALL_S` ends the connection at once, since
bytes that wait for a reader would keep it open for as long as the reader likes.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, Self

from starlette.types import Message, Scope, Send

from tallystick.base.errors import Unavailable

__all__ = ["ABORT", "ALL_MAX", "EACH_MAX", "PLACES", "SLICE_BYTES", "Body", "Places", "press"]

EACH_MAX: Final = 16
"""Answers that are sent to one address at once."""
ALL_MAX: Final = 96
"""Answers that are sent at once; well below the connections that are served."""
STALL_S: Final = 30
"""How long a slice may wait for its reader."""
SLICE_BYTES: Final = 64 * 1024
"""Most that is sent at once: a reader is slow, and does not stand, who takes that in `STALL_S`."""
RETRY_S: Final = 5
ABORT: Final = "abort"
"""Where a request's state has what ends its connection without waiting for its reader."""


class Body(Iterator[bytes]):
    """The pieces of an answer, with what they are read from.

    Args:
        pieces: read by any thread, one at a time.
        opened: closed with it.
    """

    def __init__(self, pieces: Iterable[bytes], opened: ExitStack) -> None:
        self._pieces = iter(pieces)
        self._opened = opened
        # A request that is cancelled leaves a thread behind that still reads.
        self._reading = threading.Lock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        with self._reading:
            return next(self._pieces)

    def close(self) -> None:
        """Close all that is open, once the piece that is being read is; a second call is none."""
        with self._reading:
            pieces, self._pieces = self._pieces, iter(())
            try:
                if isinstance(pieces, Generator):
                    pieces.close()
            finally:
                self._opened.close()


class Places:
    """Who is being sent an answer; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """Return how many answers are being sent."""
        with self._lock:
            return self._taken.total()

    @contextmanager
    def hold(self, scope: Scope) -> Iterator[None]:
        """Hold a place for who asks.

        Raises:
            Unavailable: `api.rate`, the address holds its share; `gateway.busy`, there is none.
        """
        # Behind a proxy all come from one address; it may count them by its own means.
        address = str(scope["client"][0]) if scope.get("client") else ""
        self._take(address)
        try:
            yield
        finally:
            with self._lock:
                self._taken[address] -= 1
                # What is zero is no address that somebody has.
                self._taken += Counter()

    def _take(self, address: str) -> None:
        with self._lock:
            if self._taken[address] >= EACH_MAX:
                raise Unavailable(
                    "api.rate",
                    f"{EACH_MAX} answers are being sent to this address",
                    cure="Wait as long as `Retry-After` says, in seconds.",
                    retry_s=RETRY_S,
                )
            if self._taken.total() >= ALL_MAX:
                raise Unavailable(
                    "gateway.busy",
                    f"{ALL_MAX} answers are being sent",
                    cure="Wait as long as `Retry-After` says, or ask another gateway.",
                )
            self._taken[address] += 1


PLACES: Final = Places()
"""All of this process: its server counts connections so too, whatever applications it serves."""


def press(scope: Scope, send: Send) -> Send:
    """Return a `send` that ends the connection where a slice does not leave in time.

    What it returns raises `Unavailable` then: `gateway.stalled`.
    """

    async def pressed(message: Message) -> None:
        for part in _cut(message):
            try:
                async with asyncio.timeout(STALL_S):
                    await send(part)
            except TimeoutError as error:
                # To close it would wait, without end, until what is written has been read.
                if abort := scope.get("state", {}).get(ABORT):
                    abort()
                raise Unavailable(
                    "gateway.stalled",
                    f"nothing was taken for {STALL_S} s",
                    cure="Ask again, and read what comes.",
                ) from error

    return pressed


def _cut(message: Message) -> Iterator[Message]:
    body = message.get("body", b"")
    starts = range(0, len(body), SLICE_BYTES)
    for at in starts[:-1]:
        yield {**message, "body": body[at : at + SLICE_BYTES], "more_body": True}
    yield {**message, "body": body[starts[-1] :]} if len(starts) > 1 else message
