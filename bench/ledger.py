"""How fast the ledger is, against what its own libraries can do bare, measured in the same run.

Each pair runs in interleaved rounds over the same pre-signed transactions; a ratio is the median of
the rounds' ratios, its spread their interquartile range. The bare loops do what no ledger of this
form can leave out, with the same libraries: signatures (libsodium), decoding and encoding (cbor2),
hashes (hashlib), the state's lanes (SHAKE128 and NumPy), rows (SQLite, WAL, FULL); they keep no
chain and check nothing but the signature.
"""

from __future__ import annotations

import hashlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cbor2
import numpy as np
from nacl import bindings
from one_type import CHARTER

from tallystick.base import codec
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import encode
from tallystick.base.keys import SigningKey, verify_many
from tallystick.chain.block import Genesis
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.transaction import Transaction, sign_transaction
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.signatures import check_both

__all__ = ["run"]

START_MS: Final = 1_790_000_000_000
SINGLES: Final = 3_000
BUNDLES: Final = 12
BUNDLE_RECORDS: Final = 1_000
SMALL_BUNDLES: Final = 96
SMALL_BUNDLE_RECORDS: Final = 64
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Load:
    """Transactions signed beforehand, and the member who signed them."""

    genesis: Genesis
    key: SigningKey
    transactions: list[bytes]
    records: int


def _load(count: int, width: int) -> Load:
    entropy = SeededEntropy("bench")
    key = SigningKey.from_seed(entropy.draw("key", 32))
    members = Members.of([Member("bank", "bank", (Key(1, "tx", 1, key.public, 0),))])
    fields: dict[str, codec.Value] = {
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
    genesis = Genesis.read(encode(fields), members.data)
    transactions = [
        sign_transaction(
            key,
            [_record(number * width + index) for index in range(width)],
            chain=genesis.chain,
            member="bank",
            number=1,
            seq=number + 1,
            not_after=START_MS + 3_600_000,
        )
        for number in range(count)
    ]
    return Load(genesis, key, transactions, count * width)


def _record(number: int) -> bytes:
    return encode(
        {
            "t": "note.made",
            "rv": 1,
            "id": hashlib.sha256(number.to_bytes(8, "big")).digest()[:16],
            "pub": {"kind": "bench", "object": codec.cid_of(number.to_bytes(8, "big"), codec.RAW)},
        }
    )


def _append(load: Load, folder: Path) -> float:
    """Submit and order everything, in blocks as the service cuts them; return the seconds."""
    path = folder / "ledger.db"
    replica = Replica.create(path, load.genesis.data, load.genesis.members.data, CHARTER)
    orderer = Orderer(replica, "bank", ManualClock(START_MS), SeededEntropy("nonce"))
    started = time.perf_counter()
    for data in load.transactions:
        orderer.submit(data)
    while orderer.waiting():
        orderer.cut()
    seconds = time.perf_counter() - started
    assert replica.tip.peaks.size == len(load.transactions)
    orderer.close()
    replica.close()
    return seconds


def _verify_chain(load: Load, folder: Path) -> float:
    """Verify the chain that `_append` left, from genesis; return the seconds."""
    replica = Replica.open(folder / "ledger.db", CHARTER)
    started = time.perf_counter()
    tip = replica.verify()
    seconds = time.perf_counter() - started
    assert tip.peaks.size == len(load.transactions)
    replica.close()
    return seconds


def _messages(load: Load) -> list[bytes]:
    found = [Transaction.read(data) for data in load.transactions]
    return [each.signature + each.signed for each in found]


def _verify_only(load: Load, folder: Path) -> float:
    """Check the signatures and nothing else; return the seconds."""
    del folder
    messages, public = _messages(load), load.key.public
    started = time.perf_counter()
    for message in messages:
        bindings.crypto_sign_open(message, public)
    return time.perf_counter() - started


def _verify_both(load: Load, folder: Path) -> float:
    """Do that on two threads, as a block's are; return the seconds."""
    del folder
    found = [Transaction.read(data) for data in load.transactions]
    rows = [(load.key.public, each.signed, each.signature) for each in found]
    started = time.perf_counter()
    check_both(rows)
    return time.perf_counter() - started


def _verify_one(load: Load, folder: Path) -> float:
    """Do that on one thread by the rule that is consensus; return the seconds."""
    del folder
    found = [Transaction.read(data) for data in load.transactions]
    rows = [(load.key.public, each.signed, each.signature) for each in found]
    started = time.perf_counter()
    verify_many(rows)
    return time.perf_counter() - started


def _again(data: bytes) -> Any:  # noqa: ANN401 - whatever it is
    """Decode and encode again, as canonical bytes must be; links stay plain tags."""
    tree = cbor2.loads(data)
    assert cbor2.dumps(tree) == data
    return tree


def _hash_tree(items: Sequence[bytes]) -> bytes:
    level = [hashlib.sha256(b"\x00" + item).digest() for item in items]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in pairs]
        level = above + level[-1:] if len(level) % 2 else above
    return level[0]


class _Floor:
    """What every record and transaction costs whoever does it, without a chain around it."""

    def __init__(self, load: Load, folder: Path | None) -> None:
        self._load = load
        self._total = np.zeros(1_024, dtype="<u2")
        self._file = None
        if folder is not None:
            self._file = sqlite3.connect(folder / "bare.db", isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.execute("CREATE TABLE block (height INTEGER PRIMARY KEY, data BLOB)")
            self._file.execute(
                "CREATE TABLE state (name BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
            )

    def run(self) -> float:
        """Do it all in blocks of 1,000; return the seconds."""
        started = time.perf_counter()
        for height in range(0, len(self._load.transactions), 1_000):
            self._block(height, self._load.transactions[height : height + 1_000])
        seconds = time.perf_counter() - started
        if self._file is not None:
            self._file.close()
        return seconds

    def _block(self, height: int, transactions: Sequence[bytes]) -> None:
        pairs: list[tuple[bytes, bytes]] = []
        leaves = []
        for data in transactions:
            header, signature, records = _again(data)
            _again(header)
            tid = hashlib.sha256(header).digest()
            message = signature + b"tally/tx/1\x00" + tid
            bindings.crypto_sign_open(message, self._load.key.public)
            _hash_tree(records)
            for record in records:
                name = _again(record)["id"]
                pairs += [(b"id/" + name, b"note.made"), (b"note/" + name, bytes(32))]
            leaves.append(tid)
        _hash_tree(leaves)
        for key, value in pairs:
            digest = hashlib.shake_128(cbor2.dumps([key, value])).digest(2_048)
            self._total += np.frombuffer(digest, dtype="<u2")
        if self._file is not None:
            self._file.execute("BEGIN")
            self._file.execute("INSERT INTO block VALUES (?, ?)", (height, b"".join(transactions)))
            self._file.executemany("INSERT INTO state VALUES (?, ?)", pairs)
            self._file.execute("COMMIT")


def _floor_with_rows(load: Load, folder: Path) -> float:
    return _Floor(load, folder).run()


def _floor(load: Load, folder: Path) -> float:
    del folder
    return _Floor(load, None).run()


Work = Callable[[Load, Path], float]


def _compare(load: Load, works: Sequence[Work], rounds: int) -> list[list[float]]:
    """Return each work's seconds by round, after one round that warms up."""
    found: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            for seconds, work in zip(found, works, strict=True):
                spent = work(load, Path(name))
                if number:
                    seconds.append(spent)
    return found


def _row(
    name: str,
    against: str,
    counts: tuple[int, int],
    ours: Sequence[float],
    bare: Sequence[float],
    *,
    goal: float,
) -> dict[str, Any]:
    """Return a promise's row; `counts` are the records of ours and of what it is held against."""
    count, other = counts
    ratios = sorted(count * b / (other * o) for o, b in zip(ours, bare, strict=True))
    low, ratio, high = statistics.quantiles(ratios, n=4)
    return {
        "name": name,
        "value": round(count / statistics.median(ours)),
        "unit": "1/s",
        "against": against,
        "ratio": round(ratio, 3),
        "spread": round(high - low, 3),
        "goal": goal,
        "met": ratio >= goal,
    }


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    singles, bundles = _load(SINGLES, 1), _load(BUNDLES, BUNDLE_RECORDS)
    small = _load(SMALL_BUNDLES, SMALL_BUNDLE_RECORDS)
    appended, verified, signatures, one, both = _compare(
        singles, [_append, _verify_chain, _verify_only, _verify_one, _verify_both], rounds
    )
    bundled, checked, rows, bare = _compare(
        bundles, [_append, _verify_chain, _floor_with_rows, _floor], rounds
    )
    (in_64,) = _compare(small, [_append], rounds)
    alone, each = "signatures alone, one thread", (singles.records, singles.records)
    decoded, all_of = "decode, encode, hash, state, rows", (bundles.records, bundles.records)
    wider = (small.records, singles.records)
    return [
        _row("ledger.append_single", alone, each, appended, signatures, goal=0.6),
        _row("ledger.append_bundle", decoded, all_of, bundled, rows, goal=0.66),
        _row("ledger.bundles_of_64", "single records", wider, in_64, appended, goal=2.5),
        _row("ledger.verify_single", alone, each, verified, signatures, goal=0.6),
        _row("ledger.verify_bundle", "decode, hash, state", all_of, checked, bare, goal=0.5),
        _row("ledger.two_threads", "one thread", each, both, one, goal=1.8),
    ]


if __name__ == "__main__":
    for row in run():
        print(row)
