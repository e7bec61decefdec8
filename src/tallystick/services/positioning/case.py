"""One application laid out for judging: household, demand, and the project's money by month.

Months are offsets from the payout, 0 = its month. The project's flows hold the whole cost back
with the sales for working capital (one cycle), else a net income each year from the first sale.
The cost itself leaves at offset 0 and the loan arrives there. Built once, judged many times.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import sub
from typing import Any, NamedTuple

from tallystick.finance import PPM, divide_half_even
from tallystick.services.positioning.ask import Ask, Project, read_ask
from tallystick.services.positioning.catalogue import Catalogue
from tallystick.services.positioning.household import Debt, Household, read_household

__all__ = ["Case", "read_case", "scale_case"]

_YEAR = 12
_HORIZON_MAX = 240  # with every sum at its greatest, the calendar stays below 2^53


class Case(NamedTuple):
    """What every judgement of one application shares.

    `home_*[i]` is the household's money at offset i, living and old debts paid, `flow_*[i]` the
    project's, `earned_*[y]` its net income in loan year y (offsets 12y+1..12y+12, the payout's
    month with the first), `owed[i]` payments on old debts. `last_sale` is the offset of the last
    sale, -1 where the project has no date; `area_centimu` the project's, 0 where unknown.
    """

    household: Household
    ask: Ask
    catalogue: Catalogue
    rules: Mapping[str, int]
    features: Mapping[str, int]
    horizon: int
    last_sale: int
    home_middle: tuple[int, ...]
    home_bad: tuple[int, ...]
    flow_middle: tuple[int, ...]
    flow_bad: tuple[int, ...]
    earned_middle: tuple[int, ...]
    earned_bad: tuple[int, ...]
    owed: tuple[int, ...]
    owed_years: tuple[int, ...]
    exposed_revenue: int
    area_centimu: int


def read_case(
    application: Mapping[str, Any], catalogue: Catalogue, rules: Mapping[str, int]
) -> Case:
    """Return the case of an application tree (records.applicant)."""
    profile, demand = application.get("profile", {}), application.get("demand", {})
    household = read_household(profile, catalogue, rules)
    ask = read_ask(demand, profile, catalogue)
    return _build(household, ask, catalogue, rules, application.get("features", {}))


def scale_case(case: Case, amount_minor: int, own_share_ppm: int = 0) -> Case:
    """Return the case of the same project made smaller, so that it asks for `amount_minor`.

    Cost, own share, income and revenue shrink together; dates, terms and household stay.

    Args:
        own_share_ppm: the least own share of the smaller cost, where the stated one is less.
    """
    ask, project = case.ask, case.ask.project
    cost = divide_half_even(ask.cost_minor * amount_minor, ask.amount_minor)
    cost = max(cost, -(-amount_minor * PPM // max(1, PPM - own_share_ppm)))

    def shrink(value: int) -> int:
        return divide_half_even(value * cost, ask.cost_minor) if value else 0

    smaller = project._replace(
        income_low_minor=shrink(project.income_low_minor),
        income_middle_minor=shrink(project.income_middle_minor),
        stated_middle_minor=shrink(project.stated_middle_minor),
        county_p50_minor=shrink(project.county_p50_minor),
        county_p80_minor=shrink(project.county_p80_minor),
        revenue_minor=shrink(project.revenue_minor),
        implausible_minor=shrink(project.implausible_minor),
    )
    asked = ask._replace(
        amount_minor=amount_minor,
        cost_minor=cost,
        own_minor=cost - amount_minor if ask.own_minor >= 0 else -1,
        project=smaller,
    )
    horizon = case.horizon
    flow_middle, earned_middle = _lay_out(asked, smaller.income_middle_minor, horizon)
    flow_bad, earned_bad = _lay_out(asked, smaller.income_low_minor, horizon)
    return case._replace(
        ask=asked,
        flow_middle=flow_middle,
        flow_bad=flow_bad,
        earned_middle=earned_middle,
        earned_bad=earned_bad,
        exposed_revenue=_exposed(asked, case.household.profile, case.catalogue),
    )


def _build(
    household: Household,
    ask: Ask,
    catalogue: Catalogue,
    rules: Mapping[str, int],
    features: Mapping[str, int],
) -> Case:
    horizon = _find_horizon(ask, catalogue, rules)
    flow_middle, earned_middle = _lay_out(ask, ask.project.income_middle_minor, horizon)
    flow_bad, earned_bad = _lay_out(ask, ask.project.income_low_minor, horizon)
    owed = _owed(household.debts, ask.start, horizon)
    streams = household.streams
    last = ask.project.last_sale
    return Case(
        household=household,
        ask=ask,
        catalogue=catalogue,
        rules=rules,
        features=features,
        horizon=horizon,
        last_sale=last - ask.start if last else -1,
        home_middle=_live(streams.months_middle, ask.start, owed),
        home_bad=_live(streams.months_bad, ask.start, owed),
        flow_middle=flow_middle,
        flow_bad=flow_bad,
        earned_middle=earned_middle,
        earned_bad=earned_bad,
        owed=owed,
        owed_years=tuple(sum(owed[y + 1 : y + 13]) for y in range(0, horizon, _YEAR)),
        exposed_revenue=_exposed(ask, household.profile, catalogue),
        area_centimu=_measure(ask.demand, household.profile),
    )


def _find_horizon(ask: Ask, catalogue: Catalogue, rules: Mapping[str, int]) -> int:
    """Months laid out: the calendar's, and the longest life of any loan that could be judged."""
    lives = [p.term_max_months for p in catalogue.products if "study" not in p.needs]
    asked = ask.terms.term_months if ask.terms and not ask.terms.study_months else 0
    return min(_HORIZON_MAX, max(rules["calendar_months"], asked, *lives))


def _live(months: tuple[int, ...], start: int, owed: tuple[int, ...]) -> tuple[int, ...]:
    """What a year's months leave the household at each offset, nothing in the payout's own."""
    begin = (start + 1) % _YEAR
    year = (*months[begin:], *months[:begin])
    return (0, *map(sub, year * (len(owed) // _YEAR + 1), owed[1:]))


def _lay_out(ask: Ask, income: int, horizon: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The project's flows by offset and its net income by loan year."""
    flows = [0] * (horizon + 1)
    years = [0] * (horizon // _YEAR + 1)
    project = ask.project
    first, count = _sale_span(project, ask.start)
    if project.working_capital:
        _place(flows, income + ask.cost_minor, first, count)
        _place_years(years, income, first, count)
    elif income:
        for begin in range(first, horizon + 1, _YEAR):
            _place(flows, income, begin, count)
            _place_years(years, income, begin, count)
    shock = ask.demand.get("shock", {})
    if shock.get("claim_minor") and shock.get("claim_month", 0) >= ask.start:
        offset = shock["claim_month"] - ask.start
        _place(flows, shock["claim_minor"], offset, 1)
        _place_years(years, shock["claim_minor"], offset, 1)
    return tuple(flows), tuple(years)


def _sale_span(project: Project, start: int) -> tuple[int, int]:
    """Offset of the first sale and how many months sales last, at most a year."""
    if not project.first_sale:
        return 1, _YEAR
    return project.first_sale - start, min(_YEAR, project.last_sale - project.first_sale + 1)


def _place(flows: list[int], amount: int, first: int, count: int) -> None:
    """Spread an amount over months, what lies outside the calendar left out."""
    each, rest = divmod(amount, count)
    size, until = len(flows), first + count
    for offset in range(max(0, first), min(until, size)):
        flows[offset] += each
    if 0 < until <= size:
        flows[until - 1] += rest


def _place_years(years: list[int], amount: int, first: int, count: int) -> None:
    """The same by loan year; what was earned before the payout counts in the first year."""
    each, rest = divmod(amount, count)
    size = len(years)
    for offset in range(first, first + count):
        year = (offset - 1) // _YEAR if offset > 0 else 0
        if year < size:
            years[year] += each
    year = max(0, first + count - 2) // _YEAR
    if year < size:
        years[year] += rest


def _owed(debts: tuple[Debt, ...], start: int, horizon: int) -> tuple[int, ...]:
    """Payments on old debts by offset: monthly until due or paid off, else all when due."""
    owed = [0] * (horizon + 1)
    for debt in debts:
        until = debt.due_month - start if debt.due_month else horizon
        if debt.monthly_minor:
            if not debt.due_month:
                until = -(-debt.balance_minor // debt.monthly_minor)
            for offset in range(1, min(until, horizon) + 1):
                owed[offset] += debt.monthly_minor
        elif debt.due_month and 0 < until <= horizon:
            owed[until] += debt.balance_minor
    return tuple(owed)


def _measure(demand: Mapping[str, Any], profile: Mapping[str, Any]) -> int:
    """Area of the project in 1/100 mu: as stated, else its crops'; 0 where unknown."""
    if demand.get("scale_unit") == "mu" and demand.get("scale_centi"):
        return int(demand["scale_centi"])
    rows = profile.get("crops", ())
    return sum(row.get("area_centimu", 0) for row in rows if row.get("in_project"))


_PRODUCTION = frozenset(
    {
        "crop_inputs",
        "orchard_upkeep",
        "greenhouse_inputs",
        "greenhouse_build",
        "livestock_buy",
    }
)


def _exposed(ask: Ask, profile: Mapping[str, Any], catalogue: Catalogue) -> int:
    """Revenue that a fall in price would hit: farm produce, but grain and what is ordered."""
    if ask.purpose not in _PRODUCTION:
        return 0
    kinds = {
        known.kind
        for row in profile.get("crops", ())
        if row.get("in_project")
        and (known := catalogue.reference.crops.get(row.get("crop", ""))) is not None
    }
    if kinds == {"grain"}:
        return 0
    order = ask.demand.get("order", {})
    proven = order.get("contract") and order.get("seasons_with_buyer", 0) > 0
    ordered = order.get("value_minor", 0) if proven and not order.get("buyer_related") else 0
    return max(0, ask.project.revenue_minor - ordered)
