"""kill -9 at every fsync of a submit, then the same request again: exactly one record."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulation import syncs
from simulation.chain import CHARTER
from simulation.town import ORDERER
from tallystick.chain.block import read_block
from tallystick.kernel.ledger.replica import Replica

TESTS = Path(__file__).resolve().parents[1]


def _submit(folder: Path, fatal: int, when: str = "before") -> tuple[int, list[str]]:
    """Run the victim; return its exit status and what it printed."""
    command = [sys.executable, "-m", "simulation.syncs", str(folder), str(fatal), when]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode, done.stdout.split()


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
    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                lambda fatal: _kill_and_retry(tmp_path / f"{fatal}", fatal), range(1, count + 1)
            )
        )


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
