"""Four that order together are joined by two more, by their cards; then both votes are needed.

Real engines, each beside a member with a folder of its own. Those of the founding are opened in
this process and started anew as an operator does it, one after another. One of them has followed
since, and comes to validate with the blocks that it holds. The other is new, is run by `tally
county start` before anybody has voted for it, and begins by a snapshot: the engines of the four
have let go of their first blocks.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
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
from tallystick.kernel.ledger.engines import seats
from tallystick.kernel.ledger.engines.comet_rpc import ask_node
from tallystick.kernel.ledger.engines.validator import Place
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database

ROLES: Final = {"bank": "bank", "fund": "guarantor", "insurer": "insurer", "paper": "media"}
FOLLOWER, LATE, AWAY = "agent", "clinic", "bank"
"""By its name the follower were the first that others ask; the one that goes is not the writer."""
ORDERS: Final = ("--engine", "cometbft")
NEWS: Final = "news.published"
SPACING: Final = 4
"""Heights of the engine between two snapshots; at 10,000 nothing is let go within a test."""


class County:
    """Four that order and one that follows, open, and a sixth to come."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.tally = tally
        self.homes = {name: folder / name for name in (*ROLES, FOLLOWER, LATE)}
        ports = free_ports(3 * len(self.homes))
        self.ports = {name: ports[3 * at :][:3] for at, name in enumerate(self.homes)}
        cards = {self.homes[name]: self._draw(name, role, *ORDERS) for name, role in ROLES.items()}
        cards[self.homes[FOLLOWER]] = self._draw(FOLLOWER, "bank")
        founded = folder / "founded"
        found_by_cards(tally, founded, cards, *ORDERS, "--follower", FOLLOWER)
        self.card = self._draw(LATE, "cooperative", *ORDERS, "--chain", str(founded))
        at = ("--from", str(founded), "--county", str(self.homes[LATE]))
        tally("member", "join", LATE, *at)
        self.houses: dict[str, House] = {}
        self._opened: dict[str, ExitStack] = {}

    def _draw(self, name: str, role: str, *words: str) -> str:
        own = self.ports[name]
        return draw_card(self.tally, self.homes[name], own, *words, role=role)

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
        return int(self._ask_engine(name, "validators")["total"])

    def find_base(self, name: str) -> int:
        """Return the first block that an engine holds."""
        return int(self._ask_engine(name, "status")["sync_info"]["earliest_block_height"])

    def _ask_engine(self, name: str, what: str) -> dict[str, Any]:
        text = (self.homes[name] / name / "cometbft" / "config" / "config.toml").read_text()
        port = int(tomllib.loads(text)["rpc"]["laddr"].rpartition(":")[2])
        found: dict[str, Any] = ask_node(port, what)["result"]
        return found

    def find_leap(self, name: str) -> int:
        """Return up to which height a member took the state over, 0 where it ran all blocks."""
        with closing(Database.read(self.homes[name] / name / "ledger.db")) as database:
            return Rows(database).leapt()

    def vote_in(self, card: str) -> None:
        """Propose a member at one that orders by its card, and say yes at the three others."""
        first, *others = ROLES
        stated = json.loads(Path(card).read_text(encoding="utf-8"))
        # Late an answer may be where the machine is busy, lost is nothing.
        with suppress(Unavailable):
            self._office(first).propose_join(stated)
        for name in others:
            await_until(partial(self._knows_change, name, stated["name"]))
            with suppress(Unavailable):
                self._office(name).vote_change(self._find_change(name)["change"], yes=True)
        await_until(lambda: self._find_change(first)["state"] == "in_force")

    def tell(self, name: str, card: str, whose: str) -> None:
        """Tell a member's folder by a card where another's link and engine are."""
        await_until(partial(self._lists_vote, name, whose))
        (row,) = self.tally("member", "address", "--card", card, "--county", str(self.homes[name]))
        link, _, engine = self.ports[whose]
        assert (row["member"], row["told"]) == (whose, [name])
        assert row["address"] == f"https://127.0.0.1:{link}"
        assert row["engine"] == f"127.0.0.1:{engine}"

    def _lists_vote(self, name: str, whose: str) -> bool:
        """Tell whether a member's copy has come to the list by which another validates."""
        listed = self.houses[name].node(name).replica.tip.members.by_name.get(whose)
        return listed is not None and any(key.use == "bft" for key in listed.keys)

    def _office(self, name: str) -> LocalOffice:
        return self.houses[name].office(name)

    def _knows_change(self, name: str, whose: str) -> bool:
        return self._find_change(name).get("member") == whose

    def _find_change(self, name: str) -> dict[str, Any]:
        """Return the newest change that a member knows of, {} where it knows of none."""
        found: dict[str, Any] = next(iter(self._office(name).list_changes()), {})
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
        """Tell whether all that are open hold one head at a height, and know who has signed it."""
        found = [house.seat(name) for name, house in self.houses.items()]
        tips = [each.node.replica.tip for each in found]
        rows = {(at.height, str(at.cid)) for at in tips}
        return len(rows) == 1 and {height} == {
            *(at.height for at in tips),
            *(each.witnesses.height for each in found),
        }

    def is_well(self, name: str) -> bool:
        """Tell whether a member validates, and nothing is wrong with its engine."""
        validating = self.houses[name].seat(name).validating
        return validating is not None and validating.trouble is None


@pytest.fixture
def county(tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> Iterator[County]:
    find_comet()
    monkeypatch.setattr(seats, "Place", partial(Place, spacing=SPACING))
    found = County(tmp_path, tally)
    try:
        for name in (*ROLES, FOLLOWER):
            found.begin(name)
        yield found
    finally:
        found.close()


@pytest.mark.long
def test_a_follower_and_a_newcomer_validate_and_records_are_final_by_their_votes(
    county: County,
) -> None:
    tally, own = county.tally, str(county.homes[FOLLOWER])
    tally("county", "start", str(county.homes[LATE]), "--port", "0", "--api-only")
    await_until(lambda: county.ask_late()["alarm"] == "engine.not_listed")
    while min(map(county.find_base, ROLES)) == 1:
        county.publish()
    held = county.houses[FOLLOWER].node(FOLLOWER).replica.tip.height
    port = str(county.ports[FOLLOWER][2])
    (row,) = tally("member", "engine", FOLLOWER, "--engine-port", port, "--county", own)
    for card in (row["card"], county.card):
        county.vote_in(card)
    for name in (FOLLOWER, *ROLES):
        county.tell(name, row["card"], FOLLOWER)
        county.tell(name, county.card, LATE)
        county.end(name)
        county.begin(name)
    # The new one would look by itself too, after half a minute.
    stop_supervisor(county.homes[LATE])
    county.begin(LATE)
    for name in (LATE, FOLLOWER):
        await_until(partial(county.is_well, name))
    height = county.publish()
    await_until(lambda: county.is_final(height))
    assert {county.count_validators(name) for name in county.homes} == {6}
    # One holds no more than it was shown and what came since, the other all that it had run.
    assert (county.find_leap(LATE) > 0, county.find_leap(FOLLOWER)) == (True, 0)
    assert (held > 0, county.find_base(FOLLOWER) > 1) == (True, True)
    # Five of six are needed, and one goes: without either nothing were final.
    county.end(AWAY)
    height = county.publish()
    await_until(lambda: county.is_final(height))
