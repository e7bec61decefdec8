"""A file of real applicants through the five steps, and one of them proven to an outsider."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tallystick.cli.main import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GASTON = EXAMPLES / "mappings" / "gaston.toml"
ROWS = 260


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """A county into which the first applicants of a real file were positioned."""
    folder = tmp_path_factory.mktemp("position")
    with (shared / "data/gaston_credit/CreditScoring.csv").open(encoding="utf-8") as file:
        lines = [next(file) for _ in range(ROWS + 1)]
    (folder / "applicants.csv").write_text("".join(lines), encoding="utf-8")
    given = ["position", str(folder / "applicants.csv"), "--mapping", str(GASTON)]
    assert run([*given, "--county", str(folder / "county"), "--json"]) == 0
    return folder / "county"


def _rows(county: Path) -> list[dict[str, str]]:
    with (county / "positions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.long
def test_every_row_of_the_file_is_a_case_with_its_outcome(county: Path) -> None:
    rows = _rows(county)
    assert [int(row["row"]) for row in rows] == list(range(1, ROWS + 1))
    assert len({row["case"] for row in rows}) == ROWS
    assert {row["stage"] for row in rows} == {"reported", "matched"}
    # A case that does not fit names its gaps and who should be asked instead.
    assert all(row["gaps"] and row["preferred"] for row in rows if row["stage"] == "matched")
    assert all(0 < int(row["repay_ppm"]) < 1_000_000 for row in rows)


def test_all_members_hold_the_same_chain(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--county", str(county), "--json"]) == 0
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(reports) == 12
    assert len({report["head"] for report in reports}) == 1


def _verify(
    capsys: pytest.CaptureFixture[str], file: Path, trust: Path
) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = run(["evidence", "verify", str(file), "--trust", str(trust), "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("stage", ["reported", "matched"])
def test_an_outsider_proves_a_case_and_runs_its_decision_again(
    county: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, stage: str
) -> None:
    case = next(row["case"] for row in _rows(county) if row["stage"] == stage)
    file = tmp_path / "case.car"
    assert run(["evidence", "export", case, "-o", str(file), "--county", str(county)]) == 0
    status, verdict = _verify(capsys, file, county / "members.json")
    assert status == 0
    assert verdict["status"] == "proven"
    claims = [(claim["claim"], claim["record"]) for claim in verdict["claims"]]
    assert claims == [
        ("admitted", "case.applied"),
        ("admitted", "case.schemed"),
        ("admitted", "case.judged"),
        ("admitted", f"case.{stage}"),
        ("decided", "case.schemed"),
        ("decided", "case.judged"),
        ("decided", f"case.{stage}"),
    ]


def test_a_redacted_file_proves_what_it_shows_and_claims_no_more(
    county: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    case = _rows(county)[0]["case"]
    file = tmp_path / "redacted.car"
    given = ["evidence", "export", case, "-o", str(file), "--county", str(county)]
    assert run([*given, "--redact", "profile", "--redact", "reasons"]) == 0
    status, verdict = _verify(capsys, file, county / "members.json")
    assert status == 0
    assert {claim["claim"] for claim in verdict["claims"]} == {"admitted"}
    # The sealed application is the only place where the features stand.
    assert b"features" not in file.read_bytes()


def test_another_countys_members_prove_nothing(
    county: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    case, file = _rows(county)[0]["case"], tmp_path / "case.car"
    assert run(["evidence", "export", case, "-o", str(file), "--county", str(county)]) == 0
    assert run(["county", "init", str(tmp_path / "other")]) == 0
    status, verdict = _verify(capsys, file, tmp_path / "other" / "members.json")
    assert status == 1
    assert verdict["status"] == "false"


def test_a_missing_column_refuses_the_file_and_loses_nothing(
    county: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("Status,Seniority\n1,9\n", encoding="utf-8")
    before = (county / "positions.csv").read_bytes()
    given = ["position", str(broken), "--mapping", str(GASTON), "--county", str(county)]
    assert run(given) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Cure:" in error
    assert (county / "positions.csv").read_bytes() == before
