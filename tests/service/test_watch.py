"""Members compare what others serve without being asked; what differs is named in their health."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import SystemClock
from tallystick.cli.examples import find_example
from tallystick.client import in_process
from tallystick.county.acted import publish_catalogue
from tallystick.county.founding import found_county
from tallystick.county.house import House, open_house
from tallystick.county.serving import serve_house
from tallystick.county.tamper import flip_byte

WAIT_S = 30


def _found(folder: Path) -> bytes:
    """Found a county with a few blocks; return the header of one in the middle."""
    clock = SystemClock()
    found_county(folder, clock=clock)
    with open_house(folder, clock) as house:
        publish_catalogue(house, find_example("products.toml").read_text(encoding="utf-8"))
        house.office("newspaper").publish_news("一", language="zh")
        house.spread()
        replica = house.node("village").replica
        return replica.header(replica.tip.height // 2)


def _look(folder: Path, house: House) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the regulator's health and differences, as the API tells them."""
    with in_process(create_app(house), ensure_token(folder), "regulator") as client:
        return client.show_health(), client.list_differences()


@pytest.mark.long
def test_a_flipped_byte_of_a_served_file_is_found_by_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    flip_byte(folder / "village" / "ledger.db", _found(folder))
    with open_house(folder, SystemClock()) as house, serve_house(house, watch_ms=20):
        ends = time.monotonic() + WAIT_S
        while not house.seat("regulator").checker.sightings.open() and time.monotonic() < ends:
            time.sleep(0.05)
        health, differences = _look(folder, house)
    assert health["alarm"] == "ledger.differs"
    assert {each["member"] for each in differences} == {"village"}
    assert all(each["height"] > 0 and each["ours"] for each in differences)


def test_members_that_agree_raise_no_alarm(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    _found(folder)
    with open_house(folder, SystemClock()) as house, serve_house(house, watch_ms=5):
        time.sleep(1)
        health, differences = _look(folder, house)
        assert [seat.checker.sightings.open() for seat in house.seats()] == [[]] * 12
    assert differences == []
    assert health["alarm"] != "ledger.differs"
