"""The file of who orders: each flipped bit is found, and what others hold makes it whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from counties import START_MS
from machines import NAMES
from tallystick.base.clock import ManualClock
from tallystick.base.codec import encode
from tallystick.base.errors import Corrupt
from tallystick.cli.main import run
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.inventory import check_files
from tallystick.county.leading import agree, lead_all
from tallystick.county.member import MEMBERS
from tallystick.county.terms import find_faults
from tallystick.county.upkeep import cures_of, repair_member, verify_member
from tallystick.kernel.ledger.term import TERM_FILE, Held, read_held, write_held

OWN, NEXT, LATER = "village", "credit-union", "newspaper"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of four, another of which came to order."""
    folder, clock = tmp_path_factory.mktemp("term") / "county", ManualClock(START_MS)
    chosen = [each for each in MEMBERS if each.name in NAMES]
    found_county(folder, clock=clock, members=chosen)
    clock.advance(1_000)
    with open_house(folder, clock) as house:
        house.office("newspaper").publish_news("rain", language="en")
        house.spread()
    lead_all(folder, NEXT, clock=clock)
    return folder


@pytest.fixture
def county(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "county"))


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def test_each_flipped_bit_is_found(county: Path) -> None:
    path = county / OWN / TERM_FILE
    data = path.read_bytes()
    assert list(find_faults(path.parent)) == []
    missed = []
    # A bit of each byte, another one each time: all eight places come by turns.
    for at in range(len(data)):
        flip(path, at * 8 + at % 8)
        try:
            found = list(find_faults(path.parent))
        except Corrupt as error:
            found = [error.code]
        if not found:
            missed.append(at)
        path.write_bytes(data)
    assert missed == []


def test_another_members_consent_is_no_own_one(county: Path) -> None:
    other = read_held(county / LATER / TERM_FILE)
    write_held(county / OWN / TERM_FILE, other)
    (fault,) = check_files(county / OWN)
    assert (fault.field, "consent" in fault.detail) == (TERM_FILE, True)


@pytest.mark.parametrize("bit", [40, -8 * 20])
def test_a_damaged_file_is_named_and_made_whole_from_the_others(county: Path, bit: int) -> None:
    path = county / OWN / TERM_FILE
    before, data = read_held(path), path.read_bytes()
    flip(path, bit % (8 * len(data)))
    damaged = path.read_bytes()
    report = verify_member(county, OWN)
    assert [each.field for each in report.findings] == [TERM_FILE]
    assert cures_of(report)[0].startswith(f"tally repair --member {OWN}, more than a third")
    done = repair_member(county, OWN)
    assert (done.changed, done.left) == ((TERM_FILE,), ())
    assert (path.parent / f"{TERM_FILE}.damaged-1").read_bytes() == damaged
    assert read_held(path).term == before.term
    assert verify_member(county, OWN).is_sound
    with open_house(county, ManualClock(START_MS + 60_000)) as house:
        assert house.leader == NEXT
        assert {seat.terms.number for seat in house.seats()} == {1}


def test_what_of_it_holds_is_kept(county: Path) -> None:
    """The own consent is not given away where the certificate alone is damaged."""
    path = county / OWN / TERM_FILE
    held = read_held(path)
    assert held.term is not None
    short = type(held.term)(held.term.consents[:2])
    write_held(path, Held(held.consent, short))
    assert repair_member(county, OWN).left == ()
    assert read_held(path) == held


def test_where_too_few_answer_it_stays_with_its_cure(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = county / OWN / TERM_FILE
    path.write_bytes(b"nothing")
    for name in NAMES:
        if name not in {OWN, NEXT}:
            (county / name / TERM_FILE).write_bytes(b"nothing")
    assert run(["--lang", "en", "repair", "--county", str(county), "--member", OWN]) == (
        Corrupt.exit_status
    )
    told = "".join(capsys.readouterr())
    assert "restore it from a backup, or remove it once the other members agree" in told
    assert path.read_bytes() == b"nothing"


def test_a_lost_consent_that_may_count_is_not_taken_for_none(county: Path) -> None:
    """Another waits for a certificate that this member's consent may be part of."""
    clock = ManualClock(START_MS + 60_000)
    agree(county, "finance", LATER, clock=clock)
    path = county / OWN / TERM_FILE
    path.write_bytes(b"nothing")
    (report,) = repair_member(county, OWN).left
    assert [each.field for each in report.findings] == [TERM_FILE]
    assert path.read_bytes() == b"nothing"


def test_a_consent_that_nobody_counted_is_begun_anew(county: Path) -> None:
    """In the founder's term nothing stands in the file but a consent: without it there is none."""
    for name in NAMES:
        (county / name / TERM_FILE).unlink()
    agree(county, OWN, LATER, clock=ManualClock(START_MS + 60_000))
    path = county / OWN / TERM_FILE
    path.write_bytes(path.read_bytes() + encode(0))
    assert repair_member(county, OWN).left == ()
    assert not path.exists()
    assert verify_member(county, OWN).is_sound
