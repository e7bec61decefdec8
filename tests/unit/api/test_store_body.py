"""A body that is put is read as it comes, by another thread, and what breaks off is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.requests import ClientDisconnect

from tallystick.api.routes import store as room
from tallystick.base.errors import Unavailable


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever, daemon=True)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join()
    found.close()


async def _pieces(*found: bytes, torn: bool = False, silent: bool = False) -> AsyncIterator[bytes]:
    for piece in found:
        yield piece
    if silent:
        await asyncio.sleep(60)
    if torn:
        raise ClientDisconnect


def read_all(source: room._Coming, size: int) -> bytes:
    found = bytearray()
    while piece := source.read(size):
        assert len(piece) <= size
        found += piece
    return bytes(found)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_body_comes_whole_in_pieces_of_any_size(
    loop: asyncio.AbstractEventLoop, size: int
) -> None:
    sent = [b"abc", b"", b"defgh" * 100, b"i"]
    assert read_all(room._Coming(_pieces(*sent), loop), size) == b"".join(sent)
    assert read_all(room._Coming(_pieces(), loop), size) == b""


def test_a_body_that_breaks_off_is_none(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable, match=r"api\.torn"):
        read_all(room._Coming(_pieces(b"abc", torn=True), loop), 10)
    monkeypatch.setattr(room, "BODY_WAIT_S", 0.05)
    with pytest.raises(Unavailable, match=r"api\.torn"):
        read_all(room._Coming(_pieces(b"abc", silent=True), loop), 10)


def test_what_is_read_leaves_in_few_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PIECE_BYTES", 10)
    assert list(room._gathered([b"1234", b"5678", b"90ab", b"cd"])) == [b"1234567890ab", b"cd"]
    assert list(room._gathered([])) == []
