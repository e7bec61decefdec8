"""Members change their list, their keys and the chain's limits by votes on the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chains import CHARTER, TIME_MS, SmallChain
from tallystick.base.errors import Invalid
from tallystick.chain.block import apply_block, genesis_state, start
from tallystick.chain.limits import count_needed
from tallystick.chain.member import quorum
from tallystick.charter import CHARTER as PRODUCT
from tallystick.records.refusal import Refusal
from tallystick.services.membership.rules import Outcome, find_change, find_outcome

UNTIL = TIME_MS + 30 * 86_400_000
VOTING = {**CHARTER, **{place: kind for place, kind in PRODUCT.items() if "change" in place[0]}}
MEMBERS = ("bank-a", "bank-b", "bureau", "fund-a", "operator")


class Voters(SmallChain):
    """A chain of five members whose list changes by the votes of more than two thirds: four."""

    def __init__(self) -> None:
        super().__init__(MEMBERS, limits={"vote_ppm": 666_667}, charter=VOTING)

    def propose(self, by: str, kind: str, stated: Mapping[str, Any], **more: Any) -> bytes:
        """Propose a change, which must be admitted, and return its id."""
        record = self.record("change.proposed", {"kind": kind, "until": UNTIL, **stated, **more})
        assert self.cut((by, [record])) == [0]
        found: bytes = record["id"]
        return found

    def offer(self, by: str, kind: str, stated: Mapping[str, Any], **more: Any) -> int:
        """Return the code of a proposal."""
        pub: dict[str, Any] = {"kind": kind, "until": UNTIL, **stated, **more}
        return self.cut((by, [self.record("change.proposed", pub)]))[0]

    def vote(self, by: str, change: bytes, vote: int = 1) -> int:
        """Return the code of a vote."""
        return self.cut((by, [self.record("change.voted", {"change": change, "vote": vote})]))[0]

    def carry(self, change: bytes, *voters: str) -> None:
        assert [self.vote(each, change) for each in voters] == [0] * len(voters)


def test_a_member_joins_once_more_than_two_thirds_said_yes_and_signs_from_the_next_height() -> None:
    chain = Voters()
    change = chain.propose("bank-a", "join", chain.newcomer("insurer"))
    chain.carry(change, "bank-b", "bureau")
    assert "insurer" not in chain.tip.members.by_name
    chain.carry(change, "operator")
    assert "insurer" in chain.tip.members.by_name
    assert find_outcome(chain.state.get, change) == (Outcome.IN_FORCE, chain.tip.height)
    assert chain.cut(("insurer", [chain.record("fund.allocated", {"amount": 1})])) == [0]


def test_a_revoked_key_signs_no_more_and_what_it_signed_stays_verifiable() -> None:
    chain = Voters()
    assert chain.cut(("bank-a", [chain.record("fund.allocated", {"amount": 1})])) == [0]
    stolen = chain.keys["bank-a", "tx"]
    change = chain.propose("bank-b", "keys", chain.rotated("bank-a", "tx"))
    chain.carry(change, "bureau", "fund-a")
    chain.carry(change, "bank-a")
    renewed, number = chain.keys["bank-a", "tx"], chain.numbers["bank-a", "tx"]
    assert renewed != stolen
    chain.keys["bank-a", "tx"], chain.numbers["bank-a", "tx"] = stolen, 1
    with pytest.raises(Invalid, match="key"):
        chain.cut(("bank-a", [chain.record("fund.allocated", {"amount": 2})]))
    chain.keys["bank-a", "tx"], chain.numbers["bank-a", "tx"] = renewed, number
    # The sequence number that the refused block used up was never recorded.
    chain._seqs["bank-a"] -= 1
    assert chain.cut(("bank-a", [chain.record("fund.allocated", {"amount": 2})])) == [0]
    replayed(chain)


def test_who_holds_a_stolen_key_alone_can_neither_rotate_nor_shut_out() -> None:
    chain = Voters()
    assert chain.cut(("bank-a", [chain.rotation("bank-a", "note")])) == [int(Refusal.RULE)]
    chain.propose("bank-a", "keys", chain.rotated("bank-a", "note"))
    assert len(chain.tip.members.by_name["bank-a"].keys) == len(
        chain.genesis.members.by_name["bank-a"].keys
    )
    assert chain.tip.members.cid == chain.genesis.members.cid


def test_the_operator_admits_nobody_where_members_vote() -> None:
    chain = Voters()
    assert chain.cut(("operator", [chain.joining("insurer")])) == [int(Refusal.RULE)]


def test_votes_are_refused_where_the_chain_was_founded_without_them() -> None:
    chain = SmallChain(charter=VOTING)
    pub: dict[str, Any] = {"kind": "leave", "until": UNTIL, "member": "bank-b"}
    record = chain.record("change.proposed", pub)
    assert chain.cut(("bank-a", [record])) == [int(Refusal.NO_VOTES_HERE)]


def test_a_member_that_leaves_has_no_voice_and_its_earlier_yes_counts_no_more() -> None:
    chain = Voters()
    joining = chain.propose("fund-a", "join", chain.newcomer("insurer"))
    chain.carry(joining, "bank-b", "bureau")
    leaving = chain.propose("bank-a", "leave", {"member": "fund-a"})
    chain.carry(leaving, "bank-b", "bureau", "operator")
    assert "fund-a" not in chain.tip.members.by_name
    with pytest.raises(Invalid, match="key"):
        chain.vote("fund-a", joining)
    # Three of four must agree now; two of the three voices given still count.
    assert "insurer" not in chain.tip.members.by_name
    chain.carry(joining, "operator")
    assert "insurer" in chain.tip.members.by_name
    replayed(chain)


def test_a_change_ends_as_soon_as_the_noes_make_it_impossible() -> None:
    chain = Voters()
    change = chain.propose("bank-a", "leave", {"member": "bank-b"})
    assert chain.vote("bank-b", change, 0) == 0
    assert find_change(chain.state.get, change) is not None
    assert chain.vote("bureau", change, 0) == 0
    assert find_change(chain.state.get, change) is None
    assert find_outcome(chain.state.get, change) == (Outcome.REJECTED, chain.tip.height)
    assert chain.vote("operator", change) == Refusal.NO_CHANGE
    assert b"changes/bank-a" not in chain.state


def test_a_member_votes_once_and_the_proposer_may_take_its_change_back() -> None:
    chain = Voters()
    change = chain.propose("bank-a", "leave", {"member": "bank-b"})
    assert chain.vote("bank-a", change) == Refusal.ALREADY_VOTED
    assert chain.vote("bureau", change) == 0
    assert chain.vote("bureau", change, 0) == Refusal.ALREADY_VOTED
    assert chain.vote("bank-a", change, 0) == 0
    assert find_outcome(chain.state.get, change) == (Outcome.TAKEN_BACK, chain.tip.height)


def test_a_change_whose_time_is_over_counts_no_votes_and_leaves_room_for_another() -> None:
    chain = Voters()
    soon = {"until": chain.tip.time + 3_000}
    change = chain.propose("bank-a", "leave", {"member": "bank-b"}, **soon)
    for _ in range(3):
        chain.propose("bureau", "leave", {"member": "bank-b"})
    assert chain.vote("operator", change) == Refusal.NO_CHANGE
    chain.propose("bank-a", "leave", {"member": "bank-b"})
    assert find_change(chain.state.get, change) is None


def test_a_proposer_has_eight_changes_open_at_most() -> None:
    chain = Voters()
    for _ in range(8):
        chain.propose("bank-a", "leave", {"member": "bank-b"})
    code = chain.offer("bank-a", "leave", {"member": "bank-b"})
    assert code == Refusal.TOO_MANY_CHANGES
    assert chain.offer("bureau", "leave", {"member": "bank-b"}) == 0


@pytest.mark.parametrize(
    ("kind", "stated", "code"),
    [
        ("leave", {"member": "nobody"}, Refusal.CHANGE_CANNOT_STAND),
        ("leave", {"member": "bank-b", "role": "bank"}, Refusal.NOT_A_CHANGE),
        ("leave", {}, Refusal.NOT_A_CHANGE),
        ("limit", {"limit": "vote_ppm", "value": 499_999}, Refusal.CHANGE_CANNOT_STAND),
        ("limit", {"limit": "vote_ppm", "value": 1_000_000}, Refusal.CHANGE_CANNOT_STAND),
        ("limit", {"limit": "lucky_number", "value": 7}, Refusal.CHANGE_CANNOT_STAND),
        ("leave", {"member": "bank-b", "until": TIME_MS}, Refusal.TIME_OUT_OF_RANGE),
        ("leave", {"member": "bank-b", "until": 2 * UNTIL}, Refusal.TIME_OUT_OF_RANGE),
    ],
)
def test_what_could_not_stand_is_refused_at_once(
    kind: str, stated: dict[str, Any], code: Refusal
) -> None:
    chain = Voters()
    before = dict(chain.state)
    assert chain.offer("bank-a", kind, stated) == code
    changed = {key for key in chain.state if chain.state[key] != before.get(key)}
    assert changed == {b"seq/bank-a"}


def test_a_key_without_proof_of_its_owner_or_held_before_is_refused() -> None:
    chain = Voters()
    stated = chain.newcomer("insurer")
    forged = {**stated, "keys": [{**stated["keys"][0], "pop": bytes(64)}]}
    assert chain.offer("bank-a", "join", forged) == Refusal.CHANGE_CANNOT_STAND
    again = {**stated, "member": "other"}
    assert chain.offer("bank-a", "join", again) == Refusal.CHANGE_CANNOT_STAND


def test_a_change_that_another_overtook_is_refused_when_it_would_take_effect() -> None:
    chain = Voters()
    first = chain.propose("bank-a", "leave", {"member": "fund-a"})
    second = chain.propose("bureau", "leave", {"member": "fund-a"})
    for change in (first, second):
        chain.carry(change, "bank-b")
    chain.carry(first, "bureau", "operator")
    assert chain.vote("operator", second) == Refusal.CHANGE_CANNOT_STAND
    assert find_change(chain.state.get, second) is not None


def test_a_limit_counts_from_the_next_height_on() -> None:
    chain = Voters()
    change = chain.propose("bank-a", "limit", {"limit": "block_transactions", "value": 1})
    chain.carry(change, "bank-b", "bureau", "operator")
    fund = {"amount": 1}
    assert chain.cut(("bank-a", [chain.record("fund.allocated", fund)])) == [0]
    chain.cut(*((name, [chain.record("fund.allocated", fund)]) for name in ("bank-a", "bank-b")))
    with pytest.raises(Invalid, match="tx_count"):
        replayed(chain)


def test_a_chain_whose_genesis_has_an_unknown_limit_cannot_be_followed() -> None:
    for limits in ({"lucky_number": 7}, {"vote_ppm": 1}):
        with pytest.raises(Invalid, match="limits"):
            SmallChain(limits=limits)


def test_two_thirds_in_parts_per_million_are_the_quorum_of_cosignatures() -> None:
    voices = range(1, 257)
    assert [count_needed(666_667, each) for each in voices] == [quorum(each) for each in voices]


def replayed(chain: SmallChain) -> None:
    """Run the chain again from its genesis: every block under the list and keys of its time."""
    state, tip = genesis_state(chain.genesis), start(chain.genesis)
    for block in chain.blocks:
        effects = apply_block(block, tip, state.get, VOTING)
        for key, value in effects.changes.items():
            if value is None:
                del state[key]
            else:
                state[key] = value
        tip = effects.tip
    assert tip == chain.tip
    assert state == chain.state
