"""Proposals of others that this member refused: who made each, and why.

Laws: a member is named by the list in force and the address that the engine tells; a proposal that
this program is too old to judge is nobody's fault and is not kept here. Known here and in the log
alone: the engine hands an application what was proposed without the proposer's signature under it,
so a refusal is this member's word and proves nothing to others. What more members than one refuse,
each of them tells. Limits: the last 64; none is kept over a restart.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Conflict, Error

__all__ = ["Refusal", "Refusals"]

_LOG: Final = logging.getLogger(__name__)
KEPT_MAX: Final = 64
STANDS_HEIGHTS: Final = 1_000
"""So many heights of the engine an alarm stands: ten minutes, give or take."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposal that was refused.

    Attributes:
        height: of the engine.
        member: who made it; its address in hex where no member's key has that address.
        code: why it may not be decided.
        detail: the same in words.
    """

    height: int
    member: str
    code: str
    detail: str


class Refusals:
    """What one application refused."""

    def __init__(self) -> None:
        self._kept: deque[Refusal] = deque(maxlen=KEPT_MAX)

    def note(self, height: int, member: str, error: Error) -> None:
        """Keep a refusal, and tell the log; a round that repeats it changes nothing."""
        found = Refusal(height, member, error.code, error.message)
        if found in self._kept:
            return
        self._kept.append(found)
        _LOG.warning(
            "refused what %s proposed at height %d of the engine: %s", member, height, error
        )

    def known(self) -> tuple[Refusal, ...]:
        """Return the last refusals, the latest last."""
        return tuple(self._kept)

    def trouble(self, height: int) -> Error | None:
        """Return the alarm of the latest refusal; None once an engine is far beyond it."""
        if not self._kept or self._kept[-1].height + STANDS_HEIGHTS < height:
            return None
        last = self._kept[-1]
        return Conflict(
            "engine.refused",
            f"{last.member} proposed at height {last.height} what may not stand: {last.detail}",
            cure="Compare program versions with that member; if others refuse it too, vote it out.",
            member=last.member,
            height=last.height,
        )
