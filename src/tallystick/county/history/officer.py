"""Who takes requests: officers of four lenders, one in ten of whom copies plans.

Laws: a village has one officer, an officer one lender. A copied plan states the same return for
everybody; an honest one states the kind's usual return with its own error. Neither knows the
household's skill, so no plan tells of it. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import Draws
from tallystick.county.history.season import KINDS, RETURN_PPM

__all__ = ["LENDERS", "OFFICERS_COUNT", "Officers", "draw_officers"]

OFFICERS_COUNT: Final = 40
"""Officers of the county."""
LENDERS: Final = ("rural_commercial_bank", "agricultural_bank", "village_bank", "mutual_fund")
"""Lenders by code."""


@dataclass(frozen=True, slots=True)
class Officers:
    """The officers of a history.

    Attributes:
        copied_ppm: by officer: the return that all of his plans state; None if he writes them.
    """

    copied_ppm: tuple[int | None, ...]

    def state_return(self, officer: int, kind: int, draws: Draws) -> int:
        """Return what a plan states as a year's return, ppm in steps of 5,000."""
        copied = self.copied_ppm[officer]
        if copied is not None:
            return copied
        return max(0, draws.normal("plan", RETURN_PPM[KINDS[kind]], 20_000) // 5_000 * 5_000)


def draw_officers(draws: Draws, copying_ppm: int) -> Officers:
    """Return the officers; as many copy as this part of them, rounded."""
    count = (OFFICERS_COUNT * copying_ppm + 500_000) // 1_000_000
    order = sorted(range(OFFICERS_COUNT), key=lambda at: draws.below(f"order {at}", 1 << 60))
    copying = frozenset(order[:count])
    return Officers(
        tuple(
            draws.between(f"copied {at}", 22, 40) * 5_000 if at in copying else None
            for at in range(OFFICERS_COUNT)
        )
    )
