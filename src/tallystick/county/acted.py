"""A county acted out in one process: the simulated clock, the days, and what each day ends with.

One seed gives one chain, hash for hash: the clock moves only by days, blocks are cut only when a
desk waits for one, and every draw comes from the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.county.agenda import day_of
from tallystick.county.county import County
from tallystick.county.history.past import History
from tallystick.county.house import House
from tallystick.county.party_dues import keep_books, name_accounts
from tallystick.county.past_book import PastBooks
from tallystick.county.past_course import learn_past, report_month, tell_past
from tallystick.county.run import run_county
from tallystick.county.story import Event, Story
from tallystick.services.positioning.catalogue import catalogue_from_toml

__all__ = ["act_county", "act_past", "publish_catalogue"]

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


def act_past(
    house: House,
    clock: ManualClock,
    county: County,
    past: History,
    *,
    months: int,
    told: Callable[[int, int], None] | None = None,
) -> PastBooks:
    """Have members tell of the months before a county's own, and the model learnt from them decide.

    Lenders tell of the past's loans, payees of the small dues of the county's own households.

    Args:
        house: its open members, on a chain that is no younger than what is told.
        clock: the house's.
        county: the one whose past it is.
        past: whose loans; its last month is the one before the county's first.
        months: for how many of the county's months these loans are followed.
        told: hears how many months of how many are told.

    Returns:
        What is left to tell, for `act_county`.
    """
    books = PastBooks(
        past,
        start_month=county.start_month,
        more_months=months,
        dues=keep_books(county, months),
    )
    tell_past(house, clock, books, until_month=county.start_month, told=told)
    learn_past(house, county.start_month)
    return books


def act_county(
    house: House,
    clock: ManualClock,
    county: County,
    *,
    months: int,
    told: Callable[[Event], None],
    books: PastBooks | None = None,
) -> Story:
    """Act a county out through the house's desks, to the end, all members up to date.

    Args:
        house: its open members, on a chain that is no younger than what is to be acted out.
        clock: the house's.
        county: what is true and asked.
        months: how many of the county's months are acted out.
        told: called with every event.
        books: what lenders go on telling of loans of before, with those of the county, and payees
            of small dues, whose accounts households then name when they ask (`act_past`); without
            them nobody reports.
    """
    if books is not None and books.dues is not None:
        county = name_accounts(county, books.dues)
    days = _Days(house, clock)
    story = run_county(
        house.offices(),
        county,
        months=months,
        advance=days.advance,
        told=told,
        monthly=None if books is None else lambda: report_month(house, books),
    )
    days.advance(day_of(county.start_month + months, 1))
    if books is not None:
        report_month(house, books)
    house.spread()
    return story
