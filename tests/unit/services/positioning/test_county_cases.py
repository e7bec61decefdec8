"""The decision against 60 cases that were judged by hand: agreement, not tuning.

The gates stand below what was measured when they were set, so that a change of a rule which
loses agreement is seen; they are the county's, of 60 cases with one labeller.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tallystick.services.positioning.answers import Positioning
from tallystick.services.positioning.decide import Decider
from tallystick.sources import Application, load_mapping, read_applications

ROOT = Path(__file__).resolve().parents[4]


@dataclass(frozen=True)
class Agreement:
    """Shares of the cases, 0..1."""

    fits: float
    recall: float
    precision: float
    expertise: float
    ends: float


@pytest.fixture(scope="module")
def judged(shared: Path, decider: Decider) -> list[tuple[dict[str, Any], Positioning]]:
    path = shared / "data" / "county_cases" / "cases.jsonl"
    mapping = load_mapping(ROOT / "examples" / "mappings" / "county_cases.toml")
    found = []
    for row in read_applications(path, mapping):
        assert isinstance(row, Application)
        assert row.expected is not None
        application = {"profile": row.profile, "demand": row.demand, "features": row.features}
        inputs = {"v": 1, "application": application, "defaults": list(row.defaults)}
        found.append((row.expected, decider.decide(inputs)))
    return found


def labels_of(kept: dict[str, Any]) -> list[dict[str, Any]]:
    """The officer's answer, and what else is right where the case is debatable."""
    return [kept["expected"], *kept["also_accept"]]


def measure(judged: list[tuple[dict[str, Any], Positioning]]) -> Agreement:
    fits = expertise = ends = named = due = right = told = 0
    for kept, found in judged:
        label = kept["expected"]
        fits += any(found.fits == each["fits"] for each in labels_of(kept))
        ends += any(found.scheme.outcome == each["scheme"] for each in labels_of(kept))
        preferred = found.result.ranked[0]
        expertise += preferred["expertise"] == label["preferred_expertise"]
        gaps = {row["gap"] for row in found.judgement.ranked}
        named += len(gaps & set(label["gaps"]))
        due += len(label["gaps"])
        right += len(gaps & {*label["gaps"], *label["gaps_ok"]})
        told += len(gaps)
    count = len(judged)
    return Agreement(fits / count, named / due, right / told, expertise / count, ends / count)


def test_all_sixty_cases_are_read(judged: list[tuple[dict[str, Any], Positioning]]) -> None:
    assert len(judged) == 60


def test_the_decision_agrees_with_the_officer(
    judged: list[tuple[dict[str, Any], Positioning]],
) -> None:
    found = measure(judged)
    assert found.fits >= 0.9, found
    assert found.recall >= 0.75, found
    assert found.precision >= 0.75, found
    assert found.expertise >= 0.85, found
    assert found.ends >= 0.9, found


def test_a_fit_is_a_report_and_everything_else_names_a_subject(
    judged: list[tuple[dict[str, Any], Positioning]],
) -> None:
    for _, found in judged:
        assert found.result.question == ("report" if found.fits else "match")
        assert found.result.ranked[0]["role"] == "preferred"
        assert all(row["role"] == "alternative" for row in found.result.ranked[1:])
