"""The rates behind a history, drawn anew for each: nobody can learn them by heart.

Laws: each lies within 5 % of the county's usual rate; they are part of the truth, which no
detector and no model reads. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import Draws

__all__ = ["Parameters", "draw_parameters"]

_SWAY: Final = 50


@dataclass(frozen=True, slots=True)
class Parameters:
    """Rates of one history, in ppm.

    Attributes:
        weather_ppm: chance of a weather loss in a village-year.
        ill_ppm: chance of a costly illness in a year; heads above 60 have `ill_old_ppm`.
        ill_old_ppm: see `ill_ppm`.
        job_loss_ppm: chance of four months without wages, by year.
        diverts_ppm: odds of sending money to prohibited payees, per million of not doing so, at a
            middle discipline.
        near_miss_ppm: chance of sending a part to them that is below an offence.
        fungible_ppm: chance of using a part of the loan at home, which is no offence.
        ring_ppm: part of the loans that stand in a borrowed name.
        straw_default_ppm: part of those that fail after their first months.
        mule_ppm: part of the accounts that carry other people's money.
        copying_ppm: part of the officers who copy plans.
    """

    weather_ppm: int
    ill_ppm: int
    ill_old_ppm: int
    job_loss_ppm: int
    diverts_ppm: int
    near_miss_ppm: int
    fungible_ppm: int
    ring_ppm: int
    straw_default_ppm: int
    mule_ppm: int
    copying_ppm: int


_USUAL: Final = Parameters(
    weather_ppm=100_000,
    ill_ppm=130_000,
    ill_old_ppm=190_000,
    job_loss_ppm=60_000,
    diverts_ppm=15_000,
    near_miss_ppm=30_000,
    fungible_ppm=300_000,
    ring_ppm=12_000,
    straw_default_ppm=400_000,
    mule_ppm=4_000,
    copying_ppm=100_000,
)


def draw_parameters(draws: Draws) -> Parameters:
    """Return the rates of a history."""
    return Parameters(
        **{
            name: getattr(_USUAL, name) * draws.between(name, 1_000 - _SWAY, 1_000 + _SWAY) // 1_000
            for name in Parameters.__slots__
        }
    )
