"""How fast the log's tree grows, proves and is checked, against others on the same leaves.

Each pair runs in interleaved rounds; a ratio is the median of the rounds' ratios, its spread their
interquartile range. pymerkle is the tree that others use in Python; the bare loop hashes a leaf
and a node for each leaf and keeps nothing, which no tree can go below. Proofs are read from a
`ledger.db` of a million leaves, and held against the time that is promised.
"""

from __future__ import annotations

import hashlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pymerkle

from tallystick.chain.log import Log
from tallystick.chain.merkle import Peaks, extends, includes, leaf_hashes
from tallystick.chain.tile import Tile, tile_data
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.nodes import Nodes
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database

__all__ = ["run"]

LEAVES: Final = 100_000
BLOCK: Final = 1_000
LONG: Final = 1_000_000
ASKED: Final = 500
ROUNDS: Final = 7
PROVE_US: Final = 100.0
CHECK_US: Final = 60.0

_ITEMS: Final = [number.to_bytes(64, "big") for number in range(LEAVES)]


def _append() -> None:
    """Grow a tree as blocks grow the log's, every perfect subtree's root told."""
    peaks = Peaks()
    for at in range(0, LEAVES, BLOCK):
        peaks, nodes = peaks.extend(leaf_hashes(_ITEMS[at : at + BLOCK]))
        assert nodes
    peaks.root()


def _append_pymerkle() -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for item in _ITEMS:
        tree.append_entry(item)
    tree.get_root()


def _hash_bare() -> None:
    """Hash twice a leaf, and nothing else."""
    new = hashlib.sha256
    before = bytes(32)
    for item in _ITEMS:
        leaf = new(b"\x00" + item).digest()
        before = new(b"\x01" + before + leaf).digest()


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _compare(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    for work in works:
        work()
    return [
        list(row)
        for row in zip(*([_time(work) for work in works] for _ in range(rounds)), strict=True)
    ]


def _long_log(path: Path) -> tuple[Log, Peaks, Database]:
    """Keep a log of a million leaves as a member does, and open it."""
    database = Database.write(path, "ledger", layout.SCHEMA, layout.VERSION)
    peaks = Peaks()
    with database.transaction():
        for height, first in enumerate(range(0, LONG, BLOCK), start=1):
            items = (at.to_bytes(64, "big") for at in range(first, first + BLOCK))
            peaks, nodes = peaks.extend(leaf_hashes(items))
            row = (first, height, bytes(32 * BLOCK), bytes(2 * BLOCK), b"".join(nodes))
            database.run("INSERT INTO log VALUES (?, ?, ?, ?, ?)", row)
    database.close()
    reading = Database.read(path)
    return Log(Nodes(Rows(reading)).node, lambda: LONG), peaks, reading


def _proofs(rounds: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        log, peaks, database = _long_log(Path(name) / "ledger.db")
        root = peaks.root()
        places = [at * 1_999 % LONG for at in range(ASKED)]
        sizes = [1 + at * 1_993 % (LONG - 1) for at in range(ASKED)]
        paths = [log.inclusion(at, LONG) for at in places]
        steps = [log.consistency(at, LONG) for at in sizes]
        roots = [log.root(at) for at in sizes]
        leaves = [log.leaf_hash(at) for at in places]

        def check() -> None:
            for leaf, at, path in zip(leaves, places, paths, strict=True):
                assert includes(leaf=leaf, index=at, size=LONG, path=path, root=root)

        def check_steps() -> None:
            for old, one, path in zip(sizes, roots, steps, strict=True):
                assert extends(old=old, old_root=one, new=LONG, new_root=root, path=path)

        works = (
            lambda: [log.inclusion(at, LONG) for at in places],
            check,
            lambda: [log.consistency(at, LONG) for at in sizes],
            check_steps,
        )
        spent = _compare(works, rounds)
        tile = _compare([lambda: tile_data(Tile(0, 1_000), log.node)], rounds)[0]
        database.close()
    names = ("inclusion", "inclusion_check", "consistency", "consistency_check")
    limits = (PROVE_US, CHECK_US, PROVE_US, CHECK_US)
    rows = [
        _limit(f"proof.{name}", limit, [each / ASKED for each in seconds])
        for name, limit, seconds in zip(names, limits, spent, strict=True)
    ]
    return [*rows, _limit("proof.tile", 10_000.0, tile)]


def _limit(name: str, limit_us: float, seconds: Sequence[float]) -> dict[str, Any]:
    """Return a row of a time against the time that is promised."""
    ratios = [limit_us / (each * 1e6) for each in seconds]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    return {
        "name": name,
        "value": round(statistics.median(seconds) * 1e6, 1),
        "unit": "us",
        "against": f"{limit_us:g} us",
        "ratio": round(ratio, 3),
        "spread": round(high - low, 3),
    }


def _row(name: str, against: str, ours: Sequence[float], other: Sequence[float]) -> dict[str, Any]:
    ratios = [b / a for a, b in zip(ours, other, strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    return {
        "name": name,
        "value": round(LEAVES / statistics.median(ours)),
        "unit": "1/s",
        "against": against,
        "ratio": round(ratio, 3),
        "spread": round(high - low, 3),
    }


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    ours, theirs, bare = _compare([_append, _append_pymerkle, _hash_bare], rounds)
    return list(
        itertools.chain(
            [
                _row("proof.append", "pymerkle, in memory", ours, theirs),
                _row("proof.tree", "two hashes a leaf, bare", ours, bare),
            ],
            _proofs(rounds),
        )
    )


if __name__ == "__main__":
    for row in run():
        print(row)
