"""What neighbours share: how far their village lies, its weather, and each year's prices.

Laws: weather is a village's and a year's, prices a kind's and a year's, so losses come together;
prices come in pairs of years, one as far above the usual as the other below (the cobweb of supply
that follows price by a year); insurance bears 55 % of a weather loss. Limits: 160 villages; months
count from a January. Source: the county's practice (planted truth: weather Beta(2, 3) in one
village-year of ten).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import PPM, Draws, exponential_ppm
from tallystick.county.history.exact import noise_table
from tallystick.county.history.season import EXPOSED, KINDS, PRICE_SPREAD_PPM, SEASONS

__all__ = ["VILLAGES_COUNT", "Stage", "draw_stage"]

VILLAGES_COUNT: Final = 160
"""Villages of the whole county."""
_BORNE_PPM: Final = 450_000
_MONTHLY_SPREAD_PPM: Final = 120_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What households of one place and kind have in common.

    Attributes:
        remote_ppm: by village: 0 near the town to 1,000,000 far from it.
        loss_ppm: by village and year: the part of the harvest that weather took, mostly 0.
        earning_ppm: by kind and month: that month's part of a year's business income, price
            included.
        noise_ppm: a household's own monthly luck, by the sum of four bytes.
    """

    remote_ppm: tuple[int, ...]
    loss_ppm: tuple[tuple[int, ...], ...]
    earning_ppm: tuple[tuple[int, ...], ...]
    noise_ppm: tuple[int, ...]

    def kept_ppm(self, village: int, kind: int, *, insured: bool) -> tuple[int, ...]:
        """Return by year what weather leaves a household of its business income."""
        if KINDS[kind] not in EXPOSED:
            return (PPM,) * len(self.loss_ppm[village])
        borne = _BORNE_PPM if insured else PPM
        return tuple(PPM - loss * borne // PPM for loss in self.loss_ppm[village])


def draw_stage(draws: Draws, *, months: int, weather_ppm: int) -> Stage:
    """Return the stage of months 0..`months` - 1.

    Args:
        draws: its own draws.
        months: how long anything may last, above 0.
        weather_ppm: chance of a weather loss in a village-year.
    """
    years = range(-(-months // 12))
    return Stage(
        remote_ppm=tuple(
            draws.beta_two_three_ppm(f"remote {village}") for village in range(VILLAGES_COUNT)
        ),
        loss_ppm=tuple(
            tuple(_draw_loss(draws, f"{village} {year}", weather_ppm) for year in years)
            for village in range(VILLAGES_COUNT)
        ),
        earning_ppm=tuple(_draw_earning(draws, kind, len(years)) for kind in KINDS),
        noise_ppm=noise_table(_MONTHLY_SPREAD_PPM),
    )


def _draw_loss(draws: Draws, label: str, weather_ppm: int) -> int:
    if not draws.happens(f"hit {label}", weather_ppm):
        return 0
    return draws.beta_two_three_ppm(f"loss {label}")


def _draw_earning(draws: Draws, kind: str, years: int) -> tuple[int, ...]:
    """Return a kind's months: after a good year all grow the same, and the next is as bad."""
    found: list[int] = []
    for year in range(years):
        luck = draws.normal_ppm(f"price {kind} {year // 2}") * (1 - 2 * (year % 2))
        price = exponential_ppm(PRICE_SPREAD_PPM[kind] * luck // PPM)
        found += [part * price // 1_000 for part in SEASONS[kind]]
    return tuple(found)
