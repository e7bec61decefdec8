"""How long a record takes to be final on four CometBFT validators, and a killed one to catch up.

All four share this machine. A hundred records a second are submitted one by one, a quarter by each
member; what is late is counted from the submission to the commit of the submitting member's own
copy. Then one member is gone, and its turns to propose cost a timeout each; then members, engines
and at last everybody are killed under the load of the others and started again at once, and what
counts is the time from the kill until the member's copy stands where the others' do. The figures
are the worst of all kills, and of both profiles apart. Needs `tally engine install cometbft`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from validators import Net

from tallystick.base.errors import Unavailable
from tallystick.kernel.ledger.engines.comet_home import DEFAULT, FAST
from tallystick.kernel.ledger.engines.comet_rpc import ask_node

__all__ = ["run"]

RATE: Final = 100
SECONDS: Final = 20
KILLS: Final = 3
"""Of a member, and of an engine alone; of all at once, one."""
KILL_SECONDS: Final = 8
AFTER_KILL_S: Final = 1.0
"""How long the load runs before somebody is killed."""
CAUGHT_UP_MAX_S: Final = 60
GOALS_MS: Final = {"p50": 200, "p99": 400, "down_p99": 1_500, "caught_up": 5_000}


def _percentile(late_ms: list[float], percent: int) -> float:
    return statistics.quantiles(late_ms, n=100)[percent - 1]


def _steady(net: Net) -> list[float]:
    each = RATE * SECONDS // len(net.names)
    net.sign(net.names, each)
    net.pace(net.names, RATE)
    return net.hear(net.names)


def _one_down(net: Net) -> list[float]:
    """Return what is late while one of four is gone; it is back when this returns."""
    gone = net.names[-1]
    up = net.names[:-1]
    net.children[gone].kill()
    net.sign(up, RATE * SECONDS // len(up))
    net.pace(up, RATE)
    found = net.hear(up)
    net.start(gone)
    _wait_equal(net, gone)
    return found


def _height(net: Net, name: str) -> int:
    with contextlib.suppress(Unavailable, KeyError):
        told = ask_node(net.rpc_port(name), "status")
        return int(told["result"]["sync_info"]["latest_block_height"])
    return 0


def _wait_equal(net: Net, name: str) -> None:
    """Wait until a member's copy stands where another's engine did a moment before."""
    other = next(each for each in net.names if each != name)
    until = time.monotonic() + CAUGHT_UP_MAX_S
    while True:
        aim = _height(net, other)
        if aim and net.children[name].ask("health")["engine"] >= aim:
            return
        assert time.monotonic() < until, f"{name} does not catch up"
        time.sleep(0.02)


def _kill_member(net: Net, name: str) -> float:
    net.children[name].kill()
    began = time.monotonic()
    net.start(name)
    _wait_equal(net, name)
    return time.monotonic() - began


def _kill_engine(net: Net, name: str) -> float:
    dead = net.children[name].ask("health")["pid"]
    os.kill(dead, signal.SIGKILL)
    began = time.monotonic()
    # Another process, and one that answers: what a dying one said a moment ago counts for nothing.
    while net.children[name].ask("health")["pid"] in {dead, None} or not _height(net, name):
        time.sleep(0.02)
    _wait_equal(net, name)
    return time.monotonic() - began


def _kill_under_load(net: Net, kill: Callable[[Net, str], float], at: int) -> float:
    name = net.names[at % len(net.names)]
    others = [each for each in net.names if each != name]
    net.sign(others, RATE * KILL_SECONDS // len(others))
    net.pace(others, RATE)
    time.sleep(AFTER_KILL_S)
    took = kill(net, name)
    net.hear(others)
    return took


def _kill_all(net: Net) -> float:
    """Return the seconds from a kill of everybody until all have kept a record of each again."""
    for name in net.names:
        net.children[name].kill()
    began = time.monotonic()
    for name in net.names:
        net.start(name)
    net.load(1, 1)
    for name in net.names:
        _wait_equal(net, name)
    return time.monotonic() - began


def _measure(profile: str) -> list[dict[str, Any]]:
    # What else runs here is what these figures depend on most: they are told with it.
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        net = Net(Path(folder), profile)
        with contextlib.closing(net):
            late, down = _steady(net), _one_down(net)
            kills = [
                _kill_under_load(net, kill, at)
                for kill in (_kill_member, _kill_engine)
                for at in range(KILLS)
            ]
            kills.append(_kill_all(net))
    ending = "" if profile == DEFAULT else f"_{profile}"
    found = {
        "p50": _percentile(late, 50),
        "p99": _percentile(late, 99),
        "down_p99": _percentile(down, 99),
        "caught_up": 1_000 * max(kills),
    }
    rows = [
        {**_row(f"finality.{name}{ending}", found[name], GOALS_MS[name]), "load": round(load, 1)}
        for name in found
    ]
    rows[-1]["rows"] = [round(1_000 * each) for each in kills]
    return rows


def _row(name: str, value_ms: float, goal_ms: int) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value_ms),
        "unit": "ms",
        "against": f"{goal_ms} ms",
        "ratio": round(goal_ms / value_ms, 2),
    }


def run() -> list[dict[str, Any]]:
    """Measure both profiles, and return one row for each promise."""
    return [row for profile in (DEFAULT, FAST) for row in _measure(profile)]
