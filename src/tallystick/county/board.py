"""What everybody reads of a county's public chain: its records, and how far the others have come.

Laws: of a chain of any other kind nothing is told here, whoever asks; a record is told whole, for
nothing on a public chain is sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.base.errors import NotFound
from tallystick.chain.crossing import find_chain
from tallystick.chain.pin import Pin
from tallystick.county.evidence import export_block
from tallystick.county.house import Seat
from tallystick.county.telling import read_id, told_tree
from tallystick.kernel.access.desk import Found
from tallystick.kernel.views.base import Row
from tallystick.node import Node
from tallystick.records.bulletin import BulletinPublished
from tallystick.records.chains import PUBLIC_KIND, ChainAnchored
from tallystick.services.publication.rules import is_withdrawn

__all__ = ["find_public", "list_anchored", "list_public", "prove_public", "show_public", "tell_pin"]


def find_public(seat: Seat) -> Node:
    """Return the node of a member of a public chain, up to date.

    Raises:
        NotFound: `public.none`, the chain is its members' own.
    """
    node = seat.node
    if node.replica.genesis.fields["kind"] != PUBLIC_KIND:
        raise NotFound(
            "public.none",
            "this chain is read by its members alone",
            cure="Ask at the address of the county's public chain.",
        )
    node.catch_up()
    return node


def list_public(
    node: Node, *, t: str = "", limit: int = 20, before: bytes = b""
) -> list[dict[str, Any]]:
    """Return records, the newest first.

    Args:
        node: a member's of a public chain.
        t: of which type; "" for all.
        limit: most of them.
        before: the last record of the page before this one; b"" for none.
    """
    rows = node.views.rows(
        "record",
        {"t": t} if t else None,
        order="-height",
        limit=limit,
        after=_row(node, before) if before else None,
    )
    return list(_tell_all(node, rows))


def _row(node: Node, identifier: bytes) -> Row:
    rows = node.views.rows("record", {"id": identifier})
    if not rows:
        node.find(identifier)  # says that there is none
    return rows[0]


def show_public(node: Node, identifier: str) -> dict[str, Any]:
    """Return a record.

    Raises:
        NotFound: `record.unknown`.
    """
    return next(_tell_all(node, [_row(node, read_id(identifier))]))


def prove_public(seat: Seat, identifier: str) -> bytes:
    """Return an evidence file of a record, and of what stands in its block beside it.

    Raises:
        NotFound: `record.unknown`.
        Unavailable: `evidence.not_witnessed`, too few members have cosigned it yet.
    """
    row = _row(seat.node, read_id(identifier))
    return export_block(seat.node, seat.witnesses, row["height"])


def _tell_all(node: Node, rows: list[Row]) -> Iterator[dict[str, Any]]:
    """Yield records as JSON can hold them; of a bulletin, whether it still holds."""
    for row in rows:
        found = node.find(row["id"])
        tree: dict[str, Any] = {
            "record": row["id"],
            "t": row["t"],
            "member": found.member,
            "time": found.time,
            "height": found.height,
            "pub": _tell_public(found),
        }
        if "amends" in found.record:
            tree["amends"] = found.record["amends"]
        if row["t"] == BulletinPublished.t:
            tree["state"] = _state(node, row["id"])
        yield told_tree(tree)


def _state(node: Node, identifier: bytes) -> str:
    if is_withdrawn(node.replica.read, identifier):
        return "withdrawn"
    replaced = node.views.rows("replaced", {"bulletin": identifier})
    return "superseded" if replaced else "standing"


def _tell_public(found: Found) -> Mapping[str, Any]:
    """Return what a record says, a checkpoint as the text that it is."""
    pub: dict[str, Any] = found.record["pub"]
    if found.record["t"] == ChainAnchored.t:
        return {**pub, "note": pub["note"].decode()}
    return pub


def list_anchored(node: Node) -> list[dict[str, Any]]:
    """Return each chain that is linked here: its last anchor, and that checkpoint as it is."""
    last = {row["chain"]: row["record"] for row in node.views.rows("anchored")}
    rows = []
    for chain in node.anchoring.list_linked():
        held = find_chain(node.replica.read, chain)
        if held is None:
            continue
        row: dict[str, Any] = {
            "chain": chain,
            "name": held.name,
            "kind": held.kind,
            "size": held.size,
        }
        if chain in last:
            found = node.find(last[chain])
            row |= {
                "height": held.anchors[-1][0],
                "anchored_height": found.height,
                "time": found.time,
                "by": found.member,
                "record": last[chain],
                "note": found.record["pub"]["note"].decode(),
            }
        rows.append(told_tree(row))
    return rows


def tell_pin(node: Node) -> bytes:
    """Return what an outsider pins of this chain: its first members' keys."""
    genesis = node.replica.genesis
    return Pin(genesis.chain, genesis.fields["name"], genesis.members).write()
