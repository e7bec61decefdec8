"""Parties, mandates and grants: written for oneself, in their time, ended by who recorded them."""

from __future__ import annotations

from typing import Any

import pytest

from rulings import DAY_MS, Floor, links
from tallystick.records.refusal import Refusal
from tallystick.services.consent.rules import TERM_MS_MAX


@pytest.fixture
def floor() -> Floor:
    return Floor()


def _mandate(floor: Floor, member: str = "bank-a", **changes: Any) -> int:
    identifier = floor.new_id()
    pub = {
        "mandate": identifier,
        "officer": b"f" * 16,
        "witness": "village",
        "from_time": floor.time,
        "until": floor.time + DAY_MS,
        **changes,
    }
    return floor.say(member, "mandate.given", pub, id=identifier)


def _grant(floor: Floor, member: str = "bank-a", **changes: Any) -> int:
    identifier = floor.new_id()
    pub = {
        "grant": identifier,
        "recipient": "bank-b",
        "classes": ["income", "profile"],
        "purpose": "credit",
        "basis": "consent",
        "from_time": floor.time,
        "until": floor.time + DAY_MS,
        **changes,
    }
    return floor.say(member, "grant.given", pub, id=identifier)


def test_a_member_registers_no_party_for_another(floor: Floor) -> None:
    pub = {"kind": "household", "custodian": "bank-b"}
    assert floor.say("bank-a", "party.registered", pub) == Refusal.NOT_OWN
    pub["custodian"] = "bank-a"
    assert floor.say("bank-a", "party.registered", pub) == 0


def test_a_party_is_not_tied_to_a_case(floor: Floor) -> None:
    case = floor.apply()
    pub = {"kind": "household", "custodian": "bank-a"}
    assert floor.say("bank-a", "party.registered", pub, case=case) == Refusal.NAMES_A_CASE
    assert floor.say("bank-a", "party.erased", case=case) == Refusal.NAMES_A_CASE
    ended = {"mandate": floor.new_id()}
    assert floor.say("bank-a", "mandate.ended", ended, case=case) == Refusal.NAMES_A_CASE


@pytest.mark.parametrize("stated", [_mandate, _grant])
@pytest.mark.parametrize(
    ("begin", "until"),
    [
        (0, -1),
        (0, 0),
        (-DAY_MS, 0),
        (-DAY_MS - 1, DAY_MS),
        (2, 1),
        (0, TERM_MS_MAX + 1),
        (TERM_MS_MAX + 1, TERM_MS_MAX + 2),
    ],
)
def test_a_term_lies_ahead_has_an_end_and_is_not_dated_back(
    floor: Floor,
    stated: Any,
    begin: int,
    until: int,
) -> None:
    times = {"from_time": floor.time + begin, "until": floor.time + until}
    assert stated(floor, **times) == Refusal.TIME_OUT_OF_RANGE


@pytest.mark.parametrize("stated", [_mandate, _grant])
def test_a_term_of_five_years_stands(floor: Floor, stated: Any) -> None:
    assert stated(floor, until=floor.time + TERM_MS_MAX) == 0


def test_witness_and_recipient_are_other_members_in_force(floor: Floor) -> None:
    assert _mandate(floor, witness="bank-a") == Refusal.NAMES_ITSELF
    assert _mandate(floor, witness="nobody") == Refusal.NO_SUCH_MEMBER
    assert _grant(floor, recipient="bank-a") == Refusal.NAMES_ITSELF
    assert _grant(floor, recipient="nobody") == Refusal.NO_SUCH_MEMBER


def test_a_term_is_opened_under_its_own_id(floor: Floor) -> None:
    assert _mandate(floor) == 0
    assert _mandate(floor, mandate=floor.last) == Refusal.ID_DIFFERS
    assert _grant(floor, grant=floor.new_id()) == Refusal.ID_DIFFERS


def test_data_classes_are_named_once_in_order(floor: Floor) -> None:
    assert _grant(floor, classes=["profile", "income"]) == Refusal.NOT_ASCENDING
    assert _grant(floor, classes=["income", "income"]) == Refusal.NOT_ASCENDING


@pytest.mark.parametrize(("space", "stated"), [("mandate", _mandate), ("grant", _grant)])
def test_a_term_is_ended_by_who_recorded_it_once(
    floor: Floor,
    space: str,
    stated: Any,
) -> None:
    assert stated(floor) == 0
    pub = {space: floor.last}
    assert floor.say("bank-b", f"{space}.ended", pub) == Refusal.NOT_OWN
    other = "grant" if space == "mandate" else "mandate"
    crossed = floor.say("bank-a", f"{other}.ended", {other: pub[space]})
    assert crossed == Refusal.NOT_IN_FORCE
    assert floor.say("bank-a", f"{space}.ended", pub) == 0
    assert floor.say("bank-a", f"{space}.ended", pub) == Refusal.NOT_IN_FORCE


def test_dropped_objects_are_of_many_parties_and_shuffled_into_order(floor: Floor) -> None:
    eight = links(8)
    assert floor.say("bank-a", "objects.dropped", {"objects": eight[:7]}) == Refusal.FORM
    turned = [*eight[1:], eight[0]]
    assert floor.say("bank-a", "objects.dropped", {"objects": turned}) == Refusal.NOT_ASCENDING
    assert floor.say("bank-a", "objects.dropped", {"objects": eight}) == 0
