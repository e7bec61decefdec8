"""The case of the README runs as it stands there, from nothing but the repository."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest

from tallystick.cli.main import run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
def test_the_case_of_the_readme_runs_from_its_first_line_to_a_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## One case")[2]
    block = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    given = re.compile(r"^cat > (\S+) <<END\n(.*?)^END$", re.MULTILINE | re.DOTALL)
    for name, data in given.findall(block):
        Path(name).write_text(data, encoding="utf-8")
    verbs = [line for line in block.splitlines() if line.startswith("tally ")]
    assert len(verbs) == 5
    case = "CASE"
    for line in verbs:
        words = [case if word == "CASE" else word for word in shlex.split(line)[1:]]
        assert run(words) == 0, (line, capsys.readouterr().err)
        if words[0] == "position":
            with Path("county/positions.csv").open(encoding="utf-8", newline="") as file:
                case = next(csv.DictReader(file))["case"]
    assert "proven" in capsys.readouterr().out
