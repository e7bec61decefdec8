"""An answer goes out in slices, each in its time; what it reads from is closed once, unread too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.types import Message, Send

from tallystick.api import streams
from tallystick.api.streams import ABORT, EACH_MAX, SLICE_BYTES, Body, Places, press
from tallystick.base.errors import Unavailable


async def _send(send: Send, message: Message) -> None:
    await send(message)


@pytest.mark.parametrize("size", [0, 1, SLICE_BYTES, SLICE_BYTES + 1, 3 * SLICE_BYTES])
@pytest.mark.parametrize("more", [True, False])
def test_a_body_leaves_in_slices_and_ends_as_it_was_told(size: int, more: bool) -> None:
    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message)

    body = bytes(at % 251 for at in range(size))
    message = {"type": "http.response.body", "body": body, "more_body": more}
    asyncio.run(_send(press({}, take), message))
    assert b"".join(each["body"] for each in sent) == body
    assert max(len(each["body"]) for each in sent) <= SLICE_BYTES
    assert [each["more_body"] for each in sent] == [True] * (len(sent) - 1) + [more]


def test_a_slow_reader_is_not_taken_for_one_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STALL_S", 1)
    taken = 0

    async def take(message: Any) -> None:
        nonlocal taken
        # As long as the bytes are many: all of it at once would take longer than is allowed.
        await asyncio.sleep(0.1 * len(message["body"]) / SLICE_BYTES)
        taken += len(message["body"])

    body = bytes(16 * SLICE_BYTES)
    message = {"type": "http.response.body", "body": body, "more_body": True}
    asyncio.run(_send(press({}, take), message))
    assert taken == len(body)


def test_one_that_stands_is_broken_off_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STALL_S", 0.05)
    aborted: list[bool] = []

    async def take(_: Any) -> None:
        await asyncio.sleep(60)

    pressed = press({"state": {ABORT: lambda: aborted.append(True)}}, take)
    for given in (pressed, press({}, take)):
        with pytest.raises(Unavailable, match=r"gateway\.stalled"):
            asyncio.run(_send(given, {"type": "http.response.start", "status": 200}))
    assert aborted == [True]


def test_what_a_body_reads_from_is_closed_where_nothing_was_read() -> None:
    closed: list[str] = []
    opened = ExitStack()
    opened.callback(closed.append, "files")

    def pieces() -> Iterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append("pieces")

    Body(pieces(), opened).close()
    assert closed == ["files"]
    opened.callback(closed.append, "files")
    begun = Body(pieces(), opened)
    assert next(begun) == b"a"
    begun.close()
    begun.close()
    assert closed == ["files", "pieces", "files"]
    assert list(begun) == []


def test_what_is_being_read_is_closed_after_it() -> None:
    reads, may_end = threading.Event(), threading.Event()
    opened = ExitStack()
    order: list[str] = []
    opened.callback(order.append, "closed")

    def pieces() -> Iterator[bytes]:
        reads.set()
        assert may_end.wait(30)
        order.append("read")
        yield b"a"

    body = Body(pieces(), opened)
    reading = threading.Thread(target=lambda: next(body))
    reading.start()
    assert reads.wait(30)
    closing = threading.Thread(target=body.close)
    closing.start()
    may_end.set()
    reading.join()
    closing.join()
    assert order == ["read", "closed"]


def test_a_place_is_given_back_whatever_ended_it() -> None:
    places = Places()
    scope = {"client": ("192.0.2.1", 1)}
    with ExitStack() as holding:
        for _ in range(EACH_MAX):
            holding.enter_context(places.hold(scope))
        with pytest.raises(Unavailable, match=r"api\.rate"), places.hold(scope):
            raise AssertionError
        with places.hold({"client": None}):
            assert places.held == EACH_MAX + 1
    with pytest.raises(KeyError), places.hold(scope):
        raise KeyError
    assert places.held == 0
