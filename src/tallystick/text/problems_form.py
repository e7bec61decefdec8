"""Errors of a request's form, of the way to the node, and of bytes and seals, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.problem_row import (
    DAMAGE_UNUSED,
    LOOK_UP,
    NOT_RECORDED,
    NOT_STARTED,
    NOTHING_CHANGED,
    NOTHING_LOST,
    TYPED_KEPT,
    UNSURE,
    ProblemRow,
    problem_table,
)

__all__ = ["FORM_PROBLEMS"]

_API: Final = problem_table(
    "api",
    {
        "body": (
            "提交的内容有几处不合格式",
            "What was sent is not of the form this act takes",
            TYPED_KEPT,
            "核对每一项再提交；还是这样，就告诉运维人员。",
            "Check each field and submit again; if it stays so, tell the operator.",
        ),
        "body_size": (
            "一次提交的太多了",
            "Too much was sent at once",
            TYPED_KEPT,
            "分几次提交，每次不超过 1 MiB。",
            "Send it in parts of at most 1 MiB.",
        ),
        "failure": (
            "系统自己出了故障",
            "The system itself failed",
            UNSURE,
            "先看有没有入账再重做；并告诉运维人员。",
            "Look whether it was recorded before you repeat it, and tell the operator.",
        ),
        "host": (
            "网址不是本系统的网址",
            "The address is not the one this system answers to",
            NOT_RECORDED,
            "用运维人员给您的网址打开。",
            "Open it by the address the operator gave you.",
        ),
        "method": (
            "这个地址不能这样用",
            "That address is not used in this way",
            NOT_RECORDED,
            "从页面上的按钮操作；写程序的请看接口手册。",
            "Use the page's own buttons; if you write a program, see the API manual.",
        ),
        "no_route": (
            "没有这个地址",
            "There is no such address",
            LOOK_UP,
            "回到首页，从菜单里找。",
            "Go to the first page and find it by the menu.",
        ),
        "rate": (
            "请求太快、太多",
            "Too many requests came too fast",
            NOT_RECORDED,
            "等一会儿再试。",
            "Wait a moment and try again.",
        ),
        "seeded": (
            "演示用的县不能对外开放",
            "A demonstration county may not be served to other machines",
            NOT_STARTED,
            "只在本机演示，或重新建一个不带种子的县。",
            "Serve it on this machine alone, or found a county without a seed.",
        ),
        "token": (
            "没有通行令牌，或令牌不对",
            "The token is missing or wrong",
            NOT_RECORDED,
            "重新登录；程序请用县文件夹里的令牌。",
            "Log in again; a program uses the token of the county's folder.",
        ),
        "token_missing": (
            "县文件夹里没有令牌文件",
            "The county's folder has no token",
            NOTHING_CHANGED,
            "先启动本县的服务：tally serve。",
            "Start the county's server first: tally serve.",
        ),
        "token_open": (
            "令牌文件别人也能读",
            "The token file can be read by others",
            NOT_STARTED,
            "删去 token 文件再启动，会生成新的。",
            "Remove the file token and start again: a new one is made.",
        ),
        "tree": (
            "有的值不能入账：小数、空值或层次太深",
            "A value cannot be recorded: a fraction, a null, or nested too deep",
            TYPED_KEPT,
            "只用文字、整数、列表和表格；不知道的就不填。",
            "Use texts, whole numbers, lists and maps; leave out what is unknown.",
        ),
        "torn": (
            "传送中途断了",
            "The transfer broke off",
            NOTHING_CHANGED,
            "从头再传一次。",
            "Send it again from its beginning.",
        ),
    },
)
_WAY: Final = {
    **problem_table(
        "client",
        {
            "answer": (
                "应答的不是本系统",
                "What answers there is not this system",
                UNSURE,
                "核对网址和端口，看是否有别的程序占用。",
                "Check address and port: another program may be listening there.",
            ),
            "log_size": (
                "对方日志给出的内容太大",
                "The other log sends more than any log has",
                NOTHING_CHANGED,
                "换一个成员的日志核对。",
                "Read another member's log instead.",
            ),
            "unreachable": (
                "本县的服务没有应答",
                "The county's server does not answer",
                UNSURE,
                "看服务是否在运行（tally serve）；先看有没有入账再重做。",
                "See that it runs: tally serve; look whether it was recorded before you repeat.",
            ),
        },
    ),
    **problem_table(
        "serve",
        {
            "address": (
                "这个地址或端口用不了",
                "That address or port cannot be used",
                NOT_STARTED,
                "用 --port 换一个端口。",
                "Choose another --port.",
            )
        },
    ),
    **problem_table(
        "text",
        {
            "code": (
                "有一条理由还没有文字",
                "A reason has no words yet",
                NOTHING_LOST,
                "告诉运维人员是哪一页。",
                "Tell the operator on which page.",
            ),
            "language": (
                "只有中文和英文",
                "There is Chinese and English only",
                LOOK_UP,
                "选中文或英文。",
                "Choose one of the two.",
            ),
            "unknown": (
                "有一种记录或角色还没有名称",
                "A type of record or a role has no name yet",
                NOTHING_LOST,
                "告诉运维人员是哪一页。",
                "Tell the operator on which page.",
            ),
            "value": (
                "有一条理由的数字不成形",
                "A reason's figure is not of the kind its words name",
                NOTHING_LOST,
                "告诉运维人员是哪一页。",
                "Tell the operator on which page.",
            ),
        },
    ),
}
_AGAIN_ZH: Final = "再取一次；还是这样，就告诉运维人员是哪个成员写的。"
_AGAIN_EN: Final = "Fetch it again; if it stays so, tell the operator which member wrote it."
_BYTES: Final = {
    **problem_table(
        "cid",
        {
            "form": (
                "这不是一个内容编号",
                "That is no content id",
                LOOK_UP,
                "整个复制过来。",
                "Copy it whole.",
            )
        },
    ),
    **problem_table(
        "codec",
        {
            "form": (
                "内容不合规定的格式",
                "The content is not of the form it must have",
                NOT_RECORDED,
                "核对文件是否完整；还是这样，就告诉运维人员。",
                "Check that the file is whole; if it stays so, tell the operator.",
            )
        },
    ),
    **problem_table(
        "seal",
        {
            "com": (
                "密封内容与账本上的承诺不符",
                "A sealed part is not what its record committed to",
                DAMAGE_UNUSED,
                _AGAIN_ZH,
                _AGAIN_EN,
            ),
            "fields": (
                "密封内容的字段不齐或多余",
                "A sealed part has not exactly the fields of its type",
                DAMAGE_UNUSED,
                _AGAIN_ZH,
                _AGAIN_EN,
            ),
            "form": (
                "密封内容不成形",
                "A sealed part is not of the one form",
                DAMAGE_UNUSED,
                _AGAIN_ZH,
                _AGAIN_EN,
            ),
            "key": (
                "钥匙打不开这份密封内容",
                "The key does not open this sealed part",
                LOOK_UP,
                "向登记这家主体的成员要这份内容的钥匙。",
                "Ask the member that registered the party for this part's key.",
            ),
            "object": (
                "拿到的不是记录所指的密封内容",
                "What came is not the sealed part the record names",
                DAMAGE_UNUSED,
                _AGAIN_ZH,
                _AGAIN_EN,
            ),
            "padding": (
                "密封内容的填充不对",
                "A sealed part is padded wrongly",
                DAMAGE_UNUSED,
                _AGAIN_ZH,
                _AGAIN_EN,
            ),
            "size": (
                "要密封的内容超过 64 KiB",
                "What is to be sealed exceeds 64 KiB",
                TYPED_KEPT,
                "缩短文字，长材料另存为附件。",
                "Shorten the texts; keep long ones as attachments.",
            ),
            "tag": (
                "密封内容被改动过",
                "A sealed part was altered",
                DAMAGE_UNUSED,
                _AGAIN_ZH,
                _AGAIN_EN,
            ),
        },
    ),
    **problem_table(
        "wrap",
        {
            "key": (
                "对方的公钥不成形",
                "The recipient's public key is not of its form",
                NOT_RECORDED,
                "用成员名单里现行的公钥。",
                "Take the key from the members list in force.",
            ),
            "open": (
                "交来的钥匙打不开：收件人、用途或日期不符",
                "The key made over does not open: other recipient, use or date",
                LOOK_UP,
                "请对方按您的机构和用途重新交一次。",
                "Ask for it again, made over to your institution and this use.",
            ),
        },
    ),
}
FORM_PROBLEMS: Final[Mapping[str, ProblemRow]] = {**_API, **_WAY, **_BYTES}
"""By code."""
