"""The demand as the decision reads it: dates, terms, project, with what had to be assumed.

A project's income is believed up to the county's 80th percentile; above it the county's low and
middle stand in. Units as in records.applicant. Source: the county's practice, judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tallystick.finance import REPAYMENTS, LoanTerms, divide_half_even, part_ppm
from tallystick.services.positioning.catalogue import Catalogue

__all__ = ["Ask", "Project", "read_ask"]

_MU = 100
_STUDY_FREE_MONTHS = 60
_YEAR = 12
_EVERY = tuple(range(1, 13))


class Project(NamedTuple):
    """What the money is for, as a yearly net income (or once, for working capital).

    Months are month numbers, 0 = unknown; `implausible_minor` is the stated middle income above
    the county's P80, 0 where believed.
    """

    first_outlay: int
    first_sale: int
    last_sale: int
    working_capital: bool
    income_low_minor: int
    income_middle_minor: int
    stated_middle_minor: int
    county_p50_minor: int
    county_p80_minor: int
    revenue_minor: int
    implausible_minor: int

    @property
    def earns(self) -> bool:
        """Whether a harvest or sale of its own is to carry the money."""
        return self.revenue_minor > 0 or self.stated_middle_minor != 0


class Ask(NamedTuple):
    """A demand; `terms` is None where none were asked and the kind has none.

    `own_minor` is -1 where the own share is unknown; `assumed` names fields filled here.
    """

    kind: str
    scheme: str
    purpose: str
    amount_minor: int
    cost_minor: int
    own_minor: int
    as_of: int
    start: int
    payable: tuple[int, ...]
    bearable_minor: int
    terms: LoanTerms | None
    project: Project
    assumed: tuple[str, ...]
    demand: Mapping[str, Any]


def read_ask(demand: Mapping[str, Any], profile: Mapping[str, Any], catalogue: Catalogue) -> Ask:
    """Return the demand read against the catalogue's reference figures."""
    assumed: list[str] = []
    scheme = demand.get("scheme_asked", "")
    kind = demand.get("kind", "")
    as_of = demand.get("as_of_month", 0)
    if not kind:
        kind = "borrow"
        assumed.append("demand.kind")
    amount = demand.get("amount_minor", 0)
    cost = max(demand.get("cost_minor", 0), amount) or amount
    terms = _read_terms(demand, amount, kind, assumed)
    stated = demand.get("terms_asked", {}).get("start_month", 0)
    start = stated or demand.get("needed_by_month", 0) or as_of
    if not start:
        start = catalogue.reference.as_of
        assumed.append("demand.as_of_month")
    return Ask(
        kind=kind,
        scheme=scheme,
        purpose=_read_purpose(demand, kind, catalogue, assumed),
        amount_minor=amount,
        cost_minor=cost,
        own_minor=_read_own(demand, amount, cost),
        as_of=as_of or start,
        start=start,
        payable=tuple(demand.get("payable_months", ())) or _EVERY,
        bearable_minor=demand.get("bearable_instalment_minor", 0),
        terms=terms,
        project=_read_project(demand, profile, catalogue),
        assumed=tuple(assumed),
        demand=demand,
    )


def _read_own(demand: Mapping[str, Any], amount: int, cost: int) -> int:
    if "own_share_ppm" in demand:
        return part_ppm(cost, demand["own_share_ppm"])
    return cost - amount if demand.get("cost_minor") else -1


def _read_purpose(
    demand: Mapping[str, Any], kind: str, catalogue: Catalogue, assumed: list[str]
) -> str:
    """The stated purpose; one that no product names is read as the kind's own, unless asked."""
    purpose: str = demand.get("purpose", "")
    if purpose and (demand.get("scheme_asked") or purpose in _REFUSED):
        return purpose
    if purpose and any(purpose in product.purposes for product in catalogue.products):
        return purpose
    assumed.append("demand.purpose")
    return _OWN_PURPOSE.get(kind, "consumer")


_REFUSED = frozenset({"house", "relend", "firm_use", "wealth"})
_OWN_PURPOSE = {
    "insure": "insure_crop",
    "invest": "invest_goal",
    "lease": "machine_buy",
    "save": "save_goal",
}


def _read_terms(
    demand: Mapping[str, Any], amount: int, kind: str, assumed: list[str]
) -> LoanTerms | None:
    """The terms asked; a bare term means level monthly instalments."""
    if kind not in ("borrow", "lease"):
        return None
    stated = demand.get("terms_asked")
    if not stated or not stated.get("term_months"):
        return None
    repayment = stated.get("repayment", "")
    if repayment not in REPAYMENTS:
        repayment = "level"
        assumed.append("demand.terms_asked.repayment")
    study = demand.get("study", {}).get("years_left", 0) * _YEAR
    grace = stated.get("grace_months", 0)
    if repayment == "int_after_study" and not grace:
        grace = study + _STUDY_FREE_MONTHS
    return LoanTerms(
        amount_minor=amount,
        rate_ppm=stated.get("rate_ppm", 0),
        term_months=stated["term_months"],
        repayment=repayment,
        grace_months=min(grace, stated["term_months"] - 1),
        subsidy_ppm=stated.get("interest_subsidy_ppm", 0),
        fee_ppm=stated.get("fee_ppm", 0),
        study_months=study if repayment == "int_after_study" else 0,
    )


def _read_project(
    demand: Mapping[str, Any], profile: Mapping[str, Any], catalogue: Catalogue
) -> Project:
    county = _read_county(demand, profile, catalogue)
    low20, middle50, high80 = county or (0, 0, 0)
    likely = demand.get("income_likely_minor", middle50 if county else 0)
    low = demand.get("income_low_minor", low20 if county else likely)
    implausible = likely - high80 if county and likely > high80 else 0
    first_sale = demand.get("first_sale_month", 0)
    return Project(
        first_outlay=demand.get("first_outlay_month", 0),
        first_sale=first_sale,
        last_sale=max(demand.get("last_sale_month", 0), first_sale),
        working_capital=bool(demand.get("working_capital", 0)),
        income_low_minor=low20 if implausible else low,
        income_middle_minor=middle50 if implausible else likely,
        stated_middle_minor=likely,
        county_p50_minor=middle50,
        county_p80_minor=high80,
        revenue_minor=demand.get("revenue_likely_minor", 0),
        implausible_minor=implausible,
    )


def _read_county(
    demand: Mapping[str, Any], profile: Mapping[str, Any], catalogue: Catalogue
) -> tuple[int, int, int] | None:
    """The county's low, middle and high income of the whole project, stated or worked out."""
    names = ("county_p20_minor", "county_p50_minor", "county_p80_minor")
    if all(name in demand for name in names):
        return (demand[names[0]], demand[names[1]], demand[names[2]])
    low = middle = high = area = 0
    for row in profile.get("crops", ()):
        known = catalogue.reference.crops.get(row.get("crop", ""))
        if row.get("in_project") and known is not None:
            centimu = row.get("area_centimu", 0)
            area += centimu
            low += known.net_p20_minor * centimu
            middle += known.net_p50_minor * centimu
            high += known.net_p80_minor * centimu
    if not area or demand.get("purpose") == "renew_after_shock":
        return None
    return (
        divide_half_even(low, _MU),
        divide_half_even(middle, _MU),
        divide_half_even(high, _MU),
    )
