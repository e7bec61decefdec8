"""The verbs of files on a real county folder, run as a person would run them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counties import found
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Invalid, NotFound, Unavailable
from tallystick.cli.main import run
from tallystick.cli.opening import RUN_FILE
from tallystick.county.house import open_house

Tally = Callable[..., Any]
HELLO = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found(tmp_path_factory.mktemp("store"), SystemClock(), catalogue=False)


@pytest.fixture
def tally(county: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return a function that runs a verb of `village` and returns the objects it told."""

    def call(*words: str, member: str = "village") -> Any:
        place = ("--json", "--county", str(county), "--member", member)
        status = run(["store", *words, *place])
        told = capsys.readouterr()
        assert (status, told.err) == (0, "")
        return [json.loads(line) for line in told.out.splitlines()]

    return call


@pytest.fixture
def refusal(county: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return a function that runs a verb of `village` to its error: exit status and line."""

    def call(*words: str) -> tuple[int, str]:
        status = run(["store", *words, "--county", str(county), "--member", "village"])
        told = capsys.readouterr()
        assert told.out == ""
        return status, told.err

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "songs"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "hello").write_bytes(b"hello world")
    (source / "large").write_bytes(os.urandom(3_000_000))
    (source / ".hidden").write_bytes(b"x")
    return source


def test_a_folder_goes_in_is_looked_at_and_comes_out(
    tally: Tally, folder: Path, tmp_path: Path
) -> None:
    (added,) = tally("add", str(folder))
    assert (added["name"], added["profile"], added["public"]) == ("songs", "unixfs-v1-2025", 0)
    cid = added["cid"]
    assert [row["name"] for row in tally("ls", cid)] == ["deep", "large"]
    assert tally("ls", f"{cid}/deep") == [{"name": "hello", "cid": HELLO}]
    (stat,) = tally("stat", f"/ipfs/{cid}/deep/hello")
    assert (stat["cid"], stat["kind"], stat["bytes"], stat["pinned"]) == (HELLO, "file", 11, 0)
    assert stat["profile"] == "unixfs-v1-2025"
    assert cid in {row["cid"] for row in tally("ls")}
    (got,) = tally("get", cid, str(tmp_path / "out"))
    assert got["bytes"] == 3_000_011
    assert (tmp_path / "out" / "large").read_bytes() == (folder / "large").read_bytes()
    assert not (tmp_path / "out" / ".hidden").exists()


def test_an_archive_carries_a_folder_to_another_member(
    tally: Tally, folder: Path, tmp_path: Path
) -> None:
    (added,) = tally("add", str(folder), "--profile", "unixfs-v0-2015", "--hidden")
    assert added["cid"].startswith("Qm")
    car = tmp_path / "songs.car"
    (out,) = tally("export", added["cid"], str(car))
    assert out["bytes"] == car.stat().st_size
    (came,) = tally("import", str(car), "--name", "theirs", "--public", member="insurer")
    assert (came["cid"], came["blocks"], came["public"]) == (added["cid"], added["blocks"], 1)
    tally("get", f"{came['cid']}/.hidden", str(tmp_path / "h"), member="insurer")
    assert (tmp_path / "h").read_bytes() == b"x"


def test_a_part_of_an_archive_is_kept_only_where_it_is_said_to_be_one(
    tally: Tally, refusal: Tally, tmp_path: Path
) -> None:
    source, car, part = (tmp_path / name for name in ("large", "large.car", "part.car"))
    source.write_bytes(os.urandom(2**20 + 5_000))
    (added,) = tally("add", str(source))
    tally("export", added["cid"], str(car))
    # Without its last section: the length in two bytes, the CID, the block.
    part.write_bytes(car.read_bytes()[: -(2 + 36 + 5_000)])
    status, line = refusal("import", str(part))
    assert (status, line.split(":")[0]) == (Invalid.exit_status, "car.missing")
    (came,) = tally("import", str(part), "--partial", member="insurer")
    assert (came["cid"], came["blocks"]) == (added["cid"], added["blocks"] - 1)


def test_what_is_unpinned_is_collected_and_a_pinned_part_stays(tally: Tally, folder: Path) -> None:
    (added,) = tally("add", str(folder), "--name", "mine")
    (part,) = tally("pin", f"{added['cid']}/deep", "--public")
    assert (part["public"], part["pinned"], part["profile"]) == (1, 1, "unixfs-v1-2025")
    (private,) = tally("pin", part["cid"], "--private")
    assert private["public"] == 0
    assert tally("unpin", added["cid"])[0]["pinned"] == 0
    assert tally("gc")[0]["blocks"] > 0
    assert tally("stat", f"{part['cid']}/hello")[0]["cid"] == HELLO
    assert tally("gc")[0]["blocks"] == 0


def test_what_another_public_root_holds_is_told_as_public_with_that_root(
    tally: Tally, county: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def withdraw(*words: str) -> tuple[int, dict[str, Any], str]:
        place = ("--json", "--county", str(county), "--member", "village", "--lang", "en")
        status = run(["store", *words, *place])
        told = capsys.readouterr()
        return status, json.loads(told.out), told.err

    (whole,) = tally("add", str(folder), "--public")
    (part,) = tally("pin", f"{whole['cid']}/deep", "--public")
    assert (part["public"], part["public_through"]) == (1, [whole["cid"]])
    status, found, said = withdraw("pin", part["cid"], "--private")
    assert (status, found["public"]) == (Conflict.exit_status, 1)
    assert said.startswith("store.still_public: ")
    assert whole["cid"] in said
    assert "tally store pin ROOT --private" in said
    assert tally("stat", part["cid"])[0]["public"] == 1
    # It has no mark that could be taken: that it is public still is told, and nothing is amiss.
    (unpinned,) = tally("unpin", part["cid"])
    assert (unpinned["pinned"], unpinned["public"]) == (0, 1)
    assert unpinned["public_through"] == [whole["cid"]]
    tally("pin", part["cid"], "--public")
    status, found, said = withdraw("unpin", part["cid"])
    assert (status, found["pinned"], found["public"]) == (Conflict.exit_status, 0, 1)
    assert whole["cid"] in said
    (none,) = tally("pin", whole["cid"], "--private")
    assert none["public"] == 0
    assert "public_through" not in none
    rows = {row["cid"]: row["public"] for row in tally("ls")}
    assert (rows[whole["cid"]], rows[part["cid"]]) == (0, 0)


def test_a_name_that_is_no_utf_8_is_refused_before_any_work(
    tally: Tally, refusal: Tally, folder: Path, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"n\xff")
    odd.write_bytes(os.urandom(40))
    (added,) = tally("add", str(odd), "--name", "named")
    assert added["name"] == "named"
    car = tmp_path / os.fsdecode(b"\xff.car")
    tally("export", added["cid"], str(car))
    used = tally("quota")[0]["used"]
    for words in (
        ("add", str(odd)),
        ("add", str(folder), "--name", "\udcff"),
        ("import", str(car)),
        ("import", str(tmp_path / "no-such"), "--name", "\udcff"),
        ("pin", added["cid"], "--name", "\udcff"),
    ):
        status, line = refusal(*words, "--lang", "en")
        assert (status, line.split(":")[0]) == (Invalid.exit_status, "cli.name"), words
        assert "--name" in line
    assert tally("quota")[0]["used"] == used
    assert tally("import", str(car), "--name", "again")[0]["cid"] == added["cid"]


def test_a_file_written_under_a_name_that_is_no_utf_8_is_told_as_json(
    county: Path, folder: Path, tmp_path: Path, capfdbinary: Any
) -> None:
    out = str(tmp_path / os.fsdecode(b"o\xff"))
    place = ("--json", "--county", str(county), "--member", "village")
    assert run(["store", "add", str(folder / "deep"), *place]) == 0
    cid = json.loads(capfdbinary.readouterr().out)["cid"]
    assert run(["store", "get", cid, out, *place]) == 0
    told = json.loads(capfdbinary.readouterr().out.decode("utf-8"))
    assert told["file"] == out
    assert Path(told["file"], "hello").read_bytes() == b"hello world"


def test_neither_an_empty_path_nor_a_folder_of_keys_is_put(
    county: Path, tally: Tally, refusal: Tally, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = tally("ls")
    (tmp_path / "here").write_bytes(b"not asked for")
    monkeypatch.chdir(tmp_path)
    for path in ("", str(county), str(county / "village"), str(county.parent)):
        status, line = refusal("add", path, "--hidden", "--public")
        assert (status, line.split(":")[0]) == (Invalid.exit_status, "cli.source"), path
    assert tally("ls") == before


def test_the_quota_is_shown_set_and_held(tally: Tally, refusal: Tally, folder: Path) -> None:
    (before,) = tally("quota")
    assert before["quota"] == 10 * 2**30
    (folder / "large").write_bytes(os.urandom(3_000_000))
    tally("quota", str(before["used"] + 1_000))
    try:
        status, line = refusal("add", str(folder / "large"))
        assert status == Unavailable.exit_status
        assert line.startswith("store.quota: ")
        assert tally("quota")[0]["used"] == before["used"]
    finally:
        tally("quota", str(before["quota"]))


def test_errors_are_one_line_with_a_code(refusal: Tally, tmp_path: Path) -> None:
    (tmp_path / "bad.car").write_bytes(b"\x0aabc")
    (tmp_path / "there").write_bytes(b"")
    never = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    for words, family, code in (
        (("add", str(tmp_path / "no-such")), NotFound, "cli.file"),
        (("import", str(tmp_path / "no-such")), NotFound, "cli.file"),
        (("import", str(tmp_path / "bad.car")), Invalid, "car.cut"),
        (("get", never, str(tmp_path / "out")), NotFound, "store.no_block"),
        (("get", never, str(tmp_path / "there")), Conflict, "store.exists"),
        (("stat", "nonsense"), Invalid, "unixfs.cid"),
        (("ls", "../etc"), Invalid, "unixfs.cid"),
        (("pin", never), NotFound, "store.no_root"),
        (("unpin", never), NotFound, "store.no_root"),
        (("pin", never, "--public", "--private"), Invalid, "cli.usage"),
    ):
        status, line = refusal(*words)
        assert line.startswith(f"{code}: "), words
        assert status == family.exit_status
        assert len(line.splitlines()) == 1


def test_a_folder_that_is_served_says_what_to_do(county: Path, refusal: Tally) -> None:
    with open_house(county, SystemClock()):
        status, line = refusal("ls")
        assert (status, line.split(":")[0]) == (Conflict.exit_status, "node.locked")
        run_file = county / RUN_FILE
        run_file.write_text(json.dumps({"address": "http://127.0.0.1:1", "pid": os.getpid()}))
        try:
            status, line = refusal("ls")
        finally:
            run_file.unlink()
    assert (status, line.split(":")[0]) == (Conflict.exit_status, "store.served")
    assert "End that server" in line


def test_results_are_told_to_people_too(
    county: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for lang in ("zh", "en"):
        words = ["store", "add", str(folder), "--county", str(county), "--member", "village"]
        assert run([*words, "--lang", lang]) == 0
        assert "songs" in capsys.readouterr().out
