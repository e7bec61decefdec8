"""A member whose program lacks rules that come into force stands still, says so, goes on later."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.codec import RAW, cid_of
from tallystick.base.errors import Unavailable
from tallystick.client import in_process
from tallystick.county.founding import found_county
from tallystick.county.house import House, open_house
from tallystick.county.member import MEMBERS
from tallystick.county.serving import serve_house
from tallystick.kernel.access.sealing import Draft
from tallystick.records.catalogue import RulesActivated
from tallystick.services.positioning import rules

NAMES = ("finance", "regulator", "newspaper")
START_MS = 1_790_000_000_000
WAIT_S = 20


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = ManualClock(START_MS)
    members = [each for each in MEMBERS if each.name in NAMES]
    found_county(tmp_path / "county", seed="rules", clock=clock, members=members)
    with open_house(tmp_path / "county", clock) as found:
        clock.advance(DAY_MS)
        yield found


def activate(house: House) -> None:
    desk = house.node("regulator").desk
    statement = RulesActivated(
        name="positioning",
        version=2,
        from_height=house.node("regulator").replica.tip.height + 2,
        figures=cid_of(b"figures", RAW),
    )
    desk.record([Draft(identifier=desk.new_id(), statement=statement)])


def test_an_orderer_takes_no_activation_that_it_could_not_follow(house: House) -> None:
    tip = house.node("finance").replica.tip.height
    with pytest.raises(Unavailable, match="version 2") as caught:
        activate(house)
    assert caught.value.code == "rules.unknown"
    house.office("newspaper").publish_news("照常", language="zh")
    house.spread()
    assert {node.replica.tip.height for node in house.nodes()} == {tip + 1}


def test_its_health_says_which_it_lacks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rules, "_VERSION_OF_RULES", dict.fromkeys((1, 2), 1))
        activate(house)
    with (
        serve_house(house),
        in_process(create_app(house), ensure_token(house.folder), "newspaper") as client,
    ):
        ends = time.monotonic() + WAIT_S
        while not client.show_health()["alarm"] and time.monotonic() < ends:
            time.sleep(0.02)
        assert client.show_health()["alarm"] == "rules.unknown"


def test_a_follower_stands_still_before_the_height_and_goes_on_with_a_later_program(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, follower = dict.fromkeys((1, 2), 1), house.seat("newspaper").follower
    assert follower is not None
    tip = follower.replica.tip.height
    with monkeypatch.context() as patch:
        patch.setattr(rules, "_VERSION_OF_RULES", later)
        activate(house)
    with pytest.raises(Unavailable) as caught:
        follower.pull()
    assert caught.value.code == "rules.unknown"
    assert caught.value.cure
    assert follower.replica.tip.height == tip
    assert follower.replica.halted is None, "the block is sound: nobody is to blame"
    monkeypatch.setattr(rules, "_VERSION_OF_RULES", later)
    house.spread()
    assert {node.replica.tip.height for node in house.nodes()} == {tip + 1}
