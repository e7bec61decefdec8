"""Parties: who a record is about, known to their custodian alone.

A party never stands on a chain by name or by its own identifier; record ids are random, and the
link from case to party is sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.base import codec
from tallystick.base.codec import Cid
from tallystick.records.base import CID, ID, NAME, TEXT, TIME, Statement, party_sealed, public

__all__ = [
    "GrantEnded",
    "GrantGiven",
    "MandateEnded",
    "MandateGiven",
    "ObjectsDropped",
    "PartyErased",
    "PartyRegistered",
]

_KINDS = codec.choice("person", "household", "firm", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRegistered(Statement):
    """A member becomes custodian of a party's keys."""

    t = "party.registered"
    kind: str = public(_KINDS)
    custodian: str = public(NAME)
    party: bytes = party_sealed(ID, optional=False)
    identity: dict[str, Any] = party_sealed(codec.value, optional=False)
    contacts: dict[str, Any] | None = party_sealed(codec.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyErased(Statement):
    """A party's keys are gone; which party, only its custodian knew."""

    t = "party.erased"
    party: bytes = party_sealed(ID, optional=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsDropped(Statement):
    """Sealed objects of at least eight parties, shuffled, that no one can open any more."""

    t = "objects.dropped"
    objects: list[Cid] = public(codec.list_of(CID, 150, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateGiven(Statement):
    """A household lets an officer act for it, before a witness; record id = mandate id."""

    t = "mandate.given"
    mandate: bytes = public(ID)
    officer: bytes = public(ID)
    witness: str = public(NAME)
    from_time: int = public(TIME)
    until: int = public(TIME)
    party: bytes = party_sealed(ID, optional=False)
    text: str = party_sealed(TEXT, optional=False)
    signatures: list[Any] | None = party_sealed(codec.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateEnded(Statement):
    """A mandate is taken back."""

    t = "mandate.ended"
    mandate: bytes = public(ID)
    party: bytes = party_sealed(ID, optional=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantGiven(Statement):
    """A party lets a member read classes of its data for a purpose and a time."""

    t = "grant.given"
    grant: bytes = public(ID)
    recipient: str = public(NAME)
    classes: list[str] = public(codec.list_of(codec.ident(40), 16, 1))
    purpose: str = public(codec.ident(40))
    basis: str = public(codec.ident(40))
    from_time: int = public(TIME)
    until: int = public(TIME)
    party: bytes = party_sealed(ID, optional=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantEnded(Statement):
    """A party takes a grant back: from this block on no member reads under it."""

    t = "grant.ended"
    grant: bytes = public(ID)
    party: bytes = party_sealed(ID, optional=False)
