"""Members' messages show whose clock is ahead; a slow one, or one heard again, shows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from links import NOW_MS, List, make_trust
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Denied
from tallystick.kernel.link.clocks import AHEAD_MAX_S, Clocks
from tallystick.kernel.link.trust import Trust

NOW: Final = 1_000_000
LIFE: Final = 50
TARGET: Final = "https://coop.example:8421/link/v1/ledger.blocks"


def test_an_answer_of_a_time_before_its_question_shows_a_clock_ahead_however_slow_it_was() -> None:
    clocks = Clocks()
    clocks.hear_answer("bank", NOW - AHEAD_MAX_S - 1, NOW, NOW)
    clocks.hear_answer("coop", NOW - AHEAD_MAX_S, NOW, NOW + 300)
    assert clocks.list_behind(NOW) == ["bank"]
    clocks.hear_answer("bank", NOW, NOW, NOW + 300)
    assert clocks.list_behind(NOW) == []


def test_a_request_that_may_have_been_slow_shows_nothing_and_a_new_one_that_it_is_right() -> None:
    clocks = Clocks()
    clocks.hear_request("bank", NOW - 20, NOW - 20 + LIFE, NOW)
    assert clocks.list_behind(NOW) == []
    clocks.hear_request("bank", NOW - 19 - LIFE, NOW - 19, NOW)
    assert clocks.list_behind(NOW) == ["bank"]
    clocks.hear_request("bank", NOW - 20, NOW - 20 + LIFE, NOW)
    assert clocks.list_behind(NOW) == ["bank"]
    clocks.hear_request("bank", NOW - AHEAD_MAX_S, NOW - AHEAD_MAX_S + LIFE, NOW)
    assert clocks.list_behind(NOW) == []


def test_who_hears_an_old_request_again_is_not_told_that_its_clock_is_ahead() -> None:
    clocks = Clocks()
    clocks.hear_request("bank", NOW, NOW + LIFE, NOW)
    clocks.hear_request("bank", NOW, NOW + LIFE, NOW + LIFE + 1)
    clocks.hear_request("bank", NOW - 1, NOW - 1 + LIFE, NOW + LIFE + 1)
    assert clocks.list_behind(NOW + LIFE + 1) == []


@pytest.mark.parametrize("set_s", [-3_600, -1, 61], ids=["set right", "set back", "a minute later"])
def test_what_was_heard_before_the_clock_was_set_counts_no_more(set_s: int) -> None:
    clocks = Clocks()
    clocks.hear_answer("bank", NOW - 3_600, NOW, NOW)
    assert clocks.list_behind(NOW) == ["bank"]
    assert clocks.list_behind(NOW + set_s) == []


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[tuple[Trust, Trust]]:
    """Two members, the first with a clock an hour ahead."""
    known = List()
    with ExitStack() as stack:
        found = []
        for name, ahead_ms in (("bank", 3_600_000), ("coop", 0)):
            trust, heard = make_trust(tmp_path, name, known, ManualClock(NOW_MS + ahead_ms))
            stack.callback(heard.close)
            found.append(trust)
        yield found[0], found[1]


def test_a_member_learns_that_its_clock_is_ahead_by_what_refuses_it_and_by_what_it_refuses(
    apart: tuple[Trust, Trust],
) -> None:
    bank, coop = apart
    asked = bank.sign_request("coop", TARGET, b"")
    with pytest.raises(Denied, match=r"^link\.future"):
        coop.check_request("POST", TARGET, asked)
    assert coop.list_behind() == []
    assert bank.list_behind() == []
    bank.check_answer("coop", asked, 403, coop.sign_answer(asked["signature"], 403, b""), b"")
    assert bank.list_behind() == ["coop"]


def test_a_request_that_has_ended_shows_it_only_where_it_is_signed(
    apart: tuple[Trust, Trust],
) -> None:
    bank, coop = apart
    asked = coop.sign_request("bank", TARGET, b"")
    with pytest.raises(Denied, match=r"^link\.signature"):
        bank.check_request("POST", TARGET, {**asked, "content-digest": "sha-256=:AAAA:"})
    assert bank.list_behind() == []
    with pytest.raises(Denied, match=r"^link\.expired"):
        bank.check_request("POST", TARGET, asked)
    assert bank.list_behind() == ["coop"]
