"""The laws of `Ledger`: an orderer, a member that reaches it by the link, Byzantine engines."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from simulation.chain import CHARTER, LIFE_MS, Chain
from simulation.comet import SystemManualClock, find_comet
from simulation.engines import Council
from simulation.town import ORDERER, Town
from simulation.validators import NAMES, engine_keys, free_ports, validated
from tallystick.base.clock import SystemEntropy
from tallystick.base.errors import Conflict, Invalid, NotFound, Unavailable
from tallystick.chain.block import Effects, Tip
from tallystick.kernel.ledger import waiting
from tallystick.kernel.ledger.base import Ledger
from tallystick.kernel.ledger.engines import cometbft
from tallystick.kernel.ledger.engines.comet_home import DEFAULT
from tallystick.kernel.ledger.engines.comet_rpc import CometPool
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.validator import Place, Validator
from tallystick.kernel.ledger.replica import Replica


class Bench(ABC):
    """One engine under the suite: a ledger, and what orders when it is told to."""

    chain: Chain
    ledger: Ledger

    @abstractmethod
    def cut(self) -> None:
        """Have what waits ordered, now."""

    @abstractmethod
    def tip(self) -> Tip:
        """Return where whoever orders stands."""

    @abstractmethod
    def end(self) -> None:
        """End whatever takes transactions in."""

    @abstractmethod
    def close(self) -> None:
        """End everything."""

    def order(self) -> None:
        self.chain.clock.advance(5)
        self.cut()

    def sign(self, seq: int, number: int | None = None, *, life_ms: int = LIFE_MS) -> bytes:
        records = [self.chain.news(seq if number is None else number)]
        return self.chain.sign(seq, records, life_ms=life_ms)

    def have_ordered(self, data: bytes) -> None:
        tid = self.ledger.submit(data)
        self.order()
        self.ledger.wait(tid, 0)


class TownBench(Bench):
    """The orderer of one process, or a member that follows it."""

    def __init__(self, folder: Path, name: str, limits: Mapping[str, int] | None = None) -> None:
        self.town = Town(folder, Chain(limits=limits or {}))
        self.town.open_all()
        self.chain = self.town.chain
        self.ledger = self.town.houses[name].ledger

    def cut(self) -> None:
        self.town.orderer.cut()

    def tip(self) -> Tip:
        return self.town.orderer.replica.tip

    def end(self) -> None:
        self.town.orderer.close()

    def close(self) -> None:
        self.town.close()


class SimulatedBench(Bench):
    """Four members of an engine that is played."""

    def __init__(self, folder: Path, profile: str = DEFAULT) -> None:
        self.council = Council(folder, "suite", profile=profile)
        self.council.open_all()
        self.chain = self.council.chain
        self.seat = self.council.seats["bank"]
        self.ledger = self.seat.ledger

    def cut(self) -> None:
        self.council.send(self.seat)
        if self.seat.spreader is not None:
            self.seat.spreader.work()
        self.council.engine.step()

    def tip(self) -> Tip:
        return self.seat.replica.tip

    def end(self) -> None:
        self.seat.ledger.close()

    def close(self) -> None:
        self.council.end()


class CometBench(Bench):
    """One validating member of a real CometBFT network, whose ledger hands over when told to."""

    def __init__(self, folder: Path, binary: Path, profile: str = DEFAULT) -> None:
        self.chain = validated("suite", NAMES, [ORDERER])
        self.chain.clock = SystemManualClock()
        engine_keys("suite", ORDERER).write(folder / "bft.key")
        self.replica = Replica.create(
            folder / "ledger.db", self.chain.genesis.data, self.chain.list.data, CHARTER
        )
        port = free_ports(2)
        clock = self.chain.clock
        place = Place(folder, binary, port, port + 1, profile=profile)
        self.validator = Validator.open(
            self.replica, place, clock, SystemEntropy(), committed=self.settle
        )
        pool = self.validator.application.pool or CometPool(port)
        self.ledger = self.own = cometbft.CometLedger(Gate(self.replica, clock), pool)

    def settle(self, effects: Effects) -> None:
        self.own.settle(effects)

    def cut(self) -> None:
        until = time.monotonic() + 30
        while self.own.waiting():
            with contextlib.suppress(Unavailable):
                self.own.send()
            assert time.monotonic() < until, self.validator.health()
            time.sleep(0.02)

    def tip(self) -> Tip:
        return self.replica.tip

    def end(self) -> None:
        self.own.close()

    def close(self) -> None:
        self.own.close()
        self.validator.close()
        self.replica.close()


def make_bench(kind: str, folder: Path) -> Bench:
    engine, _, profile = kind.partition(" ")
    if engine == "cometbft":
        return CometBench(folder, find_comet(), profile or DEFAULT)
    if engine == "simulated":
        return SimulatedBench(folder, profile or DEFAULT)
    return TownBench(folder, kind)


@pytest.fixture(
    params=[ORDERER, "bank", "simulated", "simulated fast", "cometbft", "cometbft fast"]
)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    found = make_bench(request.param, tmp_path)
    yield found
    found.close()


@pytest.fixture(params=[ORDERER, "bank", "simulated", "simulated fast"])
def clocked_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """An engine whose clock is the test's; a real one's cannot be set back here."""
    found = make_bench(request.param, tmp_path)
    yield found
    found.close()


def test_a_result_is_told_once_its_block_is_durable(bench: Bench) -> None:
    tid = bench.ledger.submit(bench.sign(1))
    assert bench.ledger.find(tid) is None
    with pytest.raises(Unavailable, match=r"ledger\.late"):
        bench.ledger.wait(tid, 0)
    bench.order()
    found = bench.ledger.wait(tid, 0)
    assert (found.tid, found.height, found.index, found.code, found.position) == (tid, 1, 0, 0, 0)
    assert bench.ledger.find(tid) == found


def test_the_same_bytes_get_the_same_answer_however_often(bench: Bench) -> None:
    data = bench.sign(1)
    tids = {bench.ledger.submit(data) for _ in range(3)}
    bench.order()
    (tid,) = tids
    first = bench.ledger.wait(tid, 0)
    assert bench.ledger.submit(data) == tid
    bench.order()
    assert bench.ledger.wait(tid, 0) == first
    assert bench.tip().height == 1


def test_a_refused_bundle_is_a_result_and_uses_up_its_number(bench: Bench) -> None:
    bench.ledger.submit(bench.sign(1, 7))
    second = bench.ledger.submit(bench.sign(2, 7))
    bench.order()
    assert bench.ledger.wait(second, 0).code == 3
    with pytest.raises(Conflict, match=r"ledger\.seq_conflict"):
        bench.ledger.submit(bench.sign(2, 8))


def test_two_signed_headers_of_one_number_are_a_conflict_while_the_first_waits(
    bench: Bench,
) -> None:
    first = bench.ledger.submit(bench.sign(1, 1))
    with pytest.raises(Conflict, match=r"ledger\.seq_conflict"):
        bench.ledger.submit(bench.sign(1, 2))
    bench.order()
    assert bench.ledger.wait(first, 0).code == 0


def test_a_forged_header_does_not_keep_a_number_from_its_owner(bench: Bench) -> None:
    honest = bench.sign(1, 1)
    forged = bytearray(bench.sign(1, 2))
    forged[-200] ^= 1
    thief = Chain("thief")
    thief.genesis, thief.clock = bench.chain.genesis, bench.chain.clock
    stolen = bench.ledger.submit(thief.sign(1, [thief.news(9)]))
    tid = bench.ledger.submit(honest)
    with pytest.raises((Invalid, Unavailable)):
        bench.ledger.submit(bytes(forged))
    bench.order()
    assert bench.ledger.wait(tid, 0).code == 0
    with pytest.raises((NotFound, Invalid)):
        bench.ledger.wait(stolen, 0)


def test_a_bad_signature_is_answered_and_never_put_into_a_block(bench: Bench) -> None:
    thief = Chain("thief")
    thief.genesis, thief.clock = bench.chain.genesis, bench.chain.clock
    bad = bench.ledger.submit(thief.sign(1, [thief.news(1)]))
    good = bench.ledger.submit(bench.sign(2))
    bench.order()
    assert bench.ledger.wait(good, 0).index == 0
    assert bench.ledger.find(bad) is None
    assert bench.tip().peaks.size == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda b: b.sign(1, life_ms=-1),
        lambda b: b.sign(1, life_ms=25 * 3_600_000),
        lambda b: b.sign(2**20 + 1),
        lambda b: b.chain.sign(1, [b.chain.news(1)], member="bank")[:-3] + b"abc",
        lambda _: b"no transaction",
    ],
    ids=["expired", "too long a life", "beyond the window", "root", "no reading"],
)
def test_what_may_not_stand_in_a_block_is_refused(
    bench: Bench, make: Callable[[Bench], bytes]
) -> None:
    with pytest.raises((Invalid, Unavailable, NotFound)):
        bench.have_ordered(make(bench))
    assert bench.tip().height == 0


def test_numbers_may_leave_gaps_that_are_filled_later_and_none_stands_twice(bench: Bench) -> None:
    for seq in (1, 7, 3):
        bench.have_ordered(bench.sign(seq))
    assert bench.tip().peaks.size == 3
    for seq in (7, 1):
        with pytest.raises(Conflict, match=r"ledger\.seq_conflict"):
            bench.ledger.submit(bench.sign(seq, 90 + seq))
    bench.have_ordered(bench.sign(2))
    assert bench.tip().peaks.size == 4


def test_nothing_submitted_is_unknown(bench: Bench) -> None:
    with pytest.raises(NotFound, match=r"ledger\.unknown"):
        bench.ledger.wait(bytes(32), 0)
    assert bench.ledger.find(bytes(32)) is None


def test_a_full_queue_refuses_and_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "QUEUE_MAX", 5)
    tids = [bench.ledger.submit(bench.sign(seq)) for seq in range(1, 6)]
    with pytest.raises(Unavailable, match=r"ledger\.busy"):
        bench.ledger.submit(bench.sign(6))
    bench.order()
    assert [bench.ledger.wait(tid, 0).index for tid in tids] == [0, 1, 2, 3, 4]
    assert bench.ledger.submit(bench.sign(6))


def test_a_queue_of_too_many_bytes_refuses(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "QUEUE_BYTES_MAX", 2 * len(bench.sign(1)) + 10)
    bench.ledger.submit(bench.sign(1))
    bench.ledger.submit(bench.sign(2))
    with pytest.raises(Unavailable, match=r"ledger\.busy"):
        bench.ledger.submit(bench.sign(3))


@pytest.mark.parametrize(
    ("limits", "size"),
    [({"block_transactions": 1}, 0), ({"block_bytes": 300_000}, 120_000)],
    ids=["transactions", "bytes"],
)
def test_a_block_keeps_the_chains_own_limits_so_that_all_can_follow(
    tmp_path: Path, limits: Mapping[str, int], size: int
) -> None:
    bench = TownBench(tmp_path, ORDERER, limits)
    chain = bench.chain
    for seq in range(1, 5):
        records = [chain.news(100 * seq + each) for each in range(max(1, size // 130))]
        bench.ledger.submit(chain.sign(seq, records))
    chain.clock.advance(5)
    while bench.town.orderer.waiting():
        bench.cut()
    bench.town.pull_all()
    tips = {house.replica.tip.cid for house in bench.town.houses.values()}
    assert bench.tip().height == (4 if not size else 2)
    assert tips == {bench.tip().cid}
    bench.close()


def test_a_clock_set_back_does_not_stop_the_order(clocked_bench: Bench) -> None:
    bench = clocked_bench
    first = bench.ledger.submit(bench.sign(1))
    bench.order()
    time = bench.tip().time
    second = bench.sign(2, life_ms=LIFE_MS)
    bench.chain.clock.advance(-300_000)
    tid = bench.ledger.submit(second)
    bench.cut()
    assert bench.ledger.wait(tid, 0).height == 2
    assert bench.tip().time == time + 1
    assert bench.ledger.wait(first, 0).height == 1


def test_an_ended_ledger_takes_nothing_in(bench: Bench) -> None:
    tid = bench.ledger.submit(bench.sign(1))
    bench.end()
    with pytest.raises(Unavailable, match=r"ledger\.closed"):
        bench.ledger.submit(bench.sign(2))
    assert bench.ledger.find(tid) is None
