"""Who and what a scheme is for: the misses that no figure of the cash calendar shows.

Each function returns the gaps of one side of a demand against one product. Unknown facts are
not held against a household: a missing age or record opens no gap.
Source: the county's practice (12 schemes); four times LPR as the line of dear money: the courts'
ceiling for private lending.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tallystick.finance import PPM, LoanTerms, part_ppm
from tallystick.services.positioning.ask import Ask
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.catalogue import Product
from tallystick.services.positioning.gaps import Gap
from tallystick.services.positioning.household import Household

__all__ = [
    "find_amount_gaps",
    "find_cap",
    "find_insurable",
    "find_least",
    "find_needed_share",
    "find_people_gaps",
    "find_person_gaps",
    "find_purpose_gaps",
]

_MU = 100
_REFUSED = frozenset({"relend", "wealth"})
_ENDED = frozenset({"closed", "refused", "rejected", "withdrawn"})
_AS_AGREED = "as_agreed"
_RENEWAL = "renew_after_shock"
_MONTH_DAYS = 30


def find_purpose_gaps(case: Case, product: Product) -> Iterator[Gap]:
    """Yield what is wrong with the use and the user of the money."""
    ask = case.ask
    user = ask.demand.get("user_of_money", "self")
    if user != "self":
        yield Gap("borrowed_name", 1)
    firm = user == "firm" or ask.demand.get("payee", "").startswith("firm")
    if firm and case.household.category != "farm_entity":
        yield Gap("firm_in_household_name", 1)
    refused = ask.purpose in _REFUSED or ask.purpose not in product.purposes
    if refused and not (ask.purpose == "firm_use" and user == "firm"):
        yield Gap("purpose_not_allowed", 1)


def find_person_gaps(case: Case, product: Product) -> Iterator[Gap]:
    """Yield why this person or household may not have the product."""
    profile, household = case.household.profile, case.household
    age = profile.get("age_years", 0)
    if age and product.age_max and age > product.age_max:
        yield Gap("ineligible_age", age - product.age_max, age, product.age_max)
    if age and product.age_min and age < product.age_min:
        yield Gap("ineligible_age", product.age_min - age, age, product.age_min)
    stranger = product.categories and household.category not in product.categories
    if stranger or (product.groups and not _in_groups(product, profile)):
        yield Gap("ineligible_category", 1)
    if product.means_tested:
        yield from _find_means(household, case.ask)


def _in_groups(product: Product, profile: Any) -> bool:  # noqa: ANN401
    facts = {
        "women": profile.get("sex") == "f",
        "returnee": bool(profile.get("returnee")),
        "coop_member": bool(profile.get("coop_member")),
    }
    return any(facts.get(group, False) for group in product.groups)


def _find_means(household: Household, ask: Ask) -> Iterator[Gap]:
    """Savings of more than a year's living that would pay the whole demand are means enough."""
    saved, living = household.savings_minor, household.streams.spending_middle
    if saved > living and saved >= ask.cost_minor > 0:
        yield Gap("ineligible_means", saved - living, saved, living)


def find_people_gaps(case: Case, product: Product) -> Iterator[Gap]:
    """Yield what others bring: buyers, old loans, other lenders, proof of a shock."""
    demand = case.ask.demand
    for row in demand.get("applied_elsewhere", ()):
        if row.get("same_purpose") and row.get("status") not in _ENDED:
            yield Gap("duplicate_application", row.get("amount_minor", 0))
    if "study" in product.needs and not demand.get("study", {}).get("on_ministry_list", 0):
        yield Gap("ineligible_category", 1)
    if "order" in product.needs:
        yield from _find_order(case, demand.get("order", {}))
    if "flows" in product.shows and "flows" in demand:
        yield from _find_flows(case, demand["flows"])
    old = demand.get("old_loan", {})
    if product.extensions_max:
        yield from _find_extension(demand, old, product)
    elif case.ask.purpose != _RENEWAL and (late := _late_days(old, case.ask.as_of)):
        # A renewal is what settles the old loan, so that loan is no reason against it.
        yield Gap("old_loan_open", late)


def _find_extension(demand: Any, old: Any, product: Product) -> Iterator[Gap]:  # noqa: ANN401
    """Yield why an old loan may not be renewed: used up, misused, or no shock shown."""
    used = old.get("extensions_used", 0)
    if used >= product.extensions_max:
        yield Gap("already_extended", used)
    if old.get("use_of_money", _AS_AGREED) != _AS_AGREED:
        yield Gap("purpose_not_allowed", 1)
    if demand.get("shock", {}).get("shown_by", "none") in ("none", "nobody", "self"):
        yield Gap("shock_not_shown", 1)


def _late_days(old: Any, as_of: int) -> int:  # noqa: ANN401
    """Days an old loan is past its date, by its own count or by its due month."""
    due = old.get("due_month", 0)
    by_month = (as_of - due) * _MONTH_DAYS if due else 0
    return max(0, by_month, int(old.get("overdue_days", 0)))


def _find_order(case: Case, order: Any) -> Iterator[Gap]:  # noqa: ANN401
    rules = case.rules
    if not order or not order.get("contract"):
        yield Gap("no_order", 1)
        return
    if order.get("buyer_related"):
        yield Gap("related_buyer", 1)
    deposit = order.get("deposit_ppm", 0)
    if not order.get("seasons_with_buyer", 0) and deposit < rules["buyer_deposit_ppm"]:
        short = rules["buyer_deposit_ppm"] - deposit
        yield Gap("buyer_unproven", short, deposit, rules["buyer_deposit_ppm"])


def _find_flows(case: Case, flows: Any) -> Iterator[Gap]:  # noqa: ANN401
    """Yield the first thing in a merchant's flows that does not carry a loan."""
    rules = case.rules
    limits = (
        ("circular_share_ppm", rules["flow_circular_ppm"]),
        ("buyers_top3_share_ppm", rules["flow_top3_ppm"]),
        ("refunds_ppm", rules["flow_refund_ppm"]),
    )
    for name, most in limits:
        if flows.get(name, 0) > most:
            yield Gap("merchant_flows", flows[name] - most, flows[name], most)
            return
    months = flows.get("months_on_record", 0)
    if months < rules["flow_months"]:
        yield Gap("merchant_flows", (rules["flow_months"] - months) * PPM // rules["flow_months"])


def find_amount_gaps(case: Case, product: Product, terms: LoanTerms) -> Iterator[Gap]:
    """Yield what is wrong with the sum, its cost and its security."""
    amount = terms.amount_minor
    cap = find_cap(case, product)
    if cap and amount > cap:
        yield Gap("amount_over_cap", amount - cap, amount, cap)
    least = find_least(case, product)
    if amount < least:
        yield Gap("amount_below_min", least - amount, amount, least)
    yield from _find_own_share(case, product, amount)
    yield from _find_asset(case, product, terms)
    order = case.ask.demand.get("order", {})
    if product.order_share_ppm and order.get("contract"):
        most = part_ppm(order.get("value_minor", 0), product.order_share_ppm)
        if amount > most:
            yield Gap("order_coverage", amount - most, amount, most)
    yield from _find_cost(case, product, terms)
    yield from _find_insurance(case, amount)


def _find_cost(case: Case, product: Product, terms: LoanTerms) -> Iterator[Gap]:
    """Yield a rate above the scheme's own, or one that with its fee is too dear for anyone."""
    most = product.rate_max_ppm
    if most and terms.rate_ppm > most:
        yield Gap("cost_too_dear", terms.rate_ppm - most, terms.rate_ppm, most)
        return
    dear = case.catalogue.reference.lpr_1y_ppm * case.rules["rate_over_lpr"]
    rate = terms.rate_ppm + terms.fee_ppm
    if rate > dear:
        yield Gap("cost_too_dear", rate - dear, rate, dear)


def find_cap(case: Case, product: Product) -> int:
    """Return the most the product lends here, in minor units; 0 = no limit."""
    level = case.ask.demand.get("study", {}).get("level", "")
    if product.level_caps:
        return product.level_caps.get(level, product.amount_max_minor)
    caps = [product.amount_max_minor] if product.amount_max_minor else []
    if product.amount_per_mu_max_minor and case.area_centimu:
        caps.append(product.amount_per_mu_max_minor * case.area_centimu // _MU)
    return min(caps, default=0)


def find_least(case: Case, product: Product) -> int:
    """Return the least the product lends here, in minor units."""
    per_mu = product.amount_per_mu_min_minor * case.area_centimu // _MU
    return max(product.amount_min_minor, per_mu)


def find_needed_share(case: Case, product: Product, amount_minor: int) -> int:
    """Return the own share needed, in ppm of the cost; 0 where none is."""
    leaseback = case.ask.demand.get("asset", {}).get("leaseback")
    if leaseback or case.ask.purpose in (_RENEWAL, "tuition"):
        return 0
    above = amount_minor > case.rules["own_share_above_minor"]
    return product.own_share_ppm or (case.rules["own_share_ppm"] if above else 0)


def _find_own_share(case: Case, product: Product, amount: int) -> Iterator[Gap]:
    ask = case.ask
    share = find_needed_share(case, product, amount)
    if ask.own_minor < 0 or not share:
        return
    own = ask.own_minor if amount == ask.amount_minor else ask.cost_minor - amount
    need = part_ppm(ask.cost_minor, share)
    if own < need:
        yield Gap("own_share", need - own, own, need)


def _find_asset(case: Case, product: Product, terms: LoanTerms) -> Iterator[Gap]:
    asset = case.ask.demand.get("asset", {})
    life = asset.get("life_left_months", 0)
    if life and terms.term_months > life:
        yield Gap("asset_life", terms.term_months - life, life, terms.term_months)
    lease = case.features.get("land_lease_months", 0)
    if lease and terms.term_months > lease:
        yield Gap("land_lease_short", terms.term_months - lease, lease, terms.term_months)
    if asset.get("leaseback") and product.leaseback_ppm:
        most = part_ppm(asset.get("value_minor", 0), product.leaseback_ppm)
        if terms.amount_minor > most:
            yield Gap("leaseback_ratio", terms.amount_minor - most, terms.amount_minor, most)


def _find_insurance(case: Case, amount: int) -> Iterator[Gap]:
    """Animals, and crops that a policy would cover, are insured before a large loan."""
    if amount <= case.rules["insure_above_minor"]:
        return
    insured = set(case.household.profile.get("insurance", ()))
    at_risk = find_insurable(case)
    if at_risk and not insured & at_risk:
        yield Gap("insure_first", amount, 0, amount)


def find_insurable(case: Case) -> set[str]:
    """Return what the money would put at risk and could be insured, as names of a policy."""
    profile, crops = case.household.profile, case.catalogue.reference.crops
    if case.ask.purpose == "livestock_buy":
        return {name for name, crop in crops.items() if crop.kind == "livestock"} | {"livestock"}
    if case.ask.purpose != "crop_inputs":
        return set()
    covered = {name for product in case.catalogue.products for name in product.covers}
    rows = profile.get("crops", ())
    return covered & {row.get("crop", "") for row in rows if row.get("in_project")}
