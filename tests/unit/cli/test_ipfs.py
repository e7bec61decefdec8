"""Public files go to a node and come from one by the verbs, and peers run until they are ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counties import found
from nodes import find_peer
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict
from tallystick.cli.main import run
from tallystick.cli.opening import RUN_FILE
from tallystick.county.house import open_house
from tallystick.county.ipfs import run_circle
from tallystick.kernel.store.engines.peers import Peer

Tally = Callable[..., Any]
LINES = b"".join(b"line %d of a public list\n" % number for number in range(90_000))


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found(tmp_path_factory.mktemp("ipfs"), SystemClock(), catalogue=False)


@pytest.fixture(scope="module")
def peers() -> Iterator[list[Peer]]:
    find_peer()
    with run_circle(2) as running:
        yield running


@pytest.fixture
def tally(county: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return a function that runs a verb of a member and returns what it told."""

    def call(*words: str, member: str = "village") -> Any:
        status = run([*words, "--json", "--county", str(county), "--member", member])
        told = capsys.readouterr()
        if status:
            return status, told.err.partition(":")[0]
        return json.loads(told.out)

    return call


def test_a_file_goes_from_one_member_over_two_peers_to_another(
    tally: Tally, peers: list[Peer], tmp_path: Path
) -> None:
    source = tmp_path / "list"
    source.write_bytes(LINES)
    cid = tally("store", "add", str(source))["cid"]
    node = ("--node", peers[0].rpc)
    assert tally("ipfs", "push", cid, *node) == (3, "ipfs.private")
    tally("store", "pin", cid, "--public")
    given = tally("ipfs", "push", cid, *node)
    assert given == {"cid": cid, "blocks": 4}
    taken = tally("ipfs", "pull", cid, "--node", peers[1].rpc, "--name", "list", member="insurer")
    assert (taken["cid"], taken["bytes"], taken["blocks"]) == (cid, len(LINES), 4)
    tally("store", "get", cid, str(tmp_path / "back"), member="insurer")
    assert (tmp_path / "back").read_bytes() == LINES
    assert tally("store", "stat", cid, member="insurer")["public"] == 0


def test_what_is_wrong_is_told(tally: Tally) -> None:
    cid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    assert tally("ipfs", "push", cid) == (4, "store.no_root")
    assert tally("ipfs", "pull", cid, "--node", "http://240.0.0.1:1") == (2, "ipfs.address")
    assert tally("ipfs", "pull", cid, "--node", "http://127.0.0.1:1") == (6, "ipfs.away")


def test_a_name_that_is_no_utf_8_is_refused_before_a_node_is_asked(tally: Tally) -> None:
    cid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    node = ("--node", "http://127.0.0.1:1")
    assert tally("ipfs", "pull", cid, *node, "--name", "\udcff") == (2, "cli.name")


def test_a_folder_that_is_served_says_to_end_the_server(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    run_file = county / RUN_FILE
    with open_house(county, SystemClock()):
        run_file.write_text(json.dumps({"address": "http://127.0.0.1:1", "pid": os.getpid()}))
        try:
            for verb in ("push", "pull"):
                place = ("--county", str(county), "--member", "village", "--lang", "en")
                assert run(["ipfs", verb, cid, *place]) == Conflict.exit_status
                line = capsys.readouterr().err
                assert line.startswith("store.served: ")
                assert "End that server" in line
        finally:
            run_file.unlink()


def test_peers_run_until_the_command_is_ended() -> None:
    find_peer()
    words = [sys.executable, "-m", "tallystick.cli", "engine", "start", "ipfs"]
    command = [*words, "--nodes", "2", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert all(Path(f"/proc/{each['pid']}").exists() for each in told)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not any(Path(f"/proc/{each['pid']}").exists() for each in told)
