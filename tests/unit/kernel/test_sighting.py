"""Sightings keep when a difference was first seen, and settle when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tallystick.base.clock import ManualClock
from tallystick.base.codec import encode
from tallystick.base.errors import Unavailable
from tallystick.kernel.ledger.compare import Difference
from tallystick.kernel.ledger.sighting import (
    OPEN_MAX,
    Sightings,
    ask_sightings,
    serve_sightings,
)
from tallystick.kernel.link.engines.memory import Network

WRONG = Difference("village", 7, "merkle_root", "aa", "bb")
AT = {("village", 7)}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000)


@pytest.fixture
def sightings(tmp_path: Path, clock: ManualClock) -> Iterator[Sightings]:
    found = Sightings(tmp_path / "local.db", clock)
    yield found
    found.close()


def test_the_first_time_is_kept_however_often_the_same_is_seen(
    sightings: Sightings, clock: ManualClock
) -> None:
    assert [each.first_ms for each in sightings.note([WRONG], AT)] == [1_000]
    clock.advance(50)
    assert sightings.note([WRONG], AT) == []
    (found,) = sightings.open()
    assert (found.first_ms, found.last_ms, found.settled_ms) == (1_000, 1_050, None)
    assert (found.ours, found.theirs) == ("aa", "bb")


def test_what_was_not_looked_at_stands_and_what_is_gone_settles(
    sightings: Sightings, clock: ManualClock
) -> None:
    sightings.note([WRONG], AT)
    clock.advance(10)
    sightings.note([], {("village", 8), ("bank", 7)})
    assert len(sightings.open()) == 1
    sightings.note([], AT)
    assert sightings.open() == []
    assert [each.settled_ms for each in sightings.settled(5)] == [1_010]


def test_what_was_settled_and_is_back_is_seen_anew(
    sightings: Sightings, clock: ManualClock
) -> None:
    sightings.note([WRONG], AT)
    sightings.note([], AT)
    clock.advance(99)
    assert [each.first_ms for each in sightings.note([WRONG], AT)] == [1_099]
    assert [each.first_ms for each in sightings.open()] == [1_099]
    assert sightings.settled(5) == []


def test_a_copy_that_differs_everywhere_fills_no_disk(sightings: Sightings) -> None:
    many = [Difference("village", at, "time", "1" * 9_000, "2") for at in range(1, 500)]
    looked = {("village", each.height) for each in many}
    sightings.note(many, looked)
    assert len(sightings.open()) == OPEN_MAX
    assert all(len(each.ours) <= 4_096 for each in sightings.open())
    sightings.note(many[:1], {("village", at) for at in range(2, 500)})
    assert [each.height for each in sightings.open()] == [1]


def test_they_are_kept_over_a_restart_and_told_to_others(
    tmp_path: Path, clock: ManualClock
) -> None:
    first = Sightings(tmp_path / "local.db", clock)
    first.note([WRONG], AT)
    first.close()
    network = Network()
    again = Sightings(tmp_path / "local.db", clock)
    serve_sightings(network.join("regulator"), again)
    asker = network.join("bank")
    assert ask_sightings(asker, "regulator") == again.open()
    again.close()


def test_an_answer_without_a_reading_is_no_sighting() -> None:
    network = Network()
    network.join("regulator").serve({"ledger.sightings": lambda _by, _asked: encode([{"x": 1}])})
    with pytest.raises(Unavailable, match="no reading"):
        ask_sightings(network.join("bank"), "regulator")
