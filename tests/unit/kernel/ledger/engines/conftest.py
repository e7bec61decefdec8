"""Halls of validators that make small snapshots often, for tests of state sync."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.hall import Hall, opened, small


@pytest.fixture(scope="module")
def small_snapshots() -> Iterator[None]:
    """Snapshots so small and near one another that each test sees several."""
    with small():
        yield


@pytest.fixture(scope="module")
def hall(small_snapshots: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall that no test changes."""
    with opened(tmp_path_factory.mktemp("hall")) as found:
        yield found


@pytest.fixture
def own_hall(small_snapshots: None, tmp_path: Path) -> Iterator[Hall]:
    """A hall of a test's own."""
    (tmp_path / "hall").mkdir()
    with opened(tmp_path / "hall") as found:
        yield found
