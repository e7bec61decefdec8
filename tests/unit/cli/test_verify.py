"""Chains go out, come in and are verified: whole, since a checkpoint, by record, by archive."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, found, open_town, take_in
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Corrupt, Invalid, NotFound
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.charter import CHARTER
from tallystick.cli.main import run

BANK = "credit-union"
Case = tuple[Path, str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A county with one case, witnessed by all."""
    county = found(tmp_path_factory.mktemp("verify"), SystemClock())
    with open_town(county, SystemClock()) as town:
        (case,) = take_in(town[BANK], FITTING)
        town.house.spread()
    return county, case["case"]


@pytest.fixture
def county(built: Case, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built[0], tmp_path / "county"))


def tell(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run([*words, "--json"]) == status, capsys.readouterr().err
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_chain_goes_out_is_verified_and_comes_in(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, car = ("--county", str(county)), str(tmp_path / "c.car")
    (out,) = tell(capsys, "chain", "export", car, *at)
    assert (out["member"], out["bytes"]) == ("finance", Path(car).stat().st_size)
    trust = ("--trust", str(county / "members.json"))
    (row,) = tell(capsys, "verify", "--car", car, *trust)
    assert (row["sound"], row["height"], row["from"]) == (1, out["height"], 1)
    copy = str(tmp_path / "copy")
    (taken,) = tell(capsys, "chain", "import", car, "--to", copy, *trust)
    assert (taken["added"], taken["head"]) == (out["height"], row["head"])
    part = str(tmp_path / "part.car")
    tell(capsys, "chain", "export", part, "--from", "2", "--member", "village", *at)
    assert tell(capsys, "chain", "import", part, "--to", copy)[0]["added"] == 0
    tell(capsys, "chain", "import", part, "--to", copy + "2", status=Conflict.exit_status)
    tell(capsys, "verify", "--car", part, status=Conflict.exit_status)


def test_an_archive_that_is_none_or_not_there_is_told(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    no = str(county / "members.json")
    tell(capsys, "verify", "--car", no, status=Invalid.exit_status)
    tell(capsys, "verify", "--car", str(tmp_path / "x"), status=Invalid.exit_status)
    tell(capsys, "verify", "--car", no, "--trust", str(tmp_path / "x"), status=Invalid.exit_status)
    tell(capsys, "verify", "--car", no, "--record", "00", status=Invalid.exit_status)


def test_what_is_new_since_a_kept_checkpoint_is_verified_alone(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, kept = ("--county", str(county)), tmp_path / "kept"
    *rows, told = tell(capsys, "verify", "--keep", str(kept), *at)
    assert {row["from"] for row in rows} == {1}
    assert {row["file"] for row in rows} >= {"village/ledger.db"}
    note = Path(told["file"])
    assert sorted(each.name for each in kept.iterdir()) == [note.name, f"{note.stem}.state"]
    with open_town(county, SystemClock()) as town:
        take_in(town[BANK], FITTING)
        town.house.spread()
    *rows, later = tell(capsys, "verify", "--since", str(note), "--keep", str(kept), *at)
    assert {row["from"] for row in rows} == {told["height"] + 1}
    assert later["height"] > told["height"]
    assert all(row["sound"] for row in rows)
    whole = tell(capsys, "verify", *at)
    assert [row["head"] for row in rows] == [row["head"] for row in whole]

    with sqlite3.connect(county / "village" / "ledger.db") as plain:
        plain.execute("UPDATE block SET tally = zeroblob(32) WHERE height = ?", (later["height"],))
    plain.close()
    rows = tell(capsys, "verify", "--since", str(note), *at, status=Corrupt.exit_status)
    (faulty,) = [row for row in rows if not row["sound"]]
    assert (faulty["member"], faulty["findings"][0]["field"]) == ("village", "tally")
    (kept / f"{note.stem}.state").unlink()
    tell(capsys, "verify", "--since", str(note), *at, status=NotFound.exit_status)


def test_one_record_is_proven_and_its_proof_written_out(
    built: Case, county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, out = ("--county", str(county)), tmp_path / "r.car"
    (row,) = tell(capsys, "verify", "--record", built[1], "--out", str(out), *at)
    assert (row["record"], row["status"], row["member"]) == ("case.applied", "proven", BANK)
    assert len(row["signers"]) == 12
    pin = Pin.read((county / "members.json").read_bytes())
    assert verify_evidence(out.read_bytes(), pin, CHARTER).status == "proven"
    (again,) = tell(capsys, "verify", "--record", built[1], "--member", "village", *at)
    assert (again["height"], again["file"]) == (row["height"], "")
    tell(capsys, "verify", "--record", "00" * 16, *at, status=NotFound.exit_status)


@pytest.mark.parametrize(("language", "word"), [("zh", "高度"), ("en", "height")])
def test_results_are_told_in_words_of_both_languages(
    county: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    word: str,
) -> None:
    out = str(tmp_path / "c.car")
    assert run(["chain", "export", out, "--county", str(county), "--lang", language]) == 0
    assert word in capsys.readouterr().out
    assert run(["verify", "--since", "no.note", "--county", str(county), "--lang", language]) == 4
    assert ("怎么办" in capsys.readouterr().err) == (language == "zh")


def test_old_bodies_go_into_an_archive_and_what_is_asked_for_comes_from_others(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, car = ("--county", str(county)), str(tmp_path / "old.car")
    prune = ("chain", "prune", car, "--member", BANK, *at)
    (out,) = tell(capsys, *prune, "--to-height", "2")
    assert (out["from"], out["height"], out["bodies"]) == (1, 2, 2)
    rows = {row["member"]: row for row in tell(capsys, "verify", *at)}
    assert all(row["sound"] for row in rows.values())
    assert rows[BANK]["from"] == rows[BANK]["height"] + 1
    with open_town(county, SystemClock()) as town:
        node = town.house.node(BANK)
        before = node.views.rows("record", {})
        node.rebuild()
        assert node.views.rows("record", {}) == before
    (back,) = tell(capsys, "chain", "import", car, "--to", str(county / BANK))
    assert (back["filled"], back["added"]) == (2, 0)
    assert {row["from"] for row in tell(capsys, "verify", *at)} == {1}


def test_pruning_says_what_is_wrong_and_takes_nothing(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, car = ("--member", BANK, "--county", str(county)), str(tmp_path / "old.car")
    for words, code in (
        ((), "archive.span"),
        (("--keep-days", "3", "--to-height", "1"), "archive.span"),
        (("--keep-days", "3000"), "archive.first"),
        (("--to-height", "100000"), "archive.first"),
    ):
        capsys.readouterr()
        assert run(["chain", "prune", car, *words, *at, "--json"]) == 2
        assert code in capsys.readouterr().err
    Path(car).write_bytes(b"")
    assert run(["chain", "prune", car, "--to-height", "1", *at]) == 5
    assert "archive.exists" in capsys.readouterr().err
    assert tell(capsys, "verify", *at)[0]["from"] == 1
