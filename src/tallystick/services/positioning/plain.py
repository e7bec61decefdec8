"""Savings, wealth products and insurance judged: dates, losses, windows, sums.

Source: the county's practice (judgement; sums insured per mu; yield and debt lines).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tallystick.services.positioning.case import Case
from tallystick.services.positioning.catalogue import Product
from tallystick.services.positioning.gaps import Gap
from tallystick.services.positioning.loan import Verdict

__all__ = ["judge_insurance", "judge_saving"]


def judge_saving(case: Case, product: Product) -> Verdict:
    """Return the verdict on money put by: lock-up, risk, yield, and whether debt goes first."""
    gaps = tuple(_find_saving_gaps(case, product))
    return Verdict(product, None, (), gaps, None, 0, 0)


def _find_saving_gaps(case: Case, product: Product) -> Iterator[Gap]:
    ask, rules = case.ask, case.rules
    demand, held = ask.demand, ask.demand.get("product", {})
    if held.get("risk") and product.risks and held["risk"] not in product.risks:
        yield Gap("not_covered", 1)
    free = ask.start + held.get("lockup_months", 0)
    needed = demand.get("date_needed_month", 0)
    if needed and free > needed:
        yield Gap("lockup", free - needed, free, needed, free)
    loss, bearable = held.get("worst_loss_ppm", 0), demand.get("bearable_loss_ppm", 0)
    if loss > bearable:
        yield Gap("risk_tolerance", loss - bearable, loss, bearable)
    wanted = max(demand.get("yield_wanted_ppm", 0), held.get("yield_ppm", 0))
    if wanted > rules["yield_ppm"]:
        yield Gap("yield_unrealistic", wanted - rules["yield_ppm"], wanted, rules["yield_ppm"])
    dear = [d for d in case.household.debts if d.rate_ppm >= rules["debt_first_rate_ppm"]]
    dear = [debt for debt in dear if debt.rate_ppm > held.get("yield_ppm", 0)]
    if dear:
        yield Gap("debt_first", sum(debt.balance_minor for debt in dear))


def judge_insurance(case: Case, product: Product) -> Verdict:
    """Return the verdict on a policy: object, area, window, sum and the own premium."""
    insure = case.ask.demand.get("insure", {})
    gaps = tuple(_find_cover_gaps(case, product, insure))
    return Verdict(product, None, (), gaps, None, 0, 0)


def _find_cover_gaps(case: Case, product: Product, insure: Any) -> Iterator[Gap]:  # noqa: ANN401
    if product.covers and insure.get("object", "") not in product.covers:
        yield Gap("not_covered", 1)
    if insure.get("already_insured"):
        yield Gap("duplicate_application", insure.get("sum_insured_minor", 0))
    units, own = insure.get("units_centi", 0), insure.get("units_own_grown_centi", -1)
    if 0 <= own < units:
        yield Gap("area_mismatch", units - own, units, own)
    begins, cover = insure.get("exposure_from_month", 0), insure.get("cover_from_month", 0)
    if begins and cover > begins:
        yield Gap("window_missed", cover - begins, cover, begins, begins)
    sum_minor = insure.get("sum_minor_per_unit", 0)
    if product.sum_max_minor and sum_minor > product.sum_max_minor:
        over = sum_minor - product.sum_max_minor
        yield Gap("sum_out_of_range", over, sum_minor, product.sum_max_minor)
    elif sum_minor < product.sum_min_minor:
        under = product.sum_min_minor - sum_minor
        yield Gap("sum_out_of_range", under, sum_minor, product.sum_min_minor)
    premium, bearable = insure.get("own_premium_minor", 0), case.ask.bearable_minor
    if bearable and premium > bearable:
        yield Gap("bearable_instalment", premium - bearable, premium, bearable)
