"""Wrong answers as two members of one process would have signed them between machines."""

from __future__ import annotations

from functools import partial

from tallystick.base.clock import SystemEntropy
from tallystick.base.codec import encode
from tallystick.base.keys import SigningKey
from tallystick.kernel.link.base import Exchange
from tallystick.kernel.link.trust import Roll, Trust
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.node import Node

__all__ = ["sign_wrong"]


class _Heard:
    def take(self, member: str, nonce: str, end_ms: int) -> None:
        """Keep nothing: nobody is answered by it."""


def _trust(node: Node) -> Trust:
    tip = node.replica.tip
    return Trust(
        node.member,
        partial(SigningKey.from_seed, node.secrets.link),
        Roll(node.replica.genesis.chain, lambda: (tip.members, tip.height + 1)),
        clock=node.clock,
        entropy=SystemEntropy(),
        nonces=_Heard(),
    )


def sign_wrong(asker: Node, keeper: Node, manifest: Manifest, shard: int) -> Exchange:
    """Return a member's question for a shard's first sub-chunk, and another's wrong answer."""
    target, asked = (
        "http://127.0.0.1:1/link/v1/spread.read",
        encode([manifest.cid, shard, [0], [0]]),
    )
    told = b"not what was put"
    request = _trust(asker).sign_request(keeper.member, target, asked)
    answer = _trust(keeper).sign_answer(request["signature"], 200, told)
    pairs = [(each["signature-input"], each["signature"]) for each in (request, answer)]
    return Exchange(target, asked, pairs[0], pairs[1], told)
