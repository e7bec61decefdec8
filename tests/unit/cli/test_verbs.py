"""The verbs on a real county folder, run as a person would run them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counties import CATALOGUE, FITTING, UNFITTING, found
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Corrupt, Denied, Invalid, NotFound, Unavailable
from tallystick.cli.main import run
from tallystick.cli.opening import RUN_FILE, read_address
from tallystick.county.house import open_house

Tally = Callable[..., Any]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found(tmp_path_factory.mktemp("cli"), SystemClock())


@pytest.fixture
def tally(county: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return a function that runs a verb and returns the objects it told."""

    def call(*words: str, where: Path = county) -> Any:
        status = run([*words, "--json", "--county", str(where)])
        told = capsys.readouterr()
        assert (status, told.err) == (0, "")
        rows = [json.loads(line) for line in told.out.splitlines()]
        return rows[0] if len(rows) == 1 else rows

    return call


@pytest.fixture
def refusal(county: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return a function that runs a verb to its error; it returns exit status and line."""

    def call(*words: str, where: Path = county) -> tuple[int, str]:
        status = run([*words, "--county", str(where)])
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
        return status, told.err

    return call


def write(path: Path, tree: object) -> str:
    path.write_text(json.dumps(tree), encoding="utf-8")
    return str(path)


def intake(tally: Tally) -> tuple[str, str]:
    party = tally("party", "add", "name=x", "phone=0", "--member", "credit-union")["party"]
    words = ("--party", party, "--witness", "village", "--member", "credit-union")
    return party, tally("mandate", "add", *words)["mandate"]


def test_a_case_goes_its_way_by_the_command_line(tally: Tally, tmp_path: Path) -> None:
    party, mandate = intake(tally)
    whole = {"application": FITTING, "party": party, "mandate": mandate, "defaults": []}
    at = ("--member", "credit-union")
    fit = tally("case", "open", "--file", write(tmp_path / "a.json", whole), *at)
    assert fit["stage"] == "reported"
    own = ("--party", party, "--mandate", mandate)
    bare = write(tmp_path / "b.json", UNFITTING)
    misfit = tally("case", "open", "amount_minor=70000000", "--file", bare, *own, *at)
    assert misfit["stage"] == "matched"
    asked = tally("case", "show", misfit["case"], *at)["application"]["application"]["demand"]
    assert asked["amount_minor"] == 70_000_000

    assert tally("case", "approve", fit["case"], "--key", "k", *at) == tally(
        "case", "approve", fit["case"], "--key", "k", *at
    )
    tally("case", "answer", fit["case"], "--accept", *at)
    tally("case", "receive", fit["case"], "--amount-minor", "3000000", *at)
    tally("case", "refuse", misfit["case"], "--code", "no_means", "--words", "w", *at)
    taken = tally("appeal", "open", misfit["case"], "--code", "why", "--member", "village")
    tally("appeal", "settle", taken["appeal"], "--outcome", "upheld", *at)
    assert tally("appeal", "list", "--case", misfit["case"])["settled_by"] == "credit-union"
    tally("case", "close", misfit["case"], "--code", "done", *at)
    stages = {row["case"]: row["stage"] for row in tally("case", "list", "--limit", "1000")}
    assert (stages[fit["case"]], stages[misfit["case"]]) == ("reported", "closed")


@pytest.mark.long
def test_what_is_overridden_and_handed_over_stands_in_the_list(tally: Tally) -> None:
    party, mandate = intake(tally)
    own = ("--party", party, "--mandate", mandate, "--member", "credit-union")
    words = ("kind=borrow", "amount_minor=90000000", "purpose=house", "as_of_month=2026-03")
    case = tally("case", "open", *words, "terms_asked.term_months=12", *own)["case"]
    reason = ("--code", "known", "--outcome", "village_line", "--file", "visited")
    tally("case", "override", case, *reason, "--member", "credit-union")
    moved = tally("case", "hand-over", case, "--to", "postal-bank", "--member", "credit-union")
    assert moved["owner"] == "postal-bank"
    assert case in {row["case"] for row in _rows(tally("case", "list", "--owner", "postal-bank"))}
    tally("mandate", "end", mandate, "--member", "credit-union")


def _rows(told: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = told if isinstance(told, list) else [told]  # type: ignore[list-item]
    assert all(isinstance(row, dict) for row in rows)
    return rows


def test_a_grant_is_given_and_ended_and_a_party_erased(tally: Tally) -> None:
    party, _ = intake(tally)
    at = ("--member", "credit-union")
    words = ("--party", party, "--recipient", "postal-bank", "--class", "income")
    grant = tally("grant", "give", *words, "--purpose", "credit", *at)["grant"]
    assert tally("grant", "end", grant, *at)["ended"] == 1
    assert tally("party", "send", *at)["sent"] >= 1
    assert tally("party", "show", party, *at)["identity"]["identity"]["name"] == "x"
    assert tally("party", "show", party, "--receipts", *at)
    assert tally("party", "erase", party, "--yes", *at)["objects_closed"] > 0


def test_the_catalogue_and_the_charter_are_told(tally: Tally, tmp_path: Path) -> None:
    assert len(tally("product", "list")) == 12
    providers = tally("provider", "list")
    entry = {**providers[0]["entry"], "provider": "new_one"}
    added = tally("provider", "add", write(tmp_path / "p.json", entry), "--member", "postal-bank")
    assert added["provider"] == "new_one"
    assert tally("feedback", "due", "--member", "village") == []
    shown = tally("county", "show")
    assert shown[0]["member"] == "finance"
    assert {row["alarm"] for row in shown} == {""}


def test_a_catalogue_is_published_from_its_file(tally: Tally, tmp_path: Path) -> None:
    bare = found(tmp_path, SystemClock(), catalogue=False)
    told = tally("product", "add", str(CATALOGUE), "--member", "finance", where=bare)
    assert (told["products"], told["providers"]) == (12, 11)


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("case", "show", "0" * 32, "--member", "village"), NotFound, "case.unknown"),
        (("case", "show", "x", "--member", "village"), Invalid, "api.body"),
        (("case", "show", "0" * 32), Invalid, "cli.member"),
        (("case", "list", "--member", "nobody"), NotFound, "member.unknown"),
        (("case", "open", "--member", "village", "nonsense"), Invalid, "cli.word"),
        (("case", "open", "--member", "village", "crops=x"), Invalid, "cli.leaf"),
        (("case", "open", "--member", "village", "persons=many"), Invalid, "cli.leaf"),
        (("case", "open", "--file", "no-such.json"), NotFound, "cli.file"),
        (("feedback", "give", "0" * 32, "--felt", "9"), Invalid, "cli.usage"),
        (("case", "list", "--bogus"), Invalid, "cli.usage"),
        (("no-such-verb",), Invalid, "cli.usage"),
        (("repair", "--member", "nobody"), NotFound, "member.unknown"),
        (("serve", "--host", "203.0.113.7"), Unavailable, "serve.address"),
    ],
)
def test_an_error_is_one_line_with_its_family_s_status(
    refusal: Tally, words: tuple[str, ...], status: type[NotFound], code: str
) -> None:
    found_status, line = refusal(*words)
    assert line.startswith(f"{code}: ")
    assert found_status == status.exit_status


def test_a_folder_that_is_no_county_says_so(refusal: Tally, tmp_path: Path) -> None:
    status, line = refusal("case", "list", where=tmp_path)
    assert status == Invalid.exit_status
    assert line.startswith("county.missing: ")


def test_a_county_is_founded_once(tally: Tally, refusal: Tally, tmp_path: Path) -> None:
    home = tmp_path / "new"
    assert tally("county", "init", str(home), "--name", "north")["county"] == "north"
    assert (home / "token").stat().st_mode & 0o777 == 0o600
    status, line = refusal("county", "init", str(home))
    assert status == Conflict.exit_status
    assert line.startswith("county.exists: ")


def test_a_seeded_county_is_never_served_beyond_this_machine(
    refusal: Tally, tmp_path: Path
) -> None:
    seeded = found(tmp_path, SystemClock(), seed="demo", catalogue=False)
    status, line = refusal("serve", "--host", "0.0.0.0", where=seeded)
    assert status == Denied.exit_status
    assert line.startswith("api.seeded: ")


def test_a_folder_held_by_a_process_that_serves_nobody_is_refused(
    refusal: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.cli.opening.LOCK_WAIT_S", 0)
    county = found(tmp_path, SystemClock(), catalogue=False)
    with open_house(county, SystemClock()):
        for words in (("case", "list"), ("repair", "--member", "village")):
            status, line = refusal(*words, where=county)
            assert status == Conflict.exit_status
            assert line.startswith("node.locked: ")


def test_an_archive_is_taken_into_a_members_folder_at_rest_alone(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, ahead = (shutil.copytree(county, tmp_path / name) for name in ("here", "ahead"))
    with open_house(ahead, SystemClock()) as house:
        house.office("newspaper").publish_news("rain")
        house.spread()
    archive, home = tmp_path / "ahead.car", here / "village"
    assert run(["chain", "export", str(archive), "--county", str(ahead)]) == 0
    taking = ["chain", "import", str(archive), "--json", "--to"]
    capsys.readouterr()
    with open_house(here, SystemClock()) as house:
        height = house.node("village").replica.tip.height
        assert run([*taking, str(home)]) == Conflict.exit_status
        assert capsys.readouterr().err.startswith("node.locked: ")
        # Keys that were lost meanwhile make it no folder of nobody's.
        (home / "member.key").rename(tmp_path / "member.key")
        assert run([*taking, str(home)]) == Conflict.exit_status
        (tmp_path / "member.key").rename(home / "member.key")
        house.office("newspaper").publish_news("sun")
        house.spread()
        assert house.node("village").replica.tip.height == height + 1
    capsys.readouterr()

    # At rest it is taken in, and what is no member's gets no lock.
    other = shutil.copytree(county, tmp_path / "other") / "village"
    for folder, added in ((other, 1), (tmp_path / "plain", height + 1)):
        assert run([*taking, str(folder)]) == 0
        assert json.loads(capsys.readouterr().out)["added"] == added
    assert "lock" not in {each.name for each in (tmp_path / "plain").iterdir()}


def test_an_address_left_by_a_dead_process_is_no_address(tmp_path: Path) -> None:
    assert read_address(tmp_path) == ""
    for left in ('{"address": "http://127.0.0.1:1", "pid": 4194305}', "{", "[]", '{"pid": "x"}'):
        (tmp_path / RUN_FILE).write_text(left, encoding="utf-8")
        assert read_address(tmp_path) == ""


def test_a_changed_byte_is_named_by_verify_and_mended_by_repair(
    tally: Tally, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county = found(tmp_path, SystemClock())
    tally("party", "add", "name=x", "--member", "village", where=county)
    assert all(row["sound"] for row in tally("verify", where=county))
    path = county / "village" / "ledger.db"
    with sqlite3.connect(path) as database:
        (body,) = database.execute("SELECT body FROM block WHERE height = 1").fetchone()
        flipped = bytearray(body)
        flipped[len(flipped) // 2] ^= 1
        database.execute("UPDATE block SET body = ? WHERE height = 1", (bytes(flipped),))
    database.close()

    assert run(["verify", "--json", "--county", str(county)]) == Corrupt.exit_status
    told = capsys.readouterr()
    assert told.err.startswith("ledger.unsound: 1 of 12 ")
    assert "village" in told.err
    rows = [json.loads(line) for line in told.out.splitlines()]
    faulty = [row for row in rows if not row["sound"]]
    assert [row["member"] for row in faulty] == ["village"]
    assert any(each["height"] == 1 for each in faulty[0]["findings"])

    repaired = tally("repair", "--member", "village", where=county)
    assert repaired["fetched"] == [1]
    assert all(row["sound"] for row in tally("verify", where=county))
    views = [tally("rebuild", "--member", name, where=county) for name in ("village", "insurer")]
    assert views[0]["tables"] == views[1]["tables"]


def test_a_chain_that_lost_its_end_is_named(
    tally: Tally, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county = found(tmp_path, SystemClock())
    early = (county / "insurer" / "ledger.db").read_bytes()
    party = tally("party", "add", "name=x", "--member", "village", where=county)["party"]
    words = ("--party", party, "--witness", "finance", "--member", "village", "--witnessed")
    tally("mandate", "add", *words, where=county)
    for suffix in ("-wal", "-shm"):
        (county / "insurer" / f"ledger.db{suffix}").unlink(missing_ok=True)
    (county / "insurer" / "ledger.db").write_bytes(early)
    assert run(["verify", "--member", "insurer", "--county", str(county)]) == Corrupt.exit_status
    assert "the chain ends early" in capsys.readouterr().out
