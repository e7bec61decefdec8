"""Public projects of a history: what is on paper of each, and the few that are not what they say.

Laws: of every hundred projects four lie idle, three are split below the limit of tenders, two are
given to an official's relative, and one or two pay people who are not there. Each fault leaves a
trace in what is observed, and honest projects leave small traces of the same kind. Limits: one
fault a project. Source: the county's practice (planted truth: 120 projects).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.stage import VILLAGES_COUNT

__all__ = ["PROJECTS_COUNT", "TENDER_MINOR", "Fault", "Project", "draw_projects"]

PROJECTS_COUNT: Final = 120
"""Projects of a history."""
TENDER_MINOR: Final = 40_000_000
"""Contracts from this amount on must be put out to tender, fen."""

Fault = Literal["", "idle", "split", "related", "ghost"]
"""What is wrong with a project; empty for nothing."""

_FAULTS: Final[tuple[tuple[Fault, int], ...]] = (
    ("idle", 40),
    ("split", 30),
    ("related", 20),
    ("ghost", 15),
    ("", 895),
)
_OWNERS: Final = 10_000
_STEP: Final = 100_000


@dataclass(frozen=True, slots=True)
class Project:
    """A project on paper.

    Attributes:
        village: number of the village.
        month: month number in which its money was paid.
        contracts_minor: amounts of its contracts, fen.
        suppliers: supplier of each contract, a code.
        owner: household that owns the first supplier, a code.
        signer_kin: household that the signing official is related to, a code.
        active_months: months with activity among the twelve after payment.
        beneficiaries: people paid.
        passed_on: those of them whose money went on to one account within a day.
    """

    village: int
    month: int
    contracts_minor: tuple[int, ...]
    suppliers: tuple[int, ...]
    owner: int
    signer_kin: int
    active_months: int
    beneficiaries: int
    passed_on: int


def draw_projects(
    draws: Draws, *, months: int, count: int = PROJECTS_COUNT
) -> tuple[tuple[Project, ...], tuple[Fault, ...]]:
    """Return projects as they are on paper, and the fault of each.

    Args:
        draws: their own draws.
        months: number of months.
        count: how many.
    """
    faults = tuple(draws.choose(f"fault {number}", _FAULTS) for number in range(count))
    projects = tuple(
        _draw_project(draws.under(f"project {number}"), fault, months)
        for number, fault in enumerate(faults)
    )
    return projects, faults


def _draw_project(draws: Draws, fault: Fault, months: int) -> Project:
    contracts, suppliers = _draw_contracts(draws, is_split=fault == "split")
    owner, signer_kin = draws.below("owner", _OWNERS), draws.below("signer kin", _OWNERS)
    people = draws.between("people", 20, 80)
    low, high = (300_000, 600_000) if fault == "ghost" else (0, 100_000)
    return Project(
        village=draws.below("village", VILLAGES_COUNT),
        month=draws.below("month", months),
        contracts_minor=contracts,
        suppliers=suppliers,
        owner=owner,
        signer_kin=owner if fault == "related" else signer_kin,
        active_months=draws.between("idle", 0, 2) if fault == "idle" else _draw_activity(draws),
        beneficiaries=people,
        passed_on=people * draws.between("passed on", low, high) // PPM,
    )


def _draw_activity(draws: Draws) -> int:
    """Return the active months of a project at work; one in twelve starts late."""
    if draws.happens("late", PPM // 12):
        return draws.between("slow", 3, 6)
    return draws.between("active", 7, 12)


def _draw_contracts(draws: Draws, *, is_split: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return amounts and suppliers; a split contract is several just below the limit, one hand."""
    if is_split:
        count = draws.between("parts", 2, 4)
        supplier = draws.below("supplier", _OWNERS)
        parts = (draws.between(f"part {at}", 850, 995) for at in range(count))
        return tuple(TENDER_MINOR * part // 1_000 for part in parts), (supplier,) * count
    count = draws.between("contracts", 1, 3)
    return (
        tuple(
            (draws.lognormal(f"amount {at}", 20_000_000, 800_000) // _STEP + 1) * _STEP
            for at in range(count)
        ),
        tuple(draws.below(f"supplier {at}", _OWNERS) for at in range(count)),
    )
