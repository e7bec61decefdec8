"""An application in integers: who asks, for what, and when money comes and goes.

The tree `{profile, demand, features}` is what intake forms, mappings and the synthetic county
produce, what a case's seals hold, and what the decision reads. Units stand last in names:
`_minor` = fen, `_ppm` = parts per million, `_centimu` = 1/100 mu, `_month` = months since year 0
(year * 12 + month - 1), `_months` = calendar months 1..12 or a number of months as stated.
Flags are 0 or 1. What is unknown is absent; nothing is null.
Source: the county's practice (intake form of a rural credit officer).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DEMAND", "PROFILE", "Field", "Kind", "Row"]

Kind = Literal[
    "money", "rate", "area", "count", "month", "months", "flag", "ident", "idents", "text"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf: its kind and the closed range of its integer (text: bytes)."""

    kind: Kind
    low: int = 0
    high: int = 10**12


@dataclass(frozen=True, slots=True)
class Row:
    """A list of up to `most` maps, or one map where `most` is 0, with these leaves."""

    most: int
    fields: dict[str, Field]


MONEY = Field("money")
SIGNED = Field("money", -(10**12))
RATE = Field("rate", 0, 10_000_000)
AREA = Field("area", 0, 100_000_000)
MONTH = Field("month", 0, 12 * 3000)
MONTHS = Field("months", 1, 12)
FLAG = Field("flag", 0, 1)
IDENT = Field("ident", 1, 40)
IDENTS = Field("idents", 1, 40)
TEXT = Field("text", 0, 400)


def _count(high: int, low: int = 0) -> Field:
    return Field("count", low, high)


PROFILE: dict[str, Field | Row] = {
    "category": IDENT,  # ordinary, out_of_poverty, monitored_*, dibao, farm_entity
    "age_years": _count(120),
    "sex": IDENT,
    "schooling_years": _count(30),
    "persons": _count(30, 1),
    "workers": _count(30),
    "workers_away": _count(30),
    "students": _count(30),
    "able_to_work": FLAG,
    "village": IDENT,
    "km_to_town": _count(1000),
    "land_own_centimu": AREA,
    "land_leased_centimu": AREA,
    "greenhouse_centimu": AREA,
    "crops": Row(
        16,
        {
            "crop": IDENT,
            "area_centimu": AREA,
            "yield_kg_per_mu": _count(100_000),
            "price_minor_per_kg": MONEY,
            "cost_minor_per_mu": MONEY,
            "sale_months": MONTHS,
            "outlay_months": MONTHS,
            "in_project": FLAG,
        },
    ),
    "livestock": Row(
        16,
        {
            "kind": IDENT,
            "heads": _count(10_000_000),
            "sales_minor_year": MONEY,
            "cost_minor_year": MONEY,
            "sale_months": MONTHS,
            "in_project": FLAG,
        },
    ),
    "wage_minor_month": MONEY,  # all earners together
    "wage_months": _count(12),
    "business_minor_year": SIGNED,
    "transfers_minor_year": MONEY,
    "living_minor_person_year": MONEY,
    "medical_school_minor_year": MONEY,
    "savings_minor": MONEY,
    "machines": IDENTS,
    "debts": Row(
        16,
        {
            "lender": IDENT,
            "balance_minor": MONEY,
            "due_month": MONTH,
            "monthly_minor": MONEY,
            "rate_ppm": RATE,
        },
    ),
    "guarantees_minor": MONEY,
    "insurance": IDENTS,
    "coop_member": FLAG,
    "has_helper": FLAG,
    "credit_record": IDENT,  # none, thin, good, bad
    # Whose books of small dues tell of it: named by the household, never asked of the payee.
    "accounts": Row(
        16,
        {
            "payee": IDENT,  # the member that keeps the book
            "kind": IDENT,  # of records.dues.KINDS
            "account": _count(10**12, 1),
        },
    ),
    "returnee": FLAG,
}

DEMAND: dict[str, Field | Row] = {
    "kind": IDENT,  # borrow, save, invest, insure, lease
    "as_of_month": MONTH,
    "language": IDENT,
    "scheme_asked": IDENT,
    "purpose": IDENT,
    "purpose_text": TEXT,
    "cost_minor": MONEY,
    "own_share_ppm": Field("rate", 0, 1_000_000),
    "amount_minor": MONEY,
    "needed_by_month": MONTH,
    "first_outlay_month": MONTH,
    "first_sale_month": MONTH,
    "last_sale_month": MONTH,
    "scale_centi": _count(10**9),
    "scale_unit": IDENT,
    "income_low_minor": SIGNED,
    "income_likely_minor": SIGNED,
    "income_high_minor": SIGNED,
    "revenue_likely_minor": MONEY,
    "working_capital": FLAG,
    "county_p20_minor": SIGNED,
    "county_p50_minor": SIGNED,
    "county_p80_minor": SIGNED,
    "payable_months": MONTHS,
    "bearable_instalment_minor": MONEY,
    "terms_asked": Row(
        0,
        {
            "rate_ppm": RATE,
            "term_months": _count(480),
            "repayment": IDENT,  # the forms of finance.schedule
            "start_month": MONTH,
            "grace_months": _count(120),
            "interest_subsidy_ppm": Field("rate", 0, 1_000_000),
            "fee_ppm": RATE,
        },
    ),
    "payee": IDENT,
    "buyer": IDENT,
    "guarantor": IDENT,
    "if_price_falls_30": TEXT,
    "user_of_money": IDENT,
    "applied_elsewhere": Row(
        16, {"lender": IDENT, "amount_minor": MONEY, "same_purpose": FLAG, "status": IDENT}
    ),
    "old_loan": Row(
        0,
        {
            "lender": IDENT,
            "scheme": IDENT,
            "due_month": MONTH,
            "overdue_days": _count(10_000),
            "extensions_used": _count(100),
            "use_of_money": IDENT,
        },
    ),
    "shock": Row(
        0,
        {
            "kind": IDENT,
            "month": MONTH,
            "loss_ppm": Field("rate", 0, 1_000_000),
            "shown_by": IDENT,
            "claim_minor": MONEY,
            "claim_month": MONTH,
        },
    ),
    "asset": Row(
        0,
        {
            "kind": IDENT,
            "value_minor": MONEY,
            "life_left_months": _count(1200),
            "leaseback": FLAG,
            "seasons_per_year": _count(12),
            "revenue_minor_per_mu": MONEY,
        },
    ),
    "flows": Row(
        0,
        {
            "months_on_record": _count(1200),
            "monthly_turnover_minor": MONEY,
            "buyers_top3_share_ppm": RATE,
            "circular_share_ppm": RATE,
            "refunds_ppm": RATE,
        },
    ),
    "order": Row(
        0,
        {
            "buyer": IDENT,
            "value_minor": MONEY,
            "pays_month": MONTH,
            "contract": FLAG,
            "buyer_related": FLAG,
            "deposit_ppm": RATE,
            "seasons_with_buyer": _count(100),
        },
    ),
    "study": Row(
        0,
        {
            "level": IDENT,
            "year_of_study": _count(20),
            "years_left": _count(20),
            "on_ministry_list": FLAG,
            "tuition_minor_year": MONEY,
            "lodging_minor_year": MONEY,
        },
    ),
    "date_needed_month": MONTH,
    "bearable_loss_ppm": RATE,
    "yield_wanted_ppm": RATE,
    "product": Row(
        0,
        {
            "type": IDENT,
            "risk": IDENT,
            "lockup_months": _count(600),
            "yield_ppm": RATE,
            "worst_loss_ppm": RATE,
            "deposit_insured": FLAG,
        },
    ),
    "insure": Row(
        0,
        {
            "object": IDENT,
            "unit": IDENT,
            "units_centi": _count(10**9),
            "units_own_grown_centi": _count(10**9),
            "sum_minor_per_unit": MONEY,
            "sum_insured_minor": MONEY,
            "premium_rate_ppm": RATE,
            "premium_total_minor": MONEY,
            "subsidy_ppm": Field("rate", 0, 1_000_000),
            "own_premium_minor": MONEY,
            "cover_from_month": MONTH,
            "cover_to_month": MONTH,
            "exposure_from_month": MONTH,
            "exposure_to_month": MONTH,
            "already_insured": FLAG,
        },
    ),
}
