"""Validators' own lines: each member signs what it kept, and everybody comes to hold a quorum."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulation.engines import Council
from simulation.validators import NAMES
from tallystick.base.clock import SeededEntropy
from tallystick.chain.block import Effects, start
from tallystick.kernel.ledger.engines.cosigner import Cosigner
from tallystick.kernel.ledger.peer import Peer, serve_chain
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.witness import GRID, Witnesses
from tallystick.kernel.link.engines.memory import Faults, Network

Told = Callable[[Effects], None]


class Bench:
    """Four members with an engine, and a network to tell each other by."""

    def __init__(self, folder: Path) -> None:
        self.council = Council(folder, "lines")
        self.council.open_all()
        self.network = Network(Faults(), SeededEntropy("lines"))
        self.pens: list[Pen] = []
        self.witnesses: dict[str, Witnesses] = {}
        self.cosigners: dict[str, Cosigner] = {}
        links = {name: self.network.join(name) for name in NAMES}
        for name, link in links.items():
            replica = self.council.seats[name].replica
            self.witnesses[name] = Witnesses(replica)
            serve_chain(link, Peer(replica, self.witnesses[name]))
            key = self.council.chain.notes[name]
            clock = self.council.chain.clock
            self.pens.append(Pen(folder / f"{name}.pen", replica, name, key, clock))
        for name, pen in zip(NAMES, self.pens, strict=True):
            replica = self.council.seats[name].replica
            self.cosigners[name] = Cosigner(replica, self.witnesses[name], links[name], pen)

    def order(self, seq: int) -> None:
        chain = self.council.chain
        self.council.seats["bank"].ledger.submit(chain.sign(seq, [chain.news(seq)], "bank"))
        self.council.settle()

    def heights(self) -> set[int]:
        return {each.height for each in self.witnesses.values()}

    def work(self) -> None:
        for each in self.cosigners.values():
            each.work()

    def close(self) -> None:
        for each in self.cosigners.values():
            each.close()
        for pen in self.pens:
            pen.close()
        self.council.end()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.close()


def test_everybody_comes_to_hold_a_quorum_of_every_height(bench: Bench) -> None:
    for seq in (1, 2, 3):
        bench.order(seq)
        bench.work()
        assert bench.heights() == {seq}
    note = bench.witnesses["coop"].read(bench.witnesses["coop"].note(3))
    assert len(note.signers) == 4


def test_under_load_a_quorum_is_held_though_half_sign_late(bench: Bench) -> None:
    quick = [bench.cosigners[name] for name in ("bank", "bureau")]
    for seq in range(1, 2 * GRID + 1):
        bench.order(seq)
        for each in quick:
            each.work()
        for name, pen in zip(NAMES, bench.pens, strict=True):
            if name in ("coop", "operator"):
                # They follow: signed a moment later, and told to nobody who does not ask.
                pen.sign(seq)
                bench.witnesses[name].count(seq)
    assert bench.witnesses["bank"].height == GRID
    assert bench.witnesses["bureau"].height == GRID


def test_who_was_away_is_told_when_it_is_back(bench: Bench) -> None:
    bench.network.partition(["coop"], ["bank", "bureau", "operator"])
    bench.order(1)
    bench.work()
    assert not bench.cosigners["bank"].work()
    assert bench.witnesses["bank"].height == 1
    assert bench.witnesses["coop"].height == 0
    bench.network.partition()
    bench.work()
    assert bench.cosigners["bank"].work()
    assert bench.heights() == {1}


def test_lines_that_came_before_the_block_are_asked_for(bench: Bench) -> None:
    bench.order(1)
    seat = bench.council.seats["coop"]
    tip, seat.replica._tip = seat.replica.tip, start(seat.replica.genesis)
    for name in ("bank", "bureau", "operator"):
        bench.cosigners[name].work()
    seat.replica._tip = tip
    assert bench.witnesses["coop"].height == 0
    assert bench.cosigners["coop"].work()
    assert bench.witnesses["coop"].height == 1


def test_lines_that_were_kept_and_not_counted_are_counted(bench: Bench) -> None:
    bench.network.partition(["coop"], ["bank", "bureau", "operator"])
    bench.order(1)
    bench.work()
    bench.network.partition()
    replica = bench.council.seats["coop"].replica
    for name, line in bench.council.seats["bank"].replica.cosignatures(1).items():
        replica.keep_cosignature(1, name, line)
    assert bench.cosigners["coop"].work()
    assert bench.witnesses["coop"].height == 1


def tell_both(first: Told, second: Told) -> Told:
    def told(effects: Effects) -> None:
        first(effects)
        second(effects)

    return told


def test_a_thread_signs_what_is_told_to_it(bench: Bench) -> None:
    for name, seat in bench.council.seats.items():
        cosigner = bench.cosigners[name]
        seat.application.committed = tell_both(seat.application.committed, cosigner.told)
        cosigner.start()
    bench.order(1)
    until = time.monotonic() + 10
    while bench.heights() != {1}:
        assert time.monotonic() < until
        time.sleep(0.01)
