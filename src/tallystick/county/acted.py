"""A county acted out in one process: the simulated clock, the days, and what each day ends with.

One seed gives one chain, hash for hash: the clock moves only by days, blocks are cut only when a
desk waits for one, and every draw comes from the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.county.county import County
from tallystick.county.house import House
from tallystick.county.run import run_county
from tallystick.county.story import Event, Story
from tallystick.services.positioning.catalogue import catalogue_from_toml

__all__ = ["act_county", "publish_catalogue"]

MORNING_MS: Final = 9 * 3_600_000
# How often members verify together; the chain is the same whenever they do.
SPREAD_DAYS: Final = 7


@dataclass(slots=True)
class _Days:
    """The passing days of a house."""

    house: House
    clock: ManualClock
    spread_on: int = 0

    def advance(self, day: int) -> None:
        """End the day before and begin `day`."""
        for node in self.house.nodes():
            if node.desk.pending.waiting():
                node.fold()
                node.desk.record_pending()
        if day >= self.spread_on:
            self.house.spread()
            self.spread_on = day + SPREAD_DAYS
        self.clock.advance(max(0, day * DAY_MS + MORNING_MS - self.clock.now_ms()))


def publish_catalogue(house: House, text: str) -> None:
    """Have the finance bureau publish the county's products and providers."""
    node = house.node(house.county.orderer)
    node.fold()
    node.positions.publish_catalogue(catalogue_from_toml(text))
    house.spread()


def act_county(
    house: House,
    clock: ManualClock,
    county: County,
    *,
    months: int,
    told: Callable[[Event], None],
) -> Story:
    """Act a county out through the house's desks, to the end, all members up to date."""
    days = _Days(house, clock)
    story = run_county(house.offices(), county, months=months, advance=days.advance, told=told)
    days.advance(clock.now_ms() // DAY_MS + 1)
    house.spread()
    return story
