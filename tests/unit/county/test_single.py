"""Members on machines of their own: they follow, survive each other's absence, and lose nothing."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counties import sign_unsent
from machines import NAMES, Machines, await_until, found_apart, open_machines
from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from tallystick.client import in_process
from tallystick.county.founding import read_county
from tallystick.county.house import open_house
from tallystick.county.leading import agree, lead_alone
from tallystick.county.single import find_single, open_single
from tallystick.county.upkeep import repair_member, verify_member
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.ledger import follower as following
from tallystick.kernel.ledger.news import ask_news
from tallystick.kernel.link.book import read_book, write_book


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with open_machines(tmp_path) as found:
        yield found


def tell(machines: Machines, text: str) -> None:
    machines.node("newspaper").publication.publish_news(text, "en")


def tell_in_the_end(machines: Machines, text: str) -> None:
    """Tell it while the orderer comes and goes: repeated where nothing was signed."""
    while True:
        try:
            tell(machines, text)
        except Unavailable as error:
            if error.code == "ledger.away":
                continue
            if error.code != "ledger.late":
                raise
        await_until(lambda: not machines.node("newspaper").outbox.pending())
        return


def test_what_one_records_reaches_all_and_is_witnessed(machines: Machines) -> None:
    tell(machines, "rain")
    assert machines.height("newspaper") == 1
    await_until(machines.is_level)
    assert machines.height("village") == 1
    village = machines.node("village")
    await_until(lambda: village.views.height() == 1)
    await_until(lambda: machines.agreeing("village") == len(NAMES))
    (row,) = village.views.rows("record", {"t": "news.published"})
    # The object itself was published at the newspaper alone.
    assert b"rain" in village.desk.get_object(village.find(row["id"]).record["pub"]["object"])


def test_all_see_that_all_copies_agree(machines: Machines) -> None:
    tell(machines, "rain")
    for name in NAMES:
        await_until(lambda name=name: machines.agreeing(name) == len(NAMES))  # type: ignore[misc]


def test_a_member_that_was_away_catches_up(machines: Machines) -> None:
    machines.end("village")
    for text in ("rain", "sun"):
        tell(machines, text)
    machines.begin("village")
    await_until(machines.is_level)
    assert machines.height("village") == 2


def test_a_member_that_was_away_takes_the_state_over_and_its_blocks_come_later(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LEAP_MIN", 2)
    machines.end("village")
    for text in ("rain", "sun", "wind", "snow"):
        tell(machines, text)
    # Whom it asks first must have a quorum's names: else it runs the blocks, and witnesses them.
    for name in set(NAMES) - {"village"}:
        await_until(lambda name=name: machines.agreeing(name) == len(NAMES) - 1)  # type: ignore[misc]
    machines.begin("village", leaps=True)
    await_until(machines.is_level)
    village = machines.node("village")
    await_until(lambda: village.views.height() == 4)
    assert len(village.views.rows("record", {"t": "news.published"})) == 4
    await_until(lambda: village.replica.floor == 0)
    tell(machines, "hail")
    await_until(machines.is_level)
    assert village.replica.verify().height == 5
    assert "village" not in village.replica.cosignatures(2)


def test_without_the_orderer_reading_goes_on_and_writing_is_refused_before_it_is_signed(
    machines: Machines,
) -> None:
    tell(machines, "rain")
    machines.end("finance")
    node = machines.node("newspaper")
    await_until(lambda: machines.is_away("newspaper", "finance"))
    with pytest.raises(Unavailable, match=r"^ledger\.away: "):
        tell(machines, "sun")
    assert node.outbox.pending() == []
    assert node.views.rows("record", {"t": "news.published"})
    app = create_app(machines.houses["newspaper"], members=["newspaper"])
    with in_process(app, ensure_token(machines.county), "newspaper") as office:
        # The link knows before the follower has asked again.
        await_until(lambda: office.ask("GET", "/newspaper/healthz").json()["alarm"] == "link.lost")
        assert office.ask("GET", "/newspaper/healthz").json()["height"] == 1
    machines.begin("finance")
    tell_in_the_end(machines, "sun")
    await_until(machines.is_level)
    assert machines.height("finance") == 2


class Wrong:
    """The machine's clock, off by some ms."""

    def __init__(self, off_ms: int) -> None:
        self._off_ms = off_ms

    def now_ms(self) -> int:
        return SystemClock().now_ms() + self._off_ms


@pytest.mark.parametrize(("off_ms", "code"), [(3_600_000, "future"), (-3_600_000, "expired")])
def test_what_the_orderer_refuses_for_its_clock_is_not_signed_or_told_as_on_its_way(
    machines: Machines, off_ms: int, code: str
) -> None:
    machines.end("newspaper")
    machines.begin("newspaper", clock=Wrong(off_ms))
    seat = machines.houses["newspaper"].seat("newspaper")
    assert seat.follower is not None
    await_until(lambda: isinstance(seat.follower and seat.follower.trouble, Denied))
    with pytest.raises(Denied, match=rf"^link\.{code}: "):
        tell(machines, "rain")
    assert seat.node.outbox.pending() == []
    # Signed before that was known: it counts once the clock is right, and is told so.
    entry = sign_unsent(seat.node)
    with pytest.raises(Unavailable, match=r"^ledger\.late: "):
        seat.ledger.submit(entry.data)
    assert machines.height("finance") == 0


def test_without_the_orderer_a_member_catches_up_from_any_other(machines: Machines) -> None:
    machines.end("village")
    tell(machines, "rain")
    await_until(machines.is_level)
    machines.end("finance")
    machines.begin("village")
    await_until(lambda: machines.height("village") == 1)
    follower = machines.houses["village"].seat("village").follower
    assert follower is not None
    await_until(lambda: getattr(follower.trouble, "code", "") == "link.lost")


def test_what_was_signed_as_the_orderer_went_is_sent_again_once(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.end("finance")
    # The orderer goes in the moment between looking and sending.
    seat = machines.houses["newspaper"].seat("newspaper")
    monkeypatch.setattr(type(seat), "check", lambda _: None)
    with pytest.raises(Unavailable, match=r"^ledger\.late: ") as error:
        tell(machines, "rain")
    assert len(str(error.value.values["tid"])) == 64
    assert len(seat.node.outbox.pending()) == 1
    machines.begin("finance")
    await_until(lambda: not seat.node.outbox.pending())
    await_until(machines.is_level)
    assert machines.height("village") == 1


def test_an_orderer_that_lost_its_end_orders_nothing_until_it_has_caught_up(
    machines: Machines,
) -> None:
    ledger = machines.county / "finance" / "ledger.db"
    tell(machines, "rain")
    await_until(machines.is_level)
    machines.end("finance")
    early = ledger.read_bytes()
    machines.begin("finance")
    tell_in_the_end(machines, "sun")
    await_until(machines.is_level)
    machines.end(*NAMES)
    ledger.write_bytes(early)
    machines.begin("finance")
    assert machines.height("finance") == 1
    machines.begin("newspaper", "village", "credit-union")
    tell_in_the_end(machines, "snow")
    await_until(machines.is_level)
    assert machines.height("finance") == 3


def test_an_orderer_that_comes_back_learns_that_another_orders_by_now(machines: Machines) -> None:
    tell(machines, "rain")
    await_until(machines.is_level)
    machines.end(*NAMES)
    others = [name for name in NAMES if name != "finance"]
    for name in others:
        agree(machines.county, name, "village", clock=SystemClock())
    machines.begin(*(name for name in others if name != "village"))
    assert lead_alone(machines.county, "village", clock=SystemClock()).number == 1
    machines.begin("village")
    tell_in_the_end(machines, "sun")
    machines.begin("finance")
    assert machines.houses["finance"].leader == "village"
    await_until(machines.is_level)
    tell_in_the_end(machines, "wind")
    await_until(lambda: machines.height("finance") == 3)
    await_until(machines.is_level)
    assert "finance" in machines.node("village").replica.cosignatures(3)


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    with open_machines(tmp_path) as machines:
        tell(machines, "rain")
    await_until(lambda: threading.active_count() <= before)


def test_a_question_for_news_ends_with_the_news_or_in_time(machines: Machines) -> None:
    link = machines.houses["village"].link("village")
    assert ask_news(link, "finance", 0, 1) == 0
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(ask_news(link, "finance", 0, 5_000)))
    thread.start()
    tell(machines, "rain")
    thread.join()
    assert found == [1]


def test_a_request_heard_before_a_restart_is_known_after_it(machines: Machines) -> None:
    machines.houses["village"].link("village").call("finance", "ledger.note", b"\x81\x00")
    machines.end("finance")
    heard = HeardRequests(machines.county / "finance" / "local.db", SystemClock())
    assert heard._database.value("SELECT count(*) FROM heard") > 0
    heard.close()


def test_a_member_at_rest_on_its_own_machine_is_repaired_from_the_others(
    machines: Machines, tmp_path: Path
) -> None:
    for text in ("rain", "sun", "wind"):
        tell(machines, text)
    await_until(machines.is_level)
    machines.end("village")
    elsewhere = tmp_path / "elsewhere"
    others = [name for name in NAMES if name != "village"]
    shutil.copytree(machines.county, elsewhere, ignore=shutil.ignore_patterns(*others))
    path = elsewhere / "village" / "ledger.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE block SET header = zeroblob(length(header)) WHERE height = 2")
        database.commit()
    assert not verify_member(elsewhere, "village").is_sound
    found = repair_member(elsewhere, "village").chain
    assert (found.height, len(found.fetched)) == (3, 1)
    assert verify_member(elsewhere, "village").is_sound
    for each in elsewhere.glob("village/ledger.db*"):
        each.unlink()
    assert repair_member(elsewhere, "village").chain.height == 3, "by the list of genesis"
    machines.end(*others)
    path.unlink()
    with pytest.raises(Unavailable, match=r"^ledger\.no_source: "):
        repair_member(elsewhere, "village")


# ---- what is refused


def test_a_folder_has_one_writer_alone_or_together(tmp_path: Path) -> None:
    county = found_apart(tmp_path)
    with open_single(county, "village", SystemClock()):
        with (
            pytest.raises(Conflict, match=r"^node\.locked: "),
            open_house(county, SystemClock()),
        ):
            pass
        with (
            pytest.raises(Conflict, match=r"^node\.locked: "),
            open_single(county, "village", SystemClock()),
        ):
            pass


def test_a_member_that_is_not_here_or_has_no_address_is_refused(tmp_path: Path) -> None:
    county = found_apart(tmp_path)
    assert find_single(county, read_county(county)) == ""
    with (
        pytest.raises(NotFound, match=r"^member\.elsewhere: "),
        open_single(county, "insurer", SystemClock()),
    ):
        pass
    path = county / "village" / "peers.json"
    book = read_book(path)
    write_book(path, {name: each for name, each in book.items() if name != "village"})
    with (
        pytest.raises(Invalid, match=r"^peers\.own: "),
        open_single(county, "village", SystemClock()),
    ):
        pass
    write_book(path, {**book, "village": book["finance"]})
    with (
        open_single(county, "finance", SystemClock()),
        pytest.raises(Unavailable, match=r"^link\.address: "),
        open_single(county, "village", SystemClock()),
    ):
        pass
