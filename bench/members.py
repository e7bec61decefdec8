"""What more members cost: the time of a block and records a second, from costs measured here.

One machine holds no ten validators, so the network is played by events, and only what it costs is
measured, in the same run: of one member's application by calling it (submit, check, prepare, judge,
finalize and commit, for blocks of two sizes, so that what a block costs and what a record costs are
told apart); of the engine, its processor time in real networks of one and of four under load and at
ease. The engine's time a transaction grows with its peers (each may send it), that of a block with
the messages it takes: each of 2n votes is told to n - 1 others. In between and beyond, both laws
are what is assumed, and nothing else is fitted.

The model is checked where it can be: four members that share this machine's processors, against
four real ones that do. Whatever else runs here takes its part of them: what the four had is their
own processor time and what stood idle, and the model's processors are slower by that much. Run as a
program it also draws.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from members_model import BYTES_MAX, COUNTY, HERE, HOUSE, Costs, Law, Network
from validators import Net, create_replica, engine_keys, genesis_of, sign

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.kernel.ledger.engines.abci_calls import answer_for
from tallystick.kernel.ledger.engines.abci_table import Request
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.validators import address_of

__all__ = ["run"]

COUNTS: Final = (4, 7, 10)
SMALL: Final = 50
LARGE: Final = 1_000
ROUNDS: Final = 3
FLOOD: Final = 3_000
EASE_RATE: Final = 20
EASE_SECONDS: Final = 10
GOAL: Final = 0.7


# ---- what it costs


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _law(costs: Sequence[tuple[int, float]]) -> Law:
    """Return the law of the medians at a small and a large count; no part of it below nothing."""
    small, large = (
        statistics.median(cost for count, cost in costs if count == size) for size in (SMALL, LARGE)
    )
    each = max(0.0, (large - small) / (LARGE - SMALL))
    return Law(max(0.0, small - each * SMALL), each)


def _application_costs(folder: Path) -> dict[str, Any]:
    """Return what one member's application spends, from blocks of two sizes run through two."""
    chain, seqs = genesis_of().chain, itertools.count(1)
    found: dict[str, list[tuple[int, float]]] = {
        name: [] for name in ("submit", "check_own", "check", "prepare", "judge", "keep")
    }
    proposer, clock = address_of(engine_keys("bank").public), SystemClock()
    for turn in range(ROUNDS):
        with contextlib.ExitStack() as stack:
            pair = []
            for name in ("proposes", "judges"):
                replica = create_replica(folder / f"{name}{turn}.db")
                stack.callback(replica.close)
                pair.append(Application(replica, Gate(replica, clock), SystemEntropy()))
            for height, count in enumerate((SMALL, SMALL, LARGE, SMALL, LARGE), start=1):
                datas = [sign("bank", next(seqs), 1, chain) for _ in range(count)]
                spent = _run_block(pair, Offer(height, clock.now_ms(), proposer, tuple(datas)))
                if height > 1:
                    for name, cost in spent.items():
                        found[name].append((count, cost))
    laws: dict[str, Any] = {name: _law(found[name]) for name in ("prepare", "judge", "keep")}
    for name in ("submit", "check_own", "check"):
        laws[name] = statistics.median(cost / count for count, cost in found[name])
    laws["size"] = len(sign("bank", 1, 1, chain))
    return laws


def _run_block(pair: Sequence[Application], offer: Offer) -> dict[str, float]:
    """Take one block from submission to commit by its proposer and by another."""
    own, other = pair
    asked = [Request(check_tx={"tx": data}).SerializeToString() for data in offer.txs]

    def submit() -> None:
        for data in offer.txs:
            found = own.gate.read(data)
            own.gate.check(found)
            assert own.gate.is_signed(found)

    def check(application: Application) -> None:
        answer = answer_for(application)
        for data in asked:
            answer("check_tx", Request.FromString(data).check_tx)

    def prepare() -> None:
        txs = tuple(own.prepare(offer, BYTES_MAX))
        assert len(txs) == len(offer.txs) + 1
        made.append(Offer(offer.height, offer.time_ms, offer.proposer, txs))

    def keep() -> None:
        other.finalize(made[0])
        other.commit()

    made: list[Offer] = []
    spent = {
        "submit": _timed(submit),
        "check_own": _timed(lambda: check(own)),
        "check": _timed(lambda: check(other)),
        "prepare": _timed(prepare),
        "judge": _timed(lambda: other.judge(made[0])),
        "keep": _timed(keep),
    }
    own.finalize(made[0])
    own.commit()
    return spent


@dataclass(frozen=True, slots=True)
class Seen:
    """What a real network did.

    Attributes:
        rate: transactions a second under load.
        block_s: between two blocks under load.
        engine_tx: the engine's seconds a transaction, of one member.
        engine_block: its seconds a block.
        available: processors that the members had under load, of all there are.
    """

    rate: float
    block_s: float
    engine_tx: float
    engine_block: float
    available: float


def _spent_by(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _idle() -> float:
    """Return the seconds that this machine's processors stood idle, or waited for a disk."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Reading:
    """Clocks at one moment: the wall's, the engines', the members' and engines', the idle one's."""

    wall: float
    engines: float
    own: float
    idle: float
    height: int


def _read(net: Net) -> _Reading:
    told = [net.children[name].ask("health") for name in net.names]
    engines = sum(_spent_by(each["pid"]) for each in told)
    own = engines + sum(_spent_by(child.pid) for child in net.children.values())
    return _Reading(time.perf_counter(), engines, own, _idle(), told[0]["engine"])


def _see(count: int) -> Seen:
    """Run a real network of so many members here, at ease and under load."""
    with tempfile.TemporaryDirectory() as name:
        net = Net(Path(name), count=count)
        with contextlib.closing(net):
            net.sign(net.names, EASE_RATE * EASE_SECONDS // count)
            before = _read(net)
            net.pace(net.names, EASE_RATE)
            net.hear(net.names)
            ease = _read(net)
            net.load(FLOOD // 3, 1)
            net.sign(net.names, FLOOD)
            calm = _read(net)
            net.pace(net.names)
            net.hear(net.names)
            after = _read(net)
    block = (ease.engines - before.engines) / count / max(1, ease.height - before.height)
    heights, seconds = max(1, after.height - calm.height), after.wall - calm.wall
    flood = (after.engines - calm.engines) / count - heights * block
    sent = FLOOD * count
    available = (after.own - calm.own + after.idle - calm.idle) / seconds
    return Seen(sent / seconds, seconds / heights, max(0.0, flood / sent), block, available)


def _engine_laws(one: Seen, four: Seen) -> dict[str, Law]:
    """Return the engine's costs by its peers and by the messages of a block: n = 1 has none."""
    return {
        "spread": Law(one.engine_tx, max(0.0, four.engine_tx - one.engine_tx) / 3),
        "order": Law(one.engine_block, max(0.0, four.engine_block - one.engine_block) / 12),
    }


# ---- rows


def measure(counts: Sequence[int]) -> tuple[Costs, Seen, dict[str, list[tuple[int, float, float]]]]:
    """Return the costs, what four real members did, and (n, seconds, rate) of each place."""
    with tempfile.TemporaryDirectory() as name:
        own = _application_costs(Path(name))
    one, four = _see(1), _see(4)
    costs = Costs(**own, **_engine_laws(one, four))
    found = {
        place.name: [(count, *Network(count, costs, place).run()) for count in counts]
        for place in (replace(HERE, speed=min(1.0, four.available / HERE.shared)), HOUSE, COUNTY)
    }
    return costs, four, found


def run(counts: Sequence[int] = COUNTS) -> list[dict[str, Any]]:
    """Measure, and return one row: how near the model is, and all it says."""
    return _rows(*measure(counts))


def _rows(
    costs: Costs, four: Seen, found: dict[str, list[tuple[int, float, float]]]
) -> list[dict[str, Any]]:
    _, block_s, rate = found[HERE.name][0]
    told = {
        name: [[count, round(1_000 * block), round(each)] for count, block, each in rows]
        for name, rows in found.items()
    }
    return [
        {
            "name": "members.block",
            "value": round(1_000 * block_s),
            "unit": "ms a block, four members on this machine, by the model",
            "against": "four real ones here",
            "against_value": round(1_000 * four.block_s),
            "ratio": round(min(block_s / four.block_s, four.block_s / block_s), 2),
            "rows": told,
            "processors_had": round(four.available, 2),
        },
        {
            "name": "members.rate",
            "value": round(rate),
            "unit": "records/s of the same, by the model",
            "against": "four real ones here",
            "against_value": round(four.rate),
            "ratio": round(min(rate / four.rate, four.rate / rate), 2),
            "costs_us": _in_microseconds(costs),
        },
    ]


def _in_microseconds(costs: Costs) -> dict[str, Any]:
    laws = {name: getattr(costs, name) for name in ("prepare", "judge", "keep", "spread", "order")}
    single = {name: getattr(costs, name) for name in ("submit", "check_own", "check")}
    return {
        **{name: round(1e6 * cost, 1) for name, cost in single.items()},
        **{
            name: [round(1e6 * law.fixed, 1), round(1e6 * law.each, 2)]
            for name, law in laws.items()
        },
        "bytes": costs.size,
    }


def _draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415 - only to draw

    _, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.8))
    for name, points in rows[0]["rows"].items():
        counts = [count for count, _, _ in points]
        left.plot(counts, [block for _, block, _ in points], marker="o", label=name)
        right.plot(counts, [rate for _, _, rate in points], marker="o", label=name)
    left.plot([4], [rows[0]["against_value"]], "k*", label="four real ones on one machine")
    right.plot([4], [rows[1]["against_value"]], "k*")
    left.set(xlabel="members", ylabel="ms a block, under load", ylim=(0, None))
    right.set(xlabel="members", ylabel="records a second", ylim=(0, None))
    for axes in (left, right):
        axes.set_xticks(counts)
    left.legend(fontsize=7)
    pyplot.tight_layout()
    pyplot.savefig(path, dpi=150)


def main() -> None:
    """Measure, tell, and draw if asked to."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draw", type=Path)
    options = asked.parse_args()
    rows = run()
    for row in rows:
        print(row)
    if options.draw is not None:
        _draw(rows, options.draw)


if __name__ == "__main__":
    main()
