"""An object's lost shards made anew, each at a member that holds none.

Laws: what is given to a member was made from right sub-chunks alone; nothing that stands is
dropped. Who only says that it holds a shard, and does not list it, gives a sub-chunk drawn at that
moment or is not believed; who refuses a shard keeps no other shard from being made, nor that one
from the next member.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Final

from tallystick.base.clock import Entropy, SystemEntropy
from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.store.spread.fetched import Spot
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.placement import choose_spare
from tallystick.kernel.store.spread.reading import HEDGE_S, Liar, Reader, batched_places
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.zigzag.program import Buffer

__all__ = ["Repaired", "draw_spot", "repair_object"]

TRY_S: Final = 5.0
"""So long is waited for the sub-chunks by which claims are tried: who is late is not counted on."""
TRIES_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        made: the shards made anew, and who was given each.
        read_bytes: of shards, that were read for it.
        wrong: all that was given and is not what was put.
        liars: who gave it and does not say that its disk is rotten.
        missing: shards that nobody could be given, for want of members that take them.
        refusals: who was to be given a shard and took none, by its error's code, in that order.
    """

    made: dict[int, str]
    read_bytes: int
    wrong: tuple[Spot, ...]
    liars: tuple[Liar, ...]
    missing: tuple[int, ...]
    refusals: dict[str, str]


def repair_object(
    ring: Ring,
    manifest: Manifest,
    *,
    bad: Collection[tuple[str, int]] = (),
    shunned: Collection[str] = (),
    listed: Collection[tuple[str, int]] = (),
    entropy: Entropy | None = None,
    hedge_s: float = HEDGE_S,
    pace: Callable[[int], None] = lambda _: None,
) -> Repaired:
    """Make the lost shards of an object anew and give each to a member that holds none.

    What only somebody holds who has left is as good as lost, and is read there while it answers.

    Args:
        ring: the members.
        manifest: the object's.
        bad: (member, shard) that do not stand whole, as good as lost; what is right of them is
            read where it is needed.
        shunned: members that are given none.
        listed: (member, shard) that members list among all they hold, and that are not tried here.
        entropy: by which it is drawn what others are tried for; None for the machine's.
        hedge_s: as `Reader` takes it.
        pace: told the bytes of each segment that was read, and of the tries; may wait, to keep to
            a rate.

    Raises:
        Unavailable: `spread.lost`, too few shards can be read; nothing was changed.
    """
    with Reader(ring, manifest, hedge_s=hedge_s, everyone=True) as reader:
        for name, shard in bad:
            reader.pass_over(name, shard)
        members = set(ring.members())
        claims = {
            (name, shard)
            for shard in range(manifest.layout.profile.n)
            for name in reader.holders.get(shard, [])
            if name in members and (name, shard) not in bad
        }
        tried = {each for each in claims if each[0] != ring.member}.difference(listed)
        untrue, tried_bytes = _find_untrue(reader, tried, entropy or SystemEntropy())
        held: dict[int, set[str]] = {}
        for name, shard in claims - untrue:
            held.setdefault(shard, set()).add(name)
        avoided = {*shunned, *(name for name, _ in untrue)}
        able = members.intersection(reader.answered) - avoided
        giving = _Giving(reader, held, able)
        giving.give_all(pace)
        pace(tried_bytes)
        wrong, liars = tuple(reader.wrong), tuple(reader.liars)
        missing = tuple(giving.waiting())
        return Repaired(giving.made, reader.read_bytes, wrong, liars, missing, giving.refusals)


# ---- what is only said


def draw_spot(manifest: Manifest, shard: int, entropy: Entropy) -> tuple[int, int] | None:
    """Return the segment and the number of a sub-chunk, drawn; None if none of that shard is kept.

    Args:
        manifest: the object's.
        shard: of it.
        entropy: by which it is drawn.
    """
    layout = manifest.layout
    if not layout.shard_bytes(shard):
        return None
    drawn = int.from_bytes(entropy.draw("check", 16), "big")
    place, drawn = drawn % layout.segment_count, drawn // layout.segment_count
    if not layout.segment(place).kept_bytes(shard):
        # The last one alone may be so short, and is not the only one.
        place = 0
    segment = layout.segment(place)
    return place, drawn % -(-segment.kept_bytes(shard) // segment.sub_chunk_bytes)


def _find_untrue(
    reader: Reader, claims: Iterable[tuple[str, int]], entropy: Entropy
) -> tuple[set[tuple[str, int]], int]:
    """Try claims, each by a drawn sub-chunk.

    Returns:
        Those whose member does not give it, and is asked for that shard at last alone; and the
        bytes that came.
    """
    spots = {(n, s): draw_spot(reader.manifest, s, entropy) for n, s in sorted(claims)}
    # Of an object of no bytes nothing can be asked for, and nothing be lost.
    drawn = {claim: spot for claim, spot in spots.items() if spot is not None}
    if not drawn:
        return set(), 0
    pool = ThreadPoolExecutor(min(len(drawn), TRIES_AT_ONCE), "try")
    coming = {pool.submit(_try_claim, reader, *each): each[0] for each in drawn.items()}
    done, _ = wait(coming, timeout=TRY_S)
    # Who is slow is left behind.
    pool.shutdown(wait=False, cancel_futures=True)
    told = {coming[each]: each.result() for each in done}
    for name, shard in (untrue := {claim for claim in drawn if told.get(claim) is None}):
        reader.pass_over(name, shard)
    return untrue, sum(count for count in told.values() if count is not None)


def _try_claim(reader: Reader, claim: tuple[str, int], spot: tuple[int, int]) -> int | None:
    """Ask a member for a sub-chunk of a shard; return its bytes, None if it does not give it."""
    ring, manifest = reader.ring, reader.manifest
    (name, shard), (place, x) = claim, spot
    try:
        told = ring.ask(name, manifest.cid, ([place], shard), [x])
    except Error:
        return None
    if manifest.find_wrong(place, shard, [x], told.body) is None:
        return len(told.body)
    reader.wrong.append(Spot(name, shard, place, x))
    admitted = ring.find_admitted(name, manifest.cid, shard, [place])
    if admitted is not None and place not in admitted:
        reader.liars.append(Liar(name, shard, place, x, told.exchange))
    return None


# ---- giving


class _Giving:
    """An object's lost shards on their way, each to the first in order that does not refuse it.

    Args:
        reader: of the object.
        held: who holds each shard; without an entry it is lost.
        able: who may be given one, unless it holds one already.
    """

    def __init__(
        self, reader: Reader, held: Mapping[int, Collection[str]], able: Collection[str]
    ) -> None:
        self._reader = reader
        self._ring = reader.ring
        self._manifest = reader.manifest
        self._held = held
        self._able = set(able)
        self.made: dict[int, str] = {}
        self.refusals: dict[str, str] = {}

    def waiting(self) -> list[int]:
        """Return the lost shards that nobody has taken, ascending."""
        every = range(self._manifest.layout.profile.n)
        return [shard for shard in every if shard not in self._held and shard not in self.made]

    def give_all(self, pace: Callable[[int], None]) -> None:
        """Give every lost shard to somebody, as long as there is one left to be given it."""
        while going := self._choose_targets():
            self._give(going, pace)

    def _choose_targets(self) -> dict[int, str]:
        """Return who is to be given each waiting shard; without an entry there is nobody left."""
        chosen = {shard: self._next() for shard in self.waiting()}
        return {shard: name for shard, name in chosen.items() if name}

    def _next(self) -> str:
        """Return who is next in the object's order, and is not asked again; "" for nobody."""
        try:
            name = choose_spare(self._manifest.id, self._able, self._held)
        except Unavailable:
            return ""
        self._able.discard(name)
        return name

    def _give(self, going: dict[int, str], pace: Callable[[int], None]) -> None:
        """Give shards from their start on; those that are refused are left waiting."""
        for places in batched_places(self._manifest.layout):
            if not going:
                return
            before = self._reader.read_bytes
            pieces = self._reader.give(places, list(going))
            for shard in list(going):
                while shard in going and not self._write(going[shard], shard, pieces):
                    del going[shard]
                    # Who refuses at the very beginning has nothing read again for the next.
                    if places[0] == 0 and (name := self._next()):
                        going[shard] = name
            pace(self._reader.read_bytes - before)
        for shard, name in going.items():
            if self._try(name, partial(self._ring.finish, name, self._manifest, shard)):
                self.made[shard] = name

    def _write(self, name: str, shard: int, pieces: Mapping[int, Mapping[int, Buffer]]) -> bool:
        """Give a member some pieces of a shard; tell whether it took them."""
        layout, whose = self._manifest.layout, (self._manifest.id, shard)
        for place, given in pieces.items():
            piece, at = bytes(given[shard]), layout.segment(place).piece_start
            if piece and not self._try(name, partial(self._ring.write, name, whose, at, piece)):
                return False
        return True

    def _try(self, name: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except Error as error:
            self.refusals[name] = error.code
            if not error.code.startswith("link."):
                # What it took before it refused is not left to fill its room.
                with contextlib.suppress(Error):
                    self._ring.forget(name, self._manifest.id)
            return False
        return True
