"""A member that ordered alone comes back beside others that went on under another leader.

What it alone had signed is dropped by `tally repair`, whose word is a quorum's and nobody's else.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cards import Tally
from counties import FITTING, open_town, take_in
from tallystick.base.clock import ManualClock
from tallystick.base.codec import cid_of
from tallystick.base.errors import Conflict
from tallystick.charter import CHARTER
from tallystick.county.house import open_house
from tallystick.county.leading import lead_all
from tallystick.county.upkeep import repair_member, verify_county
from tallystick.kernel.ledger.pen import read_signed
from tallystick.kernel.ledger.replica import Replica

OLD, NEXT, BANK = "finance", "regulator", "credit-union"


def _order_alone(county: Path, clock: ManualClock, folder: Path, count: int) -> Path:
    """Return the old leader's folder after so many more blocks that it alone has signed."""
    away = Path(shutil.copytree(county, folder / "away"))
    with open_house(away, clock) as house:
        for number in range(count):
            house.office(OLD).propose_limit("block_transactions", 400 + number)
            house._cosign_own(house.seat(OLD))
        replica = house.node(OLD).replica
        tip = replica.tip.height
        for height in range(tip - count + 1, tip + 1):
            assert replica.cosignatures(height).keys() == {OLD}
    return away / OLD


def _go_on(county: Path, clock: ManualClock, leader: str, count: int) -> int:
    """Let the others make a member order, and record under it; return the term's base."""
    base = lead_all(county, leader, clock=clock).base[0]
    for _ in range(count):
        clock.advance(1_000)
        with open_house(county, clock) as house:
            assert house.leader == leader
            house.office("newspaper").publish_news("news")
            house.spread()
            house.spread()
    return base


def _headers(home: Path) -> list[bytes]:
    replica = Replica.open(home / "ledger.db", CHARTER)
    try:
        return [replica.header(height) for height in range(1, replica.tip.height + 1)]
    finally:
        replica.close()


@pytest.fixture
def county(county: Path, clock: ManualClock) -> Path:
    """A county with a case that all have cosigned, closed."""
    with open_town(county, clock) as town:
        take_in(town[BANK], FITTING)
        town.house.spread()
        town.house.spread()
    return county


@pytest.mark.parametrize("terms", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("alone", [pytest.param(1, marks=pytest.mark.long), 4])
def test_an_old_leader_with_blocks_of_its_own_comes_back_and_is_repaired(
    county: Path, clock: ManualClock, tmp_path: Path, tally: Tally, *, terms: int, alone: int
) -> None:
    left = _order_alone(county, clock, tmp_path, alone)
    dropped = _headers(left)
    (county / OLD).rename(tmp_path / "old")
    base = _go_on(county, clock, NEXT, 2)
    if terms == 2:
        assert _go_on(county, clock, BANK, 1) == base + 2
    shutil.copytree(left, county / OLD)
    with (
        pytest.raises(Conflict, match=rf"ledger\.superseded.* beyond height {base} "),
        open_house(county, clock),
    ):
        pytest.fail("a county with a member's other blocks was opened")
    (told,) = tally("repair", "--county", str(county), "--member", OLD)
    assert (told["kept"], told["fetched"]) == (base, list(range(base + 1, told["height"] + 1)))
    assert told["left_out"] == []
    assert _headers(county / OLD) == _headers(county / NEXT)
    assert _headers(county / OLD)[:base] == dropped[:base]
    assert all(report.is_sound for report in verify_county(county))
    signed = read_signed(county / OLD / "signed.bin")
    assert signed is not None
    # It stands on a block of the members' chain: where the two parted, or at the newest base.
    header = cid_of(_headers(county / NEXT)[signed.height - 1])
    assert (signed.header, signed.floor[0]) == (header, base + alone)
    _check_its_pen(county, clock, base, base + alone)


def _check_its_pen(county: Path, clock: ManualClock, base: int, signed: int) -> None:
    """Nothing of the heights that it had signed bears its name again, and what follows does."""
    with open_house(county, clock) as house:
        seat = house.seat(OLD)
        for height in range(base + 1, min(signed, seat.node.replica.tip.height) + 1):
            with pytest.raises(Conflict, match=r"ledger\.signed_beyond"):
                seat.pen.sign(height)
        for _ in range(6):
            clock.advance(1_000)
            house.office("newspaper").publish_news("more")
            house.spread()
            house.spread()
        replica = seat.node.replica
        assert replica.tip == house.ordered.tip
        for height in range(base + 1, signed + 1):
            assert OLD not in replica.cosignatures(height)
        assert OLD in replica.cosignatures(replica.tip.height)
        assert OLD in house.ordered.cosignatures(replica.tip.height)
    assert all(report.is_sound for report in verify_county(county))


def test_a_lost_file_and_a_pen_of_other_blocks_end_as_well(
    county: Path, clock: ManualClock, tmp_path: Path
) -> None:
    left = _order_alone(county, clock, tmp_path, 2)
    (county / OLD).rename(tmp_path / "old")
    base = _go_on(county, clock, NEXT, 3)
    shutil.copytree(left, county / OLD)
    for path in (county / OLD).glob("ledger.db*"):
        path.unlink()
    done = repair_member(county, OLD)
    assert done.left == ()
    assert _headers(county / OLD) == _headers(county / NEXT)
    signed = read_signed(county / OLD / "signed.bin")
    assert signed is not None
    assert signed.floor[0] == base + 2
    with open_house(county, clock) as house:
        assert house.node(OLD).replica.tip == house.ordered.tip
    assert all(report.is_sound for report in verify_county(county))
