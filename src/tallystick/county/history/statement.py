"""What a household's file states at the request: with error, with gaps, and heaped.

Laws: stated income is the true one times e to a normal of mean -.08 and deviation .30 on the
whole, lower where a woman asks, for wages of hers stand in her husband's file; 35 % of files hide
most of their debts; 55-65 % are thin and tell no earlier record; the village's rating is
.6 discipline + .3 kin + .4 for officials' kin + noise; the lender's internal rating tells nothing
at all. The dial of difficulty scales every error, that of capture the officials' part. Source: the
county's practice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import PPM, Draws, exponential_ppm
from tallystick.county.history.dial import Dials
from tallystick.county.history.household import Household

__all__ = ["Statement", "draw_statement"]

_STEP_MINOR: Final = 10_000
_BIAS_PPM: Final = 66_000
_WIFE_BIAS_PPM: Final = 120_000
_INCOME_SPREAD_PPM: Final = 300_000
_SAVINGS_SPREAD_PPM: Final = 400_000
_HIDES_PPM: Final = 350_000
_THIN_PPM: Final = 550_000
_PRIOR_SPREAD_PPM: Final = 600_000
_RATING_SPREAD_PPM: Final = 750_000
_TENTH_PPM: Final = 100_000
_CADRE_RATING_PPM: Final = 400_000


@dataclass(frozen=True, slots=True)
class Statement:
    """A file at the request.

    Attributes:
        income_minor: a year's income as stated, fen.
        debt_minor: debts as stated.
        savings_minor: savings as stated.
        prior_tenths: earlier record of repayment, tenths; None in a thin file.
        rating_tenths: the village's rating, tenths.
        internal_rating: the lender's own, 1..9.
        hides_debt: whether it leaves debts out; this is truth and stays there.
    """

    income_minor: int
    debt_minor: int
    savings_minor: int
    prior_tenths: int | None
    rating_tenths: int
    internal_rating: int
    hides_debt: bool


def draw_statement(draws: Draws, home: Household, remote_ppm: int, dials: Dials) -> Statement:
    """Return what a household's file states; `remote_ppm` is its village's."""
    error = dials.noise(_INCOME_SPREAD_PPM) * draws.normal_ppm("income") // PPM
    bias = dials.noise(_WIFE_BIAS_PPM if home.is_woman else _BIAS_PPM)
    income = home.income_minor * exponential_ppm(error - bias) // PPM
    hides = home.debt_minor > 0 and draws.happens("hides", dials.chance(_HIDES_PPM))
    debt = home.debt_minor * draws.below("told", 400_000) // PPM if hides else home.debt_minor
    thin = draws.happens("thin", dials.chance(_THIN_PPM + remote_ppm // 10))
    savings = draws.lognormal("savings", home.cash_minor, dials.noise(_SAVINGS_SPREAD_PPM))
    return Statement(
        income_minor=max(_STEP_MINOR, _round(income)),
        debt_minor=_round(debt),
        savings_minor=_round(savings),
        prior_tenths=None if thin else _prior_tenths(draws, home, dials),
        rating_tenths=_rating_tenths(draws, home, dials),
        internal_rating=draws.between("internal", 1, 9),
        hides_debt=hides,
    )


def _prior_tenths(draws: Draws, home: Household, dials: Dials) -> int:
    error = draws.normal("prior", 0, dials.noise(_PRIOR_SPREAD_PPM))
    return (home.discipline_ppm + error) // _TENTH_PPM


def _rating_tenths(draws: Draws, home: Household, dials: Dials) -> int:
    seen = 6 * home.discipline_ppm // 10 + 3 * home.kin_ppm // 10
    seen += dials.favour(_CADRE_RATING_PPM) * home.is_cadre_kin
    return (seen + draws.normal("rating", 0, dials.noise(_RATING_SPREAD_PPM))) // _TENTH_PPM


def _round(value: int) -> int:
    return (value + _STEP_MINOR // 2) // _STEP_MINOR * _STEP_MINOR
