"""Errors of files that go to IPFS programs and come from them, and of the gateway, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase
from tallystick.text.problem_row import (
    DAMAGE_UNUSED,
    LOOK_UP,
    NOTHING_CHANGED,
    ProblemRow,
    problem_table,
)

__all__ = ["GATEWAY_PROBLEMS", "IPFS_PROBLEMS", "IPNS_PROBLEMS"]

_HERE_SAME: Final = Phrase(
    "本成员的文件原样未动；再做一次也不会重复。",
    "The member's own files are as they were; doing it again is safe.",
)
IPFS_PROBLEMS: Final[Mapping[str, ProblemRow]] = problem_table(
    "ipfs",
    {
        "absent": (
            "IPFS 程序里没有这份内容",
            "The IPFS program does not have this content",
            LOOK_UP,
            "先把它送过去，或让那个程序连上有它的程序。",
            "Put it there first, or connect that program to one that has it.",
        ),
        "address": (
            "这不是本机上 IPFS 程序的地址",
            "This is no address of an IPFS program on this machine",
            NOTHING_CHANGED,
            "写本机的地址，例如 http://127.0.0.1:5001；别的机器请先接到本机。",
            "Name one on this machine, such as http://127.0.0.1:5001; tunnel to any other.",
        ),
        "answer": (
            "IPFS 程序的答复不可信",
            "What the IPFS program answered cannot be believed",
            DAMAGE_UNUSED,
            "换一个 IPFS 程序，并查看这一个到底是什么。",
            "Use another IPFS program, and look what this one is.",
        ),
        "away": (
            "IPFS 程序没有应答",
            "The IPFS program does not answer",
            _HERE_SAME,
            "先启动它，或写另一个的地址。",
            "Start it, or name another one.",
        ),
        "peer": (
            "自带的 IPFS 程序没有启动起来",
            "The IPFS program that comes with this one did not start",
            NOTHING_CHANGED,
            "重新编译它：tally engine install ipfs-peer。",
            "Build it anew: tally engine install ipfs-peer.",
        ),
        "private": (
            "这份文件没有公开，不能送到 IPFS",
            "This file is not public, so it does not go to IPFS",
            NOTHING_CHANGED,
            "确要公开就先公开它：tally store pin --public。",
            "If it is to be public, publish it first: tally store pin --public.",
        ),
        "refused": (
            "IPFS 程序没有照办",
            "The IPFS program did not do it",
            _HERE_SAME,
            "看它说的原因，处理后再做一次。",
            "See to the reason it gives, then do it again.",
        ),
        "room": (
            "取来的文件在本机放不下",
            "There is no room here for what comes",
            _HERE_SAME,
            "腾出临时文件的空间，再做一次。",
            "Free room for temporary files, then do it again.",
        ),
        "slow": (
            "IPFS 程序没有在限时内做完",
            "The IPFS program did not finish in time",
            _HERE_SAME,
            "让它连上有这份内容的程序，或多等一会儿：--wait。",
            "Connect it to one that has the content, or wait longer: --wait.",
        ),
    },
)
IPNS_PROBLEMS: Final[Mapping[str, ProblemRow]] = problem_table(
    "ipns",
    {
        "absent": (
            "这里没有这个名字",
            "This name is not kept here",
            LOOK_UP,
            "列出有哪些名字：tally store name list。",
            "List what is kept: tally store name list.",
        ),
        "damaged": (
            "保存的名字记录坏了",
            "The record kept of a name is damaged",
            DAMAGE_UNUSED,
            "自己的名字重新发布，别人的重新导入。",
            "Publish a name of your own again, import another's again.",
        ),
        "ended": (
            "这条名字记录已经过期",
            "This record of a name counts no more",
            NOTHING_CHANGED,
            "取一条新的；没有就请名字的主人重新发布。",
            "Fetch a newer one, or have the name's owner publish again.",
        ),
        "key": (
            "名字的密钥文件坏了",
            "The file of a name's key is damaged",
            NOTHING_CHANGED,
            "从备份恢复这个文件；没有它，名字不能再续。",
            "Restore the file from a backup; without it the name cannot be renewed.",
        ),
        "key_type": (
            "这个名字用的不是能读的那种密钥",
            "This name is of a kind of key that is not read",
            NOTHING_CHANGED,
            "请名字的主人换一个 Ed25519 密钥的名字。",
            "Ask its owner for a name of an Ed25519 key.",
        ),
        "label": (
            "名字不能这样叫",
            "A name cannot be called so",
            NOTHING_CHANGED,
            "用小写字母、数字、- 和 _，最多 32 个。",
            "Use small letters, digits, - and _, at most 32.",
        ),
        "name": (
            "这不是一个名字",
            "This is no name",
            NOTHING_CHANGED,
            "照原样复制名字；它以 k51 或 12D3Koo 开头。",
            "Copy the name as it was printed: it begins with k51 or 12D3Koo.",
        ),
        "older": (
            "已经有这个名字更新的记录",
            "A newer record of this name is kept",
            NOTHING_CHANGED,
            "留着新的；要更新的就再取一次。",
            "Keep the newer one; fetch again for what came after it.",
        ),
        "private": (
            "这份内容没有公开，名字不能指向它",
            "This content is not public, so no name may point to it",
            NOTHING_CHANGED,
            "先公开它：tally store pin --public。",
            "Publish it first: tally store pin --public.",
        ),
        "record": (
            "这不是一条名字记录",
            "This is no record of a name",
            NOTHING_CHANGED,
            "重新取完整的记录；再不行就换一个来源。",
            "Fetch the record again, whole, from another source if it recurs.",
        ),
        "signature": (
            "这条记录不是名字的主人签的",
            "This record is not signed by the name's owner",
            NOTHING_CHANGED,
            "取这个名字自己的记录；再不行就换一个来源。",
            "Fetch the record of this very name, from another source if it recurs.",
        ),
    },
)
GATEWAY_PROBLEMS: Final[Mapping[str, ProblemRow]] = problem_table(
    "gateway",
    {
        "absent": (
            "这里没有公开这份内容",
            "Nothing public of this name is here",
            LOOK_UP,
            "问别的网关，或请成员公开它。",
            "Ask another gateway, or the member to publish it.",
        ),
        "accept": (
            "不提供这种形式的答复",
            "An answer of this form is not given",
            LOOK_UP,
            "要原始块或 CAR 归档。",
            "Ask for a raw block or a CAR archive.",
        ),
        "busy": (
            "网关正在发送的已经太多",
            "The gateway is sending as much as it can",
            LOOK_UP,
            "等一会儿再试，或问别的网关。",
            "Wait a moment and try again, or ask another gateway.",
        ),
        "dnslink": (
            "这是域名，这里只认由密钥作成的名字",
            "This is a domain name; names that are keys are known here",
            LOOK_UP,
            "看那个域名的 TXT 记录，改用里面的名字或编号来问。",
            "Ask by what stands in its TXT record: a name or a CID.",
        ),
        "inside": (
            "路径停在一份记录的里面，那里没有单独的内容",
            "The path ends inside a record, where no content of its own is",
            LOOK_UP,
            "只问这份记录：去掉通到它里面的名字。",
            "Ask for the record: leave out the names that lead into it.",
        ),
        "not_cached": (
            "手头没有公开这份内容",
            "Nothing public of this name is at hand",
            LOOK_UP,
            "去掉 only-if-cached 再问，或问别的网关。",
            "Ask without only-if-cached, or another gateway.",
        ),
        "range": (
            "这一段不在内容里面",
            "The content has no such part",
            LOOK_UP,
            "问内容以内的一段，或者问全部。",
            "Ask for a part within it, or for all of it.",
        ),
        "request": (
            "网关看不懂这个请求",
            "The gateway cannot read this request",
            LOOK_UP,
            "照 docs/spec/gateway.md 的写法问。",
            "Ask as docs/spec/gateway.md says.",
        ),
        "stalled": (
            "接收的一方停住了，连接已断开",
            "Whoever was reading stopped, and the connection was ended",
            LOOK_UP,
            "再问一次，并一直读到结束。",
            "Ask again, and read to the end.",
        ),
    },
)
