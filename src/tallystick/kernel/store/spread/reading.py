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
from tallystick.kernel.store.spread.placement import choose_spare
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.zigzag.coder import repair, repair_plan
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.program import Buffer

__all__ = ["HEDGE_S", "Liar", "Reader", "Repaired", "repair_object"]

HEDGE_S: Final = 0.5
"""A member that has not answered for so long is read around, while it may still answer."""
LATE_S: Final = 30.0
"""So long is waited where too few others can answer."""


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


@dataclass(slots=True)
class _Fetched:
    """What came of a segment: sub-chunks by shard, each checked."""

    chunks: dict[int, dict[int, Buffer]] = field(default_factory=dict)
    absent: set[int] = field(default_factory=set)


class Reader:
    """One object, read from whoever holds it; safe for one thread at a time.

    Args:
        ring: the members.
        manifest: the object's.
        hedge_s: how long a member may take before it is read around.

    Attributes:
        answered: members that were there when it was made.
        liars: members that gave wrong bytes, in the order they did.
        read_bytes: of shards, that came and were right.
    """

    def __init__(self, ring: Ring, manifest: Manifest, *, hedge_s: float = HEDGE_S) -> None:
        self.ring = ring
        self.manifest = manifest
        located = ring.locate(manifest.cid)
        self.holders, self.answered = located.held, located.answered
        self.liars: list[Liar] = []
        self.read_bytes = 0
        self._hedge_s = hedge_s
        self._shunned: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        # Slow answers are left behind, not waited for, when the reader is done.
        self._pool = ThreadPoolExecutor(2 * manifest.layout.profile.n, "spread")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of what is still on its way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of the object from `start` to before `stop`, in order.

        Raises:
            Unavailable: `spread.lost`, too few shards can be read.
        """
        layout = self.manifest.layout
        end = layout.length if stop is None else min(stop, layout.length)
        for place, segment in enumerate(layout.segments()):
            if segment.start < end and start < segment.start + segment.length:
                yield from self._read_segment(place, segment, start, end)

    def _read_segment(self, place: int, segment: Segment, start: int, end: int) -> Iterator[bytes]:
        whole = segment.piece_bytes
        first = max(0, start - segment.start) // whole
        last = (min(end, segment.start + segment.length) - 1 - segment.start) // whole
        for shard, piece in self.give(place, range(first, last + 1)).items():
            begin = segment.start + shard * whole
            found = memoryview(piece)[max(0, start - begin) : max(0, end - begin)]
            if found:
                yield bytes(found)

    def give(self, place: int, wanted: Collection[int]) -> dict[int, Buffer]:
        """Return shards of a segment, read where they are held and made where they are not.

        Args:
            place: the segment's number.
            wanted: the shards, data or parity.

        Raises:
            Unavailable: `spread.lost`.
        """
        profile, fetched = self.manifest.layout.profile, _Fetched()
        fetched.absent = {shard for shard in range(profile.n) if not self._sources(shard)}
        every = tuple(range(profile.alpha))
        self._fetch(place, dict.fromkeys(wanted, every), fetched)
        while lost := [shard for shard in wanted if shard in fetched.absent]:
            self._check_enough(fetched.absent)
            plan = repair_plan(profile, lost, fetched.absent)
            self._fetch(place, plan, fetched)
            if not fetched.absent.intersection(plan):
                return self._made(place, wanted, lost, plan, fetched)
        return {shard: self._joined(fetched, shard, every) for shard in wanted}

    def _made(
        self,
        place: int,
        wanted: Collection[int],
        lost: Sequence[int],
        plan: Mapping[int, tuple[int, ...]],
        fetched: _Fetched,
    ) -> dict[int, Buffer]:
        segment = self.manifest.layout.segment(place)
        reads = {shard: self._joined(fetched, shard, chunks) for shard, chunks in plan.items()}
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
        return {
            shard: made[shard] if shard in made else self._joined(fetched, shard, every)
            for shard in wanted
        }

    @staticmethod
    def _joined(fetched: _Fetched, shard: int, chunks: Sequence[int]) -> Buffer:
        return b"".join(fetched.chunks[shard][x] for x in chunks)

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

    def _fetch(self, place: int, plan: Mapping[int, Sequence[int]], fetched: _Fetched) -> None:
        """Read what is not read yet, all shards at once; who fails or is slow becomes absent."""
        asked: dict[Future[dict[int, Buffer]], int] = {}
        for shard, chunks in plan.items():
            have = fetched.chunks.setdefault(shard, {})
            missing = [x for x in chunks if x not in have]
            if missing and shard not in fetched.absent:
                asked[self._pool.submit(self._ask, place, shard, missing)] = shard
        profile = self.manifest.layout.profile
        spare = profile.r - len(fetched.absent)
        done, late = wait(asked, timeout=self._hedge_s)
        if len(late) > spare:
            # So many others are not there: who is slow is waited for.
            done, late = wait(asked, timeout=LATE_S)
        for each in done:
            found = each.result()
            fetched.chunks[asked[each]].update(found)
            if not found:
                fetched.absent.add(asked[each])
        fetched.absent.update(asked[each] for each in late)

    def _ask(self, place: int, shard: int, chunks: Sequence[int]) -> dict[int, Buffer]:
        """Return sub-chunks from the first holder that gives them right, or none."""
        segment = self.manifest.layout.segment(place)
        for name in self._sources(shard):
            try:
                data = self.ring.read(name, self.manifest, (place, shard), chunks)
            except Error:
                # It is away or has lost the shard: not asked for it again by this reader.
                self._shun(name, shard)
                continue
            wrong = self.manifest.find_wrong(place, shard, chunks, data)
            if wrong is None:
                return self._cut(segment, shard, chunks, data)
            self._shun(name, shard)
            with self._lock:
                self.liars.append(Liar(name, shard, place, wrong))
        return {}

    def _cut(
        self, segment: Segment, shard: int, chunks: Sequence[int], data: bytes
    ) -> dict[int, Buffer]:
        found: dict[int, Buffer] = {}
        view, at = memoryview(data), 0
        for x in chunks:
            start, end = segment.span(shard, x)
            found[x] = view[at : at + end - start]
            at += end - start
        with self._lock:
            self.read_bytes += len(data)
        return found

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
    hedge_s: float = HEDGE_S,
    pace: Callable[[int], None] = lambda _: None,
) -> Repaired:
    """Make the lost shards of an object anew and give each to a member that holds none.

    Args:
        ring: the members.
        manifest: the object's.
        bad: (member, shard) that a scrub found rotten, as good as lost.
        hedge_s: as `Reader` takes it.
        pace: told the bytes of each segment that was read; may wait, to keep to a rate.

    Raises:
        Unavailable: `spread.lost`, too few shards can be read; nothing was changed.
    """
    layout = manifest.layout
    with Reader(ring, manifest, hedge_s=hedge_s) as reader:
        for name, shard in bad:
            if name in reader.holders.get(shard, []):
                reader.holders[shard].remove(name)
        held = {shard: names for shard, names in reader.holders.items() if names}
        lost = [shard for shard in range(layout.profile.n) if shard not in held]
        targets, missing = _choose_targets(reader, held, lost)
        for place, segment in enumerate(layout.segments()) if targets else ():
            before = reader.read_bytes
            for shard, piece in reader.give(place, list(targets)).items():
                if len(piece):
                    place_of = (manifest.id, shard)
                    ring.write(targets[shard], place_of, segment.piece_start, bytes(piece))
            pace(reader.read_bytes - before)
        for shard, name in targets.items():
            ring.finish(name, manifest, shard)
        return Repaired(targets, reader.read_bytes, tuple(reader.liars), tuple(missing))


def _choose_targets(
    reader: Reader, held: Mapping[int, Collection[str]], lost: Sequence[int]
) -> tuple[dict[int, str], list[int]]:
    """Return who is to hold each lost shard, and those for which there is nobody."""
    taken = {shard: list(names) for shard, names in held.items()}
    targets: dict[int, str] = {}
    missing = []
    for shard in lost:
        try:
            name = choose_spare(reader.manifest.id, reader.answered, taken)
        except Unavailable:
            missing.append(shard)
            continue
        targets[shard] = name
        taken.setdefault(shard, []).append(name)
    return targets, missing
