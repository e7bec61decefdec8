"""How a chain is anchored in another: the county's in the public one, a member's own in the shared.

A member's own chain lies in its folder of the shared one (`OWN`), with a writer of its own: a verb,
or a server of that chain. It is anchored from its file, which may be read beside whoever writes.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

from tallystick.chain.checkpoint import shorten_note
from tallystick.chain.crossing import ANCHOR_NOTE_MAX, Anchored, HeldChain, find_chain
from tallystick.charter import CHARTER
from tallystick.county.beside import find_seat, list_news
from tallystick.county.house import House
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.tables import read_file
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.node import Node

__all__ = ["OWN", "anchor_house", "anchor_own"]

OWN: Final = "own"


def anchor_house(source: House, target: House, *, by: str = "") -> int:
    """Anchor a house's chain in another's as far as it is witnessed; return how many anchors.

    Each height that changed the source's members needs an anchor of its own.

    Args:
        source: whose chain is anchored.
        target: where.
        by: the member of the target that writes; "" for its orderer.
    """
    seat = find_seat(source)
    return _anchor(seat.node.replica, seat.witnesses, target.node(by or target.leader))


def anchor_own(shared: House, member: str) -> int:
    """Anchor a member's own chain as far as its file shows it witnessed; return how many anchors.

    None of a member that has no chain of its own, or none that is linked.

    Args:
        shared: where; open in this process.
        member: whose chain, open there.

    Raises:
        Corrupt, Unavailable: the file of its own chain cannot be read.
    """
    path = shared.folder / member / OWN / member / "ledger.db"
    if not path.is_file():
        return 0
    # By connections that can only read: another process may write the file, or repair it.
    with closing(Replica(path, CHARTER, read_file(path))) as replica:
        witnesses = Witnesses(replica)
        witnesses.recount()
        return _anchor(replica, witnesses, shared.node(member))


def _anchor(replica: Replica, witnesses: Witnesses, node: Node) -> int:
    chain, count = replica.genesis.chain, 0
    while True:
        node.catch_up()
        held = find_chain(node.replica.read, chain)
        given = _next_anchor(replica, witnesses, held) if held else None
        if given is None:
            return count
        node.anchoring.anchor(chain, given)
        count += 1


def _next_anchor(replica: Replica, witnesses: Witnesses, held: HeldChain) -> Anchored | None:
    """Return what anchors a chain further than it is held, None if there is nothing to anchor."""
    witnessed, size = witnesses.height, held.size
    since = held.anchors[-1][0] if held.anchors else 0
    # Anchors alone are no news: they would answer each other for ever.
    if since and not any(list_news(replica, since + 1, witnessed)):
        return None
    changes = [each for each in replica.handovers() if each <= witnessed]
    beyond = [each for each in [*changes, witnessed] if each and replica.body(each).size > size]
    if not beyond:
        return None
    height = beyond[0]
    path = [] if not since else replica.log.consistency(size, replica.body(height).size)
    parts = (replica.header(height), replica.members(height + 1).data) if height in changes else ()
    return Anchored(shorten_note(witnesses.note(height), ANCHOR_NOTE_MAX), path, *parts)
