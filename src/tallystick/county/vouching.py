"""What a member answers others by about the shards it holds for them."""

from __future__ import annotations

from tallystick.base.codec import Cid
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.spread.receipt import Vouching
from tallystick.node import Node

__all__ = ["vouch"]


def vouch(node: Node) -> Vouching:
    """Return what a member answers others by about the shards it holds."""

    def is_kept(cid: Cid, owner: str) -> bool:
        found = node.spreading.storing.find_object(cid, owner)
        return found is not None and not found.erased

    def is_erased(cid: Cid, owner: str) -> bool:
        found = node.spreading.storing.find_object(cid, owner)
        return found is not None and found.erased

    def is_listed(member: str) -> bool:
        return member in node.replica.tip.members.by_name

    return Vouching(
        member=node.member,
        chain=node.replica.genesis.chain,
        sign=lambda data: SigningKey.from_seed(node.secrets.link).sign(data),
        now_ms=node.clock.now_ms,
        is_kept=is_kept,
        is_erased=is_erased,
        is_listed=is_listed,
    )
