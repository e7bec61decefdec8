"""Each rule of a case against a member that would bend it: what stands is refused by its code."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rulings import CATALOGUE, DAY_MS, MODEL, Floor, name
from tallystick.base.codec import cid_of
from tallystick.base.errors import Unavailable
from tallystick.records.held import CASE_RECORDS_BYTES, find_case
from tallystick.records.refusal import Refusal
from tallystick.services.positioning import rules

OFFICER: Final[dict[str, Any]] = {"officer": b"f" * 16}


@pytest.fixture
def floor() -> Floor:
    return Floor()


def _hand_over(floor: Floor, case: bytes, **changes: Any) -> int:
    pub = {"from_member": "bank-a", "to": "bank-b", "due": floor.time + DAY_MS, **changes}
    return floor.say("bank-a", "case.handed_over", pub, case=case)


def _override(
    floor: Floor, case: bytes, decision: bytes, member: str = "bank-a", **more: Any
) -> int:
    pub = {"decision": decision, "code": "known_well"}
    return floor.say(member, "decision.overridden", pub, case=case, **{**OFFICER, **more})


# ---- taking a case over


def test_a_case_goes_from_application_to_report(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    held = find_case(floor.state.get, case)
    assert held is not None
    assert (held.owner, held.decision, held.not_after) == (
        "bank-a",
        report,
        floor.time + 90 * DAY_MS,
    )


def test_nobody_but_the_owner_decides(floor: Floor) -> None:
    case = floor.apply()
    code = floor.say("bank-b", "case.schemed", floor.decision("scheme"), case=case)
    assert code == Refusal.NOT_OWNER


def test_a_step_is_neither_skipped_nor_repeated(floor: Floor) -> None:
    case = floor.apply()
    judgement = floor.decision("judgement")
    assert floor.say("bank-a", "case.judged", judgement, case=case) == Refusal.WRONG_STAGE
    floor.report(case)
    for question, t in (("report", "case.reported"), ("match", "case.matched")):
        code = floor.say("bank-a", t, floor.decision(question), case=case)
        assert code == Refusal.WRONG_STAGE


def test_a_record_of_another_type_is_no_case(floor: Floor) -> None:
    case = floor.apply()
    floor.report(case)
    record = floor.last
    code = floor.say("bank-a", "case.schemed", floor.decision("scheme"), case=record)
    assert code == Refusal.NO_CASE
    assert floor.say("bank-a", "case.schemed", floor.decision("scheme")) == Refusal.NO_CASE


def test_a_case_is_opened_of_itself_alone(floor: Floor) -> None:
    case = floor.apply()
    code = floor.say("bank-a", "case.applied", {"kind": "borrow"}, case=case)
    assert code == Refusal.NAMES_A_CASE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": "bank-a"}, Refusal.NAMES_ITSELF),
        ({"to": "nobody"}, Refusal.NO_SUCH_MEMBER),
        ({"to": "newspaper"}, Refusal.CANNOT_HOLD),
        ({"to": "operator"}, Refusal.CANNOT_HOLD),
        ({"from_member": "bank-b", "to": "village"}, Refusal.NOT_OWN),
        ({"due": 0}, Refusal.TIME_OUT_OF_RANGE),
        ({"due": 2**53 - 1}, Refusal.TIME_OUT_OF_RANGE),
    ],
)
def test_a_case_is_handed_to_somebody_who_can_act_on_it(
    floor: Floor, changes: dict[str, Any], code: int
) -> None:
    case = floor.apply()
    assert _hand_over(floor, case, **changes) == code


def test_a_member_takes_no_case_over_by_itself(floor: Floor) -> None:
    case = floor.apply()
    pub = {"from_member": "bank-a", "to": "bank-b", "due": floor.time}
    assert floor.say("bank-b", "case.handed_over", pub, case=case) == Refusal.NOT_OWNER


def test_after_a_hand_over_the_former_owner_acts_no_more(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    assert floor.approve(case, report) == 0
    approval = floor.last
    assert floor.accept(case) == 0
    assert _hand_over(floor, case) == 0
    assert floor.grant(case, approval) == Refusal.NOT_OWNER
    assert floor.grant(case, approval, "bank-b") == Refusal.NO_APPROVAL
    assert floor.approve(case, report, "bank-b") == 0
    assert floor.grant(case, floor.last, "bank-b") == Refusal.OFFER_NOT_ACCEPTED


# ---- decisions


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service": "credit"}, Refusal.NOT_THE_STEP),
        ({"question": "report"}, Refusal.NOT_THE_STEP),
        ({"rules": 2}, Refusal.RULES_NOT_IN_FORCE),
        ({"version": 2}, Refusal.RULES_NOT_IN_FORCE),
        ({"not_after": 1}, Refusal.TIME_OUT_OF_RANGE),
        ({"not_after": 2**53 - 1}, Refusal.TIME_OUT_OF_RANGE),
    ],
)
def test_a_decision_is_of_its_step_its_rules_and_its_time(
    floor: Floor, changes: dict[str, Any], code: int
) -> None:
    case = floor.apply()
    pub = floor.decision("scheme", **changes)
    assert floor.say("bank-a", "case.schemed", pub, case=case) == code


@pytest.mark.parametrize("changes", [{"catalogue": cid_of(b"other")}, {"model": MODEL}])
def test_all_decisions_of_a_case_stand_on_one_basis(floor: Floor, changes: dict[str, Any]) -> None:
    case = floor.apply()
    floor.judge(case)
    pub = floor.decision("report", **changes)
    assert floor.say("bank-a", "case.reported", pub, case=case) == Refusal.BASIS_CHANGED


# ---- rules


@pytest.fixture
def later_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that carries three versions of the rules, all figures of one decision."""
    monkeypatch.setattr(rules, "_VERSION_OF_RULES", {1: 1, 2: 1, 3: 1})


def test_a_program_says_which_rules_it_does_not_carry(floor: Floor) -> None:
    with pytest.raises(Unavailable, match="version 2") as caught:
        _activate(floor, 2)
    assert caught.value.code == "rules.unknown"
    assert _activate(floor, 1, "reference") == 0, "figures of a name have any version"


def _activate(floor: Floor, version: int, service: str = "positioning", ahead: int = 1) -> int:
    pub = {
        "name": service,
        "version": version,
        "from_height": floor.height + ahead,
        "figures": CATALOGUE,
    }
    return floor.say("regulator", "rules.activated", pub)


@pytest.mark.usefixtures("later_program")
def test_rules_decide_from_the_height_they_name_and_not_before(floor: Floor) -> None:
    case = floor.apply()
    assert _activate(floor, 2) == 0
    later = floor.decision("scheme", rules=2)
    assert floor.say("bank-a", "case.schemed", later, case=case) == Refusal.RULES_NOT_IN_FORCE
    assert floor.say("bank-a", "case.schemed", floor.decision("scheme"), case=case) == 0
    floor.next_height()
    second = floor.apply()
    old = floor.decision("scheme")
    assert floor.say("bank-a", "case.schemed", old, case=second) == Refusal.RULES_NOT_IN_FORCE
    assert floor.say("bank-a", "case.schemed", later, case=second) == 0


@pytest.mark.usefixtures("later_program")
def test_versions_come_one_by_one_one_a_height(floor: Floor) -> None:
    assert _activate(floor, 65_535) == Refusal.NOT_NEXT
    assert _activate(floor, 1) == Refusal.NOT_NEXT
    assert _activate(floor, 2, ahead=0) == Refusal.NOT_NEXT
    assert _activate(floor, 2, ahead=2) == Refusal.NOT_NEXT
    assert _activate(floor, 2) == 0
    assert _activate(floor, 2) == Refusal.NOT_NEXT
    assert _activate(floor, 3) == Refusal.NOT_NEXT
    assert _activate(floor, 1, "reference") == 0
    floor.next_height()
    assert _activate(floor, 3) == 0


# ---- refusing, closing, overriding


@pytest.mark.parametrize("t", ["case.refused", "case.closed"])
def test_no_case_is_refused_or_closed_without_a_person(floor: Floor, t: str) -> None:
    case = floor.apply()
    floor.report(case)
    assert floor.say("bank-a", t, case=case) == Refusal.NO_OFFICER
    assert floor.say("bank-b", t, case=case, **OFFICER) == Refusal.NOT_OWNER
    assert floor.say("bank-a", t, case=case, **OFFICER) == 0


def test_nothing_is_refused_before_it_is_judged(floor: Floor) -> None:
    case = floor.apply()
    assert floor.say("bank-a", "case.refused", case=case, **OFFICER) == Refusal.WRONG_STAGE


def test_a_case_on_which_money_was_lent_is_neither_refused_nor_overridden(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    floor.approve(case, report)
    approval = floor.last
    floor.accept(case)
    assert floor.grant(case, approval) == 0
    assert floor.say("bank-a", "case.refused", case=case, **OFFICER) == Refusal.ALREADY_LENT
    assert _override(floor, case, report) == Refusal.ALREADY_LENT


@pytest.mark.parametrize("t", ["case.refused", "case.closed"])
def test_on_a_refused_or_closed_case_nothing_is_decided_or_lent(floor: Floor, t: str) -> None:
    case = floor.apply()
    report = floor.report(case)
    floor.approve(case, report)
    approval = floor.last
    floor.accept(case)
    assert floor.say("bank-a", t, case=case, **OFFICER) == 0
    assert floor.grant(case, approval) == Refusal.NO_OFFER
    assert floor.approve(case, report) == Refusal.NO_OFFER
    assert floor.accept(case) == Refusal.NO_OFFER
    assert _override(floor, case, report) == Refusal.WRONG_STAGE
    assert floor.say("bank-a", "case.refused", case=case, **OFFICER) == Refusal.WRONG_STAGE
    if t == "case.closed":
        assert _hand_over(floor, case) == Refusal.WRONG_STAGE
        assert floor.say("bank-a", "case.closed", case=case, **OFFICER) == Refusal.WRONG_STAGE


def test_an_override_is_the_owners_officers_of_this_decision_once(floor: Floor) -> None:
    case, other = floor.apply(), floor.apply()
    match = floor.match(case)
    foreign = floor.match(other)
    held = find_case(floor.state.get, case)
    assert held is not None
    judgement = held.records[16:32]
    assert _override(floor, case, match, "bank-b") == Refusal.NOT_OWNER
    assert _override(floor, case, match, officer=None) == Refusal.NO_OFFICER
    assert _override(floor, case, foreign) == Refusal.NOT_OF_THIS_CASE
    assert _override(floor, case, judgement) == Refusal.NOT_OF_THIS_CASE
    assert _override(floor, case, match) == 0
    assert _override(floor, case, match) == Refusal.ALREADY_OVERRIDDEN


def test_an_override_comes_after_the_decision(floor: Floor) -> None:
    case = floor.apply()
    judged = floor.judge(case)
    assert _override(floor, case, judged) == Refusal.WRONG_STAGE


# ---- endorsements, feedback, appeals


def test_a_member_endorses_anothers_record_of_the_case_once(floor: Floor) -> None:
    case, other = floor.apply(), floor.apply()
    report = floor.report(case)

    def endorse(member: str, endorsed: bytes, of: bytes = case) -> int:
        return floor.say(member, "endorsed", {"endorses": endorsed}, case=of)

    assert endorse("bank-a", report) == Refusal.OWN_RECORD
    assert endorse("village", report, other) == Refusal.NOT_OF_THIS_CASE
    assert endorse("village", name(10_000)) == Refusal.NOT_OF_THIS_CASE
    assert endorse("village", report) == 0
    assert endorse("village", report) == Refusal.ALREADY_ENDORSED
    assert endorse("village", case) == 0
    assert endorse("newspaper", report) == 0


def test_nobody_rates_itself(floor: Floor) -> None:
    case = floor.apply()
    assert floor.say("village", "feedback.given", case=case) == Refusal.WRONG_STAGE
    report = floor.report(case)
    assert floor.say("bank-a", "feedback.given", case=case) == Refusal.RATED_MEMBER_ASKS
    floor.approve(case, report)
    assert _hand_over(floor, case) == 0
    # Who approved is rated even after it handed the case over.
    assert floor.say("bank-a", "feedback.given", case=case) == Refusal.RATED_MEMBER_ASKS
    assert floor.say("bank-b", "feedback.given", case=case) == Refusal.RATED_MEMBER_ASKS
    assert floor.say("village", "feedback.given", case=case) == 0


def test_one_member_does_not_stuff_the_box(floor: Floor) -> None:
    case = floor.apply()
    floor.report(case)
    assert floor.say("village", "feedback.given", case=case) == 0
    assert floor.say("village", "feedback.given", case=case) == Refusal.TOO_SOON
    assert floor.say("newspaper", "feedback.given", case=case) == 0
    floor.next_height(days=1)
    assert floor.say("village", "feedback.given", case=case) == 0


def _appeal(floor: Floor, case: bytes, against: bytes, member: str = "village") -> int:
    return floor.say(member, "appeal.opened", {"against": against}, case=case)


def _settle(floor: Floor, case: bytes, appeal: bytes, member: str, **more: Any) -> int:
    return floor.say(member, "appeal.settled", {"appeal": appeal}, case=case, **{**OFFICER, **more})


def test_an_appeal_is_against_a_record_of_the_same_case(floor: Floor) -> None:
    case, other = floor.apply(), floor.apply()
    report = floor.report(case)
    assert _appeal(floor, other, report) == Refusal.NOT_OF_THIS_CASE
    assert _appeal(floor, case, other) == Refusal.NOT_OF_THIS_CASE
    assert _appeal(floor, report, report) == Refusal.NO_CASE
    assert _appeal(floor, case, report) == 0


def test_an_appeal_is_answered_once_in_person_and_not_by_who_took_it_in(floor: Floor) -> None:
    case, other = floor.apply(), floor.apply()
    report = floor.report(case)
    assert _appeal(floor, case, report) == 0
    appeal = floor.last
    assert _settle(floor, case, appeal, "village") == Refusal.OWN_APPEAL
    assert _settle(floor, case, appeal, "regulator", officer=None) == Refusal.NO_OFFICER
    assert _settle(floor, other, appeal, "regulator") == Refusal.NOT_OF_THIS_CASE
    assert _settle(floor, case, report, "regulator") == Refusal.NOT_OPEN
    assert _settle(floor, case, appeal, "newspaper") == Refusal.ROLE
    assert _settle(floor, case, appeal, "bank-a") == 0
    assert _settle(floor, case, appeal, "regulator") == Refusal.NOT_OPEN


def test_who_answered_does_not_answer_the_appeal_against_its_answer(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    _appeal(floor, case, report)
    assert _settle(floor, case, floor.last, "bank-a") == 0
    assert _appeal(floor, case, floor.last) == 0
    second = floor.last
    assert _settle(floor, case, second, "bank-a") == Refusal.OWN_APPEAL
    assert _settle(floor, case, second, "regulator") == 0


def test_every_record_of_a_long_case_is_still_of_it(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    approvals = []
    for _ in range(CASE_RECORDS_BYTES // 16 + 5):
        assert floor.approve(case, report) == 0
        approvals.append(floor.last)
    held = find_case(floor.state.get, case)
    assert held is not None
    assert len(held.records) == CASE_RECORDS_BYTES
    for approval in (approvals[0], approvals[-1]):
        assert _appeal(floor, case, approval) == 0
        assert _appeal(floor, floor.apply(), approval) == Refusal.NOT_OF_THIS_CASE


# ---- what positioning chooses from


def _provide(floor: Floor, member: str = "bank-a", provider: str = "union", **more: Any) -> int:
    entry = {"provider": provider, "services": ["lend", "advise"], "expertise": ["rice"]}
    pub = {
        "provider": provider,
        "services": ["advise", "lend"],
        "expertise": ["rice"],
        "entry": {**entry, **more.pop("entry", {})},
    }
    return floor.say(member, "provider.registered", pub, **more)


def test_no_member_overwrites_anothers_provider_or_product(floor: Floor) -> None:
    assert _provide(floor) == 0
    assert _provide(floor, "bank-b") == Refusal.NAME_TAKEN
    assert _provide(floor) == 0
    pub = {"product": "seed.1", "entry": {"scheme": "seed", "version": 1}}
    assert floor.say("bank-a", "product.published", pub) == 0
    assert floor.say("bank-b", "product.published", pub) == Refusal.NAME_TAKEN


@pytest.mark.parametrize(
    "entry",
    [
        {"provider": "other"},
        {"services": ["lend"]},
        {"services": 3},
        {"services": [1, "lend"]},
        {"expertise": {"rice": 1}},
    ],
)
def test_an_entry_says_what_its_record_says(floor: Floor, entry: dict[str, Any]) -> None:
    assert _provide(floor, entry=entry) == Refusal.ENTRY_DIFFERS


@pytest.mark.parametrize(
    "entry", [{}, {"scheme": "seed"}, {"scheme": "seed", "version": 2}, {"scheme": 1, "version": 1}]
)
def test_a_product_is_named_by_its_scheme_and_version(floor: Floor, entry: dict[str, Any]) -> None:
    pub = {"product": "seed.1", "entry": entry}
    assert floor.say("bank-a", "product.published", pub) == Refusal.ENTRY_DIFFERS


def test_an_amendment_keeps_the_name_and_amends_the_latest(floor: Floor) -> None:
    assert _provide(floor) == 0
    first = floor.last
    assert _provide(floor, provider="new", amends=first) == Refusal.NOT_TO_AMEND
    assert _provide(floor, "bank-b", amends=first) == Refusal.NOT_TO_AMEND
    assert _provide(floor, amends=first) == 0
    assert _provide(floor, amends=first) == Refusal.NOT_TO_AMEND


def test_what_is_referred_to_is_amended_no_more_and_decisions_never(floor: Floor) -> None:
    assert _provide(floor) == 0
    first = floor.last
    assert floor.say("bank-b", "case.applied", {"kind": "save"}, refs=[first]) == 0
    assert _provide(floor, amends=first) == Refusal.NOT_TO_AMEND
    case = floor.apply()
    code = floor.say("bank-a", "case.applied", {"kind": "borrow"}, amends=case)
    assert code == Refusal.NEVER_AMENDED


def test_a_products_scheme_is_a_word_and_not_what_prints_like_one(floor: Floor) -> None:
    pub = {"product": "1.1", "entry": {"scheme": 1, "version": 1}}
    assert floor.say("bank-a", "product.published", pub) == Refusal.ENTRY_DIFFERS


@pytest.mark.parametrize(
    ("t", "pub"),
    [
        ("endorsed", {"endorses": name(1)}),
        ("feedback.given", {}),
        ("appeal.opened", {"against": name(1)}),
        ("appeal.settled", {"appeal": name(1)}),
        ("offer.accepted", {}),
        ("money.received", {}),
    ],
)
def test_what_is_said_of_a_case_names_one(floor: Floor, t: str, pub: dict[str, Any]) -> None:
    floor.apply()
    assert floor.say("village", t, pub, **OFFICER) == Refusal.NO_CASE
