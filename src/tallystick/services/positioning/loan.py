"""A loan or lease judged: the monthly cash calendar of a middle and a bad year, and every miss.

Laws: a verdict is a function of the case, the product and the terms alone; it fits exactly when
it has no gap. Debt service cover is surplus (income less living) over payments in the worst loan
year, with the principal added back while working capital comes home; cash is never below zero in
a bad year within the loan's life. Source: the county's practice, judgement and thresholds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tallystick.finance import (
    PPM,
    Instalment,
    LoanTerms,
    build_schedule,
    part_ppm,
)
from tallystick.services.positioning.calendar import read_cash
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.catalogue import Product
from tallystick.services.positioning.cycle import find_cycle_gaps
from tallystick.services.positioning.gaps import GAP_UNITS, Gap
from tallystick.services.positioning.gates import (
    find_amount_gaps,
    find_people_gaps,
    find_person_gaps,
    find_purpose_gaps,
)

__all__ = [
    "Burden",
    "Verdict",
    "find_standing_gaps",
    "has_only",
    "judge_better",
    "judge_loan",
    "weigh_burden",
]

_YEAR = 12
_NO_LIMIT = 99 * PPM
_GAPS_MAX = 2 * len(GAP_UNITS)
_FREE_SCHOOLS = ("primary", "junior", "secondary_vocational")  # no fees in China


class Burden(NamedTuple):
    """What the loan asks of the household; ratios in ppm, sums in minor units.

    `cover_*` is the worst loan year's debt service cover, `share` the greatest part of a year's
    net income, `debt` all debts over a year's net income, `payment` the greatest instalment,
    `after_drop` what is left in the worst year after a fall in price (negative: short).
    """

    cover_middle: int
    cover_bad: int
    share: int
    debt: int
    payment: int
    after_drop: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A product on terms, judged. `low_cash` and `low_month` are the bad year's worst point."""

    product: Product
    terms: LoanTerms | None
    schedule: tuple[Instalment, ...]
    gaps: tuple[Gap, ...]
    burden: Burden | None
    low_cash: int
    low_month: int

    @property
    def fits(self) -> bool:
        """Whether nothing is missing."""
        return not self.gaps


def find_standing_gaps(case: Case, product: Product) -> tuple[Gap, ...]:
    """Return the gaps that hold whatever the terms are."""
    return (
        *find_purpose_gaps(case, product),
        *find_person_gaps(case, product),
        *find_people_gaps(case, product),
        *_find_aid(case),
    )


def judge_loan(
    case: Case, product: Product, terms: LoanTerms, standing: tuple[Gap, ...] | None = None
) -> Verdict:
    """Return the verdict on a product with these terms.

    Args:
        standing: what `find_standing_gaps` said of this product, where it is known already.
    """
    if standing is None:
        standing = find_standing_gaps(case, product)
    verdict = judge_better(case, product, terms, standing, _GAPS_MAX)
    assert verdict is not None, "there are fewer gaps than the vocabulary has"
    return verdict


def judge_better(
    case: Case, product: Product, terms: LoanTerms, standing: tuple[Gap, ...], below: int
) -> Verdict | None:
    """Return the same verdict where it has fewer gaps than `below`; None as soon as it has not."""
    terms = _limit_subsidy(product, terms)
    gaps = [*standing, *find_amount_gaps(case, product, terms)]
    if len(gaps) >= below:
        return None
    schedule = build_schedule(terms)
    gaps += find_cycle_gaps(case, product, terms, schedule)
    burden, low_cash, low_month = None, 0, 0
    if len(gaps) < below and terms.repayment != "int_after_study":
        burden = weigh_burden(case, terms, schedule, _list_payments(schedule))
        gaps += _find_burden_gaps(case, terms, burden)
        if len(gaps) >= below:
            return None
        if any(gap.gap == "no_income_basis" for gap in gaps):
            burden = None
        else:
            cash = read_cash(case, terms, schedule)
            low_cash, low_month = cash.lowest_minor, cash.lowest_month
            if cash.short_month:
                gaps.append(Gap("floor_month", cash.short_minor, month=cash.short_month))
    if len(gaps) >= below:
        return None
    return Verdict(product, terms, schedule, tuple(gaps), burden, low_cash, low_month)


def has_only(case: Case, product: Product, terms: LoanTerms, beside: Container[str]) -> bool:
    """Return whether the terms open no gap but those `beside`, the standing gaps left out.

    It says what `judge_loan` would, but ends at the first gap that decides it.
    """
    terms = _limit_subsidy(product, terms)
    if any(gap.gap not in beside for gap in find_amount_gaps(case, product, terms)):
        return False
    studies = terms.repayment == "int_after_study"
    # Debt over income needs no schedule and is what most often ends a search for less.
    heavy = not studies and _weigh_debt(case, terms) > case.rules["debt_ratio_ppm"]
    if heavy and "debt_ratio" not in beside:
        return False
    schedule = build_schedule(terms)
    if any(gap.gap not in beside for gap in find_cycle_gaps(case, product, terms, schedule)):
        return False
    if studies:
        return True
    burden = weigh_burden(case, terms, schedule, _list_payments(schedule))
    if any(gap.gap not in beside for gap in _find_burden_gaps(case, terms, burden)):
        return False
    return "floor_month" in beside or not read_cash(case, terms, schedule).short_month


def _list_payments(schedule: tuple[Instalment, ...]) -> list[int]:
    return [own + whole - helped + fee for _, own, whole, helped, fee, _ in schedule]


def _limit_subsidy(product: Product, terms: LoanTerms) -> LoanTerms:
    """Subsidise only the part of the sum that the scheme subsidises."""
    most = product.subsidised_max_minor
    if not most or not terms.subsidy_ppm or terms.amount_minor <= most:
        return terms
    part = product.subsidy_ppm * most // terms.amount_minor
    return terms._replace(subsidy_ppm=min(terms.subsidy_ppm, part))


def weigh_burden(
    case: Case, terms: LoanTerms, schedule: tuple[Instalment, ...], payments: list[int]
) -> Burden:
    """Return the loan's burden on the household, worst loan year for each ratio."""
    streams, project = case.household.streams, case.ask.project
    paid = _sum_years(schedule, payments)
    coming = (
        _sum_years(schedule, [row.principal for row in schedule])
        if project.working_capital
        else paid
    )
    middle_room = streams.income_middle - streams.spending_middle
    bad_room = streams.income_bad - streams.spending_bad
    drop = part_ppm(case.exposed_revenue, case.rules["price_drop_ppm"])
    saved = _kept_savings(case, terms)
    cover_middle = cover_bad = _NO_LIMIT
    share, after_drop = 0, _NO_LIMIT * PPM
    for year, own in enumerate(paid):
        service = own + _at(case.owed_years, year)
        if not own or service <= 0:
            continue
        back = coming[year] if _returns(case, year) else 0
        earned = _at(case.earned_middle, year)
        room = middle_room + earned + back
        cover_middle = min(cover_middle, _share(room, service))
        bad = bad_room + _at(case.earned_bad, year) + back
        cover_bad = min(cover_bad, _share(bad, service))
        share = max(share, _share(service - back, streams.income_middle + earned))
        exposed = drop if earned or back else 0
        after_drop = min(after_drop, room - exposed + saved - service)
    debt = _weigh_debt(case, terms)
    return Burden(cover_middle, cover_bad, share, debt, max(payments), after_drop)


def _weigh_debt(case: Case, terms: LoanTerms) -> int:
    """All debts and a part of guarantees over a middle year's net income, in ppm."""
    yearly = case.household.streams.income_middle + case.ask.project.income_middle_minor
    owing = sum(debt.balance_minor for debt in case.household.debts) + terms.amount_minor
    owing += part_ppm(case.household.guarantees_minor, case.rules["guarantee_weight_ppm"])
    return _share(owing, yearly)


def _share(part: int, whole: int) -> int:
    """A ratio within 99 times either way; of nothing, everything is too much."""
    if whole <= 0:
        return _NO_LIMIT
    ratio = part * PPM // whole
    return ratio if -_NO_LIMIT < ratio < _NO_LIMIT else _NO_LIMIT if ratio > 0 else -_NO_LIMIT


def _at(years: tuple[int, ...], year: int) -> int:
    return years[year] if year < len(years) else years[-1]


def _returns(case: Case, year: int) -> bool:
    """Whether working capital is still coming home with the sales in this loan year."""
    if not case.ask.project.working_capital:
        return False
    return case.last_sale < 0 or year <= max(0, case.last_sale - 1) // _YEAR


def _sum_years(schedule: tuple[Instalment, ...], amounts: list[int]) -> list[int]:
    """What falls due, one amount an instalment, summed by loan year."""
    months = [row.month for row in schedule]
    ends = [bisect_right(months, end) for end in range(_YEAR, months[-1] + _YEAR, _YEAR)]
    return [sum(amounts[first:until]) for first, until in pairwise((0, *ends))]


def _kept_savings(case: Case, terms: LoanTerms) -> int:
    """Savings left after the own share is paid, >= 0."""
    if case.household.savings_minor < 0:
        return 0
    return max(0, case.household.savings_minor - (case.ask.cost_minor - terms.amount_minor))


def _find_burden_gaps(case: Case, terms: LoanTerms, burden: Burden) -> Iterator[Gap]:
    """Yield where the loan is heavier than the thresholds allow."""
    rules, ask = case.rules, case.ask
    if not case.household.has_income and not ask.project.income_middle_minor:
        yield Gap("no_income_basis", 1)
        return
    if ask.project.implausible_minor:
        have, need = ask.project.stated_middle_minor, ask.project.county_p80_minor
        yield Gap("income_implausible", ask.project.implausible_minor, have, need)
    if ask.bearable_minor and burden.payment > ask.bearable_minor:
        over = burden.payment - ask.bearable_minor
        yield Gap("bearable_instalment", over, burden.payment, ask.bearable_minor)
    for name, have, need in (
        ("dscr_p50", burden.cover_middle, rules["dscr_middle_ppm"]),
        ("dscr_p20", burden.cover_bad, rules["dscr_bad_ppm"]),
    ):
        if have < need:
            yield Gap(name, need - have, have, need)
    monitored = case.household.monitored
    most = rules["instalment_monitored_ppm" if monitored else "instalment_ppm"]
    if burden.share > most:
        yield Gap("instalment_share", burden.share - most, burden.share, most)
    if burden.after_drop < 0 and case.exposed_revenue:
        yield Gap("price_drop_30", -burden.after_drop)
    yield from _find_debt_gaps(case, terms, burden)


def _find_debt_gaps(case: Case, terms: LoanTerms, burden: Burden) -> Iterator[Gap]:
    """Yield debt over income, and the guarantees where they alone tip it."""
    most = case.rules["debt_ratio_ppm"]
    if burden.debt <= most:
        return
    yield Gap("debt_ratio", burden.debt - most, burden.debt, most)
    if not case.household.guarantees_minor:
        return
    yearly = case.household.streams.income_middle + case.ask.project.income_middle_minor
    owing = sum(debt.balance_minor for debt in case.household.debts) + terms.amount_minor
    if _share(owing, yearly) <= most:
        yield Gap("guarantees_given", case.household.guarantees_minor)


def _find_aid(case: Case) -> Iterator[Gap]:
    """Yield why debt is the wrong help: nobody can work, or the state pays for this already."""
    household, ask = case.household, case.ask
    streams = household.streams
    room = streams.income_middle - streams.spending_middle + ask.project.income_middle_minor
    # Without any stated income a lack of room is a lack of figures, not of means.
    short = room <= 0 and household.has_income
    helpless = not household.can_work and (household.poor or short)
    schooled = household.poor and ask.demand.get("study", {}).get("level", "") in _FREE_SCHOOLS
    if helpless or schooled or (household.category == "dibao" and room <= 0):
        yield Gap("aid_first", 1)
    if "shock" in ask.demand and ask.purpose == "renew_after_shock" and room <= 0:
        yield Gap("not_viable_after_shock", -room)
