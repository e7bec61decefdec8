"""Ports of this machine for members that are to find each other there again.

Laws: they are below those that the system itself gives out, so what it gives to others between now
and the members' start cannot be one of them; a port that one program drew is drawn by no other of
this machine while it runs, nor in the half minute after; what a program takes for itself at each
start is never one that others are told of, who may be down for long.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque
from collections.abc import Collection
from typing import Final

from tallystick.base.errors import Unavailable

__all__ = ["find_free_ports", "find_own_port"]

TOLD: Final = range(20_000, 28_000)
OWN: Final = range(28_000, 30_000)
HOST: Final = "127.0.0.1"
MARKS_MAX: Final = 64
"""Each is a handle, of which a process has few; by then its oldest ports are in use."""

_marks: Final[deque[int]] = deque()
"""Handles that the system closes with this process: nothing is left where it is killed."""


def find_free_ports(count: int, begin: int | None = None) -> list[int]:
    """Return ports in a row at which nothing listens on this machine, and that nobody else drew.

    Args:
        count: how many.
        begin: any number, from which it follows where to look first; None for the process's own.

    Raises:
        Unavailable: `link.address`, there is no such row.
    """
    rows = range(TOLD.start, TOLD.stop - count + 1, count)
    return _draw(rows, count, os.getpid() if begin is None else begin)


def find_own_port(begin: int, taken: Collection[int] = ()) -> int:
    """Return a port that this process listens at soon, and of which it tells no other machine.

    Args:
        begin: any number, from which it follows where to look first.
        taken: those that it is not to be, though nobody listens there now.

    Raises:
        Unavailable: `link.address`, there is none.
    """
    (found,) = _draw([port for port in OWN if port not in taken], 1, begin)
    return found


def _draw(firsts: range | list[int], count: int, begin: int) -> list[int]:
    at = begin % len(firsts) if firsts else 0
    for first in (*firsts[at:], *firsts[:at]):
        ports = list(range(first, first + count))
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            found = [opened.enter_context(_bind(each, socket.SOCK_STREAM)) for each in ports]
            # No member listens by UDP, which has numbers of its own: they say who drew.
            marks = [opened.enter_context(_bind(each, socket.SOCK_DGRAM)) for each in ports]
            for own in found:
                _linger(own)
            _keep([own.detach() for own in marks])
            return ports
    raise Unavailable("link.address", "no free ports in a row", cure="Choose another --port.")


def _bind(port: int, kind: socket.SocketKind) -> socket.socket:
    """Bind a port that nobody has: without SO_REUSEADDR also those refuse that linger."""
    found = socket.socket(type=kind)
    with contextlib.ExitStack() as failed:
        failed.callback(found.close)
        found.bind((HOST, port))
        failed.pop_all()
    return found


def _linger(found: socket.socket) -> None:
    """Leave a bound port in TIME_WAIT: listening there is free to all, drawing it to nobody.

    For who draws, writes down what it drew and ends. The end that closes first is the one that
    waits: a minute on Linux, half of one on macOS.
    """
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.listen(1)
    with socket.create_connection(found.getsockname()):
        found.accept()[0].close()


def _keep(marks: list[int]) -> None:
    _marks.extend(marks)
    while len(_marks) > MARKS_MAX:
        os.close(_marks.popleft())
