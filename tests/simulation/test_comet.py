"""Four real CometBFT validators, each member a process of its own: killed, and equal again."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER
from simulation.comet import find_comet
from simulation.net import SEED, Net, wait_gone
from simulation.validators import NAMES, engine_keys, later_keys
from tallystick.base.errors import Unavailable
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.voting import EngineKeys


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


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("net", ["rotating"], indirect=True)
def test_a_members_vote_goes_over_to_its_new_key(net: Net, tmp_path: Path) -> None:
    own = engine_keys(net.seed, "bank")
    later = EngineKeys(later_keys(net.seed, "bank").bft, own.node)
    net.order("coop")
    later.write(tmp_path / "bank" / "bft.next")
    engine = net.members["bank"].ask("health")["pid"]
    for _ in range(2):
        net.order("coop")
    net.order("bureau")
    until = time.monotonic() + 20
    while base64.b64encode(later.public).decode() not in str(_validators(net)):
        assert time.monotonic() < until, _validators(net)
        time.sleep(0.2)
    assert len(_validators(net)) == 4
    # The member has ended its engine, changed the key and begun anew, by itself.
    net.order("operator")
    net.order("coop")
    found = net.members["bank"].ask("health")
    assert (found["starts"], found["pid"] != engine) == (2, True)
    assert EngineKeys.read(tmp_path / "bank" / "bft.key") == later
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


def _ask_node(net: Net, name: str, path: str) -> Any:
    """Return what a member's node tells."""
    port = net.port + 2 * NAMES.index(name)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as told:
        return json.load(told)["result"]


def _base(net: Net, name: str) -> int:
    return int(_ask_node(net, name, "status")["sync_info"]["earliest_block_height"])


def _order_until(net: Net, is_so: Callable[[], bool], *names: str) -> None:
    """Have some order records until something is so."""
    until = time.monotonic() + 90
    while not is_so():
        assert time.monotonic() < until
        for name in names:
            net.order(name)


def _load(net: Net, name: str, count: int) -> None:
    """Have a member submit so many records, 25 a second; its answer is to be heard."""
    first = net.seqs[name] + 1
    net.seqs[name] += count
    net.members[name].ask("sign", first=first, count=count, bundle=1)
    net.members[name].tell("load", every_ms=40)


@pytest.mark.slow
@pytest.mark.parametrize("net", ["synced rotating", "synced rotating fast"], indirect=True)
def test_who_lost_all_comes_back_by_a_snapshot_while_the_others_go_on(
    net: Net, tmp_path: Path
) -> None:
    for name in NAMES:
        net.order(name)
    # The engines have let go of their first blocks: nobody could follow from the beginning.
    _order_until(net, lambda: all(_base(net, name) > 1 for name in NAMES), "bureau", "operator")
    net.kill("bank")
    shutil.rmtree(tmp_path / "bank")
    (tmp_path / "bank").mkdir()
    # Its first key comes from a copy; the one that was voted in meanwhile was drawn here.
    engine_keys(net.seed, "bank").write(tmp_path / "bank" / "bft.key")
    later = EngineKeys(later_keys(net.seed, "bank").bft, engine_keys(net.seed, "bank").node)
    later.write(tmp_path / "bank" / "bft.next")
    _load(net, "operator", 500)
    bank, others = net.start("bank"), ("bureau", "coop")
    _order_until(net, lambda: bank.ask("health")["leapt"] > 0, *others)
    _order_until(net, lambda: bank.ask("tip")[0] >= net.members["coop"].ask("tip")[0], *others)
    assert len(net.members["operator"].hear()["late_ms"]) == 500
    net.seqs["bank"] += 100
    net.order("bank")
    net.equal()
    assert bank.ask("health")["trouble"] == []
    # It votes: without its new key these three would be two.
    net.kill("operator")
    net.order("bureau")
    net.order("bank")
    net.start("operator")
    net.equal()
    # One whose engine alone lost all follows, and does not vote by a key that has.
    net.kill("coop")
    shutil.rmtree(tmp_path / "coop" / "cometbft")
    coop = net.start("coop")
    others = ("bureau", "operator")
    _order_until(net, lambda: coop.ask("tip")[0] >= net.members["bureau"].ask("tip")[0], *others)
    net.order("coop")
    net.equal()
    found = coop.ask("health")
    assert [each.split(":")[0] for each in found["trouble"]] == ["engine.forgotten"]
    assert (found["leapt"], found["floor"]) == (0, 0)
    address = _ask_node(net, "coop", "status")["validator_info"]
    assert address["voting_power"] == "0"
    net.check_lost()
    net.end()
    for name in NAMES:
        replica = Replica.open(tmp_path / name / "ledger.db", CHARTER)
        assert replica.audit(name).is_sound
        replica.close()


@pytest.mark.slow
@pytest.mark.parametrize("net", ["synced"], indirect=True)
def test_who_was_away_until_its_next_blocks_were_gone_comes_back_and_votes(net: Net) -> None:
    for name in NAMES:
        net.order(name)
    net.equal()
    left = net.members["coop"].ask("health")["engine"]
    net.kill("coop")
    others = ("bank", "bureau", "operator")
    _order_until(net, lambda: all(_base(net, name) > left + 2 for name in others), *others)
    coop = net.start("coop")
    _order_until(net, lambda: coop.ask("tip")[0] >= net.members["bank"].ask("tip")[0], *others)
    net.order("coop")
    net.equal()
    found = coop.ask("health")
    assert found["leapt"] > 0
    assert found["trouble"] == []
    # What it signed was kept: without its vote two are left.
    net.kill("operator")
    net.order("coop")
    net.equal()
    net.check_lost()


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
