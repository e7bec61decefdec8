"""A member on a machine of its own keeps the public chain beside the county's, in one process."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from links import free_ports
from machines import NAMES, await_until
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Invalid
from tallystick.chain.crossing import find_chain
from tallystick.county.chains import (
    COUNTY,
    PUBLIC,
    Chains,
    find_chains,
    found_chains,
    open_alone,
    open_chains,
    pack_chains,
    serve_chains,
)
from tallystick.county.founding import found_county, read_county
from tallystick.county.house import open_house
from tallystick.county.member import MEMBERS
from tallystick.county.papers import read_genesis
from tallystick.kernel.link.book import BOOK_FILE, Place, read_book, write_book

CLOCK = SystemClock()
PAPER, DEPARTMENT, BANK = "newspaper", "finance", "credit-union"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A county of four, of which all but the bank keep the public chain; one record, witnessed."""
    found = tmp_path / "county"
    members = [each for each in MEMBERS if each.name in NAMES]
    kept = [each for each in members if each.name != BANK]
    found_county(found, clock=CLOCK, members=members)
    found_county(found / PUBLIC, clock=CLOCK, members=kept, kind=PUBLIC, orderer=PAPER)
    (found / "chains.json").write_text(json.dumps({"chains": [COUNTY, PUBLIC]}))
    ports = iter(free_ports(len(members) + len(kept)))
    for chain, listed in ((found, members), (found / PUBLIC, kept)):
        book = {each.name: Place("http", "127.0.0.1", next(ports)) for each in listed}
        for each in listed:
            write_book(chain / each.name / BOOK_FILE, book)
    with open_house(found, CLOCK) as house:
        house.office(PAPER).publish_news("rain", language="en")
        house.spread()
    return found


def link_all(folder: Path) -> None:
    """Link the chains, all members in one process."""
    with open_chains(folder, CLOCK):
        pass


def test_who_orders_the_public_chain_anchors_the_countys_there_alone(folder: Path) -> None:
    with open_alone(folder, PAPER, CLOCK) as chains:
        assert chains.anchor() == 0, "it is not linked yet"
    link_all(folder)
    chain = read_genesis(folder).chain
    with open_alone(folder, PAPER, CLOCK) as chains:
        height = chains.houses[PUBLIC].node(PAPER).replica.tip.height
        assert (chains.anchor(), chains.anchor()) == (1, 0)
        held = find_chain(chains.houses[PUBLIC].node(PAPER).replica.read, chain)
        assert held is not None
        assert held.size == chains.houses[COUNTY].node(PAPER).replica.tip.peaks.size
        # What it tells of the county's chain it counts in its own copy.
        (beside,) = chains.houses[PUBLIC].node(PAPER).beside
        assert (beside.chain, beside.count_new(0)) == (chain, 1)
        assert beside.count_figures(1, 1, 1) == []
        assert chains.houses[PUBLIC].node(PAPER).replica.tip.height == height + 1


def test_a_packed_member_keeps_both_on_its_own_machine(folder: Path, tmp_path: Path) -> None:
    link_all(folder)
    told = pack_chains(folder, PAPER, tmp_path / "paper")
    assert {"newspaper/member.key", "public/newspaper/member.key", "chains.json"} <= {*told}
    assert not any(DEPARTMENT in each for each in told)
    with open_alone(tmp_path / "paper", PAPER, CLOCK) as chains:
        assert chains.anchor() == 1
    told = pack_chains(folder, BANK, tmp_path / "bank")
    assert "chains.json" not in told
    with open_alone(tmp_path / "bank", BANK, CLOCK) as chains:
        assert chains.houses.keys() == {COUNTY}


def test_others_keep_what_they_keep_and_anchor_nothing(folder: Path) -> None:
    link_all(folder)
    with open_alone(folder, DEPARTMENT, CLOCK) as chains:
        assert chains.houses.keys() == {COUNTY, PUBLIC}
        assert chains.anchor() == 0
    with open_alone(folder, BANK, CLOCK) as chains:
        assert chains.houses.keys() == {COUNTY}


def test_who_keeps_both_chains_links_them_over_the_link_and_proposes_it_once(folder: Path) -> None:
    with open_alone(folder, PAPER, CLOCK) as chains:
        assert [chains.link_apart(), chains.link_apart()] == [False, False]
        assert len(chains.houses[PUBLIC].node(PAPER).membership.list_changes()) == 1
    chain = read_genesis(folder).chain
    with ExitStack() as opened:
        begun: dict[str, Chains] = {}
        for name in (PAPER, DEPARTMENT, "village"):
            begun[name] = opened.enter_context(open_alone(folder, name, CLOCK))
            opened.enter_context(serve_chains(begun[name], every_ms=100))
        seat = begun["village"].houses[PUBLIC].seat("village")

        def is_anchored() -> bool:
            held = find_chain(seat.node.replica.read, chain)
            return held is not None and held.size > 0

        await_until(is_anchored)
        (change,) = begun[PAPER].houses[PUBLIC].node(PAPER).membership.list_changes()
        assert change["state"] == "in_force"
        assert begun[PAPER].link_apart()


def test_both_chains_are_listened_for_at_the_host_that_is_told(folder: Path) -> None:
    county, public = (
        read_book(at / DEPARTMENT / BOOK_FILE)[DEPARTMENT].port for at in (folder, folder / PUBLIC)
    )
    with open_alone(folder, DEPARTMENT, CLOCK, bind=("127.0.0.2", county)):
        for port in (county, public):
            socket.create_connection(("127.0.0.2", port), timeout=5).close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_county_ordered_by_several_has_the_public_chain_too(tmp_path: Path) -> None:
    found = found_chains(tmp_path / "a", clock=CLOCK, validators=4, profile="fast")
    assert find_chains(tmp_path / "a") == {
        COUNTY: tmp_path / "a",
        PUBLIC: tmp_path / "a" / "public",
    }
    assert [(each.engine, each.profile) for each in found.values()] == [
        ("cometbft", "fast"),
        ("", "default"),
    ]
    assert read_county(tmp_path / "a") == found[COUNTY]
    with pytest.raises(Invalid, match=r"^county\.validators: .* one orderer"):
        found_chains(tmp_path / "b", "dual", clock=CLOCK, validators=4)
    assert not (tmp_path / "b").exists()
