"""The demonstration, as a newcomer runs it: one seed one chain, one flipped byte found twice."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tallystick.cli.main import run

PAST = 2_000
"""Applications enough for a model that holds."""
KEYS = {
    "cases",
    "offers",
    "refusals",
    "matches",
    "feedback",
    "height",
    "head",
    "members_verified",
    "tamper",
    "calibration",
    "targeting",
    "seconds",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A demonstration that was run.

    Attributes:
        folder: what it left behind.
        told: its last line.
        out: all that it wrote.
    """

    folder: Path
    told: dict[str, Any]
    out: str


def _demo(*more: str, past: int = 0) -> tuple[dict[str, Any], str]:
    size = ["--households", "30", "--months", "2", "--past", str(past)]
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        assert run(["demo", "--once", "--json", *size, *more]) == 0
    out = written.getvalue()
    return json.loads(out.splitlines()[-1]), out


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A county with a past, kept in a folder."""
    folder = tmp_path_factory.mktemp("demo") / "county"
    told, out = _demo("--seed", "a", "--dir", str(folder), "--lang", "en", past=PAST)
    return Shown(folder, told, out)


def test_one_seed_gives_one_chain_and_another_seed_another(shown: Shown) -> None:
    first = shown.told
    again, _ = _demo("--seed", "a", past=PAST)
    other, _ = _demo("--seed", "b")
    assert {**first, "seconds": 0} == {**again, "seconds": 0}
    assert first["head"] != other["head"]
    # Without a past nobody has learnt anything, so no model decides.
    assert first["calibration"].keys() == {"loans", "ece", "null95", "auc", "auc95"}
    assert other["calibration"] is None


def test_the_last_line_tells_what_happened_and_who_found_the_flipped_byte(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    told = shown.told
    assert told.keys() == KEYS
    assert told["cases"] == told["offers"] + told["matches"] > 0
    assert told["members_verified"] == 12
    assert told["tamper"]["member"] == "village"
    assert told["tamper"]["field"] in {"merkle_root", "state_root", "log_root"}
    assert told["tamper"]["found_by"] == ["village", "regulator"]
    assert "One case, step by step" in shown.out
    # What the demonstration leaves behind verifies from each member's own files.
    assert run(["verify", "--county", str(shown.folder), "--json"]) == 0
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(reports) == 12


def test_a_folder_in_use_is_refused_with_a_cure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert run(["demo", "--once", "--dir", str(tmp_path)]) == 5
    assert "county.exists" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"
