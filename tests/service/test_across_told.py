"""What a member tells of an approval across: proven long after the state forgot its anchor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counties import CATALOGUE, FITTING, START_MS, take_in
from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import ManualClock
from tallystick.chain.crossing import SIZES_KEPT, find_chain
from tallystick.client import Client, in_process
from tallystick.county.chains import ADMINISTRATIVE, FINANCIAL, Chains, found_chains, open_chains
from tallystick.services.positioning.catalogue import catalogue_from_toml

BANK, DEPARTMENT, PROGRAMME = "credit-union", "finance", "relief"


@pytest.fixture
def dual(tmp_path: Path) -> Iterator[Chains]:
    clock = ManualClock(START_MS)
    found_chains(tmp_path / "county", "dual", clock=clock)
    with open_chains(tmp_path / "county", clock) as opened:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        opened.houses[FINANCIAL].node(DEPARTMENT).positions.publish_catalogue(tree)
        yield opened


@pytest.fixture
def bank(dual: Chains) -> Iterator[Client]:
    house = dual.houses[FINANCIAL]
    client = in_process(create_app(house), ensure_token(house.folder), BANK)
    yield client
    client.close()


def grant(dual: Chains, bank: Client) -> tuple[str, str, int]:
    """Let a household's request for public money be approved, accepted and granted."""
    office = dual.houses[FINANCIAL].office(DEPARTMENT)
    office.allocate_fund(fund="f", to=BANK, programme=PROGRAMME, amount_minor=9_000_000)
    (opened,) = take_in(bank, FITTING, programme=PROGRAMME)
    case: str = opened["case"]
    assert "across" not in bank.show_case(case), "nothing is approved that money could follow"
    bank.approve(case)
    bank.answer_offer(case, accepted=True)
    granted = bank.grant_loan(case)
    return case, granted["loan"], granted["terms"]["amount_minor"]


def tell_news(dual: Chains) -> None:
    """Write something new on the administrative chain."""
    house = dual.houses[ADMINISTRATIVE]
    house.office("newspaper").publish_news("\u516c\u544a", language="zh")
    house.spread()


def across(bank: Client, case: str) -> dict[str, Any]:
    found: dict[str, Any] = bank.show_case(case)["across"]
    return found


def test_a_case_tells_its_approval_step_by_step_and_still_when_the_state_forgot_the_anchor(
    dual: Chains, bank: Client
) -> None:
    case, loan, amount = grant(dual, bank)
    house = dual.houses[ADMINISTRATIVE]
    assert across(bank, case)["awaits"] == "approval"
    house.office(DEPARTMENT).approve_subsidy(case, programme=PROGRAMME, amount_minor=amount)
    house.spread()
    height = house.orderer.replica.tip.height
    assert across(bank, case)["awaits"] == "anchor"
    dual.anchor()
    told = across(bank, case)
    assert (told["awaits"], told["height"], told["member"]) == ("payout", height, DEPARTMENT)
    assert "paid" not in told
    bank.disburse_loan(loan, amount_minor=amount)
    told = across(bank, case)
    assert told["paid"]["height"] > told["anchored"]["anchored_height"]
    assert "awaits" not in told
    for _ in range(SIZES_KEPT + 1):
        tell_news(dual)
        dual.anchor()
    node = dual.houses[FINANCIAL].node(BANK)
    node.catch_up()
    held = find_chain(node.replica.read, house.orderer.replica.genesis.chain)
    assert held is not None
    assert len(held.anchors) == SIZES_KEPT
    assert told["size"] not in [row[1] for row in held.anchors]
    assert across(bank, case) == told


def test_a_linked_chain_tells_what_is_new_there_but_anchors(dual: Chains, bank: Client) -> None:
    dual.anchor()
    assert bank.list_chains()[1]["behind"] == 0, "an anchor that answers ours is nothing new"
    tell_news(dual)
    assert bank.list_chains()[1]["behind"] == 1
    dual.anchor()
    assert bank.list_chains()[1]["behind"] == 0


def test_a_member_whose_machine_keeps_one_chain_says_that_it_does_not_know(
    dual: Chains, bank: Client
) -> None:
    case, _, _ = grant(dual, bank)
    node = dual.houses[FINANCIAL].node(BANK)
    node.across, node.beside = None, ()
    assert across(bank, case)["awaits"] == "unknown"
    assert "behind" not in bank.list_chains()[1]
