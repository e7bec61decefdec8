"""The household behind an application: what comes in and goes out in a middle and a bad year.

The middle year is what is stated, or the county's middle where a stated net per mu lies above
the county's 80th percentile; the bad year (P20) lowers each source by the officer's factors and
living to what can be saved on, never below the dibao floor. The project is left out: it is the
demand's. What a file does not say is assumed and listed.
Source: the county's practice (judgement, thresholds).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.finance import divide_half_even, part_ppm
from tallystick.services.positioning.catalogue import Catalogue, Crop

__all__ = ["MONITORED", "Debt", "Household", "Streams", "read_household"]

MONITORED = frozenset({"monitored_relapse", "monitored_marginal", "monitored_sudden"})
POOR = MONITORED | {"dibao", "out_of_poverty"}
_MU = 100
_MONEY_MAX = 10**12
# Outside work starts after the Spring Festival: March first, then February, January last.
_WAGE_ORDER = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 2, 1)
_FULL_YEAR = 12


@dataclass(frozen=True, slots=True)
class Streams:
    """A year of money by source, minor units; months are January..December."""

    income_middle: int
    income_bad: int
    spending_middle: int
    spending_bad: int
    months_middle: tuple[int, ...]
    months_bad: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Debt:
    """An old debt: balance, month it must be gone (0 = no date), monthly payment, yearly rate."""

    lender: str
    balance_minor: int
    due_month: int
    monthly_minor: int
    rate_ppm: int


@dataclass(frozen=True, slots=True)
class Household:
    """What the judgement needs to know of who asks.

    `savings_minor` is -1 where unknown; `assumed` names the fields filled here;
    `profile` is the stated part, for what is only looked up.
    """

    category: str
    monitored: bool
    poor: bool
    can_work: bool
    persons: int
    savings_minor: int
    debts: tuple[Debt, ...]
    guarantees_minor: int
    streams: Streams
    has_income: bool
    assumed: tuple[str, ...]
    profile: Mapping[str, Any]


def read_household(
    profile: Mapping[str, Any], catalogue: Catalogue, rules: Mapping[str, int]
) -> Household:
    """Return the household of a profile (see records.applicant for its fields and units)."""
    category = profile.get("category", "ordinary")
    assumed: list[str] = []
    streams, has_income = _read_streams(profile, catalogue, rules, assumed)
    workers = profile.get("workers")
    if "savings_minor" not in profile:
        assumed.append("profile.savings_minor")
    return Household(
        category=category,
        monitored=category in MONITORED,
        poor=category in POOR,
        can_work=workers != 0 and profile.get("able_to_work", 1) != 0,
        persons=max(1, profile.get("persons", 1)),
        savings_minor=profile.get("savings_minor", -1),
        debts=tuple(_read_debt(row) for row in profile.get("debts", ())),
        guarantees_minor=profile.get("guarantees_minor", 0),
        streams=streams,
        has_income=has_income,
        assumed=tuple(assumed),
        profile=profile,
    )


def _read_debt(row: Mapping[str, Any]) -> Debt:
    return Debt(
        row.get("lender", "unknown"),
        row.get("balance_minor", 0),
        row.get("due_month", 0),
        row.get("monthly_minor", 0),
        row.get("rate_ppm", 0),
    )


class _Year:
    """Twelve months filled source by source, in the middle and in the bad year."""

    __slots__ = ("bad", "income_bad", "income_middle", "middle")

    def __init__(self) -> None:
        self.middle = [0] * _FULL_YEAR
        self.bad = [0] * _FULL_YEAR
        self.income_middle = 0
        self.income_bad = 0

    def add(self, middle: int, bad: int, months: Iterable[int]) -> None:
        """Add a year's net income, received evenly in `months` (1..12)."""
        self.income_middle += middle
        self.income_bad += bad
        _spread(self.middle, middle, months)
        _spread(self.bad, bad, months)

    def spend(self, middle: int, bad: int) -> None:
        """Take a year's living evenly."""
        _spread(self.middle, -middle, range(1, 13))
        _spread(self.bad, -bad, range(1, 13))

    def advance(self, amount: int, out_months: Iterable[int], back_months: Iterable[int]) -> None:
        """Take costs in their months and give them back with the sales."""
        for months in (self.middle, self.bad):
            _spread(months, -amount, out_months)
            _spread(months, amount, back_months)


def _spread(year: list[int], amount: int, months: Iterable[int]) -> None:
    """Add an amount evenly over months; the last takes the remainder."""
    named = list(months)
    each = amount // len(named)
    for month in named:
        year[month - 1] += each
    year[named[-1] - 1] += amount - each * len(named)


def _read_streams(
    profile: Mapping[str, Any],
    catalogue: Catalogue,
    rules: Mapping[str, int],
    assumed: list[str],
) -> tuple[Streams, bool]:
    year = _Year()
    _add_work(year, profile, catalogue, rules, assumed)
    for row in profile.get("crops", ()):
        if not row.get("in_project"):
            _add_crop(year, row, catalogue.reference.crops.get(row.get("crop", "")), rules)
    for row in profile.get("livestock", ()):
        if not row.get("in_project"):
            _add_livestock(year, row, rules)
    has_income = year.income_middle != 0
    middle, bad = _read_spending(profile, catalogue, rules, year, assumed)
    year.spend(middle, bad)
    return (
        Streams(
            year.income_middle, year.income_bad, middle, bad, tuple(year.middle), tuple(year.bad)
        ),
        has_income,
    )


def _add_work(
    year: _Year,
    profile: Mapping[str, Any],
    catalogue: Catalogue,
    rules: Mapping[str, int],
    assumed: list[str],
) -> None:
    """Add wages, business and transfers."""
    every = range(1, 13)
    if monthly := profile.get("wage_minor_month", 0):
        months = profile.get("wage_months", -1)
        if months < 0:
            months = catalogue.reference.wage_months
            assumed.append("profile.wage_months")
        if months:
            wage = monthly * months
            year.add(wage, part_ppm(wage, rules["bad_wage_ppm"]), _WAGE_ORDER[:months])
    if business := profile.get("business_minor_year", 0):
        year.add(business, _worsen(business, rules["bad_business_ppm"]), every)
    if transfers := profile.get("transfers_minor_year", 0):
        year.add(transfers, transfers, every)


def _worsen(net: int, kept_ppm: int) -> int:
    """The bad year of a net income: a gain shrinks to its part, a loss grows by the rest."""
    return part_ppm(net, kept_ppm) if net > 0 else 2 * net - part_ppm(net, kept_ppm)


def _add_crop(
    year: _Year, row: Mapping[str, Any], known: Crop | None, rules: Mapping[str, int]
) -> None:
    """Add a crop outside the project; what lies above the county's P80 is not believed."""
    area = row.get("area_centimu", 0)
    cost = row.get("cost_minor_per_mu", known.cost_minor_per_mu if known else 0)
    per_mu = row.get("yield_kg_per_mu", 0) * row.get("price_minor_per_kg", 0) - cost
    if known and (per_mu > known.net_p80_minor or "price_minor_per_kg" not in row):
        per_mu = known.net_p50_minor
    net = _bound(divide_half_even(per_mu * area, _MU))
    sales = row.get("sale_months") or (known.sale_months if known else ()) or range(1, 13)
    outlays = row.get("outlay_months") or (known.outlay_months if known else ()) or sales
    year.add(net, _worsen(net, rules["bad_farm_ppm"]), sales)
    year.advance(_bound(divide_half_even(cost * area, _MU)), outlays, sales)


def _bound(amount: int) -> int:
    """Hold a product of three stated figures within the range of one stated sum."""
    return max(-_MONEY_MAX, min(_MONEY_MAX, amount))


def _add_livestock(year: _Year, row: Mapping[str, Any], rules: Mapping[str, int]) -> None:
    """Add animals outside the project; feed is paid through the year."""
    cost = row.get("cost_minor_year", 0)
    net = row.get("sales_minor_year", 0) - cost
    sales = row.get("sale_months") or range(1, 13)
    year.add(net, _worsen(net, rules["bad_livestock_ppm"]), sales)
    year.advance(cost, range(1, 13), sales)


def _read_spending(
    profile: Mapping[str, Any],
    catalogue: Catalogue,
    rules: Mapping[str, int],
    year: _Year,
    assumed: list[str],
) -> tuple[int, int]:
    """A year's living, medicine and school in the middle and in the bad year."""
    reference = catalogue.reference
    persons = profile.get("persons", 0)
    floor = reference.floor_minor_person_month * _FULL_YEAR * max(1, persons)
    if "living_minor_person_year" in profile:
        living = profile["living_minor_person_year"] * max(1, persons)
        if not persons:
            assumed.append("profile.persons")
    elif persons:
        living = reference.living_minor_person_year * persons
        assumed.append("profile.living_minor_person_year")
    else:
        living = max(floor, part_ppm(max(0, year.income_middle), reference.living_share_ppm))
        assumed += ["profile.living_minor_person_year", "profile.persons"]
    fixed = profile.get("medical_school_minor_year", 0)
    lean = max(floor, part_ppm(living, rules["bad_living_ppm"]))
    return living + fixed, min(lean, max(living, floor)) + fixed
