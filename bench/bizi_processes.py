"""Members of the bench of the four ways, each in a process of its own, over signed HTTP.

They listen on this machine's loopback; each ends with the standard input that it was told by.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bizi_members import CLIENT, Circle, Client, Keeper, Peers, key_of
from bizi_ways import draw_name

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.chain.member import Key, Member, Members
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.link.book import Place
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.ports import find_free_ports
from tallystick.kernel.link.trust import Roll, Trust

__all__ = ["Apart", "open_link", "open_processes", "serve_process"]

CHAIN: Final = bytes(32)


@dataclass
class Apart(Circle):
    """Members in processes of their own."""

    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def spent_s(self) -> float:
        """Return the processor seconds of all members' processes, so far."""
        told = [Path(f"/proc/{child.pid}/stat").read_text("utf-8") for child in self.children]
        ticks = [each.rpartition(")")[2].split()[11:13] for each in told]
        return sum(int(one) for pair in ticks for one in pair) / os.sysconf("SC_CLK_TCK")


def open_link(name: str, ports: dict[str, int], folder: Path, opened: ExitStack) -> HttpLink:
    """Return a member's end over HTTP; it answers once it is started."""
    nonces = HeardRequests(folder / "local.db", SystemClock())
    opened.callback(nonces.close)
    members = Members.of(
        [Member(each, "bank", (Key(1, "link", 1, key_of(each).public, 0),)) for each in ports]
    )
    roll = Roll(CHAIN, lambda: (members, 1))
    clock, entropy = SystemClock(), SystemEntropy()
    trust = Trust(name, lambda: key_of(name), roll, clock=clock, entropy=entropy, nonces=nonces)
    book = {each: Place("http", "127.0.0.1", port) for each, port in ports.items()}
    link = HttpLink(trust, book, Listening(book[name], folder))
    opened.callback(link.close)
    return link


def serve_process() -> None:
    """Be one member, as told on standard input, until that ends."""
    told = json.loads(sys.stdin.readline())
    folder = Path(told["folder"])
    with ExitStack() as opened:
        keeper = Keeper(folder)
        opened.callback(keeper.close)
        link = open_link(told["name"], told["ports"], folder, opened)
        keeper.serve(link)
        link.start()
        print("ready", flush=True)
        sys.stdin.read()


@contextmanager
def open_processes(count: int, folder: Path, code: str) -> Iterator[Apart]:
    """Open members each in a process of its own, on this machine's loopback."""
    names = [draw_name(number) for number in range(count)]
    ports = dict(zip([CLIENT, *names], find_free_ports(count + 1), strict=True))
    with ExitStack() as opened:
        link = open_link(CLIENT, ports, folder, opened)
        client = Client(Peers(link, names), folder / CLIENT, code)
        opened.callback(client.close)
        circle = Apart(client, {name: folder / name for name in names})
        opened.callback(circle.close)
        circle.children = [_start(name, ports, folder / name) for name in names]
        for name, child in zip(names, circle.children, strict=True):
            circle.ends[name] = lambda child=child: _end(child)  # type: ignore[misc]
        for child in circle.children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n", "a member's process did not start"
        yield circle


def _start(name: str, ports: dict[str, int], folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("bizi.py")), "member"]
    child = subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    child.stdin.write(json.dumps({"name": name, "ports": ports, "folder": str(folder)}) + "\n")
    child.stdin.flush()
    return child


def _end(child: subprocess.Popen[str]) -> None:
    """End a member at once, as a machine that is lost."""
    child.kill()
    with contextlib.suppress(BrokenPipeError):
        child.communicate()
