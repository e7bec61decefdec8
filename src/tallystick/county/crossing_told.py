"""How another chain approved a case's public money, as the proof shows it.

Laws: of an approval is told what its proof shows under the root that an anchor recorded here
states; the anchor is found again in the ledger, since the state forgets old ones (`SIZES_KEPT`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tallystick.base.codec import read_admitted
from tallystick.base.errors import NotFound
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
        `chain`, `name` and `kind` of the other chain. Where the approval is proven, also
        `programme`, `amount_minor`, `member`, `officer`, `height` and `time` of it there, the
        `size` of the log that the proof is under, and `anchored` (`height` there,
        `anchored_height`, `time` and `by` here). Once money was paid out on it `paid` (`height`,
        `time`, `member`); before, what it `awaits`: approval, anchor or payout, or unknown where
        this process does not keep the other chain.
    """
    chain = node.anchoring.demanded()
    held = find_chain(node.replica.read, chain) if chain and case["programme"] else None
    if held is None:
        return {}
    known = {"chain": chain, "name": held.name, "kind": held.kind}
    for row in records:
        proof = node.find(row["id"]).record["pub"].get("proof") if row["t"] == PAID else None
        if proof is not None:
            paid = {name: row[name] for name in ("height", "time", "member")}
            return {**known, **_tell_proof(node, held, chain, proof, row), "paid": paid}
    return {**known, **_await(node, held, chain, case)} if case["approved_at"] is not None else {}


def _await(node: Node, held: HeldChain, chain: bytes, case: Row) -> dict[str, Any]:
    """Return what a payout waits for, with the approval where it is proven already."""
    if node.across is None:
        return {"awaits": "unknown"}
    try:
        proof = node.across.prove_approval(case["case"])
    except NotFound as error:
        return {"awaits": "approval" if error.code == "subsidy.none" else "anchor"}
    return {**_tell_proof(node, held, chain, proof), "awaits": "payout"}


def _tell_proof(
    node: Node, held: HeldChain, chain: bytes, proof: bytes, before: Row | None = None
) -> dict[str, Any]:
    """Return what a proof shows under the anchor of its size, recorded before a record."""
    size = read_admitted(proof)["size"]
    anchors = _anchors(node, chain, before)
    given = next((each for each in anchors if each[1].size == size), None)
    assert given is not None, "a proof stands under an anchor that the ledger lacks"
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
    }


def _anchors(node: Node, chain: bytes, before: Row | None) -> Iterator[tuple[Found, Body]]:
    """Yield a chain's anchors, the newest first; with `before`, those recorded before it."""
    last, is_more = before, True
    while is_more:
        rows = node.views.rows(
            "record", {"t": ChainAnchored.t}, order="-height", limit=_PAGE, after=last
        )
        for found in (node.find(row["id"]) for row in rows):
            if found.record["pub"]["chain"] == chain:
                yield found, read_stated(found.record["pub"]["note"])
        last, is_more = (rows[-1], True) if rows else (None, False)
