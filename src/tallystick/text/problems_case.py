"""Errors of cases, drafts, loans, parties and records, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase
from tallystick.text.problem_row import (
    LEDGER_SAME,
    LOOK_UP,
    NOT_RECORDED,
    TYPED_KEPT,
    UNSURE,
    ProblemRow,
    problem_table,
)

__all__ = ["CASE_PROBLEMS"]

_BOTH_KEPT: Final = Phrase(
    "什么都没有覆盖：那边保存的和您填写的都在。",
    "Nothing was overwritten: what was saved there and what you typed are both kept.",
)
_CASE: Final = problem_table(
    "case",
    {
        "changed": (
            "您看过以后，这个案件又有了新记录",
            "The case has new records since you looked at it",
            TYPED_KEPT,
            "先看新记录，再决定是否照做。",
            "Look at what came since, then decide again.",
        ),
        "cursor": (
            "列表接不上了",
            "The list cannot be continued from there",
            LOOK_UP,
            "从第一页重新看。",
            "Begin at its first page.",
        ),
        "no_approval": (
            "这个案件还没有批准贷款",
            "No loan is approved on this case",
            NOT_RECORDED,
            "先批准方案，再发放贷款。",
            "Approve the offer first, then grant the loan.",
        ),
        "no_assent": (
            "还没有本人的同意",
            "The household has not assented yet",
            TYPED_KEPT,
            "选一份委托，或让本人用自己的钥匙签名。",
            "Choose a mandate, or let the household sign with its own key.",
        ),
        "no_offer": (
            "这个案件没有可批准的方案",
            "This case has no offer to approve",
            NOT_RECORDED,
            "附尽职调查材料改判，或由人拒绝并说明理由。",
            "Override the decision with a due-diligence file, or refuse in person.",
        ),
        "not_owner": (
            "这个案件由别的成员承办",
            "Another member owns this case",
            NOT_RECORDED,
            "请承办成员来办，或请它移交给您。",
            "Ask the owner to do it, or to hand the case over.",
        ),
        "undecided": (
            "这个案件还没有决定",
            "This case is not decided yet",
            NOT_RECORDED,
            "先作出决定，再做这一步。",
            "Decide the case first, then do this.",
        ),
        "unknown": (
            "找不到这个案件",
            "There is no such case",
            LOOK_UP,
            "核对编号，或在案件列表里找。",
            "Check the id, or look in the list of cases.",
        ),
    },
)
_DRAFT: Final = problem_table(
    "draft",
    {
        "changed": (
            "这份草稿已在别处改过",
            "This draft was changed elsewhere",
            _BOTH_KEPT,
            "重新载入，留下要的内容再保存。",
            "Load it again, keep what is to stay, and save.",
        ),
        "corrupt": (
            "这份草稿打不开",
            "This draft cannot be opened",
            LEDGER_SAME,
            "请运维人员恢复 keys.db，或删去这份草稿。",
            "Have the operator restore keys.db, or delete the draft.",
        ),
        "size": (
            "草稿太大，没有保存",
            "The draft is too large and was not saved",
            TYPED_KEPT,
            "先提交已经填好的，其余另存为文件。",
            "Send what is ready, and keep the rest as files.",
        ),
        "too_many": (
            "草稿太多，这份没有保存",
            "Too many drafts are kept, so this one was not saved",
            TYPED_KEPT,
            "提交或删去几份。",
            "Send or delete some.",
        ),
        "unknown": (
            "找不到这份草稿",
            "You keep no such draft here",
            LEDGER_SAME,
            "在草稿列表里找；已提交、已删去或太久的不再保留。",
            "Look in the list of drafts; what was sent, deleted or grew old is no longer kept.",
        ),
    },
)
_RECORD: Final = {
    **problem_table(
        "appeal",
        {
            "unknown": (
                "找不到这个申诉",
                "There is no such appeal",
                LOOK_UP,
                "在申诉列表里找。",
                "Look in the list of appeals.",
            )
        },
    ),
    **problem_table(
        "loan",
        {
            "unknown": (
                "找不到这笔贷款",
                "There is no such loan",
                LOOK_UP,
                "核对编号，或在贷款列表里找。",
                "Check the id, or look in the list of loans.",
            )
        },
    ),
    **problem_table(
        "mandate",
        {
            "unknown": (
                "您选的不是委托",
                "What you chose is no mandate",
                TYPED_KEPT,
                "从委托列表里选，或先登记委托。",
                "Choose one from the list, or add a mandate first.",
            )
        },
    ),
    **problem_table(
        "member",
        {
            "unknown": (
                "本县没有这个成员",
                "The county has no such member",
                NOT_RECORDED,
                "从成员名单里选。",
                "Choose one from the members list.",
            )
        },
    ),
    **problem_table(
        "party",
        {
            "too_few": (
                "涉及的主体不足八家，不能公开删除",
                "Too few parties: a public deletion would tell whose data it is",
                NOT_RECORDED,
                "请各成员自行删除，系统会逐个通知它们。",
                "Let their members drop the data; they are told one by one.",
            ),
            "unknown": (
                "本机构没有这家主体",
                "Your institution keeps nothing of that party",
                NOT_RECORDED,
                "先登记这家主体；已注销的不能恢复。",
                "Register it first; one that was erased does not come back.",
            ),
        },
    ),
    **problem_table(
        "product",
        {
            "unknown": (
                "没有公布过这个产品",
                "No product of that name is published",
                LOOK_UP,
                "在产品列表里找。",
                "Look in the list of products.",
            )
        },
    ),
    **problem_table(
        "provider",
        {
            "unknown": (
                "没有公布过这个服务主体",
                "No service subject of that name is published",
                LOOK_UP,
                "在服务主体列表里找。",
                "Look in the list of service subjects.",
            )
        },
    ),
    **problem_table(
        "record",
        {
            "refused": (
                "账本的规则没有接受这条记录",
                "The ledger's rules did not accept this record",
                TYPED_KEPT,
                "重新打开案件，看看现在到了哪一步。",
                "Open the case again and see where it stands now.",
            ),
            "unknown": (
                "找不到这条记录",
                "There is no such record",
                LOOK_UP,
                "打开案件，在它的记录里找。",
                "Open the case and look among its records.",
            ),
        },
    ),
    **problem_table(
        "request",
        {
            "running": (
                "同一个请求正在处理",
                "The same request is being worked on",
                UNSURE,
                "等一秒再看；只会记一次。",
                "Look again in a second; it counts once.",
            )
        },
    ),
    **problem_table(
        "id",
        {
            "form": (
                "编号不完整",
                "That id is not whole",
                LOOK_UP,
                "编号是 32 位小写字母和数字，整个复制过来。",
                "An id has 32 lower-case hex digits; copy it whole.",
            )
        },
    ),
}
CASE_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **_CASE,
    **_DRAFT,
    **_RECORD,
}
"""By code."""
