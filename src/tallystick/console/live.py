"""What changes while a page is open: new blocks, alarms, and who else looks at a case.

Law: the process asks each member that somebody looks at for its health, twice a second and once for
all its visitors; who has left is forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from nicegui import Client, background_tasks

__all__ = ["Live", "Officer"]

_LOG: Final = logging.getLogger(__name__)
LOOK_S: Final = 0.5
Health = Mapping[str, Any]
Changed = Callable[[Health], Awaitable[None]]


class Officer(NamedTuple):
    """Who looks: the number that stands in records, and the name that colleagues read."""

    id: str
    name: str


class Live:
    """Tells open pages what changed.

    Args:
        ask: returns a member's health.
    """

    def __init__(self, ask: Callable[[str], Awaitable[Health]]) -> None:
        self._ask = ask
        self._visitors: dict[str, tuple[str, Client, dict[str, Changed]]] = {}
        self._seen: dict[str, tuple[object, ...]] = {}
        self._watching: dict[str, dict[str, Officer]] = {}
        self._told: dict[str, Callable[[], None]] = {}

    async def run(self) -> None:
        """Look for changes until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            for member in {member for member, _, _ in self._visitors.values()}:
                with contextlib.suppress(asyncio.TimeoutError):
                    await self._look(member)

    async def _look(self, member: str) -> None:
        health = await self._ask(member)
        seen = (health["height"], health["agreeing"], health["alarm"])
        before = self._seen.get(member)
        self._seen[member] = seen
        if before in (None, seen):
            return
        for at, client, wanted in list(self._visitors.values()):
            if at == member:
                for changed in list(wanted.values()):
                    self._tell(client, changed, health)

    @staticmethod
    def _tell(client: Client, changed: Changed, health: Health) -> None:
        async def tell() -> None:
            with client:
                await changed(health)

        background_tasks.create(tell(), name="live")

    # ---- visitors

    def enter(self, member: str, client: Client) -> None:
        """Note a visitor until it leaves."""
        self._visitors[client.id] = (member, client, {})
        client.on_delete(lambda: self._forget(client.id))

    def _forget(self, visitor: str) -> None:
        self._visitors.pop(visitor, None)
        self.look_away(visitor)

    def watch(self, client: Client, what: str, changed: Changed) -> None:
        """Call `changed` after every block, in place of what was named so before."""
        self._visitors[client.id][2][what] = changed

    def unwatch(self, client: Client, what: str) -> None:
        """Call no more what was named so."""
        if client.id in self._visitors:
            self._visitors[client.id][2].pop(what, None)

    # ---- who else looks at a case

    def look_at(
        self, client: Client, case: str, officer: Officer, told: Callable[[], None]
    ) -> None:
        """Note that an officer looks at a case; `told` is called when others come and go."""
        self.look_away(client.id)
        self._watching.setdefault(case, {})[client.id] = officer
        self._told[client.id] = told
        self._tell_others(case)

    def others_at(self, client: Client, case: str) -> list[str]:
        """Return the names of the other officers who look at a case, each once."""
        here = self._watching.get(case, {})
        me = here.get(client.id)
        return sorted({each.name for each in here.values() if me is None or each.id != me.id})

    def look_away(self, visitor: str) -> None:
        """Note that a visitor looks at no case any more."""
        self._told.pop(visitor, None)
        for case, here in list(self._watching.items()):
            if here.pop(visitor, None) is not None:
                self._tell_others(case)
            if not here:
                self._watching.pop(case, None)

    def _tell_others(self, case: str) -> None:
        for visitor in list(self._watching.get(case, {})):
            told = self._told.get(visitor)
            entry = self._visitors.get(visitor)
            if told is not None and entry is not None:
                with entry[1]:
                    told()
