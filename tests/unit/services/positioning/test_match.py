"""Schemes, changes and providers: who is preferred, and that what is told would pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tallystick.finance import LoanTerms
from tallystick.services.positioning.answers import Positioning
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.change import find_amount, find_changes, find_scale, passes
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.loan import judge_loan
from tallystick.services.positioning.proposal import propose_terms
from tallystick.services.positioning.scheme import choose_scheme
from tallystick.services.positioning.thresholds import RULES_V1

Make = Callable[..., dict[str, Any]]
Read = Callable[..., Case]
MARCH = 2027 * 12 + 2
YEARLY = {"rate_ppm": 60_000, "term_months": 24, "repayment": "annual", "start_month": MARCH}
TRACTOR = {
    "scheme_asked": "village_line",
    "purpose": "machine_buy",
    "cost_minor": 3_600_000,
    "amount_minor": 2_900_000,
    "own_share_ppm": 194_444,
    "working_capital": 0,
    "bearable_instalment_minor": 0,
    "payable_months": [3, 10, 11, 12],
    "terms_asked": YEARLY,
}


def decide(decider: Decider, application: dict[str, Any]) -> Positioning:
    return decider.decide({"v": 1, "application": application, "defaults": []})


def test_the_amount_told_is_the_largest_round_one_that_passes(read: Read) -> None:
    case = read({"savings_minor": 4_000_000}, TRACTOR)
    product = case.catalogue.find_product("village_line", MARCH)
    assert product is not None
    assert case.ask.terms is not None
    asked = judge_loan(case, product, case.ask.terms)
    assert not asked.fits
    found = find_amount(case, product, case.ask.terms)
    assert found is not None
    assert found.terms is not None
    step = RULES_V1["round_minor"]
    assert found.terms.amount_minor % step == 0
    assert passes(found)
    more = judge_loan(case, product, _with_amount(case, found.terms.amount_minor + step))
    assert not passes(more)


def _with_amount(case: Case, amount: int) -> LoanTerms:
    assert case.ask.terms is not None
    return case.ask.terms._replace(amount_minor=amount)


def test_every_change_that_is_told_fits_when_asked(decider: Decider, application: Make) -> None:
    profile = {"savings_minor": 4_000_000}
    found = decide(decider, application(profile, TRACTOR))
    told = {row["change"]: row for row in found.judgement.conditions}
    assert {"amount", "term"} <= set(told)
    amount = told["amount"]["amount_minor"]
    share = (3_600_000 - amount) * 1_000_000 // 3_600_000
    smaller = {**TRACTOR, "amount_minor": amount, "own_share_ppm": share}
    longer = {**TRACTOR, "terms_asked": {**YEARLY, "term_months": told["term"]["term_months"]}}
    for demand in (smaller, longer):
        assert decide(decider, application(profile, demand)).fits


def test_where_savings_are_short_a_smaller_project_is_told(read: Read) -> None:
    case = read({"savings_minor": 750_000}, TRACTOR)
    product = case.catalogue.find_product("village_line", MARCH)
    assert product is not None
    assert case.ask.terms is not None
    assert find_amount(case, product, case.ask.terms) is None
    found = find_scale(case, product, case.ask.terms)
    assert found is not None
    (change, *_) = find_changes(case, judge_loan(case, product, case.ask.terms))
    assert change["change"] == "scale"
    assert change["cost_minor"] > change["amount_minor"]


def test_no_change_is_told_for_a_purpose_that_is_never_lent_for(
    decider: Decider, application: Make
) -> None:
    assert decide(decider, application(None, {"purpose": "relend"})).judgement.conditions == ()


def test_an_order_without_a_contract_ends_in_a_seasonal_loan(
    decider: Decider, application: Make
) -> None:
    found = decide(decider, application(None, {"scheme_asked": "coop_order"}))
    assert found.scheme.outcome == "seasonal_crop"
    assert found.result.ranked[0]["provider"] == "rural_credit_coop"
    assert found.result.conditions[-1]["scheme"] == "seasonal_crop"


def test_without_a_scheme_asked_the_one_made_for_the_purpose_is_found(
    decider: Decider, application: Make
) -> None:
    found = decide(decider, application(None, {"scheme_asked": None, "terms_asked": None}))
    assert found.scheme.outcome == "seasonal_crop"
    assert found.fits
    assert found.judgement.figures["term_months"] >= 8


def test_a_household_without_a_record_is_sent_to_who_lends_first(
    decider: Decider, application: Make
) -> None:
    found = decide(decider, application({"credit_record": "none"}))
    assert found.result.ranked[0]["provider"] == "village_bank"
    assert found.judgement.reasons[0].code == "no_record"


def test_a_cheaper_policy_loan_is_ranked_for_those_it_is_for(
    decider: Decider, application: Make
) -> None:
    found = decide(
        decider,
        application({"category": "out_of_poverty"}, {"scheme_asked": None, "terms_asked": None}),
    )
    assert found.scheme.outcome == "poverty_microcredit"


def test_scores_are_the_sums_of_their_parts_and_descend(
    decider: Decider, application: Make
) -> None:
    found = decide(decider, application(None, {"user_of_money": None}))
    for rows in (found.scheme.ranked, found.result.ranked):
        for row in rows:
            assert row["score"] == sum(part["points"] for part in row["parts"]) <= 1_000
    scores = [row["score"] for row in found.scheme.ranked]
    assert scores == sorted(scores, reverse=True)


def test_proposals_fall_in_payable_months_after_the_sale(read: Read) -> None:
    case = read()
    for scheme in ("seasonal_crop", "village_line", "poverty_microcredit"):
        product = case.catalogue.find_product(scheme, MARCH)
        assert product is not None
        proposals = list(propose_terms(case, product))
        assert proposals
        for terms in proposals:
            verdict = judge_loan(case, product, terms)
            assert "payable_month" not in {gap.gap for gap in verdict.gaps}
            assert terms.term_months <= product.term_max_months


def test_a_provider_that_is_full_loses_the_points_of_capacity(
    catalogue_tree: dict[str, Any], application: Make
) -> None:
    tree = copy.deepcopy(catalogue_tree)
    coop = next(row for row in tree["providers"] if row["provider"] == "rural_credit_coop")
    coop["capacity_minor"] = 0
    full, free = (
        decide(Decider(None, found, RULES_V1), application()).result.ranked[0]
        for found in (tree, catalogue_tree)
    )
    assert free["score"] - full["score"] == 50


def test_few_answers_of_how_it_felt_count_less_than_many(
    catalogue_tree: dict[str, Any], application: Make
) -> None:
    def points(count: int) -> int:
        tree = copy.deepcopy(catalogue_tree)
        coop = next(row for row in tree["providers"] if row["provider"] == "rural_credit_coop")
        coop.update(feel_milli=5_000, feel_count=count)
        parts = decide(Decider(None, tree, RULES_V1), application()).result.ranked[0]["parts"]
        return next(int(part["points"]) for part in parts if part["part"] == "feel")

    assert points(0) == 70
    assert points(10) == 85
    assert points(0) < points(10) < points(1_000) == 99


@pytest.mark.parametrize("scheme", ["seasonal_crop", "village_line"])
def test_the_choice_is_the_same_whatever_the_order_of_products(read: Read, scheme: str) -> None:
    case = read(None, {"scheme_asked": scheme})
    products = case.catalogue.find_in_force(MARCH)
    there, back = choose_scheme(case, products), choose_scheme(case, products[::-1])
    assert there.scheme == back.scheme
    assert there.asked == back.asked


def test_the_expertise_needed_first_is_preferred_over_a_better_score(
    catalogue_tree: dict[str, Any], application: Make
) -> None:
    tree = copy.deepcopy(catalogue_tree)
    insurer = next(row for row in tree["providers"] if row["provider"] == "insurer")
    insurer.update(
        capacity_minor=0, days_to_yes=60, feel_milli=1_000, ticket_min_minor=10**11, crops=["tea"]
    )
    farm = {"category": "farm_entity", "wage_minor_month": 9_000_000, "savings_minor": 90_000_000}
    herd = {
        "scheme_asked": "farm_guarantee",
        "purpose": "livestock_buy",
        "cost_minor": 20_000_000,
        "amount_minor": 15_000_000,
        "own_share_ppm": 250_000,
    }
    found = decide(Decider(None, tree, RULES_V1), application(farm, herd))
    preferred, *others = found.result.ranked
    assert preferred["expertise"] == "livestock_insurance"
    assert max(row["score"] for row in others) > preferred["score"]
