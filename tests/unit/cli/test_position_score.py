"""`tally position --score`: figures for programs and people, and files without labels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallystick.cli.main import run
from tallystick.cli.position_score import tell_share
from tallystick.services.positioning.share import Share

MAPPING = Path(__file__).resolve().parents[3] / "examples" / "mappings" / "county_cases.toml"
FIGURES = ("fit", "gaps_recall", "gaps_precision", "expertise", "ends")
CASE: dict[str, Any] = {
    "kind": "borrow",
    "as_of": "2026-04",
    "profile": {
        "category": "ordinary",
        "age_years": 41,
        "persons": 4,
        "workers": 2,
        "able_to_work": True,
        "village": "V03",
        "wage_yuan_month": 4_800,
        "wage_months": 12,
        "credit_record": "good",
    },
    "demand": {
        "purpose_code": "seed",
        "amount_yuan": 30_000,
        "terms_asked": {"term_months": 12},
    },
}
EXPECTED = {
    "fits": True,
    "scheme": "village_line",
    "gaps": [],
    "gaps_ok": [],
    "preferred_expertise": "village_line",
}

Score = Callable[..., tuple[int, str, str]]


@pytest.fixture
def score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Score:
    """Return a function that scores rows: exit status, standard output and error."""

    def call(
        rows: list[dict[str, Any]], *words: str, mapping: str = "", lang: str = "en"
    ) -> tuple[int, str, str]:
        file, meaning = tmp_path / "cases.jsonl", tmp_path / "m.toml"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        meaning.write_text(mapping or MAPPING.read_text(encoding="utf-8"), encoding="utf-8")
        given = ["--lang", lang, "position", str(file), "--mapping", str(meaning), "--score"]
        status = run([*given, "--county", str(tmp_path / "county"), *words])
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


def row(key: str, **changes: Any) -> dict[str, Any]:
    parts = {"also_accept": changes.pop("also_accept", []), "debatable": "also_accept" in changes}
    parts["debatable"] = bool(parts["also_accept"])
    return {"id": key, **CASE, **parts, "expected": {**EXPECTED, **changes}}


def test_the_hand_judged_cases_are_scored_by_one_command(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = shared / "data" / "county_cases" / "cases.jsonl"
    given = ["position", str(file), "--mapping", str(MAPPING), "--score", "--json"]
    assert run([*given, "--county", str(tmp_path / "county")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["n"], told["cases"]) == (54, 60)
    for name in FIGURES:
        share, inside = told[name], told["score"][name]
        assert share == round(inside["hits"] / inside["count"], 4)
        assert 0 <= inside["low"] <= share <= inside["high"] <= 1
    assert min(told["fit"], told["ends"], told["expertise"]) >= 0.85
    assert told["score"]["ends_misfits"]["count"] == 27
    assert told["score"]["disputed_fit"]["count"] == 6


def test_what_differs_is_told_case_by_case_in_both_languages(score: Score) -> None:
    rows = [row("same"), row("odd", fits=False, scheme="aid", gaps=["own_share"])]
    status, told, _ = score(rows)
    assert status == 0
    assert "2 undisputed cases" in told
    assert re.search(r"^ 50\.0 % \(  9\.5- 90\.5\) +1/2 .*\(fit\)$", told, re.MULTILINE)
    differing = told.partition("Cases that differ: 1\n")[2]
    assert differing.startswith("  odd  judged fits, expected does not fit; ends at ")
    assert "gaps not named: own_share" in differing
    assert "same" not in differing
    status, told, _ = score(rows, lang="zh")
    assert "\u4e0d\u4e00\u81f4\u7684\u6848\u4ef6\uff1a1" in told
    assert "undisputed" not in told


def test_shares_of_nothing_are_null_and_disputed_cases_stand_apart(score: Score) -> None:
    disputed = row("d", fits=False, also_accept=[{"fits": True, "scheme": "village_line"}])
    _, out, _ = score([row("a"), disputed], "--json")
    told = json.loads(out)
    assert (told["n"], told["fit"], told["gaps_recall"]) == (1, 1.0, None)
    assert told["score"]["disputed_fit"]["hits"] == 1
    assert "differing" in told


def test_a_row_without_a_label_is_positioned_and_not_scored(score: Score) -> None:
    bare = {name: part for name, part in row("b").items() if name != "expected"}
    _, out, _ = score([row("a"), bare], "--json")
    told = json.loads(out)
    assert (told["cases"], told["n"]) == (2, 1)


@pytest.mark.parametrize(
    ("rows", "mapping", "code"),
    [
        ([row("a")], "without", "score.no_expected"),
        ([{**row("a"), "expected": None}], "", "score.no_expected"),
        ([row("a", fits="yes")], "", "score.label"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused_before_anything_is_recorded(
    score: Score, tmp_path: Path, rows: list[dict[str, Any]], mapping: str, code: str
) -> None:
    text = MAPPING.read_text(encoding="utf-8")
    without = re.sub(r"\[expected\]\nkeep = .*\n", "", text)
    assert without != text
    status, out, err = score(rows, mapping=without if mapping else "")
    assert (status, out) == (2, "")
    assert err.startswith(f"{code}: ")
    assert "Cure: " in err
    assert not (tmp_path / "county").exists()


def test_a_share_stands_in_columns() -> None:
    assert tell_share(Share(51, 54)) == " 94.4 % ( 84.9- 98.1)     51/54"
    assert tell_share(Share(54, 54)).startswith("100.0 % ")
    assert len({len(tell_share(Share(hits, 54))) for hits in range(55)}) == 1
    assert tell_share(Share(0, 0)).split() == ["-", "0/0"]
