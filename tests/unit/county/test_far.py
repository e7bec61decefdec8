"""A member that follows from afar puts its own name to each block, whoever took that one over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from counties import found
from tallystick.base.clock import SystemClock
from tallystick.county import far
from tallystick.county.house import House, open_house

NAMES = ("finance", "regulator", "newspaper", "village")
OWN = "village"


def order_and_take(house: House) -> int:
    """Order a record that the others cosign and OWN takes over as one that waits: unsigned."""
    house.node("newspaper").publication.publish_news("rain", "en")
    for seat in house.seats():
        if seat.follower is not None and seat.node.member != OWN:
            seat.follower.pull()
    follower = house.seat(OWN).follower
    assert follower is not None
    follower.pull(sign=False)
    tip = follower.replica.tip.height
    assert OWN not in follower.replica.cosignatures(tip)
    # Nothing of it is to be learned from the others: they all have signed, and this one knows.
    assert house.seat(OWN).witnesses.height == tip
    return tip


@pytest.mark.parametrize("at", ["ask_news", "_resend"])
def test_a_block_that_another_thread_took_over_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    ended, heights, calls = threading.Event(), [0], [0]
    clock = SystemClock()
    with open_house(found(tmp_path, clock, catalogue=False, names=NAMES), clock) as house:
        seat = house.seat(OWN)
        step: Callable[..., object] = getattr(far, at)

        def disturbed(*words: object) -> object:
            # While the orderer is asked for news, or when all has been taken over and signed.
            calls[0] += 1
            if calls[0] == 2:
                heights[0] = order_and_take(house)
            if calls[0] == 9:
                ended.set()
            return step(*words)

        monkeypatch.setattr(far, at, disturbed)
        monkeypatch.setattr(far, "NEWS_MS", 40)
        far.follow_far(seat, ended)
        assert OWN in seat.node.replica.cosignatures(heights[0])
        assert OWN in house.node("finance").replica.cosignatures(heights[0])
