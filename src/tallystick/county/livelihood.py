"""What a household lives on: eight kinds with their shares, incomes and ages.

Source: the county's practice (planted truth: share, median net income per person, spread of its
logarithm, parts earned by wages and received as transfers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["LIVELIHOODS", "Livelihood"]


@dataclass(frozen=True, slots=True)
class Livelihood:
    """A kind of household.

    Attributes:
        ident: its name.
        share: parts of a thousand households.
        income_minor: median net income per person and year, fen.
        spread_ppm: standard deviation of the income's logarithm.
        wage_ppm: part of income from wages.
        transfer_ppm: part of income from transfers.
        age_years: mean age of the head.
        asks_ppm: chance of a request in a year.
    """

    ident: str
    share: int
    income_minor: int
    spread_ppm: int
    wage_ppm: int
    transfer_ppm: int
    age_years: int
    asks_ppm: int


LIVELIHOODS: Final[dict[str, Livelihood]] = {
    row.ident: row
    for row in (
        Livelihood("elder_grain", 280, 1_300_000, 400_000, 300_000, 250_000, 59, 240_000),
        Livelihood("orchard", 140, 1_700_000, 450_000, 250_000, 120_000, 50, 330_000),
        Livelihood("greenhouse", 60, 2_100_000, 500_000, 150_000, 60_000, 47, 380_000),
        Livelihood("livestock", 100, 1_800_000, 500_000, 200_000, 80_000, 48, 310_000),
        Livelihood("migrant", 270, 1_950_000, 380_000, 780_000, 100_000, 44, 200_000),
        Livelihood("shop", 70, 2_400_000, 550_000, 150_000, 60_000, 42, 340_000),
        Livelihood("no_labour", 60, 850_000, 300_000, 50_000, 750_000, 63, 190_000),
        Livelihood("family_farm", 20, 3_800_000, 550_000, 100_000, 40_000, 45, 550_000),
    )
}
"""Kinds by ident; shares add up to 1,000."""
