"""Gaps: what is missing between a demand and a service that would fit it, each with its size.

A gap's `size` is in its `unit`: `minor` (fen), `ppm`, `months`, `years`, `days`, `count`,
`centi` (1/100 of a unit of land) or `flag` (1: it is so). `have` and `need` are the two sides
where the fact has two. Source: the county's practice, judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["CATEGORICAL", "GAP_UNITS", "MOVABLE", "Gap"]

GAP_UNITS = {
    "due_before_harvest": "months",
    "term_shorter_than_cycle": "months",
    "due_long_after_harvest": "months",
    "grace_missing": "months",
    "term_over_scheme": "months",
    "payable_month": "count",
    "bearable_instalment": "minor",
    "dscr_p50": "ppm",
    "dscr_p20": "ppm",
    "floor_month": "minor",
    "instalment_share": "ppm",
    "debt_ratio": "ppm",
    "guarantees_given": "minor",
    "own_share": "minor",
    "price_drop_30": "minor",
    "income_implausible": "minor",
    "no_income_basis": "flag",
    "amount_over_cap": "minor",
    "amount_below_min": "minor",
    "purpose_not_allowed": "flag",
    "ineligible_age": "years",
    "ineligible_category": "flag",
    "ineligible_means": "minor",
    "borrowed_name": "flag",
    "firm_in_household_name": "flag",
    "duplicate_application": "minor",
    "cost_too_dear": "ppm",
    "land_lease_short": "months",
    "asset_life": "months",
    "leaseback_ratio": "minor",
    "order_coverage": "minor",
    "related_buyer": "flag",
    "no_order": "flag",
    "buyer_unproven": "ppm",
    "merchant_flows": "ppm",
    "aid_first": "flag",
    "insure_first": "minor",
    "not_covered": "flag",
    "window_missed": "months",
    "area_mismatch": "centi",
    "sum_out_of_range": "minor",
    "shock_not_shown": "flag",
    "not_viable_after_shock": "minor",
    "already_extended": "count",
    "old_loan_open": "days",
    "lockup": "months",
    "risk_tolerance": "ppm",
    "yield_unrealistic": "ppm",
    "debt_first": "minor",
    "repayment_unlikely": "ppm",
}
"""The vocabulary with units; `repayment_unlikely` is what a model adds to the officer's 47."""

CATEGORICAL = frozenset(
    {
        "purpose_not_allowed",
        "ineligible_age",
        "ineligible_category",
        "ineligible_means",
        "cost_too_dear",
        "no_order",
        "buyer_unproven",
        "related_buyer",
        "merchant_flows",
        "shock_not_shown",
        "already_extended",
        "amount_below_min",
    }
)
"""No other amount, term or repayment of the same scheme closes these; another scheme may."""

MOVABLE = frozenset(
    {
        "due_before_harvest",
        "term_shorter_than_cycle",
        "due_long_after_harvest",
        "grace_missing",
        "term_over_scheme",
        "payable_month",
        "bearable_instalment",
        "dscr_p50",
        "dscr_p20",
        "floor_month",
        "instalment_share",
        "debt_ratio",
        "own_share",
        "price_drop_30",
        "amount_over_cap",
        "amount_below_min",
        "asset_life",
        "leaseback_ratio",
        "order_coverage",
        "ineligible_means",
        "insure_first",
        "merchant_flows",
        "income_implausible",
    }
)
"""An amount, a term or a repayment may close these; a gap outside is closed by other acts."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One miss; `month` is a month number where the miss has a date, else 0."""

    gap: str
    size: int
    have: int = 0
    need: int = 0
    month: int = 0

    def tree(self) -> dict[str, Any]:
        """Return it as a value tree with the unit named."""
        found: dict[str, Any] = {"gap": self.gap}
        if self.have or self.need:
            found.update(have=self.have, need=self.need)
        found.update(size=self.size, unit=GAP_UNITS[self.gap])
        if self.month:
            found["month"] = self.month
        return found
