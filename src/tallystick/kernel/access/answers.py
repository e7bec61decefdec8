"""First answers to keyed requests, kept for 24 hours: a table of the member's `local.db`.

Law: a repetition of (user, route, key) gets the bytes of the first answer, also after a restart;
another body under the same key is refused; two at once are not both worked on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from tallystick.base.clock import DAY_MS, Clock
from tallystick.base.codec import sha256
from tallystick.base.errors import Conflict
from tallystick.kernel.access.desk import Settled
from tallystick.kernel.ledger.outbox import Request, key_reused
from tallystick.kernel.store.database import Database

__all__ = ["ANSWER_SCHEMA", "ASKING", "Answer", "Answers", "Asking"]

ANSWER_SCHEMA: Final = """
CREATE TABLE answer (
    name BLOB PRIMARY KEY, body BLOB NOT NULL, status INTEGER NOT NULL, answer BLOB NOT NULL,
    made_ms INTEGER NOT NULL) WITHOUT ROWID
"""
KEEP_MS: Final = DAY_MS


@dataclass(slots=True)
class Asking:
    """One user's request while it is worked on.

    Attributes:
        request: what its Idempotency-Key stands for; stored with its first transaction.
        settled: where its transactions came to stand, in order.
    """

    request: Request | None = field(default=None, repr=False)
    settled: list[Settled] = field(default_factory=list)

    def take(self) -> Request | None:
        """Return the request once: later transactions of one request are not its repetition."""
        found, self.request = self.request, None
        return found


ASKING: Final[ContextVar[Asking | None]] = ContextVar("asking", default=None)
"""Set by whoever serves users, for the time of one request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: an HTTP status and the body's bytes."""

    status: int
    body: bytes = field(repr=False)


class Answers:
    """The answers of one member; safe to share between threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._running: set[bytes] = set()

    @contextmanager
    def hold(self, request: Request) -> Iterator[None]:
        """Let nobody else work on the same request meanwhile.

        Raises:
            Conflict: `request.running`, it is being worked on.
        """
        with self._lock:
            if request.name in self._running:
                raise Conflict(
                    "request.running",
                    "a request with this Idempotency-Key is being worked on",
                    cure="Repeat it in a second: it gets the first one's answer.",
                )
            self._running.add(request.name)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(request.name)

    def find(self, request: Request) -> Answer | None:
        """Return the first answer to a request, None if it is new.

        Raises:
            Conflict: `outbox.key_reused`, the key came before with another body.
        """
        row = self._database.row(
            "SELECT body, status, answer FROM answer WHERE name = ? AND made_ms > ?",
            (request.name, self._clock.now_ms() - KEEP_MS),
        )
        if row is None:
            return None
        if row[0] != sha256(request.body):
            raise key_reused()
        return Answer(row[1], row[2])

    def keep(self, request: Request, answer: Answer) -> None:
        """Keep an answer durably, and forget those older than 24 hours."""
        now = self._clock.now_ms()
        row = (request.name, sha256(request.body), answer.status, answer.body, now)

        def write() -> None:
            self._database.run("DELETE FROM answer WHERE made_ms <= ?", (now - KEEP_MS,))
            self._database.run("REPLACE INTO answer VALUES (?, ?, ?, ?, ?)", row)

        self._database.together(write)
