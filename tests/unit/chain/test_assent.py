"""A household's assent holds for one record, one writer and these figures, by its own key only."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tallystick.base.keys import SigningKey
from tallystick.chain.assent import is_assented, sign_assent

KEY: Final = SigningKey.from_seed(b"h" * 32)
CHAIN: Final = bytes(32)
RECORD: Final[dict[str, Any]] = {
    "t": "case.applied",
    "rv": 1,
    "id": b"i" * 16,
    "pub": {"kind": "x"},
}
VALUES: Final[dict[str, Any]] = {"amount": 5_000_000, "profile": {"area_m2": 3_300}}


def signed() -> dict[str, Any]:
    return sign_assent(KEY, RECORD, chain=CHAIN, member="bank-a", values=VALUES)


def holds(**changes: Any) -> bool:
    given: dict[str, Any] = {
        "record": RECORD,
        "chain": CHAIN,
        "member": "bank-a",
        "values": {**VALUES, "assent": signed()},
        "registered": KEY.public,
    }
    given.update(changes)
    record = given.pop("record")
    return is_assented(record, **given)


def test_the_partys_own_signature_over_the_record_is_an_assent() -> None:
    assert holds()


@pytest.mark.parametrize(
    "change",
    [
        {"record": {**RECORD, "id": b"j" * 16}},
        {"record": {**RECORD, "t": "offer.accepted"}},
        {"record": {**RECORD, "rv": 2}},
        {"record": {**RECORD, "case": b"c" * 16}},
        {"record": {**RECORD, "pub": {"kind": "y"}}},
        {"chain": b"\x01" * 32},
        {"member": "bank-b"},
        {"values": {**VALUES, "amount": 5_000_001, "assent": signed()}},
        {"values": {"amount": 5_000_000, "assent": signed()}},
        {"values": VALUES},
        {"values": {**VALUES, "assent": {"mandate": b"m" * 16, "witness": "officer-1"}}},
        {"registered": SigningKey.from_seed(b"o" * 32).public},
    ],
)
def test_it_holds_for_nothing_else(change: dict[str, Any]) -> None:
    assert not holds(**change)


def test_a_signature_by_another_key_than_it_names_is_none() -> None:
    other = SigningKey.from_seed(b"o" * 32)
    forged = sign_assent(other, RECORD, chain=CHAIN, member="bank-a", values=VALUES)
    values = {**VALUES, "assent": {**forged, "pub": KEY.public}}
    assert not holds(values=values)


def test_a_good_signature_that_names_another_key_is_none() -> None:
    other = SigningKey.from_seed(b"o" * 32).public
    assert not holds(values={**VALUES, "assent": {**signed(), "pub": other}})
