"""The form of an evidence file: a CAR v1 archive with one root node, and how one is put together.

The root has the keys v, chain, kind, claims, records, headers, paths, checkpoints, members,
disclosures and objects, always all: `records` are proofs; `headers`, `members` and `objects` link
blocks of the archive; `paths` are consistency proofs; `checkpoints` are notes; a disclosure is
`{record, class, row}`.
Whoever reads a file learns here only that it has this form; `evidence` says what it proves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from tallystick.base import codec
from tallystick.base.codec import DAG_CBOR, Cid, Value, cid_of, encode, refuse
from tallystick.chain import schema
from tallystick.chain.car import read_car, write_car
from tallystick.chain.checkpoint import NOTE_BYTES_MAX
from tallystick.chain.disclosure import DISCLOSURE
from tallystick.chain.member import Members
from tallystick.chain.merkle import PATH_MAX
from tallystick.chain.proof import PROOF

__all__ = ["EvidenceFile", "Kind", "admitted", "build_evidence", "decided", "read_evidence"]

_ENTRIES_MAX: Final = 4_096
_CHECKPOINTS_MAX: Final = 256
_PATHS_MAX: Final = 16


class Kind(StrEnum):
    """What a file is about; each kind demands a shape of its claims.

    RECORD: every claim is `admitted`.
    CASE: the first record opened the case, all others name it.
    DECISION: at least one claim is `decided`.
    """

    RECORD = "record"
    CASE = "case"
    DECISION = "decision"


_NUMBER: Final = codec.integer(0, _ENTRIES_MAX - 1)
_LINKS: Final = codec.list_of(codec.cid, _ENTRIES_MAX)
_EVIDENCE: Final = codec.shape(
    {
        "v": schema.version,
        "chain": schema.b32,
        "kind": codec.choice(*Kind),
        "claims": codec.list_of(
            codec.shape({"claim": codec.choice("admitted", "decided"), "record": _NUMBER}),
            _ENTRIES_MAX,
            1,
        ),
        "records": codec.list_of(PROOF, _ENTRIES_MAX, 1),
        "headers": _LINKS,
        "paths": codec.list_of(codec.list_of(schema.b32, PATH_MAX), _PATHS_MAX),
        "checkpoints": codec.list_of(codec.octets(NOTE_BYTES_MAX), _CHECKPOINTS_MAX),
        "members": _LINKS,
        "disclosures": codec.list_of(
            codec.shape(
                {
                    "record": _NUMBER,
                    "class": codec.choice("case", "party"),
                    "row": DISCLOSURE,
                }
            ),
            _ENTRIES_MAX,
        ),
        "objects": _LINKS,
    }
)


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file of right form; every block has the hash its CID names.

    Attributes:
        root: the decoded root node.
        headers: headers, and genesis, by CID.
        lists: members lists by CID.
        objects: the objects by CID.
    """

    root: Mapping[str, Any]
    headers: Mapping[Cid, bytes]
    lists: Mapping[Cid, Members]
    objects: Mapping[Cid, bytes]


def admitted(record: int) -> dict[str, Value]:
    """Return the claim that the file's record of that index was admitted."""
    return {"claim": "admitted", "record": record}


def decided(record: int) -> dict[str, Value]:
    """Return the claim that the decision in that record follows from its inputs and rules."""
    return {"claim": "decided", "record": record}


def build_evidence(
    *,
    kind: Kind | Literal["record", "case", "decision"],
    chain: bytes,
    claims: Sequence[Mapping[str, Value]],
    records: Sequence[Mapping[str, Any]],
    headers: Iterable[bytes],
    members: Iterable[bytes],
    checkpoints: Sequence[bytes],
    paths: Sequence[Sequence[bytes]],
    disclosures: Sequence[Mapping[str, Any]] = (),
    objects: Mapping[Cid, bytes] | None = None,
) -> bytes:
    """Return the bytes of an evidence file; Invalid if it would not have the form of one.

    Args:
        kind: what the file is about.
        chain: the chain's digest, 32 bytes.
        claims: made with `admitted` and `decided`; at least one.
        records: proofs at the size of the last checkpoint; at least one.
        headers: the headers (genesis at height 1) that the records' leaves name, and those that
            checkpoints before the last name.
        members: the lists that those headers name.
        checkpoints: notes, ascending.
        paths: consistency from the verifier's pin to the last checkpoint; none from size 0.
        disclosures: `{record, class, row}`, from `Opening.disclose`.
        objects: by CID: what decisions are replayed from, sealed objects handed over.
    """
    heads = {cid_of(block): block for block in headers}
    lists = {cid_of(block): block for block in members}
    carried = objects or {}
    root = encode(
        {
            "v": 1,
            "chain": chain,
            "kind": str(kind),
            "claims": list(claims),
            "records": list(records),
            "headers": list(heads),
            "paths": [list(path) for path in paths],
            "checkpoints": list(checkpoints),
            "members": list(lists),
            "disclosures": list(disclosures),
            "objects": list(carried),
        }
    )
    cbor = [block for cid, block in carried.items() if cid.codec == DAG_CBOR]
    raw = [block for cid, block in carried.items() if cid.codec != DAG_CBOR]
    data = write_car(cid_of(root), (root, *heads.values(), *lists.values(), *cbor), raw)
    read_evidence(data)
    return data


def read_evidence(data: bytes) -> EvidenceFile:
    """Return the file of `data`; Invalid `codec.form` for any fault of form, which refuses it."""
    car = read_car(data)
    root: dict[str, Any] = codec.decode(car.blocks[car.root], _EVIDENCE)
    for entry in (*root["claims"], *root["disclosures"]):
        if entry["record"] >= len(root["records"]):
            raise refuse("record index")
    _check_claims(root)
    headers = _linked(root, "headers", car.blocks)
    for block in headers.values():
        codec.decode(block, _header)
    lists = {
        cid: Members.read(block) for cid, block in _linked(root, "members", car.blocks).items()
    }
    return EvidenceFile(root, headers, lists, _linked(root, "objects", car.blocks))


def _check_claims(root: Mapping[str, Any]) -> None:
    names = [entry["claim"] for entry in root["claims"]]
    if root["kind"] == Kind.RECORD and "decided" in names:
        raise refuse("claims")
    if root["kind"] == Kind.DECISION and "decided" not in names:
        raise refuse("claims")


def _linked(root: Mapping[str, Any], name: str, blocks: Mapping[Cid, bytes]) -> dict[Cid, bytes]:
    links = root[name]
    if len(set(links)) != len(links) or not blocks.keys() >= set(links):
        raise refuse(name)
    return {link: blocks[link] for link in links}


def _header(found: object) -> None:
    """Admit a header or a genesis, which alone has a salt."""
    is_genesis = type(found) is dict and "salt" in found
    (schema.GENESIS if is_genesis else schema.HEADER)(found)
