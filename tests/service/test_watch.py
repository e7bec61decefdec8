"""Members compare what others serve without being asked; what differs is named in their health."""

from __future__ import annotations

import time
from pathlib import Path

from fastapi.testclient import TestClient

from tallystick.api.app import create_app
from tallystick.base.clock import SystemClock
from tallystick.cli.examples import find_example
from tallystick.county.acted import publish_catalogue
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
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


def test_a_flipped_byte_of_a_served_file_is_found_by_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    flip_byte(folder / "village" / "ledger.db", _found(folder))
    with open_house(folder, SystemClock()) as house, serve_house(house, watch_ms=20):
        client = TestClient(create_app(house), base_url="http://127.0.0.1")
        ends = time.monotonic() + WAIT_S
        health = client.get("/regulator/healthz").json()
        while not health["differences"] and time.monotonic() < ends:
            time.sleep(0.05)
            health = client.get("/regulator/healthz").json()
    assert health["alarm"] == "ledger.differs"
    assert {each["member"] for each in health["differences"]} == {"village"}
    assert all(each["height"] > 0 and each["ours"] for each in health["differences"])


def test_members_that_agree_raise_no_alarm(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    _found(folder)
    with open_house(folder, SystemClock()) as house, serve_house(house, watch_ms=5):
        client = TestClient(create_app(house), base_url="http://127.0.0.1")
        time.sleep(1)
        members = client.get("/healthz").json()["members"]
    assert [each["differences"] for each in members] == [[]] * 12
