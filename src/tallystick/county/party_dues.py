"""What the county's own households owe in small dues, before its first month and in all its months.

Laws: a household pays by the formula of the history (`history.trace`) from its own truth: income,
discipline, kin, insurance, and its village's weather; what it will ask for has no part in it. Firms
and projects have no such dues. A household names most of its accounts when it applies. Limits: cash
and earlier years' weather and prices are drawn for this alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tallystick.county.agenda import day_of
from tallystick.county.county import County
from tallystick.county.draws import PPM, Draws, exponential_ppm
from tallystick.county.dues_book import KEPT_BY, DuesBooks, Ledger, plan_periods
from tallystick.county.history.household import Household, draw_cash
from tallystick.county.history.parameter import Parameters, draw_parameters
from tallystick.county.history.season import KINDS
from tallystick.county.history.stage import Stage, draw_stage
from tallystick.county.history.trace import (
    EARLIER_MONTHS,
    TRACE_MONTHS,
    draw_known_months,
    draw_owed,
)
from tallystick.county.party import Party

__all__ = ["keep_books", "name_accounts"]

_YEAR: Final = 12
_DUE_DAY: Final = 15
_MIDDLE_INCOME_MINOR: Final = 1_500_000
_NAMES_PPM: Final = 850_000
_LOG_MOST_PPM: Final = 8 * PPM
_LOG_STEPS: Final = 14


def keep_books(county: County, months: int) -> DuesBooks:
    """Return what payees have to tell of a county's households.

    Args:
        county: whose households.
        months: how many of its months are told of, after the five years before.
    """
    base = county.start_month // _YEAR * _YEAR - EARLIER_MONTHS
    span = range(county.start_month - base, county.start_month - base + months)
    draws = county.parties[0].draws.under("small dues")
    parameters = draw_parameters(draws)
    stage = _draw_stage(draws, county, span.stop, parameters)
    ledgers = [_keep_ledger(party, stage, parameters, base, span) for party in county.parties]
    start = county.start_month
    return DuesBooks(ledgers, plan_periods(start - TRACE_MONTHS, start, start + months))


def name_accounts(county: County, books: DuesBooks) -> County:
    """Return the county with its households naming their accounts in what they ask."""
    requests = []
    for request in county.requests:
        draws = county.parties[request.party].draws.under("small dues")
        accounts = [
            {"payee": KEPT_BY[kind], "kind": kind, "account": number}
            for kind, number in books.name_accounts(request.party).items()
            if draws.happens(f"names {kind}", _NAMES_PPM)
        ]
        application: dict[str, Any] = dict(request.application)
        if accounts:
            application["profile"] = {**application["profile"], "accounts": accounts}
        requests.append(replace(request, application=application))
    return replace(county, requests=tuple(requests))


def _draw_stage(draws: Draws, county: County, length: int, parameters: Parameters) -> Stage:
    """Return weather and prices from six years before the county on; its own weather in its own."""
    stage = draw_stage(
        draws.under("stage"), months=length + _YEAR, weather_ppm=parameters.weather_ppm
    )
    first = EARLIER_MONTHS // _YEAR
    year = county.start_month // _YEAR
    loss_ppm = list(stage.loss_ppm)
    for village in range(len(county.villages)):
        own = [
            hit.loss_ppm if (hit := county.weather.get((village, year + at))) else 0
            for at in range(len(loss_ppm[village]) - first)
        ]
        loss_ppm[village] = (*loss_ppm[village][:first], *own)
    return replace(stage, loss_ppm=tuple(loss_ppm))


def _keep_ledger(
    party: Party, stage: Stage, parameters: Parameters, base: int, span: range
) -> Ledger:
    """Return what a party owed by the end of the span, on the calendar; nothing for a firm."""
    if party.kind != "household" or party.livelihood not in KINDS:
        return {}
    draws = party.draws.under("small dues")
    known = range(span.start - draw_known_months(draws), span.stop)
    found: dict[str, list[tuple[int, int]]] = {}
    for owed in draw_owed(draws, _describe(party, draws), stage, parameters, known):
        paid = 0 if owed.paid is None else day_of(base + owed.paid, _DUE_DAY)
        found.setdefault(owed.kind, []).append((day_of(base + owed.month, _DUE_DAY), paid))
    return found


def _describe(party: Party, draws: Draws) -> Household:
    """Return a household of the county as histories describe one."""
    profile, truth = party.profile, party.truth
    return Household(
        kind=KINDS.index(party.livelihood),
        village=party.village,
        persons=profile["persons"],
        workers=profile["workers"],
        age_years=profile["age_years"],
        schooling_years=profile["schooling_years"],
        is_woman=profile["sex"] == "f",
        each_minor=truth.poverty_minor,
        income_minor=truth.income_minor,
        standing_ppm=_logarithm_ppm(truth.poverty_minor * PPM // _MIDDLE_INCOME_MINOR),
        discipline_ppm=truth.discipline_ppm,
        kin_ppm=truth.kin_ppm,
        skill_ppm=truth.skill_ppm,
        is_insured=truth.insured,
        is_cadre_kin=truth.cadre_kin,
        debt_minor=truth.debts_minor,
        cash_minor=draw_cash(draws, truth.income_minor),
    )


def _logarithm_ppm(value_ppm: int) -> int:
    """Return the natural logarithm of a value within some thousandths, both in ppm, by halving."""
    low, high = -_LOG_MOST_PPM, _LOG_MOST_PPM
    for _ in range(_LOG_STEPS):
        middle = (low + high) // 2
        low, high = (middle, high) if exponential_ppm(middle) <= value_ppm else (low, middle)
    return low
