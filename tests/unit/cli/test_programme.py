"""`tally programme`, run as a person would run it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from counties import found
from tallystick.base.clock import SystemClock
from tallystick.cli.main import run
from tallystick.county.house import open_house

VILLAGES = """code,zh,en,lon_micro,lat_micro
v1,\u67f3\u6811\u6e7e\u6751,Liushuwan,104848018,31529351
v2,\u77f3\u6865\u6751,Shiqiao,104448018,31429351
"""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found(tmp_path_factory.mktemp("programme"), SystemClock())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("survey")
    drawn = random.Random(1)
    rows = ["village,group,poor,held"]
    rows += [
        f"v{drawn.randrange(1, 3)},grain,{int(drawn.random() < 0.2)},{int(drawn.random() < 0.2)}"
        for _ in range(1_200)
    ]
    (folder / "survey.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "villages.csv").write_text(VILLAGES, encoding="utf-8-sig")
    return str(folder / "survey.csv"), str(folder / "villages.csv")


def _measure(files: tuple[str, str], county: Path, *more: str) -> int:
    survey, villages = files
    words = ["programme", "measure", "relief", survey, "--villages", villages, *more]
    return run([*words, "--county", str(county), "--member", "civil-affairs"])


def test_a_survey_is_counted_published_listed_and_shown(
    county: Path, files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with open_house(county, SystemClock()) as house:
        office = house.office("finance")
        office.allocate_fund(fund="f", to="postal-bank", programme="relief", amount_minor=7_000)
    assert _measure(files, county, "--cycle", "202609", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cycle"] == 202_609
    shown: Any = None
    for verb in (["list"], ["show", "relief"]):
        assert run(["programme", *verb, "--json", "--county", str(county)]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown["allocated_minor"] == 7_000
    text = Path(files[0]).read_text(encoding="utf-8")
    poor = sum(line.split(",")[2] == "1" for line in text.splitlines()[1:])
    assert shown["cycles"][0]["poor"] == poor == shown["cycles"][0]["exclusion"]["count"]
    assert shown["lenders"] == [
        {"member": "postal-bank", "allocated_minor": 7_000, "lent_minor": 0, "loans": 0}
    ]
    assert [each["area"] for each in shown["villages"]] == [["v1"], ["v2"]]


def test_people_read_shares_with_intervals_in_both_languages(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, word in (
        ("zh", "\u8d2b\u56f0\u800c\u672a\u5217\u5165"),
        ("en", "poor, not held"),
    ):
        for verb in (["list"], ["show", "relief"]):
            words = ["programme", *verb, "--county", str(county)]
            assert run(["--lang", language, *words]) == 0
            told = capsys.readouterr().out
            assert word in told
            assert " % (" in told


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("village,group,poor\n", 1),
        ("village,group,poor,held\nv1,grain,1,2\n", 2),
        ("village,group,poor,held\nv1,grain,1,0\nv1,grain,1\n", 3),
        ("village,group,poor,held\nv1,secret-name,1,0,0\n", 2),
    ],
)
def test_a_row_without_a_reading_is_named_by_its_line_alone(
    tmp_path: Path,
    county: Path,
    files: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
    text: str,
    line: int,
) -> None:
    survey = tmp_path / "survey.csv"
    survey.write_text(text, encoding="utf-8")
    assert _measure((str(survey), files[1]), county, "--cycle", "202610") == 2
    told = capsys.readouterr().err
    assert "programme.row" in told
    assert f"line {line}:" in told
    assert "secret-name" not in told
