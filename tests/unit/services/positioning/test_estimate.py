"""An estimate is the decision, on an application in any state."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counties import CATALOGUE, FITTING, UNFITTING
from tallystick.records.applicant import DEMAND, PROFILE, Row
from tallystick.services.positioning.catalogue import catalogue_from_toml
from tallystick.services.positioning.decide import RULES_V1, Decider
from tallystick.services.positioning.estimate import INCOME, NEEDED, estimate, find_missing

DECIDER = Decider(None, catalogue_from_toml(Path(CATALOGUE).read_text("utf-8")), RULES_V1)


def _inputs(application: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "application": application, "defaults": []}


@st.composite
def _unfinished(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an application from which any leaves are still missing, of any kind."""
    application: dict[str, Any] = deepcopy(draw(st.sampled_from([FITTING, UNFITTING])))
    for part in ("profile", "demand"):
        for name in list(application[part]):
            if draw(st.booleans()):
                del application[part][name]
    kind = draw(st.sampled_from(["", *NEEDED]))
    if kind:
        application["demand"]["kind"] = kind
    return application


@settings(max_examples=200)
@given(_unfinished())
def test_an_application_in_any_state_is_answered_with_what_is_missing(
    application: dict[str, Any],
) -> None:
    before = deepcopy(application)
    found = estimate(DECIDER, _inputs(application))
    assert application == before
    assert found["missing"] == find_missing(application)
    assert found == estimate(DECIDER, _inputs(deepcopy(application)))
    decided = DECIDER.decide(_inputs(application))
    assert found["fits"] == int(decided.fits)
    assert found["lowest_minor"] == min(found["calendar"]["bad_minor"])


@pytest.mark.parametrize("application", [FITTING, UNFITTING])
def test_what_is_told_is_missing_no_more(application: dict[str, Any]) -> None:
    tree = deepcopy(application)
    for path in find_missing(tree):
        assert path != INCOME
        at = tree
        *steps, last = path.split(".")
        for step in steps:
            at = at.setdefault(step, {})
        at[last] = 1
    assert find_missing(tree) == []


def test_what_is_needed_is_of_the_table_of_leaves() -> None:
    tables = {"profile": PROFILE, "demand": DEMAND}
    for paths in NEEDED.values():
        assert len(set(paths)) == len(paths)
        for path in paths:
            part, name, *inner = path.split(".")
            entry = tables[part][name]
            for step in inner:
                assert isinstance(entry, Row)
                entry = entry.fields[step]


def test_the_household_alone_has_a_calendar_before_anything_is_asked() -> None:
    profile = {"persons": 2, "wage_minor_month": 900_000, "savings_minor": 100}
    found = estimate(DECIDER, _inputs({"profile": profile, "demand": {"kind": "save"}}))
    assert "terms" not in found
    assert found["calendar"]["middle_minor"][-1] > found["calendar"]["bad_minor"][-1] > 100
