"""Where a loan's money truly goes: two layers, of which one alone is an offence.

Laws: *diverted* means that at least 30 % reached prohibited payees by day 90 whichever way money
is traced through the account (first in first out, last in first out, in proportion); a smaller
part is a near miss and no offence. *Fungible* money was used at home, as any household may. A
diversion is a violation where the loan was subsidised. Discipline moves the odds of a diversion as
it moves those of a payment, by e to the discipline. Source: the county's practice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tallystick.county.draws import PPM, Draws, exponential_ppm
from tallystick.county.history.exact import beta_two_five_ppm
from tallystick.county.history.household import Household
from tallystick.county.history.parameter import Parameters

__all__ = ["DIVERTED_DAYS", "DIVERTED_LEAST_PPM", "Payee", "Use", "draw_use"]

DIVERTED_LEAST_PPM: Final = 300_000
"""Least part of a loan at prohibited payees that is an offence."""
DIVERTED_DAYS: Final = 90
"""Days by which it reaches them."""

Payee = Literal["", "firm", "relative", "deposit", "house"]
"""Who got what he must not, empty for nobody."""

_PAYEES: Final[tuple[tuple[Payee, int], ...]] = (
    ("firm", 30),
    ("relative", 35),
    ("deposit", 15),
    ("house", 20),
)
_CADRE_ODDS_PPM: Final = 2_013_752  # e to the .7


@dataclass(frozen=True, slots=True)
class Use:
    """Where the money of one loan went.

    Attributes:
        payee: to whom the prohibited part went.
        prohibited_ppm: least part at prohibited payees by any way of tracing.
        prohibited_day: day after payment by which it was there, 1..90; 0 if none was.
        fungible_ppm: part used at home.
    """

    payee: Payee
    prohibited_ppm: int
    prohibited_day: int
    fungible_ppm: int

    @property
    def is_diverted(self) -> bool:
        """Whether it is an offence where public money bears the interest."""
        return self.prohibited_ppm >= DIVERTED_LEAST_PPM

    @property
    def invested_ppm(self) -> int:
        """Part that went into the project."""
        return (PPM - self.prohibited_ppm) * (PPM - self.fungible_ppm) // PPM


def draw_use(draws: Draws, household: Household, parameters: Parameters) -> Use:
    """Return where the money of a household's loan goes."""
    fungible = draws.happens("fungible", parameters.fungible_ppm)
    part = _draw_part(draws, household, parameters)
    return Use(
        payee=draws.choose("payee", _PAYEES) if part else "",
        prohibited_ppm=part,
        prohibited_day=draws.between("day", 1, DIVERTED_DAYS) if part else 0,
        fungible_ppm=beta_two_five_ppm(draws, "home") if fungible else 0,
    )


def _draw_part(draws: Draws, household: Household, parameters: Parameters) -> int:
    """Return the prohibited part in ppm: most often 0."""
    odds = parameters.diverts_ppm * exponential_ppm(-household.discipline_ppm) // PPM
    if household.is_cadre_kin:
        odds = odds * _CADRE_ODDS_PPM // PPM
    if draws.happens("diverts", odds * PPM // (PPM + odds)):
        # The largest of four: who breaks the rule mostly does so with nearly all of it.
        return max(draws.between(f"part {at}", DIVERTED_LEAST_PPM, PPM) for at in range(4))
    if draws.happens("near miss", parameters.near_miss_ppm):
        return draws.between("small part", 50_000, 250_000)
    return 0
