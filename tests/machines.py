"""A small county whose members are on machines of their own, as far as one machine can tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from links import free_ports
from tallystick.base.clock import Clock, SystemClock
from tallystick.base.errors import Denied
from tallystick.county.founding import found_county
from tallystick.county.house import House
from tallystick.county.local import LocalOffice
from tallystick.county.member import MEMBERS
from tallystick.county.serving import TEND_S, serve_house
from tallystick.county.single import open_single
from tallystick.kernel.link.book import Place, write_book
from tallystick.node import Node

__all__ = ["NAMES", "Machines", "await_until", "found_apart", "is_known", "open_machines", "renew"]

NAMES: Final = ("finance", "village", "credit-union", "newspaper")
"""The orderer first."""
WAIT_S: Final = 90


def found_apart(folder: Path) -> Path:
    """Found a county of four, with an address each on this machine."""
    county = folder / "county"
    chosen = [each for each in MEMBERS if each.name in NAMES]
    found_county(county, clock=SystemClock(), members=chosen)
    ports = free_ports(len(NAMES))
    book = {name: Place("http", "127.0.0.1", port) for name, port in zip(NAMES, ports, strict=True)}
    for name in NAMES:
        write_book(county / name / "peers.json", book)
    return county


def await_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; fail where it takes too long."""
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


class Machines:
    """Members that are served alone, each of which can be ended and begun."""

    def __init__(self, county: Path, tend_s: float) -> None:
        self.county = county
        self._tend_s = tend_s
        self._opened: dict[str, ExitStack] = {}
        self.houses: dict[str, House] = {}

    def begin(self, *names: str, leaps: bool = False, clock: Clock | None = None) -> None:
        for name in names:
            opened = self._opened[name] = ExitStack()
            single = open_single(self.county, name, clock or SystemClock(), leaps=leaps)
            house = opened.enter_context(single)
            opened.enter_context(serve_house(house, tend_s=self._tend_s))
            self.houses[name] = house

    def end(self, *names: str) -> None:
        for name in names:
            self._opened.pop(name).close()
            del self.houses[name]

    def node(self, name: str) -> Node:
        return self.houses[name].node(name)

    def height(self, name: str) -> int:
        return self.node(name).replica.tip.height

    def agreeing(self, name: str) -> int:
        """Return how many copies a member saw to agree at its last look."""
        return self.houses[name].seat(name).checker.count_agreeing()

    def is_away(self, name: str, other: str) -> bool:
        """Tell whether a member misses another."""
        apart = self.houses[name].apart
        assert apart is not None
        return apart.is_away(other)

    def is_level(self) -> bool:
        """Tell whether all that are open have one head, know it to be witnessed, and miss nobody.

        Who did not answer a moment ago, or refused a key, is sent nothing, whatever its head.
        """
        if any(self.is_away(name, other) for name in self.houses for other in self.houses):
            return False
        followers = (house.seat(name).follower for name, house in self.houses.items())
        if any(each is not None and isinstance(each.trouble, Denied) for each in followers):
            return False
        tips = {self.node(name).replica.tip.cid for name in self.houses}
        seats = [house.seat(name) for name, house in self.houses.items()]
        return len(tips) == 1 and all(
            seat.witnesses.height == seat.node.replica.tip.height for seat in seats
        )

    def close(self) -> None:
        self.end(*list(self._opened))


@contextmanager
def open_machines(folder: Path, tend_s: float = TEND_S) -> Iterator[Machines]:
    """Found and begin all four."""
    found = Machines(found_apart(folder), tend_s)
    try:
        found.begin(*NAMES)
        yield found
    finally:
        found.close()


def renew(machines: Machines, member: str) -> None:
    """Have a member's keys renewed by vote, and all go on under the new list."""
    before = machines.node(member).secrets.link
    uses = ["link", "tx", "note"]
    change = machines.houses[member].office(member).propose_renewal(uses)["change"]
    for name, house in machines.houses.items():
        office = house.office(name)
        await_until(partial(is_known, office, change))
        # The vote before may have decided it: that is asked where its block has come.
        await_until(machines.is_level)
        if name != member and office.show_change(change)["state"] == "open":
            office.vote_change(change, yes=True)
    await_until(lambda: machines.node(member).secrets.link != before)
    await_until(machines.is_level)


def is_known(office: LocalOffice, change: str) -> bool:
    return change in {row["change"] for row in office.list_changes()}
