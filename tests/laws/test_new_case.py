"""Laws of a new case's form: whatever is typed, what is sent keeps to the application's table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.api.application import check_application
from tallystick.api.shape import check_tree
from tallystick.console.pages.new_case_check import find_faults
from tallystick.console.pages.new_case_home import LISTS
from tallystick.console.pages.new_case_question import Question
from tallystick.console.pages.new_case_questions import QUESTIONS, find_question
from tallystick.console.pages.new_case_tree import clean_answers, fill_known, make_application
from tallystick.console.pages.new_case_value import find_wrong, read_value
from tallystick.records.applicant import DEMAND, PROFILE, Field

AS_OF = 2026 * 12 + 11
LOOSE = st.text(max_size=12) | st.sampled_from(
    ["-1", "1e9", "²", "１２", "０", "999999999999", "\ud800"]
)
FIGURES = st.integers(0, 10**13).map(str) | st.decimals(0, 10**7, places=2).map(str)


def typed(question: Question) -> st.SearchStrategy[Any]:
    """Draw what somebody may type: sense, slips and nonsense."""
    if question.kind in {"months", "crops", "members"}:
        return st.lists(st.integers(0, 17).map(str) | LOOSE, max_size=4)
    if question.choices:
        return st.sampled_from([*question.choices, "", "nonsense"])
    if question.kind == "month":
        return st.integers(AS_OF - 12, AS_OF + 60).map(str) | LOOSE
    if question.kind in {"yes", "tick"}:
        return st.sampled_from(["yes", "no", ""])
    return FIGURES | LOOSE


def rows(group: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.fixed_dictionaries({}, optional={each.name: typed(each) for each in LISTS[group]}),
        max_size=3,
    )


ANSWERS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["borrow", "lease", "insure", "save", "invest"])},
    optional={
        **{each.name: typed(each) for each in QUESTIONS if each.name not in {"kind", "purpose"}},
        "purpose": st.sampled_from(
            ["crop_inputs", "tuition", "shop_stock", "renew_after_shock", "machine_leaseback", "x"]
        ),
        **{group: rows(group) for group in LISTS},
        "none": st.lists(st.sampled_from([f"no_{group}" for group in LISTS]), max_size=3),
    },
)


@settings(max_examples=300)
@given(answers=ANSWERS)
def test_whatever_is_typed_the_application_keeps_to_its_table(answers: dict[str, Any]) -> None:
    tree = make_application(answers, AS_OF, "zh")
    check_application(tree, "application")
    check_tree(tree, "application")


@pytest.mark.long
@settings(max_examples=300)
@given(answers=ANSWERS)
def test_what_is_told_before_fills_the_form_so_that_it_says_the_same(
    answers: dict[str, Any],
) -> None:
    before = make_application({**answers, "project_crops": []}, AS_OF, "zh")["profile"]
    leaves = [{"path": f"profile.{name}", "value": value} for name, value in before.items()]
    known = {**fill_known(leaves), "kind": answers["kind"], "party_known": "yes"}
    again = make_application(
        {**known, "purpose": answers.get("purpose", ""), "order_has": answers.get("order_has", "")},
        AS_OF,
        "zh",
    )["profile"]
    # Living is told for the whole household: what does not divide is less than a fen a person.
    once, twice = (each.pop("living_minor_person_year", 0) for each in (before, again))
    assert abs(once - twice) <= 1
    assert again == before


@given(answers=ANSWERS)
def test_faults_name_fields_that_stand_on_the_form(answers: dict[str, Any]) -> None:
    for fault in find_faults(answers):
        assert find_question(fault.field).step == fault.step
        assert fault.said.zh
        assert fault.said.en


@given(question=st.sampled_from(QUESTIONS), data=st.data())
def test_what_is_read_is_never_called_wrong(question: Question, data: st.DataObject) -> None:
    given_text = data.draw(typed(question))
    if find_wrong(question, given_text) is None:
        read_value(question, given_text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["kind", "crops", "crop", "told", "sure", "persons"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_a_draft_that_another_program_kept_still_opens(tree: object) -> None:
    answers = clean_answers(tree)
    find_faults(answers)
    assert clean_answers(answers) == answers


def test_every_question_fills_a_leaf_of_the_table_within_its_range() -> None:
    for question in QUESTIONS:
        if not question.path:
            continue
        part, *steps = question.path.split(".")
        entry: Any = {"profile": PROFILE, "demand": DEMAND}[part][steps[0]]
        leaf = entry if len(steps) == 1 else entry.fields[steps[1]]
        assert isinstance(leaf, Field), question.path
        if leaf.kind not in {"ident", "text", "flag", "months"}:
            assert leaf.low <= question.low, question.path
            assert question.high <= leaf.high, question.path
