"""Whoever gives what a member takes the state over from: another member, or files that came.

What it gives is believed in nothing: `kernel.ledger.leap` proves all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tallystick.chain.span import Span
from tallystick.kernel.ledger.offer import (
    Handover,
    ask_handover,
    ask_offer,
    ask_part,
    ask_spans,
)
from tallystick.kernel.ledger.peer import ask_note
from tallystick.kernel.link.base import Link

__all__ = ["Giver", "LinkGiver"]


class Giver(Protocol):
    """Gives state, headers and names; all of it unverified."""

    @property
    def name(self) -> str:
        """Who it is, as an error names it."""

    def offer(self, above: int) -> tuple[int, int]:
        """Return height and size in bytes of a state beyond a height.

        Raises:
            NotFound: `ledger.no_offer`.
        """

    def part(self, height: int, offset: int) -> bytes:
        """Return the bytes of the state from an offset on, `PART_BYTES` or what is left."""

    def note(self) -> bytes:
        """Return the newest checkpoint with its cosignatures."""

    def handover(self, above: int) -> Handover | None:
        """Return the first change of the list of members beyond a height, if any."""

    def spans(self, first: int) -> Sequence[Span]:
        """Return spans from a height on, none beyond the last."""


@dataclass(frozen=True, slots=True)
class LinkGiver:
    """Another member, asked over the link.

    Attributes:
        link: to it.
        name: the member's.
    """

    link: Link
    name: str

    def offer(self, above: int) -> tuple[int, int]:
        """Return what the member offers."""
        return ask_offer(self.link, self.name, above)

    def part(self, height: int, offset: int) -> bytes:
        """Return bytes of its state."""
        return ask_part(self.link, self.name, height, offset)

    def note(self) -> bytes:
        """Return its newest checkpoint."""
        return ask_note(self.link, self.name)

    def handover(self, above: int) -> Handover | None:
        """Return the first change of the list that it tells of."""
        return ask_handover(self.link, self.name, above)

    def spans(self, first: int) -> Sequence[Span]:
        """Return spans of its chain."""
        return ask_spans(self.link, self.name, first)
