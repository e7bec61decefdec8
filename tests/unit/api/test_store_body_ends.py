"""A body that is silent for too long leaves no task behind in the loop that it came in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from tallystick.api.routes import store as room
from tallystick.base.errors import Unavailable


async def _silent(reading: asyncio.Event, ended: list[bool]) -> AsyncIterator[bytes]:
    yield b"abc"
    reading.set()
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.1)
        ended.append(True)


def test_a_silent_body_has_ended_once_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BODY_WAIT_S", 1)
    ended: list[bool] = []
    had_ended: list[bool] = []

    def take(loop: asyncio.AbstractEventLoop) -> None:
        with pytest.raises(Unavailable, match=r"api\.torn"):
            room._Coming(_silent(asyncio.Event(), ended), loop).read(10)
        had_ended.extend(ended)

    async def read() -> None:
        await asyncio.to_thread(take, asyncio.get_running_loop())

    asyncio.run(read())
    assert had_ended == [True]


def test_a_body_whose_loop_is_ended_is_torn() -> None:
    loop = asyncio.new_event_loop()
    told: list[str] = []
    reading = asyncio.Event()

    def take() -> None:
        try:
            room._Coming(_silent(reading, []), loop).read(10)
        except Unavailable as error:
            told.append(error.code)

    async def end() -> None:
        thread = threading.Thread(target=take)
        thread.start()
        await reading.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.to_thread(thread.join)

    loop.run_until_complete(end())
    loop.close()
    assert told == ["api.torn"]
