"""What a record costs as its chain grows: appended, looked up, proven, at each power of ten.

A chain of bundles grows to a million records (`--records` of this file for more); at each power of
ten the last tenth's cost is told, and beside it that of a chain of 10,000 made right then: the
machine is not the same one ten minutes later. Flat is the promise: what a record costs must not
depend on how many stand before it. Run as a program it also draws the costs.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from one_type import CHARTER

from tallystick.base import codec
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import encode
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Genesis
from tallystick.chain.log import Log
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.record import record_key
from tallystick.chain.transaction import sign_transaction
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database

__all__ = ["run"]

START_MS: Final = 1_790_000_000_000
RECORDS: Final = 1_000_000
SHORT: Final = 10_000
"""Of the chain that is made beside; one of a thousand is one block, too short to be a measure."""
BUNDLE: Final = 64
BLOCK: Final = 16
"""Bundles of a block: 1,024 records."""
LOOKS: Final = 300


def _identify(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()[:16]


def _record(number: int) -> bytes:
    link = codec.cid_of(number.to_bytes(8, "big"), codec.RAW)
    pub: dict[str, codec.Value] = {"kind": "bench", "object": link}
    return encode({"t": "note.made", "rv": 1, "id": _identify(number), "pub": pub})


class _Growing:
    """A chain that grows by bundles of one member."""

    def __init__(self, folder: Path) -> None:
        entropy = SeededEntropy("length")
        self._key = SigningKey.from_seed(entropy.draw("key", 32))
        members = Members.of([Member("bank", "bank", (Key(1, "tx", 1, self._key.public, 0),))])
        fields: dict[str, codec.Value] = {
            "v": 1,
            "suite": 1,
            "kind": "bench",
            "name": "length",
            "time": START_MS - 1,
            "salt": bytes(32),
            "target": b"\xff" * 32,
            "limits": {},
            "rules": {},
            "seeded": 1,
            "members": members.cid,
        }
        genesis = Genesis.read(encode(fields), members.data)
        path = folder / "ledger.db"
        self.replica = Replica.create(path, genesis.data, members.data, CHARTER)
        self._clock = ManualClock(START_MS)
        self._orderer = Orderer(self.replica, "bank", self._clock, entropy)
        self.records = self._seq = 0

    def grow(self) -> float:
        """Append a block; return its seconds of processor, without making and signing it."""
        signed = []
        for _ in range(BLOCK):
            self._seq += 1
            rows = [_record(self.records + each) for each in range(BUNDLE)]
            self.records += BUNDLE
            signed.append(
                sign_transaction(
                    self._key,
                    rows,
                    chain=self.replica.genesis.chain,
                    member="bank",
                    number=1,
                    seq=self._seq,
                    not_after=self._clock.now_ms() + 3_600_000,
                )
            )
        self._clock.advance(5)
        began = time.process_time()
        for data in signed:
            self._orderer.submit(data)
        self._orderer.cut()
        return time.process_time() - began


def _look(chain: _Growing) -> float:
    """Return the median seconds of finding a record's pair in the file, drawn from all."""
    rows = Rows(Database.read(chain.replica.path))
    taken = []
    for each in range(LOOKS):
        number = int.from_bytes(_identify(each), "big") % chain.records
        began = time.perf_counter()
        assert rows.state(record_key(_identify(number)))
        taken.append(time.perf_counter() - began)
    rows.database.close()
    return statistics.median(taken)


def _prove(log: Log, size: int) -> float:
    taken = []
    for each in range(LOOKS):
        position = int.from_bytes(_identify(each), "big") % size
        began = time.perf_counter()
        log.inclusion(position, size)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _grow_to(chain: _Growing, records: int) -> dict[str, float]:
    """Grow a chain; return what a record costs at that length, microseconds."""
    costs = []
    while chain.records < records:
        seconds = chain.grow()
        if chain.records > 0.9 * records:
            costs.append(seconds / (BLOCK * BUNDLE))
    replica = chain.replica
    replica.flush()
    return {
        "append_us": round(1e6 * statistics.median(costs), 1),
        "look_up_us": round(1e6 * _look(chain), 1),
        "prove_us": round(1e6 * _prove(replica.log, replica.tip.peaks.size), 1),
    }


def _measure_short() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        chain = _Growing(Path(name))
        try:
            return _grow_to(chain, SHORT)
        finally:
            chain.replica.close()


def measure(records: int) -> Iterator[dict[str, Any]]:
    """Yield what a record costs at each power of ten of the chain's length, microseconds."""
    with tempfile.TemporaryDirectory() as name:
        chain = _Growing(Path(name))
        for power in range(3, round(math.log10(records)) + 1):
            costs = _grow_to(chain, 10**power)
            bytes_a_record = round(chain.replica.path.stat().st_size / chain.records)
            short = {f"short_{cost}": value for cost, value in _measure_short().items()}
            yield {"records": chain.records, **costs, "bytes_a_record": bytes_a_record, **short}
        chain.replica.close()


def run(records: int = RECORDS) -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    rows = list(measure(records))
    last = rows[-1]
    return [
        {
            "name": f"length.{cost}",
            "unit": "us a record",
            "value": last[f"{cost}_us"],
            "against": f"{SHORT} records",
            "against_value": last[f"short_{cost}_us"],
            "ratio": round(last[f"short_{cost}_us"] / last[f"{cost}_us"], 2),
            "rows": [[row["records"], row[f"{cost}_us"]] for row in rows],
        }
        for cost in ("append", "look_up", "prove")
    ]


def main() -> None:
    """Measure to a length, tell every step, and draw the costs if matplotlib is here."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=RECORDS)
    asked.add_argument("--draw", type=Path)
    options = asked.parse_args()
    rows = []
    for row in measure(options.records):
        print(row, flush=True)
        rows.append(row)
    if options.draw is not None:
        from matplotlib import pyplot  # noqa: PLC0415 - only to draw

        _, axes = pyplot.subplots(figsize=(6, 3.5))
        lengths = [row["records"] for row in rows]
        for cost in ("append_us", "look_up_us", "prove_us"):
            line = axes.plot(lengths, [row[cost] for row in rows], marker="o", label=cost[:-3])
            short = [row[f"short_{cost}"] for row in rows]
            axes.plot(lengths, short, color=line[0].get_color(), linestyle=":")
        axes.set(xscale="log", ylim=(0, None), xlabel="records in the chain", ylabel="us a record")
        axes.legend()
        pyplot.tight_layout()
        pyplot.savefig(options.draw, dpi=150)


if __name__ == "__main__":
    main()
