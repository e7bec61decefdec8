"""Disks that rot and members that lie about an object of several segments, in a county."""

from __future__ import annotations

import random

import pytest

from stores import DATA, Place
from tallystick.base.codec import Cid, decode
from tallystick.kernel.store.spread.reading import Reader
from tallystick.kernel.store.spread.receipt import Vouching
from tallystick.kernel.store.spread.serving import READ, answer_for
from tallystick.services.storing.standing import Standing
from tallystick.services.storing.survey import survey_members
from tallystick.services.storing.tending import Pace

SEGMENTS = random.Random(7).randbytes(9_000_000)
"""Three segments."""


def flip(place: Place, cid: Cid, shard: int, at: int) -> str:
    """Flip a bit of a shard on its holder's disk; return the holder."""
    (name,) = place.holders(cid)[shard]
    path = place.house.node(name).folder / "shards" / cid.digest.hex() / str(shard)
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 4]))
    return name


def stand(place: Place, by: str = "village") -> Standing:
    """Return how the one object there is stands, as a member sees it."""
    (standing,) = survey_members(place.spread(by)).standings()
    return standing


def test_rot_is_mended_where_it_stands_by_who_has_it(place: Place) -> None:
    cid = place.put()
    shard = next(iter(place.holders(cid)))
    name = flip(place, cid, shard, 77)
    report = place.round(name)[name]
    assert (report.rotten, report.pieces_mended) == (1, 1)
    assert place.holders(cid)[shard] == [name]
    assert not any(place.spread(name).ring.own.scrub(cid))
    assert place.round("village")["village"].repaired == 0
    assert place.read("village", cid) == DATA
    again = place.round(*place.names)
    assert not any(each.rotten or each.repaired for each in again.values())


def test_a_flipped_byte_on_three_disks_each_in_a_segment_of_its_own_destroys_nothing(
    place: Place,
) -> None:
    cid = place.put(data=SEGMENTS, public=True)
    layout = place.spread("village").find_manifest(cid).layout
    assert layout.segment_count == 3
    for at in range(3):
        flip(place, cid, at, layout.segment(at).piece_start + 100)
    assert place.read("finance", cid) == SEGMENTS
    assert (stand(place).left, stand(place).is_whole) == (1, False), "its readers told the holders"
    assert not place.spread("finance").heard.known(), "an honest disk is rotten, and no liar"
    reports = place.round()
    assert sum(each.pieces_mended for each in reports.values()) == 3
    assert not any(each.repaired or each.failed for each in reports.values())
    for _ in range(3):
        # Who was seen to before the last was mended hears of it in the next round.
        if stand(place).is_whole:
            break
        place.round()
    assert (stand(place).left, stand(place).is_whole) == (2, True)
    for (name,) in place.holders(cid).values():
        assert not any(place.spread(name).ring.own.scrub(cid))
    assert place.read("village", cid) == SEGMENTS


def test_a_shard_of_which_something_cannot_be_mended_now_stays_and_serves_the_rest(
    place: Place,
) -> None:
    cid = place.put(data=SEGMENTS, public=True)
    held = place.holders(cid)
    layout = place.spread("village").find_manifest(cid).layout
    names = [flip(place, cid, at, layout.segment(at).piece_start + 100) for at in range(3)]
    # One alone is there: nothing can be made now, and nothing may be dropped.
    place.part(*[name for name in place.names if name != names[1]])
    found = place.tending[names[1]].scrub(None, Pace(1 << 40, place.ended), 60)
    assert (len(found.rotten), found.mended) == (1, 0)
    assert place.spread(names[1]).ring.own.shards_of(cid) == (1,)
    place.part()
    assert place.holders(cid) == held
    assert not stand(place).is_whole
    assert place.read("village", cid) == SEGMENTS
    # What the owner doubts and another mended meanwhile it believes in its next round.
    reports = [place.round() for _ in range(2)]
    assert stand(place).is_whole, reports


def test_what_a_read_found_wrong_is_mended_by_the_owner_where_its_holder_does_not(
    place: Place,
) -> None:
    cid = place.put(data=SEGMENTS, public=True)
    shard = next(s for s, (who,) in place.holders(cid).items() if who != "village" and s < 2)
    name = flip(place, cid, shard, 1_234_567)
    assert place.read("finance", cid) == SEGMENTS
    assert not stand(place).is_whole, "its holder was asked, and says so"
    report = place.tending["village"].round()
    assert (report.pieces_mended, report.repaired) == (1, 0)
    assert stand(place).is_whole
    assert not any(place.spread(name).ring.own.scrub(cid))


@pytest.mark.parametrize("reader", ["village", "cooperative"])
def test_a_holder_that_lies_about_one_byte_is_named_and_its_shard_made_anew(
    place: Place, reader: str
) -> None:
    cid = place.put(data=SEGMENTS, public=True)
    away = ("village", reader)
    shard, (liar,) = next((s, w) for s, w in place.holders(cid).items() if w[0] not in away)
    truly = dict(answer_for(place.spread(liar).ring.own, Vouching(member=liar)))
    manifest = place.spread("village").find_manifest(cid)

    def lie(caller: str, payload: bytes) -> bytes:
        asked = decode(payload, READ)
        found = bytearray(truly["spread.read"](caller, payload))
        if asked[2][0] == 0 and asked[3][0] == 0:
            found[0] ^= 1
        return bytes(found)

    place.spread(liar).ring.link.serve({"spread.read": lie})
    with Reader(place.spread(reader).ring, manifest) as asking:
        asking.give([0], [shard])
        assert [each.member for each in asking.liars] == [liar]
        place.spread(reader).heard.hear(manifest, asking.liars)
        place.spread(reader).doubts.hear(cid, asking.wrong)
    rounds = 0
    while not stand(place).is_whole or rounds == 0:
        reports = place.round(*[name for name in place.names if name != liar])
        rounds += 1
        assert rounds <= 4, reports
    if reader != "village":
        place.round("village")
    assert {each.member for each in place.spread("village").heard.known()} == {liar}
    assert set(place.holders(cid)[shard]) > {liar}
    assert place.read("village", cid) == SEGMENTS


def test_a_manifest_that_rots_is_had_from_the_others_and_no_shard_goes(place: Place) -> None:
    cid = place.put()
    shard, (name,) = next((s, w) for s, w in place.holders(cid).items() if w[0] != "village")
    path = place.house.node(name).folder / "shards" / cid.digest.hex() / "manifest"
    data = path.read_bytes()
    path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    place.part(*[each for each in place.names if each != name])
    assert place.tending[name].scrub(None, Pace(1 << 40, place.ended), 60).rotten
    place.part()
    assert place.holders(cid)[shard] == [name]
    assert not stand(place).is_whole
    place.round(name)
    assert path.read_bytes() == data
    assert stand(place).is_whole
