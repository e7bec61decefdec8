"""Ports of this machine for members that are to find each other there again."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

from tallystick.base.errors import Unavailable

__all__ = ["find_free_ports"]

FREE: Final = range(20_000, 30_000)


def find_free_ports(count: int, begin: int | None = None) -> list[int]:
    """Return ports in a row at which nothing listens on this machine.

    They are below those that the system itself gives out: what it gives to others between now and
    the members' start cannot be one of them. Two programs that look at once begin apart.

    Args:
        count: how many.
        begin: any number, from which it follows where to look first; None for the process's own.

    Raises:
        Unavailable: `link.address`, there is no such row.
    """
    rows = range(FREE.start, FREE.stop - count + 1, count)
    at = (os.getpid() if begin is None else begin) % len(rows) if rows else 0
    for first in (*rows[at:], *rows[:at]):
        ports = list(range(first, first + count))
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for each in ports:
                held.enter_context(socket.create_server(("127.0.0.1", each)))
            return ports
    raise Unavailable("link.address", "no free ports in a row", cure="Choose another --port.")
