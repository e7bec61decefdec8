"""A member that was voted out: its copy is mended as the others' are, and its folder may go."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from counties import found
from newcomers import carry
from tallystick.base.clock import SystemClock
from tallystick.base.errors import NotFound
from tallystick.cli.main import tally
from tallystick.county.founding import read_county
from tallystick.county.gone import part_members
from tallystick.county.house import open_house
from tallystick.county.present import list_in_force
from tallystick.county.upkeep import cures_of, repair_member, verify_county, verify_member

NAMES = ("finance", "regulator", "newspaper", "village", "insurer")
LEFT = "village"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of five, one of which was voted out."""
    folder = found(
        tmp_path_factory.mktemp("left"), SystemClock(), catalogue=False, names=list(NAMES)
    )
    assert LEFT not in carry(folder, lambda each: each.propose_leaving(LEFT)).by_name
    with open_house(folder, SystemClock()) as house:
        house.spread()
    return folder


@pytest.fixture
def county(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "county"))


def damage(folder: Path, member: str) -> None:
    """Change one byte of the second block of a member's copy."""
    with contextlib.closing(sqlite3.connect(folder / member / "ledger.db")) as plain, plain:
        plain.execute("UPDATE block SET body = body || x'00' WHERE height = 2")


def test_the_copy_of_one_that_has_left_is_repaired_as_verify_says(county: Path) -> None:
    damage(county, LEFT)
    report = verify_member(county, LEFT)
    assert not report.is_sound
    assert cures_of(report) == [f"tally repair --member {LEFT}."]
    done = repair_member(county, LEFT)
    assert (done.chain.fetched, done.left) == ((2,), ())
    assert verify_member(county, LEFT).is_sound


def test_all_that_verify_names_is_taken_by_repair(county: Path) -> None:
    for report in verify_county(county):
        assert repair_member(county, report.member).left == (), report.member
    with pytest.raises(NotFound, match=r"member\.unknown"):
        repair_member(county, "nobody")
    assert not (county / "nobody").exists()


def test_a_copy_repaired_beside_a_leader_that_is_ahead_ends(county: Path) -> None:
    """What a quorum signed is then no more than the own copy holds, and the leader shows more."""
    kept = {name: (county / name / "ledger.db").read_bytes() for name in NAMES[1:]}
    with open_house(county, SystemClock()) as house:
        house.office("newspaper").publish_news("news")
        height = house.ordered.tip.height
    for name, data in kept.items():
        for path in (county / name).glob("ledger.db-*"):
            path.unlink()
        (county / name / "ledger.db").write_bytes(data)
    damage(county, LEFT)
    assert repair_member(county, LEFT).chain.height >= height - 1


def test_a_county_goes_on_without_the_folder_of_one_that_has_left(
    county: Path, tmp_path: Path
) -> None:
    (county / LEFT).rename(tmp_path / LEFT)
    here, gone = part_members(county, read_county(county))
    assert (LEFT in here, gone) == (False, [])
    with open_house(county, SystemClock()) as house:
        assert house.leader == NAMES[0]
        assert all(not seat.terms.number for seat in house.seats())
        house.office("newspaper").publish_news("news")
        house.spread()
        assert len({node.replica.tip.cid for node in house.nodes()}) == 1
    assert LEFT not in {each.name for each in list_in_force(county)}
    told = CliRunner().invoke(tally, ["county", "show", "--county", str(county), "--lang", "en"])
    assert told.exit_code == 0, told.output


def test_verify_tells_of_one_that_has_left_and_finds_no_fault(county: Path, tmp_path: Path) -> None:
    (county / LEFT).rename(tmp_path / LEFT)
    reports = {each.member: each for each in verify_county(county)}
    assert all(report.is_sound for report in reports.values())
    assert (reports[LEFT].height, reports[LEFT].header) == (-1, None)
    told = CliRunner().invoke(tally, ["verify", "--county", str(county), "--lang", "en"])
    assert told.exit_code == 0, told.output
    assert f"{LEFT}\t-\tleft" in told.output
    with pytest.raises(NotFound, match=r"member\.elsewhere"):
        repair_member(county, LEFT)


def test_the_folder_of_a_member_in_force_is_missed(county: Path, tmp_path: Path) -> None:
    (county / "insurer").rename(tmp_path / "insurer")
    assert part_members(county, read_county(county))[1] == ["insurer"]
    (missed,) = (each for each in verify_county(county) if not each.is_sound)
    assert missed.member == "insurer"
    with pytest.raises(NotFound, match=r"member\.elsewhere"), open_house(county, SystemClock()):
        pytest.fail("a county was opened without the folder of a member")
