"""The claim `decided`: a decision follows, byte for byte, from its inputs, model, catalogue, rules.

A decision stands in a record as public `{service, version, question, model?, catalogue, rules,
inputs_com, not_after}`, case seal [outcome, ranked, conditions] and party seal [figures, reasons,
inputs, grants, subject]. `inputs` is the CID of the inputs object and `inputs_com` the hash of its
leaf, so the public part commits to what was read. Who checks runs the decision again from the
objects supplied and compares the bytes of every result with the field disclosed.
The chain knows no service: the replayer is passed in, by who carries the charter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tallystick.base import codec
from tallystick.base.codec import Cid, Value
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain import schema
from tallystick.chain.disclosure import Disclosed
from tallystick.chain.record import RecordType
from tallystick.chain.verdict import Contradicted, Missing

__all__ = ["CASE_FIELDS", "PARTY_FIELDS", "RESULTS", "Asked", "Replay", "check_decided"]

CASE_FIELDS: Final = ("outcome", "ranked", "conditions")
PARTY_FIELDS: Final = ("figures", "reasons", "inputs", "grants", "subject")
RESULTS: Final = ("outcome", "ranked", "conditions", "figures", "reasons")
"""The sealed fields a decision computes; the others say what it read and about whom."""

_PUBLIC: Final = codec.shape(
    {
        "service": codec.ident(schema.NAME_MAX),
        "version": schema.u16,
        "question": codec.ident(schema.NAME_MAX),
        "catalogue": codec.cid,
        "rules": schema.u32,
        "inputs_com": schema.b32,
        "not_after": codec.integer(),
    },
    {"model": codec.cid},
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a decision was asked, and by which versions it answered.

    Attributes:
        service: the service that decided.
        version: of its decision function.
        question: which of the service's questions.
        rules: the version of the rules in force.
        catalogue: the CID of the catalogue object.
        model: the CID of the model object; None if the decision needs none.
    """

    service: str
    version: int
    question: str
    rules: int
    catalogue: Cid
    model: Cid | None


Replay: TypeAlias = Callable[[Asked, bytes, Mapping[Cid, bytes]], Mapping[str, Value]]
"""Runs a decision again: (asked, the inputs object's bytes, the other objects by CID) -> the map of
`RESULTS`, absent ones left out. Raises NotFound for a version or an object it lacks, Invalid for
inputs, a model or a catalogue that the decision could not have read."""


def check_decided(
    record: Mapping[str, Any],
    *,
    kind: RecordType,
    disclosed: Mapping[str, Disclosed],
    objects: Mapping[Cid, bytes],
    replay: Replay | None,
) -> None:
    """Return if the decision of a record was replayed to the same bytes.

    Args:
        record: the decoded record, proven admitted.
        kind: its type.
        disclosed: its disclosed fields by name, each shown to stand under the record's commitment.
        objects: what the file supplies, by CID.
        replay: runs a decision again; None if the verifier carries no charter for it.

    Raises:
        Contradicted: the record is no decision, or inputs or a result differ.
        Missing: an object, a disclosure or the version is not there.
    """
    asked = _asked(record, kind)
    if replay is None:
        raise _missing("version")
    inputs = _inputs(record["pub"]["inputs_com"], disclosed, objects)
    for name in RESULTS:
        if name not in disclosed:
            raise _missing(f"disclosure of {name}")
    for cid in (asked.catalogue, asked.model):
        if cid is not None and cid not in objects:
            raise _missing("catalogue" if cid == asked.catalogue else "model")
    try:
        found = replay(asked, inputs, objects)
    except NotFound as error:
        raise _missing("version") from error
    except Invalid as error:
        raise _no("inputs") from error
    for name in RESULTS:
        if _bytes_of(found, name) != _bytes_shown(disclosed[name]):
            raise _no(name)


def _no(reason: str) -> Contradicted:
    return Contradicted(f"decision.{reason}", reason, cure="Ask who decided for the true inputs.")


def _missing(reason: str) -> Missing:
    code = f"decision.{reason.partition(' ')[0]}"
    return Missing(code, reason, cure="Supply it, or verify with a version that carries it.")


def _asked(record: Mapping[str, Any], kind: RecordType) -> Asked:
    pub = record["pub"]
    if (tuple(kind.case), tuple(kind.party)) != (CASE_FIELDS, PARTY_FIELDS):
        raise _no("type")
    try:
        _PUBLIC(pub)
    except Invalid as error:
        raise _no("type") from error
    return Asked(
        pub["service"],
        pub["version"],
        pub["question"],
        pub["rules"],
        pub["catalogue"],
        pub.get("model"),
    )


def _inputs(
    committed: bytes, disclosed: Mapping[str, Disclosed], objects: Mapping[Cid, bytes]
) -> bytes:
    """Return the bytes of the inputs object, whose link is disclosed and publicly committed to."""
    shown = disclosed.get("inputs")
    if shown is None:
        raise _missing("disclosure of inputs")
    if shown.leaf != committed or type(shown.value) is not Cid:
        raise _no("inputs_com")
    found = objects.get(shown.value)
    if found is None:
        raise _missing("inputs")
    return found


def _bytes_of(found: Mapping[str, Value], name: str) -> bytes | None:
    return codec.encode(found[name]) if name in found else None


def _bytes_shown(shown: Disclosed) -> bytes | None:
    return codec.encode(shown.value) if shown.filled else None
