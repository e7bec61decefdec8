"""Objects seen to while a member is served: dropped, scrubbed, repaired, handed over, collected.

Laws: what the chain says is erased is dropped, and what it says is kept is never collected; what
rots is mended where it stands, and no shard is dropped for it; an
object is repaired by its owner, else by the first in its order that answers, those with the fewest
losses left first; one that has some left waits a while, for a member that is away may come back.
A shard is handed over by who holds it, and dropped there only once another has it. Nothing goes
faster than its rate, and a fault of one object ends no other's turn.
Source: docs/spec/spread.md, "Tending".
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Error, Invalid, NotFound, Unavailable
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.mending import mend_shard
from tallystick.kernel.store.spread.placement import order_members
from tallystick.kernel.store.spread.reading import Liar
from tallystick.kernel.store.spread.repairing import repair_object
from tallystick.services.storing.acts import Spreading
from tallystick.services.storing.checking import Checking
from tallystick.services.storing.ending import end_puts
from tallystick.services.storing.standing import (
    Claim,
    KeptObject,
    Report,
    Scrubbed,
    Shape,
    Standing,
)
from tallystick.services.storing.survey import Survey, survey_members

__all__ = ["Pace", "Rates", "Tending"]

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast and how patient tending is.

    Attributes:
        repair_bytes: read a second for repairs and hand-overs.
        scrub_bytes: of own shards, read again a second.
        scrub_share_s: how long one round scrubs at most, seconds.
        patience_s: how long an object that can stand more losses waits for its members.
        relief_s: how long whoever is to see to an object is given, before the next one does.
        grace_s: how long shards that no record speaks of are kept.
    """

    repair_bytes: int = 16 * _MIB
    scrub_bytes: int = 4 * _MIB
    scrub_share_s: float = 5.0
    patience_s: float = 600.0
    relief_s: float = 3_600.0
    grace_s: float = 86_400.0


class Pace:
    """Keeps work to a rate.

    Args:
        rate: bytes a second, >= 1.
        ended: once set, the work is broken off.
    """

    def __init__(self, rate: int, ended: threading.Event) -> None:
        self._rate = rate
        self._ended = ended
        self._free_s = time.monotonic()
        self.bytes = 0

    def take(self, count: int) -> None:
        """Wait as long as so many bytes take.

        Raises:
            Unavailable: `spread.ended`, the member ends.
        """
        self.bytes += count
        now = time.monotonic()
        self._free_s = max(self._free_s, now - 1) + count / self._rate
        if self._ended.wait(max(0.0, self._free_s - now)):
            raise Unavailable("spread.ended", "the member ends", cure="Start it again.")


class Tending:
    """One member's seeing to objects.

    Args:
        spreading: the member's.
        ended: once set, work under way is broken off.
        rates: how fast.
    """

    def __init__(
        self,
        spreading: Spreading,
        ended: threading.Event,
        rates: Rates = Rates(),
    ) -> None:
        self._spreading = spreading
        self._ended = ended
        self._rates = rates
        self._short: dict[Cid, float] = {}
        self._checking = Checking(spreading)
        self._after: Cid | None = None
        self._forgotten: set[tuple[Cid, str]] = set()
        self._lock = threading.Lock()
        self._scrubbed = self._rotten = self._mended = 0

    def round(self) -> Report:
        """See to everything but own shards once, and return what was done since the last one.

        Keys that were lent and are over are forgotten; all else is done only where there are
        objects.
        """
        spreading, report = self._spreading, Report()
        desk = spreading.desk
        # Whatever they open, objects or cases: the ring knows when the next of them is over.
        self._try(report, partial(desk.keys.forget_lent, desk.now_ms()))
        if not spreading.is_needed:
            return report
        ends = spreading.readers.tell_ends
        self._try(report, partial(end_puts, spreading, report))
        erasing = spreading.erasing
        for step in (erasing.end_erasures, erasing.end_told, ends):
            self._try(report, step)
        for work in (self._drop_erased, self._mend_own, self._repair_and_move):
            self._try(report, partial(work, report))
        with self._lock:
            report.scrubbed_bytes, self._scrubbed = self._scrubbed, 0
            report.rotten, self._rotten = self._rotten, 0
            report.pieces_mended, self._mended = report.pieces_mended + self._mended, 0
        report.at_ms = desk.now_ms()
        spreading.report = report
        return report

    @staticmethod
    def _try(report: Report, step: Callable[[], object]) -> None:
        try:
            step()
        except Error as error:
            report.fail(error.code)

    # ---- dropping

    def _drop_erased(self, report: Report) -> None:
        """Drop what is erased, with keys that were lent, and what no record ever spoke of."""
        spreading = self._spreading
        own, fresh = spreading.ring.own, self._find_erased()
        self._try(report, own.look)
        self._try(report, partial(self._drop_shards, fresh, report))
        self._try(report, partial(spreading.heard.forget_erased, spreading.storing))
        if fresh:
            untold = spreading.forget_erased(fresh)
            for error in untold.values():
                report.fail(error.code)
            self._forgotten |= {
                (kept.manifest, kept.member) for kept in fresh if kept not in untold
            }

    def _drop_shards(self, erased: Collection[KeptObject], report: Report) -> None:
        """Drop own shards of what was erased lately, and of what no record ever spoke of."""
        own = self._spreading.ring.own
        held = [kept.manifest for kept in erased if own.shards_of(kept.manifest)]
        for cid in dict.fromkeys([*own.unrecorded(), *held]):
            self._try(report, partial(self._drop_if_gone, cid, report))

    def _find_erased(self) -> list[KeptObject]:
        """Return what was erased since the last round; what was before is not walked again."""
        storing, fresh = self._spreading.storing, list[KeptObject]()
        count = storing.count_erased() - len(self._forgotten)
        if count > 0:
            for kept in storing.list_erased():
                if (kept.manifest, kept.member) not in self._forgotten:
                    fresh.append(kept)
                if len(fresh) == count:
                    break
        return fresh

    def _drop_if_gone(self, cid: Cid, report: Report) -> None:
        storing, own = self._spreading.storing, self._spreading.ring.own
        # How far the chain has come is asked before what it tells, so that nothing comes between;
        # by the clock alone a member whose copy stands still would drop what it has not seen kept.
        is_late = storing.chain_ms() > own.since_ms(cid) + self._rates.grace_s * 1_000
        try:
            # Another's record of it says nothing: whoever named it first is not who put it.
            kept = storing.find_object(cid, own.owner_of(cid))
        except Invalid:
            # Nothing here tells whose it is, and whoever put it would have said so by now: if it is
            # none of those who did and keep it, it has erased it, or never had it recorded.
            if not is_late or any(storing.list_objects(manifest=cid.raw, erased=0)):
                raise
            kept = None
        if kept is not None and not kept.erased:
            own.mark_recorded(cid)
        elif kept is not None or is_late:
            own.drop(cid)
            report.dropped += 1

    # ---- scrubbing

    def scrub_round(self) -> None:
        """Read some own shards again, going on from where the last time ended.

        Apart from `round`: a large shard takes long at its rate, and nothing else waits for it.
        """
        pace = Pace(self._rates.scrub_bytes, self._ended)
        found = self.scrub(self._after, pace, self._rates.scrub_share_s)
        self._after = found.last
        with self._lock:
            self._scrubbed += found.bytes
            self._rotten += len(found.rotten)
            self._mended += found.mended

    def scrub(self, after: Cid | None, pace: Pace, share_s: float) -> Scrubbed:
        """Read own shards again for a while, from the object after `after`; mend what is wrong.

        At least one object is read, whatever it takes. What cannot be mended now stays as it is:
        all else of it is read from here.
        """
        own, until = self._spreading.ring.own, time.monotonic() + share_s
        rotten: list[tuple[Cid, int]] = []
        report = Report()
        waiting = own.objects(b"" if after is None else after.digest)
        last = None
        for cid, following in pairwise([*waiting, None]):
            assert cid is not None
            rotten += [(cid, shard) for shard in self._find_rotten(cid, pace)]
            self._try(report, partial(self._mend_own, report, cid))
            if following is not None and time.monotonic() > until:
                last = cid
                break
        return Scrubbed(pace.bytes, tuple(rotten), report.pieces_mended, last)

    def _find_rotten(self, cid: Cid, pace: Pace) -> list[int]:
        """Return own shards of an object that are not what was put; the holder notes where."""
        own = self._spreading.ring.own
        try:
            return sorted({each.shard for each in own.scrub(cid, pace.take)})
        except NotFound:
            # Dropped meanwhile.
            return []
        except Invalid:
            # The manifest itself is damaged: nothing here can be checked by it, or given.
            found = list(own.shards_of(cid))
            own.care.note_unread(cid)
        with contextlib.suppress(Unavailable, NotFound):
            own.care.mend_manifest(self._spreading.find_manifest(cid).data)
            found = sorted({each.shard for each in own.scrub(cid, pace.take)})
        return found

    def _mend_own(self, report: Report, cid: Cid | None = None) -> None:
        """Mend what is known to be wrong of own shards, or of those of an object."""
        me, own = self._spreading.desk.member, self._spreading.ring.own
        for (each, shard), places in own.care.flaws().items():
            if cid in (None, each):
                manifest = self._spreading.find_manifest(each)
                self._try(report, partial(self._mend, manifest, (me, shard), places, report))

    def _mend(
        self, manifest: Manifest, held: tuple[str, int], places: Collection[int], report: Report
    ) -> bool:
        """Mend segments of a shard at a member; tell whether all of them are right now."""
        spreading, (member, shard) = self._spreading, held
        pace = Pace(self._rates.repair_bytes, self._ended)
        done = mend_shard(spreading.ring, manifest, held, places, pace=pace.take)
        spreading.heard.hear(manifest, done.liars)
        spreading.doubts.hear(manifest.cid, done.wrong)
        spreading.doubts.settle(Claim(manifest.cid, shard, member), done.places)
        report.pieces_mended += len(done.places)
        report.read_bytes += done.read_bytes
        return len(done.places) == len(set(places))

    # ---- repairing

    def _repair_and_move(self, report: Report) -> None:
        survey = survey_members(self._spreading)
        standings = [survey.stand(kept) for kept in self._concerning(survey)]
        known = {each.kept.manifest for each in standings}
        self._short = {cid: since for cid, since in self._short.items() if cid in known}
        # Who has left gives nothing to anybody: what it holds is read here, and moved by members.
        if self._spreading.desk.member in self._spreading.ring.members():
            pace = Pace(self._rates.repair_bytes, self._ended)
            self._try(report, partial(self._checking.check, standings, survey, pace.take))
            short = [each for each in standings if self._is_due(each, survey)]
            for standing in sorted(short, key=lambda each: (each.left, each.kept.manifest.digest)):
                self._try(report, partial(self.repair, standing, report))
        for standing in standings:
            self._try(report, partial(self._hand_over, standing, survey, report))

    def _concerning(self, survey: Survey) -> Iterator[KeptObject]:
        """Yield objects that this member holds some of, put, or may have to see to for another."""
        me = self._spreading.desk.member
        own = survey.told.get(me) or survey.left.get(me)
        held = own.held if own is not None else {}
        for kept in self._spreading.storing.list_objects(erased=0):
            if kept.member == me or kept.manifest in held or kept.member not in survey.told:
                yield kept

    def _is_due(self, standing: Standing, survey: Survey) -> bool:
        """Tell whether this member is to repair an object now."""
        cid, shape = standing.kept.manifest, standing.shape
        if shape is None or standing.is_whole:
            self._short.pop(cid, None)
            return False
        since = self._short.setdefault(cid, time.monotonic())
        if standing.left < 0:
            return False
        waited_s = time.monotonic() - since
        if turn := survey.turn(shape):
            return waited_s >= turn * self._rates.relief_s
        # What lacks while all are there comes back with nobody.
        is_urgent = standing.left == 0 or survey.is_complete
        return is_urgent or waited_s >= self._rates.patience_s

    def repair(self, standing: Standing, report: Report) -> None:
        """Mend what is wrong of an object's shards; make lost ones anew, for who holds none.

        Raises:
            Unavailable: `spread.lost`, `spread.contradiction`.
        """
        spreading = self._spreading
        manifest = spreading.find_manifest(standing.kept.manifest)
        pace, mended = Pace(self._rates.repair_bytes, self._ended), report.pieces_mended
        # Where a shard stands it is mended; made anew for another only what cannot be.
        bad = [
            (member, shard)
            for (shard, member), places in standing.flaws.items()
            if shard in standing.whole or not self._mend(manifest, (member, shard), places, report)
        ]
        done = repair_object(
            spreading.ring,
            manifest,
            bad=bad,
            shunned={name for name, _ in bad},
            listed=[(name, shard) for shard, names in standing.held.items() for name in names],
            entropy=spreading.desk.entropy,
            pace=pace.take,
        )
        spreading.heard.hear(manifest, done.liars)
        spreading.doubts.hear(manifest.cid, done.wrong)
        report.repaired += len(done.made)
        report.read_bytes += done.read_bytes
        report.lacking += len(done.missing)
        if done.missing and done.refusals:
            report.fail(list(done.refusals.values())[-1])
        if not done.made and not done.missing and report.pieces_mended == mended:
            # Members say otherwise than they list, and nothing came of it: nobody made it whole.
            report.fail("spread.unrepaired")

    # ---- handing over

    def _hand_over(self, standing: Standing, survey: Survey, report: Report) -> None:
        """Give own shards to whose they are now, and drop those that another holds too.

        A member that has left gives none: the others read them here, and each goes once one of
        them holds it.
        """
        shape, own = standing.shape, self._spreading.ring.own
        me, cid = self._spreading.desk.member, standing.kept.manifest
        if shape is None or not own.shards_of(cid):
            return
        find = partial(self._spreading.find_manifest, cid)
        order = order_members(shape.id, {*self._spreading.ring.members(), *survey.told})
        place = order.index(me) if me in order else len(order)
        for shard in own.shards_of(cid):
            # Who has not all of it is not asked for it: nothing here goes for that.
            sound = [n for n in standing.held.get(shard, []) if (shard, n) not in standing.flaws]
            others = [name for name in sound if name != me]
            earlier = [name for name in others if order.index(name) < place]
            if any(self._holds(name, find(), shard) for name in earlier):
                own.drop(cid, shard)
                report.moved += 1
            elif (
                shape.n <= place < len(order)
                and (shard, me) not in standing.flaws
                and (to := self._heir(standing, shape, order, survey))
            ):
                self._give(to, find(), shard)
                if self._holds(to, find(), shard):
                    own.drop(cid, shard)
                    report.moved += 1

    def _holds(self, member: str, manifest: Manifest, shard: int) -> bool:
        """Tell whether a member truly holds a shard: all of it is read and checked.

        If it does not, its word about it is doubted.
        """
        pace = Pace(self._rates.repair_bytes, self._ended)
        chunks = range(manifest.layout.profile.alpha)
        for place in range(manifest.layout.segment_count):
            try:
                told = self._spreading.ring.ask(member, manifest.cid, ([place], shard), chunks)
            except NotFound:
                claim = Claim(manifest.cid, shard, member)
                self._spreading.doubts.add(claim, place, chunks[0])
                return False
            except Error:
                return False
            pace.take(len(told.body))
            if (wrong := manifest.find_wrong(place, shard, chunks, told.body)) is not None:
                liar = Liar(member, shard, place, wrong, told.exchange)
                self._spreading.blame(manifest, liar)
                return False
        return True

    def _give(self, to: str, manifest: Manifest, shard: int) -> None:
        """Send an own shard to a member that keeps it once it has read it again."""
        ring = self._spreading.ring
        pace = Pace(self._rates.repair_bytes, self._ended)
        chunks = range(manifest.layout.profile.alpha)
        for place, segment in enumerate(manifest.layout.segments()):
            data = ring.own.read(manifest.cid, shard, [place], chunks)
            if data:
                ring.write(to, (manifest.id, shard), segment.piece_start, data)
            pace.take(len(data))
        ring.finish(to, manifest, shard)

    def _heir(self, standing: Standing, shape: Shape, order: list[str], survey: Survey) -> str:
        """Return the first of an object's own members that answers and holds none; "" for nobody.

        Who says it holds what it does not is not given more.
        """
        taken = {name for names in standing.held.values() for name in names}
        taken |= {each.member for each in self._spreading.doubts.claims(standing.kept.manifest)}
        free: Iterator[str] = (
            name for name in order[: shape.n] if name in survey.told and name not in taken
        )
        return next(free, "")
