"""What members' records hold of a candidate from before the request: small dues outside credit.

Dues are water fees of the village, input credit of the co-operative repaid after harvest, the
premium of the crop insurance and rent of land: 0 to 11 a year, over up to three years. They are
paid by the formula of `history.life` without a loan: min(owed, cash + kin help) x Bernoulli(logit
3 + discipline), what fell due first is paid first.

Laws: a household's discipline, kin, cash and insurance and its village's weather decide how dues
are paid, never the loan asked for, its use or its end; draws have labels of their own, so a
history is the same with and without its traces; a trace holds dues and disasters alone, and none
from after the request. Limits: days count thirty to the month from four years before the history;
what a household has above its usual cash it spends on other things; a harvest's disaster is
stated for its whole year, and for households that the weather hits. Source: the county's practice
for will, cash, help and weather; how many have which due, and its size, are assumptions of this
county and no survey's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, Literal

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.exact import WORD, expand, logistic_ppm
from tallystick.county.history.household import OLD_YEARS, Household
from tallystick.county.history.parameter import Parameters
from tallystick.county.history.past import History
from tallystick.county.history.season import EXPOSED, KINDS, PEAKS
from tallystick.county.history.stage import Stage, draw_stage
from tallystick.county.livelihood import LIVELIHOODS
from tallystick.services.credit.integrity import Disaster, Due, weigh_integrity

__all__ = ["TRACE_MONTHS", "Trace", "draw_traces", "weigh_trace"]

TRACE_MONTHS: Final = 36
"""Longest time before a request that records tell of."""
_EARLIER_MONTHS: Final = 48  # whole pairs of years, as prices come in pairs
_MONTH_DAYS: Final = 30
_DUE_DAY: Final = 15
_YEAR: Final = 12

_FARMS: Final = EXPOSED - {"migrant"}
_WATERED: Final = frozenset({3, 4, 5, 6, 7, 8})
_QUARTERS: Final = frozenset({2, 5, 8, 11})
_RENT_MONTHS: Final = frozenset({5, 11})
_PREMIUM_MONTHS: Final = frozenset({2})
_HARVESTS: Final = 2
_HAS_WATER_PPM: Final = 700_000
_HAS_CREDIT_PPM: Final = 600_000
_HAS_RENT_PPM: Final = 300_000
_WATER_PART_PPM: Final = 2_000
_CREDIT_PART_PPM: Final = 50_000
_PREMIUM_PART_PPM: Final = 10_000
_RENT_PART_PPM: Final = 25_000

# As in `history.life`, whose household also has a loan.
_BYTES: Final = 10
_WILL_LEAST_PPM: Final = 50_000
_DEBT_COST_PPM: Final = 20_000
_JOBLESS_MONTHS: Final = 4
_ILLNESS_PART_PPM: Final = 210_000
_SPENT_PPM: Final = 700_000
_LOWEST_PPM: Final = 150_000

_Kind = Literal["water", "credit", "premium", "rent"]


@dataclass(frozen=True, slots=True)
class Trace:
    """What records tell of one candidate on the day of its request.

    Attributes:
        dues: small dues that fell due before, by day.
        disasters: those of its village by then, where the weather hits what it lives on.
        today: day of the request; thirty days to the month, from four years before the history.
    """

    dues: tuple[Due, ...]
    disasters: tuple[Disaster, ...]
    today: int


@dataclass(frozen=True, slots=True)
class _Bill:
    """A due before it is paid."""

    kind: _Kind
    month: int
    amount_minor: int


def draw_traces(history: History) -> tuple[Trace, ...]:
    """Return what records tell of each candidate before its request, by number of the loan.

    The draws follow from the history's rates and places, which no two seeds share.

    Args:
        history: it stays as it is.
    """
    truth = history.truth
    seed = blake2b(repr((truth.parameters, truth.stage.remote_ppm)).encode(), digest_size=32)
    draws = Draws(seed.digest()).under("trace")
    stage = _stage_with_earlier(draws, truth.stage, truth.parameters)
    return tuple(
        _draw_trace(
            draws.under(f"loan {loan.number}"),
            truth.households[loan.number],
            stage,
            truth.parameters,
            loan.month + _EARLIER_MONTHS,
        )
        for loan in history.loans
    )


def weigh_trace(trace: Trace) -> int:
    """Return the points of a candidate's integrity record on the day of its request."""
    return weigh_integrity(trace.dues, trace.disasters, trace.today).points


def _stage_with_earlier(draws: Draws, stage: Stage, parameters: Parameters) -> Stage:
    """Return the stage with four years put before its first month."""
    earlier = draw_stage(
        draws.under("stage"), months=_EARLIER_MONTHS, weather_ppm=parameters.weather_ppm
    )
    return replace(
        stage,
        loss_ppm=tuple(a + b for a, b in zip(earlier.loss_ppm, stage.loss_ppm, strict=True)),
        earning_ppm=tuple(
            a + b for a, b in zip(earlier.earning_ppm, stage.earning_ppm, strict=True)
        ),
    )


def _draw_trace(
    draws: Draws, home: Household, stage: Stage, parameters: Parameters, asked: int
) -> Trace:
    """Return the trace of a household that asks in month `asked` of the longer stage."""
    first = asked - TRACE_MONTHS
    bills = _draw_bills(draws, home, asked)
    chance = expand(draws, "months", TRACE_MONTHS * _BYTES)
    flows = list(_flow(draws, home, stage, parameters, (first, chance)))
    paid = _pay(home, bills, flows, (first, chance))
    return Trace(
        dues=tuple(
            Due(
                record=b"due %d" % at,
                loan=b"%s %d" % (bill.kind.encode(), at),
                due=_day(bill.month),
                paid=_day(month) if month is not None else 0,
                is_last=int(bill.kind == "credit"),
            )
            for at, (bill, month) in enumerate(zip(bills, paid, strict=True))
        ),
        disasters=_list_disasters(home, stage, asked * _MONTH_DAYS),
        today=asked * _MONTH_DAYS,
    )


def _day(month: int) -> int:
    return month * _MONTH_DAYS + _DUE_DAY


def _list_disasters(home: Household, stage: Stage, today: int) -> tuple[Disaster, ...]:
    """Return the disasters that began before `today`, as far as they had come by then."""
    if KINDS[home.kind] not in EXPOSED:
        return ()
    length = _YEAR * _MONTH_DAYS
    return tuple(
        Disaster(b"disaster %d" % year, year * length, min(year * length + length, today) - 1)
        for year, loss in enumerate(stage.loss_ppm[home.village])
        if loss and year * length < today
    )


def _draw_bills(draws: Draws, home: Household, asked: int) -> list[_Bill]:
    """Return what falls due before the request while records are kept of it, by month."""
    start = asked - draws.between("known months", 0, TRACE_MONTHS)
    plan = _draw_plan(draws, home)
    return [
        _Bill(kind, month, amount)
        for month in range(start, asked)
        for kind, months, amount in plan
        if month % _YEAR in months
    ]


def _draw_plan(draws: Draws, home: Household) -> list[tuple[_Kind, frozenset[int], int]]:
    """Return which dues a household has, in which months of a year, and their size in fen."""
    kind, income = KINDS[home.kind], home.income_minor
    way, farms = LIVELIHOODS[kind], kind in _FARMS
    business = income * (PPM - way.wage_ppm - way.transfer_ppm) // PPM
    found: list[tuple[_Kind, frozenset[int], int]] = []
    if draws.happens("has water", _HAS_WATER_PPM):
        months = _WATERED if farms else _QUARTERS
        found.append(("water", months, income * _WATER_PART_PPM // PPM))
    if farms and draws.happens("has credit", _HAS_CREDIT_PPM):
        after = frozenset((month + 1) % _YEAR for month in sorted(PEAKS[kind])[-_HARVESTS:])
        found.append(("credit", after, business * _CREDIT_PART_PPM // PPM))
    if home.is_insured and kind in EXPOSED:
        found.append(("premium", _PREMIUM_MONTHS, business * _PREMIUM_PART_PPM // PPM))
    if farms and draws.happens("has rent", _HAS_RENT_PPM):
        found.append(("rent", _RENT_MONTHS, income * _RENT_PART_PPM // PPM))
    return found


def _flow(
    draws: Draws,
    home: Household,
    stage: Stage,
    parameters: Parameters,
    months: tuple[int, bytes],
) -> Iterator[int]:
    """Yield what each month leaves the household before dues, fen.

    Args:
        draws: its own.
        home: the household.
        stage: weather and prices, from four years before the history.
        parameters: chances of illness and of losing work.
        months: the first month, and the bytes of chance from it on.
    """
    first, chance = months
    way, income = LIVELIHOODS[KINDS[home.kind]], home.income_minor
    business = income * (PPM - way.wage_ppm - way.transfer_ppm) // PPM
    wage = income * way.wage_ppm // (_YEAR * PPM)
    spent_ppm = _SPENT_PPM - 30 * home.discipline_ppm // 1_000 - 40 * home.standing_ppm // 1_000
    steady = income * (way.transfer_ppm - spent_ppm) // (_YEAR * PPM)
    ill_ppm = parameters.ill_old_ppm if home.age_years > OLD_YEARS else parameters.ill_ppm
    ill_word, job_word = (
        rate * WORD // (_YEAR * PPM) for rate in (ill_ppm, parameters.job_loss_ppm)
    )
    kept_by_year = stage.kept_ppm(home.village, home.kind, insured=home.is_insured)
    jobless = 0
    for age in range(TRACE_MONTHS):
        month, at = first + age, age * _BYTES
        luck = stage.noise_ppm[sum(chance[at : at + 4])]
        part = stage.earning_ppm[home.kind][month] * kept_by_year[month // _YEAR] // PPM
        lost = int.from_bytes(chance[at + 4 : at + 6], "big") < job_word
        jobless = _JOBLESS_MONTHS if lost else max(0, jobless - 1)
        flow = steady + business * part // PPM * luck // PPM + wage * (not jobless)
        if int.from_bytes(chance[at + 6 : at + 8], "big") < ill_word:
            flow -= draws.lognormal(f"illness {age}", income * _ILLNESS_PART_PPM // PPM, 700_000)
        yield flow


def _pay(
    home: Household, bills: list[_Bill], flows: list[int], months: tuple[int, bytes]
) -> list[int | None]:
    """Return the month in which each bill was paid in full; None where it was not.

    Args:
        home: the household.
        bills: by month.
        flows: of each month, fen.
        months: the first month, and the bytes of chance from it on.
    """
    first, chance = months
    will = max(_WILL_LEAST_PPM, logistic_ppm(3 * PPM + home.discipline_ppm)) * WORD // PPM
    help_ppm = min(800_000, max(0, 220_000 + 120 * home.kin_ppm // 1_000))
    kin = home.income_minor * help_ppm // PPM
    cash, lowest = home.cash_minor, -home.income_minor * _LOWEST_PPM // PPM
    debt_cost = home.debt_minor * _DEBT_COST_PPM // PPM
    paid: list[int | None] = [None] * len(bills)
    waiting, coming = deque[tuple[int, int]](), deque(enumerate(bills))
    for age, flow in enumerate(flows):
        month, at = first + age, age * _BYTES + 8
        cash = max(lowest, cash + flow - (debt_cost if cash > 0 else 0))
        cash = min(home.cash_minor, cash)
        while coming and coming[0][1].month == month:
            number, bill = coming.popleft()
            waiting.append((number, bill.amount_minor))
        if int.from_bytes(chance[at : at + 2], "big") >= will:
            continue
        left = max(0, cash + kin)
        while waiting and left:
            number, owed = waiting.popleft()
            pay = min(owed, left)
            left, cash = left - pay, cash - pay
            if pay < owed:
                waiting.appendleft((number, owed - pay))
            else:
                paid[number] = month
    return paid
