"""A history's small dues as payees' reports tell of them, and points worked out from these alone.

Laws: a trace's days are put on the calendar by a whole number of its months of thirty days, so that
every distance between days, and every month of dues that counts together, is what it was; then the
points of a candidate from the records are those of its trace, point for point. Limits: a
candidate's dues end with its request, as its trace does; its disasters are those of the trace, for
which there is no record but what an application states.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Final

from tallystick.county.agenda import day_of
from tallystick.county.dues_book import KEPT_BY, DuesBooks, Ledger, plan_periods
from tallystick.county.history.past import History
from tallystick.county.history.trace import EARLIER_MONTHS, Trace, draw_traces, weigh_trace
from tallystick.records.base import split
from tallystick.services.credit.integrity import Due, weigh_integrity
from tallystick.services.credit.payee import Period, ToldDues, follow_dues, write_dues

__all__ = [
    "Recorded",
    "compare_recorded",
    "find_shift",
    "keep_ledger",
    "periods_of",
    "weigh_recorded",
]

_MONTH_DAYS: Final = 30
_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Recorded:
    """How far records tell what was planted.

    Attributes:
        candidates: whose dues were told.
        equal: whose points from the records are those of the trace.
        reports: records of all payees.
        rows: in them.
    """

    candidates: int
    equal: int
    reports: int
    rows: int


def find_shift(history: History, start_month: int) -> int:
    """Return how many days a history's traces are moved to end by the first of a month."""
    days = (history.length_months + EARLIER_MONTHS) * _MONTH_DAYS
    return (day_of(start_month, 1) - days) // _MONTH_DAYS * _MONTH_DAYS


def periods_of(history: History, start_month: int) -> list[Period]:
    """Return the years in which payees tell of all traces of a history that ends with a month."""
    months = history.length_months + EARLIER_MONTHS
    return plan_periods(start_month - -(-months // _YEAR) * _YEAR, start_month, start_month)


def keep_ledger(trace: Trace, shift: int) -> Ledger:
    """Return what a candidate owed, by kind, on the calendar."""
    found: dict[str, list[tuple[int, int]]] = {}
    for due in trace.dues:
        paid = due.paid + shift if due.paid else 0
        found.setdefault(due.loan.decode(), []).append((due.due + shift, paid))
    return found


def weigh_recorded(dues: Iterable[Due], trace: Trace, shift: int) -> int:
    """Return the points of dues as records tell of them, on the day of the candidate's request.

    Args:
        dues: of the candidate's accounts.
        trace: whose disasters and day it is; its own dues are not read.
        shift: by which its days are moved.
    """
    today = trace.today + shift
    befell = [
        replace(each, begin=each.begin + shift, end=each.end + shift) for each in trace.disasters
    ]
    known = [replace(due, paid=due.paid if due.paid <= today else 0) for due in dues]
    return weigh_integrity(known, befell, today).points


def compare_recorded(history: History, *, most: int, start_month: int) -> Recorded:
    """Return how many thin-file candidates have the same points from records as from their traces.

    Args:
        history: whose first thin-file candidates are looked at.
        most: how many of them.
        start_month: month number after its last.
    """
    thin = [loan.prior_tenths is None for loan in history.loans]
    looked_at = replace(history, loans=tuple(compress(history.loans, thin))[:most])
    traces = tuple(draw_traces(looked_at))
    shift = find_shift(history, start_month)
    books = DuesBooks(
        [keep_ledger(trace, shift) for trace in traces], periods_of(history, start_month)
    )
    told = _tell(books, start_month)
    found = _read(told, books, len(traces))
    return Recorded(
        candidates=len(traces),
        equal=sum(
            weigh_recorded(dues, trace, shift) == weigh_trace(trace)
            for dues, trace in zip(found, traces, strict=True)
        ),
        reports=sum(map(len, told.values())),
        rows=sum(each.pub["dues"] + each.pub["cleared"] for all_ in told.values() for each in all_),
    )


def _tell(books: DuesBooks, month: int) -> dict[str, list[ToldDues]]:
    """Return payees' reports by kind, as a reader has them."""
    told: dict[str, list[ToldDues]] = {kind: [] for kind in KEPT_BY}
    first = dict.fromkeys(KEPT_BY, 1)
    for period, rows in books.tell_until(month):
        for kind, reports in told.items():
            for statement in write_dues(kind, period, first[kind], rows[kind]):
                parts, record = split(statement), b"%d" % len(reports)
                reports.append(ToldDues(KEPT_BY[kind], record, parts.public, parts.case))
            first[kind] += rows[kind].opened
    return told


def _read(told: dict[str, list[ToldDues]], books: DuesBooks, holders: int) -> Sequence[list[Due]]:
    """Return each holder's dues as reports tell of them."""
    found: list[list[Due]] = [[] for _ in range(holders)]
    for kind, reports in told.items():
        holder_of = {
            number: holder
            for holder in range(holders)
            if (number := books.name_accounts(holder).get(kind))
        }
        for due in follow_dues(reports, holder_of.keys()):
            found[holder_of[int(due.loan.rpartition(b"/")[2])]].append(due)
    return found
