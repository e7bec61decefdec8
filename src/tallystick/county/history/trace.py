"""What members' records hold of a candidate from before the request: small dues outside credit.

Dues are those of `history.bill`, month by month for one to five years. Each payee is paid by the
formula of `history.life` without a loan: min(owed, cash + kin help) x Bernoulli(logit 3 +
discipline), the oldest due of a payee first. Lateness so tells of discipline, and where cash and
help run out of these too: a household catches up when both have come back.

Laws: a household's discipline, kin, cash and insurance and its village's weather decide how dues
are paid, never the loan asked for, its use or its end; draws have labels of their own, so a
history is the same with and without its traces; a trace holds dues and disasters alone, and none
from after the request. Living and business of `history.cash` hold these dues already: what they
take on average is given back before they are paid. Limits: days count thirty to the month from six
years before the history; what a household has above its usual cash it spends once a year, in the
month in which it will ask; money at hand on the day of the request is drawn by itself; a harvest's
disaster is stated for its whole year, and for households that the weather hits. Source: the
county's practice for will, cash, help and weather.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from tallystick.county.draws import Draws
from tallystick.county.history.bill import BILLS, Bill, BillKind, draw_bills
from tallystick.county.history.cash import (
    CHANCE_BYTES,
    carry_cash,
    find_help,
    find_will,
    list_months,
    spare_money,
)
from tallystick.county.history.exact import expand
from tallystick.county.history.household import Household
from tallystick.county.history.parameter import Parameters
from tallystick.county.history.past import History
from tallystick.county.history.season import EXPOSED, KINDS
from tallystick.county.history.stage import Stage, draw_stage
from tallystick.services.credit.integrity import Disaster, Due, weigh_integrity

__all__ = [
    "EARLIER_MONTHS",
    "TRACE_MONTHS",
    "Owed",
    "Trace",
    "draw_known_months",
    "draw_owed",
    "draw_traces",
    "weigh_trace",
]

TRACE_MONTHS: Final = 60
"""Longest time before a request that records tell of: as long as a fault counts."""
EARLIER_MONTHS: Final = 72
"""How long before a history dues may begin: whole pairs of years, as prices come in pairs."""
_KNOWN_MONTHS: Final = (12, 120)
_MONTH_DAYS: Final = 30
_DUE_DAY: Final = 15
_YEAR: Final = 12
_WILL_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Trace:
    """What records tell of one candidate on the day of its request.

    Attributes:
        dues: small dues that fell due before, by day.
        disasters: those of its village by then, where the weather hits what it lives on.
        today: day of the request; thirty days to the month, from six years before the history.
    """

    dues: tuple[Due, ...]
    disasters: tuple[Disaster, ...]
    today: int


def draw_traces(history: History) -> Iterator[Trace]:
    """Yield what records tell of each candidate before its request, by number of the loan.

    The draws follow from the history's rates and places, which no two seeds share. One at a time,
    for the dues of 30,000 candidates take more memory than their history.

    Args:
        history: it stays as it is.
    """
    truth = history.truth
    seed = blake2b(repr((truth.parameters, truth.stage.remote_ppm)).encode(), digest_size=32)
    draws = Draws(seed.digest()).under("trace")
    stage = _stage_with_earlier(draws, truth.stage, truth.parameters)
    for loan in history.loans:
        own, home = draws.under(f"loan {loan.number}"), truth.households[loan.number]
        yield _draw_trace(own, home, stage, truth.parameters, loan.month + EARLIER_MONTHS)


def weigh_trace(trace: Trace) -> int:
    """Return the points of a candidate's integrity record on the day of its request."""
    return weigh_integrity(trace.dues, trace.disasters, trace.today).points


def _stage_with_earlier(draws: Draws, stage: Stage, parameters: Parameters) -> Stage:
    """Return the stage with six years put before its first month."""
    earlier = draw_stage(
        draws.under("stage"), months=EARLIER_MONTHS, weather_ppm=parameters.weather_ppm
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
    span = range(asked - draw_known_months(draws), asked)
    owed = draw_owed(draws, home, stage, parameters, span)
    return Trace(
        dues=tuple(
            Due(
                record=b"due %d" % at,
                loan=each.kind.encode(),
                due=_day(each.month),
                paid=_day(each.paid) if each.paid is not None else 0,
                is_small=1,
            )
            for at, each in enumerate(owed)
        ),
        disasters=_list_disasters(home, stage, asked * _MONTH_DAYS),
        today=asked * _MONTH_DAYS,
    )


def draw_known_months(draws: Draws) -> int:
    """Return for how many months before a request records tell of a household."""
    return min(TRACE_MONTHS, draws.between("known months", *_KNOWN_MONTHS))


def draw_owed(
    draws: Draws, home: Household, stage: Stage, parameters: Parameters, span: range
) -> list[Owed]:
    """Return every small due of a household, by month.

    Args:
        draws: its own draws.
        home: the household.
        stage: weather and prices.
        parameters: chances of illness and of losing work.
        span: months of the stage, of which the last is the one before it asks.
    """
    bills = draw_bills(draws, home)
    chance = expand(draws, "months", len(span) * CHANCE_BYTES)
    months = list_months(home, stage, parameters, draws, (span.start, chance))
    wills = expand(draws, "wills", len(span) * len(BILLS) * _WILL_BYTES)
    flows = [(month, each.flow_minor) for month, each in zip(span, months, strict=True)]
    return _pay(home, bills, flows, wills)


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


@dataclass(slots=True)
class Owed:
    """A due: when it fell due, what is left of it, and in which month the last of it was paid.

    Attributes:
        kind: to whom it is owed.
        month: of the stage, in which it fell due.
        left_minor: what is not paid, fen.
        paid: month of the stage in which the last of it was paid; None while it is not.
    """

    kind: BillKind
    month: int
    left_minor: int
    paid: int | None = None


def _pay(
    home: Household, bills: Sequence[Bill], flows: Sequence[tuple[int, int]], wills: bytes
) -> list[Owed]:
    """Return every due by month, with the month in which it was paid in full, if any.

    Args:
        home: the household.
        bills: what it owes; a payee is paid in a month by a chance of its own.
        flows: each month up to the request, and what it leaves before debts and dues, fen.
        wills: bytes of chance, for each month and kind of due.
    """
    will, kin = find_will(home, diverted=False), find_help(home)
    # What the household lives on and earns is net of these dues as they fall in an average month.
    given_back = sum(bill.amount_minor * len(bill.months) for bill in bills) // _YEAR
    cash, found = home.cash_minor, list[Owed]()
    owing = [(bill, deque[Owed]()) for bill in bills]
    for age, (month, flow) in enumerate(flows):
        cash = carry_cash(home, cash, flow + given_back)
        if (len(flows) - age) % _YEAR == 0:
            cash = min(cash, home.cash_minor)
        at, season = age * len(BILLS) * _WILL_BYTES, month % _YEAR
        for bill, waiting in owing:
            if season in bill.months:
                found.append(Owed(bill.kind, month, bill.amount_minor))
                waiting.append(found[-1])
            if waiting and wills[at] << 8 | wills[at + 1] < will:
                cash -= _settle(waiting, spare_money(cash, kin), month)
            at += _WILL_BYTES
    return found


def _settle(waiting: deque[Owed], spare_minor: int, month: int) -> int:
    """Pay the oldest dues of one payee as far as money goes; return what was paid, fen."""
    left = spare_minor
    while waiting and left:
        part = min(waiting[0].left_minor, left)
        left -= part
        waiting[0].left_minor -= part
        if not waiting[0].left_minor:
            waiting.popleft().paid = month
    return spare_minor - left
