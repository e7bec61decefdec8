"""A county of two chains, served for browsers: the console over one, the API over both.

Run as a program: `python -m console.two_chains FOLDER KIND`. A process holds one set of pages, so
the console of the other chain is another run.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from console.served import ROOT, START_S, STOP_S, Served
from counties import CATALOGUE
from tallystick.base.clock import SystemClock
from tallystick.cli.serve import compose
from tallystick.county.chains import (
    ADMINISTRATIVE,
    FINANCIAL,
    Chains,
    found_chains,
    open_chains,
    serve_chains,
)
from tallystick.services.positioning.catalogue import catalogue_from_toml

__all__ = ["found_two", "serve_one"]

EVERY_MS: Final = 300
REACHED: Final = ("credit-union", "finance", "village")
"""Members that the tests ask; all others take part in the chains unasked."""


def found_two(folder: Path) -> Path:
    """Found a county of two chains with made-up officers, and the products of the financial one."""
    clock = SystemClock()
    found_chains(folder, "dual", seed="two chains", clock=clock)
    with open_chains(folder, clock) as dual:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        dual.houses[FINANCIAL].node("finance").positions.publish_catalogue(tree)
    return folder


@contextmanager
def serve_one(folder: Path, kind: str) -> Iterator[dict[str, Served]]:
    """Serve both chains until the block ends, with the console of one; return where each is."""
    log = folder.with_name(f"{kind}.log")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, "-m", "console.two_chains", str(folder), kind]
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    try:
        told = _first_line(process, log)
        yield {
            each: Served(folder / each, address, told["link"], log, chain=each)
            for each, address in told["addresses"].items()
        }
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)
        assert process.stdout is not None
        process.stdout.close()


def _first_line(process: subprocess.Popen[str], log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(START_S), f"the server told nothing in {START_S} s"
    line = process.stdout.readline()
    assert line, f"the server ended: {log.read_text(encoding='utf-8')[-2_000:]}"
    found: dict[str, Any] = json.loads(line)
    return found


def _reached(dual: Chains, kind: str) -> tuple[str, ...]:
    kept = {each.name for each in dual.houses[kind].county.members}
    return tuple(each for each in REACHED if each in kept)


def _run(folder: Path, kind: str) -> None:
    """Serve until the starter closes standard input."""
    import socket

    with open_chains(folder, SystemClock()) as dual, serve_chains(dual, every_ms=EVERY_MS):
        addresses, threads, link = {}, [], ""
        for each in (ADMINISTRATIVE, FINANCIAL):
            listener = socket.create_server(("127.0.0.1", 0))
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server, path = compose(
                dual.houses[each], _reached(dual, each), ("127.0.0.1",), has_console=each == kind
            )
            link = link or path
            addresses[each] = f"http://127.0.0.1:{listener.getsockname()[1]}"
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            threads.append((server, thread))
        # All are composed before any runs: the console's pages are one set a process.
        for _, thread in threads:
            thread.start()
        sys.stdout.write(json.dumps({"addresses": addresses, "link": link}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        for server, thread in threads:
            server.should_exit = True
            thread.join(STOP_S)


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2])
