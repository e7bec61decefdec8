"""How another chain approved a case's public money, as the record of its payout proves it.

Laws: nothing is told but what the proof shows under the root that an anchor recorded here states;
the anchor is found again in the ledger, since the state forgets old ones (`SIZES_KEPT`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tallystick.base.codec import read_admitted
from tallystick.chain.checkpoint import Body, read_stated
from tallystick.chain.crossing import HeldChain, find_chain, read_across
from tallystick.kernel.access.desk import Found
from tallystick.node import Node
from tallystick.records.chains import ChainAnchored

__all__ = ["tell_across"]

PAID: Final = "loan.disbursed"
_PAGE: Final = 32
Row = Mapping[str, Any]


def tell_across(node: Node, case: Row, records: Sequence[Row]) -> dict[str, Any]:
    """Return the approval of a case's public money on another chain; empty where none is needed.

    Args:
        node: the member's.
        case: its row of the view of cases.
        records: the rows of its records.

    Returns:
        `chain`, `name` and `kind` of the other chain; once money is paid out on its proof also
        `programme`, `amount_minor`, `member`, `officer`, `height` and `time` of the approval
        there, the `size` of its log that the proof is under, `anchored` (`height` there,
        `anchored_height`, `time` and `by` here) and `paid` (`height`, `time`, `member`).
    """
    chain = node.anchoring.demanded()
    held = find_chain(node.replica.read, chain) if chain and case["programme"] else None
    if held is None:
        return {}
    known = {"chain": chain, "name": held.name, "kind": held.kind}
    for row in records:
        proof = node.find(row["id"]).record["pub"].get("proof") if row["t"] == PAID else None
        if proof is not None:
            return {**known, **_tell_proof(node, held._replace(anchors=[]), chain, row, proof)}
    return known if case["approved_at"] is not None else {}


def _tell_proof(
    node: Node, held: HeldChain, chain: bytes, paid: Row, proof: bytes
) -> dict[str, Any]:
    # The rule that admitted the payout read the proof's form, and found an anchor of its size.
    size = read_admitted(proof)["size"]
    given = next((each for each in _anchors(node, chain, paid) if each[1].size == size), None)
    assert given is not None, "a payout was admitted under an anchor that the ledger lacks"
    anchor, body = given
    under = held._replace(anchors=[[body.height, body.size, body.root]])
    found = read_across(proof, chain, under)
    pub = found.record["pub"]
    return {
        "programme": pub["programme"],
        "amount_minor": pub["amount"],
        "member": found.member,
        "officer": found.record["officer"],
        "height": found.height,
        "time": found.time_ms,
        "size": size,
        "anchored": {
            "height": body.height,
            "anchored_height": anchor.height,
            "time": anchor.time,
            "by": anchor.member,
        },
        "paid": {name: paid[name] for name in ("height", "time", "member")},
    }


def _anchors(node: Node, chain: bytes, before: Row) -> Iterator[tuple[Found, Body]]:
    """Yield a chain's anchors recorded before a record, the newest first."""
    last: Row | None = before
    while last is not None:
        rows = node.views.rows(
            "record", {"t": ChainAnchored.t}, order="-height", limit=_PAGE, after=last
        )
        for found in (node.find(row["id"]) for row in rows):
            if found.record["pub"]["chain"] == chain:
                yield found, read_stated(found.record["pub"]["note"])
        last = rows[-1] if rows else None
