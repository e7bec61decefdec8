"""From a model's log odds in micro-units to a probability in ppm, by an integer table.

The table is `{"at": [micro-logits, strictly ascending], "ppm": [strictly increasing]}`.
Between two knots the probability is interpolated with floor division; outside it is that of
the nearest end. Laws: never decreasing in the log odds, so ranks survive; every product stays
below 2^63, so that a batch in int64 says the same.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from tallystick.exact.reading import malformed, read_ascending, read_map

__all__ = ["AT_LIMIT", "PPM", "Calibration", "check_calibration", "probability_ppm"]

PPM: Final = 1_000_000
"""One, in parts per million."""

AT_LIMIT: Final = 10**12
"""Greatest |micro-logit| of a knot; 2 x 10^12 x 10^6 < 2^63."""

_KNOTS: Final = (2, 4_096)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A checked table; build it with `check_calibration`.

    Attributes:
        at: knots in micro-logits, strictly ascending.
        ppm: probability at each knot, strictly increasing, within 0 to 10^6.
    """

    at: tuple[int, ...]
    ppm: tuple[int, ...]


def check_calibration(value: object, path: str = "calibration") -> Calibration:
    """Return the table in `value`.

    Raises:
        Invalid: `model.malformed` if it breaks the form above.
    """
    tree = read_map(value, path, frozenset({"at", "ppm"}))
    at = read_ascending(tree["at"], f"{path}.at", _KNOTS, (-AT_LIMIT, AT_LIMIT))
    ppm = read_ascending(tree["ppm"], f"{path}.ppm", _KNOTS, (0, PPM))
    if len(at) != len(ppm):
        raise malformed(f"{path}.ppm", f"{len(at)} items, as many as knots", f"{len(ppm)}")
    return Calibration(at, ppm)


def probability_ppm(calibration: Calibration, logit_micro: int) -> int:
    """Return the probability at `logit_micro`, in ppm.

    >>> probability_ppm(Calibration((0, 10), (100, 205)), 5)
    152
    """
    at, ppm = calibration.at, calibration.ppm
    right = bisect_right(at, logit_micro)
    if right == 0:
        return ppm[0]
    if right == len(at):
        return ppm[-1]
    left = right - 1
    rise = (logit_micro - at[left]) * (ppm[right] - ppm[left])
    return ppm[left] + rise // (at[right] - at[left])
