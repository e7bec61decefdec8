"""Objects that members hold for one another: which are to be kept, and which are no more."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.base import codec
from tallystick.base.codec import Cid
from tallystick.records.base import CID, Statement, public

__all__ = ["ObjectErased", "ObjectKept"]

_SIZE = codec.integer(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectKept(Statement):
    """A member has spread an object over the others, who are to keep it for that member.

    `manifest` names it, `size` is its length as it is held, and `sealed` tells whether it opens by
    a key alone; no name of it and nobody it is about stands here.
    """

    t = "object.kept"
    manifest: Cid = public(CID)
    size: int = public(_SIZE)
    sealed: int = public(codec.choice(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectErased(Statement):
    """The member that spread an object has destroyed its key; the others drop what they hold."""

    t = "object.erased"
    manifest: Cid = public(CID)
