"""Permits and receipts: no plaintext without the first, no reading without the second.

Only `grant_permit` makes a permit; whoever is asked for party data demands one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.errors import Denied
from tallystick.kernel.store.database import Database

__all__ = ["PURPOSES", "RECEIPT_SCHEMA", "Permit", "Receipts", "grant_permit"]

RECEIPT_SCHEMA: Final = """
CREATE TABLE receipt (
    at INTEGER, officer TEXT, purpose TEXT, subject BLOB, record BLOB, sealed TEXT);
CREATE INDEX receipt_subject ON receipt (subject)
"""

PURPOSES: Final = (
    *("positioning", "report", "feedback", "appeal", "evidence", "erasure", "credit"),
    "object",
)
PERMIT_LIFE_MS: Final = 10 * 60_000


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to open one case's (or party's) sealed parts, for one purpose, for a short time."""

    officer: str
    purpose: str
    subject: bytes
    until: int

    def check(self, record: Mapping[str, Any], now_ms: int) -> None:
        """Deny a record that is not of the permit's subject, or a permit that is over."""
        if now_ms > self.until:
            raise Denied("access.permit_over", "the permit is over", cure="Open the case again.")
        if self.subject not in {record["id"], record.get("case")}:
            raise Denied(
                "access.other_subject",
                "the permit is for another case",
                cure="Open that case first.",
            )


def grant_permit(*, officer: str, purpose: str, subject: bytes, now_ms: int) -> Permit:
    """Return a permit for an officer who is logged in at this member.

    Raises:
        Denied: the purpose is not one the law lets a member read for.
    """
    if purpose not in PURPOSES:
        raise Denied("access.purpose", f"{purpose} is no purpose", cure="See docs/threats.md.")
    return Permit(officer, purpose, subject, now_ms + PERMIT_LIFE_MS)


class Receipts:
    """Who read what, why and when: a table of the member's `local.db`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def leave(self, permit: Permit, record: bytes, sealed: str, at: int) -> None:
        """Keep one receipt, durably."""
        row = (at, permit.officer, permit.purpose, permit.subject, record, sealed)
        self._database.run("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?)", row)

    def of(self, subject: bytes) -> list[dict[str, Any]]:
        """Return a subject's receipts, oldest first."""
        query = (
            "SELECT at, officer, purpose, record, sealed FROM receipt"
            " WHERE subject = ? ORDER BY at, rowid"
        )
        return [
            {
                "at": at,
                "officer": officer.decode(),
                "purpose": purpose.decode(),
                "record": record,
                "sealed": sealed.decode(),
            }
            for at, officer, purpose, record, sealed in self._database.rows(query, (subject,))
        ]
