"""Members leave and join by vote: shards follow the list in force, and so do erasures.

And a reading that its owner ends is over, also for who has read before.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from counties import Town, open_town
from machines import NAMES, await_until, open_machines
from newcomers import draw_newcomer
from stores import DATA, Place
from tallystick.base.clock import DAY_MS, ManualClock, SystemClock, SystemEntropy
from tallystick.base.codec import Cid, encode
from tallystick.base.errors import Denied, Invalid, Unavailable
from tallystick.cli.main import tally
from tallystick.county.house import Seat
from tallystick.county.local import LocalOffice
from tallystick.kernel.access.departed import list_departed
from tallystick.kernel.access.object_keys import lend_object_key
from tallystick.kernel.store.spread.book import SETTLED
from tallystick.node import Node
from tallystick.services.storing.acts import Spreading, Wanted
from tallystick.services.storing.readers import ASK_AGAIN_MS

GONE = "regulator"


@pytest.fixture
def town(few: Path, tmp_path: Path) -> Iterator[Town]:
    with open_town(shutil.copytree(few, tmp_path / "county"), SystemClock()) as opened:
        yield opened


@pytest.fixture
def place(town: Town) -> Place:
    return Place(town)


@pytest.fixture
def timed(few: Path, tmp_path: Path) -> Iterator[tuple[Place, ManualClock]]:
    """Give a county whose clock is moved by hand."""
    clock = ManualClock(SystemClock().now_ms())
    with open_town(shutil.copytree(few, tmp_path / "county"), clock) as opened:
        yield Place(opened), clock


def carry(town: Town, change: str) -> None:
    """Have members vote yes until a change is in force."""
    for name in town.house.offices():
        if town["finance"].show_change(change)["state"] == "open" and name != "finance":
            town[name].vote_change(change, yes=True)
    assert town["finance"].show_change(change)["state"] == "in_force"
    town.house.spread()


def leave(town: Town, place: Place, member: str = GONE) -> None:
    carry(town, town["finance"].propose_leaving(member)["change"])
    place.settle()


def put_at(place: Place, member: str, *, code: str = "rs-2+2", by: str = "village") -> Cid:
    """Put objects until one has a shard at a member."""
    for _ in range(40):
        cid = place.put(by, code=code)
        if any(member in names for names in place.holders(cid).values()):
            return cid
    raise AssertionError(f"nothing came to {member}")


def names_of(place: Place, cid: Cid) -> set[str]:
    return {name for names in place.holders(cid).values() for name in names}


def test_what_a_member_that_left_holds_is_moved_and_it_gets_nothing_more(
    town: Town, place: Place
) -> None:
    cid = put_at(place, GONE)
    leave(town, place)
    village = town["village"]
    assert GONE not in {each["member"] for each in village.list_store_peers()}
    health = village.show_store()
    assert (health["members"], health["answering"], health["short"] > 0) == (6, 6, True)
    assert place.read("village", cid) == DATA
    for _ in range(2):
        place.round()
    assert GONE not in names_of(place, cid)
    assert sorted(place.holders(cid)) == [0, 1, 2, 3]
    assert not place.spread(GONE).ring.own.objects(limit=1), "it dropped what others have now"
    health = village.show_store()
    assert (health["whole"], health["short"], health["bare"]) == (health["objects"], 0, 0)
    place.part(GONE)
    assert place.read("finance", place.put("finance", public=True)) == DATA
    assert place.read("village", cid) == DATA
    place.part()
    for _ in range(8):
        assert GONE not in names_of(place, place.put())
    with pytest.raises(Unavailable, match=r"spread\.members"):
        place.put(code="rs-4+3")


def test_what_too_few_others_hold_is_read_at_who_left_and_saved(town: Town, place: Place) -> None:
    cid = put_at(place, GONE)
    others = [name for name in names_of(place, cid) if name != GONE]
    for name in others[:2]:
        place.lose_disk(name)
    # One shard is left among members, and two give the object back.
    leave(town, place)
    assert town["village"].show_object(str(cid))["left"] == 0
    assert place.read("village", cid) == DATA
    reports = place.round("village")
    assert reports["village"].repaired >= 3, "as many of this object, and what else the disks held"
    assert all(set(names) - {GONE} for names in place.holders(cid).values())
    assert sorted(place.holders(cid)) == [0, 1, 2, 3]
    place.part(GONE)
    assert place.read("village", cid) == DATA


def test_its_own_files_stay_whole_when_their_owner_left(town: Town, place: Place) -> None:
    cid = place.put(GONE, public=True)
    leave(town, place)
    for _ in range(2):
        place.round()
    place.part(GONE)
    assert GONE not in names_of(place, cid)
    assert place.read("finance", cid) == DATA


def test_who_left_gives_and_takes_no_shard(town: Town, place: Place) -> None:
    leave(town, place)
    ring = place.spread("village").ring
    for to, caller in ((GONE, ring), ("village", place.spread(GONE).ring)):
        with pytest.raises(Denied, match=r"spread\.left"):
            caller.write(to, (bytes(16), 0), 0, b"abc")


def test_an_erasure_asks_who_left_and_does_not_wait_for_it(town: Town, place: Place) -> None:
    answering, away = (put_at(place, GONE) for _ in range(2))
    leave(town, place)
    village = town["village"]
    told = village.erase_object(str(answering))
    assert (told["waiting"], told["departed"], GONE in told["receipts"]) == ([], [], True)
    place.part(GONE)
    told = village.erase_object(str(away))
    assert (told["waiting"], told["departed"]) == ([], [GONE])
    place.settle()
    assert village.show_object(str(away))["departed"] == [GONE]
    place.round("village")
    settled = {each.cid for each in place.spread("village").book.objects(SETTLED)}
    assert settled == {answering, away}
    place.part()
    place.settle()
    place.round(GONE)
    assert not place.spread(GONE).ring.own.shards_of(away), "it saw the record, and dropped it"
    later = place.put()
    assert village.erase_object(str(later))["departed"] == [], "it never held any of it"
    (gone,) = list_departed(town.house.node("village").replica)
    assert (gone.member, bool(gone.keys)) == (GONE, True)


def test_who_joins_is_given_shards(town: Town, place: Place, tmp_path: Path) -> None:
    house, name = town.house, "water-works"
    home = house.folder / name
    card = draw_newcomer(home, house.folder, role="cooperative", called="自来水公司")
    carry(town, town["finance"].propose_join(card)["change"])
    place.settle()
    with pytest.raises(AssertionError, match="nothing came"):
        put_at(place, name)
    node = Node.open(home, house.clock, SystemEntropy())
    seat = Seat(house, node, house.network.join(name))
    try:
        seat.begin(house.leader, [])
        assert seat.follower is not None
        seat.follower.pull()
        cid = put_at(place, name)
        assert name in {each["member"] for each in town["village"].list_store_peers()}
        place.lose_disk(next(each for each in names_of(place, cid) if each != name))
        place.round()
        assert place.read("village", cid) == DATA
    finally:
        house.network.leave(name)
        seat.close()


def test_machines_make_anew_what_a_member_that_left_holds(tmp_path: Path) -> None:
    gone = NAMES[2]
    with open_machines(tmp_path, tend_s=0.2) as machines:
        await_until(machines.is_level)
        spread = machines.node("village").spreading
        found: list[Cid] = []
        while len(found) < 40 and not any(holds(spread, gone, cid) for cid in found):
            found += [spread.put(io.BytesIO(DATA), Wanted(code="rs-1+1"))[0].cid for _ in range(4)]
        assert any(holds(spread, gone, cid) for cid in found)
        offices = {name: machines.houses[name].office(name) for name in NAMES}
        change = offices["finance"].propose_leaving(gone)["change"]
        for name in ("village", "newspaper"):
            await_until(partial(has_change, offices[name], change))
            if offices[name].show_change(change)["state"] == "open":
                offices[name].vote_change(change, yes=True)
        await_until(lambda: gone not in spread.ring.everyone())
        for cid in found:
            await_until(partial(is_whole, spread, cid))
        assert {row["member"] for row in offices["village"].list_store_peers()} == {*NAMES} - {gone}
        health = offices["village"].show_store()
        assert (health["members"], health["whole"]) == (3, len(found))
        for cid in found:
            told = offices["village"].erase_object(str(cid))
            assert (told["waiting"], told["departed"]) == ([], [gone])


def has_change(office: LocalOffice, change: str) -> bool:
    return any(row["change"] == change for row in office.list_changes())


def holds(spread: Spreading, member: str, cid: Cid) -> bool:
    return any(member in names for names in spread.ring.locate(cid).held.values())


def is_whole(spread: Spreading, cid: Cid) -> bool:
    return sorted(spread.ring.locate(cid).held) == [0, 1]


# ---- who may read


def test_an_ended_reading_is_over_for_who_has_read(place: Place) -> None:
    cid, spread = place.put(), place.spread("village")
    spread.grant(cid, "regulator", 30)
    assert place.read("regulator", cid) == DATA
    assert spread.grant(cid, "regulator", 0).told
    with pytest.raises(Denied, match=r"spread\.reader"):
        place.read("regulator", cid)
    assert place.spread("regulator").desk.keys.find(cid) is None
    spread.grant(cid, "regulator", 1)
    assert place.read("regulator", cid) == DATA
    with pytest.raises(Invalid, match=r"spread\.no_reader"):
        spread.grant(cid, "nobody", 0)


def test_an_end_reaches_a_reader_that_was_away_when_it_is_back(place: Place) -> None:
    cid, spread = place.put(), place.spread("village")
    spread.grant(cid, "regulator", 30)
    assert place.read("regulator", cid) == DATA
    place.part("regulator")
    assert not spread.grant(cid, "regulator", 0).told
    assert spread.book.readers(cid) == {"regulator": 0}
    place.round("village")
    place.part()
    place.round("village")
    assert spread.book.untold() == []
    assert place.spread("regulator").desk.keys.find(cid) is None


def test_a_reader_asks_again_and_reads_on_while_the_owner_is_away(
    timed: tuple[Place, ManualClock],
) -> None:
    place, clock = timed
    cid, spread = place.put(code="rs-1+2"), place.spread("village")
    spread.grant(cid, "regulator", 30)
    assert place.read("regulator", cid) == DATA
    # The owner's note alone changes: nothing tells the reader.
    spread.book.admit(cid, "regulator", 0)
    assert place.read("regulator", cid) == DATA, "asked less than a minute ago"
    clock.advance(ASK_AGAIN_MS)
    place.part("village")
    assert place.read("regulator", cid) == DATA, "lent to a date, and nobody to ask"
    place.part()
    with pytest.raises(Denied, match=r"spread\.reader"):
        place.read("regulator", cid)
    assert place.spread("regulator").desk.keys.find(cid) is None


def test_a_key_whose_time_ends_on_its_way_is_refused_as_to_any_who_may_not_read(
    timed: tuple[Place, ManualClock],
) -> None:
    place, clock = timed
    cid, spread = place.put(code="rs-1+2"), place.spread("village")
    spread.grant(cid, "regulator", 1)
    assert place.read("regulator", cid) == DATA
    clock.advance(DAY_MS - 1_000)
    line = spread._line
    assert line is not None

    def lend_late(caller: str, _: bytes) -> bytes:
        lent = lend_object_key(line, caller, cid, spread.book.readers(cid)[caller])
        clock.advance(2_000)
        return lent

    line.link.serve({"spread.key": lend_late})
    with pytest.raises(Denied, match=r"spread\.reader") as caught:
        place.read("regulator", cid)
    assert "tally store grant" in caught.value.cure
    assert place.spread("regulator").desk.keys.find(cid) is None


def test_only_the_owner_takes_a_key_back(place: Place) -> None:
    cid = place.put()
    place.spread("village").grant(cid, "regulator", 30)
    assert place.read("regulator", cid) == DATA
    place.house.link("finance").call("regulator", "spread.ended", encode([cid]))
    assert place.spread("regulator").desk.keys.find(cid) is not None


def test_who_left_is_lent_no_key(town: Town, place: Place) -> None:
    cid, spread = place.put(), place.spread("village")
    spread.grant(cid, GONE, 30)
    leave(town, place)
    with pytest.raises(Denied, match=r"spread\.reader"):
        place.read(GONE, cid)
    assert spread.grant(cid, GONE, 0).until_ms == 0, "a reading of who left can be ended"


@pytest.mark.parametrize(("language", "words"), [("en", "ended"), ("zh", "已结束")])
def test_the_verb_says_that_a_reading_is_ended(
    few: Path, tmp_path: Path, language: str, words: str
) -> None:
    county = Path(shutil.copytree(few, tmp_path / "county"))
    (tmp_path / "map").write_bytes(DATA)

    def run(member: str, *given: str, fails: bool = False) -> str:
        where = ["--county", str(county), "--member", member]
        found = CliRunner().invoke(tally, ["--lang", language, "store", *given, *where])
        assert bool(found.exit_code) == fails, found.output
        return found.output

    told = run("village", "put", str(tmp_path / "map"))
    cid = next(word for word in told.split() if word.startswith("bafy"))
    run("village", "grant", cid, "regulator")
    run("regulator", "fetch", cid, str(tmp_path / "one"))
    told = run("village", "grant", cid, "regulator", "--days", "0")
    assert words in told
    assert "1970" not in told
    assert "1970" not in run("village", "objects", cid)
    run("regulator", "fetch", cid, str(tmp_path / "two"), fails=True)
    assert not (tmp_path / "two").exists()
