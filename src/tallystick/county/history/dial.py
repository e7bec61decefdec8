"""The two dials of a history: how hard it is to see through, and how far officials' kin get.

Laws: 50 is the county as measured; at 0 difficulty everything observed is exact and complete but
for what nobody states; at 0 capture officials' kin are treated as all others. Limits: a scaled
chance stays at or below 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Invalid

__all__ = ["DIAL_MOST", "DIAL_USUAL", "Dials"]

DIAL_MOST: Final = 100
"""Greatest value of a dial; 0 is the least."""
DIAL_USUAL: Final = 50
"""Where a dial stands for the county as measured."""
_CHANCE_MOST_PPM: Final = 950_000


@dataclass(frozen=True, slots=True)
class Dials:
    """Where the dials stand, each 0..100.

    Attributes:
        difficulty: noise of what is observed.
        capture: favour that officials' kin enjoy.

    Raises:
        Invalid: `history.dial` outside that range.
    """

    difficulty: int = DIAL_USUAL
    capture: int = DIAL_USUAL

    def __post_init__(self) -> None:
        """Refuse a dial off its scale."""
        for name, value in (("difficulty", self.difficulty), ("capture", self.capture)):
            if not 0 <= value <= DIAL_MOST:
                raise Invalid(
                    "history.dial",
                    f"{name} is {value}; the scale is 0 to {DIAL_MOST}",
                    cure=f"Choose a value of the scale; {DIAL_USUAL} is the county as measured.",
                )

    def noise(self, spread: int) -> int:
        """Return a standard deviation (any unit) scaled by the difficulty."""
        return spread * self.difficulty // DIAL_USUAL

    def chance(self, chance_ppm: int) -> int:
        """Return a chance of being left out or hidden, in ppm, scaled by the difficulty."""
        return min(_CHANCE_MOST_PPM, chance_ppm * self.difficulty // DIAL_USUAL)

    def favour(self, amount: int) -> int:
        """Return an advantage of officials' kin (any unit) scaled by the capture."""
        return amount * self.capture // DIAL_USUAL
