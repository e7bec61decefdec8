"""What verifying since a kept checkpoint costs, against verifying the whole chain, in the same run.

One member's chain of single-signed records in equal blocks; the checkpoint stands one block in a
hundred before the end. Both runs read the file afresh, run every block they look at by the charter
and compare the rows with it; the later one reads the kept state first and checks it whole against
the checkpoint's header, which is what remains of its cost when little is new.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from one_type import CHARTER

from tallystick.base import codec
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import Value, cid_of, encode, sha256
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Genesis
from tallystick.chain.checkpoint import cosign
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.transaction import sign_transaction
from tallystick.kernel.ledger.audit import Report, audit_chain
from tallystick.kernel.ledger.kept import Kept, KeptState, read_state
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.replica import Replica

__all__ = ["Chain", "build", "run"]

START_MS: Final = 1_790_000_000_000
BLOCKS: Final = 100
RECORDS_PER_BLOCK: Final = 100
ROUNDS: Final = 5
GOAL: Final = 10.0


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain in a file, and what was kept of it a hundredth of its blocks before the end."""

    path: Path
    genesis: Genesis
    kept: Kept

    def audit(self, kept: Kept | None) -> float:
        """Verify from the checkpoint on, or whole; return the seconds."""
        started = time.perf_counter()
        since = None if kept is None else read_state(kept.state, kept.note, self.genesis)
        report = _audit(self.path, self.genesis, since)
        seconds = time.perf_counter() - started
        assert report.is_sound, report.findings
        return seconds


def _audit(path: Path, genesis: Genesis, since: KeptState | None, *, keep: bool = False) -> Report:
    return audit_chain(path, CHARTER, member="bank", chain=genesis.chain, since=since, keep=keep)


def _found(keys: tuple[SigningKey, SigningKey]) -> Genesis:
    tx, note = (each.public for each in keys)
    held = (Key(1, "tx", 1, tx, 0), Key(2, "note", 1, note, 0))
    members = Members.of([Member("bank", "bank", held)])
    fields: dict[str, Value] = {
        "v": 1,
        "suite": 1,
        "kind": "bench",
        "name": "bench",
        "time": START_MS - 1,
        "salt": bytes(32),
        "target": b"\xff" * 32,
        "limits": {},
        "rules": {},
        "seeded": 1,
        "members": members.cid,
    }
    return Genesis.read(encode(fields), members.data)


def build(folder: Path, blocks: int, width: int) -> Chain:
    """Make a chain of `blocks` blocks of `width` transactions of one record each.

    Its one member cosigns the height a hundredth before the end.
    """
    entropy = SeededEntropy("bench")
    tx, note = (SigningKey.from_seed(entropy.draw("key", 32)) for _ in range(2))
    genesis, path, early = _found((tx, note)), folder / "ledger.db", blocks - max(1, blocks // 100)
    replica = Replica.create(path, genesis.data, genesis.members.data, CHARTER)
    orderer = Orderer(replica, "bank", ManualClock(START_MS), SeededEntropy("nonce"))
    kept: Kept | None = None
    for height in range(1, blocks + 1):
        for seq in range((height - 1) * width + 1, height * width + 1):
            orderer.submit(_sign(tx, genesis, seq))
        orderer.cut()
        if height == early:
            line = cosign(replica.body(height), note, member="bank", time_s=START_MS // 1_000)
            replica.keep_cosignature(height, "bank", line)
            replica.flush()
            kept = _audit(path, genesis, None, keep=True).kept
    orderer.close()
    replica.close()
    assert kept is not None
    return Chain(path, genesis, kept)


def _sign(key: SigningKey, genesis: Genesis, seq: int) -> bytes:
    name = seq.to_bytes(8, "big")
    pub: dict[str, Value] = {"kind": "bench", "object": cid_of(name, codec.RAW)}
    record = encode({"t": "note.made", "rv": 1, "id": sha256(name)[:16], "pub": pub})
    return sign_transaction(
        key,
        [record],
        chain=genesis.chain,
        member="bank",
        number=1,
        seq=seq,
        not_after=START_MS + 3_600_000,
    )


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure, and return the row of its promise."""
    with tempfile.TemporaryDirectory() as name:
        chain = build(Path(name), BLOCKS, RECORDS_PER_BLOCK)
        pairs = [(chain.audit(None), chain.audit(chain.kept)) for _ in range(rounds)]
    low, ratio, high = statistics.quantiles([whole / later for whole, later in pairs], n=4)
    row = {
        "name": "verify.since",
        "value": round(statistics.median(later for _, later in pairs) * 1_000),
        "unit": "ms",
        "against": "the whole chain",
        "ratio": round(ratio, 1),
        "spread": round(high - low, 1),
        "goal": GOAL,
        "met": ratio >= GOAL,
    }
    return [row]


if __name__ == "__main__":
    for row in run():
        print(row)
