"""Two members with HTTP links on this machine, for tests: real sockets, keys and files.

The list of members may change while they run, as a chain's does at a height.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock, ManualClock, SystemClock, SystemEntropy
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Key, Member, Members
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.link.book import Place
from tallystick.kernel.link.certificate import ensure_certificate
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.ports import find_free_ports
from tallystick.kernel.link.trust import Roll, Trust

__all__ = [
    "CHAIN",
    "NAMES",
    "NOW_MS",
    "End",
    "List",
    "free_ports",
    "key_of",
    "make_trust",
    "open_pair",
]

CHAIN: Final = bytes(range(32))
NAMES: Final = ("bank", "coop")
NOW_MS: Final = 1_790_000_000_000


def key_of(name: str) -> SigningKey:
    return SigningKey.from_seed(name.encode().ljust(32, b"."))


class List:
    """A chain's list of members in force, and the height it is in force at."""

    def __init__(self) -> None:
        self.height = 1
        self.members = Members.of([self.member(name) for name in NAMES])

    def member(self, name: str, end: int | None = None) -> Member:
        return Member(name, "bank", (Key(3, "link", 1, key_of(name).public, 0, end),))

    def read(self) -> tuple[Members, int]:
        return self.members, self.height

    def revoke(self, name: str) -> None:
        """Let a member's link key end before the next height."""
        kept = [self.member(each) for each in NAMES if each != name]
        self.members = Members.of([*kept, self.member(name, self.height)])


@dataclass(slots=True)
class End:
    """One member: its link, and what it goes by."""

    link: HttpLink
    trust: Trust
    heard: HeardRequests
    place: Place
    book: dict[str, Place]


def make_trust(
    folder: Path, name: str, known: List, clock: Clock | None = None, *, drawn: int = 0
) -> tuple[Trust, HeardRequests]:
    """Return a member's trust, and the list of requests that it heard."""
    clock = clock or ManualClock(NOW_MS)
    heard = HeardRequests(folder / f"{name}.db", clock)
    roll = Roll(CHAIN, known.read, drawn)
    entropy = SystemEntropy()
    return Trust(
        name, lambda: key_of(name), roll, clock=clock, entropy=entropy, nonces=heard
    ), heard


def free_ports(count: int) -> list[int]:
    """Return ports of this machine at which nothing listens."""
    return find_free_ports(count)


@contextmanager
def open_pair(
    folder: Path, *, tls: bool = False, clock: Clock | None = None, known: List | None = None
) -> Iterator[tuple[End, End]]:
    """Open both members' links, answering."""
    clock, known = clock or SystemClock(), known or List()
    book: dict[str, Place] = {}
    for name, port in zip(NAMES, free_ports(len(NAMES)), strict=True):
        (folder / name).mkdir()
        pem = ""
        if tls:
            pem = ensure_certificate(folder / name, name, clock=clock, entropy=SystemEntropy())
        book[name] = Place("https" if tls else "http", "127.0.0.1", port, pem)
    ends = []
    for name in NAMES:
        trust, heard = make_trust(folder, name, known, clock)
        link = HttpLink(trust, book, Listening(book[name], folder / name))
        link.start()
        ends.append(End(link, trust, heard, book[name], book))
    try:
        yield ends[0], ends[1]
    finally:
        for end in ends:
            end.link.close()
            end.heard.close()
