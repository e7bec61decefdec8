"""The verbs of changes on a real county folder, run as a person would run them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counties import found
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Denied, Invalid, NotFound
from tallystick.cli.main import run

Tally = Callable[..., Any]


@pytest.fixture
def tally(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return a function that runs a verb as a member: the objects it told, or status and code."""
    county = found(tmp_path / "county", SystemClock(), catalogue=False)

    def call(*words: str, member: str = "finance") -> Any:
        status = run(["change", *words, "--json", "--county", str(county), "--member", member])
        told = capsys.readouterr()
        if status:
            return status, told.err.split(": ")[0]
        return [json.loads(line) for line in told.out.splitlines()]

    return call


def carry(tally: Tally, change: str) -> None:
    """Let eight others say yes: nine of twelve bring it into force."""
    others = sorted({row["member"] for row in tally("members")} - {"finance"})
    told = [tally("yes", change, member=name)[0] for name in others[:8]]
    assert [each["state"] for each in told] == [*["open"] * 7, "in_force"]
    assert {each["change"] for each in told} == {change}
    assert {row["change"]: row["state"] for row in tally("list")}[change] == "in_force"


def test_a_stolen_key_is_revoked_by_vote_and_signs_no_more(tally: Tally) -> None:
    (keys,) = [row["keys"] for row in tally("members") if row["member"] == "village"]
    stolen = next(key for key in keys if key["use"] == "tx")
    (made,) = tally("revoke", "village", str(stolen["key"]))
    carry(tally, made["change"])
    (left,) = [row["keys"] for row in tally("members") if row["member"] == "village"]
    assert stolen["pub"] not in {key["pub"] for key in left}
    (limit,) = tally("limit", "block_transactions", "500")
    refused = tally("yes", limit["change"], member="village")
    assert refused == (Denied.exit_status, "member.key_ended")
    assert tally("revoke", "village", "99")[0] in {Invalid.exit_status, NotFound.exit_status}


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.long)])
def test_a_yes_after_the_deciding_one_is_told_where_to_look(
    tally: Tally, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    (limit,) = tally("limit", "block_transactions", "500")
    carry(tally, limit["change"])
    late = sorted({row["member"] for row in tally("members")} - {"finance"})[8]
    given = ["--county", str(tmp_path / "county/county"), "--member", late, "--lang", language]
    assert run(["change", "yes", limit["change"], *given]) == Invalid.exit_status
    assert "tally change list" in capsys.readouterr().err


def test_a_proposer_takes_a_change_back_and_another_cannot(tally: Tally) -> None:
    (leaving,) = tally("leave", "insurer")
    assert tally("no", leaving["change"])
    assert tally("yes", leaving["change"], member="village") == (
        Invalid.exit_status,
        "record.refused",
    )
    assert [row["state"] for row in tally("list")] == ["taken_back"]
