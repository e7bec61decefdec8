"""`tally county report`: one run as JSON, and its pictures in both languages."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import pytest

from tallystick.cli.county_report import print_report
from tallystick.cli.main import run
from tallystick.county.history.findings import BANDS
from tallystick.county.history.judging import JUDGED
from tallystick.text.wording import Language


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run(["county", "report", "--loans", "1000", "--seed", "told", "--json"]) == 0
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.mark.long
def test_a_report_has_every_figure_with_its_interval_and_band(told: dict[str, Any]) -> None:
    assert [each["name"] for each in told["figures"]] == list(BANDS)
    assert [each["name"] for each in told["models"]] == list(JUDGED)
    for each in told["figures"]:
        assert 0 <= each["low"] <= each["value"] <= each["high"] <= 1
        meets = each["low"] <= each["band_high"] and each["high"] >= each["band_low"]
        assert each["in_band"] == meets
    assert len(told["reach"]) == len(told["models"][0]["calibration"]) == 10
    assert 0 < told["models"][0]["ece_null95"] < 0.2
    missed = sum(each["missed"]["hits"] for each in told["villages"])
    assert missed == sum(each["missed"]["hits"] for each in told["livelihoods"])
    (exclusion,) = (each for each in told["figures"] if each["name"] == "exclusion")
    assert missed == exclusion["hits"]
    recorded = told["recorded"]
    assert recorded["equal"] == recorded["candidates"] > 500
    assert recorded["rows"] > 50 * recorded["candidates"]
    assert told["records"]["granted"] == told["records"]["disbursed"] > 250


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("评分卡校准", "漏评率", "养殖", "女户主", "干部亲属", "收费方记录")),
        ("en", ("Calibration of the card", "exclusion error", "livestock", "payees")),
    ],
)
def test_a_report_is_told_in_both_languages_with_bars_and_a_map(
    told: dict[str, Any],
    language: Language,
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_report(told, language)
    shown = capsys.readouterr().out
    for word in words:
        assert word in shown
    assert "█" in shown
    assert "✓" in shown
    grid = [line for line in shown.splitlines() if line.strip()[:4].strip().startswith("141")]
    assert grid


def test_a_dial_off_its_scale_is_refused_by_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["county", "report", "--capture", "101"]) != 0
    assert "101" in capsys.readouterr().err
