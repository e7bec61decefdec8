"""How objects that members hold for one another stand, and what was done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tallystick.base.codec import Cid

__all__ = ["Claim", "KeptObject", "Report", "Scrubbed", "Shape", "Standing"]


@dataclass(frozen=True, slots=True)
class KeptObject:
    """An object as the chain tells of it.

    Attributes:
        manifest: its name.
        member: who spread it.
        size: its bytes as they are held.
        sealed: whether it opens by a key alone.
        at: when its record was admitted, ms since 1970 UTC.
        erased: whether it is to be dropped by whoever holds any of it.
        height: of that record's block; 0 where it is still to come.
    """

    manifest: Cid
    member: str
    size: int
    sealed: bool
    at: int
    erased: bool = False
    height: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """What a member says.

    Attributes:
        cid: an object.
        shard: of it.
        member: who says that it holds it.
    """

    cid: Cid
    shard: int
    member: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What of an object's manifest it takes to tell how it stands.

    Attributes:
        id: drawn for it; decides its order of members.
        owner: who put it.
        code: the profile's name.
        n: how many shards it has.
        k: how many give it back.
    """

    id: bytes
    owner: str
    code: str
    n: int
    k: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an object stands.

    Attributes:
        kept: what the chain tells of it.
        shape: None where nobody who answers has its manifest.
        held: which members say to hold each shard.
        leaving: shards that nobody else holds than who has left; to be moved to members.
        flaws: of a shard at a member, the segments that it says are wrong or did not give rightly.
    """

    kept: KeptObject
    shape: Shape | None
    held: Mapping[int, list[str]]
    leaving: frozenset[int] = frozenset()
    flaws: Mapping[tuple[int, str], Collection[int]] = field(default_factory=dict)

    @property
    def whole(self) -> list[int]:
        """Which shards somebody holds of which nothing is known to be wrong."""
        return [
            s for s, who in self.held.items() if any((s, name) not in self.flaws for name in who)
        ]

    @property
    def good(self) -> int:
        """How many shards there are of the segment of which there are the fewest."""
        lacking: Counter[int] = Counter()
        for shard in self.held.keys() - self.whole:
            flaws = [set(self.flaws[shard, name]) for name in self.held[shard]]
            lacking.update(set.intersection(*flaws))
        return len(self.held) - max(lacking.values(), default=0)

    @property
    def left(self) -> int:
        """How many more shards may be lost before it is: negative once it cannot be read.

        On who has left nobody counts, though it may be what keeps an object from being lost.
        """
        if self.shape is None:
            return -1
        own = self.good - self.shape.k
        return max(own, min(0, own + len(self.leaving)))

    @property
    def is_whole(self) -> bool:
        """Whether every shard is held, and nothing of it is known to be wrong."""
        return self.shape is not None and len(self.whole) == self.shape.n


@dataclass(slots=True)
class Report:
    """What a round did.

    Attributes:
        at_ms: when it ended, ms since 1970 UTC.
        scrubbed_bytes: of own shards, read again.
        rotten: own shards that were not what was put, all of them.
        pieces_mended: segments of shards, own and others', made right where they stand.
        repaired: shards made anew.
        read_bytes: of others' shards, for it.
        moved: own shards handed over to the member whose they are.
        dropped: objects dropped, erased or collected.
        lacking: shards for which there is no member.
        failed: codes of what could not be done now, by how often.
    """

    at_ms: int = 0
    scrubbed_bytes: int = 0
    rotten: int = 0
    pieces_mended: int = 0
    repaired: int = 0
    read_bytes: int = 0
    moved: int = 0
    dropped: int = 0
    lacking: int = 0
    failed: dict[str, int] = field(default_factory=dict)

    def fail(self, code: str) -> None:
        """Note what could not be done, by its error's code."""
        self.failed[code] = self.failed.get(code, 0) + 1


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What a stretch of scrubbing found.

    Attributes:
        bytes: of own shards, read again.
        rotten: (object, shard) that were not what was put, all of them.
        mended: segments of them that were made right.
        last: the last object that was read whole; None once all were.
    """

    bytes: int
    rotten: tuple[tuple[Cid, int], ...]
    mended: int
    last: Cid | None
