"""How a member on another machine learns of a new block without asking again and again.

A question waits at the other until its chain is beyond a height, or the time is over; asking twice
is safe, and an answer is believed for nothing: blocks are verified as they come.
"""

from __future__ import annotations

from typing import Final

from tallystick.base import codec
from tallystick.base.codec import encode
from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.base import Link

__all__ = ["NEWS_MS_MAX", "ask_news", "serve_news"]

NEWS_MS_MAX: Final = 5_000
_ASKED: Final = codec.tuple_of(codec.integer(), codec.integer(0, NEWS_MS_MAX))
_TOLD: Final = codec.tuple_of(codec.integer())


def serve_news(link: Link, replica: Replica) -> None:
    """Answer other members' question when this chain goes beyond a height."""

    def news(_: str, payload: bytes) -> bytes:
        height, timeout_ms = codec.decode(payload, _ASKED)
        replica.wait_beyond(height, timeout_ms)
        return encode([replica.tip.height])

    link.serve({"ledger.news": news})


def ask_news(link: Link, to: str, height: int, timeout_ms: int) -> int:
    """Return the height of another member's chain, once beyond `height` or after `timeout_ms`.

    Raises:
        Unavailable: no answer, or none that can be read.
    """
    payload = encode([height, min(timeout_ms, NEWS_MS_MAX)])
    try:
        (found,) = codec.decode(link.call(to, "ledger.news", payload), _TOLD)
    except Invalid as error:
        raise Unavailable(
            "link.torn", f"{to}: the message or its answer has no reading", cure="Try again."
        ) from error
    return int(found)
