"""What is wrong of a shard made right where it stands, at whoever holds it.

Law: nothing is dropped and nothing moves: right pieces are made from the other shards, for those
segments alone that are known to be wrong, and the holder writes them over what is wrong of its own.
Who takes one and gives wrong bytes of it still is named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.store.spread.fetched import Spot
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.reading import HEDGE_S, Liar, Reader
from tallystick.kernel.store.spread.ring import Ring

__all__ = ["Mended", "mend_shard"]


@dataclass(frozen=True, slots=True)
class Mended:
    """What mending did.

    Attributes:
        places: the segments that are right now, and were read again at their holder.
        read_bytes: of shards, that were read for it.
        wrong: all that was given meanwhile and is not what was put.
        liars: who gave it, and does not say that its disk is rotten.
    """

    places: tuple[int, ...]
    read_bytes: int
    wrong: tuple[Spot, ...]
    liars: tuple[Liar, ...]


def mend_shard(
    ring: Ring,
    manifest: Manifest,
    held: tuple[str, int],
    places: Collection[int],
    *,
    hedge_s: float = HEDGE_S,
    pace: Callable[[int], None] = lambda _: None,
) -> Mended:
    """Mend segments of a shard at a member, as many as can be now.

    Args:
        ring: the members.
        manifest: the object's.
        held: the member and the shard.
        places: the segments.
        hedge_s: as `Reader` takes it.
        pace: told the bytes that were read for each; may wait, to keep to a rate.
    """
    member, shard = held
    layout = manifest.layout
    mended = []
    with Reader(ring, manifest, hedge_s=hedge_s) as reader:
        within = [place for place in sorted(places) if place < layout.segment_count]
        reader.pass_over(member, shard, within)
        for place in within:
            before = reader.read_bytes
            try:
                piece = bytes(reader.give([place], [shard])[place][shard])
            except Unavailable:
                # Too few others can give this one; the next may come from others.
                continue
            finally:
                pace(reader.read_bytes - before)
            try:
                ring.mend(member, manifest.cid, (place, shard), piece)
            except Error:
                # Away, or it cannot: its disk, or its version.
                break
            if _is_right(reader, held, place):
                mended.append(place)
        return Mended(tuple(mended), reader.read_bytes, tuple(reader.wrong), tuple(reader.liars))


def _is_right(reader: Reader, held: tuple[str, int], place: int) -> bool:
    """Tell whether a member gives rightly what it has just taken; name it if it does not."""
    ring, manifest, (member, shard) = reader.ring, reader.manifest, held
    if member == ring.member:
        return True
    every = range(manifest.layout.profile.alpha)
    try:
        told = ring.ask(member, manifest.cid, ([place], shard), every)
    except Error:
        return False
    wrong = manifest.find_wrong(place, shard, every, told.body)
    if wrong is not None:
        reader.wrong.append(Spot(member, shard, place, wrong))
        reader.liars.append(Liar(member, shard, place, wrong, told.exchange))
    return wrong is None
