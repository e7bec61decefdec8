"""Copies of one county are held against one another, however high each of them stands."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tallystick.base.clock import ManualClock
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.upkeep import cures_of, verify_county
from tallystick.kernel.ledger.finding import Report

START_MS = 1_790_000_000_000
ORDERER = "finance"
NEWS = ("一", "二", "三")


@pytest.fixture
def county(tmp_path: Path) -> Path:
    folder = tmp_path / "county"
    found_county(folder, seed="upkeep", clock=ManualClock(START_MS))
    publish(folder, ["零"])
    return folder


def publish(folder: Path, texts: Sequence[str]) -> int:
    """Let the newspaper publish, all members following; return the height."""
    with open_house(folder, ManualClock(START_MS + 1_000)) as house:
        for text in texts:
            house.office("newspaper").publish_news(text)
        house.spread()
        return house.orderer.replica.tip.height


def exchange(folder: Path, other: Path, member: str) -> None:
    """Put a member's folder of another county in the place of its own."""
    shutil.rmtree(folder / member)
    shutil.copytree(other / member, folder / member)


def faulty(folder: Path, members: Sequence[str] = ()) -> dict[str, Report]:
    return {each.member: each for each in verify_county(folder, members) if not each.is_sound}


@pytest.mark.parametrize(
    ("here", "there"),
    [(3, 1), *(pytest.param(*each, marks=pytest.mark.long) for each in ((1, 3), (2, 2)))],
)
@pytest.mark.parametrize("member", [ORDERER, "regulator"])
def test_a_copy_of_another_chain_is_found_at_whatever_height_it_stands(
    county: Path, tmp_path: Path, member: str, here: int, there: int
) -> None:
    other = Path(shutil.copytree(county, tmp_path / "other"))
    begun = publish(county, NEWS[:here]) - here
    publish(other, [f"{text}!" for text in NEWS[:there]])
    exchange(county, other, member)
    found = faulty(county)
    # The orderer's copy is read first, and each of the others contradicts it.
    assert set(found) == ({member} if member != ORDERER else set(found)) != set()
    assert len(found) == (11 if member == ORDERER else 1)
    for report in found.values():
        (fork,) = report.findings
        first = ORDERER
        assert (fork.height, fork.field) == (begun + min(here, there), "header")
        assert (fork.detail, fork.expected != fork.got) == (f"{first} differs", True)
        assert report.kept is None
        assert f"{first} or {report.member}" in cures_of(report)[0]


def test_a_copy_that_is_behind_contradicts_nobody(county: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(county, tmp_path / "other"))
    publish(county, NEWS)
    for member in ("agriculture", "regulator"):
        exchange(county, other, member)
    assert faulty(county) == {}


def test_a_short_copy_hides_no_fork_between_those_beyond_it(county: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(county, tmp_path / "other"))
    short = Path(shutil.copytree(county, tmp_path / "short"))
    publish(county, NEWS)
    publish(other, [f"{text}!" for text in NEWS[:2]])
    exchange(county, short, ORDERER)
    exchange(county, other, "regulator")
    assert set(faulty(county, [ORDERER, "village", "regulator"])) == {"regulator"}


def test_a_folder_that_is_gone_is_a_finding(county: Path) -> None:
    shutil.rmtree(county / ORDERER)
    found = faulty(county)
    assert set(found) == {ORDERER}
    (gone,) = found[ORDERER].findings
    assert "folder is missing" in gone.detail
    assert "backup" in cures_of(found[ORDERER])[0]
