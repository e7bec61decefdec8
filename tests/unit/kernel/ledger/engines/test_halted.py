"""An engine that goes on running and orders nothing is ended, even where no log can be written."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tallystick.kernel.ledger.engines import supervise
from tallystick.kernel.ledger.engines.supervise import Keeper

HALTED = 'E CONSENSUS FAILURE!!! module=consensus err="no space left on device"'
STAYS = f"import time; print({HALTED!r}, flush=True); time.sleep(60)"


def _wait(is_so: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("log", ["log", "absent/log"], ids=["a log", "no room for one"])
def test_an_engine_whose_consensus_failed_is_ended_told_of_and_started_again(
    tmp_path: Path, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "PAUSE_MAX_MS", 500)
    told: list[bytes] = []
    keeper = Keeper([sys.executable, "-c", STAYS], tmp_path / log, told.append)
    keeper.start()
    _wait(lambda: keeper.starts >= 2)
    _wait(lambda: keeper.trouble is not None)
    trouble = str(keeper.trouble)
    keeper.close()
    assert "engine.down" in trouble
    assert "no space left on device" in trouble
    assert HALTED.encode() in told[0]
    if log == "log":
        assert HALTED in (tmp_path / log).read_text()


def test_what_an_engine_says_is_kept_to_an_end_of_a_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LOG_BYTES_MAX", 20_000)
    said = "for _ in range(100): print('x' * 1_000)"
    told: list[bytes] = []
    keeper = Keeper([sys.executable, "-c", said], tmp_path / "log", told.append)
    keeper.start()
    _wait(lambda: bool(told))
    keeper.close()
    assert 0 < len(told[0]) <= 64 * 1024
    assert told[0].endswith(b"x\n")
    assert (tmp_path / "log").stat().st_size <= 21_100
    assert (tmp_path / "log.1").stat().st_size <= 21_100
