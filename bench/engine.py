"""Four CometBFT validators on this machine, against the engine's own application in the same place.

The peer is CometBFT's Go key-value store, out of process over the same transport, in a network of
the same settings: it checks no signature, keeps no chain and writes no file. Members run in
processes of their own (`validators`), each submits a quarter. A ratio is the median of interleaved
rounds. Needs `tally engine install cometbft` and `abci-cli`.
"""

from __future__ import annotations

import contextlib
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from validators import (
    NAMES,
    Net,
    create_replica,
    engine_keys,
    free_port,
    genesis_of,
    peers_of,
    sign,
    tx_key,
)

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import Unavailable
from tallystick.base.keys import verify
from tallystick.kernel.ledger.engines.abci_calls import answer_for
from tallystick.kernel.ledger.engines.abci_server import AbciServer
from tallystick.kernel.ledger.engines.abci_table import Request
from tallystick.kernel.ledger.engines.abci_wire import frame_of
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.comet_home import (
    DEFAULT,
    FAST,
    Seat,
    write_home,
)
from tallystick.kernel.ledger.engines.comet_rpc import CometPool
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.supervise import Keeper
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.install import find_engine

__all__ = ["run"]

SINGLES: Final = 1_500
BUNDLES: Final = 60
WIDTH: Final = 64
CHECKS: Final = 5_000
BLOCK: Final = 1_000
ROUNDS: Final = 3
WINDOW: Final = 2_000
CHECK_GOAL_US: Final = 10


# ---- the engine's own application


class _Store:
    """Four nodes with CometBFT's key-value store beside each."""

    def __init__(self, folder: Path) -> None:
        port = free_port(12)
        self._sent = 0
        self._keepers = []
        with contextlib.closing(create_replica(folder / "genesis.db")) as replica:
            for at, name in enumerate(NAMES):
                seat = Seat(
                    name,
                    port + 8 + at,
                    port + 2 * at,
                    port + 2 * at + 1,
                    peers_of(NAMES, name, port),
                )
                write_home(folder / name, engine_keys(name), replica.tip, seat)
                store = [str(find_engine("abci-cli")), "kvstore"]
                store += ["--address", f"tcp://127.0.0.1:{seat.app_port}"]
                node = [str(find_engine("cometbft")), "start", "--home", str(folder / name)]
                self._keepers += [
                    Keeper(store, folder / f"{name}.store"),
                    Keeper(node, folder / f"{name}.node"),
                ]
        for keeper in self._keepers:
            keeper.start()
        self._pools = [CometPool(port + 2 * at) for at in range(len(NAMES))]
        for pool in self._pools:
            while self._waiting(pool) is None:
                time.sleep(0.1)
        self.load(10, 200)

    @staticmethod
    def _waiting(pool: CometPool) -> int | None:
        with contextlib.suppress(Unavailable):
            return pool.waiting()
        return None

    def load(self, count: int, size: int) -> float:
        """Have each node given `count` keys of `size` bytes; return how many a second."""
        first, self._sent = self._sent, self._sent + count
        began = time.perf_counter()
        threads = [
            threading.Thread(target=self._give, args=(at, first, count, size))
            for at in range(len(NAMES))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(NAMES) * count / (time.perf_counter() - began)

    def _give(self, at: int, first: int, count: int, size: int) -> None:
        pool, sent = self._pools[at], 0
        while sent < count or self._waiting(pool):
            room = (WINDOW - (self._waiting(pool) or 0)) // len(NAMES)
            batch = min(room, 200, count - sent)
            if batch <= 0:
                time.sleep(0.02)
                continue
            pool.offer(
                [(b"%d-%d=" % (at, first + sent + k)).ljust(size, b"x") for k in range(batch)]
            )
            sent += batch

    def close(self) -> None:
        for keeper in reversed(self._keepers):
            keeper.close()
        for pool in self._pools:
            pool.close()


# ---- rows


def _row(
    name: str, value: float, unit: str, against: str, ratios: Sequence[float]
) -> dict[str, Any]:
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "against": against,
        "ratio": round(middle, 3),
        "spread": round(high - low, 3),
    }


@contextlib.contextmanager
def _application(folder: Path, name: str) -> Iterator[Application]:
    replica = create_replica(folder / f"{name}.db")
    try:
        yield Application(replica, Gate(replica, SystemClock()), SystemEntropy())
    finally:
        replica.close()


def _check_cpu_us(folder: Path, name: str, datas: Sequence[bytes]) -> float:
    """Return the server's processor time for a CheckTx whose signature is known, pipelined."""
    count, marks = 0, list[float]()
    with _application(folder, name) as application:
        for data in datas:
            assert application.gate.is_signed(application.gate.read(data))
        answer = answer_for(application)

        def timed(kind: str, asked: Any) -> bytes:  # noqa: ANN401 - a message of the table
            nonlocal count
            found = answer(kind, asked)
            count += 1
            if count in {1, len(datas)}:
                # To look at this clock costs a tenth of an answer.
                marks.append(time.thread_time())
            return found

        server = AbciServer(timed)
        server.start()
        asked = [frame_of(Request(check_tx={"tx": data}).SerializeToString()) for data in datas]
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(asked[0])
            size = len(client.recv(100))
            writer = threading.Thread(target=client.sendall, args=(b"".join(asked[1:]),))
            writer.start()
            left = size * (len(asked) - 1)
            while left:
                left -= len(client.recv(1 << 16))
            writer.join()
        server.close()
    began, ended = marks
    return (ended - began) / (len(datas) - 1) * 1e6


def _replay_s(folder: Path, name: str, datas: Sequence[bytes]) -> float:
    """Return the seconds of deciding and keeping blocks that were never proposed here."""
    proposer, now = address_of(engine_keys("bank").public), SystemClock().now_ms()
    with _application(folder, name) as application:
        began = time.perf_counter()
        for height, first in enumerate(range(0, len(datas), BLOCK), start=1):
            txs = (bytes(16), *datas[first : first + BLOCK])
            application.finalize(Offer(height, now + height, proposer, txs))
            application.commit()
        return time.perf_counter() - began


def _verify_s(datas: Sequence[bytes]) -> float:
    key, message = tx_key("bank"), bytes(43)
    signature = key.sign(message)
    began = time.perf_counter()
    for _ in datas:
        assert verify(key.public, message, signature)
    return time.perf_counter() - began


def _sign(seq: int) -> bytes:
    return sign("bank", seq, 1, genesis_of().chain)


def _measure_alone(rounds: int) -> list[dict[str, Any]]:
    datas = [_sign(seq) for seq in range(1, CHECKS + 1)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checks = [_check_cpu_us(folder, f"check{each}", datas) for each in range(3 * rounds)]
        replays = [
            (_replay_s(folder, f"replay{each}", datas), _verify_s(datas)) for each in range(rounds)
        ]
    spent = statistics.median(own for own, _ in replays)
    return [
        _row(
            "engine.check",
            statistics.median(checks),
            "us",
            "10 us of the server's processor",
            [CHECK_GOAL_US / each for each in checks],
        ),
        _row(
            "engine.replay",
            len(datas) / spent,
            "1/s",
            "signatures alone",
            [bare / own for own, bare in replays],
        ),
    ]


def _measure_together(rounds: int) -> list[dict[str, Any]]:
    size = len(_sign(1))
    singles, bundles, stores = list[float](), list[float](), list[float]()
    fasts, widest = list[float](), list[float]()

    def load_both(net: Net) -> tuple[float, float]:
        return net.load(SINGLES, 1), net.load(BUNDLES, WIDTH)

    for _ in range(rounds):
        stores.append(_in_folder(_Store, lambda net: net.load(SINGLES, size)))
        for profile, rates, wide in ((DEFAULT, singles, bundles), (FAST, fasts, widest)):
            both = _in_folder(partial(Net, profile=profile), load_both)
            rates.append(both[0])
            wide.append(both[1])
    store = "the engine's key-value store, which checks nothing"
    single = "its own rate of single records"
    return [
        _rated("engine.single", singles, store, stores),
        _rated("engine.fast", fasts, store, stores),
        _rated("engine.bundle", bundles, single, singles),
        _rated("engine.fast_bundle", widest, single, fasts),
    ]


def _rated(
    name: str, rates: Sequence[float], against: str, bases: Sequence[float]
) -> dict[str, Any]:
    ratios = [own / base for own, base in zip(rates, bases, strict=True)]
    return _row(name, statistics.median(rates), "1/s", against, ratios)


def _in_folder(make: Callable[[Path], Any], work: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    with tempfile.TemporaryDirectory() as name, contextlib.closing(make(Path(name))) as net:
        return work(net)


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    return [*_measure_alone(rounds), *_measure_together(rounds)]
