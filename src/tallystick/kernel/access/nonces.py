"""Requests of other members that were heard: a table of `local.db`, so that a restart forgets none.

Laws: a nonce is kept durably before its request is worked on, and until the request has ended; what
is kept has a bound a member, so that one member fills nobody's disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock
from tallystick.base.errors import Denied, Unavailable
from tallystick.kernel.store.database import Database

__all__ = ["HEARD_MAX", "HeardRequests"]

HEARD_MAX: Final = 50_000
"""Most requests of one member that are kept: 800 a second for a minute."""
SWEEP_MS: Final = 5_000
_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE heard (
    member TEXT NOT NULL, nonce TEXT NOT NULL, end_ms INTEGER NOT NULL,
    PRIMARY KEY (member, nonce)) WITHOUT ROWID
"""


class HeardRequests:
    """One member's list; safe to share between threads.

    Args:
        path: its `local.db`.
        clock: tells what has ended.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._database = Database.write(path, "heard", _SCHEMA, _VERSION)
        self._clock = clock
        self._swept_ms = 0
        self._counts: dict[str, int] = {}
        self._sweep(clock.now_ms())

    def take(self, member: str, nonce: str, end_ms: int) -> None:
        """Keep a request's nonce until `end_ms`; one fsync, shared by all who come at once.

        Raises:
            Denied: `link.replayed`, it is kept already.
            Unavailable: `link.busy`, the member asks more often than is kept; or the disk failed.
        """
        self._database.together(lambda: self._take(member, nonce, end_ms))

    def _take(self, member: str, nonce: str, end_ms: int) -> None:
        now = self._clock.now_ms()
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
        """Close the file; a second call does nothing."""
        self._database.close()
