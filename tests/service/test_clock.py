"""A member whose clock is beyond the limit from the chain's is told so; so is who orders."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from counties import FITTING, Town, take_in
from machines import NAMES, await_until, open_machines
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.errors import Denied, Unavailable
from tallystick.county.alarms import find_alarm
from tallystick.kernel.ledger.pen import CLOCK_AHEAD_MAX_MS

HOUR_MS: Final = 3_600_000


class WrongClock:
    """The machine's clock, by some time wrong."""

    def __init__(self, ahead_ms: int) -> None:
        self.ahead_ms = ahead_ms

    def now_ms(self) -> int:
        return SystemClock().now_ms() + self.ahead_ms


def test_a_block_too_far_beyond_the_own_clock_is_an_alarm_and_one_within_it_is_none(
    town: Town, clock: ManualClock
) -> None:
    take_in(town["credit-union"], FITTING)
    town.house.spread()
    tip = town.house.node("village").replica.tip
    # Alarms of a clock are a served county's: one that is not stands at whatever time it is opened.
    town.house.served = True
    try:
        clock.advance(tip.time - CLOCK_AHEAD_MAX_MS - town.house.clock.now_ms())
        assert town["village"].show_health()["alarm"] == ""
        clock.advance(-1)
        for seat in town.house.seats():
            health = town[seat.node.member].show_health()
            assert health["alarm"] == "ledger.clock_ahead", seat.node.member
    finally:
        town.house.served = False


def test_who_orders_by_a_clock_ahead_of_the_others_records_nothing_until_it_is_right(
    tmp_path: Path,
) -> None:
    leader = NAMES[0]
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        machines.end(leader)
        machines.begin(leader, clock=WrongClock(HOUR_MS))
        before = machines.height(leader)
        house = machines.houses[leader]
        with pytest.raises(Unavailable, match=r"^ledger\.clock_ahead: the clock of finance"):
            house.office(leader).propose_limit("block_transactions", 601)
        alarm = find_alarm(house, house.seat(leader))
        assert alarm is not None
        assert alarm.code == "ledger.clock_ahead"
        assert machines.node(leader).outbox.pending() == []
        machines.end(leader)
        machines.begin(leader)
        assert machines.height(leader) == before
        await_until(machines.is_level)
        machines.houses[leader].office(leader).propose_limit("block_transactions", 602)
        await_until(machines.is_level)
        assert machines.height(leader) == before + 1


def test_a_clock_that_runs_ahead_while_its_member_orders_is_found_by_the_others_answers(
    tmp_path: Path,
) -> None:
    leader = NAMES[0]
    clock = WrongClock(0)
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        machines.end(leader)
        machines.begin(leader, clock=clock)
        await_until(machines.is_level)
        # More than others sign, and less than the link refuses.
        clock.ahead_ms = 30_000
        house = machines.houses[leader]
        await_until(lambda: find_alarm(house, house.seat(leader)) is not None)
        with pytest.raises(Unavailable, match=r"^ledger\.clock_ahead: the clock of finance"):
            house.office(leader).propose_limit("block_transactions", 601)
        clock.ahead_ms = 0
        await_until(lambda: find_alarm(house, house.seat(leader)) is None)
        house.office(leader).propose_limit("block_transactions", 602)
        await_until(machines.is_level)


def test_who_orders_by_a_clock_ahead_of_one_member_alone_goes_on(tmp_path: Path) -> None:
    leader, *_, last = NAMES
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        machines.end(last)
        machines.begin(last, clock=WrongClock(-HOUR_MS))
        apart = machines.houses[leader].apart
        assert apart is not None
        await_until(lambda: list(apart.list_behind()) == [last])
        before = machines.height(leader)
        machines.houses[leader].office(leader).propose_limit("block_transactions", 601)
        assert machines.height(leader) == before + 1


def test_what_is_ordered_by_a_clock_behind_is_witnessed_once_it_is_right(tmp_path: Path) -> None:
    leader, other, *_ = NAMES
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        machines.end(leader)
        machines.begin(leader, clock=WrongClock(-HOUR_MS))
        house = machines.houses[leader]
        house.office(leader).propose_limit("block_transactions", 601)
        height = machines.height(leader)
        follower = machines.houses[other].seat(other).follower
        assert follower is not None
        await_until(lambda: isinstance(follower.trouble, Denied))
        with pytest.raises(Denied, match=r"^link\.future"):
            machines.houses[other].office(other).propose_limit("block_transactions", 602)
        assert machines.node(other).outbox.pending() == []
        assert house.seat(leader).witnesses.height < height
        machines.end(leader)
        machines.begin(leader)
        await_until(machines.is_level)
        assert machines.height(other) == height
