"""Agreement with an officer's labels: worked cases, disputed ones, and labels that are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tallystick.base.errors import Invalid
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.scoring import (
    Comparison,
    Label,
    compare,
    measure_agreement,
    need_labels,
    read_label,
)
from tallystick.services.positioning.share import Share

STATED = {
    "fits": False,
    "scheme": "village_line",
    "gaps": ["debt_ratio", "own_share"],
    "gaps_ok": ["dscr_p50"],
    "preferred_expertise": "medium_term",
}
LABEL = Label(
    fits=False,
    scheme="village_line",
    gaps=frozenset({"debt_ratio", "own_share"}),
    tolerated=frozenset({"dscr_p50"}),
    expertise="medium_term",
)
SAME = Comparison("a", LABEL, False, "village_line", "medium_term", LABEL.gaps)


def test_a_label_is_read_as_it_is_stated() -> None:
    assert read_label({"expected": STATED}) == LABEL
    accepted = [{"fits": True, "scheme": "savings_wealth", "gaps": []}]
    found = read_label({"expected": STATED, "also_accept": accepted, "debatable": True})
    assert found == replace(LABEL, accepted=((True, "savings_wealth"),), is_disputed=True)
    without = {name: part for name, part in STATED.items() if name != "gaps_ok"}
    assert read_label({"expected": without}) == replace(LABEL, tolerated=frozenset())


def test_a_row_without_a_label_has_none() -> None:
    assert read_label(None) is None
    assert read_label({"debatable": True}) is None


@pytest.mark.parametrize(
    ("kept", "part"),
    [
        ({"expected": "fits"}, "expected"),
        ({"expected": {**STATED, "fits": 1}}, "fits"),
        ({"expected": {**STATED, "scheme": ""}}, "scheme"),
        ({"expected": {**STATED, "gaps": "debt_ratio"}}, "gaps"),
        ({"expected": {**STATED, "gaps_ok": [1]}}, "gaps_ok"),
        ({"expected": {**STATED, "preferred_expertise": None}}, "preferred_expertise"),
        ({"expected": STATED, "also_accept": [False]}, "also_accept"),
        ({"expected": STATED, "also_accept": [{"scheme": "aid"}]}, "fits"),
        ({"expected": STATED, "debatable": "no"}, "debatable"),
    ],
)
def test_a_label_of_another_form_is_refused_by_the_part_at_fault(
    kept: dict[str, Any], part: str
) -> None:
    with pytest.raises(Invalid, match=f"`{part}`") as caught:
        read_label(kept)
    assert caught.value.code == "score.label"


def test_a_mapping_that_hands_no_label_through_is_refused() -> None:
    need_labels(["demand.note", "expected"])
    with pytest.raises(Invalid) as caught:
        need_labels(["expected_income", "debatable"])
    assert caught.value.code == "score.no_expected"
    assert "keep" in caught.value.cure


def test_figures_are_those_worked_by_hand() -> None:
    gaps = frozenset({"debt_ratio", "dscr_p50", "no_order"})
    other = Comparison("b", LABEL, True, "aid", "aid", gaps)
    fitting = replace(LABEL, fits=True, gaps=frozenset(), tolerated=frozenset())
    third = Comparison("c", fitting, True, "village_line", "seasonal", frozenset())
    found = measure_agreement([SAME, other, third])
    assert (found.fit, found.ends, found.expertise) == (Share(2, 3), Share(2, 3), Share(1, 3))
    assert found.ends_misfits == Share(1, 2)
    # Due are 2 + 2 gaps and 3 are named; named are 2 + 3 and one is beyond both lists.
    assert (found.gaps_recall, found.gaps_precision) == (Share(3, 4), Share(4, 5))
    assert (found.n, found.disputed_fit) == (3, Share(0, 0))
    assert [each.key for each in found.differing] == ["b", "c"]
    assert (other.missed, other.beyond) == (("own_share",), ("no_order",))


def test_a_tolerated_gap_is_no_difference_and_a_missed_or_odd_one_is() -> None:
    assert SAME.agrees
    assert replace(SAME, gaps=SAME.gaps | {"dscr_p50"}).agrees
    assert not replace(SAME, gaps=frozenset({"own_share"})).agrees
    assert not replace(SAME, gaps=SAME.gaps | {"no_order"}).agrees


def test_a_disputed_case_counts_apart_and_any_accepted_answer_is_right() -> None:
    label = replace(LABEL, accepted=((True, "aid"),), is_disputed=True)
    disputed = replace(SAME, label=label, fits=True, scheme="aid", gaps=frozenset())
    assert disputed.fit_agrees
    assert disputed.end_agrees
    found = measure_agreement([SAME, disputed])
    assert (found.n, found.disputed_fit, found.differing) == (1, Share(1, 1), ())


def test_labels_that_are_all_disputed_have_no_figure() -> None:
    for cases in ([], [replace(SAME, label=replace(LABEL, is_disputed=True))]):
        with pytest.raises(Invalid) as caught:
            measure_agreement(cases)
        assert caught.value.code == "score.no_expected"


def test_a_decision_is_compared_by_what_it_says(
    decider: Decider, application: Callable[..., dict[str, Any]]
) -> None:
    inputs = {"v": 1, "application": application(), "defaults": []}
    decided = decider.decide(inputs)
    found = compare("x", LABEL, decided)
    assert (found.fits, found.scheme) == (decided.fits, decided.scheme.outcome)
    assert found.expertise == decided.result.ranked[0]["expertise"]
    house = {"purpose": "house", "amount_minor": 60_000_000}
    misfit = decider.decide({**inputs, "application": application(demand=house)})
    told = compare("y", LABEL, misfit)
    assert not told.fits
    assert told.gaps == {row["gap"] for row in misfit.judgement.ranked} != set()
