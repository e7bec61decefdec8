"""A validator's own pool, and how validators tell each other what waits there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER, Chain
from simulation.engines import Council
from simulation.validators import NAMES, engine_keys, validated
from tallystick.base import codec
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import decode, encode
from tallystick.base.errors import Denied, Invalid, Unavailable
from tallystick.chain.block import read_block
from tallystick.kernel.ledger.engines import pool as pool_module
from tallystick.kernel.ledger.engines import spreading
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.comet_home import FAST
from tallystick.kernel.ledger.engines.comet_rpc import Taken
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.pool import SharedPool, Verdict
from tallystick.kernel.ledger.engines.spreading import Intake, Spreader, serve_offers
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.base import Answer
from tallystick.kernel.link.engines.memory import MemoryLink, Network


class Member:
    """One validator's pool over a chain of its own."""

    def __init__(self, chain: Chain, folder: Path, name: str) -> None:
        self.chain = chain
        self.name = name
        self.replica = Replica.create(
            folder / f"{name}.db", chain.genesis.data, chain.list.data, CHARTER
        )
        self.gate = Gate(self.replica, chain.clock)
        self.pool = SharedPool(self.gate, name, lambda: len(NAMES))
        self.application = Application(self.replica, self.gate, SeededEntropy(name), pool=self.pool)
        self.intake = Intake(self.pool, self.replica)

    def sign(self, seq: int, number: int | None = None, life_ms: int = 600_000) -> bytes:
        news = self.chain.news(seq if number is None else number)
        return self.chain.sign(seq, [news], life_ms=life_ms)

    def propose(self, bytes_max: int = 4_000_000) -> list[bytes]:
        """Propose the next block and keep it; return its transactions."""
        self.chain.clock.advance(1)
        address = address_of(engine_keys(self.chain.seed, self.name).public)
        height, now = self.application.height + 1, self.chain.clock.now_ms()
        txs = self.application.prepare(Offer(height, now, address, ()), bytes_max)
        self.application.finalize(Offer(height, now, address, tuple(txs)))
        self.application.commit()
        return txs[1:]

    def take(self, caller: str, *datas: bytes) -> int:
        found: int = decode(self.intake.take(caller, encode(list(datas))), spreading._TAKEN)
        return found


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Member]:
    found = Member(validated("pool"), tmp_path, "bank")
    yield found
    found.replica.close()


def forge(data: bytes) -> bytes:
    """Return a transaction that differs in one bit of its signature's scalar."""
    at = data.rindex(b"X@") + 2 + 40
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


# ---- what waits


def test_what_waits_is_proposed_once_and_leaves_with_its_block(bank: Member) -> None:
    datas = [bank.sign(seq) for seq in (1, 2, 3)]
    assert bank.pool.offer(datas) == [Taken.IN] * 3
    assert bank.pool.offer(datas) == [Taken.IN] * 3
    assert bank.pool.waiting() == 3
    assert bank.propose() == datas
    assert bank.pool.waiting() == 0
    assert bank.propose() == []
    # What a block holds does not come in again.
    bank.pool.offer(datas)
    assert bank.pool.waiting() == 0
    assert bank.pool.take_in("coop", datas[0]) is Verdict.IDLE


def test_nothing_enters_but_what_the_gate_admits(bank: Member) -> None:
    stranger = Chain("thief")
    stranger.genesis = bank.chain.genesis
    bad = {
        Verdict.FORGED: [
            b"no transaction",
            forge(bank.sign(1)),
            stranger.sign(1, [stranger.news(1)]),
            bank.sign(1)[:-3] + b"abc",
        ],
        Verdict.IDLE: [
            bank.sign(1, life_ms=-1),
            bank.sign(1, life_ms=25 * 3_600_000),
            bank.sign(2**20 + 1),
        ],
    }
    for verdict, datas in bad.items():
        for data in datas:
            assert bank.pool.take_in("coop", data) is verdict
            bank.pool.offer([data])
    assert bank.pool.waiting() == 0


def test_of_two_with_one_number_one_waits(bank: Member) -> None:
    first, second = bank.sign(1, 1), bank.sign(1, 2)
    assert bank.pool.take_in("coop", first) is Verdict.NEW
    assert bank.pool.take_in("bureau", second) is Verdict.IDLE
    assert bank.pool.take_in("bureau", first) is Verdict.IDLE
    assert bank.propose() == [first]


def test_each_validator_has_its_share_and_is_proposed_in_its_turn(
    bank: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SHARE_MAX", 3)
    flood = [bank.sign(seq) for seq in range(1, 6)]
    verdicts = [bank.pool.take_in("coop", data) for data in flood]
    assert verdicts == [Verdict.NEW] * 3 + [Verdict.FULL] * 2
    own = bank.sign(10)
    assert bank.pool.offer([own]) == [Taken.IN]
    # In turn: the one of this member does not wait behind all of the other's.
    assert bank.pool.choose() == [flood[0], own, flood[1], flood[2]]
    assert bank.propose() == [flood[0], own, flood[1], flood[2]]
    assert bank.pool.take_in("coop", flood[3]) is Verdict.NEW


def test_a_share_has_so_many_bytes(bank: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(bank.sign(1))
    monkeypatch.setattr(pool_module, "POOL_BYTES_MAX", len(NAMES) * (2 * size + 10))
    pool = SharedPool(bank.gate, "bank", lambda: len(NAMES))
    assert [pool.take_in("coop", bank.sign(seq)) for seq in (1, 2, 3)] == [
        Verdict.NEW,
        Verdict.NEW,
        Verdict.FULL,
    ]
    assert pool.offer([bank.sign(seq) for seq in (4, 5, 6)]) == [Taken.IN, Taken.IN, Taken.FULL]


def test_a_forgery_costs_a_full_share_no_signature(
    bank: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SHARE_MAX", 1)
    bank.pool.take_in("coop", bank.sign(1))
    asked = bank.gate.verified.asked
    assert bank.pool.take_in("coop", bank.sign(2)) is Verdict.FULL
    assert bank.gate.verified.asked == asked


def test_what_has_ended_leaves_though_nobody_proposes_it(bank: Member) -> None:
    bank.pool.offer([bank.sign(1, life_ms=5_000), bank.sign(2)])
    bank.chain.clock.advance(6_000)
    # Another's block of something else.
    third = bank.sign(3)
    bank.pool.leave([bank.gate.read(third)], bank.chain.clock.now_ms())
    assert bank.pool.waiting() == 1


def test_what_may_not_stand_is_dropped_by_whoever_proposes_it(bank: Member) -> None:
    first, second = bank.sign(1, life_ms=5_000), bank.sign(2)
    bank.pool.offer([first, second])
    bank.chain.clock.advance(6_000)
    assert bank.propose() == [second]
    assert [each.data for each in read_block(bank.replica.block(1))[2]] == [second]
    assert bank.pool.waiting() == 0


def test_what_does_not_fit_waits_for_the_next_block(bank: Member) -> None:
    datas = [bank.sign(seq) for seq in (1, 2, 3)]
    bank.pool.offer(datas)
    room = 2 * (len(datas[0]) + 10) + 30
    assert bank.propose(room) == datas[:2]
    assert bank.propose(room) == datas[2:]


# ---- who is listened to


def test_only_a_validator_in_force_is_listened_to(tmp_path: Path) -> None:
    chain = validated("pool", NAMES, ["bank", "coop"])
    bank = Member(chain, tmp_path, "bank")
    assert bank.take("coop", bank.sign(1)) == 1
    for name in ("bureau", "stranger"):
        with pytest.raises(Denied, match=rf"ledger\.not_heard: {name} .* validate block 1"):
            bank.take(name, bank.sign(2))
    assert bank.pool.waiting() == 1
    bank.replica.close()


def test_whoever_offers_a_forgery_is_not_heard_for_a_while(
    bank: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000
    monkeypatch.setattr(spreading, "now_ms", lambda: now)
    with pytest.raises(Denied, match=r"ledger\.not_heard.*transaction 1 of its batch"):
        bank.take("coop", bank.sign(1), forge(bank.sign(2)), bank.sign(3))
    # What stood before it was sound, and waits.
    assert bank.pool.waiting() == 1
    now += spreading.PAUSE_MS - 1
    with pytest.raises(Denied, match=r"heard again in 1 ms"):
        bank.take("coop", bank.sign(4))
    assert bank.take("bureau", bank.sign(4)) == 1
    now += 1
    assert bank.take("coop", bank.sign(5)) == 1


def test_offers_of_no_use_have_an_allowance_that_time_gives_back(
    bank: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000
    monkeypatch.setattr(spreading, "now_ms", lambda: now)
    monkeypatch.setattr(spreading, "IDLE_MAX", 3)
    known = bank.sign(1)
    assert bank.take("coop", known, known, known, known, known, bank.sign(2)) == 4
    assert bank.take("coop", bank.sign(2)) == 0
    assert bank.take("bureau", bank.sign(2)) == 1
    now += 2 * 1_000 // spreading.IDLE_PER_S
    assert bank.take("coop", known, known, known) == 2


def test_who_is_not_heard_or_has_no_allowance_is_not_read_and_takes_nobodys_turn(
    bank: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000
    monkeypatch.setattr(spreading, "now_ms", lambda: now)
    monkeypatch.setattr(spreading, "IDLE_MAX", 2)
    known = bank.sign(1)
    assert bank.take("coop", known, known, known) == 3
    with pytest.raises(Denied, match=r"ledger\.not_heard"):
        bank.take("bureau", forge(bank.sign(2)))

    def never(*_: object) -> list[bytes]:
        raise AssertionError

    def ask(name: str) -> Any:
        return threads.submit(bank.intake.take, name, encode([known])).result(10)

    # Another's batch is being looked at all the while.
    with ThreadPoolExecutor() as threads, monkeypatch.context() as patch, bank.intake._turn:
        patch.setattr(codec, "decode", never)
        assert ask("coop") == encode(0)
        with pytest.raises(Denied, match=r"ledger\.not_heard"):
            ask("bureau")
    now += spreading.PAUSE_MS
    assert bank.take("coop", bank.sign(3)) == bank.take("bureau", bank.sign(4)) == 1


def test_a_batch_is_read_before_its_turn(bank: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    read = threading.Event()
    decoded = codec.decode

    def told(payload: bytes, form: Any) -> Any:
        read.set()
        return decoded(payload, form)

    monkeypatch.setattr(codec, "decode", told)
    payload = encode([bank.sign(1)])
    thread = threading.Thread(target=bank.intake.take, args=("coop", payload))
    with bank.intake._turn:
        thread.start()
        assert read.wait(10)
        assert bank.pool.waiting() == 0
    thread.join()
    assert bank.pool.waiting() == 1


@pytest.mark.parametrize(
    "payload", [b"", b"\x80", b"\x81\x01", encode([bytes(300_000)]), encode([b"x"] * 501)]
)
def test_a_batch_without_a_reading_is_refused(bank: Member, payload: bytes) -> None:
    with pytest.raises(Invalid, match=r"codec\.form"):
        bank.intake.take("coop", payload)
    assert bank.take("coop", bank.sign(1)) == 1


def test_a_peer_is_listened_to_one_batch_at_a_time(
    bank: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, go_on = threading.Event(), threading.Event()
    take_in = bank.pool.take_in

    def slow(owner: str, data: bytes) -> Verdict:
        inside.set()
        go_on.wait(10)
        return take_in(owner, data)

    monkeypatch.setattr(bank.pool, "take_in", slow)
    thread = threading.Thread(target=bank.take, args=("coop", bank.sign(1)))
    thread.start()
    assert inside.wait(10)
    with pytest.raises(Unavailable, match=r"ledger\.busy"):
        bank.take("coop", bank.sign(2))
    go_on.set()
    thread.join()
    assert bank.take("coop", bank.sign(2)) == 1


# ---- telling


class Counting:
    """A link that counts what is told to whom."""

    def __init__(self, link: MemoryLink) -> None:
        self.link = link
        self.told: list[tuple[str, int]] = []
        self.member = link.member
        self.serve, self.peers, self.close = link.serve, link.peers, link.close

    def call(self, to: str, method: str, payload: bytes) -> bytes:
        self.told.append((to, len(decode(payload, spreading._OFFER))))
        return self.link.call(to, method, payload)

    def ask(self, to: str, method: str, payload: bytes) -> Answer:
        return Answer(self.call(to, method, payload))


class Circle:
    """All validators' pools, each telling the others."""

    def __init__(self, folder: Path) -> None:
        self.chain = validated("circle")
        self.network = Network()
        self.members = {name: Member(self.chain, folder, name) for name in NAMES}
        self.links = {name: Counting(self.network.join(name)) for name in NAMES}
        self.spreaders = {}
        for name, member in self.members.items():
            serve_offers(self.links[name], member.intake)
            self.spreaders[name] = Spreader(self.links[name], member.pool, member.replica)

    def close(self) -> None:
        for name, member in self.members.items():
            self.spreaders[name].close()
            member.replica.close()


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    found = Circle(tmp_path)
    yield found
    found.close()


def test_what_a_member_offers_is_told_to_each_other_once_and_by_nobody_else(
    circle: Circle,
) -> None:
    bank = circle.members["bank"]
    datas = [bank.sign(seq) for seq in range(1, 8)]
    bank.pool.offer(datas)
    for _ in range(3):
        for spreader in circle.spreaders.values():
            spreader.work()
    assert circle.links["bank"].told == [(name, 7) for name in NAMES if name != "bank"]
    assert not any(circle.links[name].told for name in NAMES if name != "bank")
    for member in circle.members.values():
        assert member.pool.choose() == datas
    # Each may propose it, and only once it is offered again is it told again.
    assert circle.members["coop"].propose() == datas
    bank.pool.offer(datas[:2])
    circle.spreaders["bank"].work()
    assert circle.links["bank"].told[3:] == [(name, 2) for name in NAMES if name != "bank"]


def test_what_was_ordered_meanwhile_is_not_told(circle: Circle) -> None:
    bank = circle.members["bank"]
    bank.pool.offer([bank.sign(1)])
    bank.propose()
    bank.pool.offer([bank.sign(2)])
    circle.spreaders["bank"].work()
    assert {count for _, count in circle.links["bank"].told} == {1}


def test_a_peer_that_is_away_or_full_is_told_later_and_delays_nobody(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SHARE_MAX", 2)
    bank, coop, bureau = (circle.members[name] for name in ("bank", "coop", "bureau"))
    circle.network.partition(["coop"], ["bank", "bureau", "operator"])
    datas = [bank.sign(seq) for seq in (1, 2)]
    bank.pool.offer(datas)
    circle.spreaders["bank"].work()
    assert (coop.pool.waiting(), bureau.pool.waiting()) == (0, 2)
    circle.network.partition()
    # Another that tells as the bank fills the bank's share at the co-operative.
    other = bank.sign(9)
    coop.pool.take_in("bank", other)
    circle.spreaders["bank"].work()
    assert coop.pool.waiting() == 2
    coop.pool.drop([coop.gate.read(other)])
    circle.spreaders["bank"].work()
    assert coop.pool.choose() == datas
    assert [to for to, _ in circle.links["bank"].told].count("bureau") == 1


def test_batches_have_a_bound_of_count_and_of_bytes(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = circle.members["bank"]
    datas = [bank.sign(seq) for seq in range(1, 8)]
    monkeypatch.setattr(spreading, "BATCH_MAX", 3)
    bank.pool.offer(datas)
    circle.spreaders["bank"].work()
    monkeypatch.setattr(spreading, "BATCH_BYTES_MAX", 2 * len(datas[0]) + 10)
    for _ in range(3):
        circle.spreaders["bank"].work()
    assert [count for to, count in circle.links["bank"].told if to == "coop"] == [3, 2, 2]
    assert circle.members["coop"].pool.choose() == datas


def test_what_is_queued_for_a_peer_has_a_bound(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "QUEUE_MAX", 3)
    bank = circle.members["bank"]
    for seq in range(1, 6):
        bank.pool.offer([bank.sign(seq)])
    circle.spreaders["bank"].work()
    assert circle.members["coop"].pool.waiting() == 3


def test_threads_tell_all_and_end(circle: Circle) -> None:
    bank = circle.members["bank"]
    for spreader in circle.spreaders.values():
        spreader.start()
    for seq in range(1, 21):
        bank.pool.offer([bank.sign(seq)])
    _wait(lambda: all(each.pool.waiting() == 20 for each in circle.members.values()))
    circle.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("tell ")]


def test_full_batches_follow_each_other_at_once(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "BATCH_MAX", 3)
    monkeypatch.setattr(spreading, "GAP_MIN_S", 3_600)
    bank = circle.members["bank"]
    circle.spreaders["bank"].start()
    bank.pool.offer([bank.sign(seq) for seq in range(1, 8)])
    _wait(lambda: circle.members["coop"].pool.waiting() == 7)
    # What fills none waits for more.
    bank.pool.offer([bank.sign(8)])
    time.sleep(0.1)
    assert circle.members["coop"].pool.waiting() == 7


def _wait(is_so: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_what_a_member_told_is_ordered_though_the_member_is_gone(tmp_path: Path) -> None:
    council = Council(tmp_path, "gone", profile=FAST)
    council.open_all()
    coop = council.seats["coop"]
    data = council.chain.sign(1, [council.chain.news(1)], "coop")
    tid = coop.ledger.submit(data)
    council.send(coop)
    assert coop.spreader is not None
    coop.spreader.work()
    council.close("coop")
    for _ in range(3):
        council.step()
    assert council.seats["bank"].ledger.find(tid) is not None
    seat = council.open("coop")
    # It comes back, its outbox submits the same bytes, and they stand once.
    assert seat.ledger.submit(data) == tid
    council.settle()
    assert council.records() == [tid]
    council.end()
