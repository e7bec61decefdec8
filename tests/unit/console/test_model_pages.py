"""What the pages of models say of figures, groups, leaks and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tallystick.base.codec import RAW, cid_of, encode
from tallystick.base.errors import Invalid
from tallystick.console.pages.model_file import read_file
from tallystick.console.pages.model_part import (
    draw_fairness,
    draw_features,
    draw_leakage,
    draw_points,
    is_calibrated,
    tell_figures,
)
from tallystick.console.pages.model_shadow import Compared, draw_compared
from tallystick.console.pages.model_words import ECE_BORNE_PPM, say_text, write_ppm
from tallystick.records.trained import METRICS
from tallystick.services.positioning.rules import is_calibrated as admits
from unit.console.test_ledger_pages import HOSTILE, visit

SHARE = {"ppm": 636_643, "low_ppm": 606_003, "high_ppm": 666_212, "rows": 977}
METRICS_SOUND = dict.fromkeys(METRICS, 1000) | {"rows": 100, "bad": 10}


def group(**more: Any) -> dict[str, Any]:
    found = {
        "kind": "level",
        "low": 1,
        "high": 1,
        "rows": 977,
        "selected": SHARE,
        "true_positive": SHARE,
        "expected_ppm": 300_000,
        "observed": SHARE,
        "selected_less": 0,
        "calibrated": 1,
        "ratio_ppm": 852_980,
    }
    return {**found, **more}


def test_a_share_of_a_million_is_written_as_a_figure() -> None:
    assert write_ppm(847_533) == "0.848"
    assert write_ppm(-5_000) == "\u22120.005"
    assert write_ppm(None) == "\u2013"


@pytest.mark.parametrize("over", [-1, 0, ECE_BORNE_PPM, ECE_BORNE_PPM + 1])
def test_the_page_foresees_what_approval_will_refuse(over: int) -> None:
    metrics = {"ece_ppm": 10_000 + over, "ece_null95_ppm": 10_000}
    assert is_calibrated(metrics) == admits(metrics)
    assert not is_calibrated({"ece_ppm": 0})


def test_figures_that_a_report_lacks_are_dashes() -> None:
    told = list(tell_figures(visit(), {"rows": 0}))
    assert [each[1] for each in told] == ["\u2013", "\u2013", "\u2013", "\u2013", "0"]


def test_probabilities_beyond_chance_are_marked() -> None:
    beyond = {**METRICS_SOUND, "ece_ppm": 90_000}
    assert "beyond" in str(list(tell_figures(visit(), beyond)))
    assert "beyond" not in str(list(tell_figures(visit(), METRICS_SOUND)))


@pytest.mark.parametrize(
    ("more", "ordered", "said"),
    [
        ({}, 0, "Within limits"),
        ({"selected_less": 1}, 0, "Must explain"),
        ({"calibrated": 0}, 0, "Off its figure"),
        ({"selected_less": 1}, 1, "Order in doubt"),
    ],
)
def test_a_group_is_judged_by_its_figures(more: dict[str, Any], ordered: int, said: str) -> None:
    audit = {"column": "sex", "ordered": ordered, "groups": [group(**more)]}
    assert said in draw_fairness(visit(), [audit])


def test_a_group_too_small_has_no_ratio_and_no_verdict() -> None:
    few = group()
    del few["ratio_ppm"]
    drawn = draw_fairness(visit(), [{"column": "sex", "ordered": 0, "groups": [few]}])
    assert "Too few" in drawn
    assert "Within limits" not in drawn


def test_no_protected_facts_is_told_as_unchecked_and_not_as_fair() -> None:
    drawn = draw_fairness(visit(), [])
    assert "could not be checked" in drawn
    assert "Within limits" not in drawn


def test_names_of_somebodys_file_are_escaped_and_chinese_is_marked() -> None:
    audit = {"column": HOSTILE, "ordered": 0, "groups": [group(text=HOSTILE)]}
    assert "<img" not in draw_fairness(visit(), [audit])
    leak = {"column": HOSTILE, "why": "copy", "of": HOSTILE, "strength_ppm": 1, "forced": 0}
    assert "<img" not in draw_leakage(visit(), [leak], 0)
    features = [{"name": HOSTILE, "state": "used", "value_micro": 1}]
    assert "<img" not in draw_features(visit(), {"features": features})
    assert say_text("已婚") == '<span lang="zh">已婚</span>'
    assert say_text("married") == "married"


def test_leaks_that_were_used_are_told_as_used() -> None:
    leak = {"column": "calls", "why": "after", "strength_ppm": 970_000, "forced": 1}
    assert "used all the same" in draw_leakage(visit(), [leak], 1)
    assert "Nothing found" in draw_leakage(visit(), [], 0)


def test_every_value_of_a_card_has_its_points() -> None:
    number = {
        "name": "age_years",
        "kind": "number",
        "cuts": [30, 60],
        "points": [-323_942, 0, 690_346],
        "missing": 5_400,
    }
    drawn = draw_points(visit(), [number])
    for each in ("≤ 30", "≤ 60", "&gt; 60", "\u2212324", "+690", "where unknown", "+5"):
        assert each in drawn


def test_trees_tell_how_often_they_ask_the_most_asked_first() -> None:
    drawn = draw_points(visit(), [{"name": "a", "splits": 1}, {"name": "b", "splits": 1_200}])
    assert drawn.index("1,200") < drawn.index(">a<")


def test_a_comparison_counts_other_outcomes_and_shows_them_first() -> None:
    rows: list[Mapping[str, Any]] = [
        {"case": "aa" * 16, "decided_ppm": 10, "shadow_ppm": 900_000, "fits": 1, "would_fit": 1},
        {"case": "bb" * 16, "shadow_ppm": 20, "fits": 1, "would_fit": 0},
    ]
    found = Compared(rows, unread=3)
    assert [each["case"][:2] for each in found.largest()] == ["bb", "aa"]
    drawn = draw_compared(visit(), found)
    assert "2 cases; the outcome of 1 would differ (50.0%)" in drawn
    assert "3 could not be opened" in drawn
    assert "Not all were looked at yet" in drawn
    assert "no decided case" in draw_compared(visit(), Compared(is_whole=True))


def test_a_trained_file_is_read_with_the_cid_that_publishing_answers() -> None:
    model: dict[str, Any] = {"v": 1, "kind": "card"}
    report: dict[str, Any] = {
        "program": "0.1.0",
        "data": cid_of(b"rows", RAW),
        "mapping": "0" * 64,
        "metrics": METRICS_SOUND,
    }
    found = read_file(encode({"v": 1, "model": model, "report": report}))
    assert found.cid == str(cid_of(encode(model)))
    assert found.report["data"] == str(cid_of(b"rows", RAW))
    with pytest.raises(Invalid, match="not what training writes"):
        read_file(b"%PDF-1.7")
