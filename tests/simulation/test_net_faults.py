"""Four real CometBFT validators of which one is in trouble, or makes it: the others go on."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest

from simulation import disk
from simulation.comet import find_comet
from simulation.net import SEED, Net
from simulation.troubled import LIES, MODULE, TWIN, TWIN_PORTS
from simulation.validators import NAMES, TWINNED, wait_equal
from tallystick.base.errors import Unavailable

CULPRIT = TWINNED
HONEST = tuple(name for name in NAMES if name != CULPRIT)
FOUNDING_MS = 60_000


@contextlib.contextmanager
def _founded(folder: Path, seed: str = SEED, culprit: str = MODULE) -> Iterator[Net]:
    find_comet()
    net = Net(folder, seed, module=MODULE, more=TWIN_PORTS)
    try:
        for name in NAMES:
            net.start(name, module=culprit if name == CULPRIT else MODULE)
        # Whoever is dialled before it listens is dialled again some seconds later.
        net.finish("bank", net.submit("bank"), FOUNDING_MS)
        yield net
    finally:
        net.end()


@pytest.fixture
def net(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Net]:
    with _founded(tmp_path, getattr(request, "param", SEED)) as found:
        yield found


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Net]:
    """A net of which one member's folder is a file system of its own."""
    if not disk.can_mount(tmp_path):
        pytest.skip("this kernel gives a process no file system of its own without root")
    with _founded(tmp_path, culprit=disk.MODULE) as found:
        yield found


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.1)


def _order_until(net: Net, holds: Callable[[], object], records: int = 1) -> None:
    """Let the three that are sound order until something holds: rounds take what they take.

    At one pace an empty block comes behind each, and a member's turns may all fall on these.
    """
    names, pauses, until = cycle(HONEST), cycle((0.0, 0.1, 0.0, 0.0, 0.25)), time.monotonic() + 90
    while not holds():
        assert time.monotonic() < until, "it did not come to pass"
        net.order(next(names), records)
        time.sleep(next(pauses))


def _height(net: Net, name: str) -> int:
    height: int = net.members[name].ask("tip")[0]
    return height


@pytest.mark.slow
def test_a_full_disk_refuses_while_the_others_go_on_and_space_gives_it_all_back(
    narrow: Net,
) -> None:
    net, culprit = narrow, narrow.members[CULPRIT]
    for name in NAMES:
        net.order(name, 16)
    net.equal()
    assert culprit.ask("fill") > 1 << 20
    # The others go on, which takes up whatever room its files still have in themselves.
    _order_until(net, lambda: culprit.ask("health")["trouble"], 64)
    for name in HONEST:
        net.order(name, 64)
    refused = net.submit(CULPRIT)
    with pytest.raises(Unavailable):
        net.finish(CULPRIT, refused, 3_000)
    assert _height(net, CULPRIT) < _height(net, "bank")
    culprit.ask("free")
    # What waited there is final by itself once there is room, and so is what the others ordered.
    net.finish(CULPRIT, refused)
    net.order(CULPRIT)
    net.equal()
    net.check_lost()
    _until(lambda: culprit.ask("health")["trouble"] == [])


@pytest.mark.slow
def test_who_proposes_what_may_not_stand_is_refused_and_the_others_go_on(net: Net) -> None:
    culprit = net.members[CULPRIT]
    for name in NAMES:
        net.order(name)
    for lie in LIES:
        culprit.ask("lie", lie=lie)
        _order_until(net, lambda: culprit.ask("lies") >= 2)
    for name in HONEST:
        told = str(net.members[name].ask("health")["trouble"])
        assert f"engine.refused: {CULPRIT} proposed" in told
    culprit.ask("lie", lie="")
    net.order(CULPRIT)
    net.equal()
    net.check_lost()


@pytest.mark.slow
def test_who_reckons_another_root_stops_itself_and_nobody_else(net: Net) -> None:
    culprit = net.members[CULPRIT]
    net.order(CULPRIT)
    net.equal()
    culprit.ask("lie", lie="root")
    net.order("bank")
    _until(lambda: culprit.ask("lies") > 0)
    for _ in range(3):
        for name in HONEST:
            net.order(name)
    with pytest.raises(Unavailable):
        net.finish(CULPRIT, net.submit(CULPRIT), 2_000)
    wait_equal([net.members[name] for name in HONEST], 12)
    # Started again it is told that its engine and its own chain contradict each other.
    net.kill(CULPRIT)
    culprit = net.start(CULPRIT)
    _until(lambda: "engine.app_hash" in str(culprit.ask("health")["trouble"]))
    assert _height(net, CULPRIT) < _height(net, "bank")


@pytest.mark.slow
def test_who_says_nothing_delays_its_turns_alone_and_catches_up(net: Net) -> None:
    net.order(CULPRIT)
    pid = net.members[CULPRIT].ask("health")["pid"]
    os.kill(pid, signal.SIGSTOP)
    for _ in range(3):
        for name in HONEST:
            net.order(name)
    os.kill(pid, signal.SIGCONT)
    net.order(CULPRIT)
    net.equal()
    net.check_lost()


@pytest.mark.long
@pytest.mark.parametrize("net", ["comet twinned"], indirect=True)
def test_two_nodes_that_vote_with_one_key_are_caught_and_the_member_is_named(
    net: Net,
) -> None:
    for name in NAMES:
        net.order(name)
    beside = net.members.pop(CULPRIT)
    net.start(CULPRIT, TWIN)
    twin = net.members.pop(CULPRIT)
    net.members[CULPRIT] = beside
    _order_until(net, lambda: net.members["bank"].ask("caught"))
    net.equal()
    for name in HONEST:
        assert [CULPRIT, 1] in net.members[name].ask("caught")
    assert {named for named, _ in net.members["bank"].ask("caught")} == {CULPRIT}
    twin.kill()
    net.order(CULPRIT)
    net.equal()
    net.check_lost()


@pytest.mark.slow
@pytest.mark.parametrize("net", ["comet fast"], indirect=True)
def test_who_cosigns_two_heads_of_one_height_is_convicted_by_all_three(net: Net) -> None:
    for name in NAMES:
        net.members[name].ask("witness")
        net.order(name)
    height = net.equal()[0]
    _until(lambda: all(net.members[name].ask("witnessed") >= height for name in NAMES))
    net.members[CULPRIT].ask("two_faces", victim="bank", height=height)
    # Whoever was told the truth knows nothing yet.
    assert net.members["bureau"].ask("look", member=CULPRIT, height=height) == []
    assert net.members["bank"].ask("look", member=CULPRIT, height=height) == [CULPRIT]
    for name in ("bureau", "operator"):
        assert net.members[name].ask("exchange", member="bank") == [CULPRIT]
    for name in HONEST:
        net.order(name)
    net.equal()
    net.check_lost()
