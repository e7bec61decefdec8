"""Curves of a model: what each must be where the truth is known, and that they fit an object."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest

from tallystick.base import codec
from tallystick.base.codec import decode, encode
from tallystick.exact.card import reason_codes
from tallystick.exact.model import check_model, score_model
from tallystick.learning.curves import (
    BYTES_MOST,
    EDGES_PPM,
    POINTS_MOST,
    REASONS_MOST,
    draw_curves,
)
from tallystick.learning.evaluation import HeldOut, bin_calibration, hold_out
from tallystick.learning.fairness import ColumnAudit, audit_columns
from tallystick.learning.leakage import Leak
from tallystick.learning.metrics import auc
from tallystick.learning.scorecard import fit_card
from tallystick.learning.table import Column, Table

PPM: Final = 1_000_000
ROWS: Final = 3_000
Tree = dict[str, Any]


def _table(seed: int = 1) -> Table:
    random = np.random.Generator(np.random.PCG64(seed))
    debt = random.integers(0, 100, ROWS)
    land = random.integers(0, 50, ROWS)
    logit = -3.0 + debt / 30 - land / 40
    outcomes = (random.random(ROWS) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    known = np.ones(ROWS, dtype=bool)
    columns = (Column("debt", "number", debt, known), Column("land", "number", land, known))
    return Table(columns, outcomes, np.ones(ROWS), np.arange(ROWS))


@pytest.fixture(scope="module")
def table() -> Table:
    return _table()


@pytest.fixture(scope="module")
def held(table: Table) -> HeldOut:
    return hold_out(table, lambda each: fit_card(each, "bad", seed=1, monotone={})[0], seed=1)


@pytest.fixture(scope="module")
def fitted(table: Table) -> tuple[dict[str, Any], Any]:
    return fit_card(table, "bad", seed=1, monotone={})


@pytest.fixture(scope="module")
def curves(table: Table, held: HeldOut, fitted: tuple[dict[str, Any], Any]) -> Tree:
    return draw_curves(held, table, *fitted, seed=1)


def test_the_tree_is_of_integers_and_texts_and_is_small(curves: Tree) -> None:
    data = encode(curves)
    assert len(data) < BYTES_MOST
    assert decode(data, codec.value) == curves


def test_the_area_under_the_told_curve_is_the_auc(curves: Tree, held: HeldOut) -> None:
    points = curves["roc"]
    assert len(points) <= POINTS_MOST
    assert (points[0], points[-1]) == ([0, 0], [PPM, PPM])
    assert points == sorted(points)
    area = sum(
        (after[0] - before[0]) * (after[1] + before[1]) / 2 for before, after in pairwise(points)
    )
    assert area / PPM**2 == pytest.approx(auc(held.default_ppm, held.outcomes), abs=0.002)


def test_no_point_of_the_curve_lies_further_apart_than_the_ks(curves: Tree, held: HeldOut) -> None:
    found = curves["ks"]
    assert found["ppm"] == found["bad_ppm"] - found["good_ppm"]
    assert all(bad - good <= found["ppm"] for good, bad in curves["roc"])
    above = held.default_ppm >= found["from_ppm"]
    bad = held.outcomes == 1
    shares = [int(np.sum(above & each)) * PPM / int(np.sum(each)) for each in (bad, ~bad)]
    assert shares == pytest.approx([found["bad_ppm"], found["good_ppm"]], abs=1)


def test_calibration_is_that_of_the_evaluation_with_a_band_around_what_was_expected(
    curves: Tree, held: HeldOut
) -> None:
    bins = bin_calibration(held)
    assert len(curves["calibration"]) == len(bins)
    for told, found in zip(curves["calibration"], bins, strict=True):
        assert told["expected_ppm"] == round(found.expected * PPM)
        assert told["observed"]["ppm"] == round(found.observed.value * PPM)
        assert told["null_low_ppm"] <= told["expected_ppm"] <= told["null_high_ppm"]


def test_a_true_model_lies_within_its_band_about_nineteen_times_in_twenty(
    table: Table, fitted: tuple[dict[str, Any], Any]
) -> None:
    random = np.random.Generator(np.random.PCG64(5))
    inside = total = 0
    for seed in range(12):
        ppm = random.integers(20_000, 400_000, 1_000)
        outcomes = (random.random(1_000) < ppm / PPM).astype(np.int64)
        true = HeldOut(ppm, outcomes, np.zeros(1_000, dtype=np.int64))
        for each in draw_curves(true, table, *fitted, seed=seed)["calibration"]:
            inside += each["null_low_ppm"] <= each["observed"]["ppm"] <= each["null_high_ppm"]
            total += 1
    assert 0.9 <= inside / total <= 1


def test_a_bold_model_leaves_its_band(
    table: Table, held: HeldOut, fitted: tuple[dict[str, Any], Any]
) -> None:
    bold = replace(held, default_ppm=np.minimum(held.default_ppm * 3, PPM))
    found = draw_curves(bold, table, *fitted, seed=1)["calibration"]
    outside = [each for each in found if each["observed"]["ppm"] < each["null_low_ppm"]]
    assert len(outside) > len(found) // 2


def test_every_row_stands_in_one_bin_of_the_histogram(curves: Tree, held: HeldOut) -> None:
    found = curves["histogram"]
    assert len(found["edges_ppm"]) == len(found["good"]) + 1 == len(EDGES_PPM)
    assert sum(found["good"]) == int(np.sum(held.outcomes == 0))
    assert sum(found["bad"]) == int(np.sum(held.outcomes == 1))
    certain = replace(held, default_ppm=np.full(len(held.outcomes), PPM))
    assert sum(np.histogram(certain.default_ppm, np.array(EDGES_PPM))[0]) == len(held.outcomes)


def test_reasons_are_those_that_a_decision_would_name(
    table: Table, curves: Tree, fitted: tuple[dict[str, Any], Any]
) -> None:
    model = check_model(fitted[0])
    named = [
        reason_codes(
            score_model(model, {each.name: int(each.values[at]) for each in table.columns}),
            REASONS_MOST,
        )
        for at in range(0, len(table), 2)
    ]
    assert curves["reasons"]["rows"] == len(named)
    for told in curves["reasons"]["features"]:
        assert told["first"] == sum(row[:1] == (told["name"],) for row in named)
        assert told["among"] == sum(told["name"] in row for row in named)


def test_the_weightiest_feature_comes_first_with_its_information_value(curves: Tree) -> None:
    names = [each["name"] for each in curves["features"]]
    values = [each["value_micro"] for each in curves["features"]]
    assert names[0] == "debt"
    assert values == sorted(values, reverse=True)


def test_groups_and_leaks_are_told_in_ppm_with_the_mappings_texts(
    table: Table, held: HeldOut, fitted: tuple[dict[str, Any], Any]
) -> None:
    codes = np.arange(ROWS) % 2
    column = Column("sex", "level", codes, np.ones(ROWS, dtype=bool))
    audits = audit_columns(held, [column])
    found = draw_curves(
        held,
        table,
        *fitted,
        seed=1,
        audits=audits,
        leaks=[Leak("calls", "alone", strength=0.97)],
        forced=["calls"],
        levels={"sex": ("women", "men")},
    )
    groups = found["fairness"][0]["groups"]
    assert [each["text"] for each in groups] == ["women", "men"]
    for told, group in zip(groups, audits[0].groups, strict=True):
        assert told["ratio_ppm"] == round((group.ratio or 0) * PPM)
        assert told["observed"]["low_ppm"] <= told["observed"]["ppm"]
    leak = {"column": "calls", "why": "alone", "strength_ppm": 970_000, "forced": 1}
    assert found["leakage"] == [leak]


@pytest.mark.long
def test_more_protected_columns_than_fit_are_counted_not_told(
    table: Table, held: HeldOut, fitted: tuple[dict[str, Any], Any]
) -> None:
    column = Column("age", "number", np.arange(ROWS), np.ones(ROWS, dtype=bool))
    (audit,) = audit_columns(held, [column])
    many = [ColumnAudit(f"column-{at}", ordered=False, groups=audit.groups) for at in range(200)]
    found = draw_curves(held, table, *fitted, seed=1, audits=many)
    assert len(encode(found)) <= BYTES_MOST
    assert len(found["fairness"]) + found["fairness_more"] == len(many)
