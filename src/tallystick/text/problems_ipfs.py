"""Errors of files that go to an IPFS program of this machine and come from it, for people."""

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

__all__ = ["IPFS_PROBLEMS"]

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
