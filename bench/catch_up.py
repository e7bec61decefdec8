"""How fast a member that was away catches up: by running every block, or by taking the state over.

Both ends run in this process over real sockets of this machine, so they share its interpreter: a
peer on a machine of its own takes that half away. Signatures alone, by the same library, are what
no running of blocks can beat; every block run is what a snapshot is for. Records are single-signed
and made as they are ordered, and read back from the file where they are needed again, so that
memory does not grow with them. Run as a program with `--records` it goes further, in one round, and
tells how far it has come.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from link import NAMES, START_MS, County, compare, found_county, linked
from nacl import bindings
from one_type import CHARTER

from tallystick.base import codec
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import encode
from tallystick.base.errors import Unavailable
from tallystick.chain.block import read_block
from tallystick.chain.checkpoint import cosign
from tallystick.chain.digest import domain
from tallystick.chain.transaction import sign_transaction
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.leap import leap
from tallystick.kernel.ledger.offer import ask_offer, serve_snapshots
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.peer import Peer, serve_chain
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.engines.http import HttpLink

__all__ = ["run"]

RECORDS: Final = 20_000
ROUNDS: Final = 3
BATCH: Final = 1_000
LIFE_MS: Final = 3_600_000
TELL_S: Final = 5


def _held_kib() -> int:
    """Return the memory that this process holds now."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * resource.getpagesize() // 1_024


@contextlib.contextmanager
def _telling(what: str, count: Callable[[], int], records: int) -> Iterator[None]:
    """Tell every few seconds how far something has come, on standard error."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(TELL_S):
            held_mib = _held_kib() // 1_024
            told = f"{what}: {count()} of {records}, {held_mib} MiB held"
            print(told, file=sys.stderr, flush=True)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _sign(county: County, number: int, now_ms: int) -> bytes:
    record = encode(
        {
            "t": "note.made",
            "rv": 1,
            "id": hashlib.sha256(number.to_bytes(8, "big")).digest()[:16],
            "pub": {"kind": "bench", "object": codec.cid_of(number.to_bytes(8, "big"), codec.RAW)},
        }
    )
    return sign_transaction(
        county.keys["tx bank"],
        [record],
        chain=county.genesis.chain,
        member="bank",
        number=1,
        seq=number + 1,
        not_after=now_ms + LIFE_MS,
    )


def _create(county: County, path: Path) -> Replica:
    path.parent.mkdir(exist_ok=True)
    return Replica.create(path, county.genesis.data, county.genesis.members.data, CHARTER)


def _order(county: County, folder: Path, records: int) -> Replica:
    replica, clock = _create(county, folder / "bank" / "ledger.db"), ManualClock(START_MS)
    orderer = Orderer(replica, "bank", clock, SeededEntropy("nonce"))
    with _telling("ordered", lambda: replica.tip.peaks.size, records):
        for first in range(0, records, BATCH):
            for number in range(first, min(first + BATCH, records)):
                orderer.submit(_sign(county, number, clock.now_ms()))
            while orderer.waiting():
                orderer.cut()
            clock.advance(5)
    orderer.close()
    return replica


def _verify_only(county: County, ordered: Replica) -> float:
    """Check every signature by the same library, and nothing else; return the seconds."""
    public, spent = county.keys["tx bank"].public, 0.0
    for height in range(1, ordered.tip.height + 1):
        found = read_block(ordered.block(height))[2]
        signed = [each.signature + domain("tx", each.tid) for each in found]
        began = time.perf_counter()
        for each in signed:
            bindings.crypto_sign_open(each, public)
        spent += time.perf_counter() - began
    return spent


def _run_blocks(county: County, folder: Path, links: dict[str, HttpLink], records: int) -> float:
    replica = _create(county, folder / "blocks" / "ledger.db")
    follower = Follower(replica, Witnesses(replica), links["coop"], "bank")
    began = time.perf_counter()
    with _telling("caught up", lambda: replica.tip.peaks.size, records):
        follower.pull()
    seconds = time.perf_counter() - began
    assert replica.tip.peaks.size == records
    replica.close()
    return seconds


def _take_over(county: County, folder: Path, links: dict[str, HttpLink], records: int) -> float:
    """Take the state over instead; the log, all results and all headers come with it."""
    replica = _create(county, folder / "state" / "ledger.db")
    began = time.perf_counter()
    leap(replica, links["coop"], "bank")
    seconds = time.perf_counter() - began
    assert replica.tip.peaks.size == records
    replica.close()
    return seconds


def _wait_offered(links: dict[str, HttpLink], county: County, folder: Path) -> None:
    """Ask until the other member has written its state, which may take longer than a call."""
    replica = _create(county, folder / "asking" / "ledger.db")
    while True:
        with contextlib.suppress(Unavailable):
            ask_offer(links["coop"], "bank", replica.tip.height)
            break
        time.sleep(1)
    replica.close()


def _witnessed(county: County, ordered: Replica) -> Witnesses:
    """Return the names of both members under the newest block."""
    witnesses, height = Witnesses(ordered), ordered.tip.height
    body = ordered.body(height)
    for name in NAMES:
        key = county.keys[f"note {name}"]
        witnesses.add(name, height, cosign(body, key, member=name, time_s=START_MS // 1_000))
    return witnesses


def run(records: int = RECORDS, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    county, blocks, states = found_county(), [], []
    with tempfile.TemporaryDirectory() as name, linked(county, folder := Path(name)) as links:
        ordered = _order(county, folder, records)
        serve_chain(links["bank"], Peer(ordered, _witnessed(county, ordered)))
        serve_snapshots(links["bank"], ordered)
        _wait_offered(links, county, folder)
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as own:
                ran = _run_blocks(county, Path(own), links, records)
                blocks.append((ran, _verify_only(county, ordered)))
                states.append((_take_over(county, Path(own), links, records), ran))
        ordered.close()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [
        compare("catch_up.blocks", "signatures alone", records, blocks),
        compare("catch_up.state", "every block run", records, states),
    ]
    return [{**row, "records": records, "peak_mib": peak_kib // 1_024} for row in found]


def main() -> None:
    """Measure a chain of a length, in one round."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=RECORDS)
    for row in run(asked.parse_args().records, 1):
        print(row)


if __name__ == "__main__":
    main()
