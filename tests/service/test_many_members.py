"""A county of forty members: its chain is known to the one that everybody reads, and followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from counties import START_MS
from links import free_ports
from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.codec import decode
from tallystick.chain import schema
from tallystick.chain.block import read_block
from tallystick.chain.checkpoint import read_stated
from tallystick.chain.crossing import ANCHOR_NOTE_MAX, find_chain
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.charter import CHARTER
from tallystick.client import in_process
from tallystick.county.chains import (
    COUNTY,
    PUBLIC,
    Chains,
    find_chains,
    name_chain,
    open_alone,
    open_chains,
    write_chains,
)
from tallystick.county.founding import found_county
from tallystick.county.house import House
from tallystick.county.member import MEMBERS, Member
from tallystick.county.upkeep import verify_county
from tallystick.kernel.link.book import BOOK_FILE, Place, write_book
from tallystick.records.chains import LIST_BYTES_MAX

PAPER = "newspaper"
VILLAGES = [Member(f"village-{at:02}", "village", "\u6751", "Village") for at in range(1, 29)]
FORTY = (*MEMBERS, *VILLAGES)
KEEPERS = tuple(each for each in MEMBERS if each.role in ("department", "media", "regulator"))


def found_forty(county: Path) -> Path:
    """Found a county of forty members, and the public chain of those of them who keep one."""
    clock = ManualClock(START_MS)
    found_county(county, clock=clock, members=FORTY)
    found_county(
        county / PUBLIC,
        name=name_chain("county", PUBLIC),
        clock=clock,
        members=KEEPERS,
        orderer=PAPER,
        kind=PUBLIC,
    )
    write_chains(county, [COUNTY, PUBLIC])
    return county


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found_forty(tmp_path_factory.mktemp("forty") / "county")


@pytest.fixture(scope="module")
def chains(folder: Path) -> Iterator[Chains]:
    with open_chains(folder, ManualClock(START_MS)) as opened:
        yield opened


def test_a_chain_of_forty_is_linked_anchored_and_followed_when_its_members_change(
    chains: Chains, folder: Path
) -> None:
    house, public = chains.houses[COUNTY], chains.houses[PUBLIC]
    replica = house.orderer.replica
    house.office(PAPER).publish_news("rain", language="en")
    house.spread()
    assert chains.anchor() == 1
    assert told(house, public) == replica.genesis.members.data
    assert len(replica.genesis.members.data) > LIST_BYTES_MAX

    renew(house, "village-07")
    assert chains.anchor() == 1
    assert told(house, public) == replica.tip.members.data != replica.genesis.members.data
    house.office(PAPER).publish_news("sun", language="en")
    house.spread()
    assert chains.anchor() == 1, "the new list's signatures count"

    (row,) = ask(public, "chains").json()["items"]
    note = row["note"].encode()
    assert len(note) <= ANCHOR_NOTE_MAX
    assert (row["chain"], row["height"]) == (replica.genesis.chain.hex(), replica.tip.height)
    assert read_stated(note).root == replica.body(row["height"]).root
    for place in find_chains(folder).values():
        assert all(each.is_sound for each in verify_county(place, [PAPER, "regulator"]))


def test_who_reads_the_public_chain_alone_puts_the_list_together(chains: Chains) -> None:
    """The parts stand in the proposal's bundle, before it."""
    public = chains.houses[PUBLIC]
    (row,) = ask(public, "records?t=change.proposed").json()["items"]
    (bundle,) = [
        [decode(data, schema.RECORD) for data in each.records]
        for each in read_block(ask(public, f"blocks/{row['height']}").content)[2]
    ]
    assert [each["t"] for each in bundle] == ["chain.listed", "change.proposed"]
    assert bundle[-1]["id"].hex() == row["record"]
    listed = b"".join(each["pub"]["listed"] for each in bundle)
    assert listed == chains.houses[COUNTY].orderer.replica.genesis.members.data
    proof = ask(public, f"records/{row['record']}/proof").content
    verdict = verify_evidence(proof, Pin.read(ask(public, "members.json").content), CHARTER)
    assert verdict.status.value == "proven"
    assert {each.fields["t"] for each in verdict.records.values() if each.fields} == {
        *("chain.listed", "change.proposed")
    }


def test_who_keeps_both_chains_apart_knows_its_own_proposal_again(tmp_path: Path) -> None:
    """Else it would propose the same link once more each second, and nobody vote for it."""
    county = found_forty(tmp_path / "county")
    ports = iter(free_ports(len(FORTY) + len(KEEPERS)))
    for place, members in ((county, FORTY), (county / PUBLIC, KEEPERS)):
        book = {each.name: Place("http", "127.0.0.1", next(ports)) for each in members}
        write_book(place / PAPER / BOOK_FILE, book)
    with open_alone(county, PAPER, SystemClock()) as alone:
        assert [alone.link_apart(), alone.link_apart()] == [False, False]
        (change,) = alone.houses[PUBLIC].node(PAPER).membership.list_changes()
        assert change["genesis"] == alone.houses[COUNTY].node(PAPER).replica.genesis.data


def ask(house: House, path: str) -> httpx.Response:
    """Ask a member of the public chain, with nothing that tells who asks."""
    app = in_process(create_app(house), ensure_token(house.folder), PAPER)
    try:
        return app._http.get(f"/{PAPER}/log/{path}", headers={"Authorization": ""})
    finally:
        app.close()


def told(source: House, target: House) -> bytes:
    """Return the list under which every member of one chain reads the other's next anchor."""
    found = set()
    for node in target.nodes():
        node.catch_up()
        held = find_chain(node.replica.read, source.orderer.replica.genesis.chain)
        assert held is not None
        assert held.size == source.orderer.replica.body(held.anchors[-1][0]).size
        found.add(held.listed)
    (listed,) = found
    return listed


def renew(house: House, member: str) -> None:
    """Let the members of a chain vote a new key of one of them in."""
    node = house.node(member)
    change = node.membership.propose_renewal(node.secrets, ["note"])
    for each in house.nodes():
        if each is not node and node.membership.show_change(change)["state"] == "open":
            each.catch_up()
            each.membership.vote(change, yes=True)
            node.catch_up()
    house.spread()
