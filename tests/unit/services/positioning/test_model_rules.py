"""Which models may decide: approved by a person, off by no more than chance, retired for good."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rulings import CATALOGUE, MODEL, Floor
from tallystick.base.codec import Cid, cid_of
from tallystick.records.refusal import Refusal

OFFICER: Final[dict[str, Any]] = {"officer": b"f" * 16}
SOUND = {"ece_ppm": 12_000, "ece_null95_ppm": 7_000}
APPROVED: dict[str, Any] = {
    "model": MODEL,
    "service": "positioning",
    "name": "card",
    "metrics": SOUND,
}
RETIRED = {"model": MODEL, "service": "positioning"}


@pytest.fixture
def floor() -> Floor:
    return Floor()


def _scheme(floor: Floor, model: Cid | None) -> int:
    """Return the code of a new case's first decision by a model."""
    case = floor.apply()
    return floor.say("bank-a", "case.schemed", floor.decision("scheme", model=model), case=case)


def test_once_a_model_is_approved_no_other_decides(floor: Floor) -> None:
    assert floor.say("finance", "model.approved", APPROVED) == Refusal.NO_OFFICER
    assert floor.say("finance", "model.approved", APPROVED, **OFFICER) == 0
    assert floor.say("bank-b", "model.approved", APPROVED, **OFFICER) == Refusal.ALREADY_STATED
    assert _scheme(floor, CATALOGUE) == Refusal.MODEL_NOT_APPROVED
    assert _scheme(floor, MODEL) == 0


def test_a_retired_model_never_decides_again(floor: Floor) -> None:
    assert floor.say("finance", "model.retired", RETIRED, **OFFICER) == Refusal.MODEL_NOT_APPROVED
    assert floor.say("finance", "model.approved", APPROVED, **OFFICER) == 0
    other = {**APPROVED, "model": CATALOGUE}
    assert floor.say("bank-b", "model.approved", other, **OFFICER) == 0
    assert floor.say("finance", "model.retired", RETIRED) == Refusal.NO_OFFICER
    assert floor.say("finance", "model.retired", RETIRED, **OFFICER) == 0
    assert floor.say("bank-a", "model.retired", RETIRED, **OFFICER) == Refusal.MODEL_RETIRED
    assert floor.say("finance", "model.approved", APPROVED, **OFFICER) == Refusal.ALREADY_STATED
    assert _scheme(floor, MODEL) == Refusal.MODEL_RETIRED
    assert _scheme(floor, CATALOGUE) == 0, "the other one decides still"


def test_once_the_last_model_is_retired_cross_fitted_ones_decide_again(floor: Floor) -> None:
    fitted = cid_of(b"cross-fitted")
    assert floor.say("finance", "model.approved", APPROVED, **OFFICER) == 0
    assert _scheme(floor, fitted) == Refusal.MODEL_NOT_APPROVED
    assert floor.say("finance", "model.retired", RETIRED, **OFFICER) == 0
    assert _scheme(floor, fitted) == 0
    assert _scheme(floor, None) == 0
    assert _scheme(floor, MODEL) == Refusal.MODEL_RETIRED


def test_a_model_retired_for_one_service_stands_for_another(floor: Floor) -> None:
    for service in ("positioning", "risk"):
        pub = {**APPROVED, "service": service}
        assert floor.say("finance", "model.approved", pub, **OFFICER) == 0
    assert floor.say("finance", "model.retired", {**RETIRED, "service": "risk"}, **OFFICER) == 0
    assert _scheme(floor, MODEL) == 0


@pytest.mark.parametrize(
    "metrics", [{}, {"ece_ppm": 3}, {"ece_null95_ppm": 3}, {**SOUND, "ece_ppm": 12_001}]
)
def test_a_model_whose_probabilities_are_off_needs_a_reason(
    floor: Floor, metrics: dict[str, int]
) -> None:
    pub = {**APPROVED, "metrics": metrics}
    assert floor.say("finance", "model.approved", pub, **OFFICER) == Refusal.NOT_CALIBRATED
    assert floor.say("finance", "model.approved", {**pub, "forced": "pilot"}, **OFFICER) == 0
