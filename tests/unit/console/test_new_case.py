"""A new case's form: what it reads, doubts, derives and sends."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.console.pages.new_case_check import find_faults, name_doubt
from tallystick.console.pages.new_case_question import Answers
from tallystick.console.pages.new_case_questions import find_question, list_asked
from tallystick.console.pages.new_case_send import make_key
from tallystick.console.pages.new_case_tree import fill_known, make_application
from tallystick.console.pages.new_case_value import Wrong, find_wrong, read_identity, read_value

AS_OF = 2026 * 12 + 11
FARM: Answers = {
    "kind": "borrow",
    "party_known": "no",
    "party_kind": "household",
    "person_name": "周桂兰",
    "id_number": "11010519791231004X",
    "persons": "4",
    "category": "ordinary",
    "wage": "3,500",
    "wage_months": "10",
    "living": "34,800",
    "savings": "１５，０００",
    "crops": [{"crop": "maize", "area": "10.5"}, {"crop": "wheat", "area": "3"}],
    "purpose": "crop_inputs",
    "project_crops": ["0"],
    "amount": "5000",
    "cost": "6000",
    "needed": str(AS_OF + 3),
    "term": "8",
    "sale_first": str(AS_OF + 10),
    "user": "self",
    "assent": "mandate",
    "witness": "village",
    "days": "365",
    "agreed": "yes",
}


def test_a_villagers_loan_needs_no_more_than_what_it_says() -> None:
    assert find_faults(FARM) == []
    tree = make_application(FARM, AS_OF, "zh")
    assert tree["profile"] == {
        "sex": "f",
        "age_years": 47,
        "persons": 4,
        "category": "ordinary",
        "wage_minor_month": 350_000,
        "wage_months": 10,
        "living_minor_person_year": 870_000,
        "savings_minor": 1_500_000,
        "crops": [
            {"crop": "maize", "area_centimu": 1_050, "in_project": 1},
            {"crop": "wheat", "area_centimu": 300, "in_project": 0},
        ],
    }
    assert tree["demand"] == {
        "kind": "borrow",
        "as_of_month": AS_OF,
        "language": "zh",
        "purpose": "crop_inputs",
        "amount_minor": 500_000,
        "cost_minor": 600_000,
        "needed_by_month": AS_OF + 3,
        "first_outlay_month": AS_OF + 3,
        "first_sale_month": AS_OF + 10,
        "working_capital": 1,
        "user_of_money": "self",
        "terms_asked": {"term_months": 8, "start_month": AS_OF + 3, "repayment": "bullet"},
    }


def test_a_zero_missing_is_asked_about_and_can_be_meant() -> None:
    answers = {**FARM, "living": "3,480"}
    [fault] = find_faults(answers)
    assert (fault.field, fault.is_doubt) == ("living", True)
    assert fault.said.en == "¥3,480 a year for 4 people looks low. Is a zero missing?"
    assert fault.said.zh == "4 口人一年 3,480 元偏低，是不是少写了一个 0？"
    sure = {**answers, "sure": [name_doubt(answers, "living")]}
    assert find_faults(sure) == []
    assert [each.field for each in find_faults({**sure, "living": "348"})] == ["living"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cost": "4000"}, "cost"),
        ({"sale_first": str(AS_OF + 1)}, "sale_first"),
        ({"workers": "5"}, "persons"),
        ({"project_crops": []}, "project_crops"),
        ({"term": "eight"}, "term"),
        ({"agreed": ""}, "agreed"),
        ({"crops": [{"crop": "maize", "area": "0"}]}, "crops-0-area"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(change: Answers, field: str) -> None:
    found = find_faults({**FARM, **change})
    assert [(each.field, each.is_doubt) for each in found] == [(field, False)]


def test_the_kind_and_the_purpose_decide_what_is_asked() -> None:
    loan = {each.name for each in list_asked(FARM)}
    assert {"amount", "project_crops", "sale_first"} <= loan
    assert not {"age", "sex", "study_level", "insure_object", "gain", "order_value"} & loan
    saving = {each.name for each in list_asked({"kind": "save", "purpose": "crop_inputs"})}
    assert {"amount", "save_until", "save_loss", "savings"} <= saving
    assert not {"purpose", "cost", "term", "wage", "project_crops", "sale_first"} & saving
    student = {each.name for each in list_asked({**FARM, "purpose": "tuition"})}
    assert "study_level" in student
    assert "sale_first" not in student


@pytest.mark.parametrize("text", ["110105194912310021", "11010519490231002X", "1101051949123100"])
def test_a_slip_in_an_identity_number_is_seen(text: str) -> None:
    with pytest.raises(Wrong):
        read_identity(text)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("savings", "¥12,000.50", 1_200_050),
        ("business", "-3000", -300_000),
        ("insure_area", "2.5", 250),
        ("save_loss", "2.5%", 25_000),
        ("payable", ["3", "10", "13"], [3, 10]),
        ("village", " v07 ", "v07"),
        ("returnee", "no", 0),
        ("phone", "", None),
    ],
)
def test_what_is_typed_is_read_as_its_kind(name: str, text: object, found: object) -> None:
    assert read_value(find_question(name), text) == found


@pytest.mark.parametrize(
    ("name", "text"), [("wage", "5万"), ("persons", "0"), ("village", "a b"), ("save_loss", "101")]
)
def test_what_can_not_be_read_says_what_to_type(name: str, text: str) -> None:
    found = find_wrong(find_question(name), text)
    assert found is not None
    assert found.zh
    assert found.en


def test_what_was_told_before_and_is_not_asked_is_carried_on() -> None:
    crop = {"crop": "apple", "area_centimu": 400, "yield_kg_per_mu": 1_900, "in_project": 1}
    leaves: list[dict[str, Any]] = [
        {"path": "profile.persons", "value": 3},
        {"path": "profile.schooling_years", "value": 9},
        {"path": "profile.living_minor_person_year", "value": 1_120_000},
        {"path": "profile.crops", "value": [crop]},
        {"path": "profile.debts", "value": []},
    ]
    known = {**fill_known(leaves), "kind": "borrow", "party_known": "yes"}
    assert known["persons"] == "3"
    assert known["living"] == "33,600"
    profile = make_application(known, AS_OF, "zh")["profile"]
    assert profile["schooling_years"] == 9
    assert profile["crops"] == [{**crop, "in_project": 0}]
    assert profile["debts"] == []
    known["crops"][0]["crop"] = "pear"
    changed = make_application(known, AS_OF, "zh")["profile"]["crops"]
    assert changed == [{"crop": "pear", "area_centimu": 400, "in_project": 0}]


def test_a_repeated_request_has_the_same_key_and_a_changed_one_another() -> None:
    body = {"requests": [{"party": "ab", "application": {}}]}
    key = make_key("d1", "/cases", body)
    assert key == make_key("d1", "/cases", {"requests": [{"application": {}, "party": "ab"}]})
    assert key != make_key("d2", "/cases", body)
    assert key != make_key("d1", "/grants", body)
    assert key != make_key("d1", "/cases", {"requests": []})
