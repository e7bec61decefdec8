"""Points worked out from payees' reports alone are those of the dues that were planted."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress

import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.county.county import START_MONTH
from tallystick.county.dues_book import DuesBooks
from tallystick.county.history import History, draw_history
from tallystick.county.history.recorded import (
    compare_recorded,
    find_shift,
    keep_ledger,
    periods_of,
    weigh_recorded,
)
from tallystick.county.history.trace import Trace, draw_traces, weigh_trace
from tallystick.services.credit.integrity import Due

SEED = "told by payees"


@pytest.fixture(scope="module")
def drawn() -> History:
    return draw_history(SeededEntropy(SEED), loans=600, months=48)


@pytest.fixture(scope="module")
def traces(drawn: History) -> tuple[Trace, ...]:
    return tuple(draw_traces(drawn))


@pytest.mark.long
def test_every_thin_file_has_the_points_of_its_trace(
    drawn: History, traces: tuple[Trace, ...]
) -> None:
    thin = [loan.prior_tenths is None for loan in drawn.loans]
    found = compare_recorded(drawn, most=10_000, start_month=START_MONTH)
    assert found.candidates == found.equal == sum(thin) > 300
    # Every due is told once, and once more if it came after the year in which it fell due.
    least = sum(len(trace.dues) for trace in compress(traces, thin))
    assert least < found.rows < 2 * least
    # Points differ from household to household, so that equal ones mean something.
    assert len({weigh_trace(trace) for trace in traces}) > 100


@pytest.mark.parametrize("start_month", [START_MONTH, START_MONTH + 5])
def test_days_are_moved_by_whole_months_and_end_before_the_countys_own(
    drawn: History, traces: tuple[Trace, ...], start_month: int
) -> None:
    shift = find_shift(drawn, start_month)
    assert shift % 30 == 0
    periods = periods_of(drawn, start_month)
    for trace in traces:
        for dues in keep_ledger(trace, shift).values():
            for due, paid in dues:
                assert periods[0].days.start <= due < periods[-1].days.stop
                assert not paid or due <= paid < periods[-1].days.stop


def test_what_came_after_the_request_is_not_counted(traces: tuple[Trace, ...]) -> None:
    trace = traces[0]
    shift = 9_000
    dues = [
        replace(due, due=due.due + shift, paid=due.paid + shift if due.paid else 0)
        for due in trace.dues
    ]
    assert weigh_recorded(dues, trace, shift) == weigh_trace(trace)
    today = trace.today + shift
    later = [
        Due(b"r", b"l", today - 200, today + 1, is_small=1),
        Due(b"r", b"l", today + 5, today + 5, is_small=1),
    ]
    still_open = Due(b"r", b"l", today - 200, 0, is_small=1)
    assert weigh_recorded([*dues, *later], trace, shift) == weigh_recorded(
        [*dues, still_open], trace, shift
    )


def test_a_year_that_no_payee_tells_of_is_missed(drawn: History, traces: tuple[Trace, ...]) -> None:
    """The comparison can fail: without the last year's reports points are others."""
    shift = find_shift(drawn, START_MONTH)
    periods = periods_of(drawn, START_MONTH)
    end = periods[-2].days.stop
    moved = 0
    for trace in traces:
        dues = [
            Due(b"r", kind.encode(), due, paid if paid < end else 0, is_small=1, seen=end - 1)
            for kind, owed in keep_ledger(trace, shift).items()
            for due, paid in owed
            if due < end
        ]
        moved += weigh_recorded(dues, trace, shift) != weigh_trace(trace)
    assert moved > len(traces) // 8


def test_one_history_is_told_in_one_way(traces: tuple[Trace, ...], drawn: History) -> None:
    shift = find_shift(drawn, START_MONTH)
    ledgers = [keep_ledger(trace, shift) for trace in traces[:40]]
    periods = periods_of(drawn, START_MONTH)
    first, second = ([*DuesBooks(ledgers, periods).tell_until(START_MONTH)] for _ in range(2))
    assert first == second
    assert [period for period, _ in first] == periods
