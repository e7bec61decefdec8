"""When each kind of household earns from its land, animals or trade, and what a loan fits.

Laws: the twelve parts of a year add up to 1,000. A household's peaks are its three best months,
the earlier first among equals: a field's two harvests, and January, when those away come home.
A payment fits when it falls in a peak or the month after. Source: the county's practice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "EXPOSED",
    "KINDS",
    "PEAKS",
    "PRICE_SPREAD_PPM",
    "RETURN_PPM",
    "SEASONS",
    "fits_season",
]

KINDS: Final = (
    *("elder_grain", "orchard", "greenhouse", "livestock"),
    *("migrant", "shop", "no_labour", "family_farm"),
)
"""Kinds of households by code, as `county.livelihood` names them."""

_FIELDS: Final = (0, 0, 0, 0, 0, 400, 0, 0, 0, 600, 0, 0)

SEASONS: Final[Mapping[str, tuple[int, ...]]] = {
    "elder_grain": _FIELDS,
    "orchard": (0, 0, 0, 0, 0, 0, 0, 0, 200, 500, 300, 0),
    "greenhouse": (160, 160, 150, 120, 100, 50, 10, 10, 10, 50, 80, 100),
    "livestock": (350, 0, 0, 150, 0, 0, 150, 0, 0, 350, 0, 0),
    "migrant": _FIELDS,
    "shop": (140, 60, 70, 70, 80, 80, 70, 70, 80, 90, 90, 100),
    "no_labour": _FIELDS,
    "family_farm": _FIELDS,
}
"""Parts of a thousand of the year's business income by month from January."""

RETURN_PPM: Final[Mapping[str, int]] = {
    "elder_grain": 100_000,
    "orchard": 160_000,
    "greenhouse": 200_000,
    "livestock": 180_000,
    "migrant": 60_000,
    "shop": 200_000,
    "no_labour": 40_000,
    "family_farm": 160_000,
}
"""What a year brings on invested money, at a middle skill."""

PRICE_SPREAD_PPM: Final[Mapping[str, int]] = {
    "elder_grain": 60_000,
    "orchard": 180_000,
    "greenhouse": 200_000,
    "livestock": 280_000,
    "migrant": 60_000,
    "shop": 100_000,
    "no_labour": 60_000,
    "family_farm": 100_000,
}
"""Standard deviation of the logarithm of what each sells, year by year."""

EXPOSED: Final = frozenset(
    {"elder_grain", "orchard", "greenhouse", "livestock", "migrant", "family_farm"}
)
"""Kinds whose business the weather hits."""

PEAKS: Final[Mapping[str, frozenset[int]]] = {
    kind: frozenset(sorted(range(12), key=lambda month: (-parts[month], month))[:3])
    for kind, parts in SEASONS.items()
}
"""The three best months of each kind, 0 for January."""


def fits_season(kind: str, month: int) -> bool:
    """Return whether money is at hand when a payment falls due in this month (0 for January)."""
    return month % 12 in PEAKS[kind] or (month - 1) % 12 in PEAKS[kind]
