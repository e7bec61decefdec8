"""A member whose folder of shards cannot be read or written: it opens, and all else of it works."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from counties import open_town
from stores import DATA, Place
from tallystick.base.clock import SystemClock
from tallystick.base.codec import Cid
from tallystick.base.errors import Unavailable
from tallystick.cli.main import tally


def put_at(place: Place, member: str, data: bytes) -> Cid:
    """Put objects of the village's until one has a shard at a member."""
    for _ in range(40):
        cid = place.put(data=data)
        if place.spread(member).ring.own.shards_of(cid):
            return cid
    raise AssertionError(f"nothing came to {member}")


def spoil(shards: Path) -> Path:
    """Put a file where the folder of shards is; return where that is now."""
    aside = shards.with_name("aside")
    shards.rename(aside)
    shards.write_bytes(b"")
    return aside


def mend(shards: Path) -> None:
    shards.unlink()
    shards.with_name("aside").rename(shards)


def test_a_member_whose_shards_cannot_be_read_opens_and_does_all_else(
    few: Path, tmp_path: Path
) -> None:
    county = Path(shutil.copytree(few, tmp_path / "county"))
    with open_town(county, SystemClock()) as town:
        place = Place(town)
        holder = "regulator"
        cid, gone = put_at(place, holder, DATA), put_at(place, holder, DATA[:10_000])
        place.spread("village").grant(cid, holder, 1)
        place.spread("village").grant(gone, holder, 1)
        assert place.read(holder, gone) == DATA[:10_000]
    shards = county / holder / "shards"
    spoil(shards)
    with open_town(county, SystemClock()) as town:
        place = Place(town)
        spread = place.spread(holder)
        with pytest.raises(Unavailable, match=r"spread\.disk"):
            spread.ring.own.objects()
        assert place.read(holder, cid) == DATA
        assert place.read("village", cid) == DATA
        waiting = place.house.office("village").erase_object(str(gone))["waiting"]
        assert waiting == [holder], "it cannot say that it holds nothing"
        place.settle()
        report = place.tending[holder].round()
        assert set(report.failed) == {"spread.disk"}
        assert spread.desk.keys.find(gone) is None, "a key that was lent goes all the same"
        mend(shards)
        place.round()
        assert spread.ring.own.shards_of(cid)
        assert not spread.ring.own.shards_of(gone)


def test_the_owner_of_an_object_erases_it_though_its_own_shards_cannot_be_read(
    few: Path, tmp_path: Path
) -> None:
    county = Path(shutil.copytree(few, tmp_path / "county"))
    with open_town(county, SystemClock()) as town:
        cid = put_at(Place(town), "village", DATA)
    spoil(county / "village" / "shards")
    with open_town(county, SystemClock()) as town:
        place = Place(town)
        assert place.house.office("village").erase_object(str(cid))["waiting"] == ["village"]
        place.settle()
        kept = place.spread("village").storing.find_object(cid, "village")
        assert kept is not None
        assert kept.erased
        mend(county / "village" / "shards")


def test_where_there_is_no_object_a_member_whose_shards_cannot_be_read_goes_its_rounds(
    few: Path, tmp_path: Path
) -> None:
    county = Path(shutil.copytree(few, tmp_path / "county"))
    shards = county / "village" / "shards"
    shards.write_bytes(b"")
    with open_town(county, SystemClock()) as town:
        tending = Place(town).tending["village"]
        assert set(tending.round().failed) == {"spread.disk"}
        shards.unlink()
        assert tending.round().failed == {}


def test_the_verb_says_that_the_disk_does_not_take_a_quota(few: Path, tmp_path: Path) -> None:
    county = Path(shutil.copytree(few, tmp_path / "county"))
    shards = county / "village" / "shards"
    assert not shards.exists()
    shards.write_bytes(b"")
    for given in ([], ["1000"]):
        words = ["--lang", "en", "store", "quota", *given, "--shards", "--county", str(county)]
        found = CliRunner().invoke(tally, [*words, "--member", "village"])
        assert found.exit_code == 6, found.output
        assert "spread.disk" in found.output
    shards.unlink()
