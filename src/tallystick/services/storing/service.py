"""What a member says on the chain about objects it spreads, and what all have said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tallystick.base.codec import Cid
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.line import Chain
from tallystick.kernel.access.sealing import Draft
from tallystick.records.base import Statement
from tallystick.records.spread import ObjectErased, ObjectKept
from tallystick.services.storing.standing import KeptObject

__all__ = ["Storing"]


class Storing:
    """What a member does about objects that all are to keep.

    Args:
        desk: the member's.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chain: Chain | None = None

    def take_chain(self, chain: Chain) -> None:
        """Tell the time by this member's copy of the chain from now on."""
        self._chain = chain

    def chain_ms(self) -> int:
        """Return the time of the block that all told here stands at, ms since 1970 UTC.

        A record that is not told stood in no block until then. 0 where that cannot be said: no
        chain is there yet, or the views lack what it has.
        """
        if self._chain is None:
            return 0
        # The tip first: what is told can have come further since, and never less far.
        tip = self._chain.tip
        return tip.time if self._desk.views.height() >= tip.height else 0

    def _record(self, statement: Statement) -> bytes:
        identifier = self._desk.new_id()
        self._desk.record([Draft(identifier=identifier, statement=statement, party=b"")])
        return identifier

    def keep(self, manifest: Cid, size: int, *, sealed: bool) -> bytes:
        """Have all know that an object of this member's is to be kept; return the record's id.

        Raises:
            Invalid: `record.refused`, 200: it is kept, or was erased.
        """
        return self._record(ObjectKept(manifest=manifest, size=size, sealed=int(sealed)))

    def erase(self, manifest: Cid) -> bytes:
        """Have all know that an object of this member's is erased; return the record's id.

        Raises:
            Invalid: `record.refused`, 201: it is not kept.
        """
        return self._record(ObjectErased(manifest=manifest))

    def erase_later(self, manifest: Cid) -> None:
        """Have it told in the day's bundle, where an act at its own time would tell of a party."""
        statement = ObjectErased(manifest=manifest)
        self._desk.keep(Draft(identifier=self._desk.new_id(), statement=statement, party=b""))

    def list_objects(self, **where: Any) -> Iterator[KeptObject]:  # noqa: ANN401 - columns
        """Yield objects in the order of their records; `where` names columns' values."""
        last = None
        while rows := self._desk.views.rows("object", where, order="height", after=last):
            yield from map(_told, rows)
            last = rows[-1]

    def count_erased(self) -> int:
        """Return how many objects are erased."""
        return self._desk.views.count("object", {"erased": 1})

    def list_erased(self) -> Iterator[KeptObject]:
        """Yield erased objects, those first that were erased last."""
        last, where = None, {"erased": 1}
        while rows := self._desk.views.rows("object", where, order="-erased_height", after=last):
            yield from map(_told, rows)
            last = rows[-1]

    def find_object(self, manifest: Cid, member: str) -> KeptObject | None:
        """Return an object that a member spread; None where the chain tells of none."""
        rows = self._desk.views.rows("object", {"manifest": manifest.raw, "member": member})
        return _told(rows[0]) if rows else None


def _told(row: Any) -> KeptObject:  # noqa: ANN401 - a row's columns
    return KeptObject(
        Cid(row["manifest"]),
        row["member"],
        row["size"],
        bool(row["sealed"]),
        row["at"],
        bool(row["erased"]),
        row["height"],
    )
