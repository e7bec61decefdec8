"""A kept checkpoint against an archive: what it proves of it, and what it is not of."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from chains import SmallChain
from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Conflict, Invalid
from tallystick.chain.car import CarIndex
from tallystick.chain.export import write_export
from tallystick.kernel.ledger.witness import find_witnessed

BANKS = ["bank-c", "bank-d", "bureau-b", "operator-b"]


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    """A chain whose list changes at heights 2 and 3."""
    found = grow(SmallChain(), 1)
    found.cut(("operator", [found.rotation("bank-b", "note")]))
    found.cut(("operator", [found.joining("fund-a")]))
    return grow(found, 2)


def grow(chain: SmallChain, blocks: int) -> SmallChain:
    who = next(name for name, use in chain.keys if name.startswith("operator") and use == "tx")
    for _ in range(blocks):
        chain.cut((who, [chain.record("fund.allocated", {"amount": 5})]))
    return chain


def index(chain: SmallChain) -> tuple[CarIndex, Cid]:
    lists = {each.cid: each.data for each in chain.lists}
    data = write_export(chain.genesis.data, lists.values(), chain.blocks)
    return CarIndex(lambda at, size: data[at : at + size], len(data)), cid_of(chain.headers[-1])


def test_a_checkpoint_of_any_height_is_found_under_the_list_of_that_height(
    chain: SmallChain,
) -> None:
    for height in range(1, len(chain.blocks) + 1):
        found = find_witnessed(*index(chain), chain.note(height))
        assert found.body.height == height
        assert found.is_authoritative()
    assert "fund-a" in find_witnessed(*index(chain), chain.note(5)).signers


def swap_line(note: bytes) -> bytes:
    """Return a note whose first signature is of other bytes."""
    head, _, blob = note.split(b"\n\n")[1].split(b"\n")[0].rpartition(b" ")
    raw = base64.b64decode(blob)
    forged = head + b" " + base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1]))
    return note.replace(head + b" " + blob, forged)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda chain: chain.note(4, ["bank-a", "bank-b"]), "quorum"),
        (lambda chain: swap_line(chain.note(4)), "cosignature"),
        (lambda _: grow(SmallChain(BANKS), 2).note(2), "another chain"),
        (lambda _: grow(SmallChain(), 3).note(3), "the blocks differ"),
        (lambda _: grow(SmallChain(), 9).note(9), "ends at height 5"),
    ],
)
def test_a_forged_or_foreign_checkpoint_is_refused(
    chain: SmallChain, make: Callable[[SmallChain], bytes], why: str
) -> None:
    with pytest.raises(Conflict, match=r"verify\.other_note") as caught:
        find_witnessed(*index(chain), make(chain))
    assert why in caught.value.message


def test_what_is_no_checkpoint_or_of_another_head_is_refused(chain: SmallChain) -> None:
    car, _ = index(chain)
    with pytest.raises(Invalid, match=r"codec\.form"):
        find_witnessed(*index(chain), b"x")
    with pytest.raises(Conflict, match=r"verify\.other_note"):
        find_witnessed(car, cid_of(chain.headers[-2]), chain.note(4))
