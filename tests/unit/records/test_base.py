"""A statement's fields by class: what is public is checked at once, what is absent left out."""

from __future__ import annotations

import pytest

from tallystick.base.errors import Invalid
from tallystick.records.base import spec_of, split
from tallystick.records.case import CaseReported
from tallystick.records.loan import ApprovalGiven, FundAllocated


def test_a_statement_falls_into_its_classes() -> None:
    parts = split(ApprovalGiven(decision=b"d" * 16, principal=5, notes="seen"))
    assert parts.public == {"decision": b"d" * 16}
    assert parts.case == {"principal": 5, "notes": "seen"}
    assert parts.party == {}


@pytest.mark.parametrize(
    "statement",
    [
        FundAllocated(fund="f", to="bank", programme="p", amount=0),
        FundAllocated(fund="f", to="Bank", programme="p", amount=1),
        FundAllocated(fund="f", to="bank", programme="p", amount=2**53),
    ],
)
def test_a_public_value_that_breaks_its_check_is_refused(statement: FundAllocated) -> None:
    with pytest.raises(Invalid, match=r"codec\.form"):
        split(statement)


def test_a_decisions_sealed_fields_stand_in_the_order_of_their_leaves() -> None:
    spec = spec_of(CaseReported)
    assert list(spec.of_class("case")) == ["outcome", "ranked", "conditions"]
    assert list(spec.of_class("party")) == ["figures", "reasons", "inputs", "grants", "subject"]
    assert {"outcome", "figures", "reasons", "inputs", "subject"} <= spec.required
    assert "model" not in spec.required
