"""An object's lost shards made anew, each at a member that holds none.

Law: what is given to a member was made from right sub-chunks alone; nothing that stands is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from tallystick.base.errors import Unavailable
from tallystick.kernel.store.spread.fetched import Spot
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.placement import choose_spare
from tallystick.kernel.store.spread.reading import HEDGE_S, Liar, Reader, batched_places
from tallystick.kernel.store.spread.ring import Ring

__all__ = ["Repaired", "repair_object"]


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        made: the shards made anew, and who was given each.
        read_bytes: of shards, that were read for it.
        wrong: all that was given and is not what was put.
        liars: who gave it and does not say that its disk is rotten.
        missing: shards that nobody could be given, for want of members.
    """

    made: dict[int, str]
    read_bytes: int
    wrong: tuple[Spot, ...]
    liars: tuple[Liar, ...]
    missing: tuple[int, ...]


def repair_object(
    ring: Ring,
    manifest: Manifest,
    *,
    bad: Collection[tuple[str, int]] = (),
    shunned: Collection[str] = (),
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
        hedge_s: as `Reader` takes it.
        pace: told the bytes of each segment that was read; may wait, to keep to a rate.

    Raises:
        Unavailable: `spread.lost`, too few shards can be read; nothing was changed.
    """
    layout = manifest.layout
    with Reader(ring, manifest, hedge_s=hedge_s, everyone=True) as reader:
        for name, shard in bad:
            reader.pass_over(name, shard)
        members = set(ring.members())
        kept = {
            shard: {name for name in names if name in members and (name, shard) not in bad}
            for shard, names in reader.holders.items()
        }
        held = {shard: names for shard, names in kept.items() if names}
        lost = [shard for shard in range(layout.profile.n) if shard not in held]
        able = [name for name in reader.answered if name in members and name not in shunned]
        targets, missing = _choose_targets(manifest.id, able, held, lost)
        for places in batched_places(layout) if targets else ():
            before = reader.read_bytes
            for place, pieces in reader.give(places, list(targets)).items():
                for shard, piece in pieces.items():
                    if len(piece):
                        at = layout.segment(place).piece_start
                        ring.write(targets[shard], (manifest.id, shard), at, bytes(piece))
            pace(reader.read_bytes - before)
        for shard, name in targets.items():
            ring.finish(name, manifest, shard)
        wrong, liars = tuple(reader.wrong), tuple(reader.liars)
        return Repaired(targets, reader.read_bytes, wrong, liars, tuple(missing))


def _choose_targets(
    identifier: bytes,
    able: Collection[str],
    held: Mapping[int, Collection[str]],
    lost: Sequence[int],
) -> tuple[dict[int, str], list[int]]:
    """Return who is to hold each lost shard, and those for which there is nobody."""
    taken = {shard: list(names) for shard, names in held.items()}
    targets: dict[int, str] = {}
    missing = []
    for shard in lost:
        try:
            name = choose_spare(identifier, able, taken)
        except Unavailable:
            missing.append(shard)
            continue
        targets[shard] = name
        taken.setdefault(shard, []).append(name)
    return targets, missing
