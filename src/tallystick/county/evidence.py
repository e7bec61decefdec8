"""Evidence of a case: what an outsider needs to check it without the county.

The file carries every record of the case with its proof under a checkpoint that more than two
thirds of the members signed, the fields its custodian discloses, and the inputs, model and
catalogue from which each decision is run again. `redact` leaves fields out one by one; what is left
out is then not checkable, never false.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tallystick.base.codec import Cid, cid_of, encode
from tallystick.base.errors import NotFound, Unavailable
from tallystick.chain.disclosure import Opening
from tallystick.chain.evidence_file import Kind, admitted, build_evidence, decided
from tallystick.chain.proof import prove_record
from tallystick.chain.record import SealClass
from tallystick.kernel.ledger.browse import list_lines
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.node import Node
from tallystick.services.positioning.service import in_order

__all__ = ["DECISIONS", "export_block", "export_case"]

DECISIONS: Final = frozenset({"case.schemed", "case.judged", "case.reported", "case.matched"})
_NEEDED: Final = frozenset(
    {"outcome", "ranked", "conditions", "figures", "reasons", "inputs", "profile"}
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A record of the case and where it stands."""

    identifier: bytes
    t: str
    height: int
    index: int
    place: int


def export_case(
    node: Node, witnesses: Witnesses, case: bytes, *, redact: Collection[str] = ()
) -> bytes:
    """Return the evidence file of a case.

    Args:
        node: a member that is party to the case; what it cannot open is not disclosed.
        witnesses: the cosignatures it knows.
        case: the case's id.
        redact: names of sealed fields to leave out.

    Raises:
        NotFound: the chain holds no such case.
        Unavailable: `evidence.not_witnessed`, too few members have cosigned it yet.
    """
    node.fold()
    rows = in_order(node.views.rows("record", {"case": case}))
    if not rows:
        raise NotFound("case.unknown", "the chain holds no such case", cure="tally case list.")
    lines = [_Line(row["id"], row["t"], row["height"], row["index"], row["place"]) for row in rows]
    height = witnesses.height
    _check_witnessed(height, max(line.height for line in lines))
    led = _lead(node, witnesses, height)
    openings = {line.identifier: dict(_openings(node, case, line)) for line in lines}
    replayable = not _NEEDED & set(redact)
    return build_evidence(
        kind=Kind.CASE,
        chain=node.replica.genesis.chain,
        claims=_claims(lines, openings, replayable=replayable),
        records=[_prove(node, line, node.replica.body(height).size) for line in lines],
        headers=[node.replica.header(line.height - 1) for line in lines] + led.headers,
        members=[node.replica.members(line.height).data for line in lines] + led.members,
        checkpoints=[*led.notes, witnesses.note(height)],
        paths=[],
        disclosures=_disclosures(lines, openings, set(redact)),
        objects=_objects(node, case, lines, openings) if replayable else {},
    )


def export_block(node: Node, witnesses: Witnesses, height: int) -> bytes:
    """Return the evidence file of a block: that its records were admitted, and what they state.

    Nothing sealed is opened: what it shows is what every member has.

    Args:
        node: any member.
        witnesses: the cosignatures it knows.
        height: of the block, >= 1.

    Raises:
        NotFound: `ledger.nothing_admitted`, no record of such a block was.
        Unavailable: `evidence.not_witnessed`, too few members have cosigned it yet.
        Invalid: `codec.form`, the block has more records than a file takes.
    """
    found = list(list_lines(node.replica, height))
    if not found:
        raise NotFound(
            "ledger.nothing_admitted",
            f"no record was admitted at height {height}",
            cure="Ask within the chain, for a block with records.",
        )
    _check_witnessed(witnesses.height, height)
    lines = [_Line(b"", each.t, height, each.index, each.place) for each in found]
    led = _lead(node, witnesses, witnesses.height)
    size = node.replica.body(witnesses.height).size
    return build_evidence(
        kind=Kind.RECORD,
        chain=node.replica.genesis.chain,
        claims=[admitted(at) for at in range(len(lines))],
        records=[_prove(node, line, size) for line in lines],
        headers=[node.replica.header(height - 1), *led.headers],
        members=[node.replica.members(height).data, *led.members],
        checkpoints=[*led.notes, witnesses.note(witnesses.height)],
        paths=[],
    )


class _Led(NamedTuple):
    """What leads from the first list of members to a later one: checkpoints, headers, lists."""

    notes: list[bytes]
    headers: list[bytes]
    members: list[bytes]


def _lead(node: Node, witnesses: Witnesses, height: int) -> _Led:
    """Return what takes an outsider from an early list to this height's: each change, signed."""
    found = _Led([], [], [])
    for each in node.replica.handovers():
        if each < height:
            found.notes.append(witnesses.note(each))
            found.headers.append(node.replica.header(each))
            found.members.append(node.replica.members(each + 1).data)
    return found


def _check_witnessed(witnessed: int, height: int) -> None:
    if witnessed < height:
        raise Unavailable(
            "evidence.not_witnessed",
            f"it reaches height {height}, members have witnessed {witnessed}",
            cure="Try again when the members have followed.",
        )


def _openings(node: Node, case: bytes, line: _Line) -> Iterator[tuple[SealClass, Opening]]:
    """Yield what this member can open of a record."""
    permit = node.desk.permit("evidence", case)
    stated = node.find(line.identifier).record.get("seals", {})
    for sealed, seal in sorted(stated.items()):
        if node.keys.find(seal["obj"]) is not None:
            yield sealed, node.desk.open(permit, line.identifier, sealed)


def _claims(
    lines: list[_Line], openings: Mapping[bytes, Mapping[SealClass, Opening]], *, replayable: bool
) -> list[Mapping[str, Any]]:
    claims: list[Mapping[str, Any]] = [admitted(at) for at in range(len(lines))]
    for at, line in enumerate(lines):
        whole = {"case", "party"} == set(openings[line.identifier])
        if line.t in DECISIONS and replayable and whole:
            claims.append(decided(at))
    return claims


def _prove(node: Node, line: _Line, size: int) -> dict[str, Any]:
    found = node.transaction(line.height, line.index)
    result = node.replica.find(found.tid)
    assert result is not None
    return prove_record(
        found,
        line.place,
        leaf=node.replica.leaf(result.position),
        position=result.position,
        log_path=node.replica.log.inclusion(result.position, size),
    )


def _disclosures(
    lines: list[_Line],
    openings: Mapping[bytes, Mapping[SealClass, Opening]],
    redact: set[str],
) -> list[dict[str, Any]]:
    return [
        {"record": at, "class": sealed, "row": opening.disclose(name)}
        for at, line in enumerate(lines)
        for sealed, opening in openings[line.identifier].items()
        for name in opening.slots
        if name not in redact
    ]


def _objects(
    node: Node,
    case: bytes,
    lines: list[_Line],
    openings: Mapping[bytes, Mapping[SealClass, Opening]],
) -> dict[Cid, bytes]:
    """Return inputs, catalogue and model of the case's decisions."""
    found: dict[Cid, bytes] = {}
    intake = openings[case].get("party")
    if intake is not None:
        inputs = encode(intake.values["profile"])
        found[cid_of(inputs)] = inputs
    for line in lines:
        if line.t in DECISIONS:
            pub = node.find(line.identifier).record["pub"]
            for name in ("catalogue", "model"):
                if name in pub:
                    found[pub[name]] = node.desk.get_object(pub[name])
    return found
