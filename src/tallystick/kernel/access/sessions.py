"""Who is logged in: sessions of a member's officers, in a table of its `local.db`.

Laws: a token is 32 random bytes, given once; only its SHA-256 is stored, so that the file opens
nothing. A session ends after 30 minutes without use (29 at the least: its last use is noted once a
minute), 12 hours after log-in whatever is done, and with its account. The CSRF secret follows from
the token and is stored nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from tallystick.base.clock import Clock, Entropy, SystemEntropy
from tallystick.base.codec import sha256
from tallystick.base.errors import Denied
from tallystick.kernel.store.database import Database, Row

__all__ = ["ABSOLUTE_MS", "IDLE_MS", "SESSION_SCHEMA", "Opened", "Session", "Sessions"]

IDLE_MS: Final = 30 * 60_000
ABSOLUTE_MS: Final = 12 * 3_600_000
NOTE_MS: Final = 60_000
TOKEN_SIZE: Final = 32

SESSION_SCHEMA: Final = """
CREATE TABLE session (
    hash BLOB PRIMARY KEY, officer BLOB NOT NULL, begun_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX session_officer ON session (officer)
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One open session; nothing of it lets anybody in.

    Attributes:
        hash: SHA-256 of its token; names the session in lists.
        officer: whose it is, 16 bytes.
        begun_ms: when its officer logged in, ms since 1970 UTC.
        seen_ms: its last use, to the minute.
    """

    hash: bytes
    officer: bytes
    begun_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened: the only time its token is told."""

    session: Session
    token: bytes = field(repr=False)

    @property
    def csrf(self) -> bytes:
        """The secret that its forms carry, 32 bytes."""
        return csrf_of(self.token)


def csrf_of(token: bytes) -> bytes:
    """Return the CSRF secret of a token: an HMAC, from which the token does not follow."""
    return hmac.digest(token, b"tallystick csrf", hashlib.sha256)


class Sessions:
    """The sessions of one member; safe to share between threads.

    Args:
        database: `local.db`, with the tables of `SESSION_SCHEMA`.
        clock: tells when they end.
        entropy: draws tokens: the machine's own unless a test says otherwise, for a token that
            follows from a seed is known to whoever knows the seed.
    """

    def __init__(self, database: Database, clock: Clock, entropy: Entropy | None = None) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy or SystemEntropy()

    def open(self, officer: bytes) -> Opened:
        """Open a session of an officer whose password was right; drop those that are over.

        To be called inside a transaction, with what tells that the account still stands.
        """
        now = self._clock.now_ms()
        self._database.run(
            "DELETE FROM session WHERE begun_ms <= ? OR seen_ms <= ?",
            (now - ABSOLUTE_MS, now - IDLE_MS),
        )
        return self._insert(officer, begun_ms=now)

    def _insert(self, officer: bytes, *, begun_ms: int) -> Opened:
        token = self._entropy.draw("session", TOKEN_SIZE)
        found = Session(sha256(token), officer, begun_ms, self._clock.now_ms())
        row = (found.hash, found.officer, found.begun_ms, found.seen_ms)
        self._database.run("INSERT INTO session VALUES (?, ?, ?, ?)", row)
        return Opened(found, token)

    def read(self, token: bytes) -> Session:
        """Return the session of a token, and note that it is used.

        Raises:
            Denied: `access.session`, there is none, or it is over.
        """
        now = self._clock.now_ms()
        row = self._database.row("SELECT * FROM session WHERE hash = ?", (sha256(token),))
        if row is None or not _is_open(found := Session(*row), now):
            raise Denied("access.session", "no session is open under that token", cure="Log in.")
        if now - found.seen_ms < NOTE_MS:
            return found
        self._database.run("UPDATE session SET seen_ms = ? WHERE hash = ?", (now, found.hash))
        return Session(found.hash, found.officer, found.begun_ms, now)

    def check_csrf(self, token: bytes, given: bytes) -> None:
        """Refuse a form that does not carry the session's CSRF secret.

        Raises:
            Denied: `access.csrf`.
        """
        if not hmac.compare_digest(csrf_of(token), given):
            raise Denied(
                "access.csrf",
                "the form does not carry the secret of its session",
                cure="Load the page again and repeat the act.",
            )

    def replace(self, token: bytes) -> Opened:
        """Give a session another token and end all others of its officer; its 12 hours run on.

        To be called inside a transaction, with what makes the other token necessary.

        Raises:
            Denied: `access.session`, there is none, or it is over.
        """
        found = self.read(token)
        self.end_all(found.officer)
        return self._insert(found.officer, begun_ms=found.begun_ms)

    def list_open(self, officer: bytes | None = None) -> list[Session]:
        """Return the open sessions of an officer, or of all, oldest first."""
        rows: list[Row] = self._database.rows(
            "SELECT * FROM session WHERE ? IS NULL OR officer = ? ORDER BY begun_ms, hash",
            (officer, officer),
        )
        now = self._clock.now_ms()
        return [found for row in rows if _is_open(found := Session(*row), now)]

    def end(self, identifier: bytes) -> bool:
        """End the session of that hash; False if there was none."""
        return self._database.run("DELETE FROM session WHERE hash = ?", (identifier,)) > 0

    def end_all(self, officer: bytes) -> int:
        """End all sessions of an officer and return how many there were."""
        return self._database.run("DELETE FROM session WHERE officer = ?", (officer,))


def _is_open(session: Session, now_ms: int) -> bool:
    is_used = now_ms - session.seen_ms < IDLE_MS
    return is_used and now_ms - session.begun_ms < ABSOLUTE_MS
