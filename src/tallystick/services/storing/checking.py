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
from tallystick.kernel.store.spread.repairing import draw_spot
from tallystick.services.storing.acts import Spreading
from tallystick.services.storing.standing import Claim, Standing
from tallystick.services.storing.survey import Survey

__all__ = ["Checking"]

OBJECTS_MAX: Final = 8
"""Objects whose holders are tried in a round."""
DOUBTED_MAX: Final = 32
"""Claims that are not believed and are tried again in a round."""
SPOTS_MAX: Final = 8
"""Sub-chunks of each of them."""


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
        self._try_told(standings, survey, pace)
        self._try_doubted(survey, pace)
        tried, begin = 0, self._next
        for count in range(len(standings)):
            standing = standings[(begin + count) % len(standings)]
            self._next = (begin + count + 1) % len(standings)
            if standing.shape is not None and survey.turn(standing.shape) == 0:
                self._check_object(standing, pace)
                tried += 1
            if tried == OBJECTS_MAX:
                return

    def _try_told(
        self, standings: Sequence[Standing], survey: Survey, pace: Callable[[int], None]
    ) -> None:
        """Try what others doubt, of objects that concern this member."""
        known = {each.kept.manifest for each in standings if each.shape is not None}
        for claim, spot in self._spreading.doubts.take_hints(DOUBTED_MAX):
            if claim.cid in known and survey.is_claimed(claim):
                manifest = self._spreading.find_manifest(claim.cid)
                if _is_within(manifest, claim.shard, spot):
                    self._try(manifest, claim, spot, pace)

    def _try_doubted(self, survey: Survey, pace: Callable[[int], None]) -> None:
        """Try what is doubted here again, and tell the objects' owners of what stays so."""
        doubts, me = self._spreading.doubts, self._spreading.desk.member
        for claim in doubts.take(DOUBTED_MAX):
            if not survey.is_heard(claim.member):
                continue
            if not survey.is_claimed(claim):
                doubts.drop(claim)
                continue
            manifest = self._spreading.find_manifest(claim.cid)
            for spot in doubts.spots(claim)[:SPOTS_MAX]:
                self._try(manifest, claim, spot, pace)
            if manifest.owner != me and survey.is_heard(manifest.owner):
                doubts.tell(self._spreading.ring, manifest.owner, claim)

    def _check_object(self, standing: Standing, pace: Callable[[int], None]) -> None:
        desk, cid = self._spreading.desk, standing.kept.manifest
        manifest = self._spreading.find_manifest(cid)
        for shard, names in standing.held.items():
            for name in names:
                is_own = name == desk.member
                drawn = None if is_own else draw_spot(manifest, shard, desk.entropy)
                if drawn is not None:
                    self._try(manifest, Claim(cid, shard, name), drawn, pace)

    def _try(
        self, manifest: Manifest, claim: Claim, spot: tuple[int, int], pace: Callable[[int], None]
    ) -> None:
        """Ask for one sub-chunk, by segment and number; doubt what is refused or wrong."""
        (segment, x), doubts = spot, self._spreading.doubts
        cid, shard, member = claim.cid, claim.shard, claim.member
        try:
            told = self._spreading.ring.ask(member, cid, ([segment], shard), [x])
        except NotFound:
            doubts.add(claim, segment, x)
            return
        except Error:
            return
        pace(len(told.body))
        if manifest.find_wrong(segment, shard, [x], told.body) is not None:
            self._spreading.blame(manifest, Liar(member, shard, segment, x, told.exchange))
        else:
            doubts.settle(claim, [segment], x)


def _is_within(manifest: Manifest, shard: int, spot: tuple[int, int]) -> bool:
    """Tell whether an object has such a sub-chunk, whatever somebody said."""
    layout, (segment, x) = manifest.layout, spot
    has_segment = segment < layout.segment_count
    return has_segment and shard < layout.profile.n and x < layout.profile.alpha
