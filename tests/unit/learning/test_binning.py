"""Optimal binning: the exact optimum, the declared order, levels, missing values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest

from tallystick.exact.batch import Integers
from tallystick.learning.binning import (
    ASCENDING,
    AUTO,
    DESCENDING,
    FREE,
    Binning,
    BinningRule,
    Totals,
    best_partition,
    bin_column,
)
from tallystick.learning.table import Column, Floats, table_from_rows


def value_of(bad: float, good: float, totals: Totals, smoothing: float) -> float:
    """A bin's information value, written anew from the formula."""
    prior = totals.bad / (totals.bad + totals.good)
    odds = (bad + smoothing * prior) / (good + smoothing * (1 - prior))
    evidence = math.log(odds / (totals.bad / totals.good))
    return (bad / totals.bad - good / totals.good) * evidence


def brute_force(
    cells: list[tuple[int, int]], totals: Totals, rule: BinningRule, direction: int
) -> float:
    """The greatest value over all 2^(n-1) partitions; minus infinity where none is allowed."""
    prior = totals.bad / (totals.bad + totals.good)
    least = rule.share * sum(bad + good for bad, good in cells)
    best = -math.inf
    for count in range(min(rule.bins, len(cells))):
        for cuts in itertools.combinations(range(1, len(cells)), count):
            runs = itertools.pairwise([0, *cuts, len(cells)])
            bins = [(sum(b for b, _ in cells[i:j]), sum(g for _, g in cells[i:j])) for i, j in runs]
            if any(bad == 0 or good == 0 or bad + good < least for bad, good in bins):
                continue
            rates = [(b + rule.smoothing * prior) / (b + g + rule.smoothing) for b, g in bins]
            if any(
                direction * left > direction * right for left, right in itertools.pairwise(rates)
            ):
                continue
            best = max(best, sum(value_of(b, g, totals, rule.smoothing) for b, g in bins))
    return best


def value_of_ends(
    ends: tuple[int, ...], cells: list[tuple[int, int]], totals: Totals, rule: BinningRule
) -> float:
    return sum(
        value_of(
            sum(b for b, _ in cells[i:j]), sum(g for _, g in cells[i:j]), totals, rule.smoothing
        )
        for i, j in itertools.pairwise([0, *ends])
    )


@pytest.mark.parametrize("direction", [ASCENDING, DESCENDING, FREE, AUTO])
@pytest.mark.parametrize("bins", [1, 2, 3, 5, 9])
def test_no_partition_beats_the_one_found(direction: int, bins: int) -> None:
    random = np.random.Generator(np.random.PCG64(100 * bins + direction))
    constrained = 0
    for _ in range(40):
        count = int(random.integers(1, 10))
        cells = [(int(b), int(g)) for b, g in random.integers(0, 9, size=(count, 2))]
        share, smoothing = float(random.choice([0.0, 0.05, 0.2])), float(random.choice([0.5, 4]))
        rule = BinningRule(bins=bins, share=share, smoothing=smoothing)
        totals = Totals(sum(b for b, _ in cells) + 2.0, sum(g for _, g in cells) + 5.0)
        bad, good = np.array(cells, dtype=np.float64).T
        ends = best_partition(bad, good, totals, rule, direction)
        assert ends[-1] == count
        assert list(ends) == sorted(set(ends))
        ways = [ASCENDING, DESCENDING] if direction == AUTO else [direction]
        best = max(brute_force(cells, totals, rule, way) for way in ways)
        if best == -math.inf:
            assert ends == (count,)
            continue
        assert value_of_ends(ends, cells, totals, rule) == pytest.approx(best, rel=1e-12, abs=1e-14)
        free = brute_force(cells, totals, rule, FREE)
        constrained += best < free - 1e-9
    # Two bins always rise or fall, so there the order can cost nothing.
    costless = direction == FREE or bins == 1 or (direction == AUTO and bins == 2)
    assert costless == (constrained == 0)


def column_of(values: Sequence[int | None], *, level: bool = False) -> Column:
    rows = [{} if value is None else {"x": value} for value in values]
    table = table_from_rows(rows, [0] * len(rows), ["x"] if level else [])
    return table.columns[0]


def bins_of(
    values: Sequence[int | None],
    outcomes: list[int],
    rule: BinningRule,
    direction: int = AUTO,
    *,
    level: bool = False,
) -> Binning:
    column = column_of(values, level=level)
    return bin_column(column, np.array(outcomes), np.ones(len(values)), rule, direction)


def test_a_step_in_the_rate_is_found_at_the_floored_midpoint() -> None:
    values: list[int | None] = [10, 20, 31, 40] * 50
    outcomes = [int((value or 0) <= 20) ^ (i % 7 == 0) for i, value in enumerate(values)]
    found = bins_of(values, outcomes, BinningRule(bins=2))
    assert (found.edges, found.bins) == ((25,), 2)
    assert found.evidence[0] > 0 > found.evidence[1]


def test_a_cut_separates_negative_neighbours_too() -> None:
    found = bins_of([-4, -3] * 50, [0, 1, 0, 1, 1, 0, 0, 1, 0, 1] * 10, BinningRule())
    assert found.edges == (-4,)
    assert found.transform(column_of([-4, -3, -5, 9])).tolist() == [*found.evidence] * 2


def simulated(size: int, seed: int) -> tuple[Integers, Integers]:
    """A number whose risk rises and falls, so that an order costs something."""
    random = np.random.Generator(np.random.PCG64(seed))
    values = random.integers(0, 1_000, size)
    outcomes = random.random(size) < 0.2 + 0.4 * np.sin(values / 250) ** 2
    return values, outcomes.astype(np.int64)


@pytest.mark.parametrize("direction", [ASCENDING, DESCENDING, FREE, AUTO])
def test_evidence_follows_the_declared_order_and_every_bin_its_share(direction: int) -> None:
    values, outcomes = simulated(3_000, seed=3)
    table = Column("x", "number", values, np.ones(3_000, dtype=np.bool_))
    rule = BinningRule()
    found = bin_column(table, outcomes, np.ones(3_000), rule, direction)
    steps = np.diff(found.evidence)
    rises, falls = bool(np.all(steps >= 0)), bool(np.all(steps <= 0))
    expected = {ASCENDING: rises, DESCENDING: falls, AUTO: rises or falls, FREE: not rises}
    assert expected[direction]
    place = np.searchsorted(found.edges, values)
    assert 2 <= found.bins <= rule.bins
    assert np.bincount(place).min() >= rule.share * 3_000


def test_the_better_direction_is_taken_where_none_is_named() -> None:
    values, outcomes = simulated(3_000, seed=4)
    column = Column("x", "number", values, np.ones(3_000, dtype=np.bool_))
    worth = {
        way: bin_column(column, outcomes, np.ones(3_000), BinningRule(), way).value
        for way in (ASCENDING, DESCENDING, AUTO, FREE)
    }
    assert worth[AUTO] == max(worth[ASCENDING], worth[DESCENDING])
    assert worth[FREE] > worth[AUTO] > min(worth[ASCENDING], worth[DESCENDING])


def test_evidence_is_the_documented_formula() -> None:
    values: list[int | None] = [1] * 60 + [2] * 40 + [None] * 20
    outcomes = [1] * 15 + [0] * 45 + [1] * 20 + [0] * 20 + [1] * 3 + [0] * 17
    found = bins_of(values, outcomes, BinningRule(smoothing=4))
    bad, good = 38 / 120, 82 / 120

    def evidence(events: int, others: int) -> float:
        return math.log((events + 4 * bad) / (others + 4 * good)) - math.log(38 / 82)

    assert found.evidence == pytest.approx([evidence(15, 45), evidence(20, 20)], abs=1e-12)
    assert found.missing == pytest.approx(evidence(3, 17), abs=1e-12)
    counts = [(15, 45), (20, 20), (3, 17)]
    value = sum((e / 38 - g / 82) * evidence(e, g) for e, g in counts)
    assert found.value == pytest.approx(value, abs=1e-12)


def test_a_missing_value_never_seen_has_no_evidence() -> None:
    found = bins_of([1, 2] * 50, [0, 1, 1, 1, 0] * 20, BinningRule())
    assert found.missing == pytest.approx(0, abs=1e-12)
    assert found.transform(column_of([None, 1])).tolist() == [found.missing, found.evidence[0]]


def test_levels_merge_by_rate_and_not_by_code() -> None:
    values: list[int | None] = [7, 3, 5, 1] * 100
    risky = {7: 2, 3: 6, 5: 2, 1: 6}
    outcomes = [int(i // 4 % 10 < risky[value or 0]) for i, value in enumerate(values)]
    found = bins_of(values, outcomes, BinningRule(), level=True)
    assert (found.edges, found.bins) == ((1, 3, 5, 7), 2)
    high, low = found.evidence[0], found.evidence[2]
    assert found.evidence == (high, high, low, low)
    assert high > 0 > low
    assert found.transform(column_of([4, None, 3], level=True)).tolist() == [
        0.0,
        found.missing,
        high,
    ]


def test_a_rare_level_joins_a_bin_that_has_its_share() -> None:
    values = [1] * 200 + [2] * 200 + [3] * 2
    outcomes = [0, 0, 0, 1] * 50 + [0, 1, 1, 1] * 50 + [1, 1]
    found = bins_of(values, outcomes, BinningRule(), level=True)
    assert found.bins == 2
    assert found.evidence[2] == found.evidence[1]


def test_beyond_the_most_levels_the_rarest_speak_for_a_level_never_seen() -> None:
    common, rare = [1, 2] * 100, list(range(10, 70))
    outcomes = [0, 1, 0, 0] * 50 + [0, 0, 1] * 20
    found = bins_of(common + rare, outcomes, BinningRule(prebins=2), level=True)
    assert len(found.edges) == 62
    assert {found.evidence[i] for i in range(2, 62)} == {found.other}
    assert found.other != 0


def test_weights_count_as_repeated_rows() -> None:
    random = np.random.Generator(np.random.PCG64(9))
    values = random.integers(0, 40, 400)
    outcomes = (random.random(400) < 0.2 + values / 80).astype(np.int64)
    weights = random.integers(1, 4, 400)
    rule = BinningRule(prebins=100)

    def found(v: Integers, o: Integers, w: Floats) -> Binning:
        column = Column("x", "number", v, np.ones(len(v), dtype=np.bool_))
        return bin_column(column, o, w, rule, ASCENDING)

    weighted = found(values, outcomes, weights.astype(np.float64))
    repeated = found(
        np.repeat(values, weights), np.repeat(outcomes, weights), np.ones(weights.sum())
    )
    assert weighted.edges == repeated.edges
    assert weighted.evidence == pytest.approx(repeated.evidence, abs=1e-12)
    plain = found(values, outcomes, np.ones(400))
    assert plain.evidence != pytest.approx(weighted.evidence, abs=1e-6)


def test_a_number_known_in_few_rows_is_one_bin_where_nothing_else_is_allowed() -> None:
    found = bins_of([1, 2, 3, *[None] * 97], [0] * 3 + [0, 1] * 48 + [1], BinningRule())
    assert (found.edges, found.bins, len(found.evidence)) == ((), 1, 1)
