"""Five members on machines of their own, as far as one machine can tell, from cards to a county.

Each draws its keys in a folder of its own, and only cards and public files are handed over. Real
engines of four reach each other where the cards say, the fifth follows. One member is run as an
operator does, by `tally county start`; the others as its process does it, in this one.
"""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import pytest

from cards import Tally, draw_card, found_by_cards
from links import free_ports
from machines import await_until
from simulation.comet import find_comet
from tallystick.api.token import read_token
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Unavailable
from tallystick.chain.crossing import find_chain
from tallystick.cli.opening import read_address
from tallystick.client import Client
from tallystick.county.chains import COUNTY, PUBLIC, Chains, open_alone, serve_chains
from tallystick.county.papers import read_genesis
from tallystick.county.single import read_own_place
from tallystick.county.supervising import stop_supervisor

ROLES: Final = {
    "village": "village",
    "paper": "media",
    "bank": "bank",
    "agency": "department",
    "radio": "media",
}
FOLLOWER: Final = "radio"
STARTED: Final = "agency"
"""The first of those that order, by name: whom a follower asks as long as it answers."""


@pytest.fixture
def homes(tmp_path: Path, tally: Tally) -> dict[str, Path]:
    """Found a county of four from their cards; the folder of each, which has joined it."""
    find_comet()
    found = {name: tmp_path / name for name in ROLES}
    ports = free_ports(3 * len(ROLES))
    cards: dict[Path, str] = {}
    for at, (name, role) in enumerate(ROLES.items()):
        # One tells others of itself by a name, and listens at the address behind it.
        host = "localhost" if name == "bank" else "127.0.0.1"
        engine = () if name == FOLLOWER else ("--engine", "cometbft")
        own = ports[3 * at : 3 * at + 3]
        cards[found[name]] = draw_card(tally, found[name], own, *engine, role=role, host=host)
    words = ("--engine", "cometbft", "--follower", FOLLOWER)
    rows = found_by_cards(tally, tmp_path / "founded", cards, *words)
    assert {row["member"]: row["orders"] for row in rows} == {
        **{name: ["county"] for name in ROLES},
        "paper": ["county", "public"],
        FOLLOWER: [],
    }
    return found


@pytest.fixture
def begun(homes: dict[str, Path], tally: Tally) -> Iterator[dict[str, Chains]]:
    """Start one member by its verb, and open the others here."""
    bind = ("127.0.0.1", read_own_place(homes["bank"] / "bank").port)
    with ExitStack() as opened:
        opened.callback(stop_supervisor, homes[STARTED])
        found: dict[str, Chains] = {}
        for name in [each for each in ROLES if each != STARTED]:
            at = bind if name == "bank" else None
            found[name] = opened.enter_context(
                open_alone(homes[name], name, SystemClock(), bind=at)
            )
            opened.enter_context(serve_chains(found[name], every_ms=500))
        start(homes, tally)
        yield found


def start(homes: dict[str, Path], tally: Tally) -> None:
    home = homes[STARTED]
    book = (home / STARTED / "peers.json").read_bytes()
    (row,) = tally("county", "start", str(home), "--port", "0", "--api-only")
    assert (row["member"], row["state"]) == (STARTED, "up")
    told = (home / STARTED / "peers.json").read_bytes()
    assert told == book, "where others are was told by the cards, and is not told anew"


@pytest.mark.long
def test_a_county_from_cards_orders_together_and_keeps_its_public_chain(
    homes: dict[str, Path], begun: dict[str, Chains], tally: Tally
) -> None:
    def is_final(height: int) -> bool:
        seats = [chains.houses[COUNTY].seat(name) for name, chains in begun.items()]
        rows = [(str(each.node.replica.tip.cid), each.witnesses.height) for each in seats]
        own = Client(read_address(homes[STARTED] / STARTED), read_token(homes[STARTED]), STARTED)
        with own:
            found = own.ask("GET", f"/{STARTED}/healthz").json()
        rows.append((found["head"], found["witnessed"]))
        return len(set(rows)) == 1 and rows[0][1] == height

    def publish() -> int:
        house = begun["paper"].houses[COUNTY]
        house.office("paper").publish_news("rain", language="en")
        return house.node("paper").replica.tip.height

    first = publish()
    await_until(lambda: is_final(first))
    chain = read_genesis(homes["village"]).chain

    def is_anchored() -> bool:
        held = find_chain(begun["village"].houses[PUBLIC].node("village").replica.read, chain)
        return held is not None and held.size > 0

    await_until(is_anchored)
    # Whole, with its supervisor: three of four go on, and it catches up by its engine.
    os.kill(int((homes[STARTED] / "supervisor.lock").read_text()), signal.SIGKILL)
    await_until(lambda: not read_address(homes[STARTED] / STARTED))
    publish()
    # Who follows writes through another of those that order: late it may be, lost it is not.
    radio = begun[FOLLOWER].houses[COUNTY]
    await_until(lambda: radio.apart is not None and radio.apart.is_away(STARTED))
    with suppress(Unavailable):
        radio.office(FOLLOWER).publish_news("sun", language="en")
    node = radio.node(FOLLOWER)
    await_until(
        lambda: (
            len(node.views.rows("record", {"t": "news.published"})) == len(("rain", "rain", "sun"))
        )
    )
    last = node.replica.tip.height
    start(homes, tally)
    await_until(lambda: is_final(last))
    check_settings(homes)


def check_settings(homes: dict[str, Path]) -> None:
    """Engines listen for each other where they are told to, and for their members here alone."""
    assert not (homes[FOLLOWER] / FOLLOWER / "cometbft").exists()
    for name, home in homes.items():
        if name == FOLLOWER:
            continue
        text = (home / name / "cometbft" / "config" / "config.toml").read_text(encoding="utf-8")
        settings = tomllib.loads(text)
        assert settings["rpc"]["laddr"].startswith("tcp://127.0.0.1:")
        assert settings["proxy_app"].startswith("tcp://127.0.0.1:")
        peers = settings["p2p"]["persistent_peers"]
        assert peers.count("@") == len(ROLES) - 2
        assert ("@localhost:" in peers) == (name != "bank")
        assert settings["p2p"]["laddr"].startswith("tcp://127.0.0.1:")
