"""Chains of one county know each other by anchors, and prove facts to each other."""

from __future__ import annotations

from typing import Any

import pytest

from chains import TIME_MS, SmallChain
from rulings import Floor, name
from tallystick.base.codec import decode, encode
from tallystick.base.errors import Error
from tallystick.chain.crossing import (
    SIZES_KEPT,
    Anchored,
    anchor_chain,
    chain_key,
    find_chain,
    hold_chain,
    prove_across,
    read_across,
)
from tallystick.chain.merkle import inclusion_path, leaf_hash
from tallystick.charter import CHARTER
from tallystick.records.refusal import Refusal

UNTIL = TIME_MS + 30 * 86_400_000


class Departments(SmallChain):
    """The administrative chain: three departments, under the product's charter."""

    def __init__(self) -> None:
        super().__init__(
            ("department-a", "department-b", "department-c"),
            limits={"vote_ppm": 666_667},
            charter=CHARTER,
        )

    def approve(self, case: bytes, amount: int, programme: str = "relief") -> None:
        """Approve public money for a case of the other chain."""
        pub: dict[str, Any] = {"approved_case": case, "programme": programme, "amount": amount}
        record = {**self.record("subsidy.approved", pub), "officer": b"o" * 16}
        assert self.cut(("department-a", [record])) == [0]

    def anchor(self, height: int, since: int = 0) -> dict[str, Any]:
        """Return what another chain is told of a height, from what it knew at an earlier one."""
        pub: dict[str, Any] = {"chain": self.chain, "note": self.note(height)}
        path = self.paths(self.sizes[since], height)
        if path and path[0]:
            pub["path"] = path[0]
        if self.lists[height].cid != self.lists[height - 1].cid:
            pub |= {"header": self.headers[height], "listed": self.lists[height].data}
        return pub

    def cross(self, position: int, height: int) -> bytes:
        """Return the proof of a transaction's first record at a height's size."""
        size = self.sizes[height]
        hashes = [leaf_hash(leaf) for leaf in self.leaves[:size]]
        return prove_across(
            self.transactions[position],
            0,
            leaf=self.leaves[position],
            position=position,
            log_path=inclusion_path(hashes, position),
            size=size,
        )


@pytest.fixture
def other() -> Departments:
    found = Departments()
    for number in range(4):
        found.approve(name(number, "case"), 1_000)
    return found


@pytest.fixture
def floor(other: Departments) -> Floor:
    found = Floor()
    _, held = hold_chain(other.genesis.data, other.genesis.members.data)
    found.state[chain_key(other.chain)] = encode(list(held))
    return found


def test_an_anchor_counts_when_a_quorum_signed_it_and_goes_on_from_the_last(
    floor: Floor, other: Departments
) -> None:
    assert floor.say("village", "chain.anchored", other.anchor(1)) == 0
    assert floor.say("bank-a", "chain.anchored", other.anchor(3, since=1)) == 0
    held = find_chain(floor.state.get, other.chain)
    assert held is not None
    assert [row[:2] for row in held.anchors] == [[1, 1], [3, 3]]


def test_an_anchor_that_few_signed_or_that_does_not_go_on_is_refused(
    floor: Floor, other: Departments
) -> None:
    few = {**other.anchor(1), "note": other.note(1, ["department-a", "department-b"])}
    assert floor.say("village", "chain.anchored", few) == Refusal.NOT_ANCHORED
    assert floor.say("village", "chain.anchored", other.anchor(2)) == 0
    for wrong in (
        other.anchor(2, since=1),
        other.anchor(1),
        {**other.anchor(4, since=2), "path": [b"x" * 32]},
        {"chain": other.chain, "note": other.note(4)},
        {**other.anchor(4, since=2), "header": other.headers[4]},
        {**other.anchor(4, since=2), "note": b"no note"},
    ):
        assert floor.say("village", "chain.anchored", wrong) == Refusal.NOT_ANCHORED
    unknown = {**other.anchor(4, since=2), "chain": b"u" * 32}
    assert floor.say("village", "chain.anchored", unknown) == Refusal.NO_CHAIN


def test_a_chain_that_forked_shows_its_second_past_to_nobody_who_saw_the_first(
    floor: Floor, other: Departments
) -> None:
    """The same members sign another past of the same chain: it does not extend the anchor."""
    forked = Departments()
    for number in range(5):
        forked.approve(name(number, "other case"), 1_000)
    assert forked.chain == other.chain
    assert floor.say("village", "chain.anchored", other.anchor(2)) == 0
    code = floor.say("village", "chain.anchored", forked.anchor(5, since=2))
    assert code == Refusal.NOT_ANCHORED


def test_an_anchor_brings_the_new_list_that_the_signed_header_names(
    floor: Floor, other: Departments
) -> None:
    stated = other.rotated("department-b", "note")
    pub: dict[str, Any] = {"kind": "keys", "until": UNTIL, **stated}
    record = other.record("change.proposed", pub)
    assert other.cut(("department-a", [record])) == [0]
    for voter in ("department-b", "department-c"):
        vote = other.record("change.voted", {"change": record["id"], "vote": 1})
        assert other.cut((voter, [vote])) == [0]
    handover = other.tip.height
    other.approve(name(9, "case"), 5)
    without = other.anchor(other.tip.height)
    assert floor.say("village", "chain.anchored", without) == Refusal.NOT_ANCHORED
    assert floor.say("village", "chain.anchored", other.anchor(handover)) == 0
    after = other.anchor(other.tip.height, since=handover)
    assert floor.say("village", "chain.anchored", after) == 0


def test_a_record_of_another_chain_is_proven_by_what_is_anchored_here(other: Departments) -> None:
    chain, held = hold_chain(other.genesis.data, other.genesis.members.data)
    proof = other.cross(2, 4)
    with pytest.raises(Error):
        read_across(proof, chain, held)
    held = anchor_chain(chain, held, Anchored(other.note(4), ()))
    found = read_across(proof, chain, held)
    assert (found.member, found.height) == ("department-a", 3)
    assert found.record["pub"]["approved_case"] == name(2, "case")
    assert len(proof) < 1_500


def test_a_proof_changed_in_any_byte_proves_nothing_else(other: Departments) -> None:
    chain, held = hold_chain(other.genesis.data, other.genesis.members.data)
    held = anchor_chain(chain, held, Anchored(other.note(4), ()))
    proof = other.cross(2, 4)
    true = read_across(proof, chain, held)
    for place in range(len(proof)):
        for mask in (0x01, 0x80):
            wrong = bytearray(proof)
            wrong[place] ^= mask
            with pytest.raises(Error):
                read_across(bytes(wrong), chain, held)
    assert read_across(proof, chain, held) == true
    with pytest.raises(Error):
        read_across(proof, b"c" * 32, held)


def test_a_refused_record_is_not_a_fact(other: Departments) -> None:
    pub: dict[str, Any] = {"approved_case": name(1, "case"), "programme": "relief", "amount": 9}
    again = {**other.record("subsidy.approved", pub), "officer": b"o" * 16}
    assert other.cut(("department-b", [again])) == [Refusal.ALREADY_APPROVED]
    chain, held = hold_chain(other.genesis.data, other.genesis.members.data)
    height = other.tip.height
    held = anchor_chain(chain, held, Anchored(other.note(height), ()))
    with pytest.raises(Error):
        read_across(other.cross(len(other.leaves) - 1, height), chain, held)


def test_only_the_last_anchored_sizes_are_kept(other: Departments) -> None:
    chain, held = hold_chain(other.genesis.data, other.genesis.members.data)
    proof = other.cross(0, 1)
    held = anchor_chain(chain, held, Anchored(other.note(1), ()))
    for number in range(SIZES_KEPT + 3):
        other.approve(name(number, "later"), 1)
    for height in range(2, SIZES_KEPT + 3):
        path = other.paths(other.sizes[height - 1], height)[0]
        held = anchor_chain(chain, held, Anchored(other.note(height), path))
    assert len(held.anchors) == SIZES_KEPT
    with pytest.raises(Error):
        read_across(proof, chain, held)
    assert read_across(other.cross(0, SIZES_KEPT + 2), chain, held).height == 1


def test_a_member_links_its_own_chain_and_nobody_elses(floor: Floor, other: Departments) -> None:
    own = SmallChain(("village",))
    pub: dict[str, Any] = {"genesis": own.genesis.data, "listed": own.genesis.members.data}
    assert floor.say("bank-a", "chain.linked", pub) == Refusal.NOT_OWN
    assert floor.say("village", "chain.linked", pub) == 0
    assert floor.say("village", "chain.linked", pub) == Refusal.ALREADY_LINKED
    theirs: dict[str, Any] = {"genesis": other.genesis.data, "listed": other.genesis.members.data}
    assert floor.say("village", "chain.linked", theirs) == Refusal.NOT_OWN
    mixed = {**pub, "listed": other.genesis.members.data}
    assert floor.say("village", "chain.linked", mixed) == Refusal.NOT_A_CHAIN


def test_members_link_a_chain_by_a_vote_and_demand_approvals_of_it(other: Departments) -> None:
    lenders = SmallChain(
        ("bank-a", "bank-b", "bank-c"), limits={"vote_ppm": 666_667}, charter=CHARTER
    )
    pub: dict[str, Any] = {
        "kind": "link",
        "until": UNTIL,
        "genesis": other.genesis.data,
        "listed": other.genesis.members.data,
        "demand": "approval",
    }
    record = lenders.record("change.proposed", pub)
    assert lenders.cut(("bank-a", [record])) == [0]
    for voter in ("bank-b", "bank-c"):
        vote = lenders.record("change.voted", {"change": record["id"], "vote": 1})
        assert lenders.cut((voter, [vote])) == [0]
    held = find_chain(lenders.state.get, other.chain)
    assert held is not None
    assert (held.kind, held.size) == ("tally", 0)
    assert lenders.state[b"demand/approval"] == other.chain
    assert decode(held.listed, lambda _: None)["v"] == 1
