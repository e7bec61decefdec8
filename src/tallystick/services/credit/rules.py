"""Rules of offers, approvals, funds and loans: public money is conserved to the cent.

Laws: for each fund allocated >= left >= 0, and allocated - left is what is lent and not yet paid
back; for each loan of public money approved >= granted >= disbursed >= repaid; at most one such
loan a case; a loan stands on an approval in force of the same case, which stands on an offer in
force, and the household accepted what was approved. An `amount` is public exactly where the record
names a programme. A lender's reports of its loans follow one another without a gap, month by month
and number by number, and so do a payee's of small dues, period by period. State: `fund/`, `loan/`,
`book/`, `dues/`, and the money part of `case/`
(`records.held`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from tallystick.base.codec import INTEGER_MAX, encode_decoded
from tallystick.base.errors import Error
from tallystick.chain.amendment import keep_case
from tallystick.chain.crossing import DEMAND_KEY, find_chain, read_across
from tallystick.chain.record import Admission, Admit
from tallystick.records.book import SUMMED_LEAST
from tallystick.records.held import (
    HeldBook,
    HeldCase,
    HeldDues,
    HeldLoan,
    Stage,
    book_key,
    dues_key,
    find_book,
    find_case,
    find_dues,
    find_fund,
    find_loan,
    fund_key,
    loan_key,
)
from tallystick.records.refusal import Refusal

__all__ = [
    "admit_allocation",
    "admit_answer",
    "admit_approval",
    "admit_disbursement",
    "admit_dues",
    "admit_grant",
    "admit_receipt",
    "admit_repayment",
    "admit_report",
    "release_undisbursed",
]

_ACCEPTED: Final = 1
_DECLINED: Final = 2
# Seconds since 1970 at the end of the year 9999; a rule has an answer for any later time too.
_CALENDAR_END: Final = 253_402_300_799


def _money_refusal(pub: dict[str, Any], programme: str) -> int:
    """Refuse an amount without a programme, a programme without, and another's programme."""
    if ("amount" in pub) != ("programme" in pub):
        return Refusal.AMOUNT_WITHOUT_PROGRAMME
    if pub.get("programme", programme) != programme:
        return Refusal.NOT_THE_PROGRAMME
    return 0


def _find_concerned(offered: Admission) -> HeldCase | Refusal:
    """Return the named case if its opener, who keeps the party's keys, or its owner writes."""
    found = find_case(offered.state.get, offered.record.get("case"))
    if found is None:
        return Refusal.NO_CASE
    return found if offered.member in (found.opener, found.owner) else Refusal.NOT_CONCERNED


def _find_offer(offered: Admission) -> HeldCase | Refusal:
    """Return the named case if the writer owns it and may still act on its offer."""
    found = find_case(offered.state.get, offered.record.get("case"))
    if found is None:
        return Refusal.NO_CASE
    if found.owner != offered.member:
        return Refusal.NOT_OWNER
    if not found.has_offer():
        return Refusal.NO_OFFER
    return Refusal.DECISION_EXPIRED if found.not_after < offered.time else found


def admit_answer(*, accepted: bool) -> Admit:
    """Return the rule of the household's answer to an offer.

    Accepting binds to what is approved until that changes; declining voids it. An offer on which
    money was lent is declined no more.
    """

    def rule(offered: Admission) -> int:
        """Record the answer to a standing offer: by who took the case in, or its owner."""
        found = _find_concerned(offered)
        if isinstance(found, Refusal):
            return found
        if not found.has_offer():
            return Refusal.NO_OFFER
        if found.answer == (_ACCEPTED if accepted else _DECLINED):
            return Refusal.ALREADY_ANSWERED
        if accepted and found.not_after < offered.time:
            return Refusal.DECISION_EXPIRED
        if not accepted and found.lent:
            return Refusal.ALREADY_LENT
        after = found if accepted else found.without_approvals()
        keep_case(offered, after, answer=_ACCEPTED if accepted else _DECLINED)
        return 0

    return rule


def admit_receipt(offered: Admission) -> int:
    """Admit what the household says it received, once its case is decided and not refused."""
    found = _find_concerned(offered)
    if isinstance(found, Refusal):
        return found
    decided = found.stage in (Stage.REPORTED, Stage.MATCHED, Stage.CLOSED)
    return 0 if decided else Refusal.WRONG_STAGE


def admit_approval(offered: Admission) -> int:
    """Admit an officer's approval of the offer of the writer's own case.

    Public money is approved once a case; an approval of the owner's own money replaces the one
    before it. Either way the household is asked anew.
    """
    found = _find_offer(offered)
    if isinstance(found, Refusal):
        return found
    record, pub = offered.record, offered.record["pub"]
    if "officer" not in record:
        return Refusal.NO_OFFICER
    if pub["decision"] != found.decision:
        return Refusal.NOT_OF_THIS_CASE
    code = _money_refusal(pub, found.programme)
    if code:
        return code
    changes: dict[str, Any] = {"approval": record["id"]}
    if "programme" in pub:
        if found.public_approval:
            return Refusal.ALREADY_APPROVED
        changes = {"public_approval": record["id"], "approved": pub["amount"]}
    keep_case(offered, found, approver=offered.member, answer=0, **changes)
    return 0


def admit_allocation(offered: Admission) -> int:
    """Put public money of a programme at another member's disposal."""
    pub = offered.record["pub"]
    if pub["to"] not in offered.members.by_name:
        return Refusal.NO_SUCH_MEMBER
    if pub["to"] == offered.member:
        return Refusal.NAMES_ITSELF
    fund = find_fund(offered.state.get, pub["programme"], pub["to"])
    if fund.allocated + pub["amount"] > INTEGER_MAX:
        return Refusal.TOO_MUCH_MONEY
    after = fund._replace(allocated=fund.allocated + pub["amount"], left=fund.left + pub["amount"])
    offered.state.put(fund_key(pub["programme"], pub["to"]), encode_decoded(after))
    return 0


def _move_fund(offered: Admission, programme: str, member: str, amount: int) -> None:
    """Take `amount` out of a fund, or put it back where negative."""
    fund = find_fund(offered.state.get, programme, member)
    after = fund._replace(left=fund.left - amount)
    assert 0 <= after.left <= after.allocated
    offered.state.put(fund_key(programme, member), encode_decoded(after))


def admit_grant(offered: Admission) -> int:
    """Grant a loan under an approval in force; public money comes out of the programme's fund."""
    record, pub = offered.record, offered.record["pub"]
    found = _find_offer(offered)
    if isinstance(found, Refusal):
        return found
    if pub["loan"] != record["id"]:
        return Refusal.ID_DIFFERS
    code = _money_refusal(pub, found.programme)
    if code:
        return code
    public = "programme" in pub
    if pub["approval"] != (found.public_approval if public else found.approval):
        return Refusal.NO_APPROVAL
    if found.answer != _ACCEPTED:
        return Refusal.OFFER_NOT_ACCEPTED
    if public:
        code = _public_loan_refusal(offered, found)
        if code:
            return code
        _move_fund(offered, pub["programme"], offered.member, pub["amount"])
    public_loan = record["id"] if public else found.loan
    keep_case(offered, found, lent=found.lent + 1, loan=public_loan)
    loan = HeldLoan(record["case"], offered.member, pub.get("programme", ""), pub.get("amount", 0))
    offered.state.put(loan_key(record["id"]), encode_decoded(loan))
    return 0


def _public_loan_refusal(offered: Admission, case: HeldCase) -> int:
    pub = offered.record["pub"]
    if case.loan:
        return Refusal.ALREADY_LENT
    if pub["amount"] > case.approved:
        return Refusal.OVER_APPROVED
    fund = find_fund(offered.state.get, pub["programme"], offered.member)
    return Refusal.FUND_TOO_SMALL if fund.left < pub["amount"] else 0


def _find_own_loan(offered: Admission) -> HeldLoan | Refusal:
    """Return the loan that the record names, of the case it names, if the writer lent it."""
    record, pub = offered.record, offered.record["pub"]
    loan = find_loan(offered.state.get, pub["loan"])
    if loan is None:
        return Refusal.NO_LOAN
    if loan.lender != offered.member:
        return Refusal.NOT_THE_LENDER
    if record.get("case") != loan.case:
        return Refusal.NOT_OF_THIS_CASE
    if "amount" in pub and "programme" not in pub:
        return Refusal.AMOUNT_WITHOUT_PROGRAMME
    return loan if pub.get("programme", "") == loan.programme else Refusal.NOT_THE_PROGRAMME


def _put_loan(offered: Admission, loan: HeldLoan) -> None:
    offered.state.put(loan_key(offered.record["pub"]["loan"]), encode_decoded(loan))


def admit_disbursement(offered: Admission) -> int:
    """Pay a loan out, never more than was granted, and nothing once its case is closed."""
    loan = _find_own_loan(offered)
    if isinstance(loan, Refusal):
        return loan
    case = find_case(offered.state.get, loan.case)
    assert case is not None
    if case.stage == Stage.CLOSED:
        return Refusal.WRONG_STAGE
    amount = offered.record["pub"].get("amount", 0)
    if loan.programme and not amount:
        return Refusal.AMOUNT_WITHOUT_PROGRAMME
    if loan.disbursed + amount > loan.granted:
        return Refusal.OVER_GRANTED
    if not _is_approved_across(offered, loan):
        return Refusal.APPROVAL_NOT_PROVEN
    _put_loan(offered, loan._replace(disbursed=loan.disbursed + amount, paid=1))
    return 0


def _is_approved_across(offered: Admission, loan: HeldLoan) -> bool:
    """Tell whether the other chain approved it, where one must; a proof stands nowhere else."""
    proof, chain = offered.record["pub"].get("proof"), offered.state.get(DEMAND_KEY)
    if chain is None or not loan.programme:
        return proof is None
    linked = find_chain(offered.state.get, chain)
    if proof is None or linked is None:
        return False
    try:
        found = read_across(proof, chain, linked).record
    except Error:
        return False
    wanted = {"approved_case": loan.case, "programme": loan.programme}
    pub = found["pub"]
    is_it = found["t"] == "subsidy.approved" and wanted.items() <= pub.items()
    return is_it and bool(pub["amount"] >= loan.granted)


def admit_repayment(offered: Admission) -> int:
    """Take money of a loan back, never more than was paid out; public money may be lent again.

    Interest alone of a loan of public money names the programme and no amount.
    """
    loan = _find_own_loan(offered)
    if isinstance(loan, Refusal):
        return loan
    if not loan.paid:
        return Refusal.NOT_PAID_OUT
    amount = offered.record["pub"].get("amount", 0)
    if loan.repaid + amount > loan.disbursed:
        return Refusal.OVER_OWED
    if amount:
        _move_fund(offered, loan.programme, loan.lender, -amount)
    _put_loan(offered, loan._replace(repaid=loan.repaid + amount))
    return 0


def release_undisbursed(offered: Admission) -> int:
    """Put public money that was granted and not paid out back into its fund: the case is closed."""
    case = find_case(offered.state.get, offered.record["case"])
    assert case is not None
    loan = find_loan(offered.state.get, case.loan) if case.loan else None
    if loan is not None and loan.disbursed < loan.granted:
        _move_fund(offered, loan.programme, loan.lender, loan.disbursed - loan.granted)
        after = loan._replace(granted=loan.disbursed)
        offered.state.put(loan_key(case.loan), encode_decoded(after))
    return 0


def admit_report(offered: Admission) -> int:
    """Take what a lender tells of its loans' month: the next one, or a further part of it."""
    pub, state = offered.record["pub"], offered.state
    code = _readers_refusal(offered) or _sums_refusal(pub)
    if code:
        return code
    if pub["month"] >= _month_of(offered.time):
        return Refusal.NOT_THE_MONTH
    book = find_book(state.get, offered.member) or HeldBook(pub["month"] - 1, 0, 1, 0, 0)
    is_further = (pub["month"], pub["part"]) == (book.month, book.part + 1)
    if not is_further and (pub["month"], pub["part"]) != (book.month + 1, 1):
        return Refusal.NOT_THE_MONTH
    if pub["first"] != book.following:
        return Refusal.NOT_THE_NUMBER
    after = HeldBook(
        pub["month"],
        pub["part"],
        book.following + pub["granted"],
        pub["repayments"] + is_further * book.repayments,
        pub["overdues"] + is_further * book.overdues,
    )
    if max(after.repayments, after.overdues) >= after.following:
        return Refusal.MORE_THAN_LENT
    state.put(book_key(offered.member), encode_decoded(after))
    return 0


def admit_dues(offered: Admission) -> int:
    """Take what a payee tells of its small dues: the next period, or a further part of it."""
    pub, state = offered.record["pub"], offered.state
    code = _readers_refusal(offered)
    if code:
        return code
    if "owed" in pub and pub["payers"] < SUMMED_LEAST:
        return Refusal.SUM_OF_FEW
    begin, months, part = pub["begin"], pub["months"], pub["part"]
    if begin + months > _month_of(offered.time):
        return Refusal.NOT_THE_MONTH
    kind = pub["kind"]
    held = find_dues(state.get, offered.member, kind) or HeldDues(begin, 0, 0, 1)
    is_further = (begin, months, part) == (held.begin, held.months, held.part + 1)
    if not is_further and (begin, part) != (held.begin + held.months, 1):
        return Refusal.NOT_THE_MONTH
    if pub["first"] != held.following:
        return Refusal.NOT_THE_NUMBER
    following = held.following + pub["opened"]
    if pub["payers"] > pub["dues"] or pub["payers"] >= following:
        return Refusal.MORE_THAN_OPENED
    after = HeldDues(begin, months, part, following)
    state.put(dues_key(offered.member, kind), encode_decoded(after))
    return 0


def _readers_refusal(offered: Admission) -> int:
    """Refuse readers that are no other members, or not named once each in ascending order."""
    readers = offered.record["pub"].get("readers", [])
    if offered.member in readers:
        return Refusal.NAMES_ITSELF
    if any(name not in offered.members.by_name for name in readers):
        return Refusal.NO_SUCH_MEMBER
    return 0 if readers == sorted(set(readers)) else Refusal.NOT_ASCENDING


def _sums_refusal(pub: dict[str, Any]) -> int:
    """Refuse a sum that few loans are behind, and the lack of one that many are."""
    for sum_name, count_name in (("lent", "granted"), ("arrears", "overdues")):
        if (sum_name in pub) != (pub[count_name] >= SUMMED_LEAST):
            return Refusal.SUM_OF_FEW
    return 0


def _month_of(time_ms: int) -> int:
    """Return the month number of a block's time, UTC: year x 12 + month - 1."""
    at = datetime.fromtimestamp(min(time_ms // 1_000, _CALENDAR_END), UTC)
    return at.year * 12 + at.month - 1
