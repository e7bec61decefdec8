"""Members under a network that loses, doubles, delays and tears, and processes that crash.

Every run is drawn from a seed that the failure prints; the same seed runs the same way again.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from simulation.chain import Chain
from simulation.town import ORDERER, Town
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import cid_of, decode, encode, value
from tallystick.base.errors import Error
from tallystick.chain.block import read_block
from tallystick.chain.checkpoint import cosign
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.fault import InvalidBlock
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.outbox import Request
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.engines.memory import Faults, Network

FAULTS = Faults(lost_ppm=120_000, duplicated_ppm=120_000, delayed_ppm=120_000, torn_ppm=80_000)
WRITERS = (ORDERER, "bureau")


class Run:
    """One seeded run: members write, the orderer cuts, followers pull, anything may go wrong."""

    def __init__(self, folder: Path, seed: str) -> None:
        self.dice = SeededEntropy(f"dice {seed}")
        self.network = Network(FAULTS, SeededEntropy(f"network {seed}"))
        self.town = Town(folder, Chain(seed), self.network)
        self.town.open_all()
        self.asked: dict[int, str] = {}

    def draw(self, below: int) -> int:
        return int.from_bytes(self.dice.draw("dice", 8), "big") % below

    def step(self) -> None:
        town = self.town
        act = self.draw(12)
        if act < 5:
            self._write()
        elif act < 8:
            town.chain.clock.advance(self.draw(40) - 10)
            with contextlib.suppress(Error):
                town.orderer.cut()
        elif act < 10:
            town.pull_all()
        elif act == 10:
            self.network.deliver_late()
        else:
            self._crash()

    def _write(self) -> None:
        """Ask for one more record, or again for one asked before."""
        number = self.draw(len(self.asked) + 2)
        name = self.asked.setdefault(number, WRITERS[self.draw(2)])
        house = self.town.houses[name]
        request = Request("tester", "POST /news", str(number), b"")
        with contextlib.suppress(Error):
            house.courier.send([self.town.chain.news(number)], request, 0)

    def _crash(self) -> None:
        name = self.town.chain.names[self.draw(4)]
        self.town.crash(name)
        self.town.open(name)

    def settle(self) -> None:
        """Heal the network and let everybody finish."""
        town = self.town
        self.network.deliver_late()
        self.network.faults = Faults()
        for _ in range(4):
            for name in WRITERS:
                town.houses[name].courier.resend(0)
            town.chain.clock.advance(5)
            town.orderer.cut()
            town.pull_all()


def _records(replica: Replica) -> list[tuple[str, bytes]]:
    """Return (writer, record) of every record that was admitted, in order."""
    found = []
    for height in range(1, replica.tip.height + 1):
        for each in read_block(replica.block(height))[2]:
            entry = replica.find(each.tid)
            assert entry is not None
            assert entry.height == height
            if entry.code == 0:
                found += [(each.member, record) for record in each.records]
    return found


def _check(run: Run, seed: str) -> None:
    town = run.town
    tips = {name: house.replica.tip for name, house in town.houses.items()}
    assert len({tip.cid for tip in tips.values()}) == 1, f"seed {seed}: {tips}"
    records = _records(town.orderer.replica)
    expected = {(name, town.chain.news(number)) for number, name in run.asked.items()}
    assert sorted(records) == sorted(expected), f"seed {seed}: not exactly once"
    for name, house in town.houses.items():
        assert house.replica.halted is None, f"seed {seed}: {name} halted"
        assert house.replica.verify() == tips[name], f"seed {seed}"
        assert house.outbox.pending() == [], f"seed {seed}: {name}"
    seqs = [
        (each.member, each.seq)
        for height in range(1, tips[ORDERER].height + 1)
        for each in read_block(town.orderer.replica.block(height))[2]
    ]
    assert len(seqs) == len(set(seqs)), f"seed {seed}: a number twice"


def _play(folder: Path, seed: str, steps: int) -> Run:
    run = Run(folder, seed)
    try:
        for _ in range(steps):
            run.step()
        run.settle()
    except Error as error:
        pytest.fail(f"seed {seed}: {error}")
    return run


@pytest.mark.parametrize("number", range(6))
def test_every_record_asked_for_stands_once_in_equal_chains(tmp_path: Path, number: int) -> None:
    seed = f"faults {number}"
    run = _play(tmp_path, seed, 60)
    _check(run, seed)
    assert len(run.asked) > 3, f"seed {seed}"
    run.town.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(100, 140))
def test_every_record_asked_for_stands_once_in_long_runs(tmp_path: Path, number: int) -> None:
    seed = f"faults {number}"
    run = _play(tmp_path, seed, 250)
    _check(run, seed)
    run.town.close()


def test_one_seed_gives_one_chain(tmp_path: Path) -> None:
    heads = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run = _play(tmp_path / name, "same", 60)
        heads.append(run.town.orderer.replica.tip.cid)
        run.town.close()
    assert heads[0] == heads[1]


def test_members_cut_off_catch_up_when_the_network_heals(tmp_path: Path) -> None:
    town = Town(tmp_path, Chain("apart"))
    town.open_all()
    town.network.partition([ORDERER, "bank"], ["coop", "bureau"])
    for seq in range(1, 6):
        town.orderer.submit(town.chain.sign(seq, [town.chain.news(seq)]))
        town.chain.clock.advance(5)
        town.orderer.cut()
        town.pull_all()
    heights = {name: house.replica.tip.height for name, house in town.houses.items()}
    assert heights == {"bank": 5, "bureau": 0, "coop": 0, ORDERER: 5}
    assert town.houses[ORDERER].witnesses.height == 0
    town.network.partition()
    town.pull_all()
    assert {house.replica.tip.height for house in town.houses.values()} == {5}
    assert town.houses[ORDERER].witnesses.height == 5
    town.close()


def _fault(follower: Follower) -> InvalidBlock | None:
    return follower.fault


def test_a_block_the_orderer_signed_and_that_does_not_run_halts_its_followers(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path, Chain("halt"))
    town.open_all()
    town.orderer.submit(town.chain.sign(1, [town.chain.news(1)]))
    town.orderer.cut()
    header, rows = decode(town.orderer.replica.block(1), value)
    lie = encode({**decode(header, value), "state_root": bytes(32)})
    body = town.orderer.replica.body(1)
    body = type(body)(body.origin, body.size, body.root, 1, cid_of(lie))
    line = cosign(body, town.chain.notes[ORDERER], member=ORDERER, time_s=1)
    note = f"{body.text()}\n{line}".encode()
    forged = encode({"height": 1, "lowest": 1, "note": note, "blocks": [encode([lie, rows])]})
    follower = town.follower("bank")
    link = town.houses[ORDERER].link
    link.serve({"ledger.blocks": lambda *_: forged})
    # Without the orderer's name to it, it is noise: nothing halts.
    with pytest.raises(Error, match=r"ledger\.bad_block"):
        follower.pull()
    assert _fault(follower) is None
    link.serve({"ledger.note": lambda *_: note})
    with pytest.raises(InvalidBlock):
        follower.pull()
    assert _fault(follower) is not None
    fault = follower.replica.halted
    assert fault is not None
    assert (fault.height, fault.index, fault.field) == (1, -1, "state_root")
    assert follower.replica.tip.height == 0
    town.close()


def test_a_copy_that_a_repair_moved_on_meanwhile_takes_the_blocks_it_has_as_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(tmp_path, Chain("moved"))
    town.open_all()
    for seq in (1, 2, 3):
        town.orderer.submit(town.chain.sign(seq, [town.chain.news(seq)]))
        town.orderer.cut()
    follower, blocks = town.follower("bank"), town.orderer.replica.blocks(1, 10**9)
    accept = follower.replica.accept

    def accept_late(*given: bytes) -> None:
        monkeypatch.undo()
        accept(*blocks)
        accept(*given)

    monkeypatch.setattr(follower.replica, "accept", accept_late)
    with pytest.raises(Error, match=r"ledger\.bad_block"):
        follower.pull()
    assert _fault(follower) is None
    follower.pull()
    assert follower.replica.tip == town.orderer.replica.tip
    town.close()


def test_two_writers_of_one_outbox_are_told(tmp_path: Path) -> None:
    """Two processes that share a key sign one number twice; one of the two is refused."""
    town = Town(tmp_path, Chain("two"))
    town.open_all()
    first = town.chain.sign(1, [town.chain.news(1)])
    second = town.chain.sign(1, [town.chain.news(2)])
    assert Transaction.read(first).tid != Transaction.read(second).tid
    town.orderer.submit(first)
    with pytest.raises(Error, match=r"ledger\.seq_conflict"):
        town.orderer.submit(second)
    town.orderer.cut()
    with pytest.raises(Error, match=r"ledger\.seq_conflict"):
        town.orderer.submit(second)
    town.close()
