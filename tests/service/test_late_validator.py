"""Four that order together are joined by a fifth, by its card; then its vote is needed.

Real engines, each beside a member with a folder of its own. The founders are opened in this process
and started anew as an operator does it, one after another; the fifth is run by `tally county start`
before anybody has voted for it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from cards import Tally, draw_card, found_by_cards
from links import free_ports
from machines import await_until
from simulation.comet import find_comet
from tallystick.api.token import read_token
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Unavailable
from tallystick.cli.opening import read_address
from tallystick.client import Client
from tallystick.county.house import House
from tallystick.county.local import LocalOffice
from tallystick.county.serving import serve_house
from tallystick.county.single import open_single
from tallystick.county.supervising import stop_supervisor
from tallystick.kernel.ledger.engines.comet_rpc import ask_node

ROLES: Final = {"bank": "bank", "fund": "guarantor", "insurer": "insurer", "paper": "media"}
LATE, AWAY = "clinic", "bank"
"""By its name the fifth were the first that others ask; the one that goes is not the writer."""
ORDERS: Final = ("--engine", "cometbft")
NEWS: Final = "news.published"


class County:
    """Four founders, open, and a fifth to come."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.tally = tally
        self.homes = {name: folder / name for name in (*ROLES, LATE)}
        ports = free_ports(3 * len(self.homes))
        self.ports = {name: ports[3 * at :][:3] for at, name in enumerate(self.homes)}
        cards = {self.homes[name]: self._draw(name, role) for name, role in ROLES.items()}
        founded = folder / "founded"
        found_by_cards(tally, founded, cards, *ORDERS)
        self.card = self._draw(LATE, "cooperative", "--chain", str(founded))
        at = ("--from", str(founded), "--county", str(self.homes[LATE]))
        tally("member", "join", LATE, *at)
        self.houses: dict[str, House] = {}
        self._opened: dict[str, ExitStack] = {}

    def _draw(self, name: str, role: str, *words: str) -> str:
        own = self.ports[name]
        return draw_card(self.tally, self.homes[name], own, *ORDERS, *words, role=role)

    def begin(self, name: str) -> None:
        opened = self._opened[name] = ExitStack()
        house = opened.enter_context(open_single(self.homes[name], name, SystemClock()))
        opened.enter_context(serve_house(house))
        self.houses[name] = house

    def end(self, name: str) -> None:
        self._opened.pop(name).close()
        del self.houses[name]

    def close(self) -> None:
        stop_supervisor(self.homes[LATE])
        for name in list(self.houses):
            self.end(name)

    def ask_late(self) -> dict[str, Any]:
        home = self.homes[LATE]
        with Client(read_address(home / LATE), read_token(home), LATE) as client:
            found: dict[str, Any] = client.ask("GET", f"/{LATE}/healthz").json()
            return found

    def count_validators(self, name: str) -> int:
        """Return how many validators an engine tells of itself."""
        text = (self.homes[name] / name / "cometbft" / "config" / "config.toml").read_text()
        port = int(tomllib.loads(text)["rpc"]["laddr"].rpartition(":")[2])
        return int(ask_node(port, "validators")["result"]["total"])

    def vote_in(self) -> None:
        """Propose the fifth at one founder by its card, and say yes at two others."""
        first, second, third, _ = ROLES
        stated = json.loads(Path(self.card).read_text(encoding="utf-8"))
        # Late an answer may be where the machine is busy, lost is nothing.
        with suppress(Unavailable):
            self._office(first).propose_join(stated)
        for name in (second, third):
            await_until(partial(self._knows_change, name))
            with suppress(Unavailable):
                self._office(name).vote_change(self._find_change(name)["change"], yes=True)
        await_until(lambda: self._find_change(first)["state"] == "in_force")

    def _office(self, name: str) -> LocalOffice:
        return self.houses[name].office(name)

    def _knows_change(self, name: str) -> bool:
        return bool(self._office(name).list_changes())

    def _find_change(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._office(name).list_changes()[0]
        return found

    def publish(self) -> int:
        """Write a record, wait until it is in a block, and return the height."""
        node, before = self.houses["paper"].node("paper"), self._count_news()
        with suppress(Unavailable):
            self._office("paper").publish_news("rain", language="en")
        await_until(lambda: self._count_news() > before)
        return node.replica.tip.height

    def _count_news(self) -> int:
        return len(self.houses["paper"].node("paper").views.rows("record", {"t": NEWS}))

    def is_final(self, height: int) -> bool:
        """Tell whether all that run hold one head at a height, and know who has signed it."""
        seats = [house.seat(name) for name, house in self.houses.items()]
        rows = {(str(each.node.replica.tip.cid), each.witnesses.height) for each in seats}
        late = self.ask_late()
        return len(rows | {(late["head"], late["witnessed"])}) == 1 and late["height"] == height


@pytest.fixture
def county(tmp_path: Path, tally: Tally) -> Iterator[County]:
    find_comet()
    found = County(tmp_path, tally)
    try:
        for name in ROLES:
            found.begin(name)
        yield found
    finally:
        found.close()


def test_a_fifth_comes_by_its_card_and_records_are_final_by_its_vote(county: County) -> None:
    tally = county.tally
    tally("county", "start", str(county.homes[LATE]), "--port", "0", "--api-only")
    await_until(lambda: county.ask_late()["alarm"] == "engine.not_listed")
    county.vote_in()
    for name in ROLES:
        at = ("--card", county.card, "--county", str(county.homes[name]))
        (row,) = tally("member", "address", *at)
        link, _, engine = county.ports[LATE]
        assert (row["member"], row["told"]) == (LATE, [name])
        assert row["address"] == f"https://127.0.0.1:{link}"
        assert row["engine"] == f"127.0.0.1:{engine}"
        county.end(name)
        county.begin(name)
    await_until(lambda: county.ask_late()["alarm"] == "")
    height = county.publish()
    await_until(lambda: county.is_final(height))
    assert {county.count_validators(name) for name in (*ROLES, LATE)} == {5}
    # Four of five are needed, and one goes: without the fifth nothing were final.
    county.end(AWAY)
    height = county.publish()
    await_until(lambda: county.is_final(height))
