"""What was heard: a bounded list that neither a killed process nor a lost power makes forget."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from links import NOW_MS
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.kernel.access.nonces import HEARD_MAX, HeardRequests, read_boot

HEARING = """
import os, signal, sys
from pathlib import Path
from tallystick.base.clock import ManualClock
from tallystick.kernel.access.nonces import HeardRequests

heard = HeardRequests(Path(sys.argv[1]), ManualClock(int(sys.argv[2])))
heard.take("bank", "n" * 16, int(sys.argv[2]) + 50_000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def refusal(code: str, family: type[Error] = Denied) -> Any:
    return pytest.raises(family, match=rf"^{code}: ")


def test_what_ended_is_forgotten_and_what_has_not_is_kept(tmp_path: Path) -> None:
    clock = ManualClock(NOW_MS)
    heard = HeardRequests(tmp_path / "local.db", clock)
    heard.take("bank", "n" * 16, NOW_MS + 60_000)
    heard.take("coop", "n" * 16, NOW_MS + 60_000)
    clock.advance(59_999)
    with refusal("link.replayed"):
        heard.take("bank", "n" * 16, NOW_MS + 90_000)
    clock.advance(10_000)
    heard.take("bank", "m" * 16, NOW_MS + 120_000)
    assert heard._database.value("SELECT count(*) FROM heard") == 1
    heard.close()


def test_what_has_ended_is_not_heard_again_though_it_is_forgotten(tmp_path: Path) -> None:
    clock = ManualClock(NOW_MS)
    heard = HeardRequests(tmp_path / "local.db", clock)
    end_ms = NOW_MS + 51_000
    heard.take("bank", "n" * 16, end_ms)
    clock.advance(50_999)
    with refusal("link.replayed"):
        heard.take("bank", "n" * 16, end_ms)
    for _ in range(2):
        clock.advance(1 if clock.now_ms() < end_ms else 7_000)
        with refusal("link.expired"):
            heard.take("bank", "n" * 16, end_ms)
    heard.close()


def test_what_a_lost_power_may_have_taken_is_not_heard_again(tmp_path: Path) -> None:
    path, clock = tmp_path / "local.db", ManualClock(NOW_MS)
    first = HeardRequests(path, clock, "boot-1")
    first.take("bank", "n" * 16, NOW_MS + 50_000)
    # A process that is killed closes nothing; what it wrote is in the file, and all goes on.
    second = HeardRequests(path, clock, "boot-1")
    with refusal("link.replayed"):
        second.take("bank", "n" * 16, NOW_MS + 50_000)
    second.take("bank", "m" * 16, NOW_MS + 50_000)
    # Of the machine's next start nobody knows what the file lacks.
    second._database.run("DELETE FROM heard")
    HeardRequests(path, clock, "boot-2")
    # A start within that time goes on with it.
    third = HeardRequests(path, clock, "boot-2")
    for end_s in (50, 70):
        with refusal("link.busy", Unavailable):
            third.take("bank", f"{end_s}".ljust(16, "n"), NOW_MS + end_s * 1_000)
    third.take("bank", "x" * 16, NOW_MS + 71_001)
    clock.advance(22_000)
    third.take("bank", "y" * 16, NOW_MS + 22_000 + 50_000)
    third.close()
    # What was closed is on the disk, whatever starts next.
    fourth = HeardRequests(path, clock, "boot-3")
    fourth.take("bank", "z" * 16, NOW_MS + 22_000 + 50_000)
    with refusal("link.replayed"):
        fourth.take("bank", "y" * 16, NOW_MS + 22_000 + 50_000)
    for each in (first, second, fourth):
        each.close()


def test_what_a_killed_process_heard_is_known(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    words = [sys.executable, "-c", HEARING, str(path), str(NOW_MS)]
    ended = subprocess.run(words, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    heard = HeardRequests(path, ManualClock(NOW_MS))
    with refusal("link.replayed"):
        heard.take("bank", "n" * 16, NOW_MS + 50_000)
    heard.take("bank", "m" * 16, NOW_MS + 50_000)
    heard.close()


def test_where_the_machine_tells_no_start_each_request_waits_for_the_disk(tmp_path: Path) -> None:
    assert read_boot()
    for boot, waits in (("", 2), (read_boot(), 1)):
        heard = HeardRequests(tmp_path / f"{waits}.db", ManualClock(NOW_MS), boot)
        assert heard._database.value("PRAGMA synchronous") == waits
        heard.close()


def test_a_member_that_asks_without_end_is_told_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HEARD_MAX > 10_000
    monkeypatch.setattr("tallystick.kernel.access.nonces.HEARD_MAX", 3)
    clock = ManualClock(NOW_MS)
    heard = HeardRequests(tmp_path / "local.db", clock)
    for number in range(3):
        heard.take("bank", f"{number:016}", NOW_MS + 60_000)
    with refusal("link.busy", Unavailable):
        heard.take("bank", "x" * 16, NOW_MS + 60_000)
    heard.take("coop", "x" * 16, NOW_MS + 60_000)
    clock.advance(60_000)
    heard.take("bank", "x" * 16, NOW_MS + 120_000)
    heard.close()
