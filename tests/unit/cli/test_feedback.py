"""`tally feedback show`: what people and programs are told of a folder's feedback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from counties import FITTING, UNFITTING, found, open_town, take_in
from tallystick.base.clock import SystemClock
from tallystick.cli.main import run
from tallystick.county.house import open_house

FELT = (5, 4, 2, 5, 4)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lender's five offers and one other case, asked about by the village."""
    clock = SystemClock()
    county = found(tmp_path_factory.mktemp("feedback"), clock)
    with open_town(county, clock) as town:
        cases = take_in(town["credit-union"], *[FITTING] * 5)
        for case, felt in zip(cases, FELT, strict=True):
            town["village"].give_feedback(case["case"], felt=felt, income_minor=1_000)
        (lone,) = take_in(town["postal-bank"], UNFITTING)
        town["village"].give_feedback(lone["case"], felt=1)
    return county


@pytest.fixture
def show(county: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*words: str) -> str:
        assert run(["feedback", "show", "--county", str(county), *words]) == 0
        told = capsys.readouterr()
        assert told.err == ""
        return told.out

    return call


def test_a_program_reads_shares_with_intervals(show: Callable[..., str]) -> None:
    told = json.loads(show("--member", "village", "--json"))
    (cell,) = told["cells"]
    assert (cell["name"], cell["refused"], "accuracy" in cell) == ("credit-union", 0, False)
    shares = {"ppm": 800_000, "low_ppm": 375_534, "high_ppm": 963_776}
    assert cell["praise"] == {"hits": 4, "count": 5, **shares}
    assert (told["by"], told["least"], told["suppressed"]) == ("provider", 5, 1)
    assert told["tolerance_ppm"] == 200_000


def test_people_read_it_in_both_languages_with_what_is_withheld(show: Callable[..., str]) -> None:
    told = show("--member", "village", "--lang", "en")
    assert "credit-union\n   80.0 % ( 37.6- 96.4)       4/5  praise" in told
    assert "1 more groups have fewer than 5 cases" in told
    assert "postal-bank" not in told
    assert "accuracy: fewer than 5" in told
    told = show("--member", "village", "--lang", "zh")
    assert "\u6ee1\u610f\u7387" in told
    assert "praise" not in told


def test_a_scheme_that_may_not_be_opened_is_said_to_be_so(show: Callable[..., str]) -> None:
    told = show("--member", "village", "--by", "scheme", "--lang", "en")
    assert "No group can be shown." in told
    assert "could not be opened (access.no_key): 6" in told
    assert "praise" in show("--member", "credit-union", "--by", "scheme", "--lang", "en")


def test_a_member_must_be_named_and_the_folder_be_free(
    county: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.cli.opening.LOCK_WAIT_S", 0)
    assert run(["feedback", "show", "--county", str(county)]) == 2
    assert capsys.readouterr().err.startswith("cli.member: ")
    with open_house(county, SystemClock()):
        assert run(["feedback", "show", "--county", str(county), "--member", "village"]) == 5
    assert capsys.readouterr().err.startswith("node.locked: ")
