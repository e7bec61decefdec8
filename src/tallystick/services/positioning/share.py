"""A share of counted things with its 95 % interval, in integers.

Laws: parts per million throughout; the interval holds the share, widens as the count falls, and is
rounded outwards, so that it never claims more than the count gives.
Limits: the interval takes what is counted as drawn independently of one another.
Source: Wilson (1927), the score interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tallystick.finance.rounding import PPM, divide_half_even

__all__ = ["Share"]

# The 97.5 % quantile of the normal distribution, in millionths, and its square's scale.
_Z: Final = 1_959_964
_SCALE: Final = PPM * PPM


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many.

    Attributes:
        hits: 0 to `count`.
        count: 0 or more; of nothing there is no share.
    """

    hits: int
    count: int

    def __post_init__(self) -> None:
        """Refuse more hits than there are things."""
        assert 0 <= self.hits <= self.count, "a share is of its own count"

    @property
    def ppm(self) -> int | None:
        """The share in ppm, halves to even; None where nothing was counted.

        >>> Share(1, 3).ppm, Share(0, 0).ppm
        (333333, None)
        """
        return divide_half_even(self.hits * PPM, self.count) if self.count else None

    @property
    def interval_ppm(self) -> tuple[int, int]:
        """Wilson's 95 % interval in ppm; the whole of 0 to 1,000,000 where nothing was counted.

        >>> Share(5, 10).interval_ppm
        (236593, 763407)
        """
        if not self.count:
            return 0, PPM
        hits, count, square = self.hits, self.count, _Z * _Z
        # Both ends are (2h + z^2 -+ sqrt(z^4 + 4 z^2 h (n - h) / n)) / 2 (n + z^2).
        middle = 2 * hits * _SCALE + square
        spread = _root_up(square * square + 4 * square * hits * (count - hits) * _SCALE // count)
        whole = 2 * (count * _SCALE + square)
        low = PPM * (middle - spread) // whole
        high = -(-PPM * (middle + spread) // whole)
        return max(0, low), min(PPM, high)


def _root_up(number: int) -> int:
    """Return the square root rounded up."""
    root = math.isqrt(number)
    return root + (root * root < number)
