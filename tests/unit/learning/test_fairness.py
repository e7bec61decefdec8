"""How groups fare by a model that never saw them, and columns that belong to nobody."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.learning.evaluation import FOLDS, HeldOut
from tallystick.learning.fairness import (
    GROUP_LEAST,
    Group,
    GroupAudit,
    audit_columns,
    is_ordered,
)
from tallystick.learning.table import Column

ROWS = 1_000


def level(values: object, known: object = None) -> Column:
    found = np.asarray(values, dtype=np.int64)
    mask = np.ones(len(found), dtype=np.bool_) if known is None else np.asarray(known, np.bool_)
    return Column("group", "level", np.where(mask, found, 0), mask)


def held(ppm: object, outcomes: object) -> HeldOut:
    found = np.asarray(ppm, dtype=np.int64)
    return HeldOut(found, np.asarray(outcomes, dtype=np.int64), np.arange(len(found)) % FOLDS)


def by_code(column: Column, scores: HeldOut) -> dict[int, GroupAudit]:
    (audit,) = audit_columns(scores, (column,))
    return {each.group.low: each for each in audit.groups}


def test_the_figures_of_a_group_are_counted_by_hand() -> None:
    # 6 ended well, so the cut is the sixth lowest probability: 500,000.
    ppm = [100_000, 200_000, 300_000, 400_000, 450_000, 500_000, 600_000, 700_000, 800_000, 900_000]
    outcomes = [0, 0, 0, 1, 0, 0, 1, 0, 1, 1]
    groups = by_code(level([1, 1, 2, 2, 2, 1, 2, 2, 1, 1]), held(ppm, outcomes))
    first, second = groups[1], groups[2]
    assert (first.rows, second.rows) == (5, 5)
    assert (first.selected.value, second.selected.value) == (3 / 5, 3 / 5)
    assert first.true_positive.value == 3 / 3
    assert second.true_positive.value == 2 / 3
    assert first.expected == pytest.approx(0.5)
    assert first.observed.value == 2 / 5
    assert first.ratio is None


def test_a_group_that_is_selected_markedly_less_is_told() -> None:
    ppm = np.where(np.arange(ROWS) % 2, 700_000, 300_000)
    outcomes = np.arange(ROWS) // 2 % 2
    groups = by_code(level(np.arange(ROWS) % 2), held(ppm, outcomes))
    assert groups[0].ratio == 1.0
    assert groups[1].ratio == 0.0
    assert groups[1].is_selected_less
    assert not groups[0].is_selected_less


def test_probabilities_that_miss_a_group_are_told_and_those_that_hit_are_not() -> None:
    random = np.random.Generator(np.random.PCG64(4))
    group = np.arange(ROWS) % 2
    outcomes = (random.random(ROWS) < np.where(group, 0.3, 0.5)).astype(np.int64)
    groups = by_code(level(group), held(np.full(ROWS, 300_000), outcomes))
    assert groups[1].is_calibrated
    assert not groups[0].is_calibrated


def test_a_small_group_is_told_without_a_ratio() -> None:
    group = np.arange(ROWS) < GROUP_LEAST - 1
    ppm = np.where(group, 10, np.arange(ROWS) * 900)
    groups = by_code(level(group), held(ppm, np.arange(ROWS) % 2))
    assert groups[1].rows == GROUP_LEAST - 1
    assert groups[1].ratio is None
    assert not groups[1].is_selected_less
    # It was selected always, and the others are not measured by it.
    assert groups[0].ratio == 1.0


def test_a_number_is_cut_into_groups_that_hold_every_row_once() -> None:
    random = np.random.Generator(np.random.PCG64(4))
    values = random.integers(18, 80, ROWS)
    known = random.random(ROWS) < 0.9
    column = Column("age", "number", np.where(known, values, 0), known)
    (audit,) = audit_columns(held(values * 1_000, np.arange(ROWS) % 2), (column,))
    assert sum(each.rows for each in audit.groups) == ROWS
    assert audit.groups[-1].group == Group("missing", 0, 0)
    assert audit.groups[-1].rows == int(np.sum(~known))
    spans = [(each.group.low, each.group.high) for each in audit.groups[:-1]]
    assert len(spans) == 4
    assert all(high < low for (_, high), (low, _) in itertools.pairwise(spans))
    assert all(200 < each.rows < 260 for each in audit.groups[:-1])


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1, max_size=50))
def test_no_row_is_lost_or_counted_twice(entries: list[int | None]) -> None:
    known = np.array([entry is not None for entry in entries])
    values = np.array([entry or 0 for entry in entries], dtype=np.int64)
    scores = held(np.arange(len(entries)), np.arange(len(entries)) % 2)
    for kind in ("level", "number"):
        column = Column("x", kind, values, known)
        (audit,) = audit_columns(scores, (column,))
        assert sum(each.rows for each in audit.groups) == len(entries)


def test_a_sorted_column_is_flagged_and_a_shuffled_one_is_not() -> None:
    random = np.random.Generator(np.random.PCG64(4))
    values = random.integers(0, 4, ROWS)
    assert is_ordered(level(np.sort(values)))
    assert is_ordered(level(np.sort(values)[::-1]))
    assert not is_ordered(level(values))
    assert not is_ordered(level(np.zeros(ROWS)))
    assert not is_ordered(level(np.sort(values)[:20]))


def test_a_column_whose_absence_is_sorted_is_flagged() -> None:
    values = np.ones(ROWS)
    assert is_ordered(level(values, np.arange(ROWS) < 400))


def test_shuffled_columns_are_flagged_less_than_once_in_a_thousand() -> None:
    random = np.random.Generator(np.random.PCG64(11))
    flagged = sum(
        is_ordered(level(random.integers(0, kinds, rows)))
        for rows in (40, 200, 1_000)
        for kinds in (2, 3, 9, rows)
        for _ in range(100)
    )
    assert flagged == 0


def test_of_the_german_columns_personal_status_and_sex_alone_is_sorted(shared: Path) -> None:
    with (shared / "data/german_credit/germancredit.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    ordered = []
    for name in lines[0]:
        codes: dict[str, int] = {}
        values = [codes.setdefault(line[name], len(codes)) for line in lines]
        if is_ordered(level(values)):
            ordered.append(name)
    assert ordered == ["personal_status_and_sex"]
