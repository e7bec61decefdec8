"""A share's interval, against the same formula in floats and against its laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.learning.evaluation import share
from tallystick.services.positioning.share import Share

PPM = 1_000_000
COUNTS = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_the_interval_is_wilson_s_rounded_outwards(counts: tuple[int, int]) -> None:
    low, high = Share(*counts).interval_ppm
    found = share(*counts)
    assert low <= found.low * PPM + 1e-3
    assert high >= found.high * PPM - 1e-3
    assert found.low * PPM - low < 2
    assert high - found.high * PPM < 2


@given(COUNTS)
def test_the_interval_holds_the_share_and_mirrors(counts: tuple[int, int]) -> None:
    hits, count = counts
    found = Share(hits, count)
    low, high = found.interval_ppm
    assert found.ppm is not None
    assert 0 <= low <= found.ppm <= high <= PPM
    assert Share(count - hits, count).interval_ppm == (PPM - high, PPM - low)


@given(COUNTS, st.integers(2, 50))
def test_more_of_the_same_makes_it_narrower(counts: tuple[int, int], times: int) -> None:
    hits, count = counts
    few, many = Share(hits, count), Share(hits * times, count * times)
    assert many.ppm == few.ppm
    assert many.interval_ppm[0] >= few.interval_ppm[0]
    assert many.interval_ppm[1] <= few.interval_ppm[1]


def test_all_and_none_reach_the_ends_alone() -> None:
    assert Share(0, 10).interval_ppm[0] == 0
    assert Share(10, 10).interval_ppm[1] == PPM
    assert Share(1, 10).interval_ppm[0] > 0


def test_of_nothing_there_is_no_share() -> None:
    assert (Share(0, 0).ppm, Share(0, 0).interval_ppm) == (None, (0, PPM))
    with pytest.raises(AssertionError):
        Share(2, 1)
