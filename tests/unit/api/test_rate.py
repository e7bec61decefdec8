"""Token buckets: what a burst and a minute let through, and that many keys fill no memory."""

from __future__ import annotations

import pytest

from tallystick.api import rate
from tallystick.api.rate import Buckets
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Unavailable


def passes(buckets: Buckets, key: bytes, tries: int) -> int:
    passed = 0
    for _ in range(tries):
        try:
            buckets.take(key)
        except Unavailable:
            continue
        passed += 1
    return passed


def test_a_burst_passes_and_then_as_many_a_minute_as_are_let() -> None:
    clock = ManualClock(0)
    buckets = Buckets(clock, burst=5, per_minute=3)
    assert passes(buckets, b"a", 9) == 5
    clock.advance(20_000)
    assert passes(buckets, b"a", 9) == 1
    clock.advance(60_000)
    assert passes(buckets, b"a", 9) == 3
    clock.advance(3_600_000)
    assert passes(buckets, b"a", 9) == 5
    assert passes(buckets, b"b", 9) == 5


@pytest.mark.parametrize(("per_minute", "seconds"), [(60, 1), (3, 20), (1, 60), (40, 2)])
def test_who_waits_as_told_passes_and_a_moment_earlier_not(per_minute: int, seconds: int) -> None:
    clock = ManualClock(7)
    buckets = Buckets(clock, burst=1, per_minute=per_minute)
    buckets.take(b"a")
    with pytest.raises(Unavailable) as caught:
        buckets.take(b"a")
    assert (caught.value.code, caught.value.values["retry_s"]) == ("api.rate", seconds)
    clock.advance(60_000 // per_minute - 1)
    assert passes(buckets, b"a", 1) == 0
    clock.advance(seconds * 1_000 - (60_000 // per_minute - 1))
    assert passes(buckets, b"a", 1) == 1


def test_a_clock_set_back_fills_nothing_and_asking_on_costs_nothing() -> None:
    clock = ManualClock(100_000)
    buckets = Buckets(clock, burst=2, per_minute=60)
    assert passes(buckets, b"a", 2) == 2
    clock.advance(-90_000)
    assert passes(buckets, b"a", 50) == 0
    clock.advance(1_000)
    assert passes(buckets, b"a", 2) == 1


def test_beyond_the_bound_the_key_least_recently_asked_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate, "KEPT_MAX", 3)
    buckets = Buckets(ManualClock(0), burst=1, per_minute=1)
    for key in (b"a", b"b", b"c", b"a", b"d"):
        passes(buckets, key, 1)
    assert [passes(buckets, key, 1) for key in (b"a", b"c", b"d")] == [0, 0, 0]
    assert passes(buckets, b"b", 1) == 1
