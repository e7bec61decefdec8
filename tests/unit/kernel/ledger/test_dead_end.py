"""Own blocks that run nowhere and that nobody else knows of end no chain: a repair drops them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.town import ORDERER, Town
from tallystick.base.codec import cid_of
from tallystick.base.errors import Conflict, Unavailable
from tallystick.chain.block import Execution, propose_block
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.finding import Report
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.pen import RestingPen, read_signed
from tallystick.kernel.ledger.repair import Repaired, repair_chain

BLOCKS = 4
OTHERS = ("bank", "bureau", "coop")
NEXT = "bureau"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Members that have all signed some blocks."""
    found = Town(tmp_path, Chain())
    found.open_all()
    order(found, 1, BLOCKS)
    for _ in range(2):
        found.pull_all()
    yield found
    found.close()


def order(town: Town, first: int, count: int = 1, by: str = ORDERER) -> None:
    """Let whoever orders cut blocks of one record each."""
    ledger = town.houses[by].ledger
    assert isinstance(ledger, Orderer)
    for number in range(first, first + count):
        ledger.submit(town.chain.sign(number, [town.chain.news(number)]))
        town.chain.clock.advance(7)
        assert ledger.cut() is not None


def order_wrongly(town: Town, number: int) -> None:
    """Let the orderer keep and sign a block run on a state that misses what it holds."""
    house = town.houses[ORDERER]
    replica, tip = house.replica, house.replica.tip
    found = Transaction.read(town.chain.sign(number, [town.chain.news(number)]))
    run = Execution(tip, lambda _: None, CHARTER, tip.time + 7)
    run.add(found)
    data, effects = propose_block(run, [found], tip=tip, proposer=ORDERER, nonce=bytes(16))
    replica.commit(data, effects)
    house.pen.sign(replica.tip.height)


def damage(town: Town, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(town.path(ORDERER))) as plain, plain:
        assert plain.execute(statement).rowcount > 0


def mend(town: Town) -> Repaired:
    """Repair the orderer's copy at rest; its pen lets go of what is dropped."""
    with contextlib.closing(town.network.join(ORDERER)) as link:
        pen = RestingPen(town.folder / ORDERER / "pen")
        path = town.path(ORDERER)
        return repair_chain(path, CHARTER, genesis=town.chain.genesis, link=link, pen=pen)


def audit(town: Town) -> Report:
    return town.houses[ORDERER].replica.audit(ORDERER)


def follow(town: Town) -> None:
    """Let the others take over what the orderer has, and all learn who signed."""
    for _ in range(2):
        town.pull_all()
    tips = {name: house.replica.tip.cid for name, house in town.houses.items()}
    assert set(tips.values()) == {tips[ORDERER]}


def test_an_own_block_that_does_not_run_is_dropped(town: Town) -> None:
    order_wrongly(town, BLOCKS + 1)
    assert not audit(town).is_sound
    size = town.houses[ORDERER].replica.tip.peaks.size
    town.pull_all()
    town.crash(ORDERER)
    done = mend(town)
    assert (done.height, done.kept, done.fetched, done.left) == (BLOCKS, BLOCKS, (), ())
    signed = read_signed(town.folder / ORDERER / "pen")
    assert signed is not None
    assert (signed.height, signed.floor) == (BLOCKS, (BLOCKS + 1, size))
    house = town.open(ORDERER)
    assert audit(town).is_sound
    house.pen.check()
    assert set(OTHERS) <= house.replica.cosignatures(BLOCKS).keys()


def test_nothing_of_a_dropped_height_is_signed_again(town: Town) -> None:
    order_wrongly(town, BLOCKS + 1)
    dropped = cid_of(town.houses[ORDERER].replica.header(BLOCKS + 1))
    town.crash(ORDERER)
    mend(town)
    replica = town.open(ORDERER).replica
    # Another block of that height stands without this member's name, the next one bears it.
    found = Transaction.read(town.chain.sign(BLOCKS + 1, [town.chain.news(BLOCKS + 1)]))
    run = Execution(replica.tip, replica.read, CHARTER, replica.tip.time + 7)
    run.add(found)
    told = propose_block(run, [found], tip=replica.tip, proposer=ORDERER, nonce=bytes(16))
    replica.commit(*told)
    assert cid_of(replica.header(BLOCKS + 1)) != dropped
    with pytest.raises(Conflict, match=r"ledger\.signed_beyond"):
        town.houses[ORDERER].pen.sign(BLOCKS + 1)
    order(town, BLOCKS + 2)
    follow(town)
    assert ORDERER not in replica.cosignatures(BLOCKS + 1)
    assert replica.cosignatures(BLOCKS + 2).keys() == {ORDERER, *OTHERS}
    assert audit(town).is_sound


@pytest.mark.parametrize("column", ["body", "header", "digest"])
def test_a_damaged_last_block_that_nobody_else_holds_is_dropped(town: Town, column: str) -> None:
    order(town, BLOCKS + 1, 3)
    damage(town, f"UPDATE block SET {column} = x'80' WHERE height = {BLOCKS + 2}")
    town.crash(ORDERER)
    done = mend(town)
    # What runs is kept, though nobody else holds it.
    assert (done.height, done.kept, done.fetched) == (BLOCKS + 1, BLOCKS + 1, ())
    signed = read_signed(town.folder / ORDERER / "pen")
    assert signed is not None
    assert (signed.height, signed.floor[0]) == (BLOCKS + 1, BLOCKS + 3)
    town.open(ORDERER).pen.check()
    follow(town)


def test_the_last_header_lost_with_its_size_lets_the_pen_go_too(town: Town) -> None:
    order(town, BLOCKS + 1)
    size = town.houses[ORDERER].replica.tip.peaks.size
    damage(town, f"UPDATE block SET header = x'80' WHERE height = {BLOCKS + 1}")
    town.crash(ORDERER)
    assert mend(town).height == BLOCKS
    signed = read_signed(town.folder / ORDERER / "pen")
    assert signed is not None
    assert (signed.height, signed.floor[0]) == (BLOCKS, BLOCKS + 1)
    assert signed.floor[1] >= size
    town.open(ORDERER).pen.check()


def test_a_damaged_last_block_that_one_other_holds_comes_from_it(town: Town) -> None:
    order(town, BLOCKS + 1)
    town.follower("bank").pull()
    damage(town, f"UPDATE block SET body = x'80' WHERE height = {BLOCKS + 1}")
    tip = town.houses[ORDERER].replica.tip
    town.crash(ORDERER)
    assert mend(town).fetched == (BLOCKS + 1,)
    assert town.open(ORDERER).replica.tip == tip


def test_a_block_is_not_dropped_while_a_quorum_does_not_answer(town: Town) -> None:
    order_wrongly(town, BLOCKS + 1)
    town.crash(ORDERER)
    town.crash("bank")
    before = town.path(ORDERER).read_bytes(), (town.folder / ORDERER / "pen").read_bytes()
    with pytest.raises(Unavailable, match=rf"ledger\.no_source.* height {BLOCKS + 1} of"):
        mend(town)
    after = town.path(ORDERER).read_bytes(), (town.folder / ORDERER / "pen").read_bytes()
    assert after == before
    town.open("bank")
    assert mend(town).height == BLOCKS


def test_a_block_that_more_than_a_third_have_signed_is_not_dropped(town: Town) -> None:
    order(town, BLOCKS + 1)
    # Copies as they are now answer for members who have signed one block more since.
    kept = {name: town.path(name).read_bytes() for name in OTHERS}
    follow(town)
    damage(town, f"UPDATE block SET body = x'80' WHERE height = {BLOCKS + 1}")
    town.crash(ORDERER)
    for name, data in kept.items():
        town.crash(name)
        for path in town.path(name).parent.glob("ledger.db-*"):
            path.unlink()
        town.path(name).write_bytes(data)
        (town.folder / name / "pen").unlink()
        assert town.open(name).replica.tip.height <= BLOCKS
    with pytest.raises(Unavailable, match=r"ledger\.no_source"):
        mend(town)


def test_a_lost_end_that_nobody_holds_lets_the_pen_go(town: Town) -> None:
    kept = town.path(ORDERER).read_bytes()
    order(town, BLOCKS + 1, 2)
    town.crash(ORDERER)
    for path in town.path(ORDERER).parent.glob("ledger.db-*"):
        path.unlink()
    town.path(ORDERER).write_bytes(kept)
    height = mend(town).height
    assert height <= BLOCKS
    signed = read_signed(town.folder / ORDERER / "pen")
    assert signed is not None
    assert signed.floor[0] == BLOCKS + 2
    town.open(ORDERER).pen.check()


@pytest.mark.parametrize("column", ["body", "header"])
@pytest.mark.parametrize("beyond", [1, 4])
def test_a_damaged_chain_left_behind_is_dropped_though_it_is_the_longer(
    town: Town, beyond: int, column: str
) -> None:
    order(town, BLOCKS + 1, 2 + beyond)
    town.crash(ORDERER)
    for name in OTHERS:
        town.houses[name].terms.agree(1, NEXT, town.chain.notes[name])
    house = town.houses[NEXT]
    assert house.terms.gather(house.link).base[0] == BLOCKS
    town.follower(NEXT).take_term()
    town.reopen(NEXT)
    order(town, BLOCKS + 1, 2, by=NEXT)
    for name in OTHERS:
        if name != NEXT:
            town.follower(name).learn()
    for _ in range(2):
        town.pull_all()
    damage(town, f"UPDATE block SET {column} = x'80' WHERE height = {BLOCKS + 1}")
    done = mend(town)
    height = BLOCKS + 2
    assert (done.height, done.kept, done.fetched) == (height, BLOCKS, (height - 1, height))
    assert done.left == ()
    signed = read_signed(town.folder / ORDERER / "pen")
    assert signed is not None
    assert (signed.height, signed.floor) == (BLOCKS, (height + beyond, height + beyond))
    town.open(ORDERER).pen.check()
