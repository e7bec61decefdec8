"""What the local news tell: two items a week, most of them about nothing, some ahead of events.

Laws: six weather losses a year are reported one to seven days before any record shows them; one
item in twenty reports what did not happen; the others report nothing of consequence. Which is
which is truth. Limits: a year with fewer losses has fewer true items. Source: the county's
practice (planted truth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tallystick.county.draws import Draws
from tallystick.county.history.stage import VILLAGES_COUNT, Stage

__all__ = ["Event", "Item", "News", "draw_news"]

Standing = Literal["true", "false", "idle"]

_ITEMS_YEAR: Final = 104
_TRUE_YEAR: Final = 6
_FALSE_PPM: Final = 50_000
_DAYS_YEAR: Final = 360
_LEAD_MOST_DAYS: Final = 7
_SEASON: Final = (90, 269)


@dataclass(frozen=True, slots=True)
class Item:
    """One item as published.

    Attributes:
        day: day number from 0, 360 to a year.
        village: that it is about.
        alarming: whether it reports a loss.
    """

    day: int
    village: int
    alarming: int


@dataclass(frozen=True, slots=True)
class Event:
    """What truly stood behind an item.

    Attributes:
        standing: whether the loss it reports took place; `idle` if it reports none.
        lead_days: days by which it came before the loss, 1..7; 0 if there was none.
    """

    standing: Standing
    lead_days: int


@dataclass(frozen=True, slots=True)
class News:
    """Items by day, and their events in the same order."""

    items: tuple[Item, ...]
    events: tuple[Event, ...]


def draw_news(draws: Draws, stage: Stage, *, months: int) -> News:
    """Return the news of months 0..`months` - 1."""
    found: list[tuple[Item, Event]] = []
    for year in range(-(-months // 12)):
        found += _draw_year(draws.under(f"year {year}"), stage, year)
    inside = sorted(
        (pair for pair in found if pair[0].day < months * 30),
        key=lambda pair: (pair[0].day, pair[0].village, pair[0].alarming),
    )
    return News(tuple(item for item, _ in inside), tuple(event for _, event in inside))


def _draw_year(draws: Draws, stage: Stage, year: int) -> list[tuple[Item, Event]]:
    """Return the items of a year with their events, in no order."""
    hit = [village for village in range(VILLAGES_COUNT) if stage.loss_ppm[village][year]]
    calm = [village for village in range(VILLAGES_COUNT) if not stage.loss_ppm[village][year]]
    told = sorted(hit, key=lambda village: draws.below(f"told {village}", 1 << 60))[:_TRUE_YEAR]
    start = year * _DAYS_YEAR
    found = []
    for village in told:
        lead = draws.between(f"lead {village}", 1, _LEAD_MOST_DAYS)
        day = start + draws.between(f"loss {village}", *_SEASON)
        found.append((Item(day - lead, village, 1), Event("true", lead)))
    for number in range(_ITEMS_YEAR - len(told)):
        own = draws.under(f"item {number}")
        day = start + own.below("day", _DAYS_YEAR)
        # A false alarm is about a village that nothing befell that year.
        if calm and own.happens("false", _FALSE_PPM):
            found.append((Item(day, own.pick("village", calm), 1), Event("false", 0)))
        else:
            found.append((Item(day, own.below("village", VILLAGES_COUNT), 0), Event("idle", 0)))
    return found
