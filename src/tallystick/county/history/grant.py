"""Who asks and who is granted: the poor ask seldom, officials' kin often and with success.

Laws: a household asks with logit .41 + 1.05 ln(income per person / 15,000 yuan) + 1 for officials'
kin - .6 remote - 1 without labour; a lender grants at most 1.2 years of stated income, with logit
1.2 + .6 record + .3 rating - .8 stated debt over income. Capture scales the officials' part.
Source: the county's practice (planted truth).
"""

from __future__ import annotations

from typing import Final

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.dial import Dials
from tallystick.county.history.exact import logistic_ppm
from tallystick.county.history.household import Household
from tallystick.county.history.statement import Statement
from tallystick.county.history.wish import Wish

__all__ = ["asks", "is_granted"]

_CADRE_PPM: Final = 1_000_000
_NO_LABOUR: Final = 6
_DEBT_MOST_PPM: Final = 10_000_000


def asks(draws: Draws, home: Household, remote_ppm: int, dials: Dials) -> bool:
    """Return whether a household asks for the loan at all."""
    logit = 410_000 + 105 * home.standing_ppm // 100 - 6 * remote_ppm // 10
    logit += dials.favour(_CADRE_PPM) * home.is_cadre_kin
    logit -= PPM * (home.kind == _NO_LABOUR)
    return draws.happens("asks", logistic_ppm(logit))


def is_granted(draws: Draws, stated: Statement, wish: Wish) -> bool:
    """Return whether the lender says yes."""
    if wish.amount_minor * 10 >= stated.income_minor * 12:
        return False
    debt = min(_DEBT_MOST_PPM, stated.debt_minor * PPM // stated.income_minor)
    logit = 1_200_000 + 60_000 * (stated.prior_tenths or 0) + 30_000 * stated.rating_tenths
    return draws.happens("granted", logistic_ppm(logit - 8 * debt // 10))
