"""More clients at once than the queue takes: refused by code, nothing lost, nothing twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI

from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Unavailable
from tallystick.client import in_process
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.member import MEMBERS
from tallystick.county.serving import serve_house
from tallystick.kernel.ledger import waiting

CLIENTS = 200
QUEUE = 16
NAMES = {"finance", "newspaper", "village"}


def _publish(app: FastAPI, token: str, number: int, refused: list[str]) -> None:
    """Publish under one key until it is taken in, as a client that is told to come back does."""
    with in_process(app, token, "newspaper") as client:
        for _ in range(200):
            try:
                with client.keyed(f"news-{number}"):
                    client.publish_news(f"{number}")
            except Unavailable as error:
                refused.append(error.code)
                threading.Event().wait(0.05)
            else:
                return
    pytest.fail(f"client {number} was never taken in")


@pytest.mark.long
def test_two_hundred_clients_over_the_queues_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "QUEUE_MAX", QUEUE)
    folder, clock = tmp_path / "county", SystemClock()
    found_county(folder, clock=clock, members=[each for each in MEMBERS if each.name in NAMES])
    refused: list[str] = []
    with open_house(folder, clock) as house, serve_house(house):
        app, token = create_app(house), ensure_token(folder)
        with house.orderer._cutting, ThreadPoolExecutor(CLIENTS) as crowd:
            # The order stands still until the queue has been too small for somebody.
            asked = [crowd.submit(_publish, app, token, each, refused) for each in range(CLIENTS)]
            while "ledger.busy" not in refused:
                assert house.orderer.waiting() <= QUEUE
                threading.Event().wait(0.01)
            house.orderer._cutting.release()
            try:
                for each in asked:
                    each.result(timeout=120)
            finally:
                house.orderer._cutting.acquire()
    with open_house(folder, clock) as house:
        node = house.node("newspaper")
        node.catch_up()
        news = node.views.rows("record", {"t": "news.published"})
    assert len(news) == CLIENTS
    assert "ledger.busy" in refused
