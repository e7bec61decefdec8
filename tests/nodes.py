"""IPFS nodes on this machine, for tests: the peer of our own, and Kubo where a user has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from links import free_ports
from tallystick.base.errors import Error, NotFound
from tallystick.kernel.ledger.install import IPFS_PEER, find_engine
from tallystick.kernel.store.blocks import Blocks, open_blocks
from tallystick.kernel.store.engines.kubo import Kubo
from tallystick.kernel.store.engines.sqlite import SqliteStore

__all__ = ["find_peer", "open_files_at", "run_kubo"]

START_S: Final = 30.0
_SETTINGS: Final[dict[str, Callable[[list[int]], object]]] = {
    "Addresses.Swarm": lambda ports: [f"/ip4/127.0.0.1/tcp/{ports[0]}"],
    "Addresses.API": lambda ports: f"/ip4/127.0.0.1/tcp/{ports[1]}",
    "Addresses.Gateway": lambda ports: f"/ip4/127.0.0.1/tcp/{ports[2]}",
    "Routing.Type": lambda _: "none",
    "Provide.Enabled": lambda _: False,
    "HTTPRetrieval.Enabled": lambda _: False,
    "Gateway.NoDNSLink": lambda _: True,
    "Gateway.NoFetch": lambda _: True,
    "Swarm.RelayClient.Enabled": lambda _: False,
    "Swarm.RelayService.Enabled": lambda _: False,
    "Swarm.EnableHolePunching": lambda _: False,
    "Version.SwarmCheckEnabled": lambda _: False,
}


def find_peer() -> Path:
    """Return the built peer; skips (fails where everything is required) without it."""
    try:
        return find_engine(IPFS_PEER)
    except NotFound as error:
        pytest.skip(str(error))


@contextmanager
def run_kubo(folder: Path) -> Iterator[str]:
    """Run the user's own Kubo on loopback alone; yield the address of its RPC."""
    program = shutil.which("ipfs")
    if program is None:
        pytest.skip("NOT TESTED AGAINST KUBO: no `ipfs` is on the path of this machine")
    own = {**os.environ, "IPFS_PATH": str(folder / "kubo"), "IPFS_TELEMETRY": "off"}
    profile = "--profile=test,unixfs-v1-2025"
    subprocess.run([program, "init", profile], env=own, check=True, capture_output=True)
    ports = free_ports(3)
    for name, value in _SETTINGS.items():
        words = [program, "config", "--json", name, json.dumps(value(ports))]
        subprocess.run(words, env=own, check=True, capture_output=True)
    daemon = subprocess.Popen([program, "daemon", "--migrate=false"], env=own)
    try:
        address = f"http://127.0.0.1:{ports[1]}"
        _await(address)
        yield address
    finally:
        daemon.terminate()
        daemon.wait(START_S)


def _await(address: str) -> None:
    until = time.monotonic() + START_S
    with closing(Kubo(address)) as node:
        while True:
            try:
                node.version()
                return
            except Error:
                assert time.monotonic() < until, "Kubo did not start"
                time.sleep(0.1)


@contextmanager
def open_files_at(folder: Path) -> Iterator[Blocks]:
    """Open the files of a store of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    store = SqliteStore(folder / "store.db")
    blocks = open_blocks(store, folder / "store.db")
    yield blocks
    blocks.database.close()
    store.close()
