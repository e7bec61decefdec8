"""A file that changes while it is put, or cannot be read: told as that, and nothing of it is kept.

At rest, and through a server: there the length is announced before the bytes.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EIO
from pathlib import Path
from typing import IO, Any

import pytest

from counties import open_town
from stores import found_small
from tallystick.api.token import read_token
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Unavailable
from tallystick.client import Client
from tallystick.client.store import PIECE_BYTES

DATA = random.Random(7).randbytes(2 * PIECE_BYTES + 5)
TALLY = (sys.executable, "-m", "tallystick.cli")


@contextmanager
def served(county: Path) -> Iterator[Client]:
    words = [*TALLY, "serve", str(county), "--port", "0", "--json"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        told: dict[str, Any] = json.loads(server.stdout.readline())
        with Client(told["address"], read_token(county), "village") as client:
            yield client
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=60)
    assert (server.returncode, errors) == (0, "")


@pytest.fixture(scope="module", params=["at rest", "served"])
def village(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    county = found_small(tmp_path_factory.mktemp("changed"))
    if request.param == "served":
        with served(county) as client:
            yield client
    else:
        with open_town(county, SystemClock()) as town:
            yield town["village"]


def grow(file: IO[bytes]) -> None:
    file.write(b"more")


def cut(file: IO[bytes]) -> None:
    file.truncate(PIECE_BYTES + 1)


def empty(file: IO[bytes]) -> None:
    file.truncate(0)


@pytest.mark.parametrize(
    ("change", "size"),
    [
        *((grow, size) for size in (0, 1, PIECE_BYTES, len(DATA))),
        *((cut, size) for size in (2 * PIECE_BYTES, len(DATA))),
        *((empty, size) for size in (1, PIECE_BYTES, len(DATA))),
    ],
)
def test_a_file_that_changes_is_not_put(
    village: Client, tmp_path: Path, change: Callable[[IO[bytes]], None], size: int
) -> None:
    path = tmp_path / "log"
    path.write_bytes(DATA[:size])
    before = village.list_objects()
    with path.open("rb") as file, path.open("ab") as other:
        change(other)
        other.flush()
        with pytest.raises(Unavailable, match=r"spread\.source.*changes while it is read") as error:
            village.put_object(file, size)
    assert str(size) in error.value.message
    assert village.list_objects() == before


class Rotten:
    """A file on a disk that gives so many pieces, and then none."""

    def __init__(self, pieces: int) -> None:
        self._left = pieces

    def read(self, size: int, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise OSError(EIO, "Input/output error")
        return bytes(size)


@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_a_file_that_cannot_be_read_on_is_told_as_that(village: Client, pieces: int) -> None:
    before = village.list_objects()
    with pytest.raises(Unavailable, match=r"spread\.source.*Input/output error"):
        village.put_object(Rotten(pieces), 3 * PIECE_BYTES)
    assert village.list_objects() == before


def test_a_file_that_stays_as_it_is_goes_through(village: Client, tmp_path: Path) -> None:
    path = tmp_path / "map"
    told: list[tuple[int, int]] = []
    for size in (0, 1, PIECE_BYTES, len(DATA)):
        path.write_bytes(DATA[:size])
        with path.open("rb") as file:
            cid = village.put_object(file, size, told=lambda *each: told.append(each))["cid"]
        with (tmp_path / "back").open("w+b") as back:
            assert village.read_object(cid, back) == size
            back.seek(0)
            assert back.read() == DATA[:size]
    assert told[-1] == (len(DATA), len(DATA))
