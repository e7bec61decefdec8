"""Errors of changing members, keys and limits by vote, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.problem_row import (
    NOT_RECORDED,
    NOTHING_CHANGED,
    NOTHING_LOST,
    WAITS,
    ProblemRow,
    problem_table,
)

__all__ = ["MEMBER_PROBLEMS"]

MEMBER_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **problem_table(
        "change",
        {
            "one": (
                "一次只能提议一项变更",
                "A proposal has one change",
                NOT_RECORDED,
                "只填一项，再提交。",
                "Fill in one of them and send again.",
            ),
            "unknown": (
                "没有这项变更",
                "There is no such change",
                NOT_RECORDED,
                "在“成员与表决”里看有哪些变更。",
                "See under Members and votes which changes there are.",
            ),
        },
    ),
    **problem_table(
        "member",
        {
            "last_key": (
                "这是它的最后一把钥匙",
                "It is the member's last key",
                NOT_RECORDED,
                "如果它不该再签名，提议它退出。",
                "If it must sign no more, propose that it leaves.",
            ),
            "listed": (
                "它已经是成员了",
                "It is a member already",
                NOT_RECORDED,
                (
                    "换钥匙用 tally change renew，不能再签名的用 tally member renew 造名片；"
                    "要它参加排序，先用 tally member engine 造名片。"
                ),
                (
                    "Its keys: tally change renew, or a card by tally member renew where it can"
                    " sign no more. To have it order too: tally member engine first."
                ),
            ),
            "key_ended": (
                "本成员的签名钥匙已不在用",
                "This member's signing key counts no more",
                NOT_RECORDED,
                "请技术人员用 tally member renew 抽取新钥匙，把名片交另一成员提议，由各成员表决。",
                (
                    "Have fresh keys drawn by tally member renew; another member proposes them by"
                    " the card, and the members vote."
                ),
            ),
            "not_listed": (
                "本成员不在名单里：还没加入，或已退出",
                "This member is not in the list: not joined yet, or it has left",
                NOT_RECORDED,
                "它可以继续查看；要它再写，请其他成员凭名片提议它加入。",
                "It can go on reading; for it to write, another member proposes it by its card.",
            ),
            "no_key": (
                "这个成员没有这把钥匙",
                "The member has no such key",
                NOT_RECORDED,
                "在成员名单里核对钥匙编号。",
                "Check the key's number in the list of members.",
            ),
        },
    ),
    **problem_table(
        "subsidy",
        {
            "elsewhere": (
                "批准记在另一本账里，这里看不到",
                "The approval stands on a chain not kept here",
                NOT_RECORDED,
                "请技术人员把两本账一起运行。",
                "Have both chains served together.",
            ),
            "none": (
                "部门还没有批准这笔财政资金",
                "No department has approved this public money",
                NOT_RECORDED,
                "请部门先在行政账本里批准。",
                "Ask the department to approve it on the administrative chain.",
            ),
            "not_anchored": (
                "批准还没有传到这本账",
                "The approval is not anchored here yet",
                NOT_RECORDED,
                "过一分钟再试。",
                "Try again in a minute.",
            ),
        },
    ),
    **problem_table(
        "public",
        {
            "none": (
                "这本账只给成员看",
                "This ledger is read by its members alone",
                NOTHING_CHANGED,
                "到本县公开账本的网址去看。",
                "Ask at the address of the county's public chain.",
            ),
        },
    ),
    **problem_table(
        "tally",
        {
            "elsewhere": (
                "要统计的账本不在这里",
                "The ledger to be counted is not kept here",
                NOT_RECORDED,
                "请技术人员把全县的几本账一起运行，再指明统计哪一本。",
                "Have all the county's chains served together, and name one of them.",
            ),
            "empty": (
                "这段时间没有可以公开的数",
                "Nothing of this period may be told",
                NOT_RECORDED,
                "换一段更长的时间：每个数至少要有五个案件。",
                "Take a longer period: each figure needs five cases.",
            ),
            "not_anchored": (
                "这段时间还没有全部见证到公开账本",
                "The period is not all anchored on the public chain yet",
                NOT_RECORDED,
                "过一分钟再试。",
                "Try again in a minute.",
            ),
        },
    ),
    **problem_table(
        "county",
        {
            "validators": (
                "一起排序的成员数不对",
                "This number of members cannot order together",
                NOTHING_CHANGED,
                "至少四个，至多全部；演示县只能由一个排序。",
                "Take four at least and all at most; a demonstration has one.",
            ),
            "single": (
                "这个县只有一本账",
                "This county has one chain",
                NOTHING_CHANGED,
                "用那本账自己的命令。",
                "Use the verbs of that chain.",
            ),
        },
    ),
    **problem_table(
        "ledger",
        {
            "between_terms": (
                "正在更换排序成员",
                "Another member is about to order",
                WAITS,
                "超过三分之二的成员同意后自动继续。",
                "It goes on once more than two thirds of the members agree.",
            ),
            "consented": (
                "本成员已同意过别的人选或更晚的一届",
                "This member has agreed to another, or to a later term",
                NOTHING_CHANGED,
                "请技术人员用下一届的号再来一次。",
                "Have it asked again for the next term.",
            ),
            "deposed": (
                "现在由别的成员排序",
                "Another member orders by now",
                WAITS,
                "请技术人员重新启动本成员，它会跟上。",
                "Have this member started again: it follows.",
            ),
            "no_consent": (
                "这个成员还没有同意更换",
                "That member has not agreed to a change",
                NOTHING_CHANGED,
                "等它同意后再试。",
                "Try again when it has.",
            ),
            "leads": (
                "已经是它在排序",
                "That member orders already",
                NOTHING_CHANGED,
                "不用换；只在排序的机器找不回来，或它已被表决退出时，才换别的成员。",
                "Nothing to change: another orders where that one is lost, or was voted out.",
            ),
            "left": (
                "排序的成员已被表决退出",
                "The member that orders was voted out",
                NOT_RECORDED,
                "请技术人员改由别的成员排序（tally county lead）；查看不受影响。",
                "Have another member order (tally county lead); reading goes on meanwhile.",
            ),
            "no_leader": (
                "要排序的不是成员",
                "Who is to order is no member",
                NOTHING_CHANGED,
                "在成员名单里选一个。",
                "Choose one from the list of members.",
            ),
            "superseded": (
                "本成员的末尾几块没有被大家接着用",
                "The others did not go on from this copy's last blocks",
                NOTHING_LOST,
                "修复本成员的账本；只在那几块里的内容会自动重发。",
                "Repair this copy; what stands in those blocks alone is sent again.",
            ),
            "term": (
                "更换排序成员的凭证不够数",
                "Too few agreed on who is to order",
                NOTHING_CHANGED,
                "请各成员再确认一次。",
                "Ask the members to agree once more.",
            ),
            "unasked": (
                "没有一个其他成员给出算数的回答",
                "No other member gave an answer that counts",
                NOTHING_LOST,
                "等其他成员能回答后再修复一次。",
                "Repair again when another member answers.",
            ),
            "term_corrupt": (
                "本成员同意过谁，文件读不出来",
                "The file of whom this member agreed to cannot be read",
                NOTHING_LOST,
                "修复本成员的账本；还不行，就请技术人员从备份恢复 term.cbor。",
                "Repair this copy; if that is not enough, have term.cbor restored from a copy.",
            ),
            "handover": (
                "成员刚变更，正等大家签到",
                "The members changed, and it waits for their signatures",
                WAITS,
                "超过三分之二的成员签到后自动继续，不用重填；若当时时钟快了，要等到那个时间。",
                "It goes on once two thirds have signed: where a clock was ahead, at its time.",
            ),
            "no_note_key": (
                "本成员没有这一块有效的签到钥匙",
                "This member holds no key that may sign this block",
                NOTHING_LOST,
                "如刚换过钥匙，请技术人员用新钥匙启动；如钥匙已作废，请提议换钥匙，由各成员表决。",
                "Have it started with its renewed keys; one revoked: have new keys voted in.",
            ),
        },
    ),
    **problem_table(
        "node",
        {
            "keys_waiting": (
                "已有一套新钥匙在等表决",
                "Renewed keys wait for a vote already",
                NOT_RECORDED,
                "等那次表决结束，或先撤回那项提议。",
                "Wait for that vote, or take the proposal back first.",
            ),
        },
    ),
}
"""By code."""
