"""Who joins a chain that several order comes to order too: its card, its folder, where it is told.

Blocks are cut by one member here, which the rules of a chain do not ask; real engines order in
`tests/service/test_late_validator.py`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from machines import NAMES
from newcomers import carry, cutting, draw_newcomer, sign, vote_in
from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import Conflict, Error, Invalid, NotFound
from tallystick.county.addressing import Told, set_by_card
from tallystick.county.card import check_card, load_joining
from tallystick.county.carding import Drawn, draw_member, join_county, read_chain
from tallystick.county.founding import found_county, read_county
from tallystick.county.member import MEMBERS, Member
from tallystick.county.packing import copy_public
from tallystick.county.present import list_in_force, list_known
from tallystick.kernel.ledger.engines.comet_home import STATE, Peer
from tallystick.kernel.ledger.engines.seats import read_seats, write_seats
from tallystick.kernel.ledger.engines.validators import list_validators
from tallystick.kernel.ledger.voting import EngineKeys
from tallystick.kernel.link.book import read_book

LATE, PORT = "clinic", 26_900
Tree = dict[str, Any]
FOUNDERS: Final = [each for each in MEMBERS if each.name in NAMES]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A county of four in one folder, which are to order together."""
    found_county(tmp_path / "county", clock=SystemClock(), members=FOUNDERS, validators=4)
    return tmp_path / "county"


def draw(home: Path, county: Path, port: int = PORT) -> Tree:
    return draw_newcomer(home, county, role="cooperative", called="诊所", engine_port=port)


def draw_far(home: Path, county: Path) -> Tree:
    """Draw a member that is at an address of its own."""
    path, _ = draw_member(
        home,
        Member(home.name, "cooperative", home.name, home.name),
        Drawn("https://10.0.0.5:8521", PORT),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        chain=read_chain(county, home.name),
    )
    return load_joining(path.read_text(encoding="utf-8"))


def tell(folder: Path, tree: Tree) -> Told:
    return set_by_card(folder, check_card(tree))


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what tells where members and engines are."""
    found = [folder / "engine.json", *folder.glob("*/peers.json")]
    return {str(each.relative_to(folder)): each.read_bytes() for each in found if each.is_file()}


# ---- its card, and its folder


def test_its_card_proves_the_key_of_its_engine_and_its_folder_says_that_it_signed_nothing(
    folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "own" / LATE
    tree = draw_far(home, folder)
    card, own = check_card(tree), EngineKeys.read(home / "bft.key")
    assert card.vote is not None
    assert (card.vote.key, card.vote.peer) == (own.public, Peer(own.node_id, "10.0.0.5", PORT))
    assert (card.public, sorted(card.proofs)) == (None, ["bft", "link", "note", "tx"])
    signed = json.loads((home / "cometbft" / "data" / STATE).read_text())
    assert signed == {"height": "0", "round": 0, "step": 0}
    assert not any(each.hex() in json.dumps(tree) for each in (own.bft, own.node))
    proofs = {use: each for use, each in tree["proofs"].items() if use != "bft"}
    bare = {name: each for name, each in tree.items() if name != "engine"}
    for wrong in ({**tree, "proofs": proofs}, bare, {**tree, "public": {}}):
        with pytest.raises(Invalid, match=r"^county\.card: "):
            check_card(sign(home, wrong))


def test_members_vote_the_key_of_its_engine_in_with_the_others(
    folder: Path, tmp_path: Path
) -> None:
    tree = draw(tmp_path / "own" / LATE, folder)
    other = draw(tmp_path / "other" / LATE, folder, PORT + 1)
    with cutting(folder) as house:
        forged = {**tree, "proofs": {**tree["proofs"], "bft": other["proofs"]["bft"]}}
        with pytest.raises(Invalid, match="183"):
            house.office("finance").propose_join(sign(tmp_path / "own" / LATE, forged))
    listed = vote_in(folder, tree)
    names = list_validators(listed, 99)
    assert names == sorted([*NAMES, LATE])
    (key,) = listed.keys(LATE, "bft", 99)
    assert (key.number, key.pub.hex()) == (5, tree["engine"]["key"])


def test_nobody_comes_to_validate_where_one_member_orders(tmp_path: Path) -> None:
    alone, several = tmp_path / "alone", tmp_path / "several"
    found_county(alone, clock=SystemClock(), members=FOUNDERS)
    found_county(several, clock=SystemClock(), members=FOUNDERS, validators=4)
    with pytest.raises(Invalid, match=r"^county\.one_orders: clinic is to validate"):
        read_chain(alone, LATE)
    # One that was drawn all the same is refused wherever it is brought.
    home = tmp_path / "own" / LATE
    path, _ = draw_member(
        home,
        Member(LATE, "cooperative", LATE, LATE),
        Drawn("", PORT),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        chain=read_chain(alone),
    )
    tree = load_joining(path.read_text(encoding="utf-8"))
    with pytest.raises(Invalid, match=r"^county\.one_orders: "):
        join_county(home, alone)
    assert not (home / "ledger.db").exists()
    with cutting(alone) as house, pytest.raises(Invalid, match=r"^county\.one_orders: "):
        house.office("finance").propose_join(tree)
    with pytest.raises(Invalid, match=r"^county\.one_orders: "):
        tell(alone, tree)
    # Who follows may come to either.
    for county in (alone, several):
        mute = draw(tmp_path / f"{county.name}-own" / "mute", county, 0)
        assert ("engine" in mute, sorted(mute["proofs"])) == (False, ["link", "note", "tx"])
        assert "mute" in vote_in(county, mute).by_name


def test_it_takes_its_place_beside_the_countys_engines(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "own" / LATE
    tree = draw_far(home, folder)
    join_county(home, folder)
    seats, before = read_seats(home.parent / "engine.json"), read_seats(folder / "engine.json")
    assert seats == {**before, LATE: Peer(tree["engine"]["node"], "10.0.0.5", PORT)}
    assert set(before) == set(NAMES)
    # The only one of its machine runs, though the list that its copy has does not hold it yet.
    assert LATE not in {each.name for each in list_in_force(home.parent)}
    assert list_known(home.parent)[-1] == Member(LATE, "", LATE, LATE)
    assert list_known(folder) == list_in_force(folder)
    # Begun anew by files that tell where its node is now, it takes that.
    moved = replace(seats[LATE], host="10.0.0.9")
    (home / "ledger.db").unlink()
    write_seats(folder / "engine.json", {**before, LATE: moved})
    join_county(home, folder)
    assert read_seats(home.parent / "engine.json")[LATE] == moved


def test_it_joins_no_county_whose_files_or_card_say_otherwise_of_its_engine(
    folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "own" / LATE
    tree = draw_far(home, folder)
    card, seats = home.with_name(f"{LATE}.card.json"), read_seats(folder / "engine.json")
    node, first = "ab" * 20, seats[NAMES[0]]
    for engine in (
        {"node": node},
        {"key": draw(tmp_path / "x" / LATE, folder)["engine"]["key"]},
    ):
        wrong = sign(home, {**tree, "engine": {**tree["engine"], **engine}})
        card.write_text(json.dumps(wrong))
        with pytest.raises(Conflict, match=r"^county\.stranger: "):
            join_county(home, folder)
    card.write_text(json.dumps(tree))
    own = Peer(tree["engine"]["node"], "10.0.0.5", PORT)
    for taken in ({LATE: replace(first, port=1)}, {"x": own}, {"x": replace(own, node_id=node)}):
        write_seats(folder / "engine.json", {**seats, **taken})
        with pytest.raises(Conflict, match=r"^engine\.taken: "):
            join_county(home, folder)
    assert not (home / "ledger.db").exists()
    assert not (home.parent / "engine.json").exists()


def test_members_of_one_process_do_not_wait_for_one_that_is_told_of_and_not_open(
    folder: Path,
) -> None:
    draw(folder / LATE, folder)
    assert LATE in read_seats(folder / "engine.json")
    with cutting(folder) as house:
        house.county = read_county(folder)
        assert house._name_validators() == sorted(NAMES)


# ---- where it is


def test_its_card_tells_a_folders_members_and_engines_where_it_is(
    folder: Path, tmp_path: Path
) -> None:
    tree = draw_far(tmp_path / "own" / LATE, folder)
    own = Peer(tree["engine"]["node"], "10.0.0.5", PORT)
    seats = read_seats(folder / "engine.json")
    with pytest.raises(NotFound, match=r"^member\.unknown: clinic is in no list"):
        tell(folder, tree)
    assert files_of(folder).keys() == {"engine.json"}
    vote_in(folder, tree)
    # Once more, where its node was told elsewhere: it is where its member says.
    for _ in range(2):
        told = Told(LATE, "https://10.0.0.5:8521", f"10.0.0.5:{PORT}", sorted(NAMES))
        assert tell(folder, tree) == told
        assert read_seats(folder / "engine.json") == {**seats, LATE: own}
        for name in NAMES:
            place = read_book(folder / name / "peers.json")[LATE]
            assert (place.address, place.certificate) == (told.address, tree["certificate"])
        write_seats(folder / "engine.json", {**seats, LATE: replace(own, port=1)})


def test_one_that_follows_is_told_by_its_card_too(folder: Path, tmp_path: Path) -> None:
    mute = draw(tmp_path / "own" / "mute", folder, 0)
    vote_in(folder, mute)
    before = files_of(folder)
    assert tell(folder, mute) == Told("mute", "", "", [])
    assert files_of(folder) == before


def test_no_card_tells_what_is_not_its_members_to_say(folder: Path, tmp_path: Path) -> None:
    home, false = tmp_path / "own" / LATE, tmp_path / "false" / LATE
    tree, other = draw_far(home, folder), draw_far(false, folder)
    vote_in(folder, tree)
    engine, first = tree["engine"], read_seats(folder / "engine.json")[NAMES[0]]
    another = tmp_path / "another"
    found_county(another, clock=SystemClock(), members=FOUNDERS, validators=4)
    founder = {**tree, "chain": "", "proofs": {}}
    wrong = [
        # Somebody else's of its name: signed, but not by its key; or with its key and another vote.
        (other, "county.card"),
        (sign(home, {**tree, "engine": {**engine, "key": other["engine"]["key"]}}), "county.card"),
        (sign(home, {**tree, "keys": {**tree["keys"], "link": other["keys"]["link"]}}), ""),
        (draw_far(tmp_path / "far" / LATE, another), "county.card"),
        (sign(home, founder), "county.card"),
        ({**tree, "address": "https://10.0.0.6:8521"}, "county.card"),
        # Its own word, and not its own node or place.
        (sign(home, {**tree, "engine": {**engine, "node": first.node_id}}), "engine.taken"),
        (
            sign(home, {**tree, "engine": {**engine, "host": first.host, "port": first.port}}),
            "engine.taken",
        ),
    ]
    before = files_of(folder)
    for stated, code in wrong:
        with pytest.raises(Error) as error:
            tell(folder, stated)
        assert error.value.code == (code or "county.card")
        assert files_of(folder) == before
    tell(folder, tree)
    before = files_of(folder)
    with pytest.raises(Conflict, match=r"^engine\.taken: engine\.json gives clinic another node"):
        tell(folder, sign(home, {**tree, "engine": {**engine, "node": "ab" * 20}}))
    assert files_of(folder) == before


def test_who_has_left_is_told_of_no_more(folder: Path, tmp_path: Path) -> None:
    tree = draw_far(tmp_path / "own" / LATE, folder)
    vote_in(folder, tree)
    assert LATE not in carry(folder, lambda office: office.propose_leaving(LATE)).by_name
    with pytest.raises(NotFound, match=r"^member\.unknown: "):
        tell(folder, tree)


def test_a_folder_whose_copies_do_not_open_tells_no_card(folder: Path, tmp_path: Path) -> None:
    tree = draw_far(tmp_path / "own" / LATE, folder)
    vote_in(folder, tree)
    (tmp_path / "bare").mkdir()
    copy_public(folder, tmp_path / "bare")
    with pytest.raises(NotFound, match=r"^member\.unknown: "):
        tell(tmp_path / "bare", tree)
