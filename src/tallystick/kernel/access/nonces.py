"""Requests of other members that were heard: a table of `local.db`, so that a restart forgets none.

Laws: a nonce is in the file before its request is worked on, and until the request has ended; what
is kept has a bound a member, so that one member fills nobody's disk. What is in the file outlives
this process, however it ends; not the machine's power, for no commit waits for the disk. So the
file tells which start of the machine it was written in: after another one that it was not closed
before, nothing is heard that could have been heard already, which takes up to 20 s.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock
from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.kernel.link.clocks import AHEAD_MAX_S
from tallystick.kernel.link.trust import LIFE_MAX_S
from tallystick.kernel.store.database import Database

__all__ = ["HEARD_MAX", "HeardRequests", "read_boot"]

HEARD_MAX: Final = 50_000
"""Most requests of one member that are kept: 800 a second for a minute."""
SWEEP_MS: Final = 5_000
HEARABLE_MS: Final = (AHEAD_MAX_S + LIFE_MAX_S + 1) * 1_000
"""What was heard until now has ended after so long."""
VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE heard (
    member TEXT NOT NULL, nonce TEXT NOT NULL, end_ms INTEGER NOT NULL,
    PRIMARY KEY (member, nonce)) WITHOUT ROWID
"""
_BOOT_SCHEMA: Final = """
CREATE TABLE heard_boot (
    one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT NOT NULL, until_ms INTEGER NOT NULL)
"""
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def read_boot() -> str:
    """Return what names this start of the machine; "" where the system does not tell."""
    try:
        return _BOOT.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


class HeardRequests:
    """One member's list; safe to share between threads.

    Args:
        path: its `local.db`.
        clock: tells what has ended.
        boot: names this start of the machine; "" has each commit wait for the disk.
    """

    def __init__(self, path: Path, clock: Clock, boot: str | None = None) -> None:
        self._database = Database.write(path, "heard", _SCHEMA, VERSION)
        self._database.prepare("heard_boot", _BOOT_SCHEMA, VERSION)
        self._clock = clock
        self._swept_ms = 0
        self._counts: dict[str, int] = {}
        self._is_closed = False
        self._until_ms = self._begin(read_boot() if boot is None else boot)
        self._sweep(clock.now_ms())

    def _begin(self, boot: str) -> int:
        """Note this start of the machine; return the end before which nothing may be heard."""
        found = self._database.row("SELECT boot, until_ms FROM heard_boot")
        written, until_ms = (found[0].decode(), found[1]) if found else ("", 0)
        if written not in ("", boot):
            until_ms = self._clock.now_ms() + HEARABLE_MS
        self._database.run("REPLACE INTO heard_boot VALUES (1, ?, ?)", (boot, until_ms))
        if boot:
            # Only now, and on this connection alone: that a start was noted is on the disk.
            self._database.run("PRAGMA synchronous = NORMAL")
        return int(until_ms)

    def take(self, member: str, nonce: str, end_ms: int) -> None:
        """Keep a request's nonce until `end_ms`.

        Raises:
            Denied: `link.replayed`, it is kept already; `link.expired`, it has ended, and may have
                been kept until then.
            Unavailable: `link.busy`, the member asks more often than is kept, or the request may
                have been heard before the machine lost its power; or the disk failed.
        """
        self._database.together(lambda: self._take(member, nonce, end_ms))

    def _take(self, member: str, nonce: str, end_ms: int) -> None:
        now = self._clock.now_ms()
        if end_ms <= now:
            raise Denied(
                "link.expired",
                f"a request of {member} ended at {end_ms} ms, now it is {now} ms",
                cure="Ask again.",
            )
        if end_ms <= self._until_ms <= now + HEARABLE_MS:
            raise Unavailable(
                "link.busy",
                f"this machine has just lost its power, and what {member} asked before may be"
                " forgotten",
                cure="Ask again in a minute.",
            )
        if not 0 <= now - self._swept_ms < SWEEP_MS:
            self._sweep(now)
        if self._counts.get(member, 0) >= HEARD_MAX:
            raise Unavailable(
                "link.busy",
                f"{member} asked {HEARD_MAX} times within a minute, and more is not kept",
                cure="Ask again in a minute.",
            )
        row = (member, nonce, end_ms)
        if not self._database.run("INSERT OR IGNORE INTO heard VALUES (?, ?, ?)", row):
            raise Denied(
                "link.replayed",
                f"{member}: a request with this nonce was heard before",
                cure="Sign the request anew.",
            )
        self._counts[member] = self._counts.get(member, 0) + 1

    def _sweep(self, now_ms: int) -> None:
        """Forget what has ended: it is refused by its time now.

        A scan every few seconds; an index would cost each call another page of the journal.
        """
        self._database.run("DELETE FROM heard WHERE end_ms <= ?", (now_ms,))
        rows = self._database.rows("SELECT member, count(*) FROM heard GROUP BY member")
        self._counts = {name.decode(): count for name, count in rows}
        self._swept_ms = now_ms

    def close(self) -> None:
        """Have all of it on the disk, and close the file; a second call does nothing."""
        if not self._is_closed:
            self._is_closed = True
            with contextlib.suppress(Error):
                self._database.run("PRAGMA synchronous = FULL")
                self._database.run("UPDATE heard_boot SET boot = ''")
        self._database.close()
