"""How far the project's net income and the money needed may lie from their middle: 80 % intervals.

Income: the middle that the case believes, moved by the sales' swing (the year's price, lognormal,
times what weather leaves of the harvest: all, or all but a Beta(2, 3) part less what insurance
pays) and by the household's skill; independent swings join as the root of their squares. Where the
county's middle stands in for a figure not believed, the spread between its households joins too.
Need: cost less own money that can be spared, three months of living kept, between the first outlay
and the first sale. Its middle is what the file comes to as it is stated; its ends are moved by the
year's luck and by how far files lie from the truth (`STATEMENTS_V1`), each a swing of its own, the
root of their squares again. Files understate more than they overstate: that bias moves the ends
alone, for what is told as needed must follow from what was told.
Laws: integers and one fixed order of sums, so every machine has the same fen; low <= middle <=
high; a loss is one-sided, so income reaches further down than up where weather counts.
Limits: spreads are those of branches and of one year, not a field's own history; other income
moves all in one direction; a season is exposed to a whole year's weather; old debts count from
the payout; living is taken to be misstated as income is, and what comes from records as if it were
stated; a need held at nothing or at the cost lies within more often than one between them.
Source: the county's practice (shocks, observed files), November 2026, to be calibrated in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from math import isqrt
from types import MappingProxyType
from typing import Final, NamedTuple

from tallystick.finance import PPM, divide_half_even, part_ppm
from tallystick.services.positioning.case import Case

__all__ = [
    "SPREADS_V1",
    "STATEMENTS_V1",
    "Interval",
    "Ratio",
    "Spread",
    "Statements",
    "describe_intervals",
    "find_branch",
    "find_income",
    "find_need",
    "find_ratios",
    "find_swing",
]


class Spread(NamedTuple):
    """A branch's reference: deviation of the logarithm of its yearly price, and its exposure.

    `price_ppm` is a standard deviation; `exposed` says whether weather takes of the harvest.
    """

    price_ppm: int
    exposed: bool


class Interval(NamedTuple):
    """Low, middle and high in minor units; eight years of ten lie between low and high."""

    low_minor: int
    middle_minor: int
    high_minor: int

    def tree(self) -> dict[str, int]:
        """Return it as a value tree, keys in canonical order."""
        return {
            "low_minor": self.low_minor,
            "high_minor": self.high_minor,
            "middle_minor": self.middle_minor,
        }


SPREADS_V1: Final[Mapping[str, Spread]] = MappingProxyType(
    {
        "grain": Spread(60_000, exposed=True),  # grain and oil, which the state's price holds
        "field": Spread(160_000, exposed=True),
        "orchard": Spread(180_000, exposed=True),
        "greenhouse": Spread(200_000, exposed=True),
        "livestock": Spread(280_000, exposed=False),
        "trade": Spread(100_000, exposed=False),
    }
)
"""Reference spreads by branch, first version; what is no field and no stable is trade."""


class Ratio(NamedTuple):
    """How the truth lies to what a file states: lognormal.

    `median_ppm` is the middle of true over stated, `spread_ppm` the deviation of its logarithm.
    """

    median_ppm: int
    spread_ppm: int


class Statements(NamedTuple):
    """How far files lie from the truth, by field.

    Attributes:
        savings: as likely above what is stated as below.
        income: stated too low by .08 of its logarithm in the middle; living goes with it.
        hidden_ppm: of a year's income, debts left out: one household in ten leaves out as much.
            A part of income and no ratio, since who hides a debt may state none at all.
        hidden_cost_ppm: of a hidden debt, what it takes a month.
    """

    savings: Ratio
    income: Ratio
    hidden_ppm: int
    hidden_cost_ppm: int


STATEMENTS_V1: Final = Statements(
    savings=Ratio(1_000_000, 400_000),
    income=Ratio(1_083_287, 300_000),  # e to the .08
    hidden_ppm=200_000,  # .38 owe, .35 of them hide a debt of e to the -1, spread .8, or most of it
    hidden_cost_ppm=20_000,
)
"""Reference of what files misstate, first version: the county's practice in closed form."""

_HIT_PPM: Final = 100_000  # years in which weather hits a village
_BORNE_PPM: Final = 450_000  # of a loss, where it is insured
_SKILL_PPM: Final = 50_000  # of net income, between one household and the next
_SALES_TIMES: Final = 2  # sales for each yuan of net income, where no sales are known
_RESERVE_MONTHS: Final = 3  # of living that stay in hand
_PART_PPM: Final = 100_000  # outside the interval, on each side
_NORMAL_PPM: Final = 1_281_552  # the normal deviate of that part
_FROM_P20_PPM: Final = 1_522_714  # a fall to P20 times this is the fall to P10
_BRANCHES: Final = {
    "orchard_upkeep": "orchard",
    "greenhouse_inputs": "greenhouse",
    "greenhouse_build": "greenhouse",
    "livestock_buy": "livestock",
}
_FIELDS: Final = frozenset({"crop_inputs", "insure_crop"})
_OILSEEDS: Final = frozenset({"rapeseed"})
_MU: Final = 100
_YEAR: Final = 12


def describe_intervals(case: Case) -> tuple[dict[str, dict[str, int]], tuple[str, ...]]:
    """Return the intervals that the case allows, by figure, and the fields assumed for them."""
    income, need = find_income(case), find_need(case)
    found = {"need_interval": need, "income_interval": income}
    bare = income is not None and case.ask.kind != "insure" and not case.ask.project.revenue_minor
    trees = {name: interval.tree() for name, interval in found.items() if interval is not None}
    return trees, ("demand.revenue_likely_minor",) if bare else ()


# ---- the project's net income


def find_income(case: Case) -> Interval | None:
    """Return the net income of the project's cycle, a year's where it earns year after year.

    Returns:
        None where no income of its own is known, and for savings and wealth products.
    """
    middle, sales = _read_sales(case)
    if case.ask.kind in ("save", "invest") or not middle:
        return None
    low, high = find_swing(find_branch(case), insured=_is_insured(case))
    skill = part_ppm(part_ppm(abs(middle), _SKILL_PPM), _NORMAL_PPM)
    below, above = _read_others(case)
    down = isqrt(part_ppm(sales, -low) ** 2 + skill**2 + below**2)
    up = isqrt(part_ppm(sales, high) ** 2 + skill**2 + above**2)
    return Interval(middle - down, middle, middle + up)


def _read_others(case: Case) -> tuple[int, int]:
    """How far the county's households lie below and above its middle, where it stands in."""
    project = case.ask.project
    if not project.implausible_minor:
        return 0, 0
    below = max(0, project.county_p50_minor - project.income_low_minor)
    above = max(0, project.county_p80_minor - project.county_p50_minor)
    return part_ppm(below, _FROM_P20_PPM), part_ppm(above, _FROM_P20_PPM)


def _read_sales(case: Case) -> tuple[int, int]:
    """The believed net income and sales; for insurance those of the crop to be covered."""
    project = case.ask.project
    if case.ask.kind == "insure":
        return _read_insured(case)
    middle = project.income_middle_minor
    # What is not believed of the income is not believed of the sales.
    sales = project.revenue_minor - max(0, project.stated_middle_minor - middle)
    return middle, sales if sales > 0 else _SALES_TIMES * abs(middle)


def _read_insured(case: Case) -> tuple[int, int]:
    insure = case.ask.demand.get("insure", {})
    known = case.catalogue.reference.crops.get(insure.get("object", ""))
    area = insure.get("units_own_grown_centi", insure.get("units_centi", 0))
    if known is None or not known.yield_kg_per_mu or insure.get("unit", "mu") != "mu":
        return 0, 0
    sales = known.yield_kg_per_mu * known.price_minor_per_kg
    return (
        divide_half_even(known.net_p50_minor * area, _MU),
        divide_half_even(sales * area, _MU),
    )


def find_branch(case: Case) -> str:
    """Return the branch, of `SPREADS_V1`, that carries the project.

    A crop that the county does not know is no grain, whose spread is the narrowest.
    """
    purpose = case.ask.purpose
    if purpose not in _FIELDS:
        return _BRANCHES.get(purpose, "trade")
    crops = case.catalogue.reference.crops
    staples = {name for name, crop in crops.items() if crop.kind == "grain"} | _OILSEEDS
    names = _list_crops(case)
    return "grain" if names and names <= staples else "field"


def _list_crops(case: Case) -> set[str]:
    """The crops that the money is for, by name."""
    if case.ask.kind == "insure":
        return {case.ask.demand.get("insure", {}).get("object", "")}
    rows = case.household.profile.get("crops", ())
    return {row.get("crop", "") for row in rows if row.get("in_project")}


def _is_insured(case: Case) -> bool:
    """Whether weather's loss is covered, or would be by the cover asked for."""
    held = set(case.household.profile.get("insurance", ()))
    return case.ask.kind == "insure" or bool(held & {*_list_crops(case), find_branch(case)})


# ---- price times weather


@lru_cache(maxsize=16)
def find_swing(branch: str, *, insured: bool) -> tuple[int, int]:
    """Return how far a year's sales swing from the usual, in ppm of them: P10 and P90.

    The share of years below e to the u is a mixture of normal integrals: of the price alone, and
    of the price after each of `_LOSSES` losses that are equally likely once weather hits.

    Args:
        branch: of `SPREADS_V1`.
        insured: whether a loss is borne in part only.

    >>> find_swing("livestock", insured=False)
    (-301510, 431660)
    """
    spread = SPREADS_V1[branch]
    hit = _HIT_PPM if spread.exposed else 0
    borne = _BORNE_PPM if insured else PPM
    logs = [_log(PPM - part_ppm(loss, borne)) for loss in _LOSSES] if hit else []
    parts = (_PART_PPM, PPM - _PART_PPM)
    low, high = (_invert(part, spread.price_ppm, hit, logs) for part in parts)
    return low, high


def _invert(part: int, price_ppm: int, hit_ppm: int, logs: list[int]) -> int:
    """The swing below which a part of all years lies, in ppm; 26 halvings end below 1 ppm."""
    low, high = -3 * _ONE, 3 * _ONE
    for _ in range(26):
        middle = (low + high) // 2
        calm = (PPM - hit_ppm) * _integrate(middle * PPM // price_ppm)
        hit = sum(_integrate((middle - log) * PPM // price_ppm) for log in logs)
        below = calm + (hit_ppm * hit // len(logs) if logs else 0)
        low, high = (middle, high) if below < part * _ONE else (low, middle)
    return _raise((low + high) // 2) - PPM


_ONE: Final = 10**12
_ROOT: Final = 398_942_280_401  # one over the root of two pi
_FAR: Final = 5 * _ONE
_TERMS: Final = 90


def _integrate(deviate: int) -> int:
    """The normal integral up to a deviate, both in `_ONE`, by its power series; 0 or 1 beyond 5."""
    if abs(deviate) > _FAR:
        return _ONE if deviate > 0 else 0
    square = deviate * deviate // _ONE
    power = total = deviate
    for order in range(1, _TERMS):
        power = -power * square // (2 * order * _ONE)
        total += power // (2 * order + 1)
    return _ONE // 2 + total * _ROOT // _ONE


def _log(value_ppm: int) -> int:
    """The natural logarithm of a value in ppm, 0 < value, in `_ONE`, by atanh's series."""
    ratio = (value_ppm - PPM) * _ONE // (value_ppm + PPM)
    square = ratio * ratio // _ONE
    power = total = ratio
    for order in range(1, _TERMS):
        power = power * square // _ONE
        total += power // (2 * order + 1)
    return 2 * total


def _raise(exponent: int) -> int:
    """E to an exponent in `_ONE`, of size 3 at most, in ppm."""
    term = total = _ONE
    for order in range(1, _TERMS):
        term = term * exponent // (order * _ONE)
        total += term
    return divide_half_even(total, _ONE // PPM)


def _list_losses(count: int) -> tuple[int, ...]:
    """Beta(2, 3) at the middle of `count` equally likely parts, in ppm, by halving."""
    found = []
    for place in range(count):
        low, high = 0, PPM
        while high - low > 1:
            x = (low + high) // 2
            below = x * x * (6 * PPM**2 - 8 * x * PPM + 3 * x * x)
            wanted = (2 * place + 1) * PPM**4 // (2 * count)
            low, high = (x, high) if below < wanted else (low, x)
        found.append(high)
    return tuple(found)


_LOSSES: Final = _list_losses(8)


# ---- the money needed


class _Turn(NamedTuple):
    """One way in which the household's money turns out: as stated, but for what is named.

    `fall_ppm` is how many times the fall from the middle to the bad year income falls; the ratios
    are of true over stated, `hidden_ppm` is debts left out, of a year's income.
    """

    fall_ppm: int = 0
    savings_ppm: int = PPM
    income_ppm: int = PPM
    hidden_ppm: int = 0


_STATED: Final = _Turn()


def find_need(case: Case) -> Interval | None:
    """Return the money needed: cost less own money that can be spared, never below nothing.

    Living is the middle year's throughout, for what is saved on in a bad year is not spare, and
    three months of it stay in hand. Where savings are unknown, the own share stated counts as
    kept apart. The middle takes the file at its word; low and high allow for a year better or
    worse and for a file that misstates savings, income or debts.

    Returns:
        None where nothing is to be paid, or neither savings nor an income are known.
    """
    ask, household = case.ask, case.household
    cost = ask.cost_minor or ask.demand.get("insure", {}).get("own_premium_minor", 0)
    unknown = household.savings_minor < 0 and not household.has_income
    if ask.kind in ("save", "invest") or not cost or unknown:
        return None
    kept = max(0, ask.own_minor) if household.savings_minor < 0 else 0
    spare = _find_level(case, _STATED)
    swings = [[_find_level(case, turn) - spare for turn in pair] for pair in _list_turns()]
    down = isqrt(sum(min(0, *pair) ** 2 for pair in swings))
    up = isqrt(sum(max(0, *pair) ** 2 for pair in swings))
    high, middle, low = (
        max(0, cost - kept - max(0, level)) for level in (spare - down, spare, spare + up)
    )
    return Interval(low, middle, high)


@lru_cache(maxsize=1)
def _list_turns() -> tuple[tuple[_Turn, _Turn], ...]:
    """What turns out otherwise than stated, each alone: its tenth part and its ninetieth."""
    savings, income = find_ratios(STATEMENTS_V1.savings), find_ratios(STATEMENTS_V1.income)
    return (
        (_Turn(fall_ppm=_FROM_P20_PPM), _Turn(fall_ppm=-_FROM_P20_PPM)),
        (_Turn(savings_ppm=savings[0]), _Turn(savings_ppm=savings[1])),
        (_Turn(income_ppm=income[0]), _Turn(income_ppm=income[1])),
        (_Turn(hidden_ppm=STATEMENTS_V1.hidden_ppm), _STATED),
    )


def find_ratios(ratio: Ratio) -> tuple[int, int]:
    """Return true over stated in ppm: P10 and P90.

    >>> find_ratios(STATEMENTS_V1.savings)
    (598924, 1669662)
    """
    swing = part_ppm(ratio.spread_ppm, _NORMAL_PPM) * (_ONE // PPM)
    return part_ppm(ratio.median_ppm, _raise(-swing)), part_ppm(ratio.median_ppm, _raise(swing))


def _find_level(case: Case, turn: _Turn) -> int:
    """The least cash above the reserve from the first outlay until the first sale.

    It is below nothing where the reserve is touched. What comes more than a year after the first
    outlay does not count.
    """
    ask, streams, project = case.ask, case.household.streams, case.ask.project
    saved = divide_half_even(streams.spending_middle - streams.spending_bad, _YEAR)
    falls = [
        middle - bad + saved
        for middle, bad in zip(streams.months_middle, streams.months_bad, strict=True)
    ]
    outlay = max(project.first_outlay or ask.start, ask.as_of)
    outlay = min(outlay, ask.as_of + case.horizon)
    until = max(outlay, min(project.first_sale - 1, outlay + _YEAR))
    reserve = divide_half_even(streams.spending_middle * _RESERVE_MONTHS, _YEAR)
    hidden = part_ppm(max(0, streams.income_middle), turn.hidden_ppm)
    cost = part_ppm(hidden, STATEMENTS_V1.hidden_cost_ppm)
    saved_up = part_ppm(max(0, case.household.savings_minor), turn.savings_ppm)
    moves = [saved_up - part_ppm(reserve, turn.income_ppm)]
    for month in range(ask.as_of + 1, until + 1):
        at, offset = month % _YEAR, month - ask.start
        owed = case.owed[offset] if 0 < offset <= case.horizon else 0
        left = streams.months_middle[at] - part_ppm(falls[at], turn.fall_ppm)
        moves.append(part_ppm(left, turn.income_ppm) - owed - cost)
    return min(list(accumulate(moves))[outlay - ask.as_of :])
