"""A folder a machine: nothing of another's secrets in it, and a county founded without any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from links import free_ports
from machines import NAMES, await_until
from tallystick.base.clock import ManualClock, SystemClock, SystemEntropy
from tallystick.base.errors import Conflict, Error, Invalid, NotFound
from tallystick.chain.pin import Pin
from tallystick.county.addressing import set_address
from tallystick.county.carding import (
    Card,
    draw_member,
    found_from_cards,
    join_county,
    read_card,
)
from tallystick.county.founding import found_county, read_county
from tallystick.county.house import open_house
from tallystick.county.member import MEMBERS, Member
from tallystick.county.packing import pack_member
from tallystick.county.serving import serve_house
from tallystick.county.single import find_single, open_single
from tallystick.county.upkeep import read_genesis
from tallystick.kernel.access.secrets import USES, Secrets
from tallystick.kernel.link.book import read_book

NOW_MS = 1_790_000_000_000


@pytest.fixture
def county(tmp_path: Path) -> Path:
    found = tmp_path / "county"
    found_county(
        found, clock=SystemClock(), members=[each for each in MEMBERS if each.name in NAMES]
    )
    for name, port in zip(NAMES, free_ports(len(NAMES)), strict=True):
        set_address(found, name, f"https://127.0.0.1:{port}")
    return found


def secrets_of(home: Path) -> list[bytes]:
    found = Secrets.read(home / "member.key")
    return [getattr(found, use) for use in USES]


# ---- packing


def test_a_packed_folder_holds_one_members_secrets_alone(county: Path, tmp_path: Path) -> None:
    (county / "token").write_text("of this machine")
    (county / "engine.json").write_text("{}")
    told = pack_member(county, "village", tmp_path / "packed")
    assert {"village/member.key", "village/link.key", "village/peers.json"} <= {*told}
    assert {"county.json", "engine.json", "genesis.cbor"} <= {*told}
    assert not [each for each in told if "token" in each or "lock" in each]
    everything = b"".join(
        each.read_bytes() for each in (tmp_path / "packed").rglob("*") if each.is_file()
    )
    for name in NAMES:
        held = [each in everything for each in secrets_of(county / name)]
        assert held == [name == "village"] * len(USES)
    assert (tmp_path / "packed" / "village" / "member.key").stat().st_mode & 0o777 == 0o600
    assert find_single(tmp_path / "packed", read_county(county)) == "village"


def test_packed_members_find_each_other_over_tls(county: Path, tmp_path: Path) -> None:
    for name in ("finance", "newspaper"):
        pack_member(county, name, tmp_path / name)
    with (
        open_single(tmp_path / "finance", "finance", SystemClock()) as finance,
        serve_house(finance),
        open_single(tmp_path / "newspaper", "newspaper", SystemClock()) as newspaper,
        serve_house(newspaper),
    ):
        newspaper.node("newspaper").publication.publish_news("rain", "en")
        await_until(lambda: finance.node("finance").views.height() == 1)


def test_a_member_that_runs_or_has_no_address_for_all_is_not_packed(
    county: Path, tmp_path: Path
) -> None:
    with (
        open_single(county, "village", SystemClock()),
        pytest.raises(Conflict, match=r"^node\.locked: "),
    ):
        pack_member(county, "village", tmp_path / "a")
    book = json.loads((county / "village" / "peers.json").read_text())
    del book["newspaper"]
    (county / "village" / "peers.json").write_text(json.dumps(book))
    with pytest.raises(Invalid, match=r"^peers\.incomplete: .* newspaper "):
        pack_member(county, "village", tmp_path / "a")
    assert not (tmp_path / "a").exists()
    pack_member(county, "finance", tmp_path / "a")
    for name, code in (("village", "member.elsewhere"), ("insurer", "member.unknown")):
        with pytest.raises(NotFound, match=rf"^{code}: "):
            pack_member(tmp_path / "a", name, tmp_path / "b")
    with pytest.raises(Conflict, match=r"^county\.exists: "):
        pack_member(county, "finance", tmp_path / "a")
    with (
        pytest.raises(NotFound, match=r"^member\.elsewhere: "),
        open_house(tmp_path / "a", SystemClock()),
    ):
        pass


def test_an_address_is_told_to_every_member_of_a_folder(county: Path, tmp_path: Path) -> None:
    pack_member(county, "village", tmp_path / "packed")
    assert set_address(tmp_path / "packed", "finance", "http://127.0.0.1:9") == ["village"]
    book = read_book(tmp_path / "packed" / "village" / "peers.json")
    assert book["finance"].address == "http://127.0.0.1:9"
    with pytest.raises(Invalid, match=r"^peers\.certificate: "):
        set_address(tmp_path / "packed", "finance", "https://10.0.0.2:9")
    pem = county / "finance" / "link.pem"
    set_address(tmp_path / "packed", "finance", "https://10.0.0.2:9", pem)
    with pytest.raises(Invalid, match=r"^peers\.certificate: "):
        set_address(tmp_path / "packed", "finance", "https://10.0.0.2:9", tmp_path / "none")
    with pytest.raises(NotFound, match=r"^member\.unknown: "):
        set_address(county, "stranger", "http://127.0.0.1:9")


# ---- founding from cards


def draw(folder: Path, name: str, role: str, port: int, chain: bytes = b"") -> Card:
    path, digest = draw_member(
        folder / f"m-{name}" / name,
        Member(name, role, name, name),
        f"https://127.0.0.1:{port}",
        clock=ManualClock(NOW_MS),
        entropy=SystemEntropy(),
        chain=chain,
    )
    found = read_card(path)
    assert found.digest == digest
    return found


@pytest.fixture
def cards(tmp_path: Path) -> list[Card]:
    first, second = free_ports(2)
    return [
        draw(tmp_path, "finance", "department", first),
        draw(tmp_path, "paper", "media", second),
    ]


def found(folder: Path, cards: list[Card], **changes: Any) -> Path:
    more = {"name": "county", "orderer": "finance", **changes}
    found_from_cards(folder, cards, clock=ManualClock(NOW_MS), entropy=SystemEntropy(), **more)
    return folder


def test_a_county_is_founded_of_cards_and_no_secret_left_its_machine(
    tmp_path: Path, cards: list[Card]
) -> None:
    public = found(tmp_path / "public", cards)
    told = b"".join(each.read_bytes() for each in public.iterdir())
    for name in ("finance", "paper"):
        assert not any(each in told for each in secrets_of(tmp_path / f"m-{name}" / name))
        join_county(tmp_path / f"m-{name}" / name, public)
    chain = read_genesis(public).chain
    assert Pin.read((public / "members.json").read_bytes()).chain == chain
    with (
        open_single(tmp_path / "m-finance", "finance", SystemClock()) as finance,
        serve_house(finance),
        open_single(tmp_path / "m-paper", "paper", SystemClock()) as paper,
        serve_house(paper),
    ):
        assert finance.node("finance").replica.genesis.chain == chain
        paper.node("paper").publication.publish_news("rain", "en")
        await_until(lambda: finance.node("finance").views.height() == 1)


def test_a_card_for_a_chain_that_stands_founds_none_and_begins_that_ones_copy(
    tmp_path: Path, cards: list[Card]
) -> None:
    public = found(tmp_path / "public", cards)
    chain = read_genesis(public).chain
    late = draw(tmp_path, "late", "media", 9, chain)
    assert (late.chain, sorted(late.proofs)) == (chain, ["link", "note", "tx"])
    with pytest.raises(Invalid, match=r"^county\.card: .* to found one by"):
        found(tmp_path / "another", [*cards, late])
    home = tmp_path / "m-late" / "late"
    join_county(home, public)
    assert set_address(home.parent, "late", "http://127.0.0.1:9") == ["late"]
    assert read_book(home / "peers.json").keys() == {"finance", "paper", "late"}
    assert read_county(tmp_path / "m-late") == read_county(public)
    with pytest.raises(Conflict, match=r"^ledger\.exists: "):
        join_county(home, public)
    # One for another chain begins no copy of this one.
    other = draw(tmp_path, "other", "media", 9, bytes(32))
    assert other.chain != chain
    with pytest.raises(Conflict, match=r"^county\.stranger: "):
        join_county(tmp_path / "m-other" / "other", public)


def test_a_member_joins_no_county_that_holds_other_keys(tmp_path: Path, cards: list[Card]) -> None:
    other = draw(tmp_path / "false", "paper", "media", 9)
    for chosen in ([cards[0], other], [cards[0]]):
        public = found(tmp_path / f"public{len(chosen)}", chosen)
        with pytest.raises(Conflict, match=r"^county\.stranger: "):
            join_county(tmp_path / "m-paper" / "paper", public)
    assert not (tmp_path / "m-paper" / "paper" / "ledger.db").exists()


def test_a_county_is_not_founded_twice_or_without_its_orderer(
    tmp_path: Path, cards: list[Card]
) -> None:
    with pytest.raises(Invalid, match=r"^county\.orderer: "):
        found(tmp_path / "public", cards, orderer="village")
    with pytest.raises(Invalid, match=r"^county\.card: "):
        found(tmp_path / "public", [*cards, cards[0]])
    found(tmp_path / "public", cards)
    with pytest.raises(Conflict, match=r"^county\.exists: "):
        found(tmp_path / "public", cards)


def test_a_card_that_was_changed_is_refused(tmp_path: Path, cards: list[Card]) -> None:
    del cards
    path = tmp_path / "m-paper" / "paper.card.json"
    whole = json.loads(path.read_text())
    swapped = {**whole["keys"], "tx": whole["keys"]["note"]}
    changes: list[Any] = [
        {**whole, "role": "regulator"},
        {**whole, "address": "https://10.0.0.9:1"},
        {**whole, "keys": swapped},
        {**whole, "keys": {**whole["keys"], "tx": "00"}},
        {**whole, "more": 1},
        {**whole, "v": 2},
        {**whole, "chain": "00" * 32},
        {**whole, "proofs": {"tx": "00" * 64}},
        {**whole, "proofs": []},
        {**whole, "name": 7},
        {name: each for name, each in whole.items() if name != "zh"},
        *([], 7, "x", None),
    ]
    for tree in changes:
        path.write_text(json.dumps(tree))
        with pytest.raises(Error, match=r"^county\.card: "):
            read_card(path)
    path.write_bytes(b"\xff" * 70_000)
    with pytest.raises(Invalid, match=r"^county\.card: "):
        read_card(path)


def test_keys_are_not_drawn_over_others(tmp_path: Path, cards: list[Card]) -> None:
    before = (tmp_path / "m-paper" / "paper" / "member.key").read_bytes()
    with pytest.raises(Conflict, match=r"^county\.exists: "):
        draw(tmp_path, "paper", "media", 9)
    assert (tmp_path / "m-paper" / "paper" / "member.key").read_bytes() == before
    for name, role, port, code in (
        ("king", "king", 9, "county.role"),
        ("../up", "media", 9, "county.card"),
        ("Paper", "media", 9, "county.card"),
        ("ipfs", "media", 9, "county.card"),
        ("other", "media", 0, "peers.address"),
    ):
        with pytest.raises(Invalid) as error:
            draw(tmp_path, name, role, port)
        assert error.value.code == code
        assert not (tmp_path / f"m-{name}").exists()
    assert len(cards) == 2
