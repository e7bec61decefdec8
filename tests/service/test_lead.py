"""A county goes on under another member when the one that ordered is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from counties import FITTING, open_town, take_in
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Conflict, Error, Invalid, Unavailable
from tallystick.county.house import open_house
from tallystick.county.leading import agree, lead_all

NEXT, BANK = "regulator", "credit-union"


@pytest.fixture
def county(county: Path, clock: ManualClock) -> Path:
    """A county with a case, closed."""
    with open_town(county, clock) as town:
        take_in(town[BANK], FITTING)
        town.house.spread()
    return county


def test_another_member_orders_and_records_go_on(county: Path, clock: ManualClock) -> None:
    term = lead_all(county, NEXT, clock=clock)
    assert (term.number, term.leader, len(term.consents)) == (1, NEXT, 12)
    with open_town(county, clock) as town:
        assert town.house.leader == NEXT
        before = town.house.orderer.replica.tip.height
        assert before == term.base[0]
        take_in(town[BANK], FITTING)
        town.house.spread()
        heads = {node.replica.tip.cid for node in town.house.nodes()}
        assert len(heads) == 1
        witnesses = town.house.seat(BANK).witnesses
        assert witnesses.height == town.house.orderer.replica.tip.height > before
        assert town[BANK].show_health()["alarm"] in ("", None)
    assert lead_all(county, "finance", clock=clock).number == 2
    with open_town(county, clock) as town:
        assert town.house.leader == "finance"
        take_in(town["postal-bank"], FITTING)


def test_who_orders_already_begins_no_term_unless_others_wait_between_two(
    county: Path, clock: ManualClock
) -> None:
    with pytest.raises(Conflict, match=r"ledger\.leads: finance orders already, in term 0"):
        lead_all(county, "finance", clock=clock)
    assert lead_all(county, NEXT, clock=clock).number == 1
    with pytest.raises(Conflict, match=r"ledger\.leads: regulator orders already, in term 1"):
        lead_all(county, NEXT, clock=clock)
    # One that consented to another cosigns nothing until there is a later term.
    agree(county, "village", BANK, clock=clock)
    assert lead_all(county, NEXT, clock=clock).number == 3


def test_the_machine_of_who_ordered_may_be_gone_for_good(county: Path, clock: ManualClock) -> None:
    shutil.rmtree(county / "finance")
    with pytest.raises(Error, match=r"member\.elsewhere"), open_house(county, clock):
        pytest.fail("a county without its orderer was opened")
    term = lead_all(county, NEXT, clock=clock)
    assert len(term.consents) == 11
    names = [consent.member for consent in term.consents]
    assert "finance" not in names


def test_a_member_consents_to_one_and_too_few_change_nothing(
    county: Path, clock: ManualClock
) -> None:
    assert agree(county, "village", NEXT, clock=clock).term == 1
    assert agree(county, "village", NEXT, clock=clock).term == 1
    with pytest.raises(Conflict, match=r"ledger\.consented"):
        agree(county, "village", BANK, clock=clock, term=1)
    with pytest.raises(Invalid, match=r"ledger\.no_leader"):
        lead_all(county, "nobody", clock=clock)
    with open_town(county, clock) as town:
        assert town.house.leader == "finance", "one consent changes nothing for the others"
        with pytest.raises(Unavailable, match=r"ledger\.between_terms"):
            town.house.seat("village").terms.check()
        take_in(town[BANK], FITTING)
