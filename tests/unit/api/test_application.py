from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counties import FITTING, UNFITTING
from tallystick.api.application import check_application, check_leaf
from tallystick.base.errors import Invalid
from tallystick.records.applicant import DEMAND, PROFILE, Field, Row


def changed(path: str, value: object) -> dict[str, Any]:
    tree = copy.deepcopy(FITTING)
    *steps, last = path.split(".")
    place: Any = tree
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value
    return tree


def test_what_officers_write_down_is_accepted() -> None:
    check_application(FITTING, "a")
    check_application(UNFITTING, "a")
    check_application({"profile": {}, "demand": {"kind": "save"}}, "a")


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("profile.persons", 0, "a.profile.persons"),
        ("profile.persons", 31, "a.profile.persons"),
        ("profile.persons", "4", "a.profile.persons"),
        ("profile.persons", True, "a.profile.persons"),
        ("profile.persons", 4.0, "a.profile.persons"),
        ("profile.persons", None, "a.profile.persons"),
        ("profile.secret", 1, "a.profile (unknown key)"),
        ("profile.crops.0.sale_months", [13], "a.profile.crops[0].sale_months"),
        ("profile.crops.0.sale_months", 10, "a.profile.crops[0].sale_months"),
        ("profile.crops.0.secret", 1, "a.profile.crops[0] (unknown key)"),
        ("profile.crops", [{}] * 17, "a.profile.crops"),
        ("profile.crops", {}, "a.profile.crops"),
        ("profile.village", "two words", "a.profile.village"),
        ("profile.village", "", "a.profile.village"),
        ("profile.village", "v" * 41, "a.profile.village"),
        ("demand.kind", "steal", "a.demand.kind"),
        ("demand.terms_asked", [], "a.demand.terms_asked"),
        ("demand.terms_asked.term_months", 481, "a.demand.terms_asked.term_months"),
        ("demand.purpose_text", "\ud800", "a.demand.purpose_text"),
        ("features", {"Bad Name": 1}, "a.features"),
        ("features", {"good": 1.5}, "a.features"),
        ("features", {"good": 2**53}, "a.features"),
        ("features", [], "a.features"),
        ("profile", [], "a.profile"),
        ("demand", 3, "a.demand"),
        ("extra", {}, "a (unknown key)"),
    ],
)
def test_what_breaks_the_table_is_refused_by_its_place(
    path: str, value: object, place: str
) -> None:
    with pytest.raises(Invalid) as caught:
        check_application(changed(path, value), "a")
    assert caught.value.code == "application.form"
    places = caught.value.values["places"]
    assert isinstance(places, list)
    assert place in places


def test_what_is_no_application_at_all_is_refused() -> None:
    trees: tuple[object, ...] = (None, 3, [], "x", {}, {"profile": {}}, {"demand": {}})
    for tree in trees:
        with pytest.raises(Invalid):
            check_application(tree, "a")


LEAVES = [
    field
    for table in (PROFILE, DEMAND)
    for entry in table.values()
    for field in (entry.fields.values() if isinstance(entry, Row) else [entry])
]


@given(st.sampled_from(LEAVES), st.integers(-(2**60), 2**60))
def test_a_whole_number_stands_at_a_leaf_exactly_within_its_range(
    field: Field, number: int
) -> None:
    whole = field.kind not in {"ident", "idents", "text", "months"}
    assert check_leaf(field, number) == (whole and field.low <= number <= field.high)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, JSON)
def test_whatever_stands_there_a_stranger_is_refused_and_nothing_breaks(
    profile: object, demand: object
) -> None:
    with pytest.raises(Invalid) as caught:
        check_application({"profile": profile, "demand": demand, "stranger": 1}, "a")
    assert caught.value.code == "application.form"
