"""A household's money by the month, with or without a loan: what comes, what goes, who helps.

Each month adds business income of the season (at the year's price, less what weather took, times
the household's own luck), wages while there is work, transfers, and takes living and illness; debts
cost 2 % a month while there is money. Cash falls no lower than -.15 of a year's income, for below
that a household sells, borrows in kind or goes without.

Laws: one function says what a month brings; `history.life` adds what a loan's project brings, and
`history.trace` what small dues take. Kin help is (.22 + .12 kin) of a year's income, 0 to .8 of it;
a payment takes place with logit 3 + discipline, less 1.6 where the loan was diverted, .05 at least.
Limits: months count thirty days; living takes .69 of income, .03 less for each of discipline and
.05 less for each of the logarithm of means. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.exact import WORD, logistic_ppm
from tallystick.county.history.household import OLD_YEARS, Household
from tallystick.county.history.parameter import Parameters
from tallystick.county.history.season import KINDS
from tallystick.county.history.stage import Stage
from tallystick.county.livelihood import LIVELIHOODS

__all__ = [
    "CHANCE_BYTES",
    "Month",
    "carry_cash",
    "find_help",
    "find_spending",
    "find_will",
    "list_months",
    "spare_money",
]

CHANCE_BYTES: Final = 10
"""Bytes of chance by the month: noise 4, job 2, illness 2, will 2."""
_YEAR: Final = 12
_DIVERTED_LOGIT_PPM: Final = 1_600_000
_WILL_LEAST_PPM: Final = 50_000
_HELP_MOST_PPM: Final = 800_000
_DEBT_COST_PPM: Final = 20_000
_LOWEST_PPM: Final = 150_000
_JOBLESS_MONTHS: Final = 4
_ILLNESS_PART_PPM: Final = 210_000
_ILLNESS_SPREAD_PPM: Final = 700_000
_SPENT_PPM: Final = 690_000


class Month(NamedTuple):
    """What one month brings.

    Attributes:
        flow_minor: what it leaves before debts and dues, fen; may be negative.
        part_ppm: its part of a year's business income, price and weather included.
        kept_ppm: what weather left of that year's harvest.
    """

    flow_minor: int
    part_ppm: int
    kept_ppm: int


def list_months(
    home: Household, stage: Stage, parameters: Parameters, draws: Draws, span: tuple[int, bytes]
) -> Iterator[Month]:
    """Yield what each month brings a household.

    Args:
        home: the household.
        stage: weather and prices.
        parameters: chances of illness and of losing work.
        draws: its own draws.
        span: the first month, and `CHANCE_BYTES` of chance for each month from it on.
    """
    first, chance = span
    way, income = LIVELIHOODS[KINDS[home.kind]], home.income_minor
    business = income * (PPM - way.wage_ppm - way.transfer_ppm) // PPM
    wage = income * way.wage_ppm // (_YEAR * PPM)
    steady = income * way.transfer_ppm // (_YEAR * PPM) - find_spending(home) // _YEAR
    ill_ppm = parameters.ill_old_ppm if home.age_years > OLD_YEARS else parameters.ill_ppm
    ill, lost = (rate * WORD // (_YEAR * PPM) for rate in (ill_ppm, parameters.job_loss_ppm))
    kept_by_year = stage.kept_ppm(home.village, home.kind, insured=home.is_insured)
    earning, noise = stage.earning_ppm[home.kind], stage.noise_ppm
    jobless = 0
    for age, at in enumerate(range(0, len(chance), CHANCE_BYTES)):
        kept = kept_by_year[(first + age) // _YEAR]
        part = earning[first + age] * kept // PPM
        flow = steady
        if part:
            luck = noise[chance[at] + chance[at + 1] + chance[at + 2] + chance[at + 3]]
            flow += business * part // PPM * luck // PPM
        if chance[at + 4] << 8 | chance[at + 5] < lost:
            jobless = _JOBLESS_MONTHS
        elif jobless:
            jobless -= 1
        if not jobless:
            flow += wage
        if chance[at + 6] << 8 | chance[at + 7] < ill:
            typical = income * _ILLNESS_PART_PPM // PPM
            flow -= draws.lognormal(f"illness {age}", typical, _ILLNESS_SPREAD_PPM)
        yield Month(flow, part, kept)


def find_spending(home: Household) -> int:
    """Return a year's living, fen: a smaller part of income with discipline and with means."""
    part_ppm = _SPENT_PPM - 30 * home.discipline_ppm // 1_000 - 50 * home.standing_ppm // 1_000
    return home.income_minor * part_ppm // PPM


def carry_cash(home: Household, cash_minor: int, flow_minor: int) -> int:
    """Return the cash after a month that left `flow_minor`, before loans and dues are paid."""
    cost = home.debt_minor * _DEBT_COST_PPM // PPM if cash_minor > 0 else 0
    return max(-home.income_minor * _LOWEST_PPM // PPM, cash_minor + flow_minor - cost)


def find_help(home: Household) -> int:
    """Return what relatives lend a hand with while something is owed, fen."""
    help_ppm = min(_HELP_MOST_PPM, max(0, 220_000 + 120 * home.kin_ppm // 1_000))
    return home.income_minor * help_ppm // PPM


def find_will(home: Household, *, diverted: bool) -> int:
    """Return the chance that what can be paid in a month is paid, in parts of `exact.WORD`."""
    logit = 3 * PPM + home.discipline_ppm - _DIVERTED_LOGIT_PPM * diverted
    return max(_WILL_LEAST_PPM, logistic_ppm(logit)) * WORD // PPM


def spare_money(cash_minor: int, help_minor: int) -> int:
    """Return the most that can be paid: cash and kin help, never below nothing."""
    return max(0, cash_minor + help_minor)
