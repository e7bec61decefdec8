"""An object read and its lost shards made anew, each sub-chunk checked before it is used.

Laws: bytes that come out are the manifest's or none do; in the ordinary case k data shards are
read and nothing is reckoned; what is lost is made from the sub-chunks that the plan names, some
half of what a plain code reads. A member that is away, slow, or gives what is not the manifest's is
passed over and the plan made anew without it; one that gives wrong bytes is named.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final, Self

from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.placement import choose_spare, order_members
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.spread.serving import READ_SEGMENTS_MAX
from tallystick.kernel.store.zigzag.coder import repair, repair_plan
from tallystick.kernel.store.zigzag.layout import Layout, Segment
from tallystick.kernel.store.zigzag.program import Buffer

__all__ = ["HEDGE_S", "Liar", "Reader", "Repaired", "batched_places", "repair_object"]

HEDGE_S: Final = 0.5
"""A member that has not answered for so long is read around, while it may still answer."""
LATE_S: Final = 30.0
"""So long is waited where too few others can answer."""


STRETCH_BYTES: Final = 6 * 1024 * 1024
"""Of one shard: segments that are read at once, a call a member."""


@dataclass(frozen=True, slots=True)
class Liar:
    """A member that gave bytes that are not what was put.

    Attributes:
        member: its name.
        shard, segment, sub_chunk: what it was asked for.
    """

    member: str
    shard: int
    segment: int
    sub_chunk: int


@dataclass(frozen=True, slots=True)
class _Came:
    """What a member gave of a shard, each sub-chunk checked: the same ones of each segment."""

    chunks: tuple[int, ...]
    pieces: dict[int, memoryview]

    def chunk(self, segment: Segment, place: int, shard: int, x: int) -> memoryview:
        """Return one sub-chunk."""
        before = segment.read_bytes(shard, self.chunks[: self.chunks.index(x)])
        return self.pieces[place][before : before + segment.read_bytes(shard, (x,))]


@dataclass(slots=True)
class _Fetched:
    """What came of a stretch, by shard, and the shards of which nothing will."""

    came: dict[int, list[_Came]] = field(default_factory=dict)
    absent: set[int] = field(default_factory=set)

    def missing(self, shard: int, chunks: Sequence[int]) -> tuple[int, ...]:
        """Return those of some sub-chunks that have not come."""
        have = {x for each in self.came.get(shard, ()) for x in each.chunks}
        return tuple(x for x in chunks if x not in have)

    def joined(self, segment: Segment, place: int, shard: int, chunks: Sequence[int]) -> Buffer:
        """Return sub-chunks of a segment one after another; as they came, if they came so."""
        for each in self.came[shard]:
            if each.chunks == tuple(chunks):
                return each.pieces[place]
        found = {x: each for each in self.came[shard] for x in each.chunks}
        return b"".join(found[x].chunk(segment, place, shard, x) for x in chunks)


class Reader:
    """One object, read from whoever holds it; safe for one thread at a time.

    Args:
        ring: the members.
        manifest: the object's.
        hedge_s: how long a member may take before it is read around.
        everyone: whether all members are asked what they hold, also where those that are to hold
            the object hold all of it.

    Attributes:
        holders: who said to hold each shard.
        answered: members that were asked and there when it was made.
        liars: members that gave wrong bytes, in the order they did.
        read_bytes: of shards, that came and were right.
    """

    def __init__(
        self, ring: Ring, manifest: Manifest, *, hedge_s: float = HEDGE_S, everyone: bool = False
    ) -> None:
        self.ring = ring
        self.manifest = manifest
        # Slow answers are left behind, not waited for, when the reader is done.
        most = 2 * manifest.layout.profile.n + len(ring.members())
        self._pool = ThreadPoolExecutor(most, "spread")
        self.holders: dict[int, list[str]] = {}
        self.answered: tuple[str, ...] = ()
        self._locate(everyone=everyone)
        self.liars: list[Liar] = []
        self.read_bytes = 0
        self._hedge_s = hedge_s
        self._shunned: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of what is still on its way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _locate(self, *, everyone: bool) -> None:
        """Ask who is to hold the object, then, where shards lack, all others."""
        count, members = self.manifest.layout.profile.n, self.ring.members()
        order = order_members(self.manifest.id, members)
        for asked in (order,) if everyone else (order[:count], order[count:]):
            if asked and len(self.holders) < count:
                found = self.ring.locate(self.manifest.cid, members=asked, pool=self._pool)
                self.answered += found.answered
                for shard, names in found.held.items():
                    self.holders.setdefault(shard, []).extend(names)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of the object from `start` to before `stop`, in order.

        Raises:
            Unavailable: `spread.lost`, too few shards can be read.
        """
        layout = self.manifest.layout
        end = layout.length if stop is None else min(stop, layout.length)
        for shards, places in self._stretches(start, end):
            given = self.give(places, shards)
            for place in places:
                segment = layout.segment(place)
                for shard in shards:
                    begin = segment.start + shard * segment.piece_bytes
                    piece = memoryview(given[place][shard])
                    found = piece[max(0, start - begin) : max(0, end - begin)]
                    if found:
                        yield bytes(found)

    def _stretches(self, start: int, end: int) -> Iterator[tuple[range, list[int]]]:
        """Yield data shards and segments that together hold a range, as much as is read at once."""
        layout = self.manifest.layout
        full = layout.full_bytes
        touched = range(start // full, -(-end // full)) if start < end else range(0)
        most = _places_max(layout)
        waiting: list[int] = []
        known = range(0)
        for place in touched:
            shards = self._shards(layout.segment(place), start, end)
            if waiting and (shards != known or len(waiting) == most):
                yield known, waiting
                waiting = []
            known = shards
            waiting.append(place)
        if waiting:
            yield known, waiting

    @staticmethod
    def _shards(segment: Segment, start: int, end: int) -> range:
        whole = segment.piece_bytes
        first = max(0, start - segment.start) // whole
        last = (min(end, segment.start + segment.length) - 1 - segment.start) // whole
        return range(first, last + 1)

    def give(self, places: Sequence[int], wanted: Collection[int]) -> dict[int, dict[int, Buffer]]:
        """Return shards of segments, read where they are held and made where they are not.

        Args:
            places: the segments' numbers, ascending, not too many to be in memory at once.
            wanted: the shards, data or parity.

        Returns:
            By segment, each shard's kept bytes.

        Raises:
            Unavailable: `spread.lost`.
        """
        profile, fetched = self.manifest.layout.profile, _Fetched()
        fetched.absent = {shard for shard in range(profile.n) if not self._sources(shard)}
        every = tuple(range(profile.alpha))
        made: dict[int, dict[int, Buffer]] = {place: {} for place in places}
        self._fetch(places, dict.fromkeys(wanted, every), fetched)
        while lost := [shard for shard in wanted if shard in fetched.absent]:
            self._check_enough(fetched.absent)
            plan = repair_plan(profile, lost, fetched.absent)
            self._fetch(places, plan, fetched)
            if not fetched.absent.intersection(plan):
                made = {place: self._made(place, lost, plan, fetched) for place in places}
                break
        return {
            place: {
                shard: made[place][shard]
                if shard in made[place]
                else fetched.joined(self.manifest.layout.segment(place), place, shard, every)
                for shard in wanted
            }
            for place in places
        }

    def _made(
        self,
        place: int,
        lost: Sequence[int],
        plan: Mapping[int, tuple[int, ...]],
        fetched: _Fetched,
    ) -> dict[int, Buffer]:
        segment = self.manifest.layout.segment(place)
        reads = {
            shard: fetched.joined(segment, place, shard, chunks) for shard, chunks in plan.items()
        }
        made = repair(segment, lost, reads, fetched.absent)
        every = tuple(range(segment.profile.alpha))
        for shard, piece in made.items():
            # Every byte read was right: this can differ only if the manifest contradicts itself.
            if self.manifest.find_wrong(place, shard, every, piece) is not None:
                raise Unavailable(
                    "spread.contradiction",
                    f"shard {shard} of segment {place} does not follow from the others",
                    cure="Have its owner put the object again: its manifest is false.",
                )
        return dict(made)

    def _sources(self, shard: int) -> list[str]:
        names = self.holders.get(shard, [])
        return [name for name in names if (name, shard) not in self._shunned]

    def _check_enough(self, absent: Collection[int]) -> None:
        profile = self.manifest.layout.profile
        if len(absent) > profile.r:
            raise Unavailable(
                "spread.lost",
                f"{profile.n - len(absent)} of {profile.n} shards of {self.manifest.cid} can be"
                f" read, {profile.k} are needed",
                cure="Try again when more members are up.",
                cid=str(self.manifest.cid),
            )

    def _fetch(
        self, places: Sequence[int], plan: Mapping[int, Sequence[int]], fetched: _Fetched
    ) -> None:
        """Read what is not read yet, all shards at once; who fails or is slow becomes absent."""
        asked: dict[Future[_Came | None], int] = {}
        for shard, chunks in plan.items():
            missing = fetched.missing(shard, chunks)
            if missing and shard not in fetched.absent:
                asked[self._pool.submit(self._ask, places, shard, missing)] = shard
        profile = self.manifest.layout.profile
        spare = profile.r - len(fetched.absent)
        done, late = wait(asked, timeout=self._hedge_s * len(places))
        if len(late) > spare:
            # So many others are not there: who is slow is waited for.
            done, late = wait(asked, timeout=LATE_S)
        for each in done:
            found = each.result()
            if found is None:
                fetched.absent.add(asked[each])
            else:
                fetched.came.setdefault(asked[each], []).append(found)
        fetched.absent.update(asked[each] for each in late)

    def _ask(self, places: Sequence[int], shard: int, chunks: tuple[int, ...]) -> _Came | None:
        """Return sub-chunks from the first holder that gives them right, or none."""
        for name in self._sources(shard):
            try:
                data = self.ring.read(name, self.manifest.cid, (places, shard), chunks)
            except Error:
                # It is away or has lost the shard: not asked for it again by this reader.
                self._shun(name, shard)
                continue
            found, wrong = self._check(places, shard, chunks, memoryview(data))
            if wrong is None:
                with self._lock:
                    self.read_bytes += len(data)
                return found
            self._shun(name, shard)
            with self._lock:
                self.liars.append(Liar(name, shard, *wrong))
        return None

    def _check(
        self, places: Sequence[int], shard: int, chunks: tuple[int, ...], view: memoryview
    ) -> tuple[_Came, tuple[int, int] | None]:
        """Cut what came into segments; tell segment and number of the first wrong sub-chunk."""
        found, at = _Came(chunks, {}), 0
        for place in places:
            end = at + self.manifest.layout.segment(place).read_bytes(shard, chunks)
            found.pieces[place] = view[at:end]
            wrong = self.manifest.find_wrong(place, shard, chunks, view[at:end])
            if wrong is not None:
                return found, (place, wrong)
            at = end
        return found, None if at == len(view) else (places[-1], chunks[-1])

    def _shun(self, name: str, shard: int) -> None:
        with self._lock:
            self._shunned.add((name, shard))


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        made: the shards made anew, and who was given each.
        read_bytes: of shards, that were read for it.
        liars: members that gave wrong bytes; their shards were made anew for others too.
        missing: shards that nobody could be given, for want of members.
    """

    made: dict[int, str]
    read_bytes: int
    liars: tuple[Liar, ...]
    missing: tuple[int, ...]


def repair_object(
    ring: Ring,
    manifest: Manifest,
    *,
    bad: Collection[tuple[str, int]] = (),
    shunned: Collection[str] = (),
    hedge_s: float = HEDGE_S,
    pace: Callable[[int], None] = lambda _: None,
) -> Repaired:
    """Make the lost shards of an object anew and give each to a member that holds none.

    Args:
        ring: the members.
        manifest: the object's.
        bad: (member, shard) that a scrub found rotten, as good as lost.
        shunned: members that are given none.
        hedge_s: as `Reader` takes it.
        pace: told the bytes of each segment that was read; may wait, to keep to a rate.

    Raises:
        Unavailable: `spread.lost`, too few shards can be read; nothing was changed.
    """
    layout = manifest.layout
    with Reader(ring, manifest, hedge_s=hedge_s, everyone=True) as reader:
        for name, shard in bad:
            if name in reader.holders.get(shard, []):
                reader.holders[shard].remove(name)
        held = {shard: names for shard, names in reader.holders.items() if names}
        lost = [shard for shard in range(layout.profile.n) if shard not in held]
        able = [name for name in reader.answered if name not in shunned]
        targets, missing = _choose_targets(manifest.id, able, held, lost)
        for places in batched_places(layout) if targets else ():
            before = reader.read_bytes
            for place, pieces in reader.give(places, list(targets)).items():
                for shard, piece in pieces.items():
                    if len(piece):
                        at = layout.segment(place).piece_start
                        ring.write(targets[shard], (manifest.id, shard), at, bytes(piece))
            pace(reader.read_bytes - before)
        for shard, name in targets.items():
            ring.finish(name, manifest, shard)
        return Repaired(targets, reader.read_bytes, tuple(reader.liars), tuple(missing))


def batched_places(layout: Layout) -> Iterator[range]:
    """Yield all segments, as many at a time as are read at once."""
    most = _places_max(layout)
    for first in range(0, layout.segment_count, most):
        yield range(first, min(first + most, layout.segment_count))


def _places_max(layout: Layout) -> int:
    """Return how many segments are read at once."""
    fitting = STRETCH_BYTES * layout.profile.k // layout.full_bytes
    return min(max(1, fitting), READ_SEGMENTS_MAX)


def _choose_targets(
    identifier: bytes,
    able: Collection[str],
    held: Mapping[int, Collection[str]],
    lost: Sequence[int],
) -> tuple[dict[int, str], list[int]]:
    """Return who is to hold each lost shard, and those for which there is nobody."""
    taken = {shard: list(names) for shard, names in held.items()}
    targets: dict[int, str] = {}
    missing = []
    for shard in lost:
        try:
            name = choose_spare(identifier, able, taken)
        except Unavailable:
            missing.append(shard)
            continue
        targets[shard] = name
        taken.setdefault(shard, []).append(name)
    return targets, missing
