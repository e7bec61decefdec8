"""A store that SQLite cannot open is begun anew, and what is lost with it is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from counties import CATALOGUE, FITTING, START_MS, open_town, take_in
from tallystick.base.clock import ManualClock
from tallystick.base.codec import DAG_CBOR
from tallystick.base.errors import Corrupt
from tallystick.cli.main import run
from tallystick.county.founding import found_county
from tallystick.county.objects import find_missing
from tallystick.county.upkeep import cures_of, repair_member, verify_member
from tallystick.services.positioning.catalogue import catalogue_from_toml

BANK, PUBLISHER = "credit-union", "finance"
BACKUP = (
    "Restore store.db from a backup. Where keys.db and master.key came from an older one, it is"
    " whoever was erased since that is missing: erase them again, tally party erase PARTY --yes."
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, clock = tmp_path_factory.mktemp("lost") / "county", ManualClock(START_MS)
    found_county(folder, clock=clock)
    clock.advance(1_000)
    with open_town(folder, clock) as town:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        town.house.node(PUBLISHER).positions.publish_catalogue(tree)
        take_in(town[BANK], FITTING)
        town.house.spread()
        # Another member reads the catalogue, and holds it from then on.
        town.house.node(BANK).desk.get_object(town.house.node(BANK).positions.catalogue())
    return folder


@pytest.fixture
def county(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "county"))


def short(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(100)


def no_database(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)


SHUT: list[Callable[[Path], None]] = [short, no_database, Path.unlink]


def spoil(home: Path, how: Callable[[Path], None]) -> bool:
    """Damage a store; tell whether a file is left of it."""
    for journal in home.glob("store.db-*"):
        journal.unlink()
    how(home / "store.db")
    return (home / "store.db").exists()


def test_a_whole_county_misses_no_object(county: Path) -> None:
    for home in (path.parent for path in county.glob("*/member.key")):
        assert find_missing(home) == [], home.name


@pytest.mark.parametrize("how", SHUT)
def test_public_objects_come_from_the_others_and_the_damaged_file_stays_beside(
    county: Path, how: Callable[[Path], None]
) -> None:
    home = county / PUBLISHER
    is_left = spoil(home, how)
    before = (home / "store.db").read_bytes() if is_left else b""
    report = verify_member(county, PUBLISHER)
    assert {each.field for each in report.findings} == {"store.db"}
    assert cures_of(report)[0].startswith(f"tally repair --member {PUBLISHER}; if it then still")
    done = repair_member(county, PUBLISHER)
    assert (done.changed, done.left) == (("store.db",), ())
    kept = home / "store.db.damaged-1"
    assert kept.exists() == is_left
    assert not is_left or kept.read_bytes() == before
    assert verify_member(county, PUBLISHER).is_sound
    with open_town(county, ManualClock(START_MS + 60_000)) as town:
        catalogue = town.house.node(PUBLISHER).positions.catalogue()
        assert town.house.node(PUBLISHER).store.has(catalogue)


@pytest.mark.parametrize("how", SHUT)
def test_sealed_objects_are_named_as_lost_until_a_backup_brings_them(
    county: Path, how: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    home = county / BANK
    backup = (home / "store.db").read_bytes()
    spoil(home, how)
    words = ["--lang", "en", "repair", "--county", str(county), "--member", BANK]
    assert run(words) == Corrupt.exit_status
    told = "".join(capsys.readouterr())
    assert "missing object" in told
    assert "; sealed: only a backup has it" in told
    # The county goes on with what is there; the catalogue is made anew from the chain.
    with open_town(county, ManualClock(START_MS + 60_000)) as town:
        town.house.node(BANK).positions.catalogue()
        assert town[BANK].list_cases()
    report = verify_member(county, BANK)
    assert cures_of(report) == [BACKUP]
    named = [each.detail.split()[2].rstrip(";") for each in report.findings]
    assert named == [str(cid) for cid in find_missing(home)]
    assert len(named) > 1
    assert all(cid.codec != DAG_CBOR for cid in find_missing(home))
    for path in home.glob("store.db*"):
        path.unlink()
    (home / "store.db").write_bytes(backup)
    assert verify_member(county, BANK).is_sound


def test_what_was_erased_is_not_missed(county: Path) -> None:
    """Its keys are gone: no backup is to bring it."""
    with open_town(county, ManualClock(START_MS + 60_000)) as town:
        node = town.house.node(BANK)
        (case,) = node.views.rows("case", {"owner": BANK})
        assert node.consent.erase(node.desk.party_of(case["case"]))
    assert find_missing(county / BANK) == []
    assert verify_member(county, BANK).is_sound


def test_a_public_object_that_nobody_gives_is_named_with_what_may_bring_it(county: Path) -> None:
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        for path in county.glob(f"*/{name}"):
            path.unlink()
    (report,) = repair_member(county, PUBLISHER).left
    assert all(each.detail.startswith("missing object ") for each in report.findings)
    (cure,) = cures_of(report)
    assert "repair again when more members answer, or restore store.db from a backup" in cure
