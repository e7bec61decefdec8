"""What a household asks for: how much, for how long, how repaid, when.

Laws: amounts are whole thousands of yuan; but for family farms none is above 50,000 yuan, the
limit of the small loan, so requests heap there. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import PPM, Draws, exponential_ppm
from tallystick.county.history.household import Household
from tallystick.county.history.season import KINDS, fits_season

__all__ = ["HEAP_MINOR", "RATE_PPM", "TERM_MOST_MONTHS", "Wish", "draw_wish"]

HEAP_MINOR: Final = 5_000_000
"""Limit of the small loan, fen."""
RATE_PPM: Final = 35_000
"""Interest of a year."""
TERM_MOST_MONTHS: Final = 36
"""Longest term."""
_STEP: Final = 100_000
_TERMS: Final = ((6, 10), (12, 35), (24, 20), (TERM_MOST_MONTHS, 35))
_FARM: Final = KINDS.index("family_farm")
_SHORT_MONTHS: Final = 12
_MEANS_PPM: Final = 150_000
_SUBSIDISED_PPM: Final = 350_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A loan asked for.

    Attributes:
        month: month number of the request, from 0.
        amount_minor: fen.
        term_months: 6, 12, 24 or 36.
        is_bullet: principal at the end and interest by the quarter, else equal instalments.
        fits_harvest: whether the last payment falls when money is at hand.
        is_subsidised: whether public money pays the interest, so that its use is bound.
    """

    month: int
    amount_minor: int
    term_months: int
    is_bullet: bool
    fits_harvest: bool
    is_subsidised: bool


def draw_wish(draws: Draws, household: Household, month: int) -> Wish:
    """Return what a household asks for in a month."""
    if household.kind == _FARM:
        amount = draws.lognormal("amount", 12_000_000, 500_000)
    else:
        wanted = 3_200_000 * exponential_ppm(_MEANS_PPM * household.standing_ppm // PPM) // PPM
        amount = min(HEAP_MINOR, draws.lognormal("amount", wanted, 500_000))
    amount = min(30_000_000, max(300_000, (amount + _STEP // 2) // _STEP * _STEP))
    term = draws.choose("term", _TERMS)
    return Wish(
        month=month,
        amount_minor=amount,
        term_months=term,
        is_bullet=term <= _SHORT_MONTHS or draws.happens("bullet", 550_000),
        fits_harvest=fits_season(KINDS[household.kind], month + term),
        is_subsidised=amount <= HEAP_MINOR and draws.happens("subsidised", _SUBSIDISED_PPM),
    )
