"""What chains of one county know of each other: links, anchors, facts proven across."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.base import codec
from tallystick.records.base import ID, PUBLIC_MONEY, Statement, public

__all__ = [
    "GENESIS_BYTES_MAX",
    "LIST_BYTES_MAX",
    "PUBLIC_KIND",
    "ChainAnchored",
    "ChainLinked",
    "ChainListed",
    "SubsidyApproved",
]

PUBLIC_KIND = "public"
"""The kind of a chain, in its genesis, that everybody reads: it carries nothing else."""
GENESIS_BYTES_MAX = 1_024
LIST_BYTES_MAX = 6_000
"""Most bytes of a members list, or of a part of a longer one, that one record bears."""
NOTE_BYTES_MAX = 7_000
_DIGEST = codec.exact_bytes(32)
_IDENT = codec.ident(40)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainListed(Statement):
    """A part of a chain's list of members that is too long for the record which needs it.

    The parts come in their order before that record, in its own bundle, and it bears the rest:
    what genesis or the header names is the CID of all of them together.
    """

    t = "chain.listed"
    listed: bytes = public(codec.octets(LIST_BYTES_MAX, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLinked(Statement):
    """A member makes a chain known that is its own alone; others are linked by a vote."""

    t = "chain.linked"
    genesis: bytes = public(codec.octets(GENESIS_BYTES_MAX, 1))
    listed: bytes = public(codec.octets(LIST_BYTES_MAX, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainAnchored(Statement):
    """How far a linked chain has come: a checkpoint that a quorum of its members signed.

    `path` shows that its log extends what was anchored before; `header` and `listed` stand where
    that height changed its members.
    """

    t = "chain.anchored"
    chain: bytes = public(_DIGEST)
    note: bytes = public(codec.octets(NOTE_BYTES_MAX, 1))
    path: list[bytes] | None = public(codec.list_of(_DIGEST, 53, 1), optional=True)
    header: bytes | None = public(codec.octets(1_024, 1), optional=True)
    listed: bytes | None = public(codec.octets(LIST_BYTES_MAX, 1), optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsidyApproved(Statement):
    """A department approves public money for a case that stands on another chain, once."""

    t = "subsidy.approved"
    approved_case: bytes = public(ID)
    programme: str = public(_IDENT)
    amount: int = public(PUBLIC_MONEY)
