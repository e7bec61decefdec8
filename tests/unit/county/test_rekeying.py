"""Who lost its signing key, or left, comes back with fresh keys, by a card and votes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from counties import found
from machines import await_until, found_apart
from newcomers import sign
from tallystick.base.clock import Entropy, SystemClock, SystemEntropy
from tallystick.base.errors import Conflict, Denied, Error, Invalid
from tallystick.cli.main import tally
from tallystick.county.alarms import find_alarm
from tallystick.county.carding import Drawn, draw_member, join_county, read_chain
from tallystick.county.house import House, open_house
from tallystick.county.local import LocalOffice
from tallystick.county.member import Member
from tallystick.county.rekeying import draw_anew, find_after
from tallystick.county.serving import serve_house
from tallystick.county.single import open_single
from tallystick.kernel.access.secrets import Secrets
from tallystick.kernel.link.book import read_book, write_book

NAMES = ("finance", "regulator", "newspaper", "village")
OWN = "newspaper"
MEMBER = Member(OWN, "media", "报社", "Newspaper")


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return found(tmp_path, SystemClock(), catalogue=False, names=list(NAMES))


def read(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tree


def decide(house: House, change: dict[str, Any], others: Sequence[str] = NAMES) -> None:
    """Have the members say yes to what finance proposed, but the one that it is about."""
    finance = house.office("finance")
    for name in others:
        if (
            name not in ("finance", OWN)
            and finance.show_change(change["change"])["state"] == "open"
        ):
            house.office(name).vote_change(change["change"], yes=True)
    assert finance.show_change(change["change"])["state"] == "in_force"
    house.spread()


def revoke(house: House, others: Sequence[str] = NAMES) -> None:
    decide(house, house.office("finance").propose_revocation(OWN, 1), others)


class Drawing:
    """Draws the keys that somebody has."""

    def __init__(self, held: Secrets) -> None:
        self._held = [held.tx, held.note, held.link, held.seal]

    def draw(self, label: str, size: int) -> bytes:
        found = self._held.pop(0)
        assert (label, size) == ("key", len(found))
        return found


def draw(home: Path, county: Path, after: int, entropy: Entropy | None = None) -> dict[str, Any]:
    """Draw a folder anew for a member of the chain, and return its card."""
    path, _ = draw_member(
        home,
        replace(MEMBER, name=home.name),
        Drawn(""),
        clock=SystemClock(),
        entropy=entropy or SystemEntropy(),
        chain=read_chain(county),
        after=after,
    )
    return read(path)


def numbers(house: House) -> list[int]:
    return [key.number for key in house.ordered.tip.members.by_name[OWN].keys]


def publish(house: House) -> None:
    """Have the member sign a record, and all see it admitted and cosigned by it.

    Its copy may hold a list that nobody has looked at since.
    """
    height = house.ordered.tip.height
    house.node(OWN).publication.publish_news("rain", "en")
    house.spread()
    replica = house.node("finance").replica
    assert replica.tip.height > height
    assert OWN in replica.cosignatures(replica.tip.height)


def test_keys_of_a_card_are_here_when_their_vote_comes_whatever_was_drawn_since(
    county: Path,
) -> None:
    home = county / OWN
    with open_house(county, SystemClock()) as house:
        card = read(draw_anew(home, SystemEntropy())[0])
        drawn = Secrets.read(home / "member.next")
        own = house.office(OWN).propose_renewal(["note"])["change"]
        assert Secrets.read(home / "member.next") != drawn
        # Its proposer takes it back.
        house.office(OWN).vote_change(own, yes=False)
        change = house.office("finance").propose_join(card)
        # Nobody of this member proposed that; its keys were drawn here.
        with pytest.raises(Conflict, match=r"^node\.keys_waiting"):
            house.office(OWN).propose_renewal(["tx"])
        decide(house, change)
        publish(house)
        assert Secrets.read(home / "member.key") == drawn
    with open_house(county, SystemClock()) as house:
        publish(house)


def test_a_renewal_repeated_is_of_the_same_keys_as_long_as_none_came_in(county: Path) -> None:
    home = county / OWN
    with open_house(county, SystemClock()) as house:
        office, folder = house.office(OWN), home / "member.next"
        office.vote_change(office.propose_renewal(["note", "link"])["change"], yes=False)
        drawn = Secrets.read(folder)
        office.vote_change(office.propose_renewal(["link", "note"])["change"], yes=False)
        assert Secrets.read(folder) == drawn
        change = office.propose_renewal(["note"])
        assert Secrets.read(folder) != drawn
        assert Secrets.read(home / "member.next-1") == drawn
        decide(house, change)
        publish(house)
        assert not folder.exists()


@pytest.mark.parametrize("state", ["open", "taken_back", "rejected"])
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_card_is_drawn_beside_a_renewal_of_some_keys(
    county: Path, state: str, *, is_lost: bool
) -> None:
    home = county / OWN
    with open_house(county, SystemClock()) as house:
        change = house.office(OWN).propose_renewal(["note"])["change"]
        against = {"open": [], "taken_back": [OWN], "rejected": ["finance", "regulator"]}
        for name in against[state]:
            house.office(name).vote_change(change, yes=False)
        assert house.office(OWN).show_change(change)["state"] == state
        house.spread()
    if is_lost:
        (home / "member.key").rename(home / "member.old")
    path, digest = draw_anew(home, SystemEntropy())
    assert draw_anew(home, SystemEntropy()) == (path, digest)
    with open_house(county, SystemClock()) as house:
        decide(house, house.office("finance").propose_join(read(path)))
        publish(house)


def test_who_lost_its_key_to_a_vote_draws_fresh_ones_and_signs_again(county: Path) -> None:
    home = county / OWN
    with open_house(county, SystemClock()) as house:
        old = Secrets.read(home / "member.key")
        revoke(house)
        with pytest.raises(Denied, match=r"^member\.key_ended: .*tally member renew"):
            house.office(OWN).propose_renewal(["tx", "note"])
        assert not (home / "member.next").exists()
        with pytest.raises(Denied, match=r"^member\.key_ended: .*tally member renew"):
            house.node(OWN).publication.publish_news("rain", "en")
        assert house.node(OWN).outbox.pending() == []
        alarms = {each: find_alarm(house, house.seat(each)) for each in NAMES}
        assert {name: each.code for name, each in alarms.items() if each is not None} == {
            OWN: "member.key_ended"
        }
        path, digest = draw_anew(home, SystemEntropy())
        again = draw_anew(home, SystemEntropy())
        assert (again, read(path)["after"]) == ((path, digest), 4)
        change = house.office("finance").propose_join(read(path))
        # Whoever brings the card has proposed, and changed nothing.
        assert numbers(house) == [2, 3, 4]
        assert Secrets.read(home / "member.key") == old
        decide(house, change)
        assert numbers(house) == [5, 6, 7, 8]
        publish(house)
        assert Secrets.read(home / "member.old") == old
        assert not (home / "member.next").exists()
    with open_house(county, SystemClock()) as house:
        publish(house)
        # It counts once more: for its next keys it proposes itself.
        change = house.office(OWN).propose_renewal(["tx"])
        assert house.office(OWN).show_change(change["change"])["yes"] == [OWN]


def test_a_lost_key_is_drawn_anew_where_the_folder_stands(county: Path) -> None:
    home = county / OWN
    (home / "member.key").unlink()
    (home / "ledger.db-wal").unlink(missing_ok=True)
    told = CliRunner().invoke(
        tally, ["member", "renew", OWN, "--county", str(county), "--json", "--lang", "en"]
    )
    assert told.exit_code == 0, told.output
    row = json.loads(told.output)
    with open_house(county, SystemClock()) as house:
        decide(house, house.office("finance").propose_join(read(Path(row["card"]))))
        publish(house)


def test_a_folder_lost_whole_begins_anew_and_signs_on_its_own_machine(tmp_path: Path) -> None:
    county = found_apart(tmp_path)
    names = ("finance", "village", "credit-union")
    with open_house(county, SystemClock()) as house:
        revoke(house, names)
    own = tmp_path / "own"
    place = read_book(county / OWN / "peers.json")[OWN]
    words = ["member", "new", str(own), "--name", OWN, "--role", "media", "--chain", str(county)]
    told = CliRunner().invoke(tally, [*words, "--address", place.address, "--json"])
    assert told.exit_code == 0, told.output
    card = read(Path(json.loads(told.output)["card"]))
    assert card["after"] == 4
    (county / OWN).rename(tmp_path / "lost")
    join_county(own / OWN, county)
    book = read_book(county / "finance" / "peers.json")
    write_book(own / OWN / "peers.json", book)
    with (
        open_single(county, "finance", SystemClock()) as finance,
        serve_house(finance),
        open_single(county, "village", SystemClock()) as village,
        serve_house(village),
        open_single(county, "credit-union", SystemClock()) as union,
        serve_house(union),
    ):
        change = finance.office("finance").propose_join(card)["change"]
        for house, name in ((village, "village"), (union, "credit-union")):
            await_until(partial(_knows, house.office(name), change))
            house.office(name).vote_change(change, yes=True)
        # The last vote stands in the leader's next block, which is made a while after it is sent.
        await_until(lambda: finance.office("finance").show_change(change)["state"] == "in_force")
        with open_single(own, OWN, SystemClock()) as house, serve_house(house):
            tip = finance.node("finance").replica.tip
            await_until(lambda: house.node(OWN).replica.tip.height >= tip.height)
            house.node(OWN).publication.publish_news("rain", "en")
            replica = finance.node("finance").replica
            await_until(lambda: OWN in replica.cosignatures(replica.tip.height))
            assert replica.tip.height > tip.height


def _knows(office: LocalOffice, change: str) -> bool:
    return change in {each["change"] for each in office.list_changes()}


def test_who_left_comes_back_by_a_card_of_its_folder(county: Path) -> None:
    home = county / OWN
    with open_house(county, SystemClock()) as house:
        decide(house, house.office("finance").propose_leaving(OWN))
        house.node(OWN).fold()
        assert house.node(OWN).desk.role == ""
        old = Secrets.read(home / "member.key")
        path, _ = draw_anew(home, SystemEntropy())
        # Keys numbered from 1 are a stranger's, and those it had come back no more.
        assert read(path)["after"] == find_after(county, OWN, read_chain(county)) == 4
        with pytest.raises(Invalid, match=r"^county\.card: .* had keys up to 4"):
            house.office("finance").propose_join(draw(county.parent / "n" / OWN, county, 0))
        decide(house, house.office("finance").propose_join(read(path)))
        assert numbers(house) == [5, 6, 7, 8]
        house.node(OWN).fold()
        assert house.node(OWN).desk.role == "media"
        publish(house)
    assert Secrets.read(home / "member.old") == old
    with open_house(county, SystemClock()) as house:
        publish(house)


def test_no_card_brings_keys_but_its_own_fresh_ones(county: Path, tmp_path: Path) -> None:
    fresh = draw(tmp_path / "a" / OWN, county, 4)
    other = draw(tmp_path / "b" / OWN, county, 4)
    early, late = (draw(tmp_path / f"{at}" / OWN, county, at) for at in (0, 5))
    # The keys that it has, drawn once more for the next numbers: each proof is their own.
    own = Secrets.read(county / OWN / "member.key")
    seen = draw(tmp_path / "c" / OWN, county, 4, Drawing(own))
    bank = sign(tmp_path / "a" / OWN, {**fresh, "role": "bank"})
    forged = sign(tmp_path / "a" / OWN, {**fresh, "proofs": other["proofs"]})
    shifted = sign(tmp_path / "0" / OWN, {**early, "after": 4})
    unsigned = {**fresh, "after": 5}
    wrong: list[tuple[dict[str, Any], type[Error], str]] = [
        (early, Conflict, "member.listed"),
        (late, Invalid, "county.card"),
        (bank, Invalid, "county.card"),
        (unsigned, Invalid, "county.card"),
        (sign(tmp_path / "a" / OWN, {**fresh, "after": True}), Invalid, "county.card"),
        (sign(tmp_path / "a" / OWN, {**fresh, "after": -4}), Invalid, "county.card"),
        (forged, Invalid, "record.refused"),
        (shifted, Invalid, "record.refused"),
        (seen, Invalid, "record.refused"),
    ]
    with open_house(county, SystemClock()) as house:
        finance = house.office("finance")
        for card, family, code in wrong:
            with pytest.raises(family) as caught:
                finance.propose_join(card)
            assert caught.value.code == code
        assert finance.list_changes() == []
        decide(house, finance.propose_join(fresh))
        # It counts once: those that it took the place of come back no more, nor does it itself.
        retired = draw(tmp_path / "d" / OWN, county, 8, Drawing(own))
        with pytest.raises(Invalid, match=r"^record\.refused"):
            finance.propose_join(retired)
        with pytest.raises(Invalid, match=r"^county\.card: .* had keys up to 8"):
            finance.propose_join(fresh)


def test_the_number_of_a_card_is_a_later_members_alone(county: Path, tmp_path: Path) -> None:
    assert find_after(county, OWN, bytes(32)) == 0
    assert find_after(county, "clinic", read_chain(county)) == 0
    words = ["member", "new", str(tmp_path / "n"), "--name", OWN, "--role", "media"]
    told = CliRunner().invoke(tally, [*words, "--address", "http://127.0.0.1:9", "--after", "4"])
    assert told.exit_code == 2
    assert not (tmp_path / "n").exists()
