"""A leader whose own newest block does not run goes on from the head that the others hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from counties import found
from tallystick.base.clock import SystemClock
from tallystick.chain.block import Execution, propose_block, read_block
from tallystick.charter import CHARTER
from tallystick.county.house import open_house
from tallystick.county.leading import lead_all
from tallystick.county.upkeep import repair_member, verify_county
from tallystick.kernel.ledger.pen import read_signed

NAMES = ("finance", "regulator", "newspaper", "village")
LEADER = NAMES[0]


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """A county whose leader alone holds, and has signed, a block of a state that it misread."""
    folder = found(tmp_path, SystemClock(), catalogue=False, names=list(NAMES))
    with open_house(folder, SystemClock()) as house:
        house.office("newspaper").publish_news("news")
        house.spread()
        house.spread()
        seat = house.seat(LEADER)
        replica, tip = seat.node.replica, seat.node.replica.tip
        # The last transaction of the newspaper once more: a state without a window takes it.
        _, _, sent = read_block(replica.block(tip.height))
        again = sent[-1]
        run = Execution(tip, lambda _: None, CHARTER, tip.time + 1)
        run.add(again)
        told = propose_block(run, [again], tip=tip, proposer=LEADER, nonce=bytes(16))
        replica.commit(*told)
        seat.pen.sign(replica.tip.height)
    return folder


def dead(folder: Path) -> set[str]:
    return {each.member for each in verify_county(folder) if not each.is_sound}


def test_a_leader_with_a_block_that_does_not_run_is_repaired_and_another_goes_on(
    county: Path,
) -> None:
    assert dead(county) == {LEADER}
    signed = read_signed(county / LEADER / "signed.bin")
    assert signed is not None
    done = repair_member(county, LEADER)
    assert (done.chain.height, done.chain.fetched, done.left) == (signed.height - 1, (), ())
    assert dead(county) == set()
    lead_all(county, NAMES[1], clock=SystemClock())
    go_on(county, NAMES[1], signed.height)


def test_the_leader_itself_orders_on_and_signs_no_dropped_height(county: Path) -> None:
    signed = read_signed(county / LEADER / "signed.bin")
    assert signed is not None
    repair_member(county, LEADER)
    go_on(county, LEADER, signed.height)


def go_on(folder: Path, leader: str, dropped: int) -> None:
    """Record twice beyond a height that the first leader has signed otherwise."""
    with open_house(folder, SystemClock()) as house:
        assert house.leader == leader
        for text in ("one", "two"):
            house.office("newspaper").publish_news(text)
            house.spread()
            house.spread()
        replica = house.node(LEADER).replica
        assert replica.tip == house.ordered.tip
        assert replica.tip.height > dropped
        assert LEADER not in house.ordered.cosignatures(dropped)
        assert LEADER in house.ordered.cosignatures(replica.tip.height)
    assert dead(folder) == set()
