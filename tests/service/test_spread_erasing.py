"""What goes and what stays: by the chain, with its party, from rotten disks, and from proofs."""

from __future__ import annotations

import io
import shutil
import time
from functools import partial
from pathlib import Path

import pytest

from counties import open_town
from lies import sign_wrong
from stores import CODE, DATA, Place
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import NotFound, Unavailable
from tallystick.kernel.access.keyring import audit_keys
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Liar
from tallystick.kernel.store.zigzag.profile import find_profile
from tallystick.services.storing.acts import Wanted
from tallystick.services.storing.tending import Rates, Tending

HOUR_MS = DAY_MS // 24


def home(place: Place, name: str, cid: Cid) -> Path:
    return place.house.node(name).folder / "shards" / cid.digest.hex()


def restart(place: Place, name: str) -> Holding:
    """Have a member's holding be what the next start makes of its folder."""
    own = place.spread(name).ring.own
    fresh = Holding(own.folder)
    fresh.vouching, fresh.chain_ms = own.vouching, own.chain_ms
    own.__dict__.update(fresh.__dict__)
    return own


def rot_manifest(place: Place, name: str, cid: Cid) -> None:
    path = home(place, name, cid) / "manifest"
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    restart(place, name)


def holder_of(place: Place, cid: Cid) -> str:
    """Return a member that holds some of it, and neither put it nor orders."""
    held = {names[0] for names in place.holders(cid).values()}
    return min(held - {"village", "finance"})


# ---- what the chain speaks of


def test_a_member_whose_copy_stands_still_collects_nothing_that_it_has_not_seen_kept(
    few: Path, tmp_path: Path
) -> None:
    clock = ManualClock(int(time.time() * 1_000))
    with open_town(shutil.copytree(few, tmp_path / "county"), clock) as town:
        place = Place(town)
        finance = place.spread("finance")
        # The orderer alone has the record; and what no record will speak of.
        noted, _ = finance.put(io.BytesIO(DATA), Wanted(code=CODE))
        code = find_profile(CODE)
        stray = put_object(finance.ring, io.BytesIO(DATA), bytes(16), code).manifest.cid
        late = {name: Tending(place.spread(name), place.ended, Rates()) for name in place.names}
        clock.advance(25 * HOUR_MS)
        others = [name for name in place.names if name != "finance"]
        assert not any(late[name].round().dropped for name in others)
        for cid in (noted.cid, stray):
            assert sorted(place.holders(cid)) == [0, 1, 2, 3]
        # Caught up to a tip that is a day old, they know of the one, and not yet of the other.
        place.settle()
        assert not any(each.round().dropped for each in late.values())
        place.put("newspaper")
        assert sum(each.round().dropped for each in late.values()) == 4
        assert not place.holders(stray)
        assert sorted(place.holders(noted.cid)) == [0, 1, 2, 3]
        assert place.read("finance", noted.cid) == DATA


def test_for_want_of_room_a_member_whose_copy_stands_still_drops_nothing(
    few: Path, tmp_path: Path
) -> None:
    clock = ManualClock(int(time.time() * 1_000))
    with open_town(shutil.copytree(few, tmp_path / "county"), clock) as town:
        place = Place(town)
        noted, _ = place.spread("finance").put(io.BytesIO(DATA), Wanted(code=CODE))
        holder = min({names[0] for names in place.holders(noted.cid).values()} - {"finance"})
        own = place.spread(holder).ring.own
        clock.advance(HOUR_MS)
        own.quota_bytes = own.used_bytes
        # Whether its copy of the chain stands still or has come past it by far.
        for name in (b"one", b"another"):
            with pytest.raises(Unavailable, match=r"spread\.quota"):
                own.write_piece("newspaper", (bytes(16), 0), 0, b"x")
            assert own.shards_of(noted.cid)
            place.spread("newspaper").storing.keep(cid_of(name), 1, sealed=True)
            place.settle()


# ---- a party's


@pytest.mark.parametrize("public", [True, False])
def test_what_is_about_a_party_goes_with_it_public_or_not(place: Place, public: bool) -> None:
    office = place.house.office("village")
    party = bytes.fromhex(office.add_party("household", {"name": "甲乙丙"}))
    cid, other = place.put(party=party, public=public), place.put(public=public)
    keys = place.house.node("village").folder / "keys.db"
    assert party not in keys.read_bytes()
    store = place.house.node("village").folder / "store.db"
    assert party not in store.read_bytes() + store.with_name("store.db-wal").read_bytes()
    assert place.read("village", cid) == DATA
    office.erase_party(party.hex())
    place.house.node("village").desk.record_pending()
    for _ in range(2):
        place.round()
    assert not place.holders(cid)
    for name in ("village", "newspaper"):
        with pytest.raises(NotFound, match=r"spread\.unknown"):
            place.read(name, cid)
    assert place.read("village", other) == DATA
    assert not list(audit_keys(keys.parent))


# ---- rotten disks


@pytest.mark.parametrize("public", [True, False])
def test_an_erasure_reaches_a_holder_whose_manifest_has_rotted(place: Place, public: bool) -> None:
    cid = place.put(public=public)
    holder = holder_of(place, cid)
    rot_manifest(place, holder, cid)
    assert set(place.spread("village").erase(cid)) == set(place.names)
    assert not home(place, holder, cid).exists()


def test_who_was_away_with_a_rotten_manifest_drops_once_it_sees_the_record(place: Place) -> None:
    cid = place.put()
    holder = holder_of(place, cid)
    place.part(holder)
    rot_manifest(place, holder, cid)
    assert holder not in place.spread("village").erase(cid)
    place.part()
    place.round()
    assert not home(place, holder, cid).exists()
    assert set(place.spread("village").erase(cid)) == set(place.names)


def test_kept_before_owners_were_noted_it_goes_by_the_chain_and_by_nobody_elses_word(
    place: Place,
) -> None:
    cid = place.put()
    holder = holder_of(place, cid)
    # Nobody can give the manifest anew.
    place.part(holder)
    (home(place, holder, cid) / "giver").write_text("village", encoding="utf-8")
    rot_manifest(place, holder, cid)
    own = place.spread(holder).ring.own
    stranger = next(name for name in place.names if name not in {holder, "village", "finance"})
    storing = place.spread(stranger).storing
    for act in (partial(storing.keep, cid, 1, sealed=True), partial(storing.erase, cid)):
        place.part()
        act()
        place.settle()
        place.part(holder)
        report = place.tending[holder].round()
        assert own.shards_of(cid), "the owner keeps it"
        assert report.failed == {"spread.manifest": 1}
    place.spread("village").erase(cid)
    place.part()
    place.settle()
    place.tending[holder].round()
    assert not home(place, holder, cid).exists()


# ---- proofs of wrong answers


@pytest.mark.parametrize("public", [True, False])
def test_no_proof_outlives_the_object_whose_bytes_it_holds(place: Place, public: bool) -> None:
    cid, other = place.put(public=public), place.put(public=public, data=DATA[:-1])
    reader = next(
        name
        for name in place.names
        if name not in {"village", "finance"} and [name] not in place.holders(cid).values()
    )
    spread, heard = place.spread(reader), dict[Cid, tuple[Manifest, Liar]]()
    for each in (cid, other):
        manifest = place.spread("village").find_manifest(each)
        shard, keeper = next(
            (shard, names[0])
            for shard, names in place.holders(each).items()
            if not {"village", reader} & {*names}
        )
        told = sign_wrong(place.house.node(reader), place.house.node(keeper), manifest, shard)
        heard[each] = manifest, Liar(keeper, shard, 0, 0, told)

    def hear_again() -> None:
        for manifest, liar in heard.values():
            spread.heard.hear(manifest, [liar])

    def proven() -> dict[Cid, bool]:
        return {each.cid: bool(each.digest) for each in spread.heard.known()}

    hear_again()
    assert not spread.desk.store.has(cid)
    # Whoever names another's object, and says that it is erased, takes no proof away.
    place.spread("newspaper").storing.keep(cid, 1, sealed=True)
    place.spread("newspaper").storing.erase(cid)
    place.round(reader)
    assert proven() == {cid: True, other: True}
    (digest,) = [each.digest for each in spread.heard.known() if each.cid == cid]
    held = spread.heard.read(digest)[-200:]
    folder = place.house.node(reader).folder
    assert any(held in path.read_bytes() for path in folder.glob("local.db*"))
    place.spread("village").erase(cid)
    place.round(reader)
    assert proven() == {cid: False, other: True}
    assert not any(held in path.read_bytes() for path in folder.glob("local.db*"))
    # What was on its way meanwhile is found only now.
    hear_again()
    assert proven() == {cid: True, other: True}
    place.round(reader)
    assert proven() == {cid: False, other: True}
    assert not any(held in path.read_bytes() for path in folder.glob("local.db*"))
