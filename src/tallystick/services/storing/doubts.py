"""What members say they hold and could not give: doubted until they can, sub-chunk by sub-chunk.

Whoever reads, repairs, tries or hands over tells it here; a round asks for those very ones again.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import Cid, decode, encode
from tallystick.base.errors import Error
from tallystick.kernel.store.spread.fetched import Spot
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX
from tallystick.services.storing.standing import Claim

__all__ = ["Doubts"]

CLAIMS_MAX: Final = 65_536
HINTS_MAX: Final = 1_024
"""Of what others tell and nobody has tried yet."""
TOLD_MAX: Final = 4
"""Sub-chunks of a shard that its object's owner is told of at a time: one is enough to try it."""
METHOD: Final = "spread.doubt"
_DOUBT: Final = codec.tuple_of(
    codec.cid,
    codec.ident(40),
    codec.integer(0, 31),
    codec.integer(0, LENGTH_MAX),
    codec.integer(0, 1_024),
)
SPOTS_MAX: Final = 4_096
"""Sub-chunks that are remembered of one shard at one member."""


class Doubts:
    """One member's doubts; safe to share between threads."""

    def __init__(self) -> None:
        self._hints: dict[tuple[Claim, tuple[int, int]], None] = {}
        self._told: dict[tuple[Claim, tuple[int, int]], None] = {}
        self._found: dict[Claim, dict[tuple[int, int], None]] = {}
        self._lock = threading.Lock()

    def serve(self, ring: Ring) -> None:
        """Be told by others what they doubt; it is tried before anything follows from it."""

        def doubt(_: str, payload: bytes) -> bytes:
            cid, member, shard, segment, sub_chunk = decode(payload, _DOUBT)
            with self._lock:
                if len(self._hints) < HINTS_MAX:
                    self._hints[Claim(cid, shard, member), (segment, sub_chunk)] = None
            return b""

        ring.link.serve({METHOD: doubt})

    def tell(self, ring: Ring, owner: str, claim: Claim) -> None:
        """Tell an object's owner once what is doubted of it here."""
        for spot in self.spots(claim)[:TOLD_MAX]:
            if (claim, spot) in self._told:
                continue
            row: list[codec.Value] = [claim.cid, claim.member, claim.shard, *spot]
            with suppress(Error):
                # Away, or of a version that is not told: it is found there in time.
                ring.link.call(owner, METHOD, encode(row))
                with self._lock:
                    self._told[claim, spot] = None
                    if len(self._told) > CLAIMS_MAX:
                        del self._told[next(iter(self._told))]

    def take_hints(self, count: int) -> list[tuple[Claim, tuple[int, int]]]:
        """Return the first few of what others told, which is forgotten with that."""
        with self._lock:
            found = list(self._hints)[:count]
            for each in found:
                del self._hints[each]
            return found

    def add(self, claim: Claim, segment: int, sub_chunk: int) -> None:
        """Doubt what a member says it holds, for it did not give this sub-chunk of it."""
        with self._lock:
            if claim not in self._found and len(self._found) >= CLAIMS_MAX:
                return
            spots = self._found.setdefault(claim, {})
            if len(spots) < SPOTS_MAX:
                spots[segment, sub_chunk] = None

    def hear(self, cid: Cid, wrong: Iterable[Spot]) -> None:
        """Doubt what was given of an object and is wrong."""
        for each in wrong:
            self.add(Claim(cid, each.shard, each.member), each.segment, each.sub_chunk)

    def settle(self, claim: Claim, segments: Collection[int], sub_chunk: int | None = None) -> None:
        """Believe a member about segments of a shard, or about a sub-chunk of them."""
        with self._lock:
            spots = self._found.get(claim, {})
            for spot in list(spots):
                if spot[0] in segments and sub_chunk in (None, spot[1]):
                    del spots[spot]
            if not spots:
                self._found.pop(claim, None)

    def drop(self, claim: Claim) -> None:
        """Forget about what a member does not say any more."""
        with self._lock:
            self._found.pop(claim, None)

    def spots(self, claim: Claim) -> list[tuple[int, int]]:
        """Return the sub-chunks, by segment and number, that a member did not give."""
        with self._lock:
            return list(self._found.get(claim, ()))

    def claims(self, cid: Cid | None = None) -> list[Claim]:
        """Return what is doubted, or doubted of an object; the longest ago first."""
        with self._lock:
            return [each for each in self._found if cid in (None, each.cid)]

    def take(self, count: int) -> list[Claim]:
        """Return the first few, which become the last ones."""
        with self._lock:
            found = list(self._found)[:count]
            for claim in found:
                self._found[claim] = self._found.pop(claim)
            return found
