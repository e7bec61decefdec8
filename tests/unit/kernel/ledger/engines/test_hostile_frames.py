"""Damaged requests to the engine's socket change nothing, cost no memory, and end no one else."""

from __future__ import annotations

import contextlib
import gc
import random
import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER, Chain
from simulation.validators import engine_keys, validated
from tallystick.base.clock import SeededEntropy
from tallystick.kernel.ledger.engines import gate as gate_module
from tallystick.kernel.ledger.engines.abci_calls import answer_for
from tallystick.kernel.ledger.engines.abci_server import AbciServer
from tallystick.kernel.ledger.engines.abci_table import Request, Response
from tallystick.kernel.ledger.engines.abci_wire import Frames, frame_of
from tallystick.kernel.ledger.engines.application import Application
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.replica import Replica

SEED = "hostile"
WARM = 100
FRAMES = 300
GROWTH_BYTES_MAX = 120_000
LARGE_BYTES = 40_000
READ_BYTES_MAX = 20_000


@pytest.fixture
def chain() -> Chain:
    return validated(SEED)


@pytest.fixture
def application(chain: Chain, tmp_path: Path) -> Iterator[Application]:
    replica = Replica.create(tmp_path / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    found = Application(replica, Gate(replica, chain.clock), SeededEntropy(SEED))
    yield found
    found.close()
    replica.close()


def _requests(chain: Chain, data: bytes) -> list[bytes]:
    """Return one request of each kind that holds much, where it may with a transaction's bytes."""
    block: dict[str, Any] = {
        "height": 1,
        "time": {"seconds": chain.clock.now_ms() // 1_000 + 1},
        "proposer_address": address_of(engine_keys(SEED, "bank").public),
    }
    snapshot = {"height": 1, "format": 1, "chunks": 2, "hash": bytes(32), "metadata": bytes(100)}
    asked: list[dict[str, Any]] = [
        {"info": {"version": "0.38.26"}},
        {"init_chain": {"chain_id": "testcounty", "time": {"seconds": 1}}},
        {"check_tx": {"tx": data}},
        {"prepare_proposal": {**block, "max_tx_bytes": 1_000_000, "txs": [data]}},
        {"process_proposal": {**block, "txs": [bytes(16), data]}},
        {"finalize_block": {**block, "txs": [bytes(16), data]}},
        {"offer_snapshot": {"snapshot": snapshot, "app_hash": bytes(32)}},
        {"load_snapshot_chunk": {"height": 1, "format": 1, "chunk": 0}},
        {"apply_snapshot_chunk": {"index": 0, "chunk": bytes(200), "sender": "a"}},
    ]
    return [Request(**each).SerializeToString() for each in asked]


def _damaged(data: bytes, dice: random.Random) -> bytes:
    """Return bytes with a few of them flipped, cut, doubled or put in."""
    for _ in range(dice.randint(1, 4)):
        at, to = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        put_in = dice.randbytes(dice.randint(1, 20))
        data = dice.choice(
            [data[:at] + put_in + data[at + 1 :], data[:at] + data[to:], data[:to] + data[at:]]
        )
    return data


def _send(server: AbciServer, data: bytes) -> list[Any]:
    """Send bytes on a connection of their own and return what is answered until it ends."""
    frames, answers = Frames(), list[Any]()
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as client,
        contextlib.suppress(ConnectionError),
    ):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while told := client.recv(65_536):
            answers += map(Response.FromString, frames.feed(told))
    return answers


def _held_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_damaged_requests_change_nothing_and_cost_no_memory(
    application: Application, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "READ_BYTES_MAX", READ_BYTES_MAX)
    dice, signed = random.Random(11), chain.sign(1, [chain.news(1)])
    # Each request is large, so that one in ten that is kept would be seen.
    whole = _requests(chain, signed + dice.randbytes(LARGE_BYTES))
    server = AbciServer(answer_for(application), frame_bytes_max=100_000)
    server.start()
    told = {"answered": 0, "refused": 0}
    tracemalloc.start()
    try:
        before = 0
        for number in range(WARM + FRAMES):
            if number == WARM:
                before = _held_bytes()
            at = number % len(whole)
            # What is wrong is the frame, the request in it, or the transaction in that.
            data = dice.choice(
                [
                    _damaged(frame_of(whole[at]), dice),
                    frame_of(_damaged(whole[at], dice)),
                    frame_of(_requests(chain, _damaged(signed, dice))[at]),
                ]
            )
            for each in _send(server, data):
                told["refused" if each.WhichOneof("value") == "exception" else "answered"] += 1
        grown = _held_bytes() - before
        (info,) = _send(server, frame_of(Request(info={}).SerializeToString()))
    finally:
        tracemalloc.stop()
        server.close()
    assert grown < GROWTH_BYTES_MAX, grown
    # Some damage leaves a request that has a reading: both ways were gone, and often.
    assert min(told.values()) > FRAMES // 10, told
    genesis = chain.genesis.cid.digest
    assert (info.info.last_block_height, info.info.last_block_app_hash) == (0, genesis)
    assert application.replica.tip.height == 0
    assert application.replica.verify() == application.replica.tip
    assert not server.connections


def test_forgeries_without_end_fill_no_memory(
    application: Application, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "READ_BYTES_MAX", READ_BYTES_MAX)
    thief = Chain("thief")
    thief.genesis, thief.clock = chain.genesis, chain.clock
    gate = application.gate
    for seq in range(1, 301):
        assert application.check(thief.sign(seq, [thief.news(seq)])) is not None
    held = [*gate._young, *gate._old]
    assert sum(map(len, held)) < 2 * READ_BYTES_MAX + 2 * max(map(len, held))
    assert not gate._places
    assert gate.verified.checked == 300
    assert not gate.verified._young
