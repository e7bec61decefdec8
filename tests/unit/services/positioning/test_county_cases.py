"""The decision against 60 cases that were judged by hand: agreement, not tuning.

The gates stand below what was measured when they were set, so that a change of a rule which
loses agreement is seen; they are the county's, of 60 cases with one labeller.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.services.positioning.answers import Positioning
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.scoring import (
    Comparison,
    Label,
    compare,
    measure_agreement,
    read_label,
)
from tallystick.services.positioning.share import Share
from tallystick.sources import Application, load_mapping, read_applications

ROOT = Path(__file__).resolve().parents[4]

Judged = list[tuple[Label, Positioning]]


@pytest.fixture(scope="module")
def judged(shared: Path, decider: Decider) -> Judged:
    path = shared / "data" / "county_cases" / "cases.jsonl"
    mapping = load_mapping(ROOT / "examples" / "mappings" / "county_cases.toml")
    found = []
    for row in read_applications(path, mapping):
        assert isinstance(row, Application)
        label = read_label(row.expected)
        assert label is not None
        application = {"profile": row.profile, "demand": row.demand, "features": row.features}
        inputs = {"v": 1, "application": application, "defaults": list(row.defaults)}
        found.append((label, decider.decide(inputs)))
    return found


@pytest.fixture(scope="module")
def compared(judged: Judged) -> list[Comparison]:
    return [compare(str(at), label, found) for at, (label, found) in enumerate(judged, 1)]


def ppm(share: Share) -> int:
    assert share.ppm is not None
    return share.ppm


def test_all_sixty_cases_are_read_and_six_are_disputed(judged: Judged) -> None:
    assert len(judged) == 60
    assert sum(label.is_disputed for label, _ in judged) == 6


def test_the_decision_agrees_with_the_officer(compared: list[Comparison]) -> None:
    found = measure_agreement(compared)
    assert found.n == 54
    assert ppm(found.fit) >= 900_000, found
    assert ppm(found.gaps_recall) >= 750_000, found
    assert ppm(found.gaps_precision) >= 750_000, found
    assert ppm(found.expertise) >= 850_000, found
    assert ppm(found.ends) >= 900_000, found
    assert ppm(found.ends_misfits) >= 850_000, found


def test_where_officers_would_differ_the_decision_is_one_of_theirs(
    compared: list[Comparison],
) -> None:
    found = measure_agreement(compared)
    assert found.disputed_fit.count == 6
    assert found.disputed_fit.hits >= 5, found


def test_a_fit_is_a_report_and_everything_else_names_a_subject(judged: Judged) -> None:
    for _, found in judged:
        assert found.result.question == ("report" if found.fits else "match")
        assert found.result.ranked[0]["role"] == "preferred"
        assert all(row["role"] == "alternative" for row in found.result.ranked[1:])
