"""What may wait for a block, and the memory of signatures behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER, Chain
from simulation.engines import Council
from simulation.validators import engine_keys, validated
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Conflict
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Members
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.engines.verified import Verified
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.signatures import THREADS_FROM

NONCE = bytes(16)


@pytest.fixture
def chain() -> Chain:
    return validated("gate")


@pytest.fixture
def application(chain: Chain, tmp_path: Path) -> Iterator[Application]:
    replica = Replica.create(tmp_path / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    yield Application(replica, Gate(replica, chain.clock), SeededEntropy("nonces"))
    replica.close()


def offer(chain: Chain, height: int, *txs: bytes) -> Offer:
    chain.clock.advance(1)
    address = address_of(engine_keys("gate", "operator").public)
    return Offer(height, chain.clock.now_ms(), address, txs)


def test_a_memory_of_signatures_says_what_the_curve_says() -> None:
    key, memory = SigningKey.from_seed(bytes(32)), Verified(2)
    good = [(bytes([n]), key.sign(bytes([n]))) for n in range(5)]
    for _ in range(2):
        for message, signature in good:
            assert memory.check(key.public, message, signature)
            assert not memory.check(key.public, message + b"x", signature)
            assert not memory.check(key.public[:-1], key.public[-1:] + message, signature)
            assert not memory.check(key.public, message + signature[:1], signature[1:])
    assert memory.checked >= 5
    # Only what was valid is remembered, and no more than two generations of it.
    assert len(memory._young) <= 2
    assert len(memory._old) <= 2


def test_each_signature_is_checked_once_from_submission_to_block(tmp_path: Path) -> None:
    council = Council(tmp_path, "memory")
    council.open_all()
    data = council.chain.sign(1, [council.chain.news(1)], "bank")
    council.seats["bank"].ledger.submit(data)
    council.settle()
    for seat in council.seats.values():
        assert seat.application.gate.verified.checked == 1
        assert seat.application.gate.verified.asked >= 2
    council.end()


@pytest.mark.parametrize("change", [{"end": 1}, {"pub": SigningKey.from_seed(bytes(32)).public}])
def test_what_was_found_signed_counts_while_that_key_is_in_force_and_no_longer(
    application: Application, chain: Chain, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    gate = application.gate
    found = gate.read(chain.sign(1, [chain.news(1)], "bank"))
    tip = gate.replica.tip
    rows = [
        replace(
            each,
            keys=tuple(
                replace(key, start=0, **change) if (each.name, key.use) == ("bank", "tx") else key
                for key in each.keys
            ),
        )
        for each in tip.members.by_name.values()
    ]
    for _ in range(2):
        assert gate.is_signed(found)
    with monkeypatch.context() as patch:
        patch.setattr(gate.replica, "_tip", replace(tip, members=Members.of(rows)))
        assert not gate.is_signed(found)
    assert gate.is_signed(found)


def test_a_pool_takes_one_of_two_signed_for_a_number_and_no_forgery(
    chain: Chain, application: Application
) -> None:
    thief = Chain("thief")
    thief.genesis = chain.genesis
    first, second = chain.sign(1, [chain.news(1)]), chain.sign(1, [chain.news(2)])
    assert application.check(thief.sign(1, [thief.news(1)])) is not None
    assert application.check(first) is None
    assert application.check(first) is None
    told = application.check(second)
    assert isinstance(told, Conflict)
    assert application.check(first[:-1] + b"x") is not None
    application.finalize(offer(chain, 1, NONCE, first))
    application.commit()
    for data in (first, second):
        assert application.check(data, again=True) is not None
        assert application.check(data) is not None


def test_what_has_ended_while_it_waited_leaves_the_pool(
    chain: Chain, application: Application
) -> None:
    data = chain.sign(1, [chain.news(1)], life_ms=1_000)
    assert application.check(data) is None
    assert application.check(data, again=True) is None
    chain.clock.advance(2_000)
    assert application.check(data, again=True) is not None


def test_what_waits_in_the_pool_is_known_by_its_age_until_a_block_holds_it_or_it_has_ended(
    chain: Chain, application: Application
) -> None:
    gate, begun = application.gate, chain.clock.now_ms()
    first, second = (chain.sign(seq, [chain.news(seq)], life_ms=60_000) for seq in (1, 2))
    assert application.check(first) is None
    chain.clock.advance(30_000)
    assert application.check(second) is None
    assert not gate.has_waited(begun)
    assert gate.has_waited(begun + 1)
    # An engine that began anew asks again: it waits since it first came.
    assert application.check(first) is None
    assert gate.has_waited(begun + 1)
    application.finalize(offer(chain, 1, NONCE, first))
    application.commit()
    assert not gate.has_waited(begun + 30_000)
    assert gate.has_waited(begun + 30_001)
    chain.clock.advance(60_000)
    assert not gate.has_waited(begun + 90_000), "no block can hold it any more"


def test_many_signatures_that_were_not_met_are_checked_on_two_threads_and_once(
    chain: Chain, application: Application
) -> None:
    txs = [chain.sign(seq, [chain.news(seq)]) for seq in range(1, 2 * THREADS_FROM)]
    thief = Chain("thief")
    thief.genesis = chain.genesis
    bad = offer(chain, 1, NONCE, *txs, thief.sign(1_000, [thief.news(9)]))
    assert application.judge(bad) is not None
    verified = application.gate.verified
    assert verified.checked == len(txs) + 2  # the bad one again, when the block is run
    assert application.judge(offer(chain, 1, NONCE, *txs)) is None
    assert verified.checked == len(txs) + 2
