"""Why records are refused, in words: the name and meaning of every code of `records.refusal`.

What an officer reads when a record did not come to stand on the chain; no code is without words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.records.refusal import Refusal
from tallystick.text.phrase import Phrase
from tallystick.text.record import Word
from tallystick.text.wording import Language

__all__ = ["REFUSALS", "explain_refusal", "name_refusal"]

_R = Refusal
_ROWS: Final[Mapping[Refusal, tuple[str, str, str, str]]] = {
    _R.FORM: (
        "格式不符",
        "Form",
        "字节、字段或密封不合规定",
        "Bytes, fields or seals break the form",
    ),
    _R.UNKNOWN: ("类型未知", "Unknown type", "没有这种类型或版本的记录", "No such type or version"),
    _R.ID_HELD: (
        "编号已用",
        "Id held",
        "这个编号已经在链上",
        "This id stands on the chain already",
    ),
    _R.REF_TO_NOTHING: (
        "引用落空",
        "Reference to nothing",
        "所指的记录不在链上",
        "A record it names is not on the chain",
    ),
    _R.ROLE: ("角色不符", "Role", "这类成员不能写这种记录", "This role may not write this type"),
    _R.RULE: ("违反规则", "Rule", "违反链的规则", "A rule of the chain is broken"),
    _R.NO_CASE: (
        "无此案件",
        "No case",
        "没有写明案件,或所写的不是案件",
        "It names no case, or something that is none",
    ),
    _R.NOT_OWNER: (
        "非承办成员",
        "Not the owner",
        "只有案件的承办成员可以这样做",
        "Only the case's owner may do this",
    ),
    _R.WRONG_STAGE: (
        "阶段不符",
        "Wrong stage",
        "案件还没到或已过这一步",
        "The case has not come to this step, or is past it",
    ),
    _R.NO_OFFICER: (
        "缺经办人",
        "No officer",
        "这一步必须由人来做",
        "A person must do this, and none is named",
    ),
    _R.RULES_NOT_IN_FORCE: (
        "规则未生效",
        "Rules not in force",
        "决定所依的规则版本此时不生效",
        "The decision's version of the rules is not in force",
    ),
    _R.RATED_MEMBER_ASKS: (
        "自评",
        "Rates itself",
        "被评的成员不能自己来问或打分",
        "A member may not ask about, or score, itself",
    ),
    _R.NOT_OF_THIS_CASE: (
        "不属本案",
        "Not of this case",
        "所指的记录不属于这个案件",
        "What it names does not belong to this case",
    ),
    _R.NAMES_A_CASE: (
        "不得写案件",
        "Names a case",
        "这种记录不能与案件相连",
        "This type may not be tied to a case",
    ),
    _R.NEVER_AMENDED: (
        "不可修订",
        "Never amended",
        "这种记录不能修订,只能另写",
        "This type is never amended: write a new record",
    ),
    _R.NOT_TO_AMEND: (
        "不能修订此条",
        "Not to amend",
        "不是自己同类的最新记录,或已被引用",
        "Not one's own latest of this type, or something names it",
    ),
    _R.AMOUNT_WITHOUT_PROGRAMME: (
        "金额与项目不配",
        "Amount without programme",
        "公开金额与项目须同时写明",
        "A public amount and a programme stand together or not at all",
    ),
    _R.FUND_TOO_SMALL: (
        "资金不足",
        "Fund too small",
        "该项目可支配的资金不够",
        "Less is left of the programme's money",
    ),
    _R.NO_LOAN: ("无此贷款", "No loan", "链上没有这笔贷款", "No such loan was granted"),
    _R.OVER_GRANTED: (
        "超过发放额",
        "Over what was granted",
        "放款超过贷款额",
        "More would be paid out than was granted",
    ),
    _R.OVER_OWED: (
        "超过所欠",
        "Over what is owed",
        "还款超过已放的款",
        "More would be paid back than was paid out",
    ),
    _R.NO_APPROVAL: (
        "无有效批准",
        "No approval",
        "不是本案现行有效的批准",
        "It is not the case's approval in force",
    ),
    _R.NOT_THE_PROGRAMME: (
        "项目不符",
        "Not the programme",
        "不是案件或贷款所属的项目",
        "Another programme than the case's or loan's",
    ),
    _R.NO_OFFER: (
        "无可用方案",
        "No offer",
        "案件没有有效的方案:未出报告、已改判、已拒绝或已结案",
        "No offer stands: no report, or overridden, refused, closed",
    ),
    _R.DECISION_EXPIRED: (
        "决定已过期",
        "Decision expired",
        "决定的有效期已过",
        "The decision's time is over",
    ),
    _R.ALREADY_APPROVED: (
        "已批准",
        "Already approved",
        "本案的公共资金已经批准过",
        "Public money was approved for this case",
    ),
    _R.ALREADY_LENT: (
        "已发放",
        "Already lent",
        "本案已经发放贷款",
        "Money was lent on this case",
    ),
    _R.OVER_APPROVED: (
        "超过批准额",
        "Over what was approved",
        "贷款超过批准的金额",
        "More than was approved",
    ),
    _R.OFFER_NOT_ACCEPTED: (
        "未接受方案",
        "Offer not accepted",
        "家庭还没有接受所批准的方案",
        "The household has not accepted what was approved",
    ),
    _R.ALREADY_ANSWERED: (
        "已答复",
        "Already answered",
        "家庭已经这样答复过",
        "The household gave this answer before",
    ),
    _R.NOT_THE_LENDER: (
        "非放款成员",
        "Not the lender",
        "这笔贷款是别的成员发放的",
        "Another member granted this loan",
    ),
    _R.TOO_MUCH_MONEY: (
        "金额过大",
        "Too much money",
        "合计超出可计的数",
        "The sum is more than can be counted",
    ),
    _R.NOT_PAID_OUT: (
        "尚未放款",
        "Not paid out",
        "还没有放款,谈不上还款",
        "Nothing was paid out yet",
    ),
    _R.NOT_CONCERNED: (
        "与本案无关",
        "Not concerned",
        "只有受理或承办的成员可代家庭记录",
        "Only who took the case in, or owns it, records for the household",
    ),
    _R.NO_SUCH_MEMBER: (
        "无此成员",
        "No such member",
        "所写的成员此时不在册",
        "The member named is not in force",
    ),
    _R.NAMES_ITSELF: (
        "写了自己",
        "Names itself",
        "此处必须是另一个成员",
        "Another member must stand here",
    ),
    _R.CANNOT_HOLD: (
        "不能承办",
        "Cannot hold",
        "那类成员不能承办案件",
        "That member's role holds no cases",
    ),
    _R.TIME_OUT_OF_RANGE: (
        "时间不合",
        "Time out of range",
        "时间已过、太远,或起讫颠倒",
        "A time is over, too far off, or ends before it begins",
    ),
    _R.NOT_THE_STEP: (
        "非此步骤",
        "Not the step",
        "服务或问题与记录类型不符",
        "Service or question is not this type's",
    ),
    _R.BASIS_CHANGED: (
        "依据已变",
        "Basis changed",
        "与本案前面的决定所依的规则、目录或模型不同",
        "Other rules, catalogue or model than the case's first decision",
    ),
    _R.ALREADY_OVERRIDDEN: (
        "已改判",
        "Already overridden",
        "这个决定已经改判过",
        "This decision was overridden before",
    ),
    _R.ALREADY_ENDORSED: (
        "已附署",
        "Already endorsed",
        "该成员已附署过这条记录",
        "This member endorsed the record before",
    ),
    _R.OWN_RECORD: (
        "自己的记录",
        "Own record",
        "不能附署自己写的记录",
        "A member does not endorse its own record",
    ),
    _R.TOO_SOON: (
        "太早",
        "Too soon",
        "同一成员一天内已问过本案",
        "This member asked about the case within a day",
    ),
    _R.NOT_OPEN: (
        "申诉不在办",
        "Not open",
        "没有这个申诉,或已经答复",
        "No such appeal, or it was answered",
    ),
    _R.OWN_APPEAL: (
        "自答申诉",
        "Own appeal",
        "受理申诉的或上次答复的成员不能答复",
        "Who took it in, or answered before, may not answer it",
    ),
    _R.NAME_TAKEN: (
        "名称已占",
        "Name taken",
        "这个名称属于别的成员",
        "The name belongs to another member",
    ),
    _R.ENTRY_DIFFERS: (
        "条目不一致",
        "Entry differs",
        "条目内容与记录所写不一致",
        "The entry says another thing than the record",
    ),
    _R.NOT_NEXT: (
        "版本不连续",
        "Not next",
        "须是下一个版本、从下一高度起,每高度一次",
        "It must be the next version, from the next height, once a height",
    ),
    _R.NOT_OWN: ("非本成员所写", "Not one's own", "不是本成员自己的", "It is another member's"),
    _R.ALREADY_WITHDRAWN: (
        "已撤下",
        "Already withdrawn",
        "这则公示已经撤下",
        "The notice was taken down before",
    ),
    _R.NOT_IN_FORCE: (
        "不在有效期",
        "Not in force",
        "没有这个委托或授权,或已终止",
        "No such mandate or grant, or it was ended",
    ),
    _R.NOT_ASCENDING: (
        "次序不对",
        "Not ascending",
        "清单须按升序且不重复",
        "A list must ascend and name nothing twice",
    ),
    _R.ID_DIFFERS: (
        "编号不一致",
        "Id differs",
        "所开立的编号须是记录自己的编号",
        "What it opens must have the record's own id",
    ),
    _R.MODEL_NOT_APPROVED: (
        "模型未批准",
        "Model not approved",
        "所指的模型没有批准",
        "The model named was not approved",
    ),
    _R.ALREADY_STATED: (
        "已经写过",
        "Already stated",
        "同样的内容已在链上",
        "The same stands on the chain already",
    ),
    _R.MODEL_RETIRED: (
        "模型已停用",
        "Model retired",
        "所指的模型已停用，不得再作决定",
        "The model named was retired and decides no more",
    ),
    _R.NOT_CALIBRATED: (
        "概率未校准",
        "Not calibrated",
        "模型的概率误差超出偶然或没有写明，又没有写强行批准的理由",
        "The model's probabilities are off by more than chance, or unsaid, and no reason is given",
    ),
    _R.NOT_THE_MONTH: (
        "月份不接",
        "Not the month",
        "报告须逐月逐份相接，且该月已过",
        "Reports follow month by month and part by part, each of a month that is over",
    ),
    _R.NOT_THE_NUMBER: (
        "编号不接",
        "Not the number",
        "贷款和户号须接着本机构上一个编号",
        "Loans and accounts are numbered on from the writer's last",
    ),
    _R.MORE_THAN_LENT: (
        "多于已放贷款",
        "More than was lent",
        "一个月里还款或逾期的笔数多于已放的贷款",
        "A month tells of more loans paid on, or overdue, than were granted",
    ),
    _R.SUM_OF_FEW: (
        "合计不当",
        "Sum of few",
        "五笔（户）及以上才写合计，不足五笔（户）不得写",
        "A sum stands where five loans or accounts are behind it, and nowhere else",
    ),
    _R.MORE_THAN_OPENED: (
        "多于已开户数",
        "More than was opened",
        "一期里应缴的户数多于已开的户，或多于应缴的笔数",
        "A period tells of more payers than accounts were opened, or than dues fell due",
    ),
    _R.PARTS_DIFFER: (
        "各部分不合",
        "Parts differ",
        "各片与各组须恰好合成同一个总体",
        "Areas and groups must each make up the same whole",
    ),
    _R.COUNT_OF_FEW: (
        "数目过小",
        "Count of few",
        "公开的数目须为零或不少于五，且彼此相符，以免指向某一户",
        "A public count is none or at least five, and agrees with the others, to point at nobody",
    ),
    _R.POINTS_AT_ONE: (
        "像是个人号码",
        "Points at one",
        "公告里有连续十一位以上的数字：那会是手机、证件或卡号",
        "A bulletin holds eleven digits in a row or more: a mobile, identity or card number has",
    ),
    _R.NO_VOTES_HERE: (
        "此链不表决",
        "No votes here",
        "这条链创立时没有设定表决,成员名单由运营者维护",
        "This chain was founded without votes; its operator keeps the list of members",
    ),
    _R.NOT_A_CHANGE: (
        "不是变更",
        "Not a change",
        "字段不齐,或有这类变更不用的字段",
        "Fields are missing, or some that this kind of change has not",
    ),
    _R.TOO_MANY_CHANGES: (
        "待决过多",
        "Too many changes",
        "本成员已有八项变更等待表决",
        "Eight changes of this member wait for votes already",
    ),
    _R.CHANGE_CANNOT_STAND: (
        "变更不成立",
        "Change cannot stand",
        "按现有名单、钥匙和限额,这项变更无法生效",
        "With the list, keys and limits as they are, the change cannot take effect",
    ),
    _R.NO_CHANGE: (
        "无此变更",
        "No such change",
        "无此待决变更,也可能已经决定:见 tally change list",
        "No such change waits for votes, or it is decided: tally change list",
    ),
    _R.NOT_A_CHAIN: (
        "不是链",
        "Not a chain",
        "创世块与成员名单不成一条链",
        "Genesis and list of members make no chain",
    ),
    _R.ALREADY_LINKED: (
        "已相连",
        "Already linked",
        "这条链已经相连,或就是本链",
        "The chain is linked already, or is this one",
    ),
    _R.NO_CHAIN: ("无此链", "No such chain", "那条链还没有相连", "That chain is not linked here"),
    _R.NOT_ANCHORED: (
        "锚定不成立",
        "Not anchored",
        "检查点没有足够的签名,或没有接着上一次锚定",
        "Too few signed the checkpoint, or it does not go on from the last anchor",
    ),
    _R.APPROVAL_NOT_PROVEN: (
        "批准未证明",
        "Approval not proven",
        "财政资金付出前,须证明部门在行政链上批准了这个案件、项目和金额",
        "Public money is paid out on proof that a department approved case, programme and sum",
    ),
    _R.WRONG_CHAIN: (
        "不归这条链",
        "Not on this chain",
        "公开链只收公告、统计和锚定,别的链不收公告和统计",
        "A public chain carries bulletins, tallies and anchors alone, and no other chain does",
    ),
    _R.LIST_TOO_LONG: (
        "名单太长",
        "List too long",
        "分开写的成员名单,各段合起来太长",
        "The parts of a members list are too long together",
    ),
    _R.ALREADY_KEPT: (
        "已在保管",
        "Already kept",
        "这份文件已请大家保管，或已经销毁过",
        "The file is kept already, or was erased",
    ),
    _R.NOT_KEPT: (
        "未在保管",
        "Not kept",
        "这个成员没有请大家保管这份文件，或它已经销毁",
        "That member has no such file kept, or it is erased already",
    ),
    _R.ALREADY_VOTED: (
        "已表决",
        "Already voted",
        "每个成员对一项变更只表决一次",
        "A member votes on a change once",
    ),
}

REFUSALS: Final[Mapping[int, Word]] = {
    code: Word(Phrase(name_zh, name_en), Phrase(zh, en))
    for code, (name_zh, name_en, zh, en) in _ROWS.items()
}


def _word(code: int) -> Word:
    """Return the words of a code; one that this program does not know is a broken rule."""
    return REFUSALS.get(code, REFUSALS[Refusal.RULE])


def name_refusal(code: int, language: Language) -> str:
    """Return a code's name."""
    name = _word(code).name
    return name.zh if language == "zh" else name.en


def explain_refusal(code: int, language: Language) -> str:
    """Return what a code means, in one line."""
    meaning = _word(code).meaning
    return meaning.zh if language == "zh" else meaning.en
