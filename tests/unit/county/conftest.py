"""One county, drawn once, for all tests that only look at it."""

from __future__ import annotations

import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.county.county import County, draw_county


@pytest.fixture(scope="session")
def county() -> County:
    return draw_county(SeededEntropy("a county to look at"), households=600, months=12)


@pytest.fixture(scope="session")
def large_county() -> County:
    return draw_county(SeededEntropy("a wide county"), households=3_000, months=12)
