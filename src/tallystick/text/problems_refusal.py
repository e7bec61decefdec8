"""What to do where a rule of the chain refused a record; what it means stands in `text.refusal`.

Limits: a rule without a row here is met by looking at the case again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.records.refusal import Refusal
from tallystick.text.phrase import Phrase

__all__ = ["REFUSAL_CURES"]

_R = Refusal
_ROWS: Final[tuple[tuple[str, str, tuple[Refusal, ...]], ...]] = (
    (
        "这多半是程序的问题：把代码告诉运维人员。",
        "This is most likely the program's fault: tell the operator the code.",
        (
            *(_R.FORM, _R.UNKNOWN, _R.ID_HELD, _R.RULE, _R.ID_DIFFERS, _R.NOT_ASCENDING),
            *(_R.ENTRY_DIFFERS, _R.NOT_NEXT, _R.NOT_THE_STEP, _R.NAMES_A_CASE),
            _R.LIST_TOO_LONG,
        ),
    ),
    (
        "过几秒重新载入，从列表里选要引用的那一条。",
        "Load the page again in a few seconds and choose what it names from the list.",
        (_R.REF_TO_NOTHING, _R.NO_CASE, _R.NOT_OF_THIS_CASE, _R.NO_LOAN),
    ),
    (
        "请另一个有权的成员来办。",
        "Ask another member, one that may, to do it.",
        (
            *(_R.ROLE, _R.NOT_CONCERNED, _R.OWN_APPEAL, _R.RATED_MEMBER_ASKS),
            *(_R.OWN_RECORD, _R.NOT_OWN),
        ),
    ),
    (
        "请承办成员来办，或请它移交案件。",
        "Ask the case's owner to do it, or for a hand-over.",
        (_R.NOT_OWNER,),
    ),
    (
        "请放这笔贷款的成员来办。",
        "Ask the member that granted the loan to do it.",
        (_R.NOT_THE_LENDER,),
    ),
    (
        "由经办人登录后亲自办。",
        "Have an officer log in and do it in person.",
        (_R.NO_OFFICER,),
    ),
    (
        "核对金额；案件里写着还剩多少。",
        "Check the amount; the case shows how much is left.",
        (_R.OVER_GRANTED, _R.OVER_OWED, _R.OVER_APPROVED),
    ),
    (
        "核对金额：是不是多了个零？",
        "Check the amount: is there a zero too many?",
        (_R.TOO_MUCH_MONEY,),
    ),
    (
        "请项目的主管部门增加资金，或减少金额。",
        "Ask the programme's department for more money, or ask for less.",
        (_R.FUND_TOO_SMALL,),
    ),
    (
        "公开金额和项目都写，或都不写。",
        "State the public amount and the programme, or neither.",
        (_R.AMOUNT_WITHOUT_PROGRAMME,),
    ),
    (
        "用案件自己的项目。",
        "Name the case's own programme.",
        (_R.NOT_THE_PROGRAMME,),
    ),
    (
        "先批准方案，再做这一步。",
        "Approve the offer first, then do this.",
        (_R.NO_APPROVAL,),
    ),
    (
        "先记下这一户对方案的答复。",
        "Record the household's answer to the offer first.",
        (_R.OFFER_NOT_ACCEPTED,),
    ),
    (
        "先放款，再记还款。",
        "Pay the loan out first, then record what comes back.",
        (_R.NOT_PAID_OUT,),
    ),
    (
        "已经办过，不用再办；打开案件可看是谁、何时办的。",
        "It is done already, so there is nothing to do; the case shows by whom and when.",
        (
            *(_R.ALREADY_APPROVED, _R.ALREADY_LENT, _R.ALREADY_ANSWERED, _R.ALREADY_OVERRIDDEN),
            *(_R.ALREADY_ENDORSED, _R.ALREADY_WITHDRAWN, _R.ALREADY_STATED, _R.NOT_OPEN),
        ),
    ),
    (
        "不要修订，另写一条新的。",
        "Do not amend it: write a new record.",
        (_R.NEVER_AMENDED, _R.NOT_TO_AMEND),
    ),
    (
        "按现行的规则重新受理这份申请。",
        "Take the application in anew, by the rules in force now.",
        (_R.RULES_NOT_IN_FORCE, _R.DECISION_EXPIRED, _R.BASIS_CHANGED),
    ),
    (
        "从成员名单里选另一个成员。",
        "Choose another member from the list.",
        (_R.NO_SUCH_MEMBER, _R.NAMES_ITSELF, _R.CANNOT_HOLD),
    ),
    (
        "核对起讫日期。",
        "Check when it begins and ends.",
        (_R.TIME_OUT_OF_RANGE,),
    ),
    (
        "明天再问，或请别的成员问。",
        "Ask again tomorrow, or have another member ask.",
        (_R.TOO_SOON,),
    ),
    (
        "换一个名称。",
        "Choose another name.",
        (_R.NAME_TAKEN,),
    ),
    (
        "请本人重新给一份委托或授权。",
        "Ask the party for a new mandate or grant.",
        (_R.NOT_IN_FORCE,),
    ),
    (
        "从已批准的模型里选一个。",
        "Choose one of the approved models.",
        (_R.MODEL_NOT_APPROVED, _R.MODEL_RETIRED),
    ),
    (
        "用更多更好的数据训练；执意批准须写明理由。",
        "Train on more or better data; to approve it nevertheless, state why.",
        (_R.NOT_CALIBRATED,),
    ),
    (
        "从台账重新生成报告，接着上一份报。",
        "Make the report again from the books, as the next after the last one.",
        (_R.NOT_THE_MONTH, _R.NOT_THE_NUMBER, _R.MORE_THAN_LENT, _R.MORE_THAN_OPENED),
    ),
    (
        "从明细重新汇总，不足五户的不单列。",
        "Sum the rows again, and show no count of fewer than five by itself.",
        (_R.SUM_OF_FEW, _R.COUNT_OF_FEW, _R.PARTS_DIFFER),
    ),
    (
        "删去手机、证件和银行卡号；固定电话在区号后加横线。",
        "Take mobile, identity and card numbers out; write a hyphen after an area code.",
        (_R.POINTS_AT_ONE,),
    ),
    (
        "先看 tally change list：已有够多成员赞成的变更，可能已经生效。",
        "See tally change list: enough others may have said yes, and it is in force.",
        (_R.NO_CHANGE,),
    ),
    (
        "换到收这种记录的那本账上写。",
        "Write it on the chain where it belongs.",
        (_R.WRONG_CHAIN,),
    ),
)


def _spread() -> dict[Refusal, Phrase]:
    """Return the cure by rule; no rule stands in two rows."""
    found: dict[Refusal, Phrase] = {}
    for zh, en, rules in _ROWS:
        for rule in rules:
            if rule in found:
                raise ValueError(f"said twice: {rule.name}")
            found[rule] = Phrase(zh, en)
    return found


REFUSAL_CURES: Final[Mapping[Refusal, Phrase]] = _spread()
"""What to do, by the rule that refused."""
