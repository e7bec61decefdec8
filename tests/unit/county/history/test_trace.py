"""What records tell of candidates before their request, and what it adds to the card.

The gain that the integrity record promises is that of 30,000 loans, which the slow test draws; the
others hold that the measure is right, and that the points tell something of who will default.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from math import sqrt
from random import Random

import numpy as np
import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Invalid
from tallystick.cli.county_report import _gain_cells, _tree_of_gain
from tallystick.county.draws import PPM
from tallystick.county.history import History, draw_history
from tallystick.county.history.bill import BILLS
from tallystick.county.history.findings import find_figures
from tallystick.county.history.household import Household
from tallystick.county.history.judging import (
    GAIN_PROMISED,
    Gain,
    auc_error,
    compare_auc,
    judge_integrity,
)
from tallystick.county.history.season import EXPOSED, KINDS
from tallystick.county.history.table import table_with_integrity, whole_table
from tallystick.county.history.trace import TRACE_MONTHS, Trace, draw_traces, weigh_trace
from tallystick.learning.folds import assign_folds
from tallystick.learning.metrics import auc
from tallystick.services.credit.integrity import Disaster, Due, weigh_integrity

SEED = "fresh rain"
FIGURES = {
    "default": (31, 400),
    "default_granted": (4, 110),
    "violation": (2, 143),
    "fungible_value": (35, 130),
    "exclusion": (24, 60),
    "reach_others": (106, 340),
}
"""Figures of `SEED` at 400 loans, taken before any trace was drawn."""
ERRORS = 3.0
DUES_MOST = 46
"""Dues of a year for a household that has all of `BILLS`."""


@pytest.fixture(scope="module")
def traced(history: History) -> History:
    """A history with a third of its candidates, whose traces fit in memory."""
    return replace(history, loans=history.loans[:2_000])


@pytest.fixture(scope="module")
def traces(traced: History) -> tuple[Trace, ...]:
    return tuple(draw_traces(traced))


@pytest.fixture(scope="module")
def points(traces: tuple[Trace, ...]) -> tuple[int, ...]:
    """What each trace weighs as it was drawn."""
    return tuple(weigh_trace(trace) for trace in traces)


@pytest.fixture(scope="module")
def small() -> History:
    return draw_history(SeededEntropy(SEED), loans=400)


def late_of(trace: Trace, days: int = 7) -> list[bool]:
    return [(due.paid or trace.today) - due.due > days for due in trace.dues]


def traces_of(history: History) -> tuple[Trace, ...]:
    return tuple(draw_traces(history))


def test_traces_change_nothing_else_of_a_history(small: History) -> None:
    before = draw_history(SeededEntropy(SEED), loans=400)
    assert traces_of(small) == traces_of(before)
    assert small == before
    found = {each.name: (each.count.hits, each.count.rows) for each in find_figures(small)}
    assert {name: found[name] for name in FIGURES} == FIGURES


def test_another_seed_has_other_traces_and_other_dials_the_same(small: History) -> None:
    other = draw_history(SeededEntropy("fresh seed"), loans=50)
    assert traces_of(other) != traces_of(small)[:50]
    more = draw_history(SeededEntropy(SEED), loans=400, difficulty=100, capture=0)
    assert traces_of(more) == traces_of(small)


def test_the_loan_its_use_and_its_end_have_no_part_in_a_trace(small: History) -> None:
    truth = small.truth
    changed = replace(
        small,
        loans=tuple(
            replace(loan, amount_minor=1, term_months=6, prior_tenths=None, granted=0)
            for loan in small.loans
        ),
        truth=replace(truth, lives=truth.lives[::-1], uses=truth.uses[::-1], rings=()),
    )
    assert changed.truth.lives != truth.lives
    assert traces_of(changed) == traces_of(small)


def test_points_are_worked_out_from_dues_and_disasters_alone(
    traces: tuple[Trace, ...], points: tuple[int, ...]
) -> None:
    assert [each.name for each in fields(Trace)] == ["dues", "disasters", "today"]
    for trace, weighed in zip(traces[:500], points, strict=False):
        bare = [Due(b"%d" % at, b"l", d.due, d.paid, is_small=1) for at, d in enumerate(trace.dues)]
        befell = [Disaster(b"d", each.begin, each.end) for each in trace.disasters]
        assert weighed == weigh_integrity(bare, befell, trace.today).points
        assert {due.loan.decode() for due in trace.dues} <= set(BILLS)


def test_records_are_of_one_to_five_years_before_the_request(traces: tuple[Trace, ...]) -> None:
    for trace in traces:
        days = [due.due for due in trace.dues]
        assert days == sorted(days)
        assert trace.today - 30 * TRACE_MONTHS <= days[0] <= trace.today - 330
        assert days[-1] < trace.today
        assert max(Counter(day // 360 for day in days).values()) <= DUES_MOST
        assert all(not due.paid or due.due <= due.paid < trace.today for due in trace.dues)
        assert all(0 <= each.begin <= each.end < trace.today for each in trace.disasters)
    spans = [round((trace.today - trace.dues[0].due) / 30) for trace in traces]
    assert min(spans) < 15
    assert 0.5 < spans.count(TRACE_MONTHS) / len(spans) < 0.6


def test_each_payee_is_paid_first_what_fell_due_first(traces: tuple[Trace, ...]) -> None:
    open_count = 0
    for trace in traces:
        paid: dict[bytes, list[int]] = {}
        for due in trace.dues:
            paid.setdefault(due.loan, []).append(due.paid or trace.today)
        assert all(days == sorted(days) for days in paid.values())
        open_count += sum(not due.paid for due in trace.dues)
    assert open_count


def test_who_farms_owes_for_the_land_and_all_owe_for_the_house(
    traced: History, traces: tuple[Trace, ...]
) -> None:
    farms = EXPOSED - {"migrant"}
    for loan, trace in zip(traced.loans, traces, strict=True):
        kinds = Counter(due.loan for due in trace.dues)
        assert kinds[b"power"] >= 12
        if KINDS[loan.livelihood] not in farms:
            assert not kinds.keys() & {b"credit", b"rent"}
        assert loan.insured or b"premium" not in kinds
        assert kinds[b"medical"] <= -(-kinds[b"power"] // 12)


@pytest.mark.parametrize(
    "cause",
    [
        lambda home: home.discipline_ppm,
        lambda home: home.kin_ppm,
        lambda home: home.cash_minor * 1_000_000 // home.income_minor,
    ],
    ids=["discipline", "kin", "cash"],
)
def test_dues_are_late_by_the_causes_that_loans_fail_by(
    history: History, traces: tuple[Trace, ...], cause: Callable[[Household], int]
) -> None:
    homes = history.truth.households
    order = sorted(range(len(traces)), key=lambda at: cause(homes[at]))
    fifth = len(order) // 5
    least, most = (
        np.mean([late for at in part for late in late_of(traces[at], days=90)])
        for part in (order[:fifth], order[-fifth:])
    )
    assert least > 1.3 * most


def test_a_household_without_help_is_late_with_all_its_dues_at_once(
    history: History, traces: tuple[Trace, ...]
) -> None:
    # Forgotten dues are one payee's; dues that no money is left for are every payee's.
    together: dict[bool, list[float]] = {True: [], False: []}
    for home, trace in zip(history.truth.households, traces, strict=False):
        monthly = [due for due in trace.dues if due.loan in {b"power", b"phone"}]
        late = Counter(due.due for due in monthly if (due.paid or trace.today) - due.due > 60)
        if late and len({due.loan for due in monthly}) == 2:
            part = sum(count == 2 for count in late.values()) / len(late)
            together[home.kin_ppm < -PPM].append(part)
    assert np.mean(together[True]) > 2 * np.mean(together[False])


def test_dues_come_later_in_a_year_of_disaster(traces: tuple[Trace, ...]) -> None:
    found: dict[bool, list[bool]] = {True: [], False: []}
    for trace in traces:
        for due, late in zip(trace.dues, late_of(trace), strict=True):
            hit = any(each.begin <= due.due <= each.end for each in trace.disasters)
            found[hit].append(late)
    assert np.mean(found[True]) > np.mean(found[False])


def test_a_disaster_alone_lowers_nobodys_points(
    traced: History, traces: tuple[Trace, ...], points: tuple[int, ...]
) -> None:
    planted_in = traced.loans[0].village
    hit = 0
    for loan, trace, weighed in zip(traced.loans, traces, points, strict=True):
        for year in range(trace.today // 360):
            if loan.village != planted_in and year != 4:
                continue
            planted = Disaster(b"planted", year * 360, year * 360 + 359)
            more = replace(trace, disasters=(*trace.disasters, planted))
            assert weigh_trace(more) >= weighed
            hit += 1
    assert hit > 1_000


def test_without_the_record_of_a_disaster_those_hit_have_fewer_points(
    traced: History, traces: tuple[Trace, ...], points: tuple[int, ...]
) -> None:
    lowered = 0
    for loan, trace, with_it in zip(traced.loans, traces, points, strict=True):
        without = weigh_trace(replace(trace, disasters=()))
        assert without <= with_it
        lowered += without < with_it
        if not trace.disasters:
            assert without == with_it
        assert KINDS[loan.livelihood] in EXPOSED or not trace.disasters
    hit = sum(bool(trace.disasters) for trace in traces)
    assert hit / 20 < lowered < hit


def test_the_table_has_one_column_more_and_the_same_folds(
    small: History,
) -> None:
    plain, more = whole_table(small), table_with_integrity(small)
    assert {c.name for c in more.columns} - {c.name for c in plain.columns} == {"integrity_points"}
    assert len(more.columns) == len(plain.columns) + 1
    assert (more.outcomes == plain.outcomes).all()
    assert (assign_folds(more, folds=5, seed=42) == assign_folds(plain, folds=5, seed=42)).all()
    (column,) = (each for each in more.columns if each.name == "integrity_points")
    assert column.known.all()
    assert [int(each) for each in column.values] == [weigh_trace(t) for t in draw_traces(small)]


def test_points_alone_tell_of_defaults_to_come_in_thin_files(
    history: History, traced: History, points: tuple[int, ...]
) -> None:
    thin = [loan.number for loan in traced.loans if loan.prior_tenths is None]
    ends = np.array([int(history.truth.lives[at].is_default) for at in thin])
    found = auc(np.array([-points[at] for at in thin]), ends)
    bad = int(ends.sum())
    assert found > 0.5 + ERRORS * auc_error(0.5, bad, len(thin) - bad)


def drawn_scores(rows: int) -> tuple[list[int], list[int], list[int]]:
    """Return a weak model's scores, a better one's, and outcomes."""
    random = Random(7)
    outcomes = [int(random.random() < 0.2) for _ in range(rows)]
    common = [random.gauss(each, 1.5) for each in outcomes]
    weak = [int(10 * (each + random.gauss(0, 1))) for each in common]
    return weak, [int(10 * each) for each in common], outcomes


def test_compared_models_have_the_auc_of_each() -> None:
    weak, strong, outcomes = drawn_scores(400)
    found = compare_auc(weak, strong, outcomes, [0] * 400)
    ends = np.array(outcomes)
    assert found.before == pytest.approx(auc(np.array(weak), ends))
    assert found.after == pytest.approx(auc(np.array(strong), ends))
    same = compare_auc(weak, weak, outcomes, [0] * 400)
    assert (same.after - same.before, same.error) == (0, 0)


def test_rows_of_different_folds_are_not_compared() -> None:
    weak, strong, outcomes = drawn_scores(400)
    folds = [at % 2 for at in range(400)]
    shifted = [score + 10_000 * fold for score, fold in zip(strong, folds, strict=True)]
    plain = compare_auc(weak, strong, outcomes, folds)
    assert compare_auc(weak, shifted, outcomes, folds) == plain
    assert plain.after != compare_auc(weak, strong, outcomes, [0] * 400).after


def bootstrap_error(weak: Sequence[int], strong: Sequence[int], outcomes: Sequence[int]) -> float:
    """Return the spread of the difference over paired resamples, within each outcome."""
    generator, ends = np.random.default_rng(3), np.array(outcomes)
    scores = np.array(weak), np.array(strong)
    found = []
    for _ in range(400):
        rows = np.concatenate(
            [
                generator.choice(np.flatnonzero(ends == kind), int((ends == kind).sum()))
                for kind in (0, 1)
            ]
        )
        found.append(auc(scores[1][rows], ends[rows]) - auc(scores[0][rows], ends[rows]))
    return float(np.std(found))


def test_the_error_of_a_difference_is_that_of_a_paired_bootstrap() -> None:
    weak, strong, outcomes = drawn_scores(600)
    found = compare_auc(weak, strong, outcomes, [0] * 600)
    expected = bootstrap_error(weak, strong, outcomes)
    # 400 resamples know their spread to one part in sqrt(800).
    assert found.error == pytest.approx(expected, rel=4 / sqrt(800))


def test_a_comparison_without_two_rows_of_each_kind_is_refused() -> None:
    with pytest.raises(Invalid, match="two good and two bad"):
        compare_auc([1, 2, 3], [3, 2, 1], [0, 0, 1], [0, 0, 0])


@pytest.mark.long
def test_the_gain_is_judged_on_the_same_rows_with_and_without_points() -> None:
    history = draw_history(SeededEntropy("fresh thread"), loans=2_000)
    steps: list[tuple[int, int]] = []
    thin, every = judge_integrity(history, lambda done, of: steps.append((done, of)))
    assert steps == [(at, 10) for at in range(1, 11)]
    ends = [int(life.is_default) for life in history.truth.lives]
    is_thin = [loan.prior_tenths is None for loan in history.loans]
    assert (every.rows, every.bad) == (2_000, sum(ends))
    assert thin.rows == sum(is_thin)
    assert thin.bad == sum(end for end, each in zip(ends, is_thin, strict=True) if each)
    for found in (thin, every):
        assert found.gain == found.auc_with - found.auc_without
        assert found.low < found.gain < found.high
        assert found.high - found.gain == pytest.approx(found.gain - found.low)
        # The points may add little; that they cost much would be an error of the fit.
        assert found.high > 0
    error = ERRORS * auc_error(0.77, every.bad, every.rows - every.bad)
    assert 0.77 - error <= every.auc_without <= 0.77 + error


@pytest.mark.slow
def test_full_histories_keep_what_the_record_promises_on_thin_files() -> None:
    found = [
        judge_integrity(draw_history(SeededEntropy(seed), loans=30_000))[0]
        for seed in ("full purse", "full ledger")
    ]
    assert all(each.low > 0 for each in found)
    assert sum(each.gain for each in found) / len(found) >= GAIN_PROMISED, found


@pytest.mark.parametrize(("gain", "mark"), [(GAIN_PROMISED, "✓"), (GAIN_PROMISED - 0.001, "✗")])
def test_a_report_says_whether_the_promised_gain_came(gain: float, mark: str) -> None:
    thin = Gain("thin", 500, 40, 0.75, 0.75 + gain, gain, gain - 0.01, gain + 0.01)
    tree = _tree_of_gain(thin)
    assert tree["met"] is (mark == "✓")
    found, interval, least, shown = _gain_cells(tree)
    assert found == f"{gain:+.3f}"
    assert interval == f"{gain - 0.01:+.3f} - {gain + 0.01:+.3f}"
    assert (least, shown) == (">= 0.02", mark)
    assert "promised" not in _tree_of_gain(replace(thin, name="all"))
