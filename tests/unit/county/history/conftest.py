"""Histories that several tests look at, drawn once each."""

from __future__ import annotations

import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.county.history import History, draw_history

FRESH = ("fresh rain", "fresh seed", "fresh ink")
"""Seeds on which nothing was tuned."""
LOANS = 6_000


@pytest.fixture(scope="session")
def histories() -> tuple[History, ...]:
    return tuple(draw_history(SeededEntropy(seed), loans=LOANS) for seed in FRESH)


@pytest.fixture(scope="session")
def history(histories: tuple[History, ...]) -> History:
    return histories[0]
