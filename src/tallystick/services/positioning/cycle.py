"""The service's cycle against its due dates (step 2, and the calendar's half of step 4).

Borrow and lease: the cycle runs from the first outlay to the last sale and the income is the
project's net cash. Save and invest: the date the money is needed and the yield. Insure: the
window of exposure and the sum. Source: the county's practice, positioning and judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tallystick.finance import Instalment, LoanTerms
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.catalogue import Product
from tallystick.services.positioning.gaps import Gap

__all__ = ["describe_cycle", "find_cycle_gaps"]

_YEAR = 12
_MU = 100


def find_cycle_gaps(
    case: Case, product: Product, terms: LoanTerms, schedule: Sequence[Instalment]
) -> Iterator[Gap]:
    """Yield where due dates miss the harvest, the household's months or the scheme's term."""
    ask, project = case.ask, case.ask.project
    most = product.term_max_months
    if most and terms.term_months > most:
        yield Gap("term_over_scheme", terms.term_months - most, terms.term_months, most)
    if terms.repayment == "int_after_study":
        return
    if terms.repayment == "bullet" and project.earns and project.last_sale:
        yield from _find_bullet(case, product, terms)
    sold = project.first_sale - ask.start
    if project.first_sale and sold > _YEAR and terms.repayment != "bullet":
        early = next((row.month for row in schedule if row.principal), sold)
        if early < sold:
            yield Gap("grace_missing", sold - early, early, sold, ask.start + early)
    if len(ask.payable) < _YEAR:
        missed = [r.month for r in schedule if (ask.start + r.month) % _YEAR + 1 not in ask.payable]
        if missed:
            yield Gap("payable_month", len(missed), month=ask.start + missed[0])


def _find_bullet(case: Case, product: Product, terms: LoanTerms) -> Iterator[Gap]:
    """Yield where one payment at the end misses the harvest."""
    ask, project = case.ask, case.ask.project
    due = ask.start + terms.term_months
    if ask.purpose == "renew_after_shock" and due > project.last_sale:
        return
    if due <= project.last_sale:
        early = project.last_sale + 1 - due
        yield Gap("due_before_harvest", early, due, project.last_sale + 1, due)
    begin = project.first_outlay or ask.start
    cycle = project.last_sale - begin + 1
    if terms.term_months < cycle:
        yield Gap("term_shorter_than_cycle", cycle - terms.term_months, terms.term_months, cycle)
    within = product.due_within_months
    if within and due > project.last_sale + within:
        late = due - project.last_sale - within
        yield Gap("due_long_after_harvest", late, due, project.last_sale + within, due)


def describe_cycle(case: Case) -> dict[str, Any]:
    """Return cycle and income of the service asked for, as a value tree (step 2)."""
    ask = case.ask
    if ask.kind in ("save", "invest"):
        return _describe_saving(case)
    if ask.kind == "insure":
        return _describe_insurance(case)
    project = ask.project
    begin = project.first_outlay or ask.start
    found: dict[str, Any] = {
        "kind": ask.kind,
        "income_low_minor": project.income_low_minor,
        "income_middle_minor": project.income_middle_minor,
        "household_income_minor": case.household.streams.income_middle,
        "household_spending_minor": case.household.streams.spending_middle,
    }
    if project.last_sale:
        months = project.last_sale - begin + 1
        found.update(from_month=begin, until_month=project.last_sale, cycle_months=max(0, months))
    elif ask.terms:
        found["cycle_months"] = ask.terms.term_months
    if ask.kind == "lease":
        _describe_lease(found, ask.demand.get("asset", {}))
    return found


def _describe_lease(found: dict[str, Any], asset: Any) -> None:  # noqa: ANN401
    for name in ("seasons_per_year", "revenue_minor_per_mu", "life_left_months"):
        if name in asset:
            found[name] = asset[name]


def _describe_saving(case: Case) -> dict[str, Any]:
    demand = case.ask.demand
    product = demand.get("product", {})
    found: dict[str, Any] = {"kind": case.ask.kind, "amount_minor": case.ask.amount_minor}
    if needed := demand.get("date_needed_month", 0):
        found.update(from_month=case.ask.start, until_month=needed)
        found["cycle_months"] = max(0, needed - case.ask.start)
    stated = {
        "yield_ppm": product.get("yield_ppm"),
        "bearable_loss_ppm": demand.get("bearable_loss_ppm"),
        "yield_wanted_ppm": demand.get("yield_wanted_ppm"),
    }
    found.update((name, value) for name, value in stated.items() if value is not None)
    return found


def _describe_insurance(case: Case) -> dict[str, Any]:
    insure = case.ask.demand.get("insure", {})
    found: dict[str, Any] = {"kind": case.ask.kind}
    begin, end = insure.get("exposure_from_month", 0), insure.get("exposure_to_month", 0)
    if begin and end:
        found.update(from_month=begin, until_month=end, cycle_months=max(0, end - begin + 1))
    names = ("sum_insured_minor", "own_premium_minor", "units_centi")
    found.update((name, insure[name]) for name in names if name in insure)
    return found
