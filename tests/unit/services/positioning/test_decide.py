"""The decision as a whole: its form, its purity, and what a household is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base import codec
from tallystick.base.errors import Invalid
from tallystick.services.positioning.answers import Positioning
from tallystick.services.positioning.decide import Decider, decide_v1
from tallystick.services.positioning.gaps import CATEGORICAL, GAP_UNITS, MOVABLE
from tallystick.services.positioning.thresholds import RULES_V1
from tallystick.text import say

Make = Callable[..., dict[str, Any]]
CARD: dict[str, Any] = {
    "v": 1,
    "kind": "card",
    "target": "default",
    "base": 0,
    "features": [
        {
            "kind": "number",
            "name": "income",
            "cuts": [100],
            "points": [1_000_000, -1_000_000],
            "missing": 0,
        }
    ],
    "calibration": {"at": [-1_000_000, 1_000_000], "ppm": [50_000, 400_000]},
}


def inputs_of(application: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "application": application, "defaults": []}


def gaps_of(found: Positioning) -> set[str]:
    return {row["gap"] for row in found.judgement.ranked}


def check_tree(value: object) -> None:
    """A value tree: text, integers below 2^53, lists, maps with canonical keys."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            assert isinstance(key, str)
            assert key
            assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
            check_tree(item)
    elif isinstance(value, list):
        for item in value:
            check_tree(item)
    else:
        assert type(value) in (int, str)
        assert not isinstance(value, int) or abs(value) < 2**53


def test_a_seed_loan_due_after_harvest_fits_and_is_reported(
    decider: Decider, application: Make
) -> None:
    found = decider.decide(inputs_of(application()))
    assert found.scheme.outcome == "seasonal_crop"
    assert found.judgement.outcome == "fits"
    assert found.result.question == "report"
    assert found.result.ranked[0]["provider"] == "rural_credit_coop"
    codes = [reason.code for reason in found.result.reasons]
    assert codes[:2] == ["due_after_harvest", "bad_year_lives"]


def test_the_report_adds_up(decider: Decider, application: Make) -> None:
    figures = decider.decide(inputs_of(application())).result.figures
    (row,) = figures["schedule"]
    assert row["principal_minor"] == 600_000
    assert row["interest_minor"] == 20_000  # 5 % of 6,000 yuan for eight months
    assert figures["cost_minor"] == 20_000
    assert figures["yearly_cost_ppm"] == pytest.approx(50_414, abs=1)  # 1.0333^(12/8) - 1
    calendar = figures["calendar"]
    assert len(calendar["middle_minor"]) == len(calendar["bad_minor"]) == 37
    # Savings less the own share of 1,400 yuan.
    assert calendar["middle_minor"][0] == 1_400_000 - 140_000


def test_a_loan_due_before_harvest_is_matched_and_told_the_date_that_fits(
    decider: Decider, application: Make
) -> None:
    terms = {"rate_ppm": 60_000, "term_months": 5, "repayment": "bullet", "start_month": 24_326}
    found = decider.decide(inputs_of(application(None, {"terms_asked": terms})))
    assert found.result.question == "match"
    assert gaps_of(found) == {"due_before_harvest", "term_shorter_than_cycle", "payable_month"}
    (change,) = found.judgement.conditions
    assert change == {"change": "term", "term_months": 8, "due_month": 24_334}
    assert found.judgement.reasons[-1].code == "person_reviewed"


def test_a_change_that_is_told_fits_when_it_is_asked_for(
    decider: Decider, application: Make
) -> None:
    terms = {"rate_ppm": 60_000, "term_months": 5, "repayment": "bullet", "start_month": 24_326}
    found = decider.decide(inputs_of(application(None, {"terms_asked": terms})))
    moved = {**terms, "term_months": found.judgement.conditions[0]["term_months"]}
    assert decider.decide(inputs_of(application(None, {"terms_asked": moved}))).fits


def test_a_household_that_cannot_work_is_led_to_aid(decider: Decider, application: Make) -> None:
    helpless = {"category": "dibao", "workers": 0, "wage_minor_month": 0, "savings_minor": 30_000}
    found = decider.decide(inputs_of(application(helpless)))
    assert found.scheme.outcome == "aid"
    assert found.result.outcome == "aid"
    assert found.result.ranked[0]["provider"] == "civil_affairs"
    assert "aid_suits" in [reason.code for reason in found.judgement.reasons]


def test_a_borrowed_name_goes_to_a_person_not_to_a_lender(
    decider: Decider, application: Make
) -> None:
    found = decider.decide(inputs_of(application(None, {"user_of_money": "cousin"})))
    assert found.result.outcome == "review"
    assert found.result.ranked[0]["role"] == "preferred"
    assert "provider" not in found.result.ranked[0]


def test_a_bare_bank_file_is_judged_with_its_assumptions_named(decider: Decider) -> None:
    bare = {
        "profile": {
            "wage_minor_month": 500_000,
            "living_minor_person_year": 1_800_000,
            "persons": 1,
        },
        "demand": {"amount_minor": 3_000_000, "terms_asked": {"term_months": 24}},
    }
    found = decider.decide(inputs_of(bare))
    assert found.fits
    assert found.judgement.figures["repayment"] == "level"
    assert "demand.terms_asked.repayment" in found.scheme.figures["assumed"]
    payments = [row["payment_minor"] for row in found.result.figures["schedule"]]
    assert max(payments) - min(payments) <= 24


def test_a_bare_file_with_too_much_debt_does_not_fit(decider: Decider) -> None:
    bare = {
        "profile": {"wage_minor_month": 200_000},
        "demand": {"amount_minor": 30_000_000, "terms_asked": {"term_months": 24}},
    }
    assert {"dscr_p50", "debt_ratio"} <= gaps_of(decider.decide(inputs_of(bare)))


def test_no_income_at_all_is_told_as_such_and_not_as_a_bad_year(decider: Decider) -> None:
    bare = {"profile": {}, "demand": {"amount_minor": 3_000_000}}
    assert gaps_of(decider.decide(inputs_of(bare))) == {"no_income_basis"}


@pytest.mark.parametrize("kind", ["borrow", "save", "invest", "insure", "lease"])
def test_an_empty_demand_of_any_kind_is_answered(decider: Decider, kind: str) -> None:
    found = decider.decide(inputs_of({"profile": {}, "demand": {"kind": kind}}))
    check_tree(found.tree())


def test_without_a_model_that_is_said(decider: Decider, application: Make) -> None:
    found = decider.decide(inputs_of(application()))
    assert [reason.code for reason in found.scheme.reasons][-1] == "no_model"
    assert "default_ppm" not in found.scheme.figures


def test_a_card_tells_the_chance_of_repayment(
    catalogue_tree: dict[str, Any], application: Make
) -> None:
    asked = {**application(), "features": {"income": 500}}
    found = decide_v1(inputs_of(asked), CARD, catalogue_tree, RULES_V1)
    assert found.fits
    assert found.scheme.figures["repay_ppm"] + found.scheme.figures["default_ppm"] == 1_000_000
    assert "model_says" in [reason.code for reason in found.scheme.reasons]


def test_a_card_that_expects_default_hands_the_case_to_a_person(
    catalogue_tree: dict[str, Any], application: Make
) -> None:
    asked = {**application(), "features": {"income": 1}}
    found = decide_v1(inputs_of(asked), CARD, catalogue_tree, RULES_V1)
    assert gaps_of(found) == {"repayment_unlikely"}
    assert found.judgement.conditions == ()
    assert found.scheme.reasons[-1].values == {"field": "income"}


def test_the_batch_path_and_the_pure_path_say_the_same(
    decider: Decider, catalogue_tree: dict[str, Any], application: Make
) -> None:
    for demand in ({}, {"amount_minor": 5_000_000}, {"user_of_money": "firm"}):
        inputs = inputs_of(application(None, demand))
        pure = decide_v1(inputs, None, catalogue_tree, RULES_V1)
        assert codec.encode(pure.tree()) == codec.encode(decider.decide(inputs).tree())


def test_the_order_of_keys_changes_no_byte(decider: Decider, application: Make) -> None:
    inputs = inputs_of(application())
    turned = _reverse_keys(inputs)
    assert isinstance(turned, dict)
    assert codec.encode(decider.decide(inputs).tree()) == codec.encode(
        decider.decide(turned).tree()
    )


def test_data_older_than_a_year_are_named_with_their_age(
    decider: Decider, application: Make
) -> None:
    inputs = inputs_of(application())
    as_of = inputs["application"]["demand"]["as_of_month"]
    dates = {"profile.crops": as_of - 13, "profile.persons": as_of - 12, "profile.debts": as_of}
    found = decider.decide({**inputs, "dates": dates})
    assert found.scheme.figures["stale"] == [{"path": "profile.crops", "months": 13}]
    assert "stale" not in decider.decide(inputs).scheme.figures
    same = decider.decide(inputs)
    assert (found.judgement, found.result) == (same.judgement, same.result), (
        "age alone decides none"
    )


def _reverse_keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: _reverse_keys(item) for key, item in reversed(value.items())}
    return [_reverse_keys(item) for item in value] if isinstance(value, list) else value


def test_a_decision_leaves_its_inputs_alone(decider: Decider, application: Make) -> None:
    inputs = inputs_of(application())
    before = json.dumps(inputs)
    decider.decide(inputs)
    assert json.dumps(inputs) == before


@pytest.mark.parametrize("inputs", [{}, {"v": 2, "application": {}}, {"v": 1}])
def test_inputs_of_another_form_are_refused(decider: Decider, inputs: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=r"positioning\.inputs"):
        decider.decide(inputs)


def test_a_month_without_any_product_in_force_is_refused(
    decider: Decider, application: Make
) -> None:
    with pytest.raises(Invalid, match=r"positioning\.not_in_force"):
        decider.decide(inputs_of(application(None, {"as_of_month": 1})))


@pytest.mark.parametrize(
    "rules", [{}, {**RULES_V1, "stranger": 1}, {**RULES_V1, "default_ppm": -1}]
)
def test_rules_of_another_form_are_refused(
    catalogue_tree: dict[str, Any], rules: dict[str, int]
) -> None:
    with pytest.raises(Invalid, match=r"positioning\.rules"):
        Decider(None, catalogue_tree, rules)


MONEY = st.integers(0, 10**12)
DEMANDS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["borrow", "lease", "save", "invest", "insure"])},
    optional={
        "scheme_asked": st.sampled_from(
            ["seasonal_crop", "village_line", "student", "equipment_lease", "none_such"]
        ),
        "purpose": st.sampled_from(["crop_inputs", "house", "tuition", "machine_buy", "odd"]),
        "amount_minor": MONEY,
        "cost_minor": MONEY,
        "own_share_ppm": st.integers(0, 1_000_000),
        "as_of_month": st.integers(24_300, 24_360),
        "first_outlay_month": st.integers(0, 36_000),
        "first_sale_month": st.integers(24_300, 24_360),
        "last_sale_month": st.integers(24_300, 24_400),
        "income_likely_minor": st.integers(-(10**12), 10**12),
        "income_low_minor": st.integers(-(10**12), 10**12),
        "revenue_likely_minor": MONEY,
        "working_capital": st.integers(0, 1),
        "payable_months": st.lists(st.integers(1, 12), max_size=12),
        "terms_asked": st.fixed_dictionaries(
            {},
            optional={
                "term_months": st.integers(0, 480),
                "rate_ppm": st.integers(0, 10_000_000),
                "repayment": st.sampled_from(["bullet", "monthly", "int_after_study", "odd"]),
                "grace_months": st.integers(0, 120),
                "start_month": st.integers(24_300, 24_340),
            },
        ),
        "asset": st.just({"leaseback": 1, "value_minor": 1, "life_left_months": 3}),
        "study": st.just({"level": "undergraduate", "years_left": 4}),
    },
)
PROFILES = st.fixed_dictionaries(
    {},
    optional={
        "category": st.sampled_from(["ordinary", "dibao", "monitored_relapse", "farm_entity"]),
        "age_years": st.integers(0, 120),
        "persons": st.integers(1, 30),
        "workers": st.integers(0, 30),
        "wage_minor_month": MONEY,
        "wage_months": st.integers(0, 12),
        "business_minor_year": st.integers(-(10**12), 10**12),
        "living_minor_person_year": MONEY,
        "savings_minor": MONEY,
        "guarantees_minor": MONEY,
        "debts": st.lists(
            st.fixed_dictionaries(
                {"balance_minor": MONEY},
                optional={"monthly_minor": MONEY, "due_month": st.integers(0, 36_000)},
            ),
            max_size=2,
        ),
    },
)


@given(PROFILES, DEMANDS)
def test_any_application_in_range_gets_a_canonical_answer_with_words(
    decider: Decider, profile: dict[str, Any], demand: dict[str, Any]
) -> None:
    found = decider.decide(inputs_of({"profile": profile, "demand": demand}))
    tree = found.tree()
    check_tree(tree)
    codec.encode(tree)
    for answer in (found.scheme, found.judgement, found.result):
        # Sealed as it is: sorting every tree would cost as much as encrypting it.
        sealed = answer.sealed()
        assert {k: codec.encode_decoded(v) for k, v in sealed.items()} == {
            k: codec.encode(v) for k, v in sealed.items()
        }
    assert found.fits == (found.result.question == "report") == (not found.judgement.ranked)
    for language in ("zh", "en"):
        for code, values in sayings(found):
            assert say(code, values, language)


def sayings(found: Positioning) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every code that a decision emits, with the values it is said with."""
    for answer in (found.scheme, found.judgement, found.result):
        yield f"question.{answer.question}", {}
        yield from ((reason.code, reason.values) for reason in answer.reasons)
    kind = "scheme" if found.result.question == "report" else "outcome"
    yield f"scheme.{found.scheme.outcome}", {}
    yield f"outcome.{found.judgement.outcome}", {}
    yield f"{kind}.{found.result.outcome}", {}
    for row in found.judgement.ranked:
        yield f"gap.{row['gap']}", {"have": 0, "need": 0, **row}
        yield f"unit.{row['unit']}", {}
    changes = (*found.judgement.conditions, *found.result.conditions)
    yield from ((f"change.{row['change']}", row) for row in changes)
    yield from names_of(found)


def names_of(found: Positioning) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The idents inside rows and figures, each said as a word of its table."""
    figures = found.result.figures
    options, subjects = found.scheme.ranked, found.result.ranked
    parts = [part for row in (*options, *subjects) for part in row["parts"]]
    named = {
        "show": [row["show"] for row in found.scheme.conditions],
        "part": [part["part"] for part in parts],
        "repayment": [row["repayment"] for row in options if "repayment" in row],
        "role": [row["role"] for row in subjects],
        "expertise": [row["expertise"] for row in subjects] + figures.get("needs", []),
        "field": [path.split(".")[-1] for path in found.scheme.figures["assumed"]],
        "figure": [row["figure"] for row in figures.get("thresholds", ())],
        "feedback": [row["ask"] for row in figures["feedback"]],
        "event": [row["after"] for row in figures["feedback"]],
    }
    for table, names in named.items():
        yield from ((f"{table}.{name}", {}) for name in names)


@pytest.mark.parametrize("gap", sorted(GAP_UNITS))
def test_every_gap_is_worded_with_its_size(gap: str) -> None:
    values = {"size": 1, "have": 2, "need": 3, "month": 24_326}
    assert say(f"gap.{gap}", values, "zh") != say(f"gap.{gap}", values, "en")


def test_gaps_that_other_terms_or_schemes_close_are_of_the_vocabulary() -> None:
    assert set(GAP_UNITS) >= CATEGORICAL | MOVABLE
