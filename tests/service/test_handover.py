"""A case handed over: the new owner can work on it, and reads no more than it was granted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tallystick.base import codec
from tallystick.base.clock import DAY_MS
from tallystick.base.codec import decode, encode
from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.chain.verdict import Contradicted
from tallystick.county.house import House
from tallystick.kernel.access.disclosing import DISCLOSE
from tallystick.kernel.access.granting import OWNER_CLASSES
from tallystick.kernel.access.lending import LENT_MS, WRAP

HELD = ("figures", "reasons", "inputs")


@pytest.fixture
def request_of(acted: Any) -> Callable[[str], dict[str, Any]]:
    """Return the first application of the acted county for a loan, for a party."""
    loan = next(r for r in acted.county.requests if r.demand["kind"] == "borrow")
    return lambda party: {"application": loan.application, "defaults": [], "party": party}


def take_in(
    house: House, request_of: Callable[[str], Any], count: int = 1
) -> tuple[str, list[str]]:
    """Register a party at the village and take its requests in there."""
    village = house.office("village")
    party = village.add_party("household", {"name": "张三"}, {"phone": "10000000000"})
    cases = village.open_cases([request_of(party) for _ in range(count)])
    return party, [case["case"] for case in cases]


def grants(house: House, member: str) -> list[dict[str, Any]]:
    node = house.node(member)
    node.catch_up()
    rows = node.views.rows("record", {"t": "grant.given"}, order="height")
    return [node.find(row["id"]).record for row in rows]


def ask(house: House, member: str, to: str, method: str, record: str, more: str = "") -> bytes:
    payload = encode([bytes.fromhex(record), 0, more])
    return house.seat(member).link.call(to, method, payload)


def test_a_lender_approves_a_case_that_the_village_handed_to_it(
    opened: Any, request_of: Any
) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5, notes="一户好人家")
    lender = opened.house.office("credit-union")
    shown = lender.show_case(case)
    kept = opened.house.office("village").show_case(case)
    assert shown["application"] == kept["application"]
    for question, decision in shown["decisions"].items():
        assert set(HELD) <= set(decision)
        assert {n: kept["decisions"][question][n] for n in decision} == decision
    lender.approve(case, notes="同意")
    node = opened.house.node("credit-union")
    approval = node.views.rows("record", {"case": bytes.fromhex(case), "t": "approval.given"})
    permit = node.desk.permit("credit", bytes.fromhex(case))
    assert node.desk.open(permit, approval[0]["id"], "case").values["notes"] == "同意"
    notes = node.views.rows("record", {"case": bytes.fromhex(case), "t": "case.handed_over"})
    assert node.desk.open(permit, notes[0]["id"], "case").values["notes"] == "一户好人家"


@pytest.mark.parametrize("act", ["override", "refuse", "close"])
def test_every_act_of_an_owner_is_open_to_the_new_one(
    opened: Any, request_of: Any, act: str
) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="postal-bank", days=5)
    bank = opened.house.office("postal-bank")
    if act == "override":
        bank.override(case, code="household_visit", outcome="offer", file="看过了")
    elif act == "refuse":
        bank.refuse(case, code="papers", words="材料不齐")
    else:
        bank.close_case(case, code="done")
    with pytest.raises(Error) as caught:
        opened.house.office("village").refuse(case, code="papers", words="晚了")
    assert caught.value.code == "case.not_owner"


def test_the_custodian_reads_what_the_new_owner_sealed_to_the_case(
    opened: Any, request_of: Any
) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    opened.house.office("credit-union").approve(case, notes="同意")
    village = opened.house.node("village")
    village.catch_up()
    rows = village.views.rows("record", {"case": bytes.fromhex(case), "t": "approval.given"})
    permit = village.desk.permit("report", bytes.fromhex(case))
    assert village.desk.open(permit, rows[0]["id"], "case").values["notes"] == "同意"


def test_a_party_key_never_leaves_its_custodian(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    opened.house.office("credit-union").show_case(case)
    village, lender = opened.house.node("village"), opened.house.node("credit-union")
    for row in village.views.rows("record", {"case": bytes.fromhex(case)}):
        for key in village.keys.of_record(row["id"]):
            lent = lender.keys.find(key.obj)
            assert (lent is None) == (key.sealed == "party")
            if lent is not None:
                assert lent.key == key.key
                assert lent.party == bytes.fromhex(case), "the new owner knows no party"
                assert lent.until == opened.clock.now_ms() + LENT_MS
            elif key.sealed == "party":
                assert not lender.store.has(key.obj)


def test_the_new_owner_reads_the_granted_fields_and_no_other(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    node = opened.house.node("credit-union")
    node.catch_up()
    identifier = bytes.fromhex(case)
    seen = set()
    for row in node.views.rows("record", {"case": identifier}):
        if "party" in node.find(row["id"]).record.get("seals", {}):
            seen |= set(
                node.desk.open(node.desk.permit("report", identifier), row["id"], "party").slots
            )
    assert seen == set(OWNER_CLASSES)
    assert not seen & {"party", "subject", "assent"}, "what would tell a party's cases together"


def test_a_grant_of_one_case_opens_no_other_case_of_the_party(opened: Any, request_of: Any) -> None:
    _, (first, second) = take_in(opened.house, request_of, 2)
    opened.house.office("village").hand_over(first, to="credit-union", days=5)
    assert ask(opened.house, "credit-union", "village", DISCLOSE, first, "report")
    with pytest.raises(Denied) as caught:
        ask(opened.house, "credit-union", "village", DISCLOSE, second, "report")
    assert caught.value.code == "access.no_grant"


@pytest.mark.parametrize("purpose", ["evidence", "erasure"])
def test_a_grant_for_the_case_serves_no_other_purpose(
    opened: Any, request_of: Any, purpose: str
) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    with pytest.raises(Denied):
        ask(opened.house, "credit-union", "village", DISCLOSE, case, purpose)


def test_who_does_not_own_a_case_is_lent_and_shown_nothing(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    for to, method, more, code in (
        ("village", WRAP, "", "access.not_of_case"),
        ("credit-union", WRAP, "", "access.not_of_case"),
        ("village", DISCLOSE, "report", "access.no_grant"),
        ("village", "access.own", "", "access.not_of_case"),
        ("village", "access.forget", "", "access.not_custodian"),
        ("credit-union", "access.forget", "", "access.not_custodian"),
    ):
        with pytest.raises(Denied) as caught:
            ask(opened.house, "insurer", to, method, case, more)
        assert caught.value.code == code
    with pytest.raises(Denied):
        opened.house.office("insurer").show_case(case)


def test_a_grant_taken_back_refuses_from_the_next_block_on_and_stays_taken_back(
    opened: Any, request_of: Any
) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    lender = opened.house.office("credit-union")
    lender.show_case(case)
    grant = grants(opened.house, "village")[-1]
    opened.house.office("village").end_grant(grant["id"].hex())
    for _ in range(2):
        with pytest.raises(Denied) as caught:
            lender.show_case(case)
        assert caught.value.code == "access.no_grant"
    assert grants(opened.house, "village")[-1]["id"] == grant["id"], "none was given in its place"


def test_a_second_hand_over_moves_the_right_to_read_along(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    opened.house.office("credit-union").show_case(case)
    opened.house.office("credit-union").hand_over(case, to="postal-bank", days=5)
    assert opened.house.office("postal-bank").show_case(case)["decisions"]
    with pytest.raises(Denied):
        opened.house.office("credit-union").show_case(case)
    with pytest.raises(Denied):
        ask(opened.house, "credit-union", "village", WRAP, case)
    assert [g["pub"]["recipient"] for g in grants(opened.house, "village")][-2:] == [
        "credit-union",
        "postal-bank",
    ]


def test_what_was_lost_on_the_way_is_asked_for_when_the_case_is_opened(
    opened: Any, request_of: Any
) -> None:
    _, (case,) = take_in(opened.house, request_of)
    others = sorted(each.name for each in opened.house.county.members)
    others.remove("credit-union")
    opened.house.spread()
    opened.house.network.partition(others, ["credit-union"])
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    assert not opened.house.node("credit-union").keys.of_record(bytes.fromhex(case))
    with pytest.raises(Error):
        opened.house.office("credit-union").show_case(case)
    opened.house.network.partition()
    opened.house.office("credit-union").show_case(case)
    opened.house.office("credit-union").approve(case)


def test_a_custodian_that_cannot_be_reached_is_said_to_be_so(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    rest = [each.name for each in opened.house.county.members if each.name != "village"]
    opened.house.network.partition(rest, ["village"])
    with pytest.raises(Unavailable):
        opened.house.office("credit-union").show_case(case)


def test_both_sides_keep_a_receipt_of_each_reading(opened: Any, request_of: Any) -> None:
    party, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)

    def count(member: str, office: str) -> int:
        rows = opened.house.node(member).desk.receipts.of(bytes.fromhex(case))
        return sum(row["officer"] == office and row["sealed"] == "party" for row in rows)

    before = count("village", "credit-union"), count("credit-union", "credit-union")
    opened.house.office("credit-union").show_case(case)
    after = count("village", "credit-union"), count("credit-union", "credit-union")
    assert after[0] > before[0]
    assert after[1] > before[1]
    told = opened.house.office("village").list_receipts(party)
    assert any(row["officer"] == "credit-union" for row in told)


def test_a_lent_key_is_given_back_when_its_time_is_over(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    node, identifier = opened.house.node("credit-union"), bytes.fromhex(case)
    (held,) = node.keys.of_record(identifier)
    opened.clock.advance(LENT_MS + DAY_MS)
    gone = node.keys.forget_lent(opened.clock.now_ms())
    assert held.obj in gone
    node.catch_up()
    node.desk.open(node.desk.permit("report", identifier), identifier, "case")
    (again,) = node.keys.of_record(identifier)
    assert again.until > held.until


def test_a_custodian_that_lies_is_found_out(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    rows = decode(
        ask(opened.house, "credit-union", "village", DISCLOSE, case, "report"), codec.value
    )
    income = next(row for row in rows if row[0] == "expected_income")
    income[2] = 99_000_000
    opened.house.seat("village").link.serve({DISCLOSE: lambda _, __: encode(rows)})
    with pytest.raises(Contradicted):
        opened.house.office("credit-union").show_case(case)


def test_a_lender_that_sends_another_object_is_found_out(opened: Any, request_of: Any) -> None:
    _, (case,) = take_in(opened.house, request_of)
    opened.house.office("village").hand_over(case, to="credit-union", days=5)
    answer = ask(opened.house, "credit-union", "village", WRAP, case)
    until, rows = decode(answer, codec.value)
    node = opened.house.node("credit-union")
    node.keys.erase(bytes.fromhex(case))
    for forged in (
        [until + 1, rows],
        [until, [[row[0], row[1], row[2][:-1] + b"\0", row[3]] for row in rows]],
        [until, [[rows[1][0], *rows[0][1:]]]],
    ):
        opened.house.seat("village").link.serve({WRAP: lambda _, __, told=forged: encode(told)})
        with pytest.raises(Error):
            opened.house.office("credit-union").show_case(case)
        assert not node.keys.of_record(bytes.fromhex(case))
