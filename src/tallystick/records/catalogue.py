"""What positioning chooses from, and by which rules and models: public to all members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.base import codec
from tallystick.base.codec import Cid
from tallystick.records.base import CID, NAME, Statement, public

__all__ = [
    "ModelApproved",
    "ModelRetired",
    "ProductPublished",
    "ProviderRegistered",
    "RulesActivated",
]

_IDENT = codec.ident(40)
_IDENTS = codec.list_of(_IDENT, 64)
_ENTRY = codec.map_of(codec.value, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRegistered(Statement):
    """A service subject with its services and fields of expertise; it need not be a member."""

    t = "provider.registered"
    provider: str = public(_IDENT)
    services: list[str] = public(_IDENTS)
    expertise: list[str] = public(_IDENTS)
    entry: dict[str, Any] = public(_ENTRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPublished(Statement):
    """A product's versioned terms: amount range, term, rate, subsidy, guarantee, pattern, dates."""

    t = "product.published"
    product: str = public(_IDENT)
    entry: dict[str, Any] = public(_ENTRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelApproved(Statement):
    """A person lets a published model decide.

    Attributes:
        model: the model's object.
        data: what it was trained on: the SHA-256 of that file.
        metrics: what training measured on rows unseen, such as `auc_ppm` and `ece_ppm`.
        program: the version of this program that trained it.
        curves: what a person wants to see of it, an object of its own (docs/spec/trained.md).
        forced: why it is approved though its probabilities are not known to hold.
    """

    t = "model.approved"
    model: Cid = public(CID)
    service: str = public(NAME)
    name: str = public(_IDENT)
    data: Cid | None = public(CID, optional=True)
    metrics: dict[str, int] = public(codec.map_of(codec.integer(-codec.INTEGER_MAX), 64))
    kind: str | None = public(codec.choice("card", "trees"), optional=True)
    program: str | None = public(codec.text(40), optional=True)
    forced: str | None = public(_IDENT, optional=True)
    curves: Cid | None = public(CID, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRetired(Statement):
    """A person lets an approved model decide no more; the latest still approved decides then."""

    t = "model.retired"
    model: Cid = public(CID)
    service: str = public(NAME)
    reason: str | None = public(_IDENT, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesActivated(Statement):
    """A version of a service's rules decides from a height on; its figures are a public object."""

    t = "rules.activated"
    name: str = public(_IDENT)
    version: int = public(codec.integer(1, 2**16 - 1))
    from_height: int = public(codec.integer(1))
    figures: Cid = public(CID)
