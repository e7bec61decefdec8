"""The real CometBFT in tests: where it is, and a clock that a test cannot move."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.errors import NotFound
from tallystick.kernel.ledger.install import find_engine

__all__ = ["SystemManualClock", "find_comet"]


class SystemManualClock(ManualClock):
    """The machine's clock where a test's own is expected; telling it to move does nothing."""

    def __init__(self) -> None:
        super().__init__(0)
        self._system = SystemClock()

    def now_ms(self) -> int:
        return self._system.now_ms()


def find_comet() -> Path:
    """Return the built engine; skips (fails where everything is required) without it."""
    try:
        return find_engine("cometbft")
    except NotFound as error:
        pytest.skip(str(error))
