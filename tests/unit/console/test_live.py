"""What pages are told: what changed since they were drawn, once, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from nicegui import Client, core, ui

from tallystick.base.errors import Unavailable
from tallystick.console.live import Health, Live

MEMBER = "regulator"


class _Member:
    """A member's health, as it stands."""

    def __init__(self) -> None:
        self.height = 536
        self.is_away = False

    async def ask(self, member: str) -> Health:
        assert member == MEMBER
        if self.is_away:
            raise Unavailable("client.unreachable", "no answer", cure="Try again.")
        return {"height": self.height, "agreeing": 12, "alarm": None}


class _Page:
    """A page that notes the heights it was told."""

    def __init__(self, live: Live) -> None:
        self.client = Client(ui.page("/live"))
        self.told: list[int] = []
        live.enter(MEMBER, self.client)

    async def draw(self, health: Health) -> None:
        self.told.append(health["height"])


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _look(live: Live) -> None:
    await live._look(MEMBER)
    await _settle()


async def _first_visitor(live: Live, member: _Member) -> None:
    await live.begin(MEMBER)
    page = _Page(live)
    live.watch(page.client, "page", page.draw)
    member.height += 1
    await _look(live)
    assert page.told == [537]
    await _look(live)
    assert page.told == [537]


async def _while_built(live: Live, member: _Member) -> None:
    await live.begin(MEMBER)
    page = _Page(live)
    member.height += 1
    await _look(live)
    assert page.told == []
    for _ in range(2):
        live.watch(page.client, "page", page.draw)
        await _settle()
        assert page.told == [537]
    live.unwatch(page.client, "page")
    live.watch(page.client, "page", page.draw)
    await _settle()
    assert page.told == [537]


async def _away_at_first(live: Live, member: _Member) -> None:
    member.is_away = True
    await live.begin(MEMBER)
    page = _Page(live)
    live.watch(page.client, "page", page.draw)
    looking = asyncio.create_task(live.run())
    await asyncio.sleep(0.6)
    assert page.told == []
    assert not looking.done()
    member.is_away = False
    await _look(live)
    assert page.told == [536]
    looking.cancel()


@pytest.mark.parametrize("story", [_first_visitor, _while_built, _away_at_first])
def test_a_page_is_told_what_changed_since_it_was_drawn(
    story: Callable[[Live, _Member], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell() -> None:
        # NiceGUI's, where no server has begun it.
        monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
        member = _Member()
        await story(Live(member.ask), member)

    asyncio.run(tell())
