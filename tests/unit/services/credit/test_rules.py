"""Each rule of money against a member that would bend it, and every fen accounted for."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rulings import DAY_MS, Floor
from tallystick.base.codec import INTEGER_MAX
from tallystick.records.held import find_case, find_fund, find_loan
from tallystick.records.refusal import Refusal

OFFICER: Final[dict[str, Any]] = {"officer": b"f" * 16}
PUBLIC: Final = "relief"


@pytest.fixture
def floor() -> Floor:
    return Floor()


def _approved(floor: Floor, *, amount: int = 100, fund: int = 1_000) -> tuple[bytes, bytes]:
    """Return a case with public money approved and accepted, and the approval."""
    assert floor.allocate(fund) == 0
    case = floor.apply(programme=PUBLIC)
    report = floor.report(case)
    assert floor.approve(case, report, programme=PUBLIC, amount=amount) == 0
    approval = floor.last
    assert floor.accept(case) == 0
    return case, approval


def _granted(floor: Floor, amount: int = 100) -> tuple[bytes, bytes]:
    case, approval = _approved(floor, amount=amount)
    assert floor.grant(case, approval, programme=PUBLIC, amount=amount) == 0
    return case, floor.last


# ---- approvals


def test_an_approval_is_of_this_case_and_its_last_decision(floor: Floor) -> None:
    case, other = floor.apply(), floor.apply()
    judged = floor.judge(case)
    assert floor.approve(case, judged) == Refusal.NO_OFFER
    result = floor.decision("report")
    assert floor.say("bank-a", "case.reported", result, case=case) == 0
    report = floor.last
    foreign = floor.report(other)
    assert floor.approve(case, foreign) == Refusal.NOT_OF_THIS_CASE
    assert floor.approve(case, judged) == Refusal.NOT_OF_THIS_CASE
    assert floor.approve(case, case) == Refusal.NOT_OF_THIS_CASE
    assert floor.approve(case, report, "bank-b") == Refusal.NOT_OWNER
    assert floor.approve(report, report) == Refusal.NO_CASE
    code = floor.say("bank-a", "approval.given", {"decision": report}, case=case)
    assert code == Refusal.NO_OFFICER
    assert floor.approve(case, report) == 0


def test_a_misfit_is_approved_only_once_it_is_overridden(floor: Floor) -> None:
    case = floor.apply()
    match = floor.match(case)
    assert floor.approve(case, match) == Refusal.NO_OFFER
    override = {"decision": match, "code": "visit"}
    assert floor.say("bank-a", "decision.overridden", override, case=case, **OFFICER) == 0
    assert floor.approve(case, match) == 0


def test_a_report_that_was_overridden_is_no_offer_and_its_approval_is_void(floor: Floor) -> None:
    case, approval = _approved(floor)
    decision = _decision_of(floor, case)
    override = {"decision": decision, "code": "visit"}
    assert floor.say("bank-a", "decision.overridden", override, case=case, **OFFICER) == 0
    assert floor.approve(case, decision) == Refusal.NO_OFFER
    assert floor.grant(case, approval, programme=PUBLIC, amount=100) == Refusal.NO_OFFER


def _decision_of(floor: Floor, case: bytes) -> bytes:
    held = find_case(floor.state.get, case)
    assert held is not None
    return held.decision


def test_nothing_is_approved_accepted_or_lent_on_a_decision_that_is_over(floor: Floor) -> None:
    case, approval = _approved(floor)
    decision = _decision_of(floor, case)
    floor.next_height(days=90)
    assert floor.grant(case, approval, programme=PUBLIC, amount=1) == Refusal.DECISION_EXPIRED
    assert floor.approve(case, decision) == Refusal.DECISION_EXPIRED
    second = floor.apply()
    floor.report(second)
    floor.next_height(days=90)
    assert floor.accept(second) == Refusal.DECISION_EXPIRED


def test_public_money_is_approved_once_a_case(floor: Floor) -> None:
    case, _ = _approved(floor)
    decision = _decision_of(floor, case)
    code = floor.approve(case, decision, programme=PUBLIC, amount=100)
    assert code == Refusal.ALREADY_APPROVED


def test_an_approval_is_of_the_programme_the_case_asked_for(floor: Floor) -> None:
    floor.allocate(100, programme="other")
    asked, plain = floor.apply(programme=PUBLIC), floor.apply()
    for case in (asked, plain):
        report = floor.report(case)
        code = floor.approve(case, report, programme="other", amount=100)
        assert code == Refusal.NOT_THE_PROGRAMME
        assert floor.approve(case, report, amount=1) == Refusal.AMOUNT_WITHOUT_PROGRAMME
        code = floor.approve(case, report, programme=PUBLIC)
        assert code == Refusal.AMOUNT_WITHOUT_PROGRAMME


def test_an_amount_of_public_money_is_never_nothing(floor: Floor) -> None:
    assert floor.allocate(0) == Refusal.FORM
    case = floor.apply(programme=PUBLIC)
    report = floor.report(case)
    assert floor.approve(case, report, programme=PUBLIC, amount=0) == Refusal.FORM


# ---- what the household says


def test_only_who_took_the_case_in_or_owns_it_speaks_for_the_household(floor: Floor) -> None:
    case = floor.apply()
    floor.report(case)
    for t in ("offer.accepted", "offer.declined", "money.received"):
        assert floor.say("bank-b", t, case=case) == Refusal.NOT_CONCERNED
    pub = {"from_member": "bank-a", "to": "bank-b", "due": floor.time}
    assert floor.say("bank-a", "case.handed_over", pub, case=case) == 0
    assert floor.say("bank-a", "offer.accepted", case=case) == 0
    assert floor.say("bank-b", "money.received", case=case) == 0


def test_an_offer_is_answered_once_and_only_where_there_is_one(floor: Floor) -> None:
    case = floor.apply()
    floor.judge(case)
    assert floor.accept(case) == Refusal.NO_OFFER
    assert floor.say("bank-a", "money.received", case=case) == Refusal.WRONG_STAGE
    floor.say("bank-a", "case.matched", floor.decision("match"), case=case)
    assert floor.accept(case) == Refusal.NO_OFFER
    other = floor.apply()
    floor.report(other)
    assert floor.accept(other) == 0
    assert floor.accept(other) == Refusal.ALREADY_ANSWERED


def test_declining_voids_what_was_approved_until_money_is_lent(floor: Floor) -> None:
    case, approval = _approved(floor)
    assert floor.say("bank-a", "offer.declined", case=case) == 0
    assert floor.say("bank-a", "offer.declined", case=case) == Refusal.ALREADY_ANSWERED
    assert floor.accept(case) == 0
    code = floor.grant(case, approval, programme=PUBLIC, amount=100)
    assert code == Refusal.NO_APPROVAL
    decision = _decision_of(floor, case)
    assert floor.approve(case, decision, programme=PUBLIC, amount=50) == 0
    approval = floor.last
    assert floor.accept(case) == 0
    assert floor.grant(case, approval, programme=PUBLIC, amount=50) == 0
    assert floor.say("bank-a", "offer.declined", case=case) == Refusal.ALREADY_LENT


def test_what_was_accepted_is_not_changed_behind_the_households_back(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    assert floor.approve(case, report) == 0
    first = floor.last
    assert floor.accept(case) == 0
    assert floor.approve(case, report) == 0
    assert floor.grant(case, first) == Refusal.NO_APPROVAL
    assert floor.grant(case, floor.last) == Refusal.NO_APPROVAL


def test_no_loan_without_the_households_word(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    assert floor.approve(case, report) == 0
    approval = floor.last
    assert floor.grant(case, approval) == Refusal.OFFER_NOT_ACCEPTED
    assert floor.accept(case) == 0
    assert floor.grant(case, approval) == 0


# ---- funds and loans


def test_money_is_put_at_another_members_disposal_within_what_can_be_counted(
    floor: Floor,
) -> None:
    assert floor.allocate(1, to="nobody") == Refusal.NO_SUCH_MEMBER
    assert floor.allocate(1, to="finance") == Refusal.NAMES_ITSELF
    assert floor.allocate(INTEGER_MAX) == 0
    assert floor.allocate(1) == Refusal.TOO_MUCH_MONEY
    assert floor.allocate(1, to="bank-b") == 0


def test_a_full_fund_takes_repayments_back(floor: Floor) -> None:
    case, loan = _granted(floor, 100)
    assert floor.pay("loan.disbursed", case, loan, programme=PUBLIC, amount=100) == 0
    assert floor.allocate(INTEGER_MAX - 1_000) == 0
    assert floor.allocate(1) == Refusal.TOO_MUCH_MONEY
    assert floor.pay("loan.repaid", case, loan, programme=PUBLIC, amount=100) == 0
    assert floor.left() == INTEGER_MAX


def test_a_public_loan_is_within_approval_and_fund_once_a_case(floor: Floor) -> None:
    case, approval = _approved(floor, amount=100, fund=80)

    def grant(amount: int, programme: str = PUBLIC) -> int:
        return floor.grant(case, approval, programme=programme, amount=amount)

    assert grant(101) == Refusal.OVER_APPROVED
    assert grant(81) == Refusal.FUND_TOO_SMALL
    assert grant(10, "other") == Refusal.NOT_THE_PROGRAMME
    assert floor.grant(case, approval) == Refusal.NO_APPROVAL
    assert floor.grant(case, approval, amount=1) == Refusal.AMOUNT_WITHOUT_PROGRAMME
    assert grant(50) == 0
    assert grant(10) == Refusal.ALREADY_LENT
    assert floor.left() == 30


def test_no_loan_stands_on_another_cases_approval(floor: Floor) -> None:
    _, approval = _approved(floor)
    other = floor.apply(programme=PUBLIC)
    report = floor.report(other)
    assert floor.approve(other, report, programme=PUBLIC, amount=100) == 0
    assert floor.accept(other) == 0
    code = floor.grant(other, approval, programme=PUBLIC, amount=100)
    assert code == Refusal.NO_APPROVAL
    code = floor.grant(other, report, programme=PUBLIC, amount=100)
    assert code == Refusal.NO_APPROVAL


def test_a_loan_is_opened_under_its_own_id(floor: Floor) -> None:
    case, approval = _approved(floor)
    pub = {"loan": floor.new_id(), "approval": approval, "programme": PUBLIC, "amount": 1}
    assert floor.say("bank-a", "loan.granted", pub, case=case) == Refusal.ID_DIFFERS


def test_a_hand_over_does_not_double_public_money(floor: Floor) -> None:
    case, loan = _granted(floor)
    pub = {"from_member": "bank-a", "to": "bank-b", "due": floor.time}
    assert floor.say("bank-a", "case.handed_over", pub, case=case) == 0
    floor.allocate(1_000, to="bank-b")
    decision = _decision_of(floor, case)
    code = floor.approve(case, decision, "bank-b", programme=PUBLIC, amount=100)
    assert code == Refusal.ALREADY_APPROVED
    # Who lent pays out and takes back, whoever owns the case now.
    assert floor.pay("loan.disbursed", case, loan, programme=PUBLIC, amount=1) == 0


def test_payments_are_the_lenders_of_that_case_and_programme(floor: Floor) -> None:
    case, loan = _granted(floor)
    other = floor.apply()
    for t in ("loan.disbursed", "loan.repaid"):

        def pay(
            member: str = "bank-a",
            of: bytes | None = case,
            which: bytes = loan,
            t: str = t,
            **public: str | int,
        ) -> int:
            return floor.say(member, t, {"loan": which, **public}, case=of)

        assert pay("bank-b", programme=PUBLIC, amount=1) == Refusal.NOT_THE_LENDER
        assert pay(of=other, programme=PUBLIC, amount=1) == Refusal.NOT_OF_THIS_CASE
        assert pay(of=None, programme=PUBLIC, amount=1) == Refusal.NOT_OF_THIS_CASE
        assert pay(which=case, programme=PUBLIC, amount=1) == Refusal.NO_LOAN
        assert pay(programme="other", amount=1) == Refusal.NOT_THE_PROGRAMME
        assert pay() == Refusal.NOT_THE_PROGRAMME
        assert pay(programme=PUBLIC, amount=0) == Refusal.FORM
        # A payout names its amount; interest alone comes back without one.
        alone = {
            "loan.disbursed": Refusal.AMOUNT_WITHOUT_PROGRAMME,
            "loan.repaid": Refusal.NOT_PAID_OUT,
        }
        assert pay(programme=PUBLIC) == alone[t]


def test_interest_alone_of_public_money_names_no_amount(floor: Floor) -> None:
    case, loan = _granted(floor, 100)
    assert floor.pay("loan.disbursed", case, loan, programme=PUBLIC, amount=100) == 0
    before = dict(floor.state)
    assert floor.say("bank-a", "loan.repaid", {"loan": loan, "programme": PUBLIC}, case=case) == 0
    moved = {key for key in floor.state if floor.state[key] != before.get(key)}
    assert {key.split(b"/")[0] for key in moved} <= {b"id", b"in"}, "no public money moved"


def test_disbursed_within_granted_and_repaid_within_disbursed(floor: Floor) -> None:
    case, loan = _granted(floor, 100)

    def pay(t: str, amount: int) -> int:
        return floor.pay(t, case, loan, programme=PUBLIC, amount=amount)

    assert pay("loan.repaid", 1) == Refusal.NOT_PAID_OUT
    assert pay("loan.disbursed", 101) == Refusal.OVER_GRANTED
    assert pay("loan.disbursed", 60) == 0
    assert pay("loan.disbursed", 41) == Refusal.OVER_GRANTED
    assert pay("loan.repaid", 61) == Refusal.OVER_OWED
    assert pay("loan.repaid", 20) == 0
    assert pay("loan.disbursed", 40) == 0
    assert pay("loan.repaid", 81) == Refusal.OVER_OWED
    assert pay("loan.repaid", 80) == 0
    assert floor.left() == 1_000
    assert find_fund(floor.state.get, PUBLIC, "bank-a").allocated == 1_000


def test_closing_puts_back_what_was_not_paid_out_and_debts_stay(floor: Floor) -> None:
    case, loan = _granted(floor, 100)
    assert floor.pay("loan.disbursed", case, loan, programme=PUBLIC, amount=60) == 0
    assert floor.left() == 900
    assert floor.say("bank-a", "case.closed", case=case, **OFFICER) == 0
    assert floor.left() == 940
    code = floor.pay("loan.disbursed", case, loan, programme=PUBLIC, amount=1)
    assert code == Refusal.WRONG_STAGE
    assert floor.pay("loan.repaid", case, loan, programme=PUBLIC, amount=60) == 0
    assert floor.left() == 1_000
    held = find_loan(floor.state.get, loan)
    assert held is not None
    assert (held.granted, held.disbursed, held.repaid) == (60, 60, 60)


def test_a_lenders_own_money_is_sealed_and_paid_out_before_it_comes_back(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    floor.approve(case, report)
    approval = floor.last
    floor.accept(case)
    assert floor.grant(case, approval) == 0
    loan = floor.last
    assert floor.pay("loan.repaid", case, loan) == Refusal.NOT_PAID_OUT
    assert floor.pay("loan.disbursed", case, loan) == 0
    assert floor.pay("loan.repaid", case, loan) == 0
    assert floor.say("bank-a", "case.closed", case=case, **OFFICER) == 0
    assert floor.pay("loan.disbursed", case, loan) == Refusal.WRONG_STAGE
    assert floor.pay("loan.repaid", case, loan) == 0


def test_what_a_subsidy_does_not_cover_is_lent_beside_it_by_an_approval_of_its_own(
    floor: Floor,
) -> None:
    case, approval = _approved(floor)
    assert floor.approve(case, _decision_of(floor, case)) == 0
    own = floor.last
    assert floor.accept(case) == 0
    assert floor.grant(case, approval, programme=PUBLIC, amount=100) == 0
    assert floor.grant(case, own) == 0
    assert floor.grant(case, own, programme=PUBLIC, amount=1) == Refusal.NO_APPROVAL


def test_a_decision_stands_to_its_last_millisecond(floor: Floor) -> None:
    case = floor.apply()
    report = floor.report(case)
    floor.time += 90 * DAY_MS
    assert floor.approve(case, report) == 0
