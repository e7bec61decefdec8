"""A member whose clock is beyond the limit from the chain's is told so in its health."""

from __future__ import annotations

from counties import FITTING, Town, take_in
from tallystick.base.clock import ManualClock
from tallystick.kernel.ledger.pen import CLOCK_AHEAD_MAX_MS


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
