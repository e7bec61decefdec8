"""Who acts: the officer of the session that a request came in, for the time of that request.

Laws: set by whoever serves officers, from a session and nothing that was sent; it counts at that
officer's own member alone, though other members may be asked in the same thread. Without a session
whoever holds the member's folder acts, under one id that follows from chain and member: it stands
in records where an officer must, and everybody can see that it is nobody's account.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from tallystick.base.codec import encode, sha256

__all__ = ["ACTING", "Acting", "acting_at", "owner_id"]

ID_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class Acting:
    """The officer of a session.

    Attributes:
        member: whose officer it is.
        officer: the id that stands in records, 16 bytes.
    """

    member: str
    officer: bytes


ACTING: Final[ContextVar[Acting | None]] = ContextVar("acting", default=None)


def acting_at(member: str) -> bytes | None:
    """Return the officer in whose session this member acts now; None outside of any."""
    found = ACTING.get()
    return found.officer if found is not None and found.member == member else None


def owner_id(chain: bytes, member: str) -> bytes:
    """Return the id under which whoever holds a member's folder acts, 16 bytes."""
    return sha256(encode(["folder owner", chain, member]))[:ID_SIZE]
