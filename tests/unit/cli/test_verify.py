"""Chains go out, come in and are verified: whole, since a checkpoint, by record, by archive."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, found, open_town, take_in
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Corrupt, Invalid, NotFound, Unavailable
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.charter import CHARTER
from tallystick.cli.main import run

BANK = "credit-union"
SINGLE_FILE = Path(__file__).resolve().parents[3] / "docs" / "spec" / "verify.py"
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
    assert run(["verify", "--since", str(note), *at]) == 0
    begun = f"run from block {told['height'] + 1} on"
    assert all(line.endswith(f"\t{begun}") for line in capsys.readouterr().out.splitlines())
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


@pytest.fixture(scope="module")
def renewed(built: Case, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The county with renewed keys, and the height whose block changed the list."""
    county = Path(shutil.copytree(built[0], tmp_path_factory.mktemp("renewed") / "county"))
    with open_town(county, SystemClock()) as town:
        change = town["village"].propose_renewal(["note"])["change"]
        names = [each.name for each in town.house.county.members if each.name != "village"]
        for name in names[:8]:
            town[name].vote_change(change, yes=True)
        town.house.spread()
    # Opened again, the village goes on by its new keys.
    with open_town(county, SystemClock()) as town:
        take_in(town[BANK], FITTING)
        town.house.spread()
    with sqlite3.connect(county / "finance" / "ledger.db") as plain:
        ((height,),) = plain.execute("SELECT height FROM roster WHERE height > 0").fetchall()
    plain.close()
    return county, height


def test_what_is_kept_leads_from_the_founding_list_to_the_newest_checkpoint(
    renewed: tuple[Path, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county, kept, car = (
        Path(shutil.copytree(renewed[0], tmp_path / "county")),
        tmp_path / "k",
        tmp_path / "c.car",
    )
    at, trust = ("--county", str(county)), str(county / "members.json")
    with sqlite3.connect(county / "finance" / "ledger.db") as plain:
        # The first copy lacks names, another has them.
        plain.execute("DELETE FROM cosignature WHERE height = ?", (renewed[1],))
    plain.close()
    *_, told = tell(capsys, "verify", "--keep", str(kept), *at)
    assert told["notes"] == [str(kept / f"{renewed[1]}.note"), told["file"]]
    tell(capsys, "chain", "export", str(car), *at)
    for notes in (told["notes"], told["notes"][::-1]):
        command = [sys.executable, str(SINGLE_FILE), str(car), "--pin", trust, "--note", *notes]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (said.returncode, ", 2 notes" in said.stdout) == (0, True), said
    # What is there is another's to trust, and stays.
    place = kept / f"{renewed[1]}.note"
    place.write_bytes(b"kept")
    tell(capsys, "verify", "--keep", str(kept), *at)
    assert place.read_bytes() == b"kept"


def test_a_change_of_members_that_too_few_signed_is_told_and_not_written(
    renewed: tuple[Path, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county, kept = Path(shutil.copytree(renewed[0], tmp_path / "county")), tmp_path / "kept"
    for path in county.glob("*/ledger.db"):
        with sqlite3.connect(path) as plain:
            plain.execute(
                "DELETE FROM cosignature WHERE height = ? AND member > 'e'", (renewed[1],)
            )
        plain.close()
    capsys.readouterr()
    status = run(["verify", "--keep", str(kept), "--county", str(county), "--json"])
    told = capsys.readouterr()
    assert (status, told.err.split(":")[0]) == (NotFound.exit_status, "verify.no_handover")
    assert f"height {renewed[1]}" in told.err
    newest = json.loads(told.out.splitlines()[-1])
    assert newest["notes"] == [newest["file"]]
    assert sorted(each.suffix for each in kept.iterdir()) == [".note", ".state"]


def test_an_archive_is_held_against_a_checkpoint_that_was_kept(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, kept, car = ("--county", str(county)), tmp_path / "kept", str(tmp_path / "c.car")
    *_, told = tell(capsys, "verify", "--keep", str(kept), *at)
    with open_town(county, SystemClock()) as town:
        take_in(town[BANK], FITTING)
        town.house.spread()
    tell(capsys, "chain", "export", car, *at)
    given = ("verify", "--car", car, "--trust", str(county / "members.json"), "--since")
    (row,) = tell(capsys, *given, told["file"])
    assert (row["checkpoint"], len(row["signers"])) == (told["height"], 12)
    assert row["height"] > told["height"]
    note = Path(told["file"])
    head, _, lines = note.read_bytes().partition(b"\n\n")
    for name, data, status in (
        ("few", head + b"\n\n" + b"".join(lines.splitlines(keepends=True)[:8]), 5),
        ("other", note.read_bytes().replace(b"height ", b"height 9", 1), 5),
        ("none", b"no note", 2),
    ):
        (tmp_path / name).write_bytes(data)
        tell(capsys, *given, str(tmp_path / name), status=status)
    tell(capsys, *given, str(tmp_path / "gone"), status=2)


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


def test_a_record_behind_a_change_of_the_members_is_proven_from_the_founding_list(
    built: Case, renewed: tuple[Path, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county, out = Path(shutil.copytree(renewed[0], tmp_path / "county")), tmp_path / "r.car"
    at = ("--county", str(county), "--member", "finance")
    with open_town(county, SystemClock()) as town:
        case = town[BANK].list_cases()[-1]["case"]
        late = town[BANK].show_case(case)["records"][0]["id"]
    for record in (built[1], late):
        (row,) = tell(capsys, "verify", "--record", record, "--out", str(out), *at)
        assert row["status"] == "proven"
        pin = Pin.read((county / "members.json").read_bytes())
        assert verify_evidence(out.read_bytes(), pin, CHARTER).status == "proven"
    with sqlite3.connect(county / "finance" / "ledger.db") as plain:
        plain.execute("DELETE FROM cosignature WHERE height = ?", (renewed[1],))
    plain.close()
    told = tell(capsys, "verify", "--record", late, *at, status=Unavailable.exit_status)
    assert told == []


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


def test_a_long_value_is_cut_in_a_line_and_whole_for_programs(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--county", str(county))
    with sqlite3.connect(county / "village" / "ledger.db") as plain:
        plain.execute("UPDATE pair SET value = zeroblob(5000) WHERE position = 3")
    plain.close()
    (row,) = [row for row in tell(capsys, "verify", *at, status=7) if not row["sound"]]
    assert max(len(str(each["got"])) for each in row["findings"]) > 5_000
    assert run(["verify", *at]) == Corrupt.exit_status
    assert max(map(len, capsys.readouterr().out.splitlines())) < 600


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
    assert run(["verify", *at]) == 0
    told = {line.split("\t")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert told[BANK].endswith("\tno block was run again, what is held was checked")
    assert told["village"].endswith(rows["village"]["head"])
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
