"""An object read, each sub-chunk checked before it is used.

Laws: bytes that come out are the manifest's or none do; in the ordinary case k data shards are
read and nothing is reckoned; what is lost is made from the sub-chunks that the plan names, some
half of what a plain code reads. Each segment comes from any k shards whose pieces of it are right:
a member that is away or slow is passed over, one that gives what is not the manifest's for that
segment, and the plan made anew without it; who gives wrong bytes and does not own up is named.
What a member says it holds is believed until it is asked for it: no object counts as lost before
all members were asked.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final, Self

from tallystick.base.errors import Error, NotFound, Unavailable
from tallystick.kernel.link.base import Exchange
from tallystick.kernel.store.spread.fetched import Asked, Fetched, Spot, cut_answer
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.placement import order_members
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.spread.serving import READ_SEGMENTS_MAX
from tallystick.kernel.store.zigzag.coder import repair, repair_plan
from tallystick.kernel.store.zigzag.layout import Layout, Segment
from tallystick.kernel.store.zigzag.program import Buffer

__all__ = ["HEDGE_S", "Liar", "Reader", "batched_places"]

HEDGE_S: Final = 0.5
"""A member that has not answered for so long is read around, while it may still answer."""
LATE_S: Final = 30.0
"""So long is waited where too few others can answer."""
SOON_S: Final = 2.0
"""So long of it before all members are asked whether they hold what lacks."""
LATE_MAX: Final = 2
"""Of a member's answers that are late: it is asked for nothing more until one of them ends."""

STRETCH_BYTES: Final = 6 * 1024 * 1024
"""Of one shard: segments that are read at once, a call a member."""
REFUSED_MAX: Final = 4
"""Who failed so many segments of a shard is asked for it only where too few others can give it."""


@dataclass(frozen=True, slots=True)
class Liar:
    """A member that gave bytes that are not what was put.

    Attributes:
        member: its name.
        shard, segment, sub_chunk: what it was asked for.
        exchange: what it signed of it; None where the link signs nothing, or other wrong bytes of
            its are proven already.
    """

    member: str
    shard: int
    segment: int
    sub_chunk: int
    exchange: Exchange | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How what is lost of a segment is made."""

    lost: tuple[int, ...]
    absent: frozenset[int]
    reads: Mapping[int, tuple[int, ...]]


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
        wrong: all that was given and is not what was put.
        liars: who gave it and does not say that its disk is rotten, in the order they did.
        read_bytes: of shards, that came and were right.
    """

    def __init__(
        self, ring: Ring, manifest: Manifest, *, hedge_s: float = HEDGE_S, everyone: bool = False
    ) -> None:
        self.ring = ring
        self.manifest = manifest
        # Slow answers are left behind, not waited for, when the reader is done.
        most = 2 * LATE_MAX * manifest.layout.profile.n + 2 * len(ring.everyone())
        self._pool = ThreadPoolExecutor(most, "spread")
        self.holders: dict[int, list[str]] = {}
        self.answered: tuple[str, ...] = ()
        self._is_located_anew = self._is_done = False
        self._locate(everyone=everyone)
        self.liars: list[Liar] = []
        self.wrong: list[Spot] = []
        self.read_bytes = 0
        self._hedge_s = hedge_s
        self._gone: set[tuple[str, int]] = set()
        self._refused: set[tuple[str, int, int]] = set()
        self._refusals: Counter[tuple[str, int]] = Counter()
        self._at_last: set[tuple[str, int]] = set()
        self._pressed: set[int] = set()
        self._asking: dict[Asked, str] = {}
        self._late: dict[Future[dict[int, memoryview]], str] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of what is still on its way, and ask nobody more."""
        self._is_done = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _locate(self, *, everyone: bool) -> None:
        """Ask who is to hold the object, then, where shards lack, all others, who left at last."""
        count, members = self.manifest.layout.profile.n, self.ring.members()
        order, left = order_members(self.manifest.id, members), self.ring.left()
        for asked in ([*order, *left],) if everyone else (order[:count], order[count:], left):
            if asked and (everyone or len(self.holders) < count):
                found = self.ring.locate(self.manifest.cid, members=asked, pool=self._pool)
                self.answered = (*dict.fromkeys((*self.answered, *found.answered)),)
                for shard, names in found.held.items():
                    if shard < count:
                        known = self.holders.get(shard, [])
                        self.holders[shard] = [*dict.fromkeys((*known, *names))]

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
        layout = self.manifest.layout
        every = tuple(range(layout.profile.alpha))
        whole = dict.fromkeys(wanted, every)
        fetched = Fetched({place: self._find_absent(place) for place in places})
        made: dict[int, dict[int, Buffer]] = {place: {} for place in places}
        self._fetch(dict.fromkeys(places, whole), fetched)
        while short := [
            place
            for place in places
            if not made[place] and not fetched.absent[place].isdisjoint(wanted)
        ]:
            made |= self._make(short, whole, fetched)
        return {
            place: {
                shard: made[place][shard]
                if shard in made[place]
                else fetched.joined(layout.segment(place), place, shard, every)
                for shard in wanted
            }
            for place in places
        }

    def _make(
        self, places: Sequence[int], whole: Mapping[int, tuple[int, ...]], fetched: Fetched
    ) -> dict[int, dict[int, Buffer]]:
        """Make what is lost of segments, each by its own plan; those whose plan failed are left."""
        profile = self.manifest.layout.profile
        plans: dict[int, _Plan] = {}
        for place in places:
            self._check_enough(place, fetched)
            absent = frozenset(fetched.absent[place])
            lost = tuple(shard for shard in whole if shard in absent)
            plans[place] = _Plan(lost, absent, repair_plan(profile, lost, absent) if lost else {})
        # What is wanted and there was asked for before, but where it came to be there only now.
        self._fetch({place: {**plan.reads, **whole} for place, plan in plans.items()}, fetched)
        return {
            place: self._made(place, plan, fetched)
            for place, plan in plans.items()
            if plan.lost
            and not fetched.absent[place].intersection({*plan.reads, *whole} - {*plan.lost})
        }

    def _made(self, place: int, plan: _Plan, fetched: Fetched) -> dict[int, Buffer]:
        segment = self.manifest.layout.segment(place)
        reads = {
            shard: fetched.joined(segment, place, shard, chunks)
            for shard, chunks in plan.reads.items()
        }
        made = repair(segment, plan.lost, reads, plan.absent)
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

    # ---- whom to ask

    def pass_over(self, member: str, shard: int, places: Collection[int] = ()) -> None:
        """Ask a member for these segments of a shard no more; for no others: for any, at last.

        Who is passed over for all of a shard is asked where too few others can give a segment.
        """
        with self._lock:
            if places:
                self._refused.update((member, shard, place) for place in places)
            else:
                self._at_last.add((member, shard))

    def _is_asked(self, name: str, shard: int, place: int) -> bool:
        return (
            self._is_open(name, shard, place)
            and ((name, shard) not in self._at_last or place in self._pressed)
            and not self._is_behind(name)
        )

    def _is_open(self, name: str, shard: int, place: int) -> bool:
        """Tell whether a member has not failed yet to give a segment of a shard."""
        return (name, shard) not in self._gone and (name, shard, place) not in self._refused

    def _is_behind(self, name: str) -> bool:
        """Tell whether a member has too many answers to give still."""
        with self._lock:
            late = [each for each, who in self._late.items() if who == name and not each.done()]
        return len(late) >= LATE_MAX

    def _find_absent(self, place: int) -> set[int]:
        """Return the shards of which nobody is to be asked for a segment."""
        return {
            shard
            for shard in range(self.manifest.layout.profile.n)
            if not any(self._is_asked(name, shard, place) for name in self.holders.get(shard, []))
        }

    def _check_enough(self, place: int, fetched: Fetched) -> None:
        """See to it that enough shards of a segment are there: wait for who is slow, ask anybody.

        Raises:
            Unavailable: `spread.lost`.
        """
        profile, absent = self.manifest.layout.profile, fetched.absent[place]
        if len(absent) > profile.r:
            self._pressed.add(place)
            self._look_again(place, fetched)
        begun = time.monotonic()
        for until in (begun + SOON_S, begun + LATE_S):
            while len(absent) > profile.r and time.monotonic() < until:
                if not self._wait_for_late(place, fetched, until):
                    break
            if len(absent) > profile.r and not self._is_located_anew:
                # Who said to hold a shard need not; what was made anew is with others.
                self._is_located_anew = True
                self._locate(everyone=True)
                self._look_again(place, fetched)
        if len(absent) > profile.r:
            raise Unavailable(
                "spread.lost",
                f"{profile.n - len(absent)} of {profile.n} shards of segment {place} of"
                f" {self.manifest.cid} can be read, {profile.k} are needed",
                cure=self._cure(fetched),
                cid=str(self.manifest.cid),
            )

    def _look_again(self, place: int, fetched: Fetched) -> None:
        """Let those shards of a segment be absent no more of which somebody may be asked now.

        What is late is waited for, unless another may be asked for it who was never late.
        """
        late = {each.shard for each in fetched.late.values() if place in each.places}
        waited = {
            shard
            for shard in late
            if not any(
                self._is_asked(name, shard, place) and (name, shard) not in self._at_last
                for name in self.holders.get(shard, [])
            )
        }
        fetched.absent[place] &= self._find_absent(place) | waited

    def _wait_for_late(self, place: int, fetched: Fetched, until: float) -> bool:
        """Wait for one answer that is late and can help a segment; return whether there is any.

        Also for one of a stretch before: who gives it may be asked again then.
        """
        with self._lock:
            late = {
                each
                for each, name in self._late.items()
                if any(
                    name in self.holders.get(shard, []) and self._is_open(name, shard, place)
                    for shard in fetched.absent[place]
                )
            }
        done, _ = wait({*fetched.late, *late}, max(0, until - time.monotonic()), FIRST_COMPLETED)
        for each in done:
            if each in fetched.late:
                fetched.take(fetched.late.pop(each), each.result())
        self._forget_done()
        self._look_again(place, fetched)
        return bool(done)

    def _forget_done(self) -> None:
        """Let go of answers that came late."""
        with self._lock:
            self._late = {each: name for each, name in self._late.items() if not each.done()}

    def _cure(self, fetched: Fetched) -> str:
        """Return what helps where too little can be read: members that are away may hold more."""
        away = set(self.ring.members()).difference(self.answered, {self.ring.member})
        if away or fetched.late:
            return "Try again when more members are up."
        return (
            "All members are up, and what lacks is gone or rotten: have its owner put it again, and"
            " end this one: tally store erase CID."
        )

    # ---- asking

    def _fetch(self, wants: Mapping[int, Mapping[int, Sequence[int]]], fetched: Fetched) -> None:
        """Read what is not read yet, all shards at once; what fails or is slow becomes absent."""
        self._forget_done()
        coming = {self._pool.submit(self._ask, each): each for each in fetched.lacking(wants)}
        done, late = wait(coming, timeout=self._hedge_s * len(wants))
        for each in done:
            fetched.take(coming[each], each.result())
        for each in late:
            fetched.leave(coming[each], each)
            self._put_last(coming[each], each)

    def _put_last(self, asked: Asked, coming: Future[dict[int, memoryview]]) -> None:
        """Have the stretches that follow read around who is late, if anybody was asked yet."""
        with self._lock:
            name = self._asking.get(asked)
            if name is None:
                return
            self._late[coming] = name
        self.pass_over(name, asked.shard)

    def _ask(self, asked: Asked) -> dict[int, memoryview]:
        """Return those pieces that a holder gives right, from the first that does."""
        found: dict[int, memoryview] = {}
        names = self.holders.get(asked.shard, [])
        for name in sorted(names, key=lambda name: (name, asked.shard) in self._at_last):
            places = [
                place
                for place in asked.places
                if place not in found and self._is_asked(name, asked.shard, place)
            ]
            if places and not self._is_done:
                with self._lock:
                    self._asking[asked] = name
                found |= self._ask_one(name, asked, places)
        with self._lock:
            self._asking.pop(asked, None)
        return found

    def _ask_one(self, name: str, asked: Asked, places: list[int]) -> dict[int, memoryview]:
        """Return the pieces that one member gives right; what it does not is not asked again."""
        place = (places, asked.shard)
        try:
            told = self.ring.ask(name, self.manifest.cid, place, asked.chunks)
        except NotFound:
            if len(places) > 1:
                # Its disk gives no more of one segment, perhaps, and all of the others.
                each = [self._ask_one(name, asked, [place]) for place in places]
                return {place: piece for found in each for place, piece in found.items()}
            self._count_refused(name, asked.shard, places)
            return {}
        except Error:
            # It is away: not asked for this shard again by this reader.
            with self._lock:
                self._gone.add((name, asked.shard))
            return {}
        right, wrong = cut_answer(self.manifest, asked, places, told.body)
        with self._lock:
            self.read_bytes += sum(len(piece) for piece in right.values())
        if wrong:
            self._blame(name, asked.shard, wrong, told.exchange)
        return right

    def _count_refused(self, name: str, shard: int, places: Collection[int]) -> None:
        """Ask no more for segments, and for the whole shard only at last once there are many."""
        self.pass_over(name, shard, places)
        with self._lock:
            self._refusals[name, shard] += len(places)
            count = self._refusals[name, shard]
        if count >= REFUSED_MAX:
            self.pass_over(name, shard)

    def _blame(
        self, name: str, shard: int, wrong: list[tuple[int, int]], exchange: Exchange | None
    ) -> None:
        """Note what is wrong, and name who gave it, unless it says itself that its disk is rotten.

        Who gives no answer to that is not named: it may have gone meanwhile.
        """
        places = [place for place, _ in wrong]
        self._count_refused(name, shard, places)
        with self._lock:
            self.wrong.extend(Spot(name, shard, *each) for each in wrong)
        admitted = self.ring.find_admitted(name, self.manifest.cid, shard, places)
        with self._lock:
            for place, x in wrong:
                if admitted is None or place in admitted:
                    continue
                # One exchange of a member is enough, and each holds a whole answer.
                is_new = not any(each.member == name and each.exchange for each in self.liars)
                self.liars.append(Liar(name, shard, place, x, exchange if is_new else None))


def batched_places(layout: Layout) -> Iterator[range]:
    """Yield all segments, as many at a time as are read at once."""
    most = _places_max(layout)
    for first in range(0, layout.segment_count, most):
        yield range(first, min(first + most, layout.segment_count))


def _places_max(layout: Layout) -> int:
    """Return how many segments are read at once."""
    fitting = STRETCH_BYTES * layout.profile.k // layout.full_bytes
    return min(max(1, fitting), READ_SEGMENTS_MAX)
