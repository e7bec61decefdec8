"""Whoever downloads and goes, or stays and does not read, takes nothing from anybody else."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from counties import Town, found, open_town
from tallystick.api import streams
from tallystick.api.streams import ALL_MAX, EACH_MAX, PLACES
from tallystick.base.clock import SystemClock
from tallystick.cli import serve
from tallystick.county.files import open_files
from tallystick.county.member import MEMBERS
from tallystick.kernel.store.keeping import Note, add_blocks
from tallystick.kernel.store.unixfs.dagpb import decode_node
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.profile import V1_2025
from tallystick.kernel.store.unixfs.reader import resolve_path

SIZE = 3 << 20
BROKEN_OFF = 50
WAIT_S = 30


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A closed county, a public file of some blocks, and the first of them."""
    folder = tmp_path_factory.mktemp("streams")
    county = found(folder, SystemClock(), catalogue=False)
    (folder / "shown").mkdir()
    (folder / "shown" / "large").write_bytes(os.urandom(SIZE))
    with open_files(county / MEMBERS[0].name, SystemClock()) as blocks:
        root = add_blocks(blocks, import_path(folder / "shown", V1_2025), Note(public=True)).cid
        file = resolve_path(blocks.dag, root, "large")
        leaf = decode_node(blocks.get(file)).links[0].cid
    return county, str(root), str(leaf)


@pytest.fixture(scope="module")
def town(kept: tuple[Path, str, str]) -> Iterator[Town]:
    """It, open."""
    with open_town(kept[0], SystemClock()) as opened:
        yield opened


class Reader:
    """Asks an application in this loop, and reads as it is told.

    Attributes:
        status: of the answer; 0 until it is told.
    """

    def __init__(self, app: Any, path: str, address: str = "192.0.2.1") -> None:
        route, _, query = path.partition("?")
        self._app = app
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": route,
            "raw_path": route.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"host", b"127.0.0.1")],
            "client": (address, 50_000),
            "server": ("127.0.0.1", 80),
        }
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.reads, self.gone, self.got = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._asked = False

    async def ask(self) -> Reader:
        """Ask, and return when all is over."""
        await self._app(self._scope, self._receive, self._send)
        return self

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            told = message["headers"]
            self.headers = {name.decode(): value.decode() for name, value in told}
            return
        self.body += message["body"]
        self.got.set()
        if message.get("more_body"):
            await self.reads.wait()


def held_files(county: Path) -> int:
    """Return how many of a county's files this process has open."""
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            target = str(each.readlink())
        except FileNotFoundError:
            # The one by which the list itself is read.
            continue
        count += target.startswith(str(county))
    return count


def test_a_download_that_is_broken_off_leaves_nothing_open(
    kept: tuple[Path, str, str], town: Town
) -> None:
    county, root, _ = kept

    async def break_off() -> None:
        reader = Reader(town.app, f"/ipfs/{root}?format=car")
        asked = asyncio.create_task(reader.ask())
        await reader.got.wait()
        reader.gone.set()
        await asked
        assert reader.status == 200
        assert len(reader.body) < SIZE

    async def break_off_all() -> None:
        for _ in range(BROKEN_OFF):
            await break_off()

    asyncio.run(break_off())
    gc.collect()
    gc.disable()
    try:
        before = held_files(county)
        asyncio.run(break_off_all())
        assert held_files(county) == before
    finally:
        gc.enable()


def test_a_download_whose_task_is_cancelled_leaves_nothing_open(
    kept: tuple[Path, str, str], town: Town
) -> None:
    county, root, _ = kept

    async def cancel_all() -> None:
        for _ in range(BROKEN_OFF):
            reader = Reader(town.app, f"/ipfs/{root}?format=car")
            asked = asyncio.create_task(reader.ask())
            await reader.got.wait()
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked

    asyncio.run(cancel_all())
    gc.collect()
    gc.disable()
    try:
        before = held_files(county)
        asyncio.run(cancel_all())
        assert held_files(county) == before
    finally:
        gc.enable()


def test_one_address_and_all_together_are_sent_so_many_at_once(
    kept: tuple[Path, str, str], town: Town
) -> None:
    _, root, leaf = kept
    car, block = f"/ipfs/{root}?format=car", f"/ipfs/{leaf}?format=raw"

    async def ask(path: str, address: str) -> Reader:
        reader = Reader(town.app, path, address)
        reader.reads.set()
        return await reader.ask()

    async def hold(address: str, path: str) -> tuple[Reader, asyncio.Task[Reader]]:
        reader = Reader(town.app, path, address)
        asked = asyncio.create_task(reader.ask())
        await reader.got.wait()
        assert reader.status == 200
        return reader, asked

    async def crowd() -> None:
        holding = [
            await hold(f"192.0.2.{at // EACH_MAX}", (car, block)[at % 2]) for at in range(EACH_MAX)
        ]
        for path in (car, block):
            _check_refusal(await ask(path, "192.0.2.0"), 429, "api.rate")
            assert (await ask(path, "192.0.2.200")).status == 200
        # What is small waits for nobody, nor does what is no content.
        assert (await ask("/ipfs/bafkqaaa?format=raw", "192.0.2.0")).status == 200
        holding += [await hold(f"192.0.2.{at // EACH_MAX}", car) for at in range(EACH_MAX, ALL_MAX)]
        _check_refusal(await ask(car, "192.0.2.200"), 503, "gateway.busy")
        assert (await ask("/healthz", "192.0.2.200")).status == 200
        for reader, _ in holding:
            reader.reads.set()
        await asyncio.gather(*(asked for _, asked in holding))
        assert all(len(each.body) > 1 << 19 for each, _ in holding)
        assert (await ask(car, "192.0.2.0")).status == 200

    asyncio.run(crowd())
    assert not PLACES.held


def _check_refusal(reader: Reader, status: int, code: str) -> None:
    assert (reader.status, httpx.Response(200, content=reader.body).json()["code"]) == (
        status,
        code,
    )
    assert int(reader.headers["retry-after"]) > 0
    assert reader.headers["content-type"] == "application/problem+json"
    assert reader.headers["access-control-allow-origin"] == "*"
    assert reader.headers["connection"] == "close"


@contextmanager
def serving(app: Any) -> Iterator[tuple[uvicorn.Server, int]]:
    """The server of `tally serve` in a thread, with small buffers of its own."""
    server = serve._server(app, has_console=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Accepted connections inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def _ask_unread(port: int, path: str) -> socket.socket:
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    asking.settimeout(WAIT_S)
    asking.connect(("127.0.0.1", port))
    asking.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return asking


def _wait(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_whoever_does_not_read_is_broken_off_and_holds_no_connection(
    kept: tuple[Path, str, str], town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STALL_S", 0.3)
    _, root, leaf = kept
    with serving(town.app) as (server, port):
        state = server.server_state
        for path in (f"/ipfs/{root}?format=car", f"/ipfs/{leaf}?format=raw"):
            silent = [_ask_unread(port, path) for _ in range(4)]
            assert [each.recv(12) for each in silent] == [b"HTTP/1.1 200"] * 4
            _wait(lambda: not state.tasks and not PLACES.held, "a stream is still held")
            _wait(lambda: not state.connections, "a connection is still held")
            for each in silent:
                assert len(_read_rest(each)) < 1 << 20
                each.close()


def _read_rest(asking: socket.socket) -> bytes:
    found = bytearray()
    try:
        while piece := asking.recv(1 << 16):
            found += piece
    except ConnectionResetError:
        return bytes(found)
    return bytes(found)


def test_one_stranger_leaves_connections_for_all_others(
    kept: tuple[Path, str, str], town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "CALLS_MAX", EACH_MAX + 8)
    with serving(town.app) as (_, port):
        asked = [_ask_unread(port, f"/ipfs/{kept[1]}?format=car") for _ in range(EACH_MAX)]
        heads = [each.recv(12) for each in asked]
        for _ in range(16):
            asked.append(_ask_unread(port, f"/ipfs/{kept[1]}?format=car"))
            heads.append(asked[-1].recv(12))
        assert heads == [b"HTTP/1.1 200"] * EACH_MAX + [b"HTTP/1.1 429"] * 16
        healthy = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=WAIT_S)
        assert healthy.status_code == 200
        for each in asked:
            each.close()
