from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.chain import Chain
from simulation.town import ORDERER, House, Town
from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Conflict, Invalid, Unavailable
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger import outbox as boxes
from tallystick.kernel.ledger.outbox import (
    AHEAD_MAX,
    LIFE_MS,
    RESTORE_AHEAD,
    Outbox,
    Request,
    Writer,
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(tmp_path, Chain())
    found.open_all()
    yield found
    found.close()


@pytest.fixture
def house(town: Town) -> House:
    return town.houses[ORDERER]


def _cut(town: Town) -> None:
    town.chain.clock.advance(3)
    town.orderer.cut()


def _send(town: Town, house: House, number: int, request: Request | None = None) -> int:
    (entry,) = house.outbox.put([[town.chain.news(number)]], request)
    house.ledger.submit(entry.data)
    _cut(town)
    return house.courier.finish(entry, 0).height


def test_each_number_is_signed_once_over_restarts(town: Town, house: House) -> None:
    seqs = [house.outbox.put([[town.chain.news(n)]])[0].seq for n in range(3)]
    town.crash(ORDERER)
    again = town.open(ORDERER)
    seqs += [each.seq for each in again.outbox.put([[town.chain.news(n)] for n in range(3, 6)])]
    assert seqs == [1, 2, 3, 4, 5, 6]


def test_what_is_pending_is_resent_byte_for_byte_until_it_is_final(
    town: Town, house: House
) -> None:
    (entry,) = house.outbox.put([[town.chain.news(1)]])
    assert house.outbox.pending() == [entry]
    town.crash(ORDERER)
    again = town.open(ORDERER)
    assert again.outbox.pending() == [entry]
    town.orderer.submit(entry.data)
    _cut(town)
    (result,) = again.courier.resend(0)
    assert result.tid == entry.tid
    assert again.outbox.pending() == []
    town.crash(ORDERER)
    assert town.open(ORDERER).outbox.entry(entry.seq).result == result


def test_a_repeated_request_gets_the_first_answer_and_no_new_number(
    town: Town, house: House
) -> None:
    request = Request("officer", "POST /v1/cases", "key-1", b"{}")
    (entry,) = house.outbox.put([[town.chain.news(1)]], request)
    (again,) = house.outbox.put([[town.chain.news(2)]], request)
    assert again == entry
    house.ledger.submit(entry.data)
    _cut(town)
    first = house.courier.finish(entry, 0)
    assert house.courier.send([town.chain.news(3)], request, 0) == first


@pytest.mark.parametrize(
    "other",
    [
        Request("clerk", "POST /v1/cases", "key-1", b"{}"),
        Request("officer", "POST /v1/loans", "key-1", b"{}"),
        Request("officer", "POST /v1/cases", "key-2", b"{}"),
    ],
)
def test_another_user_route_or_key_is_another_request(
    town: Town, house: House, other: Request
) -> None:
    request = Request("officer", "POST /v1/cases", "key-1", b"{}")
    (first,) = house.outbox.put([[town.chain.news(1)]], request)
    (second,) = house.outbox.put([[town.chain.news(2)]], other)
    assert first.seq != second.seq


def test_a_key_that_comes_back_with_another_body_is_a_conflict(town: Town, house: House) -> None:
    house.outbox.put([[town.chain.news(1)]], Request("o", "r", "k", b"one"))
    with pytest.raises(Conflict, match=r"outbox\.key_reused"):
        house.outbox.put([[town.chain.news(2)]], Request("o", "r", "k", b"two"))


def test_a_request_is_forgotten_after_a_day(town: Town, house: House) -> None:
    request = Request("o", "r", "k", b"one")
    (first,) = house.outbox.put([[town.chain.news(1)]], request)
    town.chain.clock.advance(DAY_MS)
    assert house.outbox.known(request) is None
    assert house.outbox.forget() == 1
    (second,) = house.outbox.put([[town.chain.news(2)]], request)
    assert second.seq == first.seq + 1


def test_an_expired_entry_gets_a_new_number_only_once_the_chain_is_past_it(
    town: Town, house: House
) -> None:
    (entry,) = house.outbox.put([[town.chain.news(1)]])
    town.chain.clock.advance(LIFE_MS + 1)
    assert house.outbox.renew() == []
    _send(town, house, 2)
    (renewed,) = house.outbox.renew()
    assert renewed.seq == 3
    assert Transaction.read(renewed.data).records == Transaction.read(entry.data).records
    assert house.outbox.entry(entry.seq) == renewed
    assert house.outbox.pending() == [renewed]


def test_a_lost_answer_does_not_make_an_ordered_entry_expire(town: Town, house: House) -> None:
    (entry,) = house.outbox.put([[town.chain.news(1)]])
    house.ledger.submit(entry.data)
    _cut(town)
    town.chain.clock.advance(LIFE_MS + 1)
    _send(town, house, 2)
    assert house.outbox.renew() == []
    assert [each.tid for each in house.courier.resend(0)] == [entry.tid]


def test_what_ran_out_of_time_while_the_chain_stood_still_is_kept_and_signed_anew_later(
    town: Town, house: House
) -> None:
    (entry,) = house.outbox.put([[town.chain.news(1)]])
    put_ms = town.chain.clock.now_ms()
    town.chain.clock.advance(LIFE_MS + 1)
    # Sent now it would be refused for good, and whoever was told that it waits would be misled.
    assert house.courier.resend(0) == []
    assert house.outbox.pending() == [entry]
    assert house.outbox.has_waited(put_ms + 1)
    assert not house.outbox.has_waited(put_ms)
    _send(town, house, 2)
    assert house.courier.resend(0) == []
    (renewed,) = house.outbox.pending()
    assert Transaction.read(renewed.data).records == Transaction.read(entry.data).records
    _cut(town)
    assert [each.tid for each in house.courier.resend(0)] == [renewed.tid]
    assert not house.outbox.has_waited(town.chain.clock.now_ms() + 1)


def test_what_a_block_holds_does_not_wait_though_nobody_asked_for_its_result(
    town: Town, house: House
) -> None:
    (entry,) = house.outbox.put([[town.chain.news(1)]])
    house.ledger.submit(entry.data)
    town.chain.clock.advance(1)
    assert house.outbox.has_waited(town.chain.clock.now_ms())
    _cut(town)
    assert not house.outbox.has_waited(town.chain.clock.now_ms())
    assert house.outbox.pending() == []


def test_no_number_is_signed_too_far_above_the_window(
    town: Town, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert AHEAD_MAX == 2**18
    monkeypatch.setattr(boxes, "AHEAD_MAX", 4)
    entries = house.outbox.put([[town.chain.news(n)] for n in range(4)])
    with pytest.raises(Unavailable, match=r"outbox\.full"):
        house.outbox.put([[town.chain.news(9)]])
    house.ledger.submit(entries[-1].data)
    _cut(town)
    assert house.outbox.put([[town.chain.news(9)]])[0].seq == 5


def test_after_a_restore_numbers_begin_beyond_all_that_was_forgotten(
    town: Town, house: House
) -> None:
    _send(town, house, 1)
    town.crash(ORDERER)
    path = town.folder / ORDERER / "local.db"
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    later = town.open(ORDERER)
    for number in (2, 3):
        _send(town, later, number)
    town.crash(ORDERER)
    shutil.copy(copy, path)
    restored = town.open(ORDERER)
    (entry,) = restored.outbox.put([[town.chain.news(4)]])
    assert entry.seq == 3 + RESTORE_AHEAD
    restored.ledger.submit(entry.data)
    _cut(town)
    assert restored.courier.finish(entry, 0).code == 0


def test_a_restore_can_be_told_where_the_chain_cannot_see_it(town: Town, house: House) -> None:
    _send(town, house, 1)
    writer = Writer(ORDERER, 1, town.chain.keys[ORDERER])
    house.outbox.close()
    path = town.folder / ORDERER / "local.db"
    again = Outbox(path, writer, house.replica, town.chain.clock, restored=True)
    assert again.put([[town.chain.news(2)]])[0].seq == 1 + RESTORE_AHEAD
    again.close()


def test_what_may_never_stand_in_a_block_is_abandoned(town: Town, house: House) -> None:
    (entry,) = house.outbox.put([[town.chain.news(1)]])
    town.chain.clock.advance(LIFE_MS + 1)
    with pytest.raises(Invalid, match=r"ledger\.refused"):
        house.courier.finish(entry, 0)
    assert house.outbox.pending() == []


def test_many_threads_never_share_a_number(town: Town, house: House) -> None:
    seqs: list[int] = []

    def work(start: int) -> None:
        numbers = range(start, start + 10)
        seqs.extend(house.outbox.put([[town.chain.news(n)]])[0].seq for n in numbers)

    threads = [threading.Thread(target=work, args=(100 * i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seqs) == list(range(1, 61))


def test_a_full_disk_uses_up_no_number(town: Town, house: House) -> None:
    database = house.outbox._database
    house.outbox.put([[town.chain.news(1)]])
    database.run(f"PRAGMA max_page_count = {database.value('PRAGMA page_count')}")
    with pytest.raises(Unavailable, match=r"database\.full"):
        house.outbox.put([[town.chain.news(n) for n in range(2, 600)]])
    database.run("PRAGMA max_page_count = 100000")
    assert house.outbox.put([[town.chain.news(2)]])[0].seq == 2
