"""A leader that shows one follower another history is convicted by one file, kept by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.town import ORDERER, Town
from tallystick.base.codec import decode, encode, value
from tallystick.base.errors import Error
from tallystick.chain.checkpoint import write_note
from tallystick.chain.equivocation import verify_equivocation
from tallystick.chain.pin import Pin
from tallystick.kernel.ledger.compare import compare_chains
from tallystick.kernel.ledger.equivocation import (
    Equivocations,
    exchange_equivocations,
    serve_equivocations,
)
from tallystick.kernel.ledger.peer import ask_note
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica

VICTIM = "bank"
HONEST = ("bureau", "coop")


class Forked:
    """A town whose orderer serves the bank a chain of its own, under the same keys."""

    def __init__(self, folder: Path) -> None:
        self.town = town = Town(folder, Chain("fork"))
        town.open_all()
        chain = town.chain
        other = folder / "other"
        other.mkdir()
        self.copy = Replica.create(
            other / "ledger.db", chain.genesis.data, chain.list.data, CHARTER
        )
        self.pen = Pen(other / "pen", self.copy, ORDERER, chain.notes[ORDERER], chain.clock)
        self.lists: dict[str, Equivocations] = {}
        for name in (VICTIM, *HONEST):
            house = town.houses[name]
            self.lists[name] = Equivocations(house.folder / "local.db", chain.clock, house.replica)
            house.witnesses.tell(self.lists[name].look)
            serve_equivocations(house.link, self.lists[name])
        self._common(2)
        self._fork(4)
        self._serve()
        town.pull_all()

    def _common(self, heights: int) -> None:
        for number in range(1, heights + 1):
            self._order(number, number)
            self.copy.accept(self.town.orderer.replica.block(number))

    def _fork(self, height: int) -> None:
        """Order other news from here on: one history for the bank, another for everybody else."""
        for number in range(3, height + 1):
            self._order(number, number)
            chain = self.town.chain
            chain.extend(self.copy, [chain.sign(number, [chain.news(100 + number)])])
            self.pen.sign(number)

    def _order(self, seq: int, number: int) -> None:
        chain = self.town.chain
        self.town.orderer.submit(chain.sign(seq, [chain.news(number)]))
        chain.clock.advance(7)
        assert self.town.orderer.cut() is not None

    def _serve(self) -> None:
        """Answer each caller from the history meant for it."""
        house = self.town.houses[ORDERER]

        def told(caller: str) -> Replica:
            return self.copy if caller == VICTIM else house.replica

        def note(replica: Replica, height: int) -> bytes:
            lines = replica.cosignatures(height)
            return write_note(replica.body(height), list(lines.values()))

        def blocks(caller: str, payload: bytes) -> bytes:
            first, count = decode(payload, value)
            replica = told(caller)
            height = replica.tip.height
            return encode(
                {
                    "height": height,
                    "lowest": 1,
                    "note": note(replica, height),
                    "blocks": replica.blocks(first, 10_000_000, count),
                }
            )

        def asked(caller: str, payload: bytes) -> bytes:
            (height,) = decode(payload, value)
            replica = told(caller)
            return note(replica, height or replica.tip.height)

        house.link.serve(
            {"ledger.blocks": blocks, "ledger.note": asked, "ledger.cosign": lambda *_: b""}
        )

    def pin(self) -> Pin:
        genesis = self.town.chain.genesis
        return Pin(genesis.chain, genesis.fields["name"], self.town.chain.list)

    def close(self) -> None:
        for each in self.lists.values():
            each.close()
        self.pen.close()
        self.copy.close()
        self.town.close()


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Forked]:
    found = Forked(tmp_path)
    yield found
    found.close()


def test_two_followers_of_a_forking_leader_hold_different_chains_that_both_run(
    forked: Forked,
) -> None:
    houses = forked.town.houses
    assert {house.replica.tip.height for house in houses.values()} == {4}
    heads = {name: houses[name].replica.tip.cid for name in houses}
    assert len({heads[name] for name in HONEST} | {heads[ORDERER]}) == 1
    assert heads[VICTIM] != heads[ORDERER]
    for name in (VICTIM, *HONEST):
        assert houses[name].replica.verify().cid == heads[name]
    differences, silent = compare_chains(
        houses["coop"].replica, houses["coop"].link, [1, 2, 3, 4], [VICTIM]
    )
    assert (sorted({each.height for each in differences}), silent) == ([3, 4], [])


def test_two_followers_that_compare_notes_prove_the_leaders_fault_in_one_file(
    forked: Forked,
) -> None:
    coop = forked.town.houses["coop"]
    (kept,) = forked.lists["coop"].look(ask_note(coop.link, VICTIM, 4))
    proof = kept.proof
    assert proof.member == ORDERER
    assert {proof.first.height, proof.second.height} == {4}
    assert proof.first.root != proof.second.root
    pin = Pin.read(forked.pin().write())
    again = verify_equivocation(
        proof.data, name=pin.name, chain=pin.chain, members=lambda _: pin.members
    )
    assert again == proof
    # Whoever was told the other history finds the same.
    victim = forked.town.houses[VICTIM]
    (found,) = forked.lists[VICTIM].look(ask_note(victim.link, "coop", 4))
    assert {found.proof.first, found.proof.second} == {proof.first, proof.second}
    assert found.proof.member == ORDERER


def test_whoever_only_asks_a_peer_for_its_head_finds_it_too(forked: Forked) -> None:
    follower = forked.town.follower("bureau")
    with pytest.raises(Error, match=r"ledger\.forked"):
        follower.catch_up()
    assert [each.proof.member for each in forked.lists["bureau"].known()] == [ORDERER]


def test_in_whatever_order_members_are_asked_the_leaders_fault_is_found(forked: Forked) -> None:
    coop = forked.town.houses["coop"]
    strange = write_note(forked.copy.body(3), [forked.pen.sign(3)])
    honest = ask_note(coop.link, ORDERER, 3)
    assert ORDERER not in coop.replica.cosignatures(3)
    assert forked.lists["coop"].look(strange) == []
    assert [each.proof.member for each in forked.lists["coop"].look(strange, honest)] == [ORDERER]


def test_one_members_file_is_verified_and_kept_by_all_and_over_a_restart(forked: Forked) -> None:
    houses, lists = forked.town.houses, forked.lists
    (kept,) = lists["coop"].look(ask_note(houses["coop"].link, VICTIM, 4))
    # Given by whoever has it, and taken by whoever asks.
    assert exchange_equivocations(houses["coop"].link, "bureau", lists["coop"]) == []
    assert [each.proof for each in lists["bureau"].known()] == [kept.proof]
    (taken,) = exchange_equivocations(houses[VICTIM].link, "bureau", lists[VICTIM])
    assert taken.proof == kept.proof
    assert exchange_equivocations(houses[VICTIM].link, "bureau", lists[VICTIM]) == []
    assert lists[VICTIM].read(kept.digest).proof.data == kept.proof.data
    lists["bureau"].close()
    house = houses["bureau"]
    lists["bureau"] = Equivocations(
        house.folder / "local.db", forked.town.chain.clock, house.replica
    )
    assert [each.proof for each in lists["bureau"].known()] == [kept.proof]


def test_many_files_of_one_member_fill_no_disk(forked: Forked) -> None:
    chain, coop = forked.town.chain, forked.lists["coop"]
    for number in range(5, 12):
        forked._order(number, number)
        chain.extend(forked.copy, [chain.sign(number, [chain.news(100 + number)])])
        forked.pen.sign(number)
    forked.town.pull_all()
    link = forked.town.houses["coop"].link
    for height in range(3, 12):
        assert coop.look(ask_note(link, ORDERER, height)) == []
        coop.look(write_note(forked.copy.body(height), [forked.pen.sign(height)]))
    assert len(coop.known()) == 4


def test_words_without_a_proof_convict_nobody(forked: Forked) -> None:
    houses, lists = forked.town.houses, forked.lists
    (kept,) = lists["coop"].look(ask_note(houses["coop"].link, VICTIM, 4))
    told = [
        kept.proof.data[:-1] + b"\0",
        b"\xa0",
        kept.proof.data.replace(b"operator", b"operatoR"),
    ]
    answer = houses["coop"].link.call("bureau", "ledger.equivocation", encode(told))
    assert decode(answer, value) == []
    assert lists["bureau"].known() == []
    # An honest history read again, and a note of nothing, prove nothing.
    notes = [ask_note(houses["bureau"].link, "coop", height) for height in (1, 2, 3, 4)]
    assert lists["bureau"].look(*notes) == []
    note = notes[-1]
    for noise in (b"", b"\n\n", note[:-40], note.replace(b"height 4", b"height 3")):
        assert lists["bureau"].look(noise) == []


def test_a_flipped_bit_in_the_own_file_accuses_nobody(forked: Forked) -> None:
    coop = forked.town.houses["coop"]
    (kept,) = forked.lists["coop"].look(ask_note(coop.link, VICTIM, 4))
    altered = kept.proof.data[:-20] + bytes([kept.proof.data[-20] ^ 1]) + kept.proof.data[-19:]
    database = forked.lists["coop"]._database
    with database.transaction():
        database.run("UPDATE equivocation SET data = ?", (altered,))
    again = Equivocations(coop.folder / "local.db", forked.town.chain.clock, coop.replica)
    assert again.known() == []
    again.close()


def test_a_damaged_height_of_the_own_file_ends_no_look_and_accuses_nobody(forked: Forked) -> None:
    coop = forked.town.houses["coop"]
    notes = [ask_note(coop.link, name, 4) for name in (ORDERER, VICTIM)]
    with coop.replica.held():
        coop.replica._database.run("UPDATE block SET header = zeroblob(300) WHERE height = 4")
    assert forked.lists["coop"].look(*notes) == []
    assert forked.lists["coop"].known() == []
    # Who is told by another member knows all the same.
    bureau = forked.town.houses["bureau"]
    assert forked.lists["bureau"].look(ask_note(bureau.link, VICTIM, 4))
    (taken,) = exchange_equivocations(coop.link, "bureau", forked.lists["coop"])
    assert taken.proof.member == ORDERER
