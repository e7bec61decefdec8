"""`tally user` on a real county folder, run as a person would run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from counties import found
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Error
from tallystick.cli import user
from tallystick.cli.main import run
from tallystick.county.house import open_house
from tallystick.kernel.access.roles import ROLES


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found(tmp_path_factory.mktemp("user"), SystemClock(), catalogue=False)


class Desk:
    """Runs `tally user` at one member."""

    def __init__(self, county: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._at = ("--county", str(county), "--member", "credit-union")
        self._capsys = capsys

    def tell(self, *words: str) -> Any:
        status = run(["user", *words, *self._at, "--json"])
        told = self._capsys.readouterr()
        assert (status, told.err) == (0, "")
        return [json.loads(line) for line in told.out.splitlines()]

    def refuse(self, *words: str) -> tuple[int, str]:
        status = run(["user", *words, *self._at])
        told = self._capsys.readouterr()
        assert told.out == ""
        return status, told.err

    def read(self, *words: str) -> str:
        assert run(["user", *words, *self._at, "--lang", "zh"]) == 0
        return self._capsys.readouterr().out


@pytest.fixture
def desk(county: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(county, capsys)


def log_in(county: Path, name: str, password: str) -> str:
    with open_house(county, SystemClock()) as house:
        try:
            house.node("credit-union").accounts.log_in(name, password)
        except Error as error:
            return error.code
    return ""


@pytest.mark.long
def test_an_account_is_made_closed_opened_and_reset(desk: Desk, county: Path) -> None:
    made = desk.tell("add", "wang", "--shown", "\u738b\u79c0\u82f1", "--role", "reviewer")[0]
    assert (made["name"], made["role"], made["must_change"]) == ("wang", "reviewer", 1)
    assert log_in(county, "wang", made["password"]) == ""
    assert desk.tell("disable", "wang")[0]["enabled"] == 0
    assert log_in(county, "wang", made["password"]) == "access.login"
    desk.tell("enable", "wang")
    assert log_in(county, "wang", made["password"]) == ""
    again = desk.tell("reset", "wang")[0]
    assert again["officer"] == made["officer"]
    assert log_in(county, "wang", made["password"]) == "access.login"
    assert log_in(county, "wang", again["password"]) == ""
    assert desk.tell("role", "wang", "--role", "risk")[0]["role"] == "risk"
    listed = desk.tell("list")
    assert [row["name"] for row in listed] == ["wang"]
    assert "password" not in listed[0]
    for secret in (made["password"], again["password"]):
        for path in county.rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes()


def test_accounts_are_of_one_member_and_read_in_chinese(desk: Desk, county: Path) -> None:
    told = desk.read("add", "li", "--shown", "\u674e\u56db", "--role", "clerk")
    assert "\u4e00\u6b21\u6027\u5bc6\u7801" in told
    with open_house(county, SystemClock()) as house:
        assert house.node("postal-bank").accounts.list_all() == []
    assert "\u67dc\u5458" in desk.read("list")


def test_a_refusal_is_one_line_with_its_code(desk: Desk) -> None:
    status, line = desk.refuse("disable", "nobody")
    assert (status, line.startswith("access.no_account: ")) == (4, True)
    assert "nobody" not in line
    assert desk.refuse("add", "x", "--shown", "x", "--role", "clerk")[0] == 2
    assert desk.refuse("add", "xy", "--shown", "x", "--role", "owner")[0] == 2


def test_the_verb_offers_every_role_and_no_other() -> None:
    assert user._ROLES == ROLES


def test_a_folder_that_another_process_writes_is_refused(
    desk: Desk, county: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.cli.opening.LOCK_WAIT_S", 0)
    with open_house(county, SystemClock()):
        status, line = desk.refuse("list")
    assert (status, line.startswith("node.locked: ")) == (5, True)
