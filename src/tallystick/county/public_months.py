"""What the demonstration's county tells everybody at its end: its last months, on its public chain.

Laws: figures are counted by a member from its own copy; what is of too few cases is not told.
"""

from __future__ import annotations

import contextlib
from typing import Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Invalid
from tallystick.county.agenda import day_of
from tallystick.county.chains import COUNTY, PUBLIC, Chains
from tallystick.county.words import NEWS
from tallystick.text.wording import format_month

__all__ = ["tell_months"]

MONTHS: Final = 3
_COUNTS: Final = "finance"
_TELLS: Final = "newspaper"


def tell_months(chains: Chains, first: int, count: int) -> None:
    """Publish the figures and the news of the last months that are over.

    Args:
        chains: all of the county's, open.
        first: the first month acted out, year x 12 + month - 1.
        count: how many there were.
    """
    house = chains.houses[PUBLIC]
    chains.houses[COUNTY].spread()
    chains.anchor()
    for month in range(first + max(0, count - MONTHS), first + count):
        after = day_of(month + 1, 1)
        if after * DAY_MS > house.clock.now_ms():
            break
        with contextlib.suppress(Invalid):
            # A small county's month may be of too few cases: nothing is told then.
            house.office(_COUNTS).publish_tally(from_day=day_of(month, 1), to_day=after - 1)
        zh, en = NEWS[month % 12]
        house.office(_TELLS).publish_bulletin(
            title_zh=f"{format_month(month, 'zh')}县情",
            title_en=f"The county in {format_month(month, 'en')}",
            text_zh=zh,
            text_en=en,
        )
    house.spread()
