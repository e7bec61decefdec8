"""What is erased or ended stays so, whatever is under way: puts, repairs, keys, downloads."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counties import Town, open_town
from stores import CODE, DATA, Place
from tallystick.base.clock import DAY_MS, ManualClock, SystemClock
from tallystick.base.codec import Cid
from tallystick.base.errors import Denied, NotFound
from tallystick.kernel.store.spread.book import ERASED, SETTLED
from tallystick.services.storing.acts import Wanted


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(SystemClock().now_ms())


@pytest.fixture
def town(few: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Town]:
    with open_town(shutil.copytree(few, tmp_path / "county"), clock) as opened:
        yield opened


@pytest.fixture
def place(town: Town) -> Place:
    return Place(town)


class Slow:
    """Bytes that something happens before."""

    def __init__(self, data: bytes, first: Callable[[], object]) -> None:
        self._data = io.BytesIO(data)
        self._first: Callable[[], object] | None = first

    def read(self, size: int = -1, /) -> bytes:
        first, self._first = self._first, None
        if first is not None:
            first()
        return self._data.read(size)


def register(town: Town, place: Place, member: str = "village") -> tuple[str, bytes]:
    party = town[member].add_party("household", {"name": "x"})
    place.settle()
    town[member].send_registrations()
    place.settle()
    return party, bytes.fromhex(party)


def held_by(place: Place, cid: Cid) -> set[str]:
    return {name for name in place.names if place.spread(name).ring.own.shards_of(cid)}


def all_objects(place: Place) -> set[Cid]:
    return {cid for name in place.names for cid in place.spread(name).ring.own.objects()}


# ---- of a party


@pytest.mark.parametrize("public", [False, True])
def test_a_party_erased_while_the_bytes_of_a_file_come_takes_it_along(
    town: Town, place: Place, public: bool
) -> None:
    party, identifier = register(town, place)
    source = Slow(DATA, lambda: town["village"].erase_party(party))
    wanted = Wanted(code=CODE, party=identifier, public=public)
    with pytest.raises(NotFound, match=r"party\.unknown"):
        place.spread("village").put(source, wanted)
    assert all_objects(place) == set()
    assert list(place.spread("village").book.objects()) == []
    assert town.house.node("village").keys.of_party(identifier) == []


def test_a_party_erased_while_its_file_is_recorded_takes_it_along(
    town: Town, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    party, identifier = register(town, place)
    spread = place.spread("village")
    keep = spread.storing.keep

    def erase_first(*given: Any, **more: Any) -> object:
        town["village"].erase_party(party)
        return keep(*given, **more)

    monkeypatch.setattr(spread.storing, "keep", erase_first)
    with pytest.raises(NotFound, match=r"party\.unknown"):
        spread.put(io.BytesIO(DATA), Wanted(code=CODE, party=identifier, public=True))
    (noted,) = spread.book.objects()
    town["village"].send_registrations()
    place.round()
    place.round()
    assert town["village"].show_object(str(noted.cid))["is_erased"]
    assert all_objects(place) == set()
    assert [each.cid for each in spread.book.objects(SETTLED)] == [noted.cid]


# ---- what was dropped stays dropped


def put_away_from(place: Place, owner: str, party: bytes = b"") -> tuple[Cid, str]:
    """Put a public object until its owner holds none of it; return one of who does, too."""
    for _ in range(40):
        cid = place.put(owner, public=True, party=party, code="rs-1+2")
        held = held_by(place, cid)
        if owner not in held and held - {"finance"}:
            return cid, min(held - {"finance"})
    raise AssertionError("the owner always holds some")


def test_what_was_dropped_is_not_made_anew_where_a_receipt_was_given(
    town: Town, place: Place
) -> None:
    party, identifier = register(town, place)
    cid, away = put_away_from(place, "village", identifier)
    place.part(away)
    town["village"].erase_party(party)
    place.round(*[name for name in place.names if name != away])
    said = set(place.spread("village").book.receipts(cid))
    assert said == set(place.names) - {away}
    # Its owner is off before the day's bundle leaves; who was away is back, and all repair.
    place.part("village")
    for _ in range(3):
        place.round(*[name for name in place.names if name != "village"])
    assert held_by(place, cid) == {away}
    place.part()
    town["village"].send_registrations()
    place.round()
    place.round()
    assert held_by(place, cid) == set()
    noted = place.spread("village").book.find(cid)
    assert noted is not None
    assert noted.state == SETTLED


def test_an_owner_that_left_has_its_objects_dropped_for_good(town: Town, place: Place) -> None:
    cid, _ = put_away_from(place, "regulator")
    change = town["finance"].propose_leaving("regulator")["change"]
    for name in town.house.offices():
        if town["finance"].show_change(change)["state"] == "open" and name != "finance":
            town[name].vote_change(change, yes=True)
    place.settle()
    spread = place.spread("regulator")
    with pytest.raises(Denied, match=r"member\.not_listed"):
        spread.erase(cid)
    place.round()
    place.round()
    reports = place.round()
    assert reports["regulator"].failed == {"member.not_listed": 1}
    assert held_by(place, cid) == set()
    assert set(spread.book.receipts(cid)) == set(place.names)
    assert [each.cid for each in spread.book.objects(ERASED)] == [cid]


# ---- who may read


def test_a_key_that_is_ended_on_its_way_is_not_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid, owner = place.put(), place.spread("village")
    owner.grant(cid, "finance", 30)
    reader = place.spread("finance")
    link = place.house.node("finance").spreading.ring.link
    ask = type(link).call

    def end_behind(self: object, to: str, method: str, payload: bytes) -> bytes:
        answer = ask(self, to, method, payload)  # type: ignore[arg-type]
        if method == "spread.key":
            monkeypatch.setattr(type(link), "call", ask)
            assert owner.grant(cid, "finance", 0).told
        return answer

    monkeypatch.setattr(type(link), "call", end_behind)
    with pytest.raises(Denied, match=r"spread\.reader"):
        reader.open(cid)
    assert reader.desk.keys.find(cid) is None
    owner.grant(cid, "finance", 30)
    assert place.read("finance", cid) == DATA


def test_a_reading_under_way_ends_with_its_grant(place: Place, clock: ManualClock) -> None:
    data = random.Random(1).randbytes(3_000_000)
    cid, owner = place.put(data=data), place.spread("village")
    owner.grant(cid, "finance", 1)
    opened = place.spread("finance").open(cid)
    reading = opened.read(0, opened.size)
    first = next(reading)
    assert data.startswith(first)
    assert owner.grant(cid, "finance", 0).told
    with pytest.raises(Denied, match=r"spread\.reader"):
        b"".join(reading)
    # And with its date, though nobody says so.
    owner.grant(cid, "finance", 1)
    opened = place.spread("finance").open(cid)
    reading = opened.read(0, opened.size)
    next(reading)
    place.part("village")
    clock.advance(2 * DAY_MS)
    with pytest.raises(Exception, match=r"link\.lost|spread\.reader"):
        b"".join(reading)
    place.part()
    owner.grant(cid, "finance", 1)
    assert place.read("finance", cid) == data
