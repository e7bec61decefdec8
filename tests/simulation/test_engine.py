"""Histories under an engine that crashes, loses, delays and lies: no fork, no loss, live again.

Every run is drawn from a seed that the failure prints; the same seed runs the same way again.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import Chain
from simulation.engines import FAULTS, Council, liar
from simulation.validators import NAMES, engine_keys, later_keys
from tallystick.base.codec import encode
from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.chain.membership import pop_message
from tallystick.kernel.ledger.archive import prune_chain
from tallystick.kernel.ledger.engines.comet_home import DEFAULT, FAST
from tallystick.kernel.ledger.engines.simulated import Faults
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.voting import EngineKeys

HISTORIES = 100
STEPS = 14


class History:
    """One seeded run: members submit, heights are decided, anything may go wrong."""

    def __init__(self, folder: Path, seed: str, *, lies: bool, profile: str = DEFAULT) -> None:
        self.seed = seed
        self.council = Council(folder, seed, FAULTS, profile=profile)
        if lies:
            thief = Chain("thief")
            thief.genesis = self.council.chain.genesis
            self.council.lies["coop"] = liar(
                self.council.draw, self._stale, thief.sign(1_000, [thief.news(1 << 40)])
            )
        self.council.open_all()
        self.seqs = dict.fromkeys(NAMES, 0)
        self.data: dict[bytes, bytes] = {}
        self.acknowledged: set[bytes] = set()

    def _stale(self) -> list[bytes]:
        blocks = self.council.engine.blocks
        return [data for block in blocks[-3:] for data in block.txs[1:]][:2]

    def play(self, steps: int) -> None:
        council = self.council
        for _ in range(steps):
            act = council.draw(10)
            if act < 6:
                self._submit()
            elif act == 6:
                name = NAMES[council.draw(4)]
                council.engine.apart = frozenset([name] if council.draw(2) else [])
            elif act == 7:
                self._kill()
            council.step()
            self._hear()
            council.reopen_crashed()
        self._submit_all_again()
        council.settle()
        self._hear()

    def _submit(self) -> None:
        council = self.council
        for _ in range(1 + council.draw(4)):
            name = NAMES[council.draw(4)]
            self.seqs[name] += 1
            number = (NAMES.index(name) << 32) + self.seqs[name]
            news = council.chain.news(number)
            data = council.chain.sign(self.seqs[name], [news], name)
            if name in council.seats:
                with contextlib.suppress(Error):
                    self.data[council.seats[name].ledger.submit(data)] = data

    def _kill(self) -> None:
        name = NAMES[self.council.draw(4)]
        if name in self.council.seats:
            self.council.close(name)
        else:
            self.council.open(name)

    def _hear(self) -> None:
        """Note whatever a member's ledger tells to be final."""
        for seat in self.council.seats.values():
            waiting = self.data.keys() - self.acknowledged
            self.acknowledged |= {tid for tid in waiting if seat.ledger.find(tid) is not None}

    def _submit_all_again(self) -> None:
        """Do as outboxes do after a crash: the same bytes, once everybody stands again."""
        # A member that crashes as it comes back would take them with it; its outbox would not.
        self.council.engine.faults = Faults()
        for name in NAMES:
            if name not in self.council.seats:
                self.council.open(name)
        self.council.reopen_crashed()
        for data in self.data.values():
            seat = self.council.seats[NAMES[self.council.draw(4)]]
            with contextlib.suppress(Error):
                seat.ledger.submit(data)

    def check(self) -> None:
        seats = self.council.seats
        assert set(seats) == set(NAMES), f"seed {self.seed}"
        tips = {name: seat.replica.tip.cid for name, seat in seats.items()}
        assert len(set(tips.values())) == 1, f"seed {self.seed}: a fork: {tips}"
        found = self.council.records()
        assert len(found) == len(set(found)), f"seed {self.seed}: ordered twice"
        assert self.acknowledged <= set(found), f"seed {self.seed}: lost"
        assert set(self.data) == set(found), f"seed {self.seed}: not live"
        assert not self.council.engine.has_work(), f"seed {self.seed}: empty blocks never end"
        for seat in seats.values():
            named = {each.member for each in seat.application.refusals.known()}
            assert named <= self.council.lies.keys(), f"seed {self.seed}: an honest one is accused"
        first = seats[NAMES[0]].replica
        assert first.verify() == first.tip, f"seed {self.seed}"


def play(folder: Path, seed: str, steps: int, *, lies: bool, profile: str = DEFAULT) -> History:
    history = History(folder, seed, lies=lies, profile=profile)
    try:
        history.play(steps)
        history.check()
    except Error as error:
        pytest.fail(f"seed {seed}: {error!r}")
    finally:
        history.council.end()
    return history


def play_many(
    folder: Path, first: int, count: int, steps: int, profile: str = DEFAULT
) -> dict[str, int]:
    told = dict.fromkeys(["records", "blocks", "rounds", "refused"], 0)
    for number in range(first, first + count):
        own = folder / str(number)
        own.mkdir()
        lies = number % 2 == 1
        history = play(own, f"engine {number}", steps, lies=lies, profile=profile)
        engine = history.council.engine
        told["records"] += len(history.data)
        told["blocks"] += len(engine.blocks)
        told["rounds"] += engine.rounds
        told["refused"] += engine.refused
    return told


@pytest.mark.parametrize("part", [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 3))])
def test_no_history_forks_loses_or_stops(tmp_path: Path, part: int) -> None:
    each = HISTORIES // 4
    told = play_many(tmp_path, part * each, each, STEPS)
    # The histories are worth their name: rounds failed, lies were refused, blocks were decided.
    assert told["rounds"] > told["blocks"] > 10 * each
    assert told["refused"] > each
    assert told["records"] > 5 * each


@pytest.mark.long
@pytest.mark.parametrize("part", range(2))
def test_no_history_of_members_own_pools_forks_loses_or_stops(tmp_path: Path, part: int) -> None:
    told = play_many(tmp_path, 1_000 + part * 25, 25, STEPS, FAST)
    assert told["rounds"] > told["blocks"] > 10 * 25
    assert told["refused"] > 25
    assert told["records"] > 5 * 25


@pytest.mark.slow
@pytest.mark.parametrize("profile", [DEFAULT, FAST])
@pytest.mark.parametrize("part", range(20))
def test_no_history_of_a_thousand_forks_loses_or_stops(
    tmp_path: Path, part: int, profile: str
) -> None:
    play_many(tmp_path, 10_000 + part * 50, 50, 25, profile)


def test_one_seed_gives_one_chain(tmp_path: Path) -> None:
    heads = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        history = play(tmp_path / name, "same", 20, lies=True)
        heads.append(history.council.engine.hashes)
    assert heads[0] == heads[1]
    assert len(set(heads[0])) > 3


def test_a_quarter_that_is_away_stops_nothing_and_two_do(tmp_path: Path) -> None:
    council = Council(tmp_path, "away")
    council.open_all()
    council.close("bank")
    tid = council.seats["coop"].ledger.submit(
        council.chain.sign(1, [council.chain.news(1)], "coop")
    )
    council.step()
    council.step()
    assert council.seats["coop"].ledger.find(tid) is not None
    council.close("bureau")
    other = council.chain.sign(2, [council.chain.news(2)], "coop")
    late = council.seats["coop"].ledger.submit(other)
    for _ in range(5):
        council.step()
    assert council.seats["coop"].ledger.find(late) is None
    council.open("bank")
    council.step()
    council.step()
    assert council.seats["coop"].ledger.find(late) is not None
    assert council.seats["bank"].replica.tip == council.seats["coop"].replica.tip
    council.end()


def _renewal(council: Council, keys: EngineKeys) -> bytes:
    """Return the record by which a member states its own keys anew, its vote's being another."""
    chain = council.chain
    listed = chain.list.by_name["bank"]
    kept = [key.tree() for key in listed.keys if key.use != "bft"]
    stated: dict[str, Any] = {"key": 4, "use": "bft", "alg": 1, "pub": keys.public}
    proof = pop_message(chain.genesis.chain, "bank", stated)
    stated["pop"] = SigningKey.from_seed(keys.bft).sign(proof)
    rows = [{name: each for name, each in key.items() if name != "from"} for key in kept]
    pub: dict[str, Any] = {
        "member": "bank",
        "role": listed.role,
        "name": "bank",
        "keys": [*rows, stated],
    }
    return encode({"t": "member.joined", "rv": 1, "id": bytes(16), "pub": pub})


def test_a_vote_goes_over_to_a_renewed_key_two_heights_later_and_is_never_two(
    tmp_path: Path,
) -> None:
    council, later = Council(tmp_path, "renewed"), later_keys("renewed", "bank")
    council.open_all()
    old = engine_keys("renewed", "bank").public
    data = council.chain.sign(1, [_renewal(council, later)], "bank")
    tid = council.seats["coop"].ledger.submit(data)
    while council.seats["coop"].ledger.find(tid) is None:
        council.step()
    at = len(council.engine.blocks)
    for _ in range(3):
        council.step()
    powers = council.engine._powers
    assert [old in powers[at + more] for more in (0, 1, 2)] == [True, True, False]
    assert [later.public in powers[at + more] for more in (0, 1, 2)] == [False, False, True]
    assert all(sum(each.values()) == len(NAMES) for each in powers)
    # By its old key the member is as one that is away: with another, nothing moves.
    council.close("coop")
    other = council.chain.sign(1, [council.chain.news(7)], "bureau")
    late = council.seats["bureau"].ledger.submit(other)
    for _ in range(3):
        council.step()
    assert council.seats["bureau"].ledger.find(late) is None
    council.engine.stations["bank"].address = address_of(later.public)
    council.settle()
    assert council.seats["bureau"].ledger.find(late) is not None
    assert council.seats["bank"].replica.tip == council.seats["bureau"].replica.tip
    council.end()


def test_an_engine_that_lost_its_data_walks_the_kept_chain_again(tmp_path: Path) -> None:
    council = Council(tmp_path, "walk")
    council.open_all()
    for seq in range(1, 6):
        data = council.chain.sign(seq, [council.chain.news(seq)], "coop")
        council.seats["coop"].ledger.submit(data)
        council.step()
    council.settle()
    tip = council.seats["bank"].replica.tip
    assert tip.height == 5
    council.close("bank")
    seat = council.open("bank", is_new=True)
    assert seat.application.height == len(council.engine.blocks)
    assert seat.replica.tip == tip
    assert seat.application.executed == 0
    council.chain.clock.advance(5)
    council.seats["bank"].ledger.submit(council.chain.sign(1, [council.chain.news(99)], "bank"))
    council.settle()
    assert {each.replica.tip.height for each in council.seats.values()} == {6}
    council.end()


def test_where_all_gave_old_bodies_away_an_engine_that_lost_its_data_comes_back(
    tmp_path: Path,
) -> None:
    council = Council(tmp_path, "walk pruned")
    council.open_all()
    for seq in range(1, 6):
        data = council.chain.sign(seq, [council.chain.news(seq)], "coop")
        council.seats["coop"].ledger.submit(data)
        council.step()
    council.settle()
    for name, seat in council.seats.items():
        prune_chain(seat.replica, tmp_path / f"{name}.car", 4)
    tip = council.seats["bank"].replica.tip
    council.close("bank")
    seat = council.open("bank", is_new=True)
    assert (seat.application.height, seat.application.executed) == (len(council.engine.blocks), 0)
    assert (seat.replica.tip, seat.replica.lowest()) == (tip, 5)
    council.chain.clock.advance(5)
    council.seats["bank"].ledger.submit(council.chain.sign(1, [council.chain.news(99)], "bank"))
    council.settle()
    assert {each.replica.tip.height for each in council.seats.values()} == {6}
    council.end()


def test_each_offer_is_run_once_by_each_member(tmp_path: Path) -> None:
    council = Council(tmp_path, "once", Faults())
    council.open_all()
    for seq in range(1, 11):
        data = council.chain.sign(seq, [council.chain.news(seq)], "coop")
        council.seats["coop"].ledger.submit(data)
        council.step()
    council.settle()
    for seat in council.seats.values():
        assert seat.replica.tip.height == 10
        assert seat.application.executed == 10
        assert seat.application.gate.verified.checked == 10
    council.end()
