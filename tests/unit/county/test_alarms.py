"""What a served member's health tells, by the age of the oldest block and record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counties import START_MS, found, sign_unsent
from newcomers import cutting
from tallystick.base.clock import ManualClock
from tallystick.county.alarms import LAG_MS_MAX, WAIT_MS_MAX, find_alarm
from tallystick.county.founding import found_county
from tallystick.county.house import House, open_house
from tallystick.county.member import MEMBERS
from tallystick.county.validating import list_validators

STEP_MS = 28_000
"""A busy chain: no block is ever a minute old when the next one comes."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture
def house(tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    with open_house(found(tmp_path, clock, catalogue=False), clock) as opened:
        yield opened


def tell(house: House, member: str) -> str:
    """Return a member's alarm, as while the county is served."""
    house.served = True
    alarm = find_alarm(house, house.seat(member))
    house.served = False
    return "" if alarm is None else alarm.code


def test_blocks_that_come_do_not_hide_that_none_is_witnessed(
    house: House, clock: ManualClock
) -> None:
    node, told = house.node("finance"), []
    for number in range(5):
        house.node("newspaper").publication.publish_news(f"news {number}", "en")
        clock.advance(STEP_MS)
        node.fold()
        told.append(tell(house, "finance"))
    assert house.seat("finance").witnesses.height == 0
    assert node.replica.tip.height == 5
    assert clock.now_ms() - node.replica.tip.time < LAG_MS_MAX, "the newest block is young"
    # The first block is a minute old once the third has come.
    assert told == ["", "", *["ledger.unwitnessed"] * 3]
    house.spread()
    assert tell(house, "finance") == ""


def test_blocks_that_come_do_not_hide_that_none_is_folded(house: House, clock: ManualClock) -> None:
    village = house.node("village")
    for number in range(4):
        house.node("newspaper").publication.publish_news(f"news {number}", "en")
        house.spread()
        clock.advance(STEP_MS)
    assert house.seat("village").witnesses.height == village.replica.tip.height == 4
    assert tell(house, "village") == "views.behind"
    village.fold()
    assert tell(house, "village") == ""


def test_a_record_that_waits_for_a_block_is_told_until_one_holds_it(
    house: House, clock: ManualClock
) -> None:
    village = house.node("village")
    data = sign_unsent(village).data
    clock.advance(WAIT_MS_MAX)
    assert tell(house, "village") == ""
    clock.advance(1)
    assert tell(house, "village") == "ledger.stalled"
    assert tell(house, "finance") == "", "nothing of it came there"
    house.seat("village").ledger.submit(data)
    house.spread()
    for node in house.nodes():
        node.fold()
    assert tell(house, "village") == ""
    assert village.outbox.pending() == [], "settled by the look at it"


def test_too_few_that_order_together_are_told_though_nothing_waits(
    tmp_path: Path, clock: ManualClock
) -> None:
    found_county(tmp_path, clock=clock, members=MEMBERS, validators=4)
    with cutting(tmp_path, clock) as house:
        names = [each.name for each in house.county.members]
        seat = house.seat("newspaper")
        tip = seat.node.replica.tip
        voting = list_validators(tip.members, tip.height + 1)

        def look(*away: str) -> str:
            """Return the alarm of a member that does not reach some, who do not answer for long."""
            here = [name for name in names if name not in away]
            house.network.partition(here, *([name] for name in away))
            for _ in range(2):
                seat.checker.watch()
                clock.advance(WAIT_MS_MAX // 2 + 1)
            return tell(house, "newspaper")

        assert seat.node.member not in voting
        assert look() == ""
        assert look(*(name for name in names if name not in {*voting, "newspaper"})) == ""
        assert look(voting[0]) == ""
        assert look(*voting[:2]) == "ledger.too_few"
        # One that was away before is counted from then; who answers again is not.
        house.network.partition(names)
        seat.checker.watch()
        assert tell(house, "newspaper") == ""
        house.network.partition(
            [n for n in names if n not in voting[2:]], *([n] for n in voting[2:])
        )
        seat.checker.watch()
        assert tell(house, "newspaper") == "", "it has only just stopped to answer"


def test_a_header_that_cannot_be_read_is_an_alarm_and_no_failure(
    house: House, clock: ManualClock
) -> None:
    house.node("newspaper").publication.publish_news("rain", "en")
    path = house.node("finance").folder / "ledger.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE block SET header = zeroblob(length(header)) WHERE height = 1")
        database.commit()
    clock.advance(LAG_MS_MAX + 1)
    assert tell(house, "finance") == "ledger.corrupt"


def test_a_county_at_rest_on_one_machine_has_no_alarm_of_delay(
    house: House, clock: ManualClock
) -> None:
    sign_unsent(house.node("village"))
    house.node("newspaper").publication.publish_news("rain", "en")
    clock.advance(10 * LAG_MS_MAX)
    assert find_alarm(house, house.seat("village")) is None
    assert find_alarm(house, house.seat("finance")) is None


def test_what_the_clock_of_who_signed_says_is_ahead_is_told(
    house: House, clock: ManualClock
) -> None:
    house.node("newspaper").publication.publish_news("rain", "en")
    house.spread()
    clock.advance(-60_000)
    assert tell(house, "village") == "ledger.clock_ahead"
