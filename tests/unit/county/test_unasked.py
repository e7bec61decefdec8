"""A repair that could ask nobody says so: the copy may be far behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counties import CATALOGUE
from machines import NAMES, Machines, await_until, open_machines
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Corrupt
from tallystick.cli.main import run
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.member import MEMBERS
from tallystick.county.upkeep import cures_of, repair_member, verify_member
from tallystick.kernel.link.book import BOOK_FILE
from tallystick.services.positioning.catalogue import catalogue_from_toml

OWN = "village"
OTHERS = [name for name in NAMES if name != OWN]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with open_machines(tmp_path) as found:
        yield found


def publish(machines: Machines, text: str) -> None:
    news: Any = machines.houses["newspaper"].office("newspaper")
    news.publish_news(text)
    await_until(machines.is_level)


@pytest.fixture
def alone(machines: Machines, tmp_path: Path) -> Path:
    """One member's folder, at rest and behind the others, which are served."""
    publish(machines, "rain")
    machines.end(OWN)
    publish(machines, "sun")
    folder = tmp_path / "alone"
    shutil.copytree(machines.county, folder, ignore=shutil.ignore_patterns(*OTHERS))
    return folder


def test_a_copy_behind_is_not_called_mended_while_nobody_answers(
    machines: Machines, alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machines.end(*OTHERS)
    done = repair_member(alone, OWN)
    # By its own files nothing is wrong with it: what it lacks, others alone know.
    assert verify_member(alone, OWN).is_sound
    assert (done.chain.height, done.chain.damaged) == (1, None)
    (report,) = done.left
    (found,) = report.findings
    assert (found.field, found.got) == ("ledger.db", "ledger.unasked")
    (cure,) = cures_of(report)
    for left in done.chain.left:
        assert left.member in OTHERS
        assert f"{left.member} ({left.code})" in cure
    assert len(done.chain.left) == len(OTHERS)
    for language, said in (("en", "Let one of them answer"), ("zh", "等其中一个能回答")):
        capsys.readouterr()
        words = ["--lang", language, "repair", "--county", str(alone), "--member", OWN]
        assert run(words) == Corrupt.exit_status
        assert said in "".join(capsys.readouterr())


def test_one_that_answers_is_enough(machines: Machines, alone: Path) -> None:
    machines.end("credit-union", "newspaper")
    done = repair_member(alone, OWN)
    assert (done.chain.height, done.left) == (2, ())
    # Where nothing comes any more since the copy is level, nothing is left either.
    assert repair_member(alone, OWN).left == ()


def test_whoever_knows_no_address_is_told_whose(machines: Machines, alone: Path) -> None:
    machines.end(*OTHERS)
    (alone / OWN / BOOK_FILE).unlink()
    (report,) = repair_member(alone, OWN).left
    (cure,) = cures_of(report)
    assert all(f"{name} (member.elsewhere)" in cure for name in OTHERS)


def test_a_county_in_one_folder_and_one_of_one_member_have_nobody_elsewhere(
    machines: Machines, tmp_path: Path
) -> None:
    publish(machines, "rain")
    machines.end(*NAMES)
    assert repair_member(machines.county, OWN).left == ()
    single = tmp_path / "single"
    chosen = [each for each in MEMBERS if each.name == "finance"]
    found_county(single, clock=SystemClock(), members=chosen)
    with open_house(single, SystemClock()) as house:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        house.node("finance").positions.publish_catalogue(tree)
    assert repair_member(single, "finance").left == ()
