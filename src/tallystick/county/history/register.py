"""The poverty register of a history: whom it holds, and who is truly poor.

Laws: 15 % are truly poor, by lasting income per person; the register holds as many, ranked by
stated income as its keepers saw it, officials' kin looking poorer than they are. So whom it holds
wrongly and whom it misses are equally many. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.dial import Dials
from tallystick.county.history.household import Household

__all__ = ["POOR_PPM", "find_poorest", "judge_poverty", "rank_poverty"]

POOR_PPM: Final = 150_000
"""Part of the households that are poor, and that the register holds."""
_SPREAD_PPM: Final = 232_000
_KIN_PPM: Final = 300_000


def find_poorest(incomes_minor: Sequence[int], part_ppm: int) -> tuple[bool, ...]:
    """Return who is among the poorest part by income per person, ties by number."""
    order = sorted(range(len(incomes_minor)), key=lambda at: (incomes_minor[at], at))
    poorest = frozenset(order[: len(order) * part_ppm // PPM])
    return tuple(at in poorest for at in range(len(incomes_minor)))


def judge_poverty(draws: Draws, home: Household, stated_minor: int, dials: Dials) -> int:
    """Return stated income per person as the register's keepers see it, fen."""
    seen = draws.lognormal("register", stated_minor // home.persons, dials.noise(_SPREAD_PPM))
    if home.is_cadre_kin:
        seen -= seen * dials.favour(_KIN_PPM) // PPM * 864 // 1_000  # near e to the -.30
    return seen


def rank_poverty(incomes_minor: Sequence[int]) -> tuple[int, ...]:
    """Return the tenth that each belongs to by income per person, 0 the poorest."""
    order = sorted(range(len(incomes_minor)), key=lambda at: (incomes_minor[at], at))
    tenths = [0] * len(order)
    for rank, at in enumerate(order):
        tenths[at] = rank * 10 // len(order)
    return tuple(tenths)
