"""A county founded from cards: no secret leaves its machine, and nothing of another's comes in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from links import free_ports
from machines import await_until
from tallystick.base.clock import ManualClock, SystemClock, SystemEntropy
from tallystick.base.errors import Conflict, Error, Invalid
from tallystick.base.keys import SigningKey
from tallystick.chain.pin import Pin
from tallystick.county.addressing import set_address
from tallystick.county.card import Card, digest_of, load_joining, read_card
from tallystick.county.carding import PUBLIC_PORTS, Drawn, draw_member, join_county
from tallystick.county.chains import COUNTY, PUBLIC, find_chains, found_chains
from tallystick.county.convening import Founding, found_from_cards, tell_parts
from tallystick.county.founding import read_county
from tallystick.county.member import Member
from tallystick.county.papers import read_genesis
from tallystick.county.serving import serve_house
from tallystick.county.single import open_single
from tallystick.kernel.access.secrets import USES, Secrets
from tallystick.kernel.ledger.engines.seats import read_seats, write_seats
from tallystick.kernel.ledger.voting import EngineKeys
from tallystick.kernel.link.book import read_book

APART = ("link.key", "link.pem", "peers.json")
"""What a member needs besides that has a machine of its own."""
NOW_MS = 1_790_000_000_000
FOUR = {"finance": "department", "village": "village", "paper": "media", "bank": "bank"}
TOGETHER = Founding(engine="cometbft")
ALONE = Founding(orderer="finance")


def secrets_of(home: Path) -> list[bytes]:
    found = Secrets.read(home / "member.key")
    return [getattr(found, use) for use in USES]


def draw(folder: Path, name: str, role: str, port: int, chain: bytes = b"", **at: int) -> Card:
    path, digest = draw_member(
        folder / f"m-{name}" / name,
        Member(name, role, name, name),
        Drawn(f"https://127.0.0.1:{port}", **at),
        clock=ManualClock(NOW_MS),
        entropy=SystemEntropy(),
        chain=chain,
    )
    found = read_card(path)
    assert found.digest == digest
    return found


def home_of(folder: Path, name: str) -> Path:
    return folder / f"m-{name}" / name


def found(folder: Path, cards: list[Card], agreed: Founding = ALONE) -> Path:
    found_from_cards(folder, cards, agreed, clock=ManualClock(NOW_MS), entropy=SystemEntropy())
    return folder


@pytest.fixture
def cards(tmp_path: Path) -> list[Card]:
    first, second = free_ports(2)
    return [
        draw(tmp_path, "finance", "department", first),
        draw(tmp_path, "paper", "media", second),
    ]


@pytest.fixture
def four(tmp_path: Path) -> list[Card]:
    """Cards of four that are to validate, of whom three keep the public chain."""
    rows = enumerate(FOUR.items())
    return [draw(tmp_path, *row, 8_500 + at, engine_port=26_000 + at) for at, row in rows]


# ---- one member orders


def test_a_county_is_founded_of_cards_and_no_secret_left_its_machine(
    tmp_path: Path, cards: list[Card]
) -> None:
    public = found(tmp_path / "public", cards)
    for name in ("finance", "paper"):
        begun = join_county(home_of(tmp_path, name), public)
        assert begun.keys() == {COUNTY, PUBLIC}
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
    assert (late.public, late.vote) == (None, None)
    with pytest.raises(Invalid, match=r"^county\.card: .* to found one by"):
        found(tmp_path / "another", [*cards, late])
    mine = home_of(tmp_path, "paper").with_name("paper.card.json").read_text()
    with pytest.raises(Invalid, match=r"^county\.card: .* to found a county by"):
        load_joining(mine)
    home = home_of(tmp_path, "late")
    assert join_county(home, public).keys() == {COUNTY}
    assert set_address(home.parent, "late", "http://127.0.0.1:9") == ["late"]
    assert read_book(home / "peers.json").keys() == {"finance", "paper", "late"}
    assert read_county(tmp_path / "m-late") == read_county(public)
    with pytest.raises(Conflict, match=r"^ledger\.exists: "):
        join_county(home, public)
    # One for another chain begins no copy of this one.
    other = draw(tmp_path, "other", "media", 9, bytes(32))
    assert other.chain != chain
    with pytest.raises(Conflict, match=r"^county\.stranger: "):
        join_county(home_of(tmp_path, "other"), public)


def test_a_member_joins_no_county_that_holds_other_keys(tmp_path: Path, cards: list[Card]) -> None:
    other = draw(tmp_path / "false", "paper", "media", 9)
    for chosen in ([cards[0], other], [cards[0]]):
        public = found(tmp_path / f"public{len(chosen)}", chosen)
        with pytest.raises(Conflict, match=r"^county\.stranger: "):
            join_county(home_of(tmp_path, "paper"), public)
    assert not (home_of(tmp_path, "paper") / "ledger.db").exists()


def test_a_county_is_not_founded_twice_or_of_cards_at_one_address(
    tmp_path: Path, cards: list[Card]
) -> None:
    with pytest.raises(Invalid, match=r"^county\.card: .* is told by finance already"):
        found(tmp_path / "public", [*cards, cards[0]])
    same = draw(tmp_path, "same", "bank", int(cards[0].side.place["address"][-5:]) + PUBLIC_PORTS)
    with pytest.raises(Invalid, match=r"^county\.card: the card same: .* finance already"):
        found(tmp_path / "public", [*cards, same])
    found(tmp_path / "public", cards)
    with pytest.raises(Conflict, match=r"^county\.exists: "):
        found(tmp_path / "public", cards)


# ---- several order together, and a public chain beside


def list_files(folder: Path, names: Iterable[str]) -> set[str]:
    """Return the files of a folder, a member's name in each path told as NAME."""
    found = set()
    for path in (each for each in folder.rglob("*") if each.is_file()):
        parts = [*path.relative_to(folder).parts]
        found.add("/".join("NAME" if each in names else each for each in parts))
    return found


def test_members_apart_get_every_file_that_one_folder_of_all_has(
    tmp_path: Path, four: list[Card]
) -> None:
    public = found(tmp_path / "public", four, TOGETHER)
    got: set[str] = set()
    for name in FOUR:
        home = home_of(tmp_path, name)
        begun = join_county(home, public)
        assert (PUBLIC in begun) == (name != "bank")
        got |= list_files(home.parent, [name])
        assert (home.parent / "engine.json").read_bytes() == (public / "engine.json").read_bytes()
        assert all(each.stat().st_mode & 0o77 == 0 for each in home.parent.rglob("*.key"))
    county = found_chains(tmp_path / "one", clock=ManualClock(NOW_MS), validators=4)[COUNTY]
    one = list_files(tmp_path / "one", [each.name for each in county.members])
    assert {"NAME/bft.key", "public/NAME/member.key", "engine.json", "chains.json"} <= one
    assert one - got == set()
    more = {f"{where}/{each}" for where in ("NAME", "public/NAME") for each in APART}
    assert {each for each in got - one if not each.endswith(".card.json")} == more


def test_what_is_founded_lists_the_keys_of_the_cards_and_tells_who_does_what(
    tmp_path: Path, four: list[Card]
) -> None:
    public = found(tmp_path / "public", four, TOGETHER)
    county, beside = read_county(public), read_county(public / PUBLIC)
    assert (county.engine, county.profile, county.seed) == ("cometbft", "default", "")
    assert (beside.engine, beside.orderer) == ("", "paper")
    assert find_chains(public) == {COUNTY: public, PUBLIC: public / PUBLIC}
    genesis, aside = read_genesis(public), read_genesis(public / PUBLIC)
    assert (genesis.fields["kind"], aside.fields["kind"]) == (COUNTY, PUBLIC)
    assert aside.members.by_name.keys() == FOUR.keys() - {"bank"}
    everything = b"".join(path.read_bytes() for path in public.rglob("*") if path.is_file())
    seats = read_seats(public / "engine.json")
    for at, (card, name) in enumerate(zip(four, FOUR, strict=True)):
        home = home_of(tmp_path, name)
        own = EngineKeys.read(home / "bft.key")
        listed = genesis.members.by_name[name]
        assert [key.pub for key in listed.keys] == [*card.side.keys, own.public]
        seat = (own.node_id, "127.0.0.1", 26_000 + at)
        assert (seats[name].node_id, seats[name].host, seats[name].port) == seat
        secrets = [*secrets_of(home), own.bft, own.node]
        if name != "bank":
            kept = home.parent / PUBLIC / name
            secrets += secrets_of(kept)
            assert card.public is not None
            assert card.public.place["address"] == f"https://127.0.0.1:{8_700 + at}"
            assert card.public.place["certificate"] == (kept / "link.pem").read_text()
            assert set(card.public.keys).isdisjoint(card.side.keys)
        assert not any(each in everything for each in secrets)
    assert tell_parts(four[2], {COUNTY: county, PUBLIC: beside}) == {
        "keeps": [COUNTY, PUBLIC],
        "orders": [COUNTY, PUBLIC],
    }
    assert tell_parts(four[3], {COUNTY: county, PUBLIC: beside}) == {
        "keeps": [COUNTY],
        "orders": [COUNTY],
    }


@pytest.mark.parametrize(
    ("agreed", "kept", "code", "says"),
    [
        (TOGETHER, "VVVVv", "county.vote", "card of fifth shows no key to vote by"),
        (Founding(engine="cometbft", followers=["none"]), "VVVV", "county.vote", "none is only"),
        (Founding(engine="cometbft", followers=["bank"]), "VVVV", "county.vote", "bank is only"),
        (TOGETHER, "VVV", "county.validators", "3 of 3"),
        (Founding(engine="cometbft", orderer="finance"), "VVVV", "county.orderer", "together"),
        (Founding(engine="cometbft", publisher="bank"), "VVVV", "county.orderer", "public chain"),
        (ALONE, "VVVV", "county.vote", "one member is to order"),
        (Founding(orderer="fifth", profile="fast"), "v", "county.validators", "profile fast"),
        (Founding(), "v", "county.orderer", "nobody is to order"),
        (Founding(orderer="village"), "v", "county.orderer", "village is to order"),
    ],
)
def test_cards_that_do_not_fit_what_was_agreed_found_nothing(
    tmp_path: Path, four: list[Card], agreed: Founding, kept: str, code: str, says: str
) -> None:
    mute = draw(tmp_path, "fifth", "insurer", 8_509)
    chosen = [*four[: kept.count("V")], *[mute] * kept.count("v")]
    with pytest.raises(Invalid) as error:
        found(tmp_path / "public", chosen, agreed)
    assert error.value.code == code
    assert says in error.value.message
    assert not (tmp_path / "public").exists()


def test_who_is_named_follows_beside_those_that_validate(tmp_path: Path, four: list[Card]) -> None:
    mute = draw(tmp_path, "fifth", "insurer", 8_509)
    agreed = Founding(engine="cometbft", profile="fast", followers=["fifth"], publisher="village")
    public = found(tmp_path / "public", [*four, mute], agreed)
    assert read_county(public).profile == "fast"
    assert read_county(public / PUBLIC).orderer == "village"
    assert read_seats(public / "engine.json").keys() == FOUR.keys()
    assert join_county(home_of(tmp_path, "fifth"), public).keys() == {COUNTY}


def test_the_public_chain_is_ordered_by_another_than_the_countys(tmp_path: Path) -> None:
    names = ("finance", "village", "paper")
    drawn = [draw(tmp_path, name, FOUR[name], 8_500 + at) for at, name in enumerate(names)]
    for at, (chosen, expected) in enumerate(((drawn, "paper"), (drawn[:2], "village"))):
        public = found(tmp_path / f"public{at}", chosen)
        assert read_county(public / PUBLIC).orderer == expected
    public = found(tmp_path / "one", drawn[:1])
    assert read_county(public / PUBLIC).orderer == "finance"
    bank = draw(tmp_path, "bank", "bank", 8_509)
    public = found(tmp_path / "none", [bank], Founding(orderer="bank"))
    assert (find_chains(public), (public / PUBLIC).exists()) == ({}, False)


def test_no_more_found_a_county_than_its_public_chain_can_be_told_of(
    tmp_path: Path, cards: list[Card]
) -> None:
    shops = [f"shop-{at}".ljust(24, "x") for at in range(54)]
    more = [draw(tmp_path, shop, "insurer", 9_000 + at) for at, shop in enumerate(shops)]
    agreed = replace(ALONE, name="a-county-of-a-long-name.")
    with pytest.raises(Invalid, match=r"^county\.many: .* 56 members has up to 6\d{3} bytes"):
        found(tmp_path / "public", [*cards, *more], agreed)
    assert not (tmp_path / "public").exists()
    found(tmp_path / "public", [*cards, *more[:53]], agreed)
    found(tmp_path / "short", [*cards, *more])


def test_a_member_joins_only_files_that_fit_the_keys_of_its_engine_and_of_both_its_chains(
    tmp_path: Path, four: list[Card]
) -> None:
    paper, bank = four[2:]
    other = draw(tmp_path / "x", "paper", "media", 8_600, engine_port=26_100)
    assert paper.vote is not None
    assert paper.public is not None
    assert other.vote is not None
    assert other.public is not None
    node = replace(paper.vote.peer, node_id=other.vote.peer.node_id)
    wrong = [
        (replace(paper, vote=replace(paper.vote, key=other.vote.key)), "a"),
        (replace(paper, vote=replace(paper.vote, peer=node)), "b"),
        (replace(paper, public=replace(paper.public, keys=other.public.keys)), "c"),
        (replace(paper, public=None), "d"),
        # One that keeps no public chain finds itself in the list of one.
        (replace(bank, public=replace(other.public, keys=other.public.keys)), "e"),
    ]
    for card, name in wrong:
        kept = [each for each in four if each.member != card.member]
        public = found(tmp_path / name, [*kept, card], TOGETHER)
        with pytest.raises(Conflict, match=r"^county\.stranger: "):
            join_county(home_of(tmp_path, card.member.name), public)
    public = found(tmp_path / "public", four, TOGETHER)
    told = json.loads((public / "county.json").read_text())
    (public / "county.json").write_text(json.dumps({**told, "engine": ""}))
    home = home_of(tmp_path, "paper")
    with pytest.raises(Invalid, match=r"^county\.order: 4 members .* names no engine"):
        join_county(home, public)
    assert not (home / "ledger.db").exists()
    assert not (home.parent / "county.json").exists()


# ---- the card


def test_a_card_that_was_changed_is_refused(tmp_path: Path, four: list[Card]) -> None:
    del four
    path = tmp_path / "m-paper" / "paper.card.json"
    whole = json.loads(path.read_text())
    keys, engine, public = whole["keys"], whole["engine"], whole["public"]
    nothing: list[Any] = [{}, [], "", 7, None]
    ports: list[Any] = [1, 0, 65_536, True, "1"]
    hosts: list[Any] = ["10.0.0.9", "a,b", "::1", 7]
    changes: list[Any] = [
        *({**whole, name: each} for name, each in (("role", "regulator"), ("v", 2), ("more", 1))),
        {**whole, "address": "https://10.0.0.9:1"},
        {**whole, "keys": {**keys, "tx": keys["note"]}},
        {**whole, "keys": {**keys, "tx": "00"}},
        {**whole, "chain": "00" * 32},
        {**whole, "proofs": {"tx": "00" * 64}},
        {**whole, "proofs": []},
        {**whole, "name": 7},
        {name: each for name, each in whole.items() if name != "zh"},
        *({**whole, "engine": each} for each in nothing),
        {**whole, "engine": {"key": engine["key"]}},
        *({**whole, "engine": {**engine, "port": each}} for each in ports),
        *({**whole, "engine": {**engine, "host": each}} for each in hosts),
        {**whole, "engine": {**engine, "key": keys["note"]}},
        {**whole, "engine": {**engine, "node": "00" * 20}},
        *({**whole, "public": each} for each in nothing),
        {**whole, "public": {"keys": public["keys"]}},
        {**whole, "public": {**public, "keys": keys}},
        {**whole, "public": {**public, "address": "https://10.0.0.9:1"}},
        {**whole, "public": {**public, "certificate": whole["certificate"]}},
        *([], 7, "x", None),
    ]
    for tree in changes:
        path.write_text(json.dumps(tree))
        with pytest.raises(Error, match=r"^county\.card: "):
            read_card(path)
    path.write_bytes(b"\xff" * 70_000)
    with pytest.raises(Invalid, match=r"^county\.card: "):
        read_card(path)
    path.write_text(json.dumps(whole))
    assert read_card(path).digest == digest_of(whole)


def test_who_signs_a_card_anew_can_still_not_state_what_no_chain_or_engine_takes(
    tmp_path: Path, four: list[Card]
) -> None:
    del four
    path = tmp_path / "m-paper" / "paper.card.json"
    whole = json.loads(path.read_text())
    key = SigningKey.from_seed(Secrets.read(home_of(tmp_path, "paper") / "member.key").tx)
    engine, public = whole["engine"], whole["public"]
    changes: list[Any] = [
        {"engine": {**engine, "key": whole["keys"]["tx"]}},
        {"engine": {**engine, "key": "00"}},
        {"engine": {**engine, "host": "10.0.0.9,evil@10.0.0.8"}},
        {"public": {**public, "keys": {**public["keys"], "tx": "00"}}},
        {"chain": "00" * 32, "proofs": dict.fromkeys(("tx", "note", "link"), "00" * 64)},
    ]
    for change in changes:
        tree = {**whole, **change}
        tree["signature"] = key.sign(bytes.fromhex(digest_of(tree))).hex()
        path.write_text(json.dumps(tree))
        with pytest.raises(Invalid, match=r"^county\.card: "):
            read_card(path)


def test_an_engine_is_told_at_a_bracketed_address_too(tmp_path: Path) -> None:
    drawn, _ = draw_member(
        tmp_path / "m" / "bank",
        Member("bank", "bank", "bank", "bank"),
        Drawn("https://[fd00::4]:8521", engine_port=26_656),
        clock=ManualClock(NOW_MS),
        entropy=SystemEntropy(),
    )
    vote = read_card(drawn).vote
    assert vote is not None
    write_seats(tmp_path / "engine.json", {"bank": vote.peer})
    assert read_seats(tmp_path / "engine.json")["bank"].host == "[fd00::4]"


def test_keys_are_not_drawn_over_others(tmp_path: Path, cards: list[Card]) -> None:
    before = (home_of(tmp_path, "paper") / "member.key").read_bytes()
    with pytest.raises(Conflict, match=r"^county\.exists: "):
        draw(tmp_path, "paper", "media", 9)
    assert (home_of(tmp_path, "paper") / "member.key").read_bytes() == before
    for name, role, port, code in (
        ("king", "king", 9, "county.role"),
        ("../up", "media", 9, "county.card"),
        ("Paper", "media", 9, "county.card"),
        ("ipfs", "media", 9, "county.card"),
        ("public", "media", 9, "county.card"),
        ("other", "media", 0, "peers.address"),
        ("other", "media", 65_500, "peers.address"),
    ):
        with pytest.raises(Invalid) as error:
            draw(tmp_path, name, role, port)
        assert error.value.code == code
        assert not (tmp_path / f"m-{name}").exists()
    assert len(cards) == 2
