"""Objects are seen to while members come and go: rot, lost disks, missed erasures."""

from __future__ import annotations

import io
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from counties import START_MS, open_town
from stores import CODE, DATA, Place
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.codec import Cid, decode, encode
from tallystick.base.errors import Denied, NotFound
from tallystick.base.keys import SigningKey
from tallystick.kernel.access.object_keys import borrow_object_key
from tallystick.kernel.store.spread.book import ERASED, KEPT, SETTLED
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.receipt import Receipt, Vouching
from tallystick.kernel.store.spread.serving import LISTED, answer_for
from tallystick.kernel.store.zigzag.profile import find_profile
from tallystick.services.storing.acts import Wanted
from tallystick.services.storing.standing import KeptObject
from tallystick.services.storing.survey import Survey, survey_members
from tallystick.services.storing.tending import Rates, Tending


def test_who_was_away_for_long_is_replaced_and_back_again_drops_what_another_has(
    place: Place,
) -> None:
    cid = place.put()
    order = place.order(cid)
    away = next(name for name in order[:4] if name != "village")
    place.part(away)
    place.round("village")
    held = place.holders(cid)
    assert sorted(held) == [0, 1, 2, 3]
    (stand_in,) = {name for names in held.values() for name in names} - set(order[:4])
    place.part()
    assert sum(len(names) for names in place.holders(cid).values()) == 5
    for _ in range(2):
        place.round()
    held = place.holders(cid)
    assert sorted(held) == [0, 1, 2, 3]
    names = [name for each in held.values() for name in each]
    assert sorted(names) == sorted(order[:4]), "each shard is where it belongs, and once"
    assert stand_in not in names
    assert place.read("village", cid) == DATA


def test_a_shard_goes_home_once_its_member_is_there_and_holds_none(place: Place) -> None:
    cid = place.put()
    order = place.order(cid)
    home = next(name for name in order[:4] if name != "village")
    place.part(home)
    place.round("village")
    place.lose_disk(home)
    place.part()
    reports = place.round()
    assert sum(each.moved for each in reports.values()) == 1
    names = [name for each in place.holders(cid).values() for name in each]
    assert sorted(names) == sorted(order[:4])
    assert place.read("village", cid) == DATA


def test_a_member_that_says_it_holds_a_shard_makes_nobody_drop_theirs(place: Place) -> None:
    cid = place.put()
    order, held = place.order(cid), place.holders(cid)
    shard, (last,) = next((s, who) for s, who in held.items() if who == [order[3]])
    liar = order[0]
    own = place.spread(liar).ring.own
    fake = own.folder / cid.digest.hex() / str(shard)
    fake.write_bytes(bytes(25_000))
    own.look()
    assert sorted(place.holders(cid)[shard]) == sorted([liar, last])
    report = place.round(last)[last]
    assert not report.moved
    assert place.spread(last).ring.own.shards_of(cid) == (shard,)


def test_erasing_reaches_who_was_away_and_every_word_is_collected(place: Place) -> None:
    cid = place.put()
    manifest = place.spread("village").find_manifest(cid)
    place.spread("village").grant(cid, "newspaper", 3)
    assert place.read("newspaper", cid) == DATA
    away = next(name for name in place.order(cid)[:4] if name not in ("village", "finance"))
    place.part(away)
    said = place.spread("village").erase(cid)
    assert set(said) == set(place.names) - {away}
    assert place.spread("village").desk.keys.find(cid) is None
    place.part()
    assert place.spread(away).ring.own.shards_of(cid)
    place.round()
    assert not place.spread(away).ring.own.shards_of(cid)
    assert place.spread("newspaper").desk.keys.find(cid) is None
    place.round("village")
    said = place.spread("village").erasing.collect_receipts(cid)
    assert set(said) == set(place.names)
    for name in place.names:
        with pytest.raises(NotFound, match=r"spread\.unknown"):
            place.read(name, cid)
    with pytest.raises(Denied, match=r"spread\.erased"):
        # Nobody takes it again, whoever kept the shards' bytes.
        place.spread("finance").ring.finish(away, manifest, 0)


@pytest.mark.parametrize("is_there", [True, False], ids=["given", "gone"])
def test_a_damaged_manifest_keeps_no_key_of_what_is_erased_longer_than_must_be(
    place: Place, is_there: bool
) -> None:
    rotten, other = place.put(), place.put(data=DATA[:-1])
    village, newspaper = place.spread("village"), place.spread("newspaper")
    for cid in (rotten, other):
        village.grant(cid, "newspaper", 3)
        assert place.read("newspaper", cid)
    with closing(sqlite3.connect(place.house.node("newspaper").folder / "store.db")) as plain:
        plain.execute("UPDATE object SET data = zeroblob(8) WHERE cid = ?", (rotten.raw,))
        plain.commit()
    if is_there:
        # One that holds a shard, and is not asked to drop it yet.
        busy = {"village", "newspaper", "finance"}
        place.part(next(name for name in place.order(rotten)[:4] if name not in busy))
    for cid in (rotten, other):
        village.erase(cid)
    place.part()
    place.settle()
    report = place.tending["newspaper"].round()
    assert newspaper.desk.keys.find(other) is None
    assert (newspaper.desk.keys.find(rotten) is None) is is_there
    assert report.failed == ({} if is_there else {"spread.lost": 1})


def test_what_another_says_of_an_object_destroys_nobodys_key(place: Place) -> None:
    cid = place.put()
    place.spread("village").grant(cid, "newspaper", 3)
    assert place.read("newspaper", cid) == DATA
    foe = place.spread("cooperative").storing
    foe.keep(cid, 1, sealed=True)
    foe.erase(cid)
    for _ in range(2):
        place.round()
    assert place.read("village", cid) == DATA
    assert place.spread("newspaper").desk.keys.find(cid) is not None
    assert place.read("newspaper", cid) == DATA
    office = place.house.office("regulator")
    assert office.show_object(str(cid))["member"] == "village"


def test_a_word_that_is_not_the_members_own_counts_for_nothing(place: Place) -> None:
    cid = place.put()
    forger, quoter = [name for name in place.names if name != "village"][:2]
    for name, holder in ((forger, forger), (quoter, forger)):
        spread = place.spread(name)
        key = SigningKey.from_seed(b"x" * 32)
        if name == quoter:
            # It passes another's name off as its own, signed by its own true key.
            key = SigningKey.from_seed(place.house.node(name).secrets.link)
        vouching = Vouching(member=holder, chain=spread.desk.chain, sign=key.sign)
        spread.ring.link.serve(answer_for(spread.ring.own, vouching))
    assert set(place.spread("village").erase(cid)) == set(place.names) - {forger, quoter}


def test_what_no_record_speaks_of_is_collected_and_what_one_does_never(place: Place) -> None:
    cid = place.put()
    ring = place.spread("finance").ring
    stray = put_object(ring, io.BytesIO(DATA), bytes(16), find_profile(CODE)).manifest.cid
    assert place.holders(stray)
    # Whoever names another's object holds nobody to keep it.
    place.spread("newspaper").storing.keep(stray, 1, sealed=True)
    reports = place.round()
    assert sum(each.dropped for each in reports.values()) == 4
    assert not place.holders(stray)
    assert sorted(place.holders(cid)) == [0, 1, 2, 3]


def test_the_objects_of_a_party_go_with_it(place: Place) -> None:
    office = place.house.office("village")
    party = office.add_party("household", {"name": "甲乙丙"})
    cid, other = place.put(party=bytes.fromhex(party)), place.put()
    office.erase_party(party)
    assert place.spread("village").desk.keys.find(cid) is None
    kept = place.spread("village").storing.find_object(cid, "village")
    assert kept is not None
    assert not kept.erased, "it is told in the day's bundle"
    place.house.node("village").desk.record_pending()
    for _ in range(2):
        place.round()
    assert not place.holders(cid)
    assert place.read("village", other) == DATA


def test_a_put_that_was_cut_off_before_its_record_is_ended(place: Place) -> None:
    spread = place.spread("village")
    keep, spread.storing.keep = spread.storing.keep, _killed  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        spread.put(io.BytesIO(DATA), Wanted(code=CODE))
    spread.storing.keep = keep  # type: ignore[method-assign]
    (noted,) = spread.book.objects()
    assert spread.storing.find_object(noted.cid, "village") is None
    for _ in range(2):
        place.round("village")
    assert place.read("village", noted.cid) == DATA
    assert len(list(spread.storing.list_objects())) == 1


def _killed(*_: object, **__: object) -> bytes:
    raise RuntimeError


def test_an_owner_whose_notes_are_older_still_grants_and_erases(place: Place) -> None:
    cid = place.put()
    spread = place.spread("village")
    with sqlite3.connect(place.house.node("village").folder / "store.db") as older:
        older.execute("DELETE FROM spread_object")
    spread.grant(cid, "newspaper", 1)
    assert place.read("newspaper", cid) == DATA
    assert set(spread.erase(cid)) == set(place.names)


def test_who_is_away_is_waited_for_and_what_is_lost_for_good_is_not(place: Place) -> None:
    cid = place.put()
    away = next(name for name in place.order(cid)[:4] if name != "village")
    patient = Tending(place.spread("village"), place.ended, Rates(repair_bytes=1 << 40))
    place.part(away)
    assert patient.round().repaired == 0, "one loss more can be borne, and it may come back"
    place.part()
    place.lose_disk(away)
    assert patient.round().repaired == 1
    assert sorted(place.holders(cid)) == [0, 1, 2, 3]


def test_work_under_way_ends_with_the_member(place: Place) -> None:
    cid = place.put()
    place.spread(place.order(cid)[1]).ring.own.drop(cid)
    slow = Tending(place.spread("village"), place.ended, Rates(patience_s=0, repair_bytes=1))
    place.ended.set()
    assert slow.round().failed.get("spread.ended")


def test_a_survey_tells_how_many_losses_are_left(place: Place) -> None:
    cid = place.put()
    found: Survey = survey_members(place.spread("finance"))
    (standing,) = found.standings()
    assert (standing.left, standing.is_whole, standing.kept.manifest) == (2, True, cid)
    gone = place.order(cid)[:3]
    place.part(*gone)
    asker = next(name for name in place.names if name not in gone)
    (standing,) = survey_members(place.spread(asker)).standings()
    assert standing.left == -1


def test_a_key_that_was_lent_is_gone_from_the_file_once_its_time_is_over(
    few: Path, tmp_path: Path
) -> None:
    clock = ManualClock(START_MS)
    with open_town(shutil.copytree(few, tmp_path / "county"), clock) as town:
        place = Place(town)
        cid = place.put()
        place.spread("village").grant(cid, "newspaper", 1)
        assert place.read("newspaper", cid) == DATA
        folder = place.house.node("newspaper").folder
        place.tending["newspaper"].round()
        assert place.read("newspaper", cid) == DATA
        assert any(cid.raw in path.read_bytes() for path in folder.glob("keys.db*"))
        clock.advance(DAY_MS + 1)
        place.tending["newspaper"].round()
        assert not any(cid.raw in path.read_bytes() for path in folder.glob("keys.db*"))
        assert place.spread("village").desk.keys.find(cid) is not None, "its owner's stays"
        with pytest.raises(Denied, match=r"spread\.reader"):
            place.read("newspaper", cid)


def test_an_owner_whose_notes_are_older_lends_no_key_of_what_is_erased(place: Place) -> None:
    cid = place.put()
    spread = place.spread("village")
    spread.grant(cid, "newspaper", 1)
    manifest, key = spread.find_manifest(cid), spread.desk.keys.find(cid)
    assert key is not None
    spread.erase(cid)
    # A copy of its files from before is put back.
    spread.desk.keys.put([key])
    spread.book.move(cid, KEPT)
    line = place.spread("newspaper")._line
    assert line is not None
    with pytest.raises(Denied, match=r"spread\.reader"):
        borrow_object_key(line, cid, manifest.id, "village")
    place.round("village")
    assert spread.desk.keys.find(cid) is None


def test_a_round_walks_what_was_erased_since_and_nothing_before(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, *gone = [place.put(data=bytes([at]) * 100) for at in range(4)]
    spread = place.spread("village")
    for cid in gone[:2]:
        spread.erase(cid)
    for _ in range(2):
        place.round()
    assert [each.cid for each in spread.book.objects(SETTLED)] == gone[:2]
    asked: list[object] = []
    find = spread.storing.find_object

    def count(cid: Cid, member: str) -> KeptObject | None:
        asked.append(cid)
        return find(cid, member)

    monkeypatch.setattr(spread.storing, "find_object", count)
    monkeypatch.setattr(spread.book, "receipts", asked.append)
    monkeypatch.setattr(spread.storing, "list_erased", lambda: asked.append("all"))
    report = place.tending["village"].round()
    assert not report.failed
    assert not asked
    monkeypatch.undo()
    spread.erase(gone[2])
    place.round()
    assert not place.holders(gone[2])
    assert sorted(place.holders(kept)) == [0, 1, 2, 3]


def test_a_member_that_came_since_is_asked_about_what_is_settled(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid = place.put()
    spread = place.spread("village")
    fewer = [name for name in place.names if name != "regulator"]
    monkeypatch.setattr(spread.ring, "everyone", lambda: fewer)
    spread.erase(cid)
    place.round("village")
    assert [each.cid for each in spread.book.objects(SETTLED)] == [cid]
    assert set(spread.book.receipts(cid)) == set(fewer)
    monkeypatch.undo()
    place.round("village")
    assert set(spread.book.receipts(cid)) == set(place.names)
    assert not list(spread.book.objects(ERASED))


def test_who_is_away_is_asked_once_a_round_and_not_for_each_object(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread = place.spread("village")
    found = [place.put(data=bytes([at]) * 100) for at in range(3)]
    place.part("regulator")
    for cid in found:
        spread.erase(cid)
    asked: list[str] = []
    drop = spread.ring.drop

    def count(member: str, cid: Cid) -> Receipt:
        asked.append(member)
        return drop(member, cid)

    monkeypatch.setattr(spread.ring, "drop", count)
    for _ in range(2):
        place.tending["village"].round()
    assert asked == ["regulator"] * 2
    place.part()
    place.round("village")
    assert all("regulator" in spread.book.receipts(cid) for cid in found)
    assert len(list(spread.book.objects(SETTLED))) == len(found)


def test_an_object_that_nobody_sees_to_is_the_next_ones_after_a_while(place: Place) -> None:
    cid = place.put()
    place.spread(place.order(cid)[3]).ring.own.drop(cid)
    second = next(name for name in place.order(cid) if name != "village")
    rates = Rates(patience_s=0, relief_s=0, repair_bytes=1 << 40)
    assert place.tending[second].round().repaired == 0, "its owner's turn"
    assert Tending(place.spread(second), place.ended, rates).round().repaired == 1
    assert sorted(place.holders(cid)) == [0, 1, 2, 3]


def test_who_hands_over_reads_the_manifest_once_and_doubts_who_gave_wrong_bytes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid = place.put()
    order, held = place.order(cid), place.holders(cid)
    shard = next(each for each, who in held.items() if who == [order[3]])
    for liar in order[:2]:
        own = place.spread(liar).ring.own
        (own.folder / cid.digest.hex() / str(shard)).write_bytes(bytes(25_000))
        own.look()
    spread = place.spread(order[3])
    read, decoded = Manifest.read, list[bytes]()

    def decode_one(data: bytes) -> Manifest:
        decoded.append(data)
        return read(data)

    monkeypatch.setattr(Manifest, "read", decode_one)
    place.tending[order[3]].round()
    assert len(decoded) <= 8, "here twice, and by each holder to answer and to read again"
    decoded.clear()
    place.tending[order[3]].round()
    assert len(decoded) <= 8, "it is read here no more often the second time"
    # They say so themselves, asked to read it again: rotten disks, and nobody lied.
    assert not spread.heard.known()
    assert {each.member for each in spread.doubts.claims(cid)} == set(order[:2])
    assert spread.ring.own.shards_of(cid) == (shard,)


def lie_about(place: Place, liar: str, cid: Cid, shard: int, answer: bytes | None) -> None:
    """Have a member say it holds a shard, and give those bytes for it, or say it has none."""
    ring = place.spread(liar).ring
    truly = dict(answer_for(ring.own, Vouching(member=liar)))

    def listing(caller: str, payload: bytes) -> bytes:
        used, quota, rows = decode(truly["spread.list"](caller, payload), LISTED)
        return encode([used, quota, [*(row for row in rows if row[0] != cid), [cid, [shard]]]])

    def read(caller: str, payload: bytes) -> bytes:
        return truly["spread.read"](caller, payload) if answer is None else answer

    ring.link.serve({"spread.list": listing, "spread.read": read})


@pytest.mark.parametrize("answer", [None, bytes(25_000)])
def test_a_shard_that_a_member_only_says_it_holds_is_made_anew(
    place: Place, answer: bytes | None
) -> None:
    cid = place.put()
    held = place.holders(cid)
    shard, (liar,) = next((s, who) for s, who in held.items() if who[0] != "village")
    place.spread(liar).ring.own.drop(cid)
    lie_about(place, liar, cid, shard, answer)
    reports = [place.round("village")["village"] for _ in range(2)]
    assert [each.repaired for each in reports] == [0, 1]
    named = {each.member for each in place.spread("village").heard.known()}
    assert named == (set() if answer is None else {liar})
    (taker,) = place.holders(cid)[shard]
    assert taker != liar
    # Who gives what it says it holds is believed again.
    place.spread(liar).ring.link.serve(
        answer_for(place.spread(taker).ring.own, Vouching(member=liar))
    )
    place.round("village")
    assert not place.spread("village").doubts.claims()


def test_who_hands_over_drops_nothing_on_a_bare_word(place: Place) -> None:
    cid = place.put()
    order = place.order(cid)
    home = next(name for name in order[:4] if name != "village")
    place.part(home)
    place.round("village")
    place.lose_disk(home)
    place.part()
    held = place.holders(cid)
    (stand_in,) = {name for who in held.values() for name in who} - set(order[:4])
    ring = place.spread(home).ring
    truly = answer_for(ring.own, Vouching(member=home))
    # It takes all it is given, says that it keeps it, and does not.
    ring.link.serve({**truly, "spread.piece": lambda *_: b"", "spread.finish": lambda *_: b""})
    assert place.round(stand_in)[stand_in].moved == 0
    assert place.holders(cid) == held
    ring.link.serve(truly)
    assert place.round(stand_in)[stand_in].moved == 1


def test_what_is_erased_before_its_record_came_is_told_once_that_comes(place: Place) -> None:
    spread = place.spread("village")
    keep, spread.storing.keep = spread.storing.keep, _killed  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        spread.put(io.BytesIO(DATA), Wanted(code=CODE))
    spread.storing.keep = keep  # type: ignore[method-assign]
    (noted,) = spread.book.objects()
    spread.erase(noted.cid)
    for _ in range(2):
        place.round("village")
    assert not list(spread.book.objects(SETTLED))
    # It was signed before, and had only waited.
    spread.storing.keep(noted.cid, len(DATA), sealed=True)
    place.round("village")
    assert [each.cid for each in spread.book.objects(SETTLED)] == [noted.cid]
    kept = spread.storing.find_object(noted.cid, "village")
    assert kept is not None
    assert kept.erased
