"""What the tests of the API share: one open county, and raw requests to its application."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from counties import START_MS, Town, found, open_town
from tallystick.base.clock import ManualClock

Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """An open county without products."""
    clock = ManualClock(START_MS)
    county = found(tmp_path_factory.mktemp("api"), clock, catalogue=False)
    with open_town(county, clock) as opened:
        yield opened


@pytest.fixture(scope="module")
def ask(town: Town) -> Ask:
    """Return a function that sends a request as it is given, with the county's token by default."""
    client = town["village"]._http

    def send(method: str, path: str, **more: object) -> httpx.Response:
        return client.request(method, path, **more)  # type: ignore[arg-type]

    return send
