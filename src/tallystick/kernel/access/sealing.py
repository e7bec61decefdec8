"""From statements to record bytes: what is public stays, the rest is sealed with fresh keys.

A draft is a statement and its place; preparing a bundle of drafts gives the records' bytes, the
sealed objects and their data keys. A public field that commits to a sealed one (`inputs_com`) is
filled here, since only here the salt is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.base.clock import Entropy
from tallystick.base.codec import arrange, encode_decoded
from tallystick.base.keys import SigningKey
from tallystick.chain.assent import sign_assent
from tallystick.chain.disclosure import Opening
from tallystick.chain.record import Charter, RecordType, SealClass
from tallystick.chain.seal import Material, Place, Sealed, draw_material, seal
from tallystick.kernel.access.keyring import DataKey
from tallystick.records.base import Parts, Statement, split

__all__ = ["Draft", "Prepared", "Ready", "draw_id", "prepare"]

ID_SIZE: Final = 16
# Public fields that commit to a sealed field of the party class, by name.
_COMMITS: Final = {"inputs_com": "inputs"}
UNFILLED: Final = bytes(32)
# Stand until sealing puts the household's signature in their place.
UNSIGNED: Final[dict[str, Any]] = {"pub": bytes(32), "sig": bytes(64)}


def draw_id(entropy: Entropy) -> bytes:
    """Return a fresh record id: 16 random bytes, so that it tells nothing."""
    return entropy.draw("id", ID_SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A statement to be recorded.

    Attributes:
        identifier: the record's id.
        statement: what is stated.
        case: id of the case it belongs to.
        party: id of the party whose keys it is sealed under; b"" where nothing is sealed.
        household: the party's own key: signs the field `assent`.
    """

    identifier: bytes
    statement: Statement = field(repr=False)
    case: bytes | None = None
    refs: Sequence[bytes] = ()
    officer: bytes | None = None
    on: int | None = None
    amends: bytes | None = None
    party: bytes = field(default=b"", repr=False)
    household: SigningKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ready:
    """One record ready to be signed, and what its sealed parts hold."""

    identifier: bytes
    record: bytes
    openings: Mapping[SealClass, Opening] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bundle ready to be signed: records in order, objects for the store, keys for the ring."""

    drafts: Sequence[Draft] = field(repr=False)
    ready: list[Ready]
    objects: list[bytes]
    keys: list[DataKey] = field(repr=False)

    @property
    def records(self) -> list[bytes]:
        """The records' bytes."""
        return [each.record for each in self.ready]


def prepare(
    drafts: Sequence[Draft], *, charter: Charter, chain: bytes, member: str, entropy: Entropy
) -> Prepared:
    """Return the bundle of `drafts` by `member`; Invalid if a value breaks its field's check."""
    found = Prepared(drafts, [], [], [])
    for draft in drafts:
        _prepare_one(draft, charter, (chain, member, entropy), found)
    return found


def _prepare_one(
    draft: Draft, charter: Charter, context: tuple[bytes, str, Entropy], found: Prepared
) -> None:
    kind = charter[draft.statement.t, draft.statement.rv]
    parts = split(draft.statement)
    record = _envelope(draft, parts)
    values = _assented(draft, record, parts, *context[:2])
    seals: dict[str, Any] = {}
    openings: dict[SealClass, Opening] = {}
    for sealed in kind.classes():
        made, material = _seal(draft, kind, sealed, values[sealed], context)
        seals[sealed], openings[sealed] = made.tree(), made.opening
        found.objects.append(made.data)
        found.keys.append(
            DataKey(
                seals[sealed]["obj"],
                material.data_key,
                draft.identifier,
                sealed,
                draft.case or (draft.identifier if draft.statement.t == "case.applied" else b""),
                draft.party,
            )
        )
    if seals:
        record["seals"] = seals
    for name, committed in _COMMITS.items():
        if name in record["pub"]:
            record["pub"][name] = openings["party"].leaf_hash(committed)
    # Public parts come in canonical order, and so does the frame around them.
    found.ready.append(Ready(draft.identifier, encode_decoded(arrange(record)), openings))


def _envelope(draft: Draft, parts: Parts) -> dict[str, Any]:
    optional = {
        "case": draft.case,
        "refs": list(draft.refs) or None,
        "officer": draft.officer,
        "on": draft.on,
        "amends": draft.amends,
    }
    stated = {name: value for name, value in optional.items() if value is not None}
    statement = draft.statement
    return {
        "t": statement.t,
        "rv": statement.rv,
        "id": draft.identifier,
        "pub": dict(parts.public),
        **stated,
    }


def _assented(
    draft: Draft, record: dict[str, Any], parts: Parts, chain: bytes, member: str
) -> dict[SealClass, dict[str, Any]]:
    """Return sealed values by class, with the household's signature where it acts itself."""
    party = dict(parts.party)
    if draft.household is not None:
        party["assent"] = sign_assent(
            draft.household,
            record,
            chain=chain,
            member=member,
            values={**parts.case, **parts.party},
        )
    return {"case": parts.case, "party": party}


def _seal(
    draft: Draft,
    kind: RecordType,
    sealed: SealClass,
    values: Mapping[str, Any],
    context: tuple[bytes, str, Entropy],
) -> tuple[Sealed, Material]:
    chain, member, entropy = context
    fields = kind.fields(sealed)
    material = draw_material(entropy, len(fields))
    statement = draft.statement
    place = Place(chain, member, draft.identifier, statement.t, statement.rv, sealed)
    return seal(values, place=place, fields=fields, material=material), material
