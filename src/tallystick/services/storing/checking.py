"""What members say they hold, tried: each is asked for a sub-chunk that is drawn at that moment.

Laws: who says it holds a shard and cannot give a sub-chunk of it is not believed about that shard
until it can; wrong bytes name it. Who is away or slow is no liar. A few objects are tried a round,
one after another, so that a shard that is lost and said to be held is found and made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tallystick.base.errors import Error, NotFound
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.reading import Liar
from tallystick.services.storing.acts import Spreading
from tallystick.services.storing.standing import Claim, Standing
from tallystick.services.storing.survey import Survey

__all__ = ["Checking"]

OBJECTS_MAX: Final = 8
"""Objects whose holders are tried in a round."""
DOUBTED_MAX: Final = 32
"""Claims that are not believed and are tried again in a round."""


class Checking:
    """One member's trying of what the others say.

    Args:
        spreading: the member's.
    """

    def __init__(self, spreading: Spreading) -> None:
        self._spreading = spreading
        self._next = 0

    def check(
        self, standings: Sequence[Standing], survey: Survey, pace: Callable[[int], None]
    ) -> None:
        """Try some of what is said of objects that are this member's to see to.

        Args:
            standings: of all objects that concern it.
            survey: by which they stand so.
            pace: told the bytes of each try; may wait, to keep to a rate.
        """
        doubted = self._spreading.doubted
        for claim in list(doubted)[:DOUBTED_MAX]:
            del doubted[claim]
            if survey.is_claimed(claim):
                doubted[claim] = None
                self._try(self._spreading.find_manifest(claim.cid), claim, pace)
        tried, begin = 0, self._next
        for count in range(len(standings)):
            standing = standings[(begin + count) % len(standings)]
            self._next = (begin + count + 1) % len(standings)
            if standing.shape is not None and survey.turn(standing.shape) == 0:
                self._check_object(standing, pace)
                tried += 1
            if tried == OBJECTS_MAX:
                return

    def _check_object(self, standing: Standing, pace: Callable[[int], None]) -> None:
        me, cid = self._spreading.desk.member, standing.kept.manifest
        manifest = self._spreading.find_manifest(cid)
        for shard, names in standing.held.items():
            for name in names:
                if name != me:
                    self._try(manifest, Claim(cid, shard, name), pace)

    def _try(self, manifest: Manifest, claim: Claim, pace: Callable[[int], None]) -> None:
        """Ask for one sub-chunk; doubt what is refused or wrong."""
        place = self._draw(manifest, claim.shard)
        if place is None:
            return
        segment, x = place
        cid, shard, member = claim.cid, claim.shard, claim.member
        try:
            data = self._spreading.ring.read(member, cid, ([segment], shard), [x])
        except NotFound:
            self._spreading.doubted[claim] = None
            return
        except Error:
            return
        pace(len(data))
        if manifest.find_wrong(segment, shard, [x], data) is not None:
            self._spreading.hear([Liar(member, shard, segment, x)])
            self._spreading.doubted[claim] = None
        else:
            self._spreading.doubted.pop(claim, None)

    def _draw(self, manifest: Manifest, shard: int) -> tuple[int, int] | None:
        """Return the segment and the number of a sub-chunk that has bytes; None if none has."""
        layout = manifest.layout
        drawn = int.from_bytes(self._spreading.desk.entropy.draw("check", 16), "big")
        if not layout.shard_bytes(shard):
            return None
        place, drawn = drawn % layout.segment_count, drawn // layout.segment_count
        segment = layout.segment(place)
        size = segment.kept_bytes(shard)
        if not size:
            return None
        return place, drawn % -(-size // segment.sub_chunk_bytes)
