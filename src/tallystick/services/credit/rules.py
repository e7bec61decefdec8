"""Rules of offers, approvals, funds and loans: public money is conserved to the cent.

An optional public `amount` appears exactly when the record names a programme. State:
`case/` (read only: stage and owner), `fund/`programme/member -> m(left),
`loan/`id -> m([member, programme, granted, disbursed, repaid]) with zero amounts where sealed.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from tallystick.base import codec
from tallystick.chain.amendment import writer_of
from tallystick.chain.record import Admission, Admit, Code

__all__ = [
    "LoanCode",
    "admit_allocation",
    "admit_approval",
    "admit_grant",
    "admit_household_act",
    "admit_payment",
]

_CASE: Final = codec.tuple_of(codec.integer(1, 9), codec.ident(24))
_COUNT: Final = codec.integer()
_LOAN: Final = codec.tuple_of(codec.ident(24), codec.text(40, 0), _COUNT, _COUNT, _COUNT)
_REPORTED: Final = 4
_REFUSED: Final = 6
_CLOSED: Final = 7


class LoanCode(IntEnum):
    """Why a record of money was refused."""

    NO_CASE = 100
    NOT_OWNER = 101
    WRONG_STAGE = 102
    NO_OFFICER = 103
    AMOUNT_WITHOUT_PROGRAMME = 110
    FUND_TOO_SMALL = 111
    NO_LOAN = 112
    OVER_GRANTED = 113
    OVER_OWED = 114
    NO_APPROVAL = 115


def _public_money(pub: dict[str, Any]) -> int:
    """Return 0 if amount and programme stand together or not at all."""
    same = ("amount" in pub) == ("programme" in pub)
    return 0 if same else LoanCode.AMOUNT_WITHOUT_PROGRAMME


def _case_stage(offered: Admission) -> tuple[int, str] | None:
    identifier = offered.record.get("case")
    held = offered.state.get(b"case/" + identifier) if identifier else None
    if held is None:
        return None
    stage, owner = codec.decode(held, _CASE)
    return stage, owner


def admit_household_act(offered: Admission) -> int:
    """Admit what a household says of its own case: accepted, declined, received."""
    found = _case_stage(offered)
    if found is None:
        return LoanCode.NO_CASE
    return 0 if found[0] >= _REPORTED else LoanCode.WRONG_STAGE


def admit_approval(offered: Admission) -> int:
    """Admit an officer's approval of a decision of the writer's own case."""
    found = _case_stage(offered)
    if found is None:
        return LoanCode.NO_CASE
    if found[1] != offered.member:
        return LoanCode.NOT_OWNER
    if not _REPORTED <= found[0] < _REFUSED:
        return LoanCode.WRONG_STAGE
    if "officer" not in offered.record:
        return LoanCode.NO_OFFICER
    if writer_of(offered, offered.record["pub"]["decision"]) is None:
        return LoanCode.NO_APPROVAL
    return _public_money(offered.record["pub"])


def _left(offered: Admission, programme: str, member: str) -> tuple[bytes, int]:
    key = b"fund/" + programme.encode() + b"/" + member.encode()
    held = offered.state.get(key)
    return key, codec.decode(held, _COUNT) if held is not None else 0


def admit_allocation(offered: Admission) -> int:
    """Put public money of a programme at a member's disposal."""
    pub = offered.record["pub"]
    if pub["to"] not in offered.members.by_name:
        return Code.RULE
    key, left = _left(offered, pub["programme"], pub["to"])
    if left + pub["amount"] > codec.INTEGER_MAX:
        return Code.RULE
    offered.state.put(key, codec.encode(left + pub["amount"]))
    return 0


def admit_grant(offered: Admission) -> int:
    """Grant a loan under an approval; public money comes out of the programme's fund."""
    record, pub = offered.record, offered.record["pub"]
    found = _case_stage(offered)
    if found is None:
        return LoanCode.NO_CASE
    if found[1] != offered.member or pub["loan"] != record["id"]:
        return LoanCode.NOT_OWNER
    if writer_of(offered, pub["approval"]) != ("approval.given", offered.member):
        return LoanCode.NO_APPROVAL
    code = _public_money(pub)
    if code:
        return code
    amount = pub.get("amount", 0)
    if amount:
        key, left = _left(offered, pub["programme"], offered.member)
        if left < amount:
            return LoanCode.FUND_TOO_SMALL
        offered.state.put(key, codec.encode(left - amount))
    _put_loan(offered, [offered.member, pub.get("programme", ""), amount, 0, 0])
    return 0


def _put_loan(offered: Admission, loan: list[Any]) -> None:
    offered.state.put(b"loan/" + offered.record["pub"]["loan"], codec.encode(loan))


def admit_payment(*, back: bool) -> Admit:
    """Return the rule of a disbursement, or of a repayment where `back`.

    Disbursed never exceeds granted, repaid never exceeds disbursed; what is repaid to a programme
    is the member's to lend again.
    """

    def rule(offered: Admission) -> int:
        pub = offered.record["pub"]
        held = offered.state.get(b"loan/" + pub["loan"])
        if held is None:
            return LoanCode.NO_LOAN
        member, programme, granted, disbursed, repaid = codec.decode(held, _LOAN)
        if member != offered.member or pub.get("programme", "") != programme:
            return LoanCode.NOT_OWNER
        if _public_money(pub):
            return LoanCode.AMOUNT_WITHOUT_PROGRAMME
        amount = pub.get("amount", 0)
        if not back and disbursed + amount > granted:
            return LoanCode.OVER_GRANTED
        if back and repaid + amount > disbursed:
            return LoanCode.OVER_OWED
        if back and amount:
            key, left = _left(offered, programme, member)
            offered.state.put(key, codec.encode(left + amount))
        paid = [disbursed, repaid + amount] if back else [disbursed + amount, repaid]
        _put_loan(offered, [member, programme, granted, *paid])
        return 0

    return rule
