"""Members' answers show whose clock is ahead, however slow they were; requests show nothing."""

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
TARGET: Final = "https://coop.example:8421/link/v1/ledger.blocks"


def test_an_answer_of_a_time_before_its_question_shows_a_clock_ahead_however_slow_it_was() -> None:
    clocks = Clocks()
    clocks.hear("bank", NOW - AHEAD_MAX_S - 1, NOW, NOW)
    clocks.hear("coop", NOW - AHEAD_MAX_S, NOW, NOW + 300)
    assert clocks.list_behind(NOW) == ["bank"]
    clocks.hear("bank", NOW, NOW, NOW + 300)
    assert clocks.list_behind(NOW) == []


@pytest.mark.parametrize("set_s", [-3_600, -1, 61], ids=["set right", "set back", "a minute later"])
def test_what_was_heard_before_the_clock_was_set_counts_no_more(set_s: int) -> None:
    clocks = Clocks()
    clocks.hear("bank", NOW - 3_600, NOW, NOW)
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


def test_a_member_learns_that_its_clock_is_ahead_by_the_signed_answer_that_refuses_it(
    apart: tuple[Trust, Trust],
) -> None:
    bank, coop = apart
    asked = bank.sign_request("coop", TARGET, b"")
    with pytest.raises(Denied, match=r"^link\.future"):
        coop.check_request("POST", TARGET, asked)
    assert coop.list_behind() == bank.list_behind() == []
    bank.check_answer("coop", asked, 403, coop.sign_answer(asked["signature"], 403, b""), b"")
    assert bank.list_behind() == ["coop"]


def test_a_request_shows_nothing_for_anybody_may_have_kept_it_back(
    apart: tuple[Trust, Trust],
) -> None:
    bank, coop = apart
    with pytest.raises(Denied, match=r"^link\.expired"):
        bank.check_request("POST", TARGET, coop.sign_request("bank", TARGET, b""))
    assert bank.list_behind() == []
