"""What changes while a page is open: new blocks, alarms, and who else looks at a case.

Laws: the process asks each member that somebody looks at for its health, twice a second and once
for all its visitors; what changes while a page is being built is told to it once it is; who has
left is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from nicegui import Client, background_tasks

from tallystick.base.errors import Error

__all__ = ["Live", "Officer"]

_LOG: Final = logging.getLogger(__name__)
LOOK_S: Final = 0.5
Health = Mapping[str, Any]
Changed = Callable[[Health], Awaitable[None]]


class Officer(NamedTuple):
    """Who looks: the number that stands in records, and the name that colleagues read."""

    id: str
    name: str


@dataclass(slots=True, eq=False)
class _Visitor:
    """Who looks at a member, what is called after a change, and what was known as it was built."""

    member: str
    client: Client
    since: Health | None
    wanted: dict[str, Changed] = field(default_factory=dict)


class Live:
    """Tells open pages what changed.

    Args:
        ask: returns a member's health.
    """

    def __init__(self, ask: Callable[[str], Awaitable[Health]]) -> None:
        self._ask = ask
        self._visitors: dict[str, _Visitor] = {}
        self._seen: dict[str, Health] = {}
        """The health of members as it was when it last changed."""
        self._watching: dict[str, dict[str, Officer]] = {}
        self._told: dict[str, Callable[[], None]] = {}

    async def run(self) -> None:
        """Look for changes until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            for member in {each.member for each in self._visitors.values()}:
                await self._look(member)

    async def begin(self, member: str) -> None:
        """Look at a member at whom nobody looked before: what comes after this is a change."""
        if member not in self._seen:
            await self._look(member)

    async def _look(self, member: str) -> None:
        try:
            health = await self._ask(member)
        except (TimeoutError, Error) as error:
            # Its pages tell why it does not answer; half a second later it may.
            _LOG.debug("no health of %s: %s", member, error)
            return
        before = self._seen.get(member)
        if before is not None and _state(before) == _state(health):
            return
        self._seen[member] = health
        for visitor in list(self._visitors.values()):
            if visitor.member == member:
                for changed in list(visitor.wanted.values()):
                    self._tell(visitor.client, changed, health)

    @staticmethod
    def _tell(client: Client, changed: Changed, health: Health) -> None:
        async def tell() -> None:
            with client:
                await changed(health)

        background_tasks.create(tell(), name="live")

    # ---- visitors

    def enter(self, member: str, client: Client) -> None:
        """Note a visitor until it leaves."""
        self._visitors[client.id] = _Visitor(member, client, self._seen.get(member))
        client.on_delete(lambda: self._forget(client.id))

    def _forget(self, visitor: str) -> None:
        self._visitors.pop(visitor, None)
        self.look_away(visitor)

    def watch(self, client: Client, what: str, changed: Changed) -> None:
        """Call `changed` after every block, in place of what was named so before.

        At once if one came since the visitor entered, or since nothing was named so any more: what
        is shown may have been read before it.
        """
        visitor = self._visitors[client.id]
        visitor.wanted[what] = changed
        health = self._seen.get(visitor.member)
        if health is not None and health is not visitor.since:
            visitor.since = health
            self._tell(client, changed, health)

    def unwatch(self, client: Client, what: str) -> None:
        """Call no more what was named so."""
        if (visitor := self._visitors.get(client.id)) is not None:
            visitor.wanted.pop(what, None)
            visitor.since = self._seen.get(visitor.member)

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
                with entry.client:
                    told()


def _state(health: Health) -> tuple[object, ...]:
    """Return what of a member's health pages show."""
    return health["height"], health["agreeing"], health["alarm"]
