"""Puts that were cut off before their record: recorded while they can be read, else given up."""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Callable

import pytest

from stores import CODE, DATA, Place
from tallystick.base.codec import Cid
from tallystick.base.errors import NotFound, Unavailable
from tallystick.kernel.store.spread.book import ERASED, KEPT, PUTTING, SETTLED
from tallystick.services.storing.acts import Wanted

NEEDED = 2
"""Shards of `CODE` that give an object back."""


def put_cut_off(place: Place, data: bytes = DATA) -> Cid:
    """Put an object of the village's, which stops before its record."""
    spread = place.spread("village")
    keep, known = spread.storing.keep, {each.cid for each in spread.book.objects()}

    def stop(*_: object, **__: object) -> bytes:
        raise RuntimeError

    spread.storing.keep = stop  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        spread.put(io.BytesIO(data), Wanted(code=CODE))
    spread.storing.keep = keep  # type: ignore[method-assign]
    (cid,) = {each.cid for each in spread.book.objects()} - known
    assert spread.book.find(cid) is not None
    return cid


def state_of(place: Place, cid: Cid) -> int:
    noted = place.spread("village").book.find(cid)
    assert noted is not None
    return noted.state


def names_of(place: Place, cid: Cid) -> list[str]:
    """Return who holds any of it."""
    return [name for names in place.holders(cid).values() for name in names]


def collect(place: Place) -> None:
    """Have the others collect what no record speaks of, while the village is away."""
    others = [name for name in place.names if name != "village"]
    place.part("village")
    place.spread("finance").put(io.BytesIO(b"x" * 20_000), Wanted(code=CODE))
    for _ in range(2):
        place.house.spread()
        for name in others:
            place.house.node(name).fold()
            place.tending[name].round()
    place.part()


def test_a_put_whose_shards_were_collected_is_given_up_and_not_recorded(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    spread = place.spread("village")
    cid = put_cut_off(place)
    assert spread.desk.keys.find(cid) is not None
    collect(place)
    assert len(names_of(place, cid)) < NEEDED
    with caplog.at_level(logging.WARNING):
        report = place.round("village")["village"]
    assert report.failed == {"spread.cut_off": 1}
    assert str(cid) in caplog.text
    assert spread.desk.keys.find(cid) is None
    assert not spread.desk.store.has(cid)
    assert state_of(place, cid) == ERASED
    for _ in range(2):
        assert place.round("village")["village"].failed == {}, "it is told once"
    assert spread.storing.find_object(cid, "village") is None
    health = place.house.office("village").show_store()
    assert (health["objects"], health["lost"]) == (1, 0)
    with pytest.raises(NotFound, match=r"spread\.unknown"):
        place.read("village", cid)


def test_what_is_left_of_a_put_that_is_given_up_goes_at_once(place: Place) -> None:
    cid = put_cut_off(place)
    *most, last = names_of(place, cid)
    for name in most:
        place.spread(name).ring.own.drop(cid)
    assert names_of(place, cid) == [last]
    assert place.round("village")["village"].failed == {"spread.cut_off": 1}
    assert names_of(place, cid) == []


def test_a_put_of_which_enough_is_left_is_recorded_and_mended(place: Place) -> None:
    cid = put_cut_off(place)
    for name in names_of(place, cid)[NEEDED:]:
        place.spread(name).ring.own.drop(cid)
    for _ in range(2):
        assert place.round("village")["village"].failed == {}
    assert state_of(place, cid) == KEPT
    assert sorted(place.holders(cid)) == [0, 1, 2, 3]
    assert place.read("village", cid) == DATA


def test_where_members_are_away_a_put_is_not_given_up_before_they_are_back(place: Place) -> None:
    spread = place.spread("village")
    cid = put_cut_off(place)
    gone, *rest = [name for name in names_of(place, cid) if name != "village"]
    place.spread(gone).ring.own.drop(cid)
    place.part(*rest)
    for _ in range(2):
        assert place.round("village")["village"].failed == {"spread.lost": 1}
    assert state_of(place, cid) == PUTTING
    assert spread.storing.find_object(cid, "village") is None
    assert spread.desk.keys.find(cid) is not None
    place.part()
    assert place.round("village")["village"].failed == {}
    place.settle()
    assert spread.storing.find_object(cid, "village") is not None
    assert place.read("village", cid) == DATA


def test_who_is_away_holds_one_shard_at_most_and_is_not_waited_for_where_two_lack(
    place: Place,
) -> None:
    cid = put_cut_off(place)
    away = next(name for name in names_of(place, cid) if name != "village")
    for name in names_of(place, cid):
        if name != away:
            place.spread(name).ring.own.drop(cid)
    place.part(away)
    assert place.round("village")["village"].failed == {"spread.cut_off": 1}
    place.part()
    place.round("village")
    assert names_of(place, cid) == [], "it is asked again once it is back"


def test_a_put_that_cannot_be_ended_keeps_no_other_from_being(place: Place) -> None:
    spread = place.spread("village")
    first, other = put_cut_off(place), put_cut_off(place, DATA[::-1])
    keep: Callable[..., bytes] = spread.storing.keep

    def refuse(manifest: Cid, size: int, *, sealed: bool) -> bytes:
        if manifest == first:
            raise Unavailable("ledger.busy", "the queue is full", cure="Try again.")
        return keep(manifest, size, sealed=sealed)

    spread.storing.keep = refuse  # type: ignore[method-assign]
    assert place.round("village")["village"].failed == {"ledger.busy": 1}
    assert (state_of(place, first), state_of(place, other)) == (PUTTING, KEPT)
    spread.storing.keep = keep  # type: ignore[method-assign]
    assert place.round("village")["village"].failed == {}
    assert state_of(place, first) == KEPT


def test_a_record_that_waited_and_comes_after_its_put_was_given_up_is_answered(
    place: Place,
) -> None:
    spread = place.spread("village")
    cid = put_cut_off(place)
    for name in names_of(place, cid):
        place.spread(name).ring.own.drop(cid)
    assert place.round("village")["village"].failed == {"spread.cut_off": 1}
    # It was signed before, and had only waited.
    spread.storing.keep(cid, len(DATA), sealed=True)
    place.round("village")
    place.settle()
    kept = spread.storing.find_object(cid, "village")
    assert kept is not None
    assert kept.erased
    assert state_of(place, cid) == SETTLED
    assert place.house.office("village").show_store()["lost"] == 0


@pytest.mark.parametrize("has_notes", [True, False])
def test_an_object_that_nobody_holds_any_more_is_ended_by_the_cure_that_its_error_names(
    place: Place, has_notes: bool
) -> None:
    spread = place.spread("village")
    cid = place.put()
    for name in place.names:
        place.spread(name).ring.own.drop(cid)
    with pytest.raises(Unavailable, match=r"spread\.lost") as caught:
        place.read("village", cid)
    assert "tally store erase CID" in caught.value.cure
    if not has_notes:
        # A copy of its files from before the put is put back.
        spread.desk.store.drop([cid])
        with sqlite3.connect(place.house.node("village").folder / "store.db") as older:
            older.execute("DELETE FROM spread_object")
        spread._manifest = None
        with pytest.raises(Unavailable, match=r"spread\.lost") as caught:
            spread.find_manifest(cid)
        assert "tally store erase CID" in caught.value.cure
    office = place.house.office("village")
    assert office.show_store()["lost"] == 1
    assert office.erase_object(str(cid))["waiting"] == []
    place.settle()
    assert office.show_store()["lost"] == 0
