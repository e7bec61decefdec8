"""The single file of docs/spec judges two checkpoints of one member as the product does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chains import NAME, SmallChain
from docs.test_single_file import say
from tallystick.base.codec import cid_of, encode
from tallystick.base.errors import Invalid
from tallystick.base.keys import SigningKey
from tallystick.chain.checkpoint import Body, cosign, origin_of
from tallystick.chain.equivocation import (
    EQUIVOCATION_BYTES_MAX,
    verify_equivocation,
    write_equivocation,
)
from tallystick.chain.pin import Pin
from tallystick.chain.verdict import Contradicted, Missing


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    found = SmallChain()
    for amount in (5, 6, 7):
        found.cut(("operator", [found.record("fund.allocated", {"amount": amount})]))
    return found


def _pin_of(chain: SmallChain) -> Pin:
    return Pin(chain.chain, NAME, chain.lists[0])


def _two_of(chain: SmallChain, one: Body, other: Body, *signers: str, member: str = "") -> bytes:
    signed = [
        (body, cosign(body, chain.keys[name, "note"], member=name, time_s=9))
        for body, name in zip((one, other), signers, strict=True)
    ]
    return write_equivocation(member or signers[0], signed[0], signed[1])


def _say_two(data: bytes, pin: Pin) -> str:
    """Return what the product says of such a file."""
    try:
        verify_equivocation(data, name=pin.name, chain=pin.chain, members=lambda _: pin.members)
    except Invalid:
        return "refused"
    except Missing:
        return "not checkable"
    except Contradicted:
        return "false"
    return "proven"


def test_two_checkpoints_of_one_member_are_judged_as_by_the_product(chain: SmallChain) -> None:
    pin, true = _pin_of(chain), chain.body(2)
    forked = replace(true, root=bytes(32), header=cid_of(b"another"))
    elsewhere = replace(forked, origin=origin_of("other", chain.chain))
    stranger = SigningKey.from_seed(bytes(32))
    unknown = [
        (body, cosign(body, stranger, member="operator", time_s=9)) for body in (true, forked)
    ]
    twice = encode({"v": 1, "kind": "equivocation", "member": "operator", "notes": [b"a", b"a"]})
    for data, expected in (
        (_two_of(chain, true, forked, "operator", "operator"), "proven"),
        (_two_of(chain, true, replace(true, height=9), "operator", "operator"), "proven"),
        (_two_of(chain, true, chain.body(1), "operator", "operator"), "false"),
        (_two_of(chain, true, elsewhere, "operator", "operator"), "false"),
        (_two_of(chain, true, forked, "operator", "bank-a"), "false"),
        (_two_of(chain, true, forked, "operator", "operator", member="bank-a"), "false"),
        (write_equivocation("operator", *unknown), "not checkable"),
        (twice, "refused"),
        (b"\xa4" + bytes(EQUIVOCATION_BYTES_MAX), "refused"),
    ):
        assert (say(data, pin), _say_two(data, pin)) == (expected, expected)


def test_a_changed_byte_of_two_checkpoints_is_judged_as_by_the_product(chain: SmallChain) -> None:
    pin, true = _pin_of(chain), chain.body(2)
    forked = replace(true, root=bytes(32), header=cid_of(b"another"))
    data, seen = _two_of(chain, true, forked, "operator", "operator"), set()
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        found = say(changed, pin)
        assert found == _say_two(changed, pin), at
        seen.add(found)
    assert seen == {"refused", "not checkable", "false"}
