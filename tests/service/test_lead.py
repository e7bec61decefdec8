"""A county goes on under another member when the one that ordered is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from counties import FITTING, found, open_town, take_in
from machines import NAMES
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.errors import Conflict, Corrupt, Error, Invalid, Unavailable
from tallystick.cli.main import run
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.leading import agree, lead_all
from tallystick.county.member import MEMBERS
from tallystick.county.serving import serve_house
from tallystick.kernel.ledger.term import TERM_FILE

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
    with open_town(county, clock) as town:
        assert (town.house.leader, len(town.house.seats())) == (NEXT, 11)
        take_in(town[BANK], FITTING)
        town.house.spread()
        assert len({node.replica.tip.cid for node in town.house.nodes()}) == 1
        witnesses = town.house.seat(BANK).witnesses
        assert witnesses.height == town.house.orderer.replica.tip.height > term.base[0]
        with serve_house(town.house):
            take_in(town[BANK], FITTING)
    # Another that is gone, too, leaves nine, who are just enough; one more leaves too few.
    for name in ("insurer", "guarantor"):
        shutil.rmtree(county / name)
    with open_house(county, clock) as house:
        assert len(house.seats()) == 9
    shutil.rmtree(county / "village")
    with pytest.raises(Error, match=r"member\.elsewhere.* finance "), open_house(county, clock):
        pytest.fail("a county was opened of which too few are here")


def test_verbs_go_by_the_members_that_are_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county = found(tmp_path, SystemClock(), names=NAMES)
    with open_town(county, SystemClock()) as town:
        (row,) = take_in(town[BANK], FITTING)
    shutil.rmtree(county / "finance")
    given = ["--county", str(county)]
    assert run(["case", "list", *given]) == 4
    assert lead_all(county, "village", clock=SystemClock()).leader == "village"
    assert run(["case", "list", *given]) == 0
    assert row["case"] in capsys.readouterr().out
    assert run(["county", "show", *given, "--json"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["member"] for each in shown if "height" not in each] == ["finance"]
    assert len({each["height"] for each in shown if "height" in each}) == 1
    file = tmp_path / "case.car"
    assert run(["evidence", "export", row["case"], "-o", str(file), *given]) == 0
    assert run(["evidence", "verify", str(file), "--trust", str(county / "members.json")]) == 0
    capsys.readouterr()
    # What is missing is told as a fault, and the others are run again all the same.
    assert run(["verify", *given, "--json"]) == Corrupt.exit_status
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["member"] for each in reports if not each["sound"]] == ["finance"]
    assert {each["member"] for each in reports} >= {*NAMES}


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


@pytest.mark.parametrize(
    "given",
    [
        ["county", "lead", NEXT],
        ["member", "agree", NEXT, "--member", "village"],
        ["member", "lead", "--member", NEXT],
    ],
    ids=" ".join,
)
def test_where_members_order_together_nobody_leads_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    together = tmp_path / "together"
    members = [each for each in MEMBERS if each.name in {*NAMES, NEXT}]
    found_county(together, clock=SystemClock(), members=members, validators=4)
    assert run([*given, "--county", str(together)]) == Conflict.exit_status
    told = capsys.readouterr().err
    assert told.startswith("county.together: ")
    assert "tally county status" in told
    assert list(together.glob(f"*/{TERM_FILE}")) == []
