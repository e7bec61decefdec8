"""Every gap of the vocabulary, brought about by one change of a household that fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.gaps import GAP_UNITS

MARCH = 2027 * 12 + 2
OCTOBER = 2027 * 12 + 9
Change = dict[str, Any]
TERMS: Change = {"rate_ppm": 50_000, "term_months": 8, "repayment": "bullet", "start_month": MARCH}
LINE: Change = {"scheme_asked": "village_line", "payable_months": list(range(1, 13))}
YEARLY: Change = {
    "rate_ppm": 60_000,
    "term_months": 24,
    "repayment": "annual",
    "start_month": MARCH,
}
MACHINE: Change = {
    **LINE,
    "purpose": "machine_buy",
    "cost_minor": 1_500_000,
    "amount_minor": 1_200_000,
    "own_share_ppm": 200_000,
    "working_capital": 0,
    "bearable_instalment_minor": 0,
    "terms_asked": YEARLY,
}
ORDER: Change = {
    "scheme_asked": "coop_order",
    "order": {"contract": 1, "value_minor": 2_000_000, "seasons_with_buyer": 2},
}
SHOP: Change = {
    **LINE,
    "scheme_asked": "merchant",
    "purpose": "shop_stock",
    "terms_asked": {**TERMS, "repayment": "monthly", "term_months": 12},
}
BRIDGE: Change = {
    **LINE,
    "scheme_asked": "disaster_bridge",
    "purpose": "renew_after_shock",
    "cost_minor": 600_000,
    "old_loan": {"lender": "rural_credit_coop", "extensions_used": 0},
    "shock": {"kind": "hail", "shown_by": "village_report"},
    "working_capital": 0,
}
LEASE: Change = {
    **MACHINE,
    "kind": "lease",
    "scheme_asked": "equipment_lease",
    "cost_minor": 10_000_000,
    "amount_minor": 7_000_000,
    "own_share_ppm": 300_000,
    "asset": {"value_minor": 10_000_000, "life_left_months": 60},
}
SAVE: Change = {
    "kind": "save",
    "scheme_asked": "savings_wealth",
    "purpose": "save_goal",
    "date_needed_month": MARCH + 12,
    "terms_asked": None,
    "needed_by_month": MARCH,
    "product": {"risk": "deposit", "lockup_months": 6, "yield_ppm": 13_000, "worst_loss_ppm": 0},
}
INSURE: Change = {
    "kind": "insure",
    "scheme_asked": "crop_insurance",
    "purpose": "insure_crop",
    "terms_asked": None,
    "insure": {
        "object": "maize",
        "units_centi": 1_500,
        "units_own_grown_centi": 1_500,
        "sum_minor_per_unit": 100_000,
        "cover_from_month": MARCH + 1,
        "exposure_from_month": MARCH + 1,
    },
}
COOP: Change = {"coop_member": 1}
RICH: Change = {"wage_minor_month": 3_000_000, "wage_months": 12, "savings_minor": 90_000_000}


def insure(**changes: object) -> Change:
    return {**INSURE, "insure": {**INSURE["insure"], **changes}}


def product(**changes: object) -> Change:
    return {**SAVE, "product": {**SAVE["product"], **changes}}


CASES: list[tuple[str, int, Change, Change]] = [
    ("due_before_harvest", 2, {}, {"terms_asked": {**TERMS, "term_months": 6}}),
    ("term_shorter_than_cycle", 1, {}, {"terms_asked": {**TERMS, "term_months": 7}}),
    ("due_long_after_harvest", 1, {}, {"terms_asked": {**TERMS, "term_months": 11}}),
    (
        "grace_missing",
        12,
        RICH,
        {**MACHINE, "first_sale_month": MARCH + 24, "last_sale_month": MARCH + 26},
    ),
    ("term_over_scheme", 12, {}, {**LINE, "terms_asked": {**YEARLY, "term_months": 48}}),
    ("payable_month", 1, {}, {"payable_months": [12]}),
    ("bearable_instalment", 20_000, {}, {"bearable_instalment_minor": 600_000}),
    ("dscr_p50", 0, {"wage_minor_month": 200_000}, MACHINE),
    ("dscr_p20", 0, {"wage_minor_month": 200_000}, MACHINE),
    ("floor_month", 0, {"savings_minor": 140_000, "wage_minor_month": 0}, {}),
    ("instalment_share", 0, {"wage_minor_month": 0}, MACHINE),
    ("debt_ratio", 0, {"debts": [{"lender": "kin", "balance_minor": 9_000_000}]}, {}),
    ("guarantees_given", 20_000_000, {"guarantees_minor": 20_000_000}, {}),
    ("own_share", 1_000_000, RICH, {**LEASE, "own_share_ppm": 200_000}),
    (
        "price_drop_30",
        0,
        {"savings_minor": 200_000, "crops": []},
        {**LINE, "purpose": "orchard_upkeep", "revenue_likely_minor": 6_000_000},
    ),
    ("income_implausible", 205_000, {}, {"income_likely_minor": 1_600_000}),
    (
        "no_income_basis",
        1,
        {"wage_minor_month": 0, "transfers_minor_year": 0, "crops": []},
        {"income_low_minor": 0, "income_likely_minor": 0, "revenue_likely_minor": 0},
    ),
    ("amount_over_cap", 1_750_000, RICH, {"amount_minor": 4_000_000, "cost_minor": 5_000_000}),
    ("amount_below_min", 400_000, {}, LINE),
    ("purpose_not_allowed", 1, {}, {"purpose": "house"}),
    (
        "ineligible_age",
        5,
        {"category": "out_of_poverty", "age_years": 70},
        {"scheme_asked": "poverty_microcredit"},
    ),
    ("ineligible_category", 1, {}, ORDER),
    (
        "ineligible_means",
        0,
        {**RICH, "category": "out_of_poverty"},
        {"scheme_asked": "poverty_microcredit"},
    ),
    ("borrowed_name", 1, {}, {"user_of_money": "cousin"}),
    ("firm_in_household_name", 1, {}, {"payee": "firm_of_spouse"}),
    (
        "duplicate_application",
        500,
        {},
        {"applied_elsewhere": [{"same_purpose": 1, "status": "granted", "amount_minor": 500}]},
    ),
    ("cost_too_dear", 60_000, {}, {**SHOP, "terms_asked": {**TERMS, "rate_ppm": 180_000}}),
    ("asset_life", 12, RICH, {**LEASE, "asset": {"life_left_months": 12}}),
    (
        "leaseback_ratio",
        1_000_000,
        RICH,
        {**LEASE, "asset": {"leaseback": 1, "value_minor": 7_500_000, "life_left_months": 60}},
    ),
    (
        "order_coverage",
        225_000,
        COOP,
        {**ORDER, "order": {"contract": 1, "value_minor": 500_000, "seasons_with_buyer": 2}},
    ),
    (
        "related_buyer",
        1,
        COOP,
        {**ORDER, "order": {"contract": 1, "value_minor": 2_000_000, "buyer_related": 1}},
    ),
    ("no_order", 1, COOP, {"scheme_asked": "coop_order"}),
    (
        "buyer_unproven",
        200_000,
        COOP,
        {
            **ORDER,
            "order": {"contract": 1, "value_minor": 2_000_000, "deposit_ppm": 100_000},
        },
    ),
    (
        "merchant_flows",
        50_000,
        {},
        {**SHOP, "flows": {"months_on_record": 24, "circular_share_ppm": 250_000}},
    ),
    ("aid_first", 1, {"category": "dibao", "workers": 0}, {}),
    (
        "insure_first",
        6_000_000,
        RICH,
        {**MACHINE, "purpose": "livestock_buy", "cost_minor": 9_000_000, "amount_minor": 6_000_000},
    ),
    ("not_covered", 1, {}, insure(object="tea")),
    ("window_missed", 4, {}, insure(cover_from_month=MARCH + 5)),
    ("area_mismatch", 300, {}, insure(units_own_grown_centi=1_200)),
    ("sum_out_of_range", 170_000, {}, insure(sum_minor_per_unit=300_000)),
    ("shock_not_shown", 1, {}, {**BRIDGE, "shock": {"kind": "hail"}}),
    (
        "not_viable_after_shock",
        0,
        {"wage_minor_month": 0},
        {**BRIDGE, "income_likely_minor": 0, "income_low_minor": 0},
    ),
    ("already_extended", 1, {}, {**BRIDGE, "old_loan": {"extensions_used": 1}}),
    ("old_loan_open", 40, {}, {"old_loan": {"overdue_days": 40}}),
    ("old_loan_open", 60, {}, {"old_loan": {"due_month": MARCH - 3}}),
    ("purpose_not_allowed", 1, {}, {**BRIDGE, "old_loan": {"use_of_money": "diverted"}}),
    ("cost_too_dear", 5_000, {}, {"terms_asked": {**TERMS, "rate_ppm": 85_000}}),
    (
        "insure_first",
        6_000_000,
        RICH,
        {"amount_minor": 6_000_000, "cost_minor": 8_000_000, "scale_centi": 9_000},
    ),
    (
        "ineligible_category",
        1,
        {},
        {"scheme_asked": "student", "purpose": "tuition", "study": {"on_ministry_list": 0}},
    ),
    ("lockup", 6, {}, product(lockup_months=18)),
    ("risk_tolerance", 15_000, {}, product(worst_loss_ppm=15_000)),
    ("yield_unrealistic", 20_000, {}, product(yield_ppm=60_000)),
    (
        "debt_first",
        1_800_000,
        {"debts": [{"lender": "online", "balance_minor": 1_800_000, "rate_ppm": 180_000}]},
        SAVE,
    ),
]


@pytest.mark.parametrize(("gap", "size", "profile", "demand"), CASES)
def test_a_gap_is_named_with_its_size(
    decider: Decider,
    application: Callable[..., dict[str, Any]],
    gap: str,
    size: int,
    profile: Change,
    demand: Change,
) -> None:
    inputs = {"v": 1, "application": application(profile, demand), "defaults": []}
    found = {row["gap"]: row for row in decider.decide(inputs).judgement.ranked}
    assert gap in found, sorted(found)
    row = found[gap]
    assert row["unit"] == GAP_UNITS[gap]
    assert row["size"] == size if size else row["size"] > 0
    if row.get("have") and row.get("need"):
        assert row["size"] == abs(row["have"] - row["need"])


def test_a_land_lease_that_ends_before_the_loan_is_a_gap(
    decider: Decider, application: Callable[..., dict[str, Any]]
) -> None:
    asked = {**application(RICH, MACHINE), "features": {"land_lease_months": 14}}
    found = decider.decide({"v": 1, "application": asked, "defaults": []})
    (row,) = found.judgement.ranked
    assert (row["gap"], row["size"]) == ("land_lease_short", 10)
    assert found.judgement.conditions[0]["change"] == "extend_land_lease"


def test_every_gap_of_the_vocabulary_is_brought_about() -> None:
    elsewhere = {"land_lease_short", "repayment_unlikely"}
    assert {case[0] for case in CASES} | elsewhere == set(GAP_UNITS)


@pytest.mark.parametrize("demand", [{}, SAVE, INSURE, BRIDGE])
def test_what_the_gaps_were_changed_from_fits(
    decider: Decider, application: Callable[..., dict[str, Any]], demand: Change
) -> None:
    inputs = {"v": 1, "application": application(None, demand), "defaults": []}
    assert decider.decide(inputs).judgement.ranked == ()
