"""What members hold of the objects that the chain tells of: asked of each, once for all objects.

Nothing told is believed beyond what it is asked for: a member that says it holds what it does not
is found out when it is tried (`checking`), read, repaired from, or handed over to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Error
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.placement import order_members
from tallystick.kernel.store.spread.ring import Listing
from tallystick.services.storing.acts import Spreading
from tallystick.services.storing.standing import Claim, KeptObject, Shape, Standing

__all__ = ["Survey", "shape_of", "survey_members"]

SHAPES_KEPT: Final = 65_536


class Survey:
    """What members said at one time.

    Args:
        spreading: whose member asks.
        told: what each that answered says it holds.
        shapes: what is known of manifests, kept from one survey to the next.
    """

    def __init__(
        self, spreading: Spreading, told: Mapping[str, Listing], shapes: dict[Cid, Shape]
    ) -> None:
        self.told = told
        self.is_complete = set(spreading.ring.members()) <= told.keys()
        """Whether nobody is away."""
        self._spreading = spreading
        self._shapes = shapes
        self._held: dict[Cid, dict[int, list[str]]] = {}
        doubted = {(each.cid, each.shard, each.member) for each in list(spreading.doubted)}
        for member, listing in told.items():
            for cid, shards in listing.held.items():
                for shard in shards:
                    if (cid, shard, member) in doubted:
                        continue
                    self._held.setdefault(cid, {}).setdefault(shard, []).append(member)

    def stand(self, kept: KeptObject) -> Standing:
        """Return how an object stands; one that its manifest's owner did not record, as lost."""
        shape = self._shape(kept.manifest)
        if shape is None or shape.owner != kept.member:
            return Standing(kept, None, {})
        held = {s: who for s, who in self._held.get(kept.manifest, {}).items() if s < shape.n}
        return Standing(kept, shape, dict(sorted(held.items())))

    def standings(self) -> Iterator[Standing]:
        """Yield how each object that is to be kept stands, in the order of their records.

        A record of another member's object is passed over: nobody keeps it for who wrote that.
        """
        for kept in self._spreading.storing.list_objects(erased=0):
            shape = self._shape(kept.manifest)
            if shape is None or shape.owner == kept.member:
                yield self.stand(kept)

    def _shape(self, cid: Cid) -> Shape | None:
        if (found := self._shapes.get(cid)) is None:
            if cid not in self._held and not self._spreading.desk.store.has(cid):
                # Nobody who answers holds any of it: there is nobody to be asked.
                return None
            try:
                found = shape_of(self._spreading.find_manifest(cid))
            except Error:
                return None
            for first in list(islice(self._shapes, max(0, len(self._shapes) - SHAPES_KEPT + 1))):
                del self._shapes[first]
            self._shapes[cid] = found
        return found

    def is_claimed(self, claim: Claim) -> bool:
        """Tell whether a member says still what it said."""
        listing = self.told.get(claim.member)
        return listing is not None and claim.shard in listing.held.get(claim.cid, [])

    def turn(self, shape: Shape) -> int:
        """Return how many that answer come before this member in seeing to an object.

        Its owner is the first, then come the others in the object's order.
        """
        me, order = self._spreading.desk.member, order_members(shape.id, self.told)
        if me == shape.owner or me not in order:
            return 0 if me == shape.owner else len(order)
        others = [name for name in order if name != shape.owner]
        return others.index(me) + (shape.owner in self.told)


def shape_of(manifest: Manifest) -> Shape:
    """Return what of a manifest it takes to tell how its object stands."""
    profile = manifest.layout.profile
    return Shape(manifest.id, manifest.owner, profile.name, profile.n, profile.k)


def survey_members(spreading: Spreading) -> Survey:
    """Ask all members what they hold; who is away or slow says nothing."""
    return Survey(spreading, spreading.ring.survey(), spreading.shapes)
