"""One file proves that a member signed two bodies; nothing short of that proves anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chains import NAME, SmallChain
from tallystick.base import codec
from tallystick.base.codec import cid_of, encode
from tallystick.base.errors import Error, Invalid
from tallystick.base.keys import SigningKey
from tallystick.chain.checkpoint import Body, cosign, write_note
from tallystick.chain.equivocation import (
    EQUIVOCATION_BYTES_MAX,
    Equivocation,
    is_equivocation,
    verify_equivocation,
    write_equivocation,
)
from tallystick.chain.member import Members
from tallystick.chain.verdict import Contradicted, Missing

HEIGHT = 2


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    found = SmallChain()
    for amount in (5, 6, 7):
        found.cut(("operator", [found.record("fund.allocated", {"amount": amount})]))
    return found


def signed(
    chain: SmallChain, body: Body, member: str = "operator", time_s: int = 9
) -> tuple[Body, str]:
    return body, cosign(body, chain.keys[member, "note"], member=member, time_s=time_s)


def verified(
    chain: SmallChain, data: bytes, members: Members | None = None, name: str = NAME
) -> Equivocation:
    pinned = members or chain.lists[0]
    return verify_equivocation(data, name=name, chain=chain.chain, members=lambda _: pinned)


def forked(chain: SmallChain) -> Body:
    return replace(chain.body(HEIGHT), root=bytes(32), header=cid_of(b"another"))


def proof(chain: SmallChain, other: Body | None = None, member: str = "operator") -> bytes:
    other = other or forked(chain)
    return write_equivocation(
        member, signed(chain, chain.body(HEIGHT), member), signed(chain, other, member, 12)
    )


def test_two_bodies_of_one_height_under_one_members_key_are_proven(chain: SmallChain) -> None:
    data = proof(chain)
    found = verified(chain, data)
    assert (found.data, found.member) == (data, "operator")
    assert {found.first, found.second} == {chain.body(HEIGHT), forked(chain)}
    assert {found.first_s, found.second_s} == {9, 12}
    assert is_equivocation(data)
    assert len(data) < 1_024 < EQUIVOCATION_BYTES_MAX


def test_one_size_at_two_heights_is_proven_too(chain: SmallChain) -> None:
    found = verified(chain, proof(chain, replace(chain.body(HEIGHT), height=HEIGHT + 5)))
    assert {found.first.height, found.second.height} == {HEIGHT, HEIGHT + 5}
    assert found.first.size == found.second.size


def test_one_fault_has_one_file_whoever_writes_it(chain: SmallChain) -> None:
    ours, theirs = signed(chain, chain.body(HEIGHT)), signed(chain, forked(chain))
    assert write_equivocation("operator", ours, theirs) == write_equivocation(
        "operator", theirs, ours
    )


def test_every_altered_byte_costs_it_its_proof(chain: SmallChain) -> None:
    data = proof(chain)
    for at in range(len(data)):
        for bit in range(8):
            altered = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            with pytest.raises(Error):
                verified(chain, altered)


def test_every_cut_or_longer_file_is_refused(chain: SmallChain) -> None:
    data = proof(chain)
    for altered in (*(data[:at] for at in range(0, len(data), 7)), data + b"\0"):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(chain, altered)
    with pytest.raises(Invalid, match=r"codec\.form"):
        verified(chain, bytes(EQUIVOCATION_BYTES_MAX + 1))


def test_bodies_that_can_both_be_true_convict_nobody(chain: SmallChain) -> None:
    for other in (chain.body(HEIGHT), chain.body(HEIGHT + 1)):
        data = write_equivocation(
            "operator", signed(chain, chain.body(HEIGHT)), signed(chain, other, time_s=99)
        )
        with pytest.raises(Contradicted, match=r"equivocation\.agree"):
            verified(chain, data)


def test_the_same_line_twice_is_no_file(chain: SmallChain) -> None:
    one = signed(chain, chain.body(HEIGHT))
    with pytest.raises(Invalid, match=r"codec\.form"):
        verified(chain, write_equivocation("operator", one, one))


def test_two_members_signatures_are_no_ones_fault(chain: SmallChain) -> None:
    data = write_equivocation(
        "operator", signed(chain, chain.body(HEIGHT)), signed(chain, forked(chain), "bank-a")
    )
    with pytest.raises(Contradicted, match=r"equivocation\.member"):
        verified(chain, data)
    renamed = encode({**codec.decode(proof(chain), codec.value), "member": "bank-a"})
    with pytest.raises(Contradicted, match=r"equivocation\.member"):
        verified(chain, renamed)


def test_more_lines_than_one_are_refused(chain: SmallChain) -> None:
    tree = codec.decode(proof(chain), codec.value)
    lines = [signed(chain, chain.body(HEIGHT), name)[1] for name in ("bank-a", "operator")]
    tree["notes"] = sorted([tree["notes"][0], write_note(chain.body(HEIGHT), lines)])
    with pytest.raises(Invalid, match=r"codec\.form"):
        verified(chain, encode(tree))


def test_a_strangers_key_under_a_members_name_convicts_nobody(chain: SmallChain) -> None:
    stranger = SigningKey.from_seed(b"s" * 32)
    lines = [
        (body, cosign(body, stranger, member="operator", time_s=1))
        for body in (chain.body(HEIGHT), forked(chain))
    ]
    with pytest.raises(Missing, match=r"equivocation\.key"):
        verified(chain, write_equivocation("operator", *lines))


def test_a_key_that_was_not_in_force_at_the_height_convicts_nobody() -> None:
    chain = SmallChain()
    chain.cut(("bank-a", [chain.rotation("bank-a", "note")]))
    old = chain.lists[0]
    for _ in range(2):
        chain.cut(("operator", [chain.record("fund.allocated", {"amount": 5})]))
    # The key that came into force at height 2: known to the newer list, not to the first.
    later = proof(chain, member="bank-a")
    assert verified(chain, later, chain.lists[HEIGHT]).member == "bank-a"
    with pytest.raises(Missing, match=r"equivocation\.key"):
        verified(chain, later, old)
    # The same key at height 1, when it was not in force yet, and the list in force says so.
    early = replace(chain.body(HEIGHT), height=1, size=1)
    lines = [signed(chain, each, "bank-a") for each in (early, replace(early, root=bytes(32)))]
    with pytest.raises(Missing, match=r"equivocation\.key"):
        verified(chain, write_equivocation("bank-a", *lines), chain.lists[HEIGHT])


def test_another_chains_file_proves_nothing_here(chain: SmallChain) -> None:
    with pytest.raises(Contradicted, match=r"checkpoint\.origin"):
        verified(chain, proof(chain), name="elsewhere")
    with pytest.raises(Contradicted, match=r"checkpoint\.origin"):
        verify_equivocation(
            proof(chain), name=NAME, chain=bytes(32), members=lambda _: chain.lists[0]
        )


@pytest.mark.parametrize("data", [b"", b"\xa4", b"\xa0", b"\x3a", encode({"v": 1}), encode([1])])
def test_what_has_not_the_form_of_one_is_refused(chain: SmallChain, data: bytes) -> None:
    with pytest.raises(Invalid, match=r"codec\.form"):
        verified(chain, data)
