"""Errors between members on different machines, in words for people."""

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
    ProblemRow,
    problem_table,
)

__all__ = ["LINK_PROBLEMS"]

_LINK: Final = problem_table(
    "link",
    {
        "address": (
            "成员间通信的地址无法监听",
            "The address for other members cannot be listened at",
            NOT_STARTED,
            "停掉占用它的程序，或改 peers.json 里本成员的地址。",
            "End what listens there, or change this member's own address in peers.json.",
        ),
        "answer": (
            "答复不是那个成员对这次提问的答复",
            "The answer is not that member's to this question",
            DAMAGE_UNUSED,
            "核对 peers.json 里那个成员的地址和证书。",
            "Check that member's address and certificate in peers.json.",
        ),
        "busy": (
            "对方成员正忙",
            "The other member is busy",
            NOTHING_LOST,
            "一秒后再试。",
            "Try again in a second.",
        ),
        "certificate": (
            "本成员的通信证书缺失或坏了",
            "This member's certificate for the link is missing or broken",
            NOTHING_LOST,
            (
                "删除 link.pem 和 link.key，再 tally member address NAME URL；把新的 link.pem 交给"
                "其他各成员：tally member address NAME URL --certificate link.pem。"
            ),
            (
                "Remove link.pem and link.key, then tally member address NAME URL; give the new"
                " link.pem to all others: tally member address NAME URL --certificate link.pem."
            ),
        ),
        "chain": (
            "这条消息是给另一个县的",
            "The message is for another county",
            NOTHING_CHANGED,
            "核对 peers.json 里的地址。",
            "Check the addresses in peers.json.",
        ),
        "digest": (
            "消息的内容与签名对不上",
            "The message's content is not what was signed",
            DAMAGE_UNUSED,
            "再试一次；若一直这样，请网络的运维人员查看。",
            "Try again; if it stays, have the network's operator look at it.",
        ),
        "expired": (
            "这条消息已经过时",
            "The message is too old",
            NOTHING_CHANGED,
            "把两台机器的时钟都校准，再试。",
            "Set the clocks of both machines and try again.",
        ),
        "failed": (
            "对方成员的程序出了错",
            "The other member's program failed at this",
            NOTHING_LOST,
            "请对方的运维人员看日志。",
            "Have that member's operator look at its log.",
        ),
        "future": (
            "这条消息的时间在将来",
            "The message is dated in the future",
            NOTHING_CHANGED,
            "把两台机器的时钟都校准，再试。",
            "Set the clocks of both machines, then try again.",
        ),
        "key": (
            "签名用的钥匙不在成员名单里",
            "The key that signed is not in the list of members",
            NOTHING_CHANGED,
            "等两边都跟上；若一直如此：见 docs/operate.md 的 Members and keys。",
            "Let both members catch up. If it stays: Members and keys in docs/operate.md.",
        ),
        "no_key": (
            "本成员的通信钥匙不在成员名单里",
            "This member's own link key is not in the list of members",
            NOTHING_LOST,
            "让新钥匙经表决生效，或恢复 member.key。",
            "Have the new key voted in, or restore member.key.",
        ),
        "recipient": (
            "这条消息是给另一个成员的",
            "The message is for another member",
            NOTHING_CHANGED,
            "核对 peers.json：有两个成员的地址弄混了。",
            "Check peers.json: the addresses of two members are mixed up.",
        ),
        "replayed": (
            "这条消息以前听过了",
            "The message was heard before",
            NOTHING_CHANGED,
            "不用做什么；若一直这样，请网络的运维人员查看。",
            "Nothing to do; if it stays, have the network's operator look at it.",
        ),
        "route": (
            "这里只答复成员之间的消息",
            "Only messages between members are answered here",
            LOOK_UP,
            "控制台和接口在另一个端口。",
            "Console and API are at another port.",
        ),
        "signature": (
            "消息的签名不对",
            "The message is not signed by who it names",
            DAMAGE_UNUSED,
            "核对 peers.json 里的地址，并请网络的运维人员查看。",
            "Check the addresses in peers.json, and have the network's operator look at it.",
        ),
        "unsigned": (
            "消息没有成员的签名",
            "The message bears no member's signature",
            NOTHING_CHANGED,
            "只有成员的程序能用这个端口。",
            "Only members' programs can use this port.",
        ),
    },
)
_PEERS: Final = problem_table(
    "peers",
    {
        "address": (
            "peers.json 里的一个地址写得不对",
            "An address in peers.json is not written as it must be",
            NOTHING_CHANGED,
            "写成 https://主机:端口。",
            "Write https://HOST:PORT.",
        ),
        "certificate": (
            "一个成员的证书缺失或读不出来",
            "A member's certificate is missing or cannot be read",
            NOTHING_CHANGED,
            "写入那个成员的 link.pem：tally member address NAME URL --certificate link.pem。",
            "Write that member's link.pem: tally member address NAME URL --certificate link.pem.",
        ),
        "incomplete": (
            "还不知道有些成员在哪里",
            "Some members' addresses are not known yet",
            NOTHING_CHANGED,
            "逐个写明：tally member address。",
            "Tell each of them: tally member address.",
        ),
        "malformed": (
            "peers.json 读不出来",
            "The address book peers.json cannot be read",
            NOT_STARTED,
            "改好，或重新写明地址：tally member address。",
            "Mend it, or tell the addresses anew: tally member address.",
        ),
        "missing": (
            "成员文件夹里没有 peers.json",
            "The member's folder has no peers.json",
            NOT_STARTED,
            "先写明各成员的地址：tally member address。",
            "Tell the members' addresses first: tally member address.",
        ),
        "own": (
            "peers.json 里没有本成员自己的地址",
            "The address book peers.json lacks this member's own address",
            NOT_STARTED,
            "写明它：tally member address。",
            "Tell it: tally member address.",
        ),
        "plain": (
            "另一台机器上的成员必须加密通信",
            "A member on another machine must be asked over TLS",
            NOTHING_CHANGED,
            "地址写成 https://，旁边写上它的证书。",
            "Write its address with https:// and its certificate beside it.",
        ),
    },
)
_COUNTY: Final = problem_table(
    "county",
    {
        "card": (
            "一个成员的名片读不出来、签名不对，或不是给这份账本的",
            "A member's card cannot be read, is not signed by its key, or is for another ledger",
            NOTHING_CHANGED,
            "请该成员重发名片，并电话核对摘要。",
            "Have the member send its card again, and compare the digest by telephone.",
        ),
        "no_log": (
            "这里还没有日志",
            "There is no log here yet",
            LOOK_UP,
            "先启动：tally county start。",
            "Start the members first: tally county start.",
        ),
        "not_ended": (
            "各成员的进程还没有停下",
            "The members' processes have not ended yet",
            NOTHING_LOST,
            "看日志：tally county logs。",
            "Look at the log: tally county logs.",
        ),
        "not_started": (
            "有成员没有启动起来",
            "A member did not begin to serve",
            NOTHING_LOST,
            "看原因：tally county logs；停下其余的：tally county stop。",
            "See why: tally county logs. End the rest: tally county stop.",
        ),
        "orderer": (
            "没有负责排序的成员的名片",
            "No card is of the member that is to order",
            NOTHING_CHANGED,
            "用 --orderer 指定其中一个成员。",
            "Name one of the members by --orderer.",
        ),
        "many": (
            "成员太多，公开账本记不下他们的名单",
            "There are more members than the public ledger can be told of",
            NOTHING_CHANGED,
            "少些成员来建立：一起排序的约 16 个，或共约 19 个。",
            "Found it with fewer: about 16 that order together, or 19.",
        ),
        "order": (
            "县的公开文件互相对不上：谁来排序，说法不一",
            "The county's public files do not agree on who orders it",
            NOTHING_CHANGED,
            "请建立这个县的人把公开文件一起重发一次。",
            "Have whoever founded the county send its public files again, all together.",
        ),
        "together": (
            "这份账本由几个成员一起排序，没有哪一个单独排序",
            "Members order this ledger together; no single one of them leads it",
            NOTHING_CHANGED,
            "超过三分之二在运行就照常记账；看谁停了并启动它：tally county status。",
            "It goes on while over two thirds are up. See who is down: tally county status.",
        ),
        "one_orders": (
            "这份账本由一个成员排序，新成员不能参加排序",
            "One member orders the ledger that a new one would order too",
            NOTHING_CHANGED,
            "请它不带 --engine 重做名片，只跟随这份账本。",
            "Have its card drawn anew without --engine: it follows that ledger.",
        ),
        "spread": (
            "这个县的成员在不同的机器上",
            "The members of this county are on different machines",
            NOT_STARTED,
            "在每台机器上启动它自己的成员：tally serve。",
            "Start each member on its own machine: tally serve.",
        ),
        "started": (
            "各成员已经在运行",
            "The members are running already",
            NOTHING_CHANGED,
            "看情况：tally county status。",
            "See how they are: tally county status.",
        ),
        "stranger": (
            "县的名单里不是这里抽取的钥匙",
            "The county's list does not hold the keys that were drawn here",
            NOTHING_CHANGED,
            "用本成员自己的名片重新建立这个县，或为这份账本另抽钥匙：tally member new --chain。",
            "Found the county from its own card, or draw one for it: tally member new --chain.",
        ),
        "vote": (
            "谁一起排序，名片与商定的不一致",
            "Cards and what was agreed on differ in who orders together",
            NOTHING_CHANGED,
            "缺表决钥匙的重做名片：tally member new --engine cometbft；只跟随的写 --follower。",
            "Draw cards without a key to vote by anew, or name by --follower who only follows.",
        ),
    },
)
_AROUND: Final = {
    **problem_table(
        "ledger",
        {
            "away": (
                "负责排序的成员联系不上",
                "The member that orders the ledger cannot be reached",
                NOT_RECORDED,
                "等它恢复后再做一次；查看不受影响。",
                "Repeat it when that member answers again; reading goes on meanwhile.",
            ),
        },
    ),
    **problem_table(
        "member",
        {
            "elsewhere": (
                "该成员的文件夹不在这里",
                "That member's folder is not here",
                NOTHING_CHANGED,
                "到它所在的机器上去做。",
                "Do it where the folder is.",
            ),
        },
    ),
    **problem_table(
        "serve",
        {
            "alone": (
                "单独运行要指明一个成员",
                "One member must be named to be served alone",
                NOT_STARTED,
                "用 --member 指明一个。",
                "Name one by --member.",
            ),
            "link": (
                "监听地址写得不对",
                "The address to listen at for members is not HOST:PORT",
                NOT_STARTED,
                "写成 0.0.0.0:8421 这样。",
                "Write it like 0.0.0.0:8421.",
            ),
        },
    ),
}
LINK_PROBLEMS: Final[Mapping[str, ProblemRow]] = {**_LINK, **_PEERS, **_COUNTY, **_AROUND}
"""By code."""
