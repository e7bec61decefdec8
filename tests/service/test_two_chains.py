"""A county of two chains: each anchors the other, and public money moves on a proof across."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counties import CATALOGUE, FITTING, START_MS, found, take_in
from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Conflict, Invalid, NotFound
from tallystick.chain.crossing import Crossed, find_chain, read_across
from tallystick.client import in_process
from tallystick.county.chains import (
    ADMINISTRATIVE,
    FINANCIAL,
    PUBLIC,
    Chains,
    anchor_house,
    find_chains,
    found_chains,
    found_own,
    open_chains,
    serve_chains,
)
from tallystick.county.house import House, open_house
from tallystick.records.refusal import Refusal
from tallystick.services.positioning.catalogue import catalogue_from_toml

BANK, DEPARTMENT, PROGRAMME = "credit-union", "finance", "relief"


@pytest.fixture
def dual(tmp_path: Path) -> Iterator[Chains]:
    clock = ManualClock(START_MS)
    folder = tmp_path / "county"
    found_chains(folder, "dual", clock=clock)
    with open_chains(folder, clock) as opened:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        opened.houses[FINANCIAL].node(DEPARTMENT).positions.publish_catalogue(tree)
        yield opened


def office(house: House, member: str) -> Any:
    return house.office(member)


def lend(dual: Chains) -> tuple[str, str, int]:
    """Let a household's request for public money be approved, accepted and granted."""
    house = dual.houses[FINANCIAL]
    client = in_process(create_app(house), ensure_token(house.folder), BANK)
    department = house.office(DEPARTMENT)
    department.allocate_fund(fund="f", to=BANK, programme=PROGRAMME, amount_minor=9_000_000)
    (opened,) = take_in(client, FITTING, programme=PROGRAMME)
    case = opened["case"]
    client.approve(case)
    client.answer_offer(case, accepted=True)
    granted = client.grant_loan(case)
    client.close()
    return case, granted["loan"], granted["terms"]["amount_minor"]


def test_both_chains_are_founded_linked_by_votes_and_anchored(dual: Chains, tmp_path: Path) -> None:
    assert list(find_chains(tmp_path / "county")) == [ADMINISTRATIVE, FINANCIAL, PUBLIC]
    assert dual.anchor() > 0
    for kind in (ADMINISTRATIVE, FINANCIAL):
        house = dual.houses[kind]
        node = house.node("village")
        node.catch_up()
        (row,) = node.anchoring.list_chains()
        assert row["kind"] != kind
        assert row["demanded"] == int(kind == FINANCIAL)
        assert row["anchors"][0]["size"] == row["size"] > 0
    assert dual.anchor() == 0, "anchors alone are nothing to anchor"
    with pytest.raises(Conflict, match=r"county\.exists"):
        found_chains(tmp_path / "county", clock=ManualClock(START_MS))


def test_public_money_is_paid_out_on_proof_that_the_department_approved_it(dual: Chains) -> None:
    case, loan, amount = lend(dual)
    lender, house = dual.houses[FINANCIAL].office(BANK), dual.houses[ADMINISTRATIVE]
    with pytest.raises(NotFound, match=r"subsidy\.none"):
        lender.disburse_loan(loan, amount_minor=amount)
    house.node(DEPARTMENT).anchoring.approve_subsidy(
        bytes.fromhex(case), programme=PROGRAMME, amount_minor=amount
    )
    house.spread()
    with pytest.raises(NotFound, match=r"subsidy\.not_anchored"):
        lender.disburse_loan(loan, amount_minor=amount)
    dual.anchor()
    record = lender.disburse_loan(loan, amount_minor=amount)["record"]
    node = dual.houses[FINANCIAL].node("village")
    node.catch_up()
    proof = node.find(bytes.fromhex(record)).record["pub"]["proof"]
    chain = house.orderer.replica.genesis.chain
    held = find_chain(node.replica.read, chain)
    assert held is not None
    found = read_across(proof, chain, held)
    assert isinstance(found, Crossed)
    assert (found.member, found.record["pub"]["amount"]) == (DEPARTMENT, amount)


@pytest.mark.parametrize(
    "wrong",
    [
        "less",
        "none",
        *(pytest.param(each, marks=pytest.mark.long) for each in ("programme", "case")),
    ],
)
def test_an_approval_of_something_else_pays_nothing_out(dual: Chains, wrong: str) -> None:
    case, loan, amount = lend(dual)
    house = dual.houses[ADMINISTRATIVE]
    approved = bytes.fromhex(case) if wrong != "case" else b"c" * 16
    house.node(DEPARTMENT).anchoring.approve_subsidy(
        approved,
        programme="other" if wrong == "programme" else PROGRAMME,
        amount_minor=amount - 1 if wrong == "less" else amount,
    )
    house.spread()
    dual.anchor()
    node = dual.houses[FINANCIAL].node(BANK)
    assert node.across is not None
    proof = b"" if wrong == "none" else node.across.prove_approval(approved)
    with pytest.raises(Invalid, match=str(int(Refusal.APPROVAL_NOT_PROVEN))):
        node.credit.disburse_loan(bytes.fromhex(loan), amount_minor=amount, proof=proof)


def test_a_new_list_of_one_chain_reaches_the_other_by_an_anchor(dual: Chains) -> None:
    house = dual.houses[ADMINISTRATIVE]
    dual.anchor()
    node = house.node("village")
    change = node.membership.propose_renewal(node.secrets, ["note"])
    for each in house.nodes():
        if each is not node and node.membership.show_change(change)["state"] == "open":
            each.catch_up()
            each.membership.vote(change, yes=True)
            node.catch_up()
    house.spread()
    dual.anchor()
    other = dual.houses[FINANCIAL].node(BANK)
    other.catch_up()
    held = find_chain(other.replica.read, house.orderer.replica.genesis.chain)
    assert held is not None
    assert held.listed == house.orderer.replica.tip.members.data
    other.fold()
    assert other.views.count("record", {"t": "chain.listed"}) == 0, "it fits into its record"


def test_chains_in_service_anchor_by_themselves(dual: Chains) -> None:
    with serve_chains(dual, every_ms=20):
        dual.houses[ADMINISTRATIVE].office("newspaper").publish_news("\u516c\u544a", language="zh")
        node = dual.houses[FINANCIAL].node(BANK)
        chain = dual.houses[ADMINISTRATIVE].orderer.replica.genesis.chain
        deadline = time.monotonic() + 20
        wanted = dual.houses[ADMINISTRATIVE].orderer.replica.tip.peaks.size
        while time.monotonic() < deadline:
            held = find_chain(node.replica.read, chain)
            if held is not None and held.size >= wanted:
                return
            time.sleep(0.02)
    pytest.fail("nothing was anchored")


def test_a_members_own_chain_is_anchored_in_the_shared_one(tmp_path: Path) -> None:
    clock = ManualClock(START_MS)
    folder = found(tmp_path, clock, catalogue=False)
    found_own(folder, "village", clock=clock)
    with open_house(folder / "village" / "own", clock) as own, open_house(folder, clock) as shared:
        genesis = own.orderer.replica.genesis
        node = shared.node("village")
        node.anchoring.link_own(genesis.data, genesis.members.data)
        own.node("village").publication.give_guidance(
            "notes", "\u672c\u6751\u81ea\u5df1\u7684\u8d26"
        )
        own.spread()
        assert anchor_house(own, shared, by="village") == 1
        for member in ("village", "finance"):
            each = shared.node(member)
            each.catch_up()
            (row,) = each.anchoring.list_chains()
            assert (row["kind"], row["size"], len(row["anchors"])) == ("private", 1, 1)
    with pytest.raises(NotFound, match=r"member\.unknown"):
        found_own(folder, "nobody", clock=clock)
    with pytest.raises(Conflict, match=r"county\.exists"):
        found_own(folder, "village", clock=clock)
