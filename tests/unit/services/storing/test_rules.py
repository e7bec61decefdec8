"""Objects that members hold for one another are kept and erased by who put them, once each."""

from __future__ import annotations

import pytest

from rulings import Floor
from tallystick.base.codec import DAG_CBOR, cid_of
from tallystick.records.refusal import Refusal
from tallystick.services.storing.rules import kept_key

OBJECT = cid_of(b"manifest", DAG_CBOR)
KEPT = {"manifest": OBJECT, "size": 7, "sealed": 1}
ERASED = {"manifest": OBJECT}


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_an_object_is_kept_once_and_erased_once(floor: Floor) -> None:
    assert floor.say("bank-a", "object.erased", ERASED) == Refusal.NOT_KEPT
    assert floor.say("bank-a", "object.kept", KEPT) == 0
    assert floor.say("bank-a", "object.kept", KEPT) == Refusal.ALREADY_KEPT
    assert floor.say("bank-a", "object.erased", ERASED) == 0
    assert floor.say("bank-a", "object.erased", ERASED) == Refusal.NOT_KEPT
    assert floor.say("bank-a", "object.kept", KEPT) == Refusal.ALREADY_KEPT, "gone for good"


def test_who_names_anothers_object_first_neither_takes_it_nor_erases_it(floor: Floor) -> None:
    assert floor.say("newspaper", "object.kept", KEPT) == 0
    assert floor.say("bank-a", "object.kept", KEPT) == 0
    assert floor.say("village", "object.erased", ERASED) == Refusal.NOT_KEPT
    assert floor.say("newspaper", "object.erased", ERASED) == 0
    assert floor.say("bank-a", "object.erased", ERASED) == 0
    keys = {kept_key(OBJECT, member) for member in ("newspaper", "bank-a")}
    assert len(keys) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"manifest": b"x" * 36, "size": 7, "sealed": 1},
        {"manifest": OBJECT, "size": -1, "sealed": 1},
        {"manifest": OBJECT, "size": 7, "sealed": 2},
        {"manifest": OBJECT, "size": 7},
        {"manifest": OBJECT, "size": 7, "sealed": 1, "name": "contract with Wang"},
    ],
)
def test_a_record_with_a_name_or_another_form_is_refused(
    floor: Floor, wrong: dict[str, object]
) -> None:
    assert floor.say("bank-a", "object.kept", wrong) == Refusal.FORM
