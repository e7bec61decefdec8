"""Four members in processes of their own: killed, gone and back, and nothing told is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from counties import CATALOGUE, FITTING, take_in
from machines import NAMES, await_until, found_apart
from newcomers import draw_newcomer
from tallystick.api.token import ensure_token
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Unavailable
from tallystick.cli import county_run
from tallystick.cli.main import run
from tallystick.cli.opening import read_address
from tallystick.client import Client
from tallystick.county.founding import read_county
from tallystick.county.house import open_house
from tallystick.county.member import Member
from tallystick.county.present import list_in_force
from tallystick.services.positioning.catalogue import catalogue_from_toml

TALLY = (sys.executable, "-m", "tallystick.cli")
END_S = 30


class Processes:
    """Members' processes, each begun by the command that an operator types."""

    def __init__(self, county: Path) -> None:
        self.county = county
        self.token = ensure_token(county)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, *names: str) -> None:
        for name in names:
            words = ("serve", str(self.county), "--alone", "--member", name)
            log = self.county / f"{name}.log"
            with log.open("ab") as file:
                self._running[name] = subprocess.Popen(
                    [*TALLY, *words, "--port", "0", "--api-only", "--until-eof"],
                    stdin=subprocess.PIPE,
                    stdout=file,
                    stderr=file,
                )
        for name in names:
            await_until(lambda name=name: self.is_up(name))  # type: ignore[misc]

    def is_up(self, name: str) -> bool:
        process = self._running[name]
        assert process.poll() is None, (self.county / f"{name}.log").read_text()
        try:
            found = json.loads((self.county / name / "run.json").read_text())
        except (OSError, ValueError):
            return False
        return bool(found["pid"] == process.pid)

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait(END_S)
        assert process.stdin is not None
        process.stdin.close()

    def end(self) -> list[int]:
        """End all at once by a signal, and return their statuses."""
        for process in self._running.values():
            process.terminate()
        found = []
        for process in self._running.values():
            found.append(process.wait(END_S))
            assert process.stdin is not None
            process.stdin.close()
        self._running.clear()
        return found

    def office(self, name: str) -> Client:
        return Client(read_address(self.county / name), self.token, name)

    def health(self, name: str) -> dict[str, Any]:
        with self.office(name) as office:
            found: dict[str, Any] = office.ask("GET", f"/{name}/healthz").json()
        return found

    def is_level(self, height: int) -> bool:
        """Tell whether all that run are at `height`, by one head, folded and witnessed."""
        rows = [self.health(name) for name in self._running]
        return len({row["head"] for row in rows}) == 1 and all(
            (row["height"], row["witnessed"], row["folded"]) == (height, height, height)
            for row in rows
        )


@pytest.fixture
def county(tmp_path: Path) -> Path:
    found = found_apart(tmp_path)
    with open_house(found, SystemClock()) as house:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        house.node("finance").positions.publish_catalogue(tree)
    return found


@pytest.fixture
def processes(county: Path) -> Iterator[Processes]:
    found = Processes(county)
    try:
        yield found
    finally:
        found.end()


@pytest.mark.long
def test_a_case_reaches_all_and_outlives_every_process(processes: Processes) -> None:
    processes.begin(*NAMES)
    with processes.office("credit-union") as office:
        (case,) = take_in(office, FITTING)
    height = processes.health("credit-union")["height"]
    await_until(lambda: processes.is_level(height))
    with processes.office("newspaper") as office:
        assert [each["case"] for each in office.list_cases()] == [case["case"]]

    # A follower is killed; the others go on; it comes back and catches up.
    processes.kill("village")
    with processes.office("newspaper") as office:
        office.publish_news("rain", language="en")
    processes.begin("village")
    await_until(lambda: processes.is_level(height + 1))

    # The orderer is killed; what is known is told, and nothing is taken in.
    processes.kill("finance")
    await_until(lambda: processes.health("credit-union")["alarm"] == "link.lost")
    with processes.office("credit-union") as office:
        assert office.show_case(case["case"])
        with pytest.raises(Unavailable, match=r"^ledger\.away: "):
            take_in(office, FITTING)
    processes.begin("finance")
    await_until(lambda: processes.health("credit-union")["alarm"] == "")
    with processes.office("credit-union") as office:
        (other,) = take_in(office, FITTING)
    assert other["case"] != case["case"]
    grown = processes.health("credit-union")["height"]
    assert grown > height + 1
    await_until(lambda: processes.is_level(grown))
    assert processes.end() == [0] * len(NAMES)


@pytest.fixture
def tally(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Return what runs a verb and gives what it tells, row by row."""

    def call(*words: str, status: int = 0) -> Any:
        assert run([*words, "--json"]) == status
        told = capsys.readouterr()
        return [json.loads(line) for line in told.out.splitlines()] or told.err

    return call


def running(county: Path) -> dict[str, int]:
    """Return the members' processes that live."""
    found = {}
    for path in county.glob("*/run.json"):
        pid = json.loads(path.read_text())["pid"]
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            continue
        found[path.parent.name] = pid
    return found


@pytest.mark.long
def test_start_watches_stop_ends_and_nothing_is_left(
    county: Path, tally: Callable[..., Any]
) -> None:
    two = ("--member", "finance", "--member", "village")
    began = tally("county", "start", str(county), "--port", "0", "--api-only", *two)
    try:
        assert {row["member"]: row["state"] for row in began} == dict.fromkeys(two[1::2], "up")
        first = running(county)
        assert len(first) == 2
        os.kill(first["village"], signal.SIGKILL)
        await_until(lambda: running(county).get("village") not in {None, first["village"]})
        rows = {row["member"]: row for row in tally("county", "status", str(county))}
        assert rows["newspaper"]["state"] == "away"
        assert rows["village"]["height"] == rows["finance"]["height"] > 0
        told = [row["line"] for row in tally("county", "logs", str(county))]
        assert any("village ended with -9" in line for line in told)
        assert tally("county", "start", str(county), status=5).startswith("county.started: ")
    finally:
        left = [*running(county).values()]
        assert tally("county", "stop", str(county)) == [{"stopped": 1}]
    assert running(county) == {}
    assert tally("county", "stop", str(county)) == [{"stopped": 0}]
    assert len(left) == 2


@pytest.mark.long
def test_why_a_member_did_not_begin_stands_beside_its_name(
    county: Path, tally: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(county_run, "START_S", 8.0)
    (county / "village" / "keys.db").unlink()
    try:
        told = tally("county", "start", str(county), "--member", "village", status=6)
    finally:
        tally("county", "stop", str(county))
    assert told.startswith("county.not_started: village (keys.lost) did not begin to serve")


def vote_in(county: Path, name: str) -> None:
    """Have the county's members vote in one more, whose folder is made beside theirs."""
    card = draw_newcomer(county / name, county, role="cooperative", called="自来水公司")
    with open_house(county, SystemClock()) as house:
        change = house.office("finance").propose_join(card)["change"]
        for each in NAMES[1:]:
            if house.office("finance").show_change(change)["state"] == "open":
                house.office(each).vote_change(change, yes=True)
        assert house.office("finance").show_change(change)["state"] == "in_force"
        house.spread()


@pytest.mark.long
def test_a_member_that_was_voted_in_is_started_with_the_others(
    county: Path, tally: Callable[..., Any]
) -> None:
    assert [each.name for each in list_in_force(county)] == [
        each.name for each in read_county(county).members
    ]
    vote_in(county, "water-works")
    assert list_in_force(county)[-1] == Member(
        "water-works", "cooperative", "water-works", "water-works"
    )
    rows = {row["member"]: row["state"] for row in tally("county", "status", str(county))}
    assert rows == dict.fromkeys((*NAMES, "water-works"), "away")
    two = ("--member", "finance", "--member", "water-works")
    try:
        began = tally("county", "start", str(county), "--port", "0", *two)
        assert {row["member"]: row["state"] for row in began} == dict.fromkeys(two[1::2], "up")

        def heights() -> set[int]:
            rows = tally("county", "status", str(county))
            return {row["height"] for row in rows if row["member"] in two}

        await_until(lambda: len(heights()) == 1)
        assert heights() != {0}
        page = httpx.get(next(row["address"] for row in began if row["member"] == "water-works"))
        assert page.is_success or page.is_redirect
    finally:
        tally("county", "stop", str(county))


def test_a_member_whose_folder_is_elsewhere_is_not_started(
    county: Path, tally: Callable[..., Any]
) -> None:
    shutil.rmtree(county / "village")
    start = ("county", "start", str(county), "--member", "village")
    assert tally(*start, status=4).startswith("member.elsewhere: ")
    start = ("county", "start", str(county), "--member", "nobody")
    assert tally(*start, status=4).startswith("member.unknown: ")
    rows = [row["member"] for row in tally("county", "status", str(county))]
    assert sorted(rows) == sorted(set(NAMES) - {"village"})


@pytest.mark.long
def test_members_end_with_a_supervisor_that_was_killed(
    county: Path, tally: Callable[..., Any]
) -> None:
    tally("county", "start", str(county), "--port", "0", "--api-only", "--member", "village")
    pid = int((county / "supervisor.lock").read_text())
    assert running(county)
    os.kill(pid, signal.SIGKILL)
    await_until(lambda: not running(county))
    assert not (county / "village" / "run.json").exists()
