"""A county killed at any write or fsync under load loses nothing that it acknowledged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.test_kill import has_sqlite

TESTS = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    not has_sqlite(), reason="SQLite is no shared library of this Python"
)


def run(first: int, count: int, timeout_s: int) -> tuple[int, int]:
    """Return how many of the seeds were killed, and how many records were acknowledged."""
    command = [sys.executable, "-m", "simulation.crashes", str(first), str(count)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert done.returncode == 0, done.stderr
    killed, told = map(int, done.stdout.split())
    return killed, told


def test_no_acknowledged_record_is_lost_at_twelve_crash_points() -> None:
    killed, told = run(0, 12, 120)
    assert killed >= 6
    assert told > 12


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_no_acknowledged_record_is_lost_at_a_thousand_crash_points(part: int) -> None:
    killed, told = run(1_000 + 100 * part, 100, 800)
    assert killed >= 60
    assert told > 100
