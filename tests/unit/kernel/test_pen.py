from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.chain import Chain
from simulation.town import ORDERER, House, Town
from tallystick.base.errors import Conflict, Corrupt, Denied, Unavailable
from tallystick.chain.checkpoint import cosign, verify_checkpoint
from tallystick.kernel.ledger.pen import CLOCK_AHEAD_MAX_MS, Pen
from tallystick.kernel.ledger.witness import grid


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(tmp_path, Chain())
    found.open_all()
    yield found
    found.close()


def _order(town: Town, count: int, first: int = 1) -> None:
    for number in range(first, first + count):
        town.orderer.submit(town.chain.sign(number, [town.chain.news(number)]))
        town.chain.clock.advance(7)
        assert town.orderer.cut() is not None


def _pen(house: House, town: Town) -> Pen:
    """Open the member's pen again, as after a restart."""
    house.pen.close()
    return Pen(
        house.folder / "pen",
        house.replica,
        house.name,
        town.chain.notes[house.name],
        town.chain.clock,
    )


def test_a_quorum_of_cosignatures_makes_a_checkpoint_with_authority(town: Town) -> None:
    _order(town, 3)
    witnesses = town.houses[ORDERER].witnesses
    town.follower("bank").pull()
    assert witnesses.height == 0
    town.follower("coop").pull()
    assert witnesses.height == 3
    assert witnesses.wait(3, 0)
    assert not witnesses.wait(4, 0)
    genesis = town.chain.genesis
    found = verify_checkpoint(
        witnesses.note(3), name="testcounty", chain=genesis.chain, members=town.chain.list
    )
    assert (found.body.height, sorted(found.signers)) == (3, ["bank", "coop", ORDERER])


def test_followers_learn_who_else_cosigned(town: Town) -> None:
    _order(town, 2)
    for _ in range(2):
        town.pull_all()
    _order(town, 1, first=3)
    for _ in range(2):
        town.pull_all()
    assert all(house.witnesses.height == 3 for house in town.houses.values())
    assert len(town.houses["bank"].replica.cosignatures(3)) >= 3


def test_a_height_is_signed_once_and_gives_the_same_line(town: Town) -> None:
    _order(town, 2)
    pen = town.houses[ORDERER].pen
    line = pen.sign(2)
    town.chain.clock.advance(5_000)
    assert pen.sign(2) == line


def test_nothing_is_signed_that_lies_below_the_last_signature(town: Town) -> None:
    _order(town, 3)
    bank = town.houses["bank"]
    for height in (1, 2, 3):
        bank.replica.accept(town.orderer.replica.block(height))
    bank.pen.sign(3)
    with pytest.raises(Conflict, match=r"ledger\.signed_beyond"):
        bank.pen.sign(2)


def test_a_chain_behind_its_own_signature_orders_and_signs_nothing_until_it_has_caught_up(
    town: Town,
) -> None:
    _order(town, 2)
    town.pull_all()
    path = town.path(ORDERER)
    town.crash(ORDERER)
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    town.open(ORDERER)
    _order(town, 2, first=3)
    town.pull_all()
    town.crash(ORDERER)
    shutil.copy(copy, path)
    again = town.open(ORDERER)
    again.replica.read(b"members")
    town.orderer.submit(town.chain.sign(9, [town.chain.news(9)]))
    with pytest.raises(Unavailable, match=r"ledger\.behind"):
        town.orderer.cut()
    assert town.orderer.waiting() == 1
    town.follower(ORDERER).catch_up()
    assert again.replica.tip.height == 4
    effects = town.orderer.cut()
    assert effects is not None
    assert effects.tip.height == 5
    assert town.follower("bank").pull() == 1


def test_a_peers_head_alone_shows_that_a_chain_lost_its_end(town: Town) -> None:
    _order(town, 2)
    town.pull_all()
    path = town.path(ORDERER)
    town.crash(ORDERER)
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    town.open(ORDERER)
    _order(town, 1, first=3)
    town.pull_all()
    town.crash(ORDERER)
    shutil.copy(copy, path)
    (path.parent / "pen").unlink()
    again = town.open(ORDERER)
    town.follower(ORDERER).catch_up()
    assert again.replica.tip.height == 3


def test_a_fork_is_a_conflict_and_not_followed(tmp_path: Path) -> None:
    chain = Chain()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = Town(tmp_path / "a", chain), Town(tmp_path / "b", chain)
    first.open_all()
    second.open_all()
    _order(first, 2)
    _order(second, 2)
    # The bank of one town asks the members of the other: same chain, same keys, another block 1.
    bank = first.follower("bank")
    bank.pull()
    bank.link = second.houses["bank"].link
    with pytest.raises(Conflict, match=r"ledger\.forked"):
        bank.catch_up()
    first.close()
    second.close()


def test_a_forked_chain_is_not_signed(town: Town) -> None:
    _order(town, 1)
    bank = town.houses["bank"]
    bank.replica.accept(town.orderer.replica.block(1))
    bank.pen._remember(1, town.chain.genesis.cid)
    with pytest.raises(Conflict, match=r"ledger\.forked"):
        bank.pen.check()


def test_a_block_of_the_future_is_not_signed(town: Town) -> None:
    _order(town, 1)
    bank = town.houses["bank"]
    bank.replica.accept(town.orderer.replica.block(1))
    town.chain.clock.advance(-CLOCK_AHEAD_MAX_MS - 1)
    with pytest.raises(Unavailable, match=r"ledger\.clock_ahead"):
        bank.pen.sign(1)
    town.chain.clock.advance(1)
    assert bank.pen.sign(1)


def test_a_pen_remembers_over_restarts_and_says_when_it_cannot(town: Town) -> None:
    _order(town, 2)
    house = town.houses[ORDERER]
    again = _pen(house, town)
    again.check()
    assert again._last == (2, house.replica.tip.cid)
    path = house.folder / "pen"
    data = bytearray(path.read_bytes())
    for place in range(len(data)):
        data[place] ^= 1
        path.write_bytes(data)
        with pytest.raises(Corrupt, match=r"ledger\.pen_corrupt"):
            _pen(house, town)
        data[place] ^= 1


def test_a_line_that_is_not_the_members_own_is_not_kept(town: Town) -> None:
    _order(town, 1)
    house = town.houses[ORDERER]
    body = house.replica.body(1)
    stranger = Chain("stranger").notes["bank"]
    with pytest.raises((Denied, Conflict)):
        house.witnesses.add("bank", 1, cosign(body, stranger, member="bank", time_s=1))
    real = cosign(body, town.chain.notes["coop"], member="coop", time_s=1)
    with pytest.raises(Denied, match=r"ledger\.not_cosigned"):
        house.witnesses.add("bank", 1, real)
    house.witnesses.add("coop", 1, real)
    assert sorted(house.replica.cosignatures(1)) == ["coop", ORDERER]


def test_cosignatures_are_written_with_the_next_block_or_at_the_end(town: Town) -> None:
    _order(town, 1)
    town.pull_all()
    town.crash(ORDERER)
    again = town.open(ORDERER)
    assert len(again.replica.cosignatures(1)) == 4
    again.witnesses.recount()
    assert again.witnesses.height == 1


def test_members_who_stop_at_different_heights_sign_common_ones() -> None:
    assert grid(5, 4) == []
    assert grid(1, 3) == [1, 2, 3]
    a, b = set(grid(1, 70)), set(grid(1, 90))
    assert {16, 32, 48, 64} <= a & b
