"""What a history turned out to be, beside what the county's practice says it should be.

Laws: counts alone, so that whoever shows them may add intervals; bands are those of four runs of
30,000 loans. A favour is the share of officials' kin among the registered who are granted, over
that of the other registered. Limits: bands hold at difficulty and capture 50; a figure of few
loans strays from its band by chance. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.county.history.past import History
from tallystick.county.history.register import POOR_PPM, find_poorest, rank_poverty

__all__ = [
    "BANDS",
    "FAVOUR_BAND_PPM",
    "Count",
    "Favour",
    "Figure",
    "Targeting",
    "find_favour",
    "find_figures",
    "find_reach",
    "find_targeting",
]

BANDS: Final[dict[str, tuple[int, int]]] = {
    "default": (65_000, 75_000),
    "default_granted": (31_000, 38_000),
    "default_diverted": (450_000, 550_000),
    "default_poorest_fifth": (120_000, 130_000),
    "default_richest_fifth": (30_000, 40_000),
    "default_straw": (360_000, 460_000),
    "granted": (310_000, 330_000),
    "violation": (20_000, 50_000),
    "fungible_loans": (285_000, 315_000),
    "fungible_value": (280_000, 300_000),
    "straw": (11_000, 13_000),
    "exclusion": (400_000, 420_000),
    "inclusion": (400_000, 410_000),
    "reach_poorest_twentieth": (60_000, 70_000),
    "reach_poor": (100_000, 110_000),
    "reach_others": (350_000, 370_000),
}
"""Least and greatest of each figure, ppm, sampling error aside."""

FAVOUR_BAND_PPM: Final = (2_000_000, 2_400_000)
"""Least and greatest favour at capture 50, ppm."""
_TWENTIETH_PPM: Final = 50_000
_FIFTH_TENTHS: Final = 2


@dataclass(frozen=True, slots=True)
class Count:
    """`hits` of `rows`."""

    hits: int
    rows: int

    @property
    def share_ppm(self) -> int:
        """The share in ppm, 0 of none."""
        return self.hits * 1_000_000 // self.rows if self.rows else 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name in `BANDS`, what was counted, and its band in ppm."""

    name: str
    count: Count
    low_ppm: int
    high_ppm: int


@dataclass(frozen=True, slots=True)
class Favour:
    """Who of the registered is granted: officials' kin and all others."""

    kin: Count
    others: Count

    @property
    def ratio_ppm(self) -> int:
        """How many times as often kin are granted, ppm; 0 where a side has none."""
        if not self.others.hits or not self.kin.rows:
            return 0
        return self.kin.hits * self.others.rows * 1_000_000 // (self.kin.rows * self.others.hits)


@dataclass(frozen=True, slots=True)
class Targeting:
    """How well the register holds the poor of one village or group.

    Attributes:
        group: code of the village, livelihood or sex.
        missed: truly poor who are not on it, of the truly poor.
        wrong: those on it who are not poor, of those on it.
    """

    group: int
    missed: Count
    wrong: Count


def find_figures(history: History) -> tuple[Figure, ...]:
    """Return all figures of a history, in the order of `BANDS`."""
    truth, every = history.truth, range(len(history.loans))
    counted = _count_ends(history) | _count_reach(history)
    counted["granted"] = _count(every, lambda at: bool(history.loans[at].granted))
    subsidised = [at for at in every if history.loans[at].subsidised]
    counted["violation"] = _count(subsidised, lambda at: truth.uses[at].is_diverted)
    counted["fungible_loans"] = _count(every, lambda at: truth.uses[at].fungible_ppm > 0)
    counted["fungible_value"] = _weigh_fungible(history)
    straws = {straw.loan for ring in truth.rings for straw in ring.straws}
    counted["straw"] = Count(len(straws), len(history.loans))
    counted["default_straw"] = _count(straws, lambda at: truth.lives[at].is_default)
    return tuple(Figure(name, counted[name], *band) for name, band in BANDS.items())


def _count_ends(history: History) -> dict[str, Count]:
    """Return how often loans end badly, by who has them."""
    truth, every = history.truth, range(len(history.loans))
    tenths = rank_poverty([home.each_minor for home in truth.households])
    groups: dict[str, Callable[[int], bool]] = {
        "default": lambda _: True,
        "default_granted": lambda at: bool(history.loans[at].granted),
        "default_diverted": lambda at: truth.uses[at].is_diverted,
        "default_poorest_fifth": lambda at: tenths[at] < _FIFTH_TENTHS,
        "default_richest_fifth": lambda at: tenths[at] >= 10 - _FIFTH_TENTHS,
    }
    return {
        name: _count(filter(belongs, every), lambda at: truth.lives[at].is_default)
        for name, belongs in groups.items()
    }


def _count_reach(history: History) -> dict[str, Count]:
    """Return whom the register misses and whom loans reach."""
    incomes = [home.each_minor for home in history.truth.households]
    poor, poorest = find_poorest(incomes, POOR_PPM), find_poorest(incomes, _TWENTIETH_PPM)
    every = range(len(incomes))
    every_poor = [at for at in every if poor[at]]
    registered = [at for at in every if history.loans[at].registered]

    def granted(at: int) -> bool:
        return bool(history.loans[at].granted)

    return {
        "exclusion": _count(every_poor, lambda at: not history.loans[at].registered),
        "inclusion": _count(registered, lambda at: not poor[at]),
        "reach_poorest_twentieth": _count((at for at in every if poorest[at]), granted),
        "reach_poor": _count(every_poor, granted),
        "reach_others": _count((at for at in every if not poor[at]), granted),
    }


def _weigh_fungible(history: History) -> Count:
    """Return what of fungible loans' value was used at home, told as so many whole loans."""
    used = whole = loans = 0
    for loan, use in zip(history.loans, history.truth.uses, strict=True):
        if use.fungible_ppm:
            used += loan.amount_minor // 100 * use.fungible_ppm // 1_000_000
            whole += loan.amount_minor // 100
            loans += 1
    # Yuan of one loan go together, so an interval over yuan would pretend to far too much.
    return Count(used * loans // whole if whole else 0, loans)


def find_favour(history: History) -> Favour:
    """Return how officials' kin among the registered fare beside the others."""
    registered = [at for at, loan in enumerate(history.loans) if loan.registered]
    sides: dict[bool, list[int]] = {True: [], False: []}
    for at in registered:
        sides[history.truth.households[at].is_cadre_kin].append(at)
    kin, others = (
        _count(sides[side], lambda at: bool(history.loans[at].granted)) for side in (True, False)
    )
    return Favour(kin, others)


def find_reach(history: History) -> tuple[Count, ...]:
    """Return the share granted by tenth of true income per person, the poorest first."""
    tenths = rank_poverty([home.each_minor for home in history.truth.households])
    members: list[list[int]] = [[] for _ in range(10)]
    for at, tenth in enumerate(tenths):
        members[tenth].append(at)
    return tuple(_count(each, lambda at: bool(history.loans[at].granted)) for each in members)


def find_targeting(history: History, group_of: Sequence[int]) -> tuple[Targeting, ...]:
    """Return whom the register misses and holds wrongly, by group.

    Args:
        history: the history.
        group_of: the group of each candidate, such as its village.
    """
    poor = find_poorest([home.each_minor for home in history.truth.households], POOR_PPM)
    groups: dict[int, list[int]] = {}
    for at, group in enumerate(group_of):
        groups.setdefault(group, []).append(at)
    return tuple(
        Targeting(
            group,
            _count(filter(poor.__getitem__, members), lambda at: not history.loans[at].registered),
            _count((at for at in members if history.loans[at].registered), lambda at: not poor[at]),
        )
        for group, members in sorted(groups.items())
    )


def _count(members: Iterable[int], is_hit: Callable[[int], bool]) -> Count:
    found = [is_hit(at) for at in members]
    return Count(sum(found), len(found))
