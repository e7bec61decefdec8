"""Loans in borrowed names, and accounts that carry other people's money.

Laws: the names of a ring live in one village and ask in one month; one controller gets all their
money within three days; he pays for three to six months, then two in five fail. Most lend their
name knowingly; the others' was stolen, some from the dead. A mule is an account that slept for
half a year and then passed money on within a day. Source: the county's practice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tallystick.county.draws import Draws
from tallystick.county.history.household import OLD_YEARS, Household
from tallystick.county.history.parameter import Parameters
from tallystick.county.history.stage import VILLAGES_COUNT

__all__ = ["Controller", "Mule", "Ring", "Straw", "draw_mules", "draw_rings"]

Controller = Literal["cadre", "loan_officer", "coop_head"]
_CONTROLLERS: Final[tuple[Controller, ...]] = ("cadre", "loan_officer", "coop_head")
_NAMES_LEAST: Final = 3
_NAMES_MOST: Final = 8
_KNOWING_PPM: Final = 860_000
_DEAD_PPM: Final = 150_000
_MULE_ELDERS_PPM: Final = 400_000
_DORMANT_MONTHS: Final = 6


@dataclass(frozen=True, slots=True)
class Straw:
    """One name of a ring.

    Attributes:
        loan: number of the loan in this name.
        is_knowing: whether the name was lent; else it was stolen.
        is_dead: whether it was stolen from the dead.
        paying_months: months that the controller pays, 3..6.
        fails: whether he stops then.
    """

    loan: int
    is_knowing: bool
    is_dead: bool
    paying_months: int
    fails: bool


@dataclass(frozen=True, slots=True)
class Ring:
    """Names whose loans one person gets.

    Attributes:
        controller: what that person is.
        village: where the names live.
        month: when they ask.
        meeting_days: days until all the money is in one hand, 0..3.
        straws: the names, 3..8.
    """

    controller: Controller
    village: int
    month: int
    meeting_days: int
    straws: tuple[Straw, ...]


@dataclass(frozen=True, slots=True)
class Mule:
    """An account that passed on other people's money.

    Attributes:
        loan: number of the loan whose household holds the account.
        month: when.
        dormant_months: how long it had slept, 6 or more.
        passing_hours: hours from in to out, below 24.
    """

    loan: int
    month: int
    dormant_months: int
    passing_hours: int


def draw_rings(
    draws: Draws, parameters: Parameters, *, loans: int, months: int
) -> tuple[Ring, ...]:
    """Return the rings of a history; too short a one has none.

    Args:
        draws: their own draws.
        parameters: how many there are and how they fail.
        loans: number of loans.
        months: number of months.
    """
    left = loans * parameters.ring_ppm // 1_000_000
    free = _shuffled(draws, loans, left)
    rings: list[Ring] = []
    while left >= _NAMES_LEAST:
        own = draws.under(f"ring {len(rings)}")
        size = min(left, own.between("names", _NAMES_LEAST, _NAMES_MOST))
        numbers = sorted(free[left - size : left])
        left -= size
        rings.append(
            Ring(
                controller=own.pick("controller", _CONTROLLERS),
                village=own.below("village", VILLAGES_COUNT),
                month=own.below("month", months),
                meeting_days=own.between("meeting", 0, 3),
                straws=tuple(_draw_straw(own, parameters, number) for number in numbers),
            )
        )
    return tuple(rings)


def _shuffled(draws: Draws, loans: int, count: int) -> list[int]:
    """Return different loans, so that a ring's numbers do not stand in a row."""
    found: dict[int, None] = {}
    attempt = 0
    while len(found) < count:
        found[draws.below(f"name {attempt}", loans)] = None
        attempt += 1
    return list(found)


def _draw_straw(draws: Draws, parameters: Parameters, number: int) -> Straw:
    own = draws.under(f"straw {number}")
    knowing = own.happens("knowing", _KNOWING_PPM)
    return Straw(
        loan=number,
        is_knowing=knowing,
        is_dead=not knowing and own.happens("dead", _DEAD_PPM),
        paying_months=own.between("paying", 3, 6),
        fails=own.happens("fails", parameters.straw_default_ppm),
    )


def draw_mules(
    draws: Draws, parameters: Parameters, households: Sequence[Household], months: int
) -> tuple[Mule, ...]:
    """Return the mules among the households' accounts, two in five an elder's."""
    elders = [at for at, each in enumerate(households) if each.age_years > OLD_YEARS]
    others = [at for at, each in enumerate(households) if each.age_years <= OLD_YEARS]
    found: dict[int, Mule] = {}
    for number in range(len(households) * parameters.mule_ppm // 1_000_000):
        own = draws.under(f"mule {number}")
        pool = elders if own.happens("elder", _MULE_ELDERS_PPM) else others
        if pool:
            loan = own.pick("account", pool)
            dormant = own.between("dormant", _DORMANT_MONTHS, 2 * _DORMANT_MONTHS)
            found[loan] = Mule(loan, own.below("month", months), dormant, own.below("hours", 24))
    return tuple(found.values())
