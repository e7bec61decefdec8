"""How much members put together, and what that costs each, as they grow in number: reckoned.

Definitions. Members put objects of one size, each as many as any other, without a pause. Whichever
member's processor or line (each way by itself) is used longest for them sets the *rate*: the bytes
of objects that all together put a second. A member's *load* is told for each byte that all together
put: seconds of its processor, bytes through its line both ways, bytes it keeps; the mean over
members, and the greatest.

The network is reckoned in closed form, not run: a put's work is charged to the members that do it,
where the product's placement puts each of `OBJECTS` objects; what work costs is measured in the
same run (`bizi_costs.py`). Supposed, not measured: each member has one such processor and a line of
1 Gbit/s each way; one member orders the chain and sends its blocks to each other, as the built-in
engine does, in full blocks and records of objects in bundles of 64; disks and distance cost
nothing; nobody fails or reads. So these are limits from above, to compare ways by: calls are
measured one after another, and processes that share a busy machine spend half as much again
(`bizi.model`).
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bizi_costs import NOTES, Costs
from bizi_members import BLOCK, BUNDLE, PART_BYTES, make_archive
from bizi_ways import Way, draw_name

from tallystick.kernel.store.spread.manifest import DIGEST_SIZE
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.profile import find_profile

__all__ = ["COUNTS", "LINE", "OBJECTS", "OBJECT_BYTES", "Load", "Put", "Tally"]
__all__ += ["charge", "identify", "load_members"]

COUNTS: Final = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
OBJECT_BYTES: Final = 2**20
OBJECTS: Final = 2_000
LINE: Final = 125e6
"""Bytes a second each way."""
_MANIFEST_BYTES: Final = 130
"""Of a manifest beside its hashes."""


class Tally:
    """What members have done: seconds of processor, bytes sent, received and kept."""

    def __init__(self, names: Sequence[str]) -> None:
        self.spent, self.sent, self.received, self.kept = (
            dict.fromkeys(names, 0.0) for _ in "abcd"
        )

    def send(self, path: tuple[str, str], size: float, costs: Costs, calls: float = 1.0) -> None:
        """Charge a request of some bytes to both ends; nothing if they are one."""
        asker, answerer = path
        if asker == answerer:
            return
        self.spent[asker] += calls * costs.ask_call + size * costs.ask_byte
        self.spent[answerer] += calls * costs.answer_call + size * costs.answer_byte
        self.sent[asker] += size + calls * costs.head_bytes
        self.received[answerer] += size + calls * costs.head_bytes

    def seconds(self, name: str) -> tuple[float, float]:
        """Return how long a member's processor and its line are used."""
        return self.spent[name], max(self.sent[name], self.received[name]) / LINE


@dataclass(frozen=True, slots=True)
class Put:
    """One object on its way: who puts it, of what size, and who holds it.

    Attributes:
        putter: the member; or somebody outside, who is charged like one.
        size: its bytes.
        holders: of its bytes, in order of shards where it has shards.
        code: the erasure code.
        members: all.
    """

    putter: str
    size: int
    holders: Sequence[str]
    code: str
    members: Sequence[str]

    @property
    def orderer(self) -> str:
        """Who orders the chain."""
        return self.members[0]


def _put_on_chain(tally: Tally, put: Put, costs: Costs) -> None:
    size, sent = put.size, put.size * costs.chain_share
    records = size / PART_BYTES
    tally.spent[put.putter] += size * costs.sign_byte
    tally.send((put.putter, put.orderer), sent, costs, records / BUNDLE)
    tally.spent[put.orderer] += size * costs.order_byte
    for name in put.members:
        tally.kept[name] += size * costs.chain_kept
        if name != put.orderer:
            tally.send((put.orderer, name), sent, costs, records / BUNDLE / BLOCK)
            tally.spent[name] += size * costs.accept_byte


def _put_to_pins(tally: Tally, put: Put, costs: Costs) -> None:
    size = _archive_size(put.size)
    tally.spent[put.putter] += put.size * costs.import_byte
    for name in put.holders:
        tally.send((put.putter, name), size, costs)
        tally.spent[name] += size * costs.pin_byte
        tally.kept[name] += size * costs.pin_kept


def _put_as_shards(tally: Tally, put: Put, costs: Costs, size: int | None = None) -> None:
    size = put.size if size is None else size
    profile = find_profile(put.code)
    layout = Layout(profile, size)
    count = layout.segment_count
    manifest = _MANIFEST_BYTES + count * profile.n * profile.alpha * DIGEST_SIZE
    shards = [layout.shard_bytes(shard) for shard in range(profile.n)]
    tally.spent[put.putter] += size * costs.encode_byte + sum(shards) * costs.hash_byte
    for name, held in zip(put.holders, shards, strict=True):
        tally.send((put.putter, name), held, costs, count)
        tally.send((put.putter, name), manifest, costs)
        tally.spent[name] += costs.keep_call + held * costs.keep_byte
        tally.kept[name] += held + manifest


def _put_together(tally: Tally, put: Put, costs: Costs) -> None:
    tally.spent[put.putter] += put.size * costs.import_byte + costs.sign_note
    _put_as_shards(tally, put, costs, _archive_size(put.size))
    tally.send((put.putter, put.orderer), costs.note_bytes, costs, 1 / NOTES)
    tally.spent[put.orderer] += costs.order_note
    for name in put.members:
        tally.kept[name] += costs.note_kept
        if name != put.orderer:
            tally.send((put.orderer, name), costs.note_bytes, costs, 1 / NOTES / BLOCK)
            tally.spent[name] += costs.accept_note


_CHARGES: Final[dict[str, Callable[[Tally, Put, Costs], None]]] = {
    "ledger": _put_on_chain,
    "ipfs": _put_to_pins,
    "zigzag": _put_as_shards,
    "together": _put_together,
}


@lru_cache
def _archive_size(size: int) -> int:
    """Return the bytes of a file's archive."""
    return len(make_archive(bytes(size))[1])


def charge(tally: Tally, way: Way, put: Put, costs: Costs) -> None:
    """Charge a put to all who have work of it."""
    _CHARGES[way.name](tally, put, costs)


@dataclass(frozen=True, slots=True)
class Load:
    """What members do and bear in one way, of so many.

    Attributes:
        way, members: which.
        rate: bytes of objects a second that all together put.
        limit: what sets it, of the member that is busiest: `processor` or `line`.
        spent_ns: processor nanoseconds of a member for each byte that all put, mean and greatest.
        passed: bytes through its line, mean and greatest.
        kept: bytes it keeps, mean and greatest.
    """

    way: str
    members: int
    rate: float
    limit: str
    spent_ns: tuple[float, float]
    passed: tuple[float, float]
    kept: tuple[float, float]


def load_members(
    way: Way, code: str, costs: Costs, size: int = OBJECT_BYTES, objects: int = OBJECTS
) -> Load:
    """Return what members do and bear as they put objects of one size."""
    names = [draw_name(number) for number in range(way.members)]
    tally = Tally(names)
    for number in range(objects):
        identifier = identify(number)
        holders = way.holders(names, identifier)
        charge(tally, way, Put(names[number % len(names)], size, holders, code, names), costs)
    put = objects * size
    uses = {name: tally.seconds(name) for name in names}
    busiest = max(uses.values(), key=max)
    return Load(
        way.name,
        way.members,
        put / max(busiest),
        "processor" if busiest[0] >= busiest[1] else "line",
        _mean_and_most([1e9 * spent / put for spent in tally.spent.values()]),
        _mean_and_most([(tally.sent[name] + tally.received[name]) / put for name in names]),
        _mean_and_most([kept / put for kept in tally.kept.values()]),
    )


def identify(number: int) -> bytes:
    """Return an object's identifier."""
    return hashlib.sha256(f"scale {number}".encode()).digest()[:16]


def _mean_and_most(each: Sequence[float]) -> tuple[float, float]:
    return statistics.fmean(each), max(each)
