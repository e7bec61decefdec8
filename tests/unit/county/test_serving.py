"""A house in service: what was signed is sent again, everybody follows, everything ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from counties import START_MS, Town, found, open_town, sign_unsent
from tallystick.base.clock import DAY_MS, ManualClock, SystemClock
from tallystick.base.errors import Conflict, Error
from tallystick.client import in_process
from tallystick.county import serving
from tallystick.county.house import House, open_house
from tallystick.county.serving import await_witnessed, resend, serve_house


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return found(tmp_path, SystemClock(), catalogue=False)


def stands(house: House, tid: bytes) -> bool:
    house.spread()
    return all(node.replica.find(tid) is not None for node in house.nodes())


def test_what_was_signed_and_not_sent_is_sent_again_once(county: Path) -> None:
    with open_house(county, SystemClock()) as house:
        tid = sign_unsent(house.node("village")).tid
    with open_house(county, SystemClock()) as house:
        assert not stands(house, tid)
        assert resend(house) == 1
        assert resend(house) == 0
        assert stands(house, tid)
        assert house.node("village").outbox.pending() == []


def test_a_house_that_begins_to_serve_sends_again(county: Path) -> None:
    with open_house(county, SystemClock()) as house:
        signed = [sign_unsent(house.node(name)).tid for name in ("village", "finance")]
    with open_house(county, SystemClock()) as house, serve_house(house):
        replica = house.node("regulator").replica
        while any(replica.find(tid) is None for tid in signed):
            assert replica.wait_beyond(replica.tip.height, 20_000)


def test_members_follow_and_witness_by_themselves_while_served(county: Path) -> None:
    before = threading.active_count()
    with open_house(county, SystemClock()) as house:
        with serve_house(house):
            house.node("newspaper").publication.publish_news("rain", "en")
            height = house.node("newspaper").replica.tip.height
            for seat in house.seats():
                assert await_witnessed(house, seat, height, 20_000)
        assert not house.served
        house.node("newspaper").publication.publish_news("sun", "en")
        house.node("village").catch_up()
        assert house.node("village").views.height() == height + 1
    assert threading.active_count() == before


def test_registrations_leave_with_the_new_day(tmp_path: Path) -> None:
    clock = ManualClock(START_MS)
    with open_house(found(tmp_path, clock, catalogue=False), clock) as house, serve_house(house):
        node = house.node("village")
        node.consent.add_party("household", {"name": "x"})
        assert len(node.desk.pending.waiting()) == 1
        clock.advance(DAY_MS)
        assert node.replica.wait_beyond(0, 20_000)


@pytest.fixture
def town(county: Path) -> Iterator[Town]:
    with open_town(county, SystemClock()) as opened, serve_house(opened.house):
        yield opened


def test_two_at_once_under_one_key_record_one(town: Town) -> None:
    party = town["village"].add_party("household", {"name": "x"})
    given: list[str] = []
    refused: list[Error] = []

    def give() -> None:
        with in_process(town.app, town.token, "village") as office, office.keyed("one"):
            try:
                given.append(office.add_mandate(party, witness="finance", days=1, text=""))
            except Conflict as error:
                refused.append(error)

    threads = [threading.Thread(target=give) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(given)) == 1
    assert {error.code for error in refused} <= {"request.running"}
    assert len(given) + len(refused) == 6
    assert town.count("mandate.given") == 1


def test_a_fault_that_nobody_foresaw_ends_no_thread_for_good(
    county: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds, again = [0], threading.Event()

    def renew(*_: object) -> int:
        rounds[0] += 1
        if rounds[0] == 1:
            raise OSError(24, "Too many open files")
        again.set()
        return 0

    monkeypatch.setattr(serving, "renew_names", renew)
    monkeypatch.setattr(serving, "FAULT_MS", 20)
    with open_house(county, SystemClock()) as house, serve_house(house, tend_s=0.02):
        assert again.wait(20)
    assert "names: a fault ended this thread's work" in caplog.text
    assert "Too many open files" in caplog.text
