"""Names and meanings of record types and roles, for tables that people read.

`name_record(t, language)` and `name_role(role, language)` give a name; `explain_record` and
`explain_role` one line of what it says. Completeness against the charter is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import NotFound
from tallystick.text.phrase import Phrase
from tallystick.text.wording import Language

__all__ = [
    "RECORDS",
    "ROLES",
    "Word",
    "explain_record",
    "explain_role",
    "name_record",
    "name_role",
]


@dataclass(frozen=True, slots=True)
class Word:
    """A term: its name, and one line that says what it means."""

    name: Phrase
    meaning: Phrase


def _words(rows: Mapping[str, tuple[str, str, str, str]]) -> dict[str, Word]:
    return {
        code: Word(Phrase(name_zh, name_en), Phrase(zh, en))
        for code, (name_zh, name_en, zh, en) in rows.items()
    }


RECORDS: Final[Mapping[str, Word]] = _words(
    {
        "change.proposed": (
            "提议变更",
            "Change proposed",
            "一个成员提议改变成员名单、钥匙或限额，并先投一票",
            "A member proposes to change the list, keys or a limit, and votes for it",
        ),
        "change.voted": (
            "表决变更",
            "Change voted",
            "一个成员对一项变更赞成或反对；够数时自下一高度起生效",
            "A member says yes or no to a change; with enough it counts from the next height on",
        ),
        "chain.linked": (
            "连接私有链",
            "Chain linked",
            "一个成员让大家知道它自己的一条链",
            "A member makes a chain of its own known",
        ),
        "chain.listed": (
            "成员名单的一段",
            "Part of a members list",
            "另一条链的成员名单太长，分段写在用它的记录之前",
            "A part of another chain's long list, before the record that needs it",
        ),
        "chain.anchored": (
            "锚定",
            "Chain anchored",
            "另一条链走到哪里：其多数成员签过的检查点",
            "How far another chain has come: a checkpoint its members signed",
        ),
        "object.kept": (
            "分存文件",
            "Object kept",
            "一个成员把一份文件分存在各成员处，请大家保管；不写名称，也不写关于谁",
            "A member has spread a file over the others, who are to keep it; no name stands here",
        ),
        "object.erased": (
            "销毁文件",
            "Object erased",
            "存放者已销毁这份文件的钥匙，各成员把手里的部分删去",
            "Who spread a file has destroyed its key, and the others drop what they hold",
        ),
        "subsidy.approved": (
            "批准补助",
            "Subsidy approved",
            "部门在行政链上批准另一条链上一个案件的财政资金",
            "A department approves public money for a case on another chain",
        ),
        "member.joined": (
            "成员加入或换钥",
            "Member joined",
            "一个成员加入，或换上自己的新钥匙",
            "A member joins, or replaces its own keys",
        ),
        "party.registered": (
            "主体登记",
            "Party registered",
            "一个成员保管某主体的钥匙；是谁只有它知道",
            "A member becomes custodian of a party's keys; who it is, it alone knows",
        ),
        "party.erased": (
            "主体注销",
            "Party erased",
            "某主体的钥匙已销毁，密封内容再也打不开",
            "A party's keys are gone, and what was sealed opens no more",
        ),
        "objects.dropped": (
            "密件清除",
            "Objects dropped",
            "至少八个主体的、已无人能打开的密件被清除",
            "Sealed objects of eight parties or more, which nobody can open, are dropped",
        ),
        "mandate.given": (
            "委托",
            "Mandate given",
            "家庭当着见证人委托经办人代办",
            "A household lets an officer act for it, before a witness",
        ),
        "mandate.ended": (
            "委托终止",
            "Mandate ended",
            "委托被收回",
            "A mandate is taken back",
        ),
        "grant.given": (
            "授权",
            "Grant given",
            "主体同意谁、为何、在多久内读取哪类数据",
            "A party agrees who may read which data, what for and until when",
        ),
        "grant.ended": (
            "授权终止",
            "Grant ended",
            "授权被收回，自本区块起不得再读",
            "A grant is taken back: from this block on nobody reads under it",
        ),
        "provider.registered": (
            "服务主体登记",
            "Provider registered",
            "一个服务主体及其服务与专长",
            "A service subject with its services and fields of expertise",
        ),
        "product.published": (
            "产品公布",
            "Product published",
            "某产品某一版的条件",
            "The terms of one version of a product",
        ),
        "model.approved": (
            "模型批准",
            "Model approved",
            "有人批准一个已公布的模型用于决定",
            "A person lets a published model decide",
        ),
        "model.retired": (
            "模型停用",
            "Model retired",
            "有人让一个已批准的模型不再作决定",
            "A person lets an approved model decide no more",
        ),
        "rules.activated": (
            "规则启用",
            "Rules activated",
            "某服务的规则版本从某高度起生效",
            "A version of a service's rules is in force from a height on",
        ),
        "case.applied": (
            "申请",
            "Case applied",
            "受理：基本信息与需求，案件的第一个区块节点",
            "Intake: basic information and demand, the case's first block node",
        ),
        "case.schemed": (
            "初步方案",
            "Case schemed",
            "模型提出的方案，案件的第二个区块节点",
            "The scheme that the model proposes, the case's second block node",
        ),
        "case.judged": (
            "方案判断",
            "Case judged",
            "按周期、收入和承受力判断方案",
            "The scheme judged against cycle, income and what can be borne",
        ),
        "case.reported": (
            "报告",
            "Case reported",
            "方案合适：给家庭的报告",
            "The scheme fits: the household's report",
        ),
        "case.matched": (
            "匹配",
            "Case matched",
            "方案不合适：未满足的需求，首选与备选服务主体",
            "The scheme does not fit: unmet demands, preferred and alternative subjects",
        ),
        "case.refused": (
            "拒绝",
            "Case refused",
            "由人拒绝，机器不拒绝",
            "A person refuses; no machine does",
        ),
        "case.closed": ("结案", "Case closed", "案件到此为止", "The case has come to its end"),
        "case.handed_over": (
            "移交",
            "Case handed over",
            "案件换了承办成员，任何时候只有一个",
            "The case's owner changes; there is one at any time",
        ),
        "endorsed": (
            "附署",
            "Endorsed",
            "受密封记录约束的成员打开并核对过它",
            "A member bound by a sealed record has opened and checked it",
        ),
        "decision.overridden": (
            "改判",
            "Decision overridden",
            "经办人凭理由代码和尽调档案另作决定",
            "An officer decides otherwise, by a coded reason and a due-diligence file",
        ),
        "feedback.given": (
            "反馈",
            "Feedback given",
            "结果与感受，由被评成员之外的成员来问",
            "What became of it, asked by a member other than the one rated",
        ),
        "appeal.opened": (
            "申诉",
            "Appeal opened",
            "家庭不同意自己案件的某条记录",
            "The household disagrees with a record of its case",
        ),
        "appeal.settled": (
            "申诉答复",
            "Appeal settled",
            "由人答复申诉",
            "A person answers an appeal",
        ),
        "offer.accepted": (
            "接受方案",
            "Offer accepted",
            "家庭接受方案",
            "The household takes the offer",
        ),
        "offer.declined": (
            "谢绝方案",
            "Offer declined",
            "家庭不接受方案",
            "The household declines the offer",
        ),
        "money.received": (
            "收到款项",
            "Money received",
            "家庭说收到了多少钱",
            "The household says how much it received",
        ),
        "approval.given": (
            "批准",
            "Approval given",
            "经办人批准报告所提的方案",
            "An officer approves what the decision offered",
        ),
        "fund.allocated": (
            "资金下达",
            "Fund allocated",
            "某项目的公共资金交某成员支配",
            "Public money of a programme is put at a member's disposal",
        ),
        "loan.granted": ("贷款发放", "Loan granted", "按批准签下贷款", "A loan under an approval"),
        "loan.disbursed": ("放款", "Loan disbursed", "贷款付出", "Money of a loan is paid out"),
        "loan.repaid": ("还款", "Loan repaid", "贷款还回", "Money of a loan is paid back"),
        "loans.reported": (
            "贷款月报",
            "Loans reported",
            "放款机构报一个月的贷款：合计公开，逐笔密封，不写是谁",
            "A lender's month of loans: sums for all, rows sealed, nobody named",
        ),
        "dues.reported": (
            "小额应缴报表",
            "Dues reported",
            "收费方报一期的水电、话费、医保等小额应缴：笔数公开，逐笔密封，不写是谁",
            "A payee's period of small dues: counts for all, rows sealed, nobody named",
        ),
        "notice.posted": (
            "公示",
            "Notice posted",
            "法律要求的公开：在哪里、多久、哪些字段",
            "A disclosure the law wants: where, how long, which fields and no others",
        ),
        "notice.withdrawn": (
            "公示撤下",
            "Notice withdrawn",
            "一则公示被撤下",
            "A notice is taken down",
        ),
        "bulletin.published": (
            "公告",
            "Bulletin published",
            "一个成员在公开链上告诉所有人的事，中英文各一份",
            "A member tells everybody something on the public chain, in both languages",
        ),
        "bulletin.withdrawn": (
            "公告撤回",
            "Bulletin withdrawn",
            "一则公告不再作数，原文仍可查",
            "A bulletin no longer holds; what it said stays readable",
        ),
        "tally.published": (
            "统计",
            "Tally published",
            "县里一条链在一段时间里记了多少，公开在公开链上；少于五的不写",
            "How much a chain of the county recorded in a period, for everybody; none below five",
        ),
        "guidance.given": (
            "指导",
            "Guidance given",
            "部门就某题目或案件给出意见",
            "A department advises on a topic or a case",
        ),
        "project.evaluated": (
            "项目评价",
            "Project evaluated",
            "评价人给项目打分",
            "A project's score by its evaluator",
        ),
        "news.published": ("新闻发布", "News published", "报社发布", "The newspaper publishes"),
        "news.corrected": (
            "新闻更正",
            "News corrected",
            "报社更正所发布的内容",
            "The newspaper corrects what it published",
        ),
        "programme.measured": (
            "项目覆盖测算",
            "Programme measured",
            "部门或监管公布一期名单与实情之差：只有数目，没有农户",
            "A cycle's list beside what the survey found: counts for all, never a household",
        ),
    }
)

ROLES: Final[Mapping[str, Word]] = _words(
    {
        "department": (
            "部门",
            "Department",
            "财政、农业农村、民政等政府部门",
            "A government department: finance, agriculture, civil affairs",
        ),
        "bank": ("银行", "Bank", "在县里放款的银行", "A bank that lends in the county"),
        "credit_cooperative": (
            "信用社",
            "Credit co-operative",
            "农村信用合作社",
            "A rural credit co-operative",
        ),
        "microloan": (
            "小贷公司",
            "Microloan company",
            "小额贷款公司",
            "A licensed microloan company",
        ),
        "cooperative": (
            "合作社或企业",
            "Co-operative or enterprise",
            "收购、供销、用工的合作社或企业",
            "A co-operative or enterprise that buys, supplies or employs",
        ),
        "guarantor": (
            "担保公司",
            "Guarantor",
            "为贷款作担保的公司",
            "A company that guarantees loans",
        ),
        "insurer": (
            "保险公司",
            "Insurer",
            "承保作物、牲畜和人身",
            "A company that insures crops, stock, lives",
        ),
        "lessor": (
            "租赁公司",
            "Lessor",
            "出租机器和设施",
            "A company that leases machines and buildings",
        ),
        "asset_manager": (
            "资产管理公司",
            "Asset-management company",
            "管理或处置资产",
            "A company that manages or works out assets",
        ),
        "village": (
            "村委会",
            "Village committee",
            "见证委托、帮助申请、入户回访",
            "Witnesses, helps to apply, visits",
        ),
        "project_owner": (
            "项目业主",
            "Project owner",
            "实施扶贫或产业项目",
            "Carries out a project",
        ),
        "media": ("媒体", "Media", "发布新闻和更正", "Publishes news and corrections"),
        "bureau": ("征信机构", "Credit bureau", "持牌征信机构", "A licensed credit bureau"),
        "regulator": (
            "监管或审计",
            "Regulator or auditor",
            "监督所有成员",
            "Supervises or audits the other members",
        ),
        "operator": (
            "运维方",
            "Operator",
            "只运行节点，不作决定",
            "Runs a node and decides nothing",
        ),
    }
)


def _find(table: Mapping[str, Word], code: str) -> Word:
    found = table.get(code)
    if found is None:
        raise NotFound("text.unknown", f"{code} has no name", cure="See docs/glossary.md.")
    return found


def _in(phrase: Phrase, language: Language) -> str:
    return phrase.zh if language == "zh" else phrase.en


def name_record(t: str, language: Language) -> str:
    """Return a record type's name; NotFound `text.unknown` if it has none."""
    return _in(_find(RECORDS, t).name, language)


def explain_record(t: str, language: Language) -> str:
    """Return what a record type says, in one line."""
    return _in(_find(RECORDS, t).meaning, language)


def name_role(role: str, language: Language) -> str:
    """Return a role's name; NotFound `text.unknown` if it has none."""
    return _in(_find(ROLES, role).name, language)


def explain_role(role: str, language: Language) -> str:
    """Return what members of a role do, in one line."""
    return _in(_find(ROLES, role).meaning, language)
