"""What the application serves: a house, and which of its members are to be reached."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.base.errors import NotFound
from tallystick.county.house import House, Seat

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the application serves: a house, and which of its members are to be reached."""

    house: House
    members: frozenset[str]

    def seat(self, member: str) -> Seat:
        """Return a member's place; NotFound `member.unknown` if it is not served here."""
        if member not in self.members:
            raise NotFound(
                "member.unknown", "no such member is served here", cure="See GET /healthz."
            )
        return self.house.seat(member)
