"""Errors of logging in, of roles, and of who may read what is sealed, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.problem_row import (
    ACCOUNT_SAME,
    DAMAGE_UNUSED,
    LOOK_UP,
    NOT_RECORDED,
    NOTHING_CHANGED,
    TYPED_KEPT,
    ProblemRow,
    problem_table,
)

__all__ = ["ACCESS_PROBLEMS"]

_ACCOUNT: Final = problem_table(
    "access",
    {
        "csrf": (
            "页面已过时，这次操作没有做",
            "This page is out of date, so the act was not done",
            NOT_RECORDED,
            "重新载入页面，再做一次。",
            "Load the page again and repeat the act.",
        ),
        "hash": (
            "这个账号的密码记录已损坏",
            "This account's stored password is damaged",
            ACCOUNT_SAME,
            "告诉管理员重置账号：tally user reset。",
            "Ask the administrator to reset the account: tally user reset.",
        ),
        "locked": (
            "输错次数太多，暂时锁定",
            "Too many wrong tries: logging in is locked for a while",
            ACCOUNT_SAME,
            "等 15 分钟再试；急用请管理员重置账号：tally user reset。",
            "Wait 15 minutes, or have the administrator reset the account: tally user reset.",
        ),
        "login": (
            "名字或密码不对",
            "The name or the password is not right",
            ACCOUNT_SAME,
            "再输一次；一次性密码 7 天后失效，请管理员换发。",
            "Type them again; ask the administrator for a new one-time password after 7 days.",
        ),
        "login_name": (
            "这个登录名不合规定",
            "That log-in name cannot be used",
            TYPED_KEPT,
            "用 2 到 32 个小写字母、数字、点、横线或下划线，以字母开头。",
            "Use 2 to 32 lower-case letters, digits, dots or lines, beginning with a letter.",
        ),
        "must_change": (
            "一次性密码要先换掉",
            "The one-time password must be changed first",
            NOT_RECORDED,
            "先换成您自己的密码，再接着做。",
            "Change it to a password of your own, then go on.",
        ),
        "name_taken": (
            "这个登录名已有人用",
            "That log-in name is taken",
            TYPED_KEPT,
            "换一个登录名，或重置原来的账号。",
            "Choose another name, or reset that account.",
        ),
        "no_account": (
            "没有这个登录名的账号",
            "There is no account of that log-in name",
            NOTHING_CHANGED,
            "看看账号清单：tally user list。",
            "Look at the list of accounts: tally user list.",
        ),
        "no_password": (
            "县文件夹的主人没有密码可换",
            "Whoever owns the county's folder has no password to change",
            ACCOUNT_SAME,
            "用经办人的账号登录。",
            "Log in as an officer.",
        ),
        "password": (
            "新密码太容易猜，或长短不合",
            "The new password is too easy to guess, too short or too long",
            ACCOUNT_SAME,
            "用一句只有您知道的话，10 到 128 个字符，不含登录名。",
            "Choose a sentence only you know, of 10 to 128 signs, without your log-in name.",
        ),
        "same_password": (
            "新密码与旧密码相同",
            "The new password is the old one",
            ACCOUNT_SAME,
            "换一个不同的密码。",
            "Choose a different one.",
        ),
        "session": (
            "登录已结束",
            "You are no longer logged in",
            NOT_RECORDED,
            "重新登录，回到这一页再做。",
            "Log in again, come back to this page and repeat.",
        ),
        "shown_name": (
            "这个姓名不合规定",
            "That shown name cannot be used",
            TYPED_KEPT,
            "用 1 到 40 个看得见的字。",
            "Use 1 to 40 printable signs.",
        ),
        "unknown_role": (
            "没有这个岗位",
            "There is no such role",
            TYPED_KEPT,
            "从清单里选一个岗位。",
            "Choose one from the list.",
        ),
    },
)
_OFFICE: Final = problem_table(
    "access",
    {
        "act": (
            "岗位表里没有这项操作",
            "The table of roles has no such act",
            NOT_RECORDED,
            "告诉运维人员：程序与岗位表不一致。",
            "Tell the operator: the program and the table of roles disagree.",
        ),
        "behind": (
            "对方成员还没跟上账本",
            "The member asked has not caught up with the ledger yet",
            LOOK_UP,
            "过几秒再试。",
            "Try again in a few seconds.",
        ),
        "four_eyes": (
            "这一步要换一位经办人",
            "This step needs a second officer",
            NOT_RECORDED,
            "同一人不能做两头，交给另一位同事来办。",
            "One person may not do both halves; hand it to a colleague.",
        ),
        "member": (
            "您的账号属于另一个成员",
            "Your account belongs to another member",
            NOT_RECORDED,
            "到您自己机构的页面登录。",
            "Log in at your own institution's pages.",
        ),
        "role": (
            "这件事不归您的岗位办",
            "This is not for your role",
            NOT_RECORDED,
            "交给有这个岗位的同事来办。",
            "Hand it to a colleague of the role it is for.",
        ),
    },
)
_SEALED: Final = problem_table(
    "access",
    {
        "lent": (
            "借来的钥匙对不上",
            "A lent key does not fit",
            DAMAGE_UNUSED,
            "再要一次；还是这样，就告诉运维人员是哪个成员借出的。",
            "Ask for it again; if it stays so, tell the operator which member lent it.",
        ),
        "no_grant": (
            "没有有效的授权让您看这些",
            "No grant in force lets you read this",
            LOOK_UP,
            "请当初登记这家主体的成员取得授权。",
            "Ask the member that registered the party to obtain a grant.",
        ),
        "no_key": (
            "您的机构没有打开这部分的钥匙",
            "Your institution holds no key to this sealed part",
            LOOK_UP,
            "请登记这家主体的成员披露，或请本人授权；已销毁的打不开。",
            "Ask the party's own member, or the party for a grant; what was erased is gone.",
        ),
        "no_seal_key": (
            "对方成员还没有接收密封内容的钥匙",
            "The other member has no key for sealed parts yet",
            NOT_RECORDED,
            "请该成员先在成员名单里登记它的密封钥匙。",
            "Ask that member to enter its seal key in the members list.",
        ),
        "not_custodian": (
            "只有当初登记这家主体的成员能这样做",
            "Only the member that registered the party may do this",
            NOT_RECORDED,
            "请那个成员来办。",
            "Ask that member to do it.",
        ),
        "not_of_case": (
            "您的机构不在这个案件里",
            "Your institution has no part in this case",
            LOOK_UP,
            "请承办成员移交案件，或在记录里写明您的机构。",
            "Ask the owner for a hand-over, or the writer to name your institution.",
        ),
        "not_sealed": (
            "这条记录没有这部分密封内容",
            "This record has no such sealed part",
            LOOK_UP,
            "看它的公开部分。",
            "Read its public part.",
        ),
        "not_shown": (
            "您要的字段没有向您披露",
            "The field you asked for was not disclosed to you",
            LOOK_UP,
            "请本人就这个字段授权，或向登记这家主体的成员要全部。",
            "Ask the party for a grant of that field, or its registering member for the whole.",
        ),
        "other_subject": (
            "打开的是另一个案件或主体",
            "You opened another case or party than this",
            LOOK_UP,
            "先打开这个案件，再看它的内容。",
            "Open this case first, then read it.",
        ),
        "permit_over": (
            "查看时间已过十分钟",
            "The ten minutes for reading this are over",
            LOOK_UP,
            "重新打开案件。",
            "Open the case again.",
        ),
        "purpose": (
            "没有这种查看用途",
            "That is no purpose one may read for",
            LOOK_UP,
            "从页面上列出的用途里选一个。",
            "Choose one of the purposes the page lists.",
        ),
    },
)
ACCESS_PROBLEMS: Final[Mapping[str, ProblemRow]] = {**_ACCOUNT, **_OFFICE, **_SEALED}
"""By code."""
