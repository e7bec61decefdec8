"""What members gave of a stretch of segments, each sub-chunk checked before it stands here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.program import Buffer

__all__ = ["Asked", "Fetched", "Spot", "cut_answer"]

Pieces: TypeAlias = dict[int, memoryview]
"""By segment."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A sub-chunk that a member gave and that is not what was put.

    Attributes:
        member: its name.
        shard, segment, sub_chunk: what it was asked for.
    """

    member: str
    shard: int
    segment: int
    sub_chunk: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is asked for: the same sub-chunks of a shard's pieces."""

    shard: int
    chunks: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Came:
    """Some sub-chunks of a piece, ascending, one after another."""

    chunks: tuple[int, ...]
    data: memoryview

    def chunk(self, segment: Segment, shard: int, x: int) -> memoryview:
        """Return one sub-chunk."""
        before = segment.read_bytes(shard, self.chunks[: self.chunks.index(x)])
        return self.data[before : before + segment.read_bytes(shard, (x,))]


@dataclass(slots=True)
class Fetched:
    """What came of a stretch.

    Attributes:
        absent: by segment, the shards of which nothing will come.
        late: what was asked for and may come still; its shards are among the absent ones.
    """

    absent: dict[int, set[int]]
    late: dict[Future[Pieces], Asked] = field(default_factory=dict)
    _came: dict[tuple[int, int], list[_Came]] = field(default_factory=dict)

    def missing(self, place: int, shard: int, chunks: Sequence[int]) -> tuple[int, ...]:
        """Return those of some sub-chunks that have not come."""
        have = {x for each in self._came.get((place, shard), ()) for x in each.chunks}
        return tuple(x for x in chunks if x not in have)

    def lacking(self, wants: Mapping[int, Mapping[int, Sequence[int]]]) -> list[Asked]:
        """Return what is to be asked for, the same of several segments at once.

        Args:
            wants: by segment and shard, the sub-chunks that are needed.
        """
        found: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        for place, plan in wants.items():
            for shard, chunks in plan.items():
                missing = self.missing(place, shard, chunks)
                if missing and shard not in self.absent[place]:
                    found.setdefault((shard, missing), []).append(place)
        return [Asked(shard, chunks, tuple(at)) for (shard, chunks), at in found.items()]

    def take(self, asked: Asked, came: Pieces) -> None:
        """Take in what came of what was asked for; the rest of it is absent."""
        for place in asked.places:
            if place in came:
                each = _Came(asked.chunks, came[place])
                self._came.setdefault((place, asked.shard), []).append(each)
                self.absent[place].discard(asked.shard)
            elif self.missing(place, asked.shard, asked.chunks):
                # Where another has given it meanwhile, it is there.
                self.absent[place].add(asked.shard)

    def leave(self, asked: Asked, coming: Future[Pieces]) -> None:
        """Go on without what is late."""
        self.late[coming] = asked
        for place in asked.places:
            self.absent[place].add(asked.shard)

    def joined(self, segment: Segment, place: int, shard: int, chunks: Iterable[int]) -> Buffer:
        """Return sub-chunks of a segment one after another; as they came, if they came so."""
        wanted, came = tuple(chunks), self._came[place, shard]
        for each in came:
            if each.chunks == wanted:
                return each.data
        found = {x: each for each in came for x in each.chunks}
        return b"".join(found[x].chunk(segment, shard, x) for x in wanted)


def cut_answer(
    manifest: Manifest, asked: Asked, places: Collection[int], data: bytes
) -> tuple[dict[int, memoryview], list[tuple[int, int]]]:
    """Cut what a member gave of some segments.

    Returns:
        The pieces of which every sub-chunk is right, and segment and number of the first wrong
        sub-chunk of all others.
    """
    view, at = memoryview(data), 0
    right: dict[int, memoryview] = {}
    wrong = []
    for place in places:
        end = at + manifest.layout.segment(place).read_bytes(asked.shard, asked.chunks)
        piece = view[at:end]
        x = manifest.find_wrong(place, asked.shard, asked.chunks, piece)
        if x is None:
            right[place] = piece
        else:
            wrong.append((place, x))
        at = end
    if at < len(view) and not wrong:
        # More came than was asked for.
        last = max(places)
        del right[last]
        wrong.append((last, asked.chunks[-1]))
    return right, wrong
