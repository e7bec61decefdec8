"""A case's evidence is exported where its county is: at rest, served, packed for a machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from counties import CATALOGUE, FITTING, open_town, take_in
from machines import found_apart
from tallystick.base.clock import SystemClock
from tallystick.cli.main import run
from tallystick.county.house import open_house
from tallystick.county.packing import pack_member
from tallystick.services.positioning.catalogue import catalogue_from_toml

BANK, ELSEWHERE = "credit-union", "newspaper"
TALLY = (sys.executable, "-m", "tallystick.cli")


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """A county of four with a case of the bank's, closed."""
    found = found_apart(tmp_path)
    with open_town(found, SystemClock()) as town:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        town.house.node("finance").positions.publish_catalogue(tree)
        (row,) = take_in(town[BANK], FITTING)
        town.house.spread()
    (tmp_path / "case").write_text(row["case"], encoding="ascii")
    return found


@contextmanager
def served(county: Path) -> Iterator[None]:
    words = [*TALLY, "serve", str(county), "--port", "0", "--json", "--api-only", "--until-eof"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        server.stdout.readline()
        yield
        server.stdin.close()
        assert server.wait(timeout=60) == 0


def export(county: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    """Export the case and return the claims that an outsider finds proven."""
    case = (county.parent / "case").read_text(encoding="ascii")
    file = county.parent / f"{county.name}.car"
    file.unlink(missing_ok=True)
    assert run(["evidence", "export", case, "-o", str(file), "--county", str(county), *more]) == 0
    trust = str(county.parent / "county" / "members.json")
    capsys.readouterr()
    assert run(["evidence", "verify", str(file), "--trust", trust, "--json"]) == 0
    claims: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["claims"]
    assert {each["status"] for each in claims} == {"proven"}
    return claims


def count_receipts(county: Path) -> int:
    """Return how often the bank opened what is sealed of the case for evidence."""
    case = bytes.fromhex((county.parent / "case").read_text(encoding="ascii"))
    with open_house(county, SystemClock()) as house:
        found = house.node(BANK).desk.receipts.of(case)
    return sum(each["purpose"] == "evidence" for each in found)


def test_it_is_exported_while_the_county_is_served_with_the_same_receipts(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at_rest = export(county, capsys)
    assert "decided" in {each["claim"] for each in at_rest}
    opened = count_receipts(county)
    assert opened > 0
    with served(county):
        assert export(county, capsys) == at_rest
        # Who took no part opens nothing, served or not: it proves what is admitted, no more.
        claims = export(county, capsys, "--member", ELSEWHERE)
        assert {each["claim"] for each in claims} == {"admitted"}
    assert count_receipts(county) == 2 * opened


def test_it_is_exported_where_only_one_member_is_here(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack_member(county, BANK, tmp_path / "bank")
    pack_member(county, ELSEWHERE, tmp_path / "paper")
    assert "decided" in {each["claim"] for each in export(tmp_path / "bank", capsys)}
    # The bank that took the case in is on another machine: who is here tells what it can.
    claims = export(tmp_path / "paper", capsys, "--redact", "profile")
    assert {each["claim"] for each in claims} == {"admitted"}


def test_an_unknown_case_is_told_and_writes_nothing(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["-o", str(tmp_path / "x.car"), "--county", str(county)]
    assert run(["evidence", "export", "0" * 32, *given]) == 4
    assert capsys.readouterr().err.startswith("case.unknown: ")
    assert not (tmp_path / "x.car").exists()
