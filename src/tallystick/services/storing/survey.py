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
from tallystick.services.storing.doubts import Doubts
from tallystick.services.storing.standing import Claim, KeptObject, Shape, Standing

__all__ = ["Survey", "shape_of", "survey_members"]

SHAPES_KEPT: Final = 65_536


class Survey:
    """What members said at one time.

    Args:
        spreading: whose member asks.
        told: what each that answered says it holds; who has left among them.
        shapes: what is known of manifests, kept from one survey to the next.
    """

    def __init__(
        self, spreading: Spreading, told: Mapping[str, Listing], shapes: dict[Cid, Shape]
    ) -> None:
        members = set(spreading.ring.members())
        self.told = {name: listing for name, listing in told.items() if name in members}
        self.left = {name: listing for name, listing in told.items() if name not in members}
        """What those say that have left: it is read there, and counted on no more."""
        self.away = members - told.keys()
        """Members that gave no answer in time."""
        self.is_complete = not self.away
        """Whether no member is away."""
        self._spreading = spreading
        self._shapes = shapes
        self._held = _held_by(self.told)
        self._leaving = _held_by(self.left)
        self._flaws = _flaws_of(self.told, spreading.doubts)

    def stand(self, kept: KeptObject) -> Standing:
        """Return how an object stands; one that its manifest's owner did not record, as lost."""
        shape = self._shape(kept.manifest)
        if shape is None or shape.owner != kept.member:
            return Standing(kept, None, {})
        held = {s: who for s, who in self._held.get(kept.manifest, {}).items() if s < shape.n}
        gone = frozenset(s for s in self._leaving.get(kept.manifest, {}) if s < shape.n)
        flaws = {
            (shard, name): found
            for shard, names in held.items()
            for name in names
            if (found := self._flaws.get(Claim(kept.manifest, shard, name)))
        }
        return Standing(kept, shape, dict(sorted(held.items())), gone - held.keys(), flaws)

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
            if not self.is_listed(cid) and not self._spreading.desk.store.has(cid):
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

    def is_heard(self, member: str) -> bool:
        """Tell whether a member said anything."""
        return member in self.told

    def is_listed(self, cid: Cid) -> bool:
        """Tell whether anybody that answers, on the list or not, says to hold any of an object."""
        return cid in self._held or cid in self._leaving

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


def _held_by(told: Mapping[str, Listing]) -> dict[Cid, dict[int, list[str]]]:
    """Return who says to hold each shard of each object."""
    found: dict[Cid, dict[int, list[str]]] = {}
    for member, listing in told.items():
        for cid, shards in listing.held.items():
            for shard in shards:
                found.setdefault(cid, {}).setdefault(shard, []).append(member)
    return found


def _flaws_of(told: Mapping[str, Listing], doubts: Doubts) -> dict[Claim, set[int]]:
    """Return which segments members say are wrong of what they hold, or did not give rightly."""
    found: dict[Claim, set[int]] = {}
    for member, listing in told.items():
        for (cid, shard), places in listing.flaws.items():
            found.setdefault(Claim(cid, shard, member), set()).update(places)
    for claim in doubts.claims():
        found.setdefault(claim, set()).update(segment for segment, _ in doubts.spots(claim))
    return found


def shape_of(manifest: Manifest) -> Shape:
    """Return what of a manifest it takes to tell how its object stands."""
    profile = manifest.layout.profile
    return Shape(manifest.id, manifest.owner, profile.name, profile.n, profile.k)


def survey_members(spreading: Spreading) -> Survey:
    """Ask all members what they hold; who is away or slow says nothing."""
    return Survey(spreading, spreading.ring.survey(), spreading.shapes)
