"""`tally member`, `tally county found` and what `tally serve --alone` refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from links import free_ports
from machines import NAMES, found_apart
from tallystick.charter import ROLES
from tallystick.cli.main import run
from tallystick.county.single import find_single, read_own_place


@pytest.fixture
def tally(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def call(*words: str, status: int = 0) -> Any:
        assert run(["--lang", "en", *words]) == status
        told = capsys.readouterr()
        return [json.loads(line) for line in told.out.splitlines()] or told.err

    return call


def test_a_county_is_founded_over_three_folders_by_its_verbs(
    tmp_path: Path, tally: Callable[..., Any]
) -> None:
    digests = {}
    roles = {"finance": "department", "village": "village"}
    ports = free_ports(2 * len(roles))
    places = {name: f"https://127.0.0.1:{ports[at]}" for at, name in enumerate(roles)}
    for at, (name, role) in enumerate(roles.items(), start=len(roles)):
        place = ("--address", places[name], "--public-port", str(ports[at]))
        words = ("--name", name, "--role", role, *place)
        (row,) = tally("member", "new", str(tmp_path / name), *words, "--json")
        digests[name] = row["digest"]
    cards = [str(tmp_path / name / f"{name}.card.json") for name in digests]
    public = str(tmp_path / "public")
    more = ("--orderer", "finance", "--card", cards[0], "--card", cards[1], "--json")
    rows = tally("county", "found", public, *more)
    assert {row["member"]: row["digest"] for row in rows} == digests
    for name in digests:
        home = tmp_path / name
        (row,) = tally("member", "join", name, "--from", public, "--county", str(home), "--json")
        assert len(row["chain"]) == 64
        assert len(row["public_chain"]) == 64
        assert read_own_place(home / name).address == places[name]
        again = ("member", "join", name, "--from", public, "--county", str(home), "--json")
        assert tally(*again, status=5).startswith("ledger.exists: ")
    # What needs no other member is told of the one that this machine holds.
    here = ("--county", str(tmp_path / "village"), "--json")
    assert [row["member"] for row in tally("verify", *here)] == ["village"]
    told = tally("verify", "--member", "finance", *here, status=4)
    assert told.startswith("member.elsewhere: ")
    rows = tally("county", "show", *here)
    assert {row["member"]: row.get("height") for row in rows} == {"finance": None, "village": 0}
    told = tally("repair", "--member", "village", *here, status=6)
    assert told.startswith("ledger.no_source: ")
    assert tally("chain", "anchor", *here) == [{"anchors": 0}]


def test_the_help_of_drawing_a_member_names_every_role(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["member", "new", "--help", "--lang", "en"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"one of {', '.join(ROLES)}." in told


def test_a_member_is_given_an_address_and_packed_by_its_verbs(
    tmp_path: Path, tally: Callable[..., Any]
) -> None:
    county = found_apart(tmp_path)
    at = ("--county", str(county), "--json")
    (row,) = tally("member", "address", "village", "https://10.0.0.4:8521", *at)
    assert sorted(row["told"]) == sorted(NAMES)
    target = tmp_path / "packed"
    rows = tally("member", "pack", "village", "--to", str(target), *at)
    assert {"file": "village/link.pem"} in rows
    assert find_single(target, _read(target)) == "village"
    refused = tally("member", "address", "village", "http://10.0.0.4:8521", *at, status=2)
    assert refused.startswith("peers.plain: ")


def _read(folder: Path) -> Any:
    from tallystick.county.founding import read_county

    return read_county(folder)


def test_serving_one_alone_needs_one_and_a_place_to_listen(
    tmp_path: Path, tally: Callable[..., Any]
) -> None:
    county = str(found_apart(tmp_path))
    two = ("--member", "village", "--member", "finance")
    for words in ((), two):
        told = tally("serve", county, "--alone", *words, status=2)
        assert told.startswith("serve.alone: ")
    for link in ("x", "0.0.0.0:99999", ":1"):
        told = tally("serve", county, "--alone", "--member", "village", "--link", link, status=2)
        assert told.startswith("serve.link: ")


def test_a_county_on_other_machines_is_not_started_on_this_one(
    tmp_path: Path, tally: Callable[..., Any]
) -> None:
    county = found_apart(tmp_path)
    at = ("--county", str(county), "--json")
    tally("member", "address", "village", "https://10.0.0.4:8521", *at)
    before = (county / "finance" / "peers.json").read_bytes()
    assert tally("county", "start", str(county), status=5).startswith("county.spread: ")
    assert (county / "finance" / "peers.json").read_bytes() == before
    told = tally("county", "start", str(county), "--link", "127.0.0.1:9", status=2)
    assert told.startswith(f"serve.link: {len(NAMES)} members ")
    assert tally("county", "logs", str(county), status=2).startswith("county.no_log: ")
    rows = tally("county", "status", str(county), "--json")
    assert [row["state"] for row in rows] == ["away"] * len(NAMES)
