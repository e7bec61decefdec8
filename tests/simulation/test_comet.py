"""Four real CometBFT validators, each member a process of its own: killed, and equal again."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER
from simulation.comet import find_comet
from simulation.validators import NAMES, PORTS, Process, free_ports, later_keys, wait_equal
from tallystick.base.errors import Unavailable
from tallystick.kernel.ledger.replica import Replica

SEED = "comet"


class Net:
    """Four members' processes."""

    def __init__(self, folder: Path, seed: str = SEED) -> None:
        self.folder = folder
        self.seed = seed
        self.port = free_ports(PORTS)
        self.members: dict[str, Process] = {}
        self.seqs = dict.fromkeys(NAMES, 0)
        self.final: list[str] = []

    def start(self, name: str) -> Process:
        self.members[name] = Process(self.folder, self.seed, name, self.port, len(NAMES))
        return self.members[name]

    def kill(self, name: str) -> None:
        self.members.pop(name).kill()

    def submit(self, name: str, bundle: int = 1) -> str:
        self.seqs[name] += 1
        tid: str = self.members[name].ask("submit", seq=self.seqs[name], bundle=bundle)
        return tid

    def finish(self, name: str, tid: str, ms: int = 20_000) -> None:
        assert self.members[name].ask("wait", tid=tid, ms=ms)[2] == 0
        self.final.append(tid)

    def order(self, name: str, bundle: int = 1) -> None:
        self.finish(name, self.submit(name, bundle))

    def equal(self, height: int = 1) -> list[object]:
        return wait_equal(list(self.members.values()), height)

    def engines(self) -> list[int]:
        """Return the engines' process ids."""
        found = [each.ask("health")["pid"] for each in self.members.values()]
        return [pid for pid in found if pid is not None]

    def check_lost(self) -> None:
        for each in self.members.values():
            for tid in self.final:
                assert each.ask("find", tid=tid), f"{each.name} lost {tid}"

    def end(self) -> None:
        for name in list(self.members):
            self.members.pop(name).end()


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        return state != "Z"
    return False


def wait_gone(pids: list[int], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while any(map(_is_alive, pids)):
        assert time.monotonic() < until, "an engine was left behind"
        time.sleep(0.05)


@pytest.fixture
def net(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Net]:
    find_comet()
    found = Net(tmp_path, getattr(request, "param", SEED))
    for name in NAMES:
        found.start(name)
    yield found
    found.end()


@pytest.mark.parametrize(
    "net", [SEED, pytest.param("comet fast", marks=pytest.mark.slow)], indirect=True
)
def test_records_are_final_and_no_kill_forks_loses_or_stops(net: Net, tmp_path: Path) -> None:
    for name in NAMES:
        net.order(name)
    net.order("bank", 64)
    net.equal(3)
    # One member, engine and all, is killed: the others go on, and it catches up.
    engines = net.engines()
    net.kill("coop")
    for _ in range(3):
        net.order("bank")
    net.start("coop")
    net.order("coop")
    net.equal()
    # An engine alone is killed: its member starts it again, and what waits is handed over again.
    before = net.members["bureau"].ask("health")
    os.kill(before["pid"], signal.SIGKILL)
    net.order("bureau")
    after = net.members["bureau"].ask("health")
    assert after["starts"] == before["starts"] + 1
    # Everybody is killed at once.
    engines += net.engines()
    for name in NAMES:
        net.kill(name)
    wait_gone(engines)
    for name in NAMES:
        net.start(name)
    net.order("operator")
    tip = net.equal()
    net.check_lost()
    engines = net.engines()
    net.end()
    wait_gone(engines)
    for name in NAMES:
        replica = Replica.open(tmp_path / name / "ledger.db", CHARTER)
        assert str(replica.verify().cid) == tip[1]
        replica.close()


@pytest.mark.parametrize("net", ["comet fast"], indirect=True)
def test_members_that_keep_what_waits_themselves_order_it_and_one_comes_back(net: Net) -> None:
    for name in NAMES:
        net.order(name)
    net.order("bank", 64)
    net.kill("coop")
    net.order("bank")
    net.start("coop")
    net.order("coop")
    net.equal(4)
    net.check_lost()


@pytest.mark.parametrize("net", ["rotating"], indirect=True)
def test_a_members_vote_goes_over_to_its_new_key(net: Net, tmp_path: Path) -> None:
    later = later_keys(net.seed, "bank")
    for _ in range(3):
        net.order("coop")
    net.order("bureau")
    until = time.monotonic() + 20
    while base64.b64encode(later.public).decode() not in str(_validators(net)):
        assert time.monotonic() < until, _validators(net)
        time.sleep(0.2)
    assert len(_validators(net)) == 4
    # The engine goes on with three of four, until the member votes by its new key.
    net.order("operator")
    net.members.pop("bank").end()
    (tmp_path / "bank" / "bft.key").unlink()
    later.write(tmp_path / "bank" / "bft.key")
    net.start("bank")
    net.order("coop")
    net.equal()
    net.kill("operator")
    # Without the new key's vote these three would be two.
    net.order("coop")
    net.order("bank")
    net.equal()
    net.check_lost()


def _validators(net: Net) -> list[Any]:
    """Return the engine's validators, as the third member's node tells them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{net.port + 4}/validators", timeout=10) as told:
        return list(json.load(told)["result"]["validators"])


@pytest.mark.slow
@pytest.mark.parametrize("net", [SEED, "comet fast"], indirect=True)
def test_fifty_kills_under_load_lose_nothing(net: Net) -> None:
    dice = random.Random(5)
    net.order("bank")
    for turn in range(50):
        name = NAMES[dice.randrange(4)]
        waiting = [(other, net.submit(other)) for other in NAMES for _ in range(5) if other != name]
        time.sleep(dice.random() * 0.3)
        if dice.random() < 0.5:
            net.kill(name)
            net.start(name)
        else:
            pid = net.members[name].ask("health")["pid"]
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
        for other, tid in waiting:
            net.finish(other, tid, 30_000)
        if turn % 10 == 9:
            net.equal()
    net.order("coop")
    net.equal()
    net.check_lost()


@pytest.mark.slow
def test_two_of_four_that_are_down_halt_the_others_and_both_back_go_on(net: Net) -> None:
    net.order("bank")
    net.kill("coop")
    net.kill("bureau")
    tid = net.submit("bank")
    with pytest.raises(Unavailable, match=r"ledger\.late"):
        net.finish("bank", tid, 4_000)
    net.start("coop")
    net.start("bureau")
    net.finish("bank", tid)
    net.equal()
    net.check_lost()
