"""kill -9 at every fsync of a submit, then the same request again: exactly one record."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import traceback
from pathlib import Path

import pytest

from simulation import syncs
from simulation.chain import CHARTER, Chain
from simulation.town import ORDERER, Town
from tallystick.chain.block import read_block
from tallystick.kernel.ledger.outbox import Request
from tallystick.kernel.ledger.replica import Replica

TOLD = "told.txt"


def _submit(folder: Path, fatal: int, when: str = "before") -> tuple[int, list[str]]:
    """Let a forked process submit; return its exit status and what it told."""
    child = os.fork()
    if not child:
        # Looking for garbage would copy all that this worker ever made.
        gc.disable()
        try:
            told = _submit_here(folder, fatal, after=when == "after")
            (folder / TOLD).write_text(told)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told, and the process ends
            traceback.print_exc()
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, -signal.SIGKILL}
    return status, (folder / TOLD).read_text().split() if status == 0 else []


def _submit_here(folder: Path, fatal: int, *, after: bool) -> str:
    """Submit record 7 as a member does, and die at the fsync named; with 0, tell the result."""
    hooks = syncs.Syncs(ctypes.CDLL(syncs.SQLITE_LIBRARY), fatal, after=after)
    town = Town(folder, Chain("kill"))
    house = town.open(ORDERER)
    house.courier.outbox.renew()
    town.orderer.start()
    house.courier.resend()
    request = Request("tester", "POST /news", "r", b"")
    result = house.courier.send([town.chain.news(7)], request)
    town.close()
    return f"{result.tid.hex()} {result.height} {result.code} {hooks.count}"


def has_sqlite() -> bool:
    try:
        ctypes.CDLL(syncs.SQLITE_LIBRARY)
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_sqlite(), reason="SQLite is no shared library of this Python")
def test_a_submit_killed_at_any_fsync_and_retried_gives_exactly_one_record(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    status, words = _submit(tmp_path / "whole", 0)
    assert status == 0
    count = int(words[3])
    # Founding, outbox, block, the end: a submit is at least these.
    assert count >= 4
    for fatal in range(1, count + 1):
        _kill_and_retry(tmp_path / f"{fatal}", fatal)


def _kill_and_retry(folder: Path, fatal: int) -> None:
    when = ("before", "after")[fatal % 2]
    folder.mkdir()
    killed, _ = _submit(folder, fatal, when)
    assert killed == -signal.SIGKILL, f"fsync {fatal}"
    status, words = _submit(folder, 0)
    assert status == 0, f"fsync {fatal}"
    replica = Replica.open(folder / ORDERER / "ledger.db", CHARTER)
    found = [
        (each.tid.hex(), height)
        for height in range(1, replica.tip.height + 1)
        for each in read_block(replica.block(height))[2]
    ]
    assert found == [(words[0], int(words[1]))], f"fsync {fatal} {when}"
    assert words[2] == "0"
    assert replica.verify() == replica.tip
    replica.close()
