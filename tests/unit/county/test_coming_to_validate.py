"""Who follows a chain that several order comes to order too: its engine's keys, its card, its vote.

Blocks are cut by one member here; real engines order in `tests/service/test_late_validator.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from machines import NAMES
from newcomers import carry, cutting, draw_newcomer, sign, vote_in
from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import Conflict, Error, Invalid, NotFound, Unavailable
from tallystick.county.addressing import set_by_card
from tallystick.county.card import check_card
from tallystick.county.carding import add_engine, join_county
from tallystick.county.founding import found_county, read_county
from tallystick.county.member import MEMBERS
from tallystick.county.validating import EngineKeys, list_validators
from tallystick.kernel.access.secrets import Secrets
from tallystick.kernel.ledger.engines.comet_home import STATE, Peer
from tallystick.kernel.ledger.engines.seats import read_seats, write_seats
from tallystick.kernel.ledger.voting import note_used
from tallystick.kernel.link.book import Place, read_book, write_book

OWN, PORT = "insurer", 26_900
FIRST: Final = [each for each in MEMBERS if each.name in NAMES]
FOUNDERS: Final = [*FIRST, *(each for each in MEMBERS if each.name == OWN)]
Tree = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A county of five in one folder, of which four are to order together."""
    found_county(tmp_path / "county", clock=SystemClock(), members=FOUNDERS, validators=4)
    return tmp_path / "county"


def add(home: Path, port: int = PORT) -> Tree:
    """Draw a member's engine, and return its card."""
    path, digest = add_engine(home, port, SystemEntropy())
    tree: Tree = json.loads(path.read_text(encoding="utf-8"))
    assert check_card(tree).digest == digest
    return tree


def renew(folder: Path) -> None:
    """Have the members vote fresh keys of the follower in."""
    carry(folder, lambda office: office.propose_renewal(["tx", "link"]), by=OWN)


def test_its_card_shows_the_keys_of_the_list_and_an_engine_that_signed_nothing(
    folder: Path,
) -> None:
    home = folder / OWN
    place = Place("http", "127.0.0.1", 8_521)
    write_book(home / "peers.json", {OWN: place})
    before, tree = read_seats(folder / "engine.json"), add(home)
    card, own, secrets = (
        check_card(tree),
        EngineKeys.read(home / "bft.key"),
        Secrets.read(home / "member.key"),
    )
    assert card.member == FOUNDERS[-1]
    assert card.side.keys == tuple(secrets.public(use) for use in ("tx", "note", "link", "seal"))
    assert (card.side.place, card.vote is not None) == (place.tree(), True)
    assert tree["engine"] == {
        "key": own.public.hex(),
        "node": own.node_id,
        "host": "127.0.0.1",
        "port": PORT,
    }
    signed = json.loads((home / "cometbft" / "data" / STATE).read_text())
    assert signed == {"height": "0", "round": 0, "step": 0}
    # Nobody's engine looks for it before it was voted in; once more, its keys stay.
    assert read_seats(folder / "engine.json") == before
    assert add(home, PORT + 1) == sign(
        home, {**tree, "engine": {**tree["engine"], "port": PORT + 1}}
    )


def test_its_engine_is_voted_in_and_told_of_and_it_is_asked_after_those_that_founded(
    folder: Path,
) -> None:
    tree = add(folder / OWN)
    with pytest.raises(Unavailable, match=r"^engine\.not_listed: .* no bft key of insurer"):
        set_by_card(folder, check_card(tree))
    with cutting(folder) as house:
        house.county = read_county(folder)
        assert house._name_validators() == sorted(NAMES)
    listed = vote_in(folder, tree)
    assert list_validators(listed, 99) == sorted([*NAMES, OWN])
    (key,) = listed.keys(OWN, "bft", 99)
    assert (key.number, key.pub.hex()) == (5, tree["engine"]["key"])
    assert [each.number for each in listed.by_name[OWN].keys] == [1, 2, 3, 4, 5]
    told = set_by_card(folder, check_card(tree))
    assert (told.member, told.engine, list(told.told)) == (OWN, f"127.0.0.1:{PORT}", [])
    assert read_seats(folder / "engine.json")[OWN] == Peer(
        tree["engine"]["node"], "127.0.0.1", PORT
    )
    with cutting(folder) as house:
        house.county = read_county(folder)
        assert house._name_validators() == [*sorted(NAMES), OWN]
    # Its engine has not begun: it may still tell of another place.
    moved = add(folder / OWN, PORT + 1)
    assert set_by_card(folder, check_card(moved)).engine == f"127.0.0.1:{PORT + 1}"


def test_a_follower_at_an_address_of_its_own_tells_its_engine_there(
    folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "own" / "clinic"
    vote_in(folder, draw_newcomer(home, folder, role="cooperative", called="诊所"))
    # Of the list that holds it, its own copy knows nothing yet.
    with pytest.raises(NotFound, match=r"^member\.unknown: the list of its own copy"):
        add_engine(home, PORT, SystemEntropy())
    assert not (home / "bft.key").exists()
    (home / "ledger.db").unlink()
    for path in (folder / "finance").glob("ledger.db*"):
        (home / path.name).write_bytes(path.read_bytes())
    write_book(home / "peers.json", {"clinic": Place("http", "localhost", 8_521)})
    tree = add(home)
    assert (tree["engine"]["host"], tree["zh"]) == ("localhost", "clinic")
    assert "clinic" in list_validators(vote_in(folder, tree), 99)
    set_by_card(folder, check_card(tree))
    assert read_book(folder / OWN / "peers.json")["clinic"].address == "http://localhost:8521"
    # Its copy begun anew, by the public files: it goes on as the validator that it is.
    (home / "ledger.db").unlink()
    join_county(home, folder)
    assert read_seats(home.parent / "engine.json")["clinic"].port == PORT


def test_its_vote_is_numbered_after_all_keys_that_it_ever_had(folder: Path) -> None:
    old = add(folder / OWN)
    renew(folder)
    # The card that was drawn before shows keys that are the member's no more.
    with (
        cutting(folder) as house,
        pytest.raises(Invalid, match=r"^county\.card: .* tx key is not in the list"),
    ):
        house.office("finance").propose_join(old)
    tree = add(folder / OWN)
    assert tree["engine"] == old["engine"]
    (key,) = vote_in(folder, tree).keys(OWN, "bft", 99)
    assert (key.number, key.pub.hex()) == (7, tree["engine"]["key"])


def test_no_card_lets_a_member_validate_but_its_own_for_this_chain(
    folder: Path, tmp_path: Path
) -> None:
    found_county(tmp_path / "b", clock=SystemClock(), members=FOUNDERS, validators=4)
    home = folder / OWN
    tree, other = add(home), add(tmp_path / "b" / OWN)
    proofs = {**tree["proofs"], "bft": other["proofs"]["bft"]}
    wrong = [
        (other, "county.card"),
        (sign(tmp_path / "b" / OWN, {**other, "chain": tree["chain"]}), "county.card"),
        (sign(home, {**tree, "engine": other["engine"]}), "record.refused"),
        (sign(home, {**tree, "proofs": proofs}), "record.refused"),
    ]
    with cutting(folder) as house:
        for stated, code in wrong:
            with pytest.raises(Error) as error:
                house.office("finance").propose_join(stated)
            assert error.value.code == code
        assert not house.office("finance").list_changes()


def _without_engines(folder: Path) -> tuple[Path, int]:
    alone = folder.parent / "alone"
    found_county(alone, clock=SystemClock(), members=FOUNDERS)
    return alone / OWN, PORT


def _of_a_validator(folder: Path) -> tuple[Path, int]:
    return folder / "village", PORT


def _whose_key_is_lost(folder: Path) -> tuple[Path, int]:
    (folder / "village" / "bft.key").unlink()
    return folder / "village", PORT


def _that_has_voted(folder: Path) -> tuple[Path, int]:
    note_used(folder / OWN, bytes(32))
    return folder / OWN, PORT


def _at_anothers_place(folder: Path) -> tuple[Path, int]:
    return folder / OWN, read_seats(folder / "engine.json")["village"].port


def _with_another_node(folder: Path) -> tuple[Path, int]:
    seats = read_seats(folder / "engine.json")
    write_seats(folder / "engine.json", {**seats, OWN: Peer("ab" * 20, "10.0.0.9", 1)})
    return folder / OWN, PORT


def _elsewhere(folder: Path) -> tuple[Path, int]:
    return folder / "clinic", PORT


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (_without_engines, "county.one_orders"),
        (_of_a_validator, "engine.validates"),
        (_whose_key_is_lost, "engine.validates"),
        (_that_has_voted, "engine.validates"),
        (_at_anothers_place, "engine.taken"),
        (_with_another_node, "engine.taken"),
        (_elsewhere, "member.elsewhere"),
    ],
)
def test_where_nothing_can_come_of_it_no_card_is_written(
    folder: Path, wrong: Callable[[Path], tuple[Path, int]], code: str
) -> None:
    home, port = wrong(folder)
    with pytest.raises(Error) as error:
        add_engine(home, port, SystemEntropy())
    assert error.value.code == code
    assert not home.with_name(f"{home.name}.card.json").exists()


def test_who_validates_is_not_voted_in_again_and_who_does_not_renews_no_vote(folder: Path) -> None:
    tree = add(folder / OWN)
    with cutting(folder) as house:
        # Its key stands in its folder and in no list: it is not to be renewed, but voted in.
        with pytest.raises(NotFound, match=r"^engine\.no_keys"):
            house.office(OWN).propose_renewal(["bft"])
        assert not (folder / OWN / "bft.next").exists()
    vote_in(folder, tree)
    with cutting(folder) as house, pytest.raises(Conflict, match=r"^engine\.validates"):
        house.office("finance").propose_join(tree)
