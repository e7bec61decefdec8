"""`tally bench` on a bench made for it: options behind its name, and tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tallystick.cli import bench
from tallystick.cli.main import run

PLAIN = """
def run():
    return [{"name": "plain.one", "ratio": 2.0, "rows": [1, 2]}]
"""
TAKING = """
def parse(options):
    return {"by": int(options[options.index("--by") + 1])}

def run(by=1):
    return [{"name": "taking.one", "ratio": float(by)}]

def tell(rows, language):
    return f"in {language}: {rows[0]['ratio']}"
"""
GOALS = """
plain = { "plain.one" = { goal = 1.5, what = "" } }
taking = { "taking.one" = { goal = 3.0, what = "" } }
"""


@pytest.fixture(autouse=True)
def benches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain.py").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "taking.py").write_text(TAKING, encoding="utf-8")
    (tmp_path / "goals.toml").write_text(GOALS, encoding="utf-8")
    monkeypatch.setattr(bench, "FOLDER", tmp_path)


def test_a_bench_is_given_the_options_behind_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    met = []
    for by in (2, 3):
        assert run(["bench", "taking", "--by", str(by), "--json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)["rows"]
        assert row["ratio"] == by
        met.append(row["met"])
    assert met == [False, True]


def test_a_bench_without_options_takes_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "plain", "--by", "2"]) != 0
    assert "--by" in capsys.readouterr().err


def test_a_person_is_told_tables_and_no_points_and_a_program_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["bench", "taking", "--lang", "zh"]) == 0
    assert "in zh: 1.0" in capsys.readouterr().out
    assert run(["bench", "plain"]) == 0
    assert "[1, 2]" not in capsys.readouterr().out
    assert run(["bench", "plain", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["rows"] == [1, 2]
