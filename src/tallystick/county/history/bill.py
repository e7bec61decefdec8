"""The small dues of a household: what falls due outside formal credit, in which months, how much.

A household owes power, and most owe telephone and broadband, by the month; water by the quarter;
the co-operative's or group's guarantee share by the month where it belongs to one; medical
insurance once a year, in November, for each person. Who farms may owe the co-operative for inputs
after each of two harvests, and rent of land twice a year; who insures the harvest owes a premium
in March. That is 13 to 46 dues a year, 30 on average.

Laws: what a household owes follows from what it lives on, how many it is and its income, never
from discipline, kin or cash. Limits: sums are typical ones of 2025, the same for all years; who has
which due is an assumption of this county and no survey's. Source: the county's practice; medical
insurance at the state's 400 yuan a person (2025); power at 55 kWh a person and month; water at 3
cubic metres; inputs on credit at a tenth of a year's business income a harvest, about a third of
what seed, fertiliser and spray cost a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.household import Household
from tallystick.county.history.season import EXPOSED, KINDS, PEAKS
from tallystick.county.livelihood import LIVELIHOODS

__all__ = ["BILLS", "Bill", "BillKind", "draw_bills"]

BillKind = Literal["power", "phone", "water", "share", "medical", "credit", "premium", "rent"]
BILLS: Final[tuple[BillKind, ...]] = (
    *("power", "phone", "water", "share", "medical"),
    *("credit", "premium", "rent"),
)
"""Kinds of small dues; a household has at most one of each."""

_YEAR: Final = 12
_ALWAYS: Final = frozenset(range(_YEAR))
_QUARTERS: Final = frozenset({2, 5, 8, 11})
_MEDICAL_MONTHS: Final = frozenset({10})
_PREMIUM_MONTHS: Final = frozenset({2})
_RENT_MONTHS: Final = frozenset({5, 11})
_HARVESTS: Final = 2
_FARMS: Final = EXPOSED - {"migrant"}
_POWER_MINOR: Final = 3_000
_PHONE_MINOR, _PHONE_EACH_MINOR = 5_000, 2_000
_WATER_MINOR: Final = 2_400
_SHARE_MINOR: Final = 5_000
_MEDICAL_MINOR: Final = 40_000
_CREDIT_PART_PPM: Final = 100_000
_PREMIUM_PART_PPM: Final = 10_000
_RENT_PART_PPM: Final = 25_000
_HAS_PHONE_PPM: Final = 800_000
_HAS_WATER_PPM: Final = 700_000
_HAS_SHARE_PPM: Final = 300_000
_HAS_CREDIT_PPM: Final = 600_000
_HAS_RENT_PPM: Final = 300_000


@dataclass(frozen=True, slots=True)
class Bill:
    """One kind of due of a household.

    Attributes:
        kind: to whom it is owed.
        months: of a year in which it falls due, 0 for January.
        amount_minor: each time, fen.
    """

    kind: BillKind
    months: frozenset[int]
    amount_minor: int


def draw_bills(draws: Draws, home: Household) -> tuple[Bill, ...]:
    """Return the small dues of a household, in the order of `BILLS`."""
    each = home.persons
    found = [Bill("power", _ALWAYS, _POWER_MINOR * each)]
    if draws.happens("has phone", _HAS_PHONE_PPM):
        found.append(Bill("phone", _ALWAYS, _PHONE_MINOR + _PHONE_EACH_MINOR * each))
    if draws.happens("has water", _HAS_WATER_PPM):
        found.append(Bill("water", _QUARTERS, _WATER_MINOR * each))
    if draws.happens("has share", _HAS_SHARE_PPM):
        found.append(Bill("share", _ALWAYS, _SHARE_MINOR))
    found.append(Bill("medical", _MEDICAL_MONTHS, _MEDICAL_MINOR * each))
    return (*found, *_draw_farm_bills(draws, home))


def _draw_farm_bills(draws: Draws, home: Household) -> list[Bill]:
    """Return what is owed for the land and its harvest."""
    kind, income = KINDS[home.kind], home.income_minor
    way, farms = LIVELIHOODS[kind], kind in _FARMS
    business = income * (PPM - way.wage_ppm - way.transfer_ppm) // PPM
    found = []
    if farms and draws.happens("has credit", _HAS_CREDIT_PPM):
        after = frozenset((month + 1) % _YEAR for month in sorted(PEAKS[kind])[-_HARVESTS:])
        found.append(Bill("credit", after, business * _CREDIT_PART_PPM // PPM))
    if home.is_insured and kind in EXPOSED:
        found.append(Bill("premium", _PREMIUM_MONTHS, business * _PREMIUM_PART_PPM // PPM))
    if farms and draws.happens("has rent", _HAS_RENT_PPM):
        found.append(Bill("rent", _RENT_MONTHS, income * _RENT_PART_PPM // PPM))
    return found
