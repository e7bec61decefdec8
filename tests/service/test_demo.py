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


@pytest.mark.long
def test_one_seed_gives_one_chain_and_another_seed_another(shown: Shown) -> None:
    first = shown.told
    again, _ = _demo("--seed", "a", past=PAST)
    other, _ = _demo("--seed", "b")
    assert {**first, "seconds": 0} == {**again, "seconds": 0}
    assert first["head"] != other["head"]
    # Without a past nobody has learnt anything, so no model decides.
    assert first["calibration"].keys() == {"loans", "ece", "null95", "auc", "auc95"}
    assert other["calibration"] is None


@pytest.mark.long
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


@pytest.mark.long
def test_its_public_chain_is_read_checked_and_written_by_verbs(
    shown: Shown, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    county = str(shown.folder)

    def ask(*given: str, at: str = "") -> list[Any]:
        assert run([*given, "--county", f"{county}/{at}", "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    months = [each for each in ask("bulletin", "list") if each["state"] == "standing"]
    assert {each["member"] for each in months} == {"newspaper"}
    assert months
    (tmp_path / "zh.txt").write_text("明天休市。\n", encoding="utf-8")
    (tmp_path / "en.txt").write_text("No market tomorrow.\n", encoding="utf-8")
    files = ("--zh", str(tmp_path / "zh.txt"), "--en", str(tmp_path / "en.txt"))
    titles = ("--title-zh", "休市", "--title-en", "No market")
    (said,) = ask("bulletin", "publish", *titles, *files, "--member", "village")
    newest = ask("bulletin", "list")[0]
    assert (newest["record"], newest["member"]) == (said["record"], "village")
    assert newest["pub"]["text_en"] == "No market tomorrow."
    ask("bulletin", "withdraw", said["record"], "--member", "village")
    assert ask("bulletin", "list")[0]["state"] == "withdrawn"
    # Only where all chains are open can one be counted for another.
    tally = ("bulletin", "tally", "2026-01-01", "2026-01-31", "--member", "finance")
    assert run([*tally, "--county", county]) == 4
    assert "tally.elsewhere" in capsys.readouterr().err

    (row,) = ask("chain", "list", "--member", "village", at="public")[1:]
    assert row["kind"] == "county"
    assert row["anchors"][0]["height"] == shown.told["height"]
    assert run(["verify", "--county", f"{county}/public", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 7
    assert run(["chain", "anchor", county, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"anchors": 0}


def test_a_folder_in_use_is_refused_with_a_cure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert run(["demo", "--once", "--dir", str(tmp_path)]) == 5
    assert "county.exists" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"
