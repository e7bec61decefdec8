"""Errors of objects that members hold for one another, in words for people."""

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

__all__ = ["SPREAD_PROBLEMS"]

_NOT_PUT: Final = Phrase(
    "这份文件没有存成，已经送出的部分都收回了。",
    "The file is not stored; what was sent of it is taken back.",
)
SPREAD_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **problem_table(
        "spread",
        {
            "absent": (
                "这个成员没有保管这一份",
                "This member does not hold that part",
                LOOK_UP,
                "问别的成员。",
                "Ask another member.",
            ),
            "cid": (
                "这不是分存文件的编号",
                "This is not the CID of a file among the members",
                LOOK_UP,
                "照 tally store objects 列出的复制；tally store add 存的，用 tally store get 取。",
                "Copy it from tally store objects; tally store get reads what add has put.",
            ),
            "contradiction": (
                "这份文件的清单自相矛盾",
                "The list of this file's parts contradicts itself",
                DAMAGE_UNUSED,
                "请存放它的成员重新保存一次。",
                "Have the member that stored it store it again.",
            ),
            "cut_off": (
                "存放被打断，各份已经不在了",
                "Storing was cut off, and its parts are gone",
                Phrase(
                    "这份文件没有存成，钥匙也已销毁。",
                    "The file is not stored, and its key is destroyed.",
                ),
                "重新存一次。",
                "Store it again.",
            ),
            "disk": (
                "磁盘写不进去",
                "The disk does not take it",
                _NOT_PUT,
                "检查磁盘。",
                "Check the disk.",
            ),
            "ended": (
                "成员正在关闭",
                "The member is shutting down",
                NOTHING_CHANGED,
                "重新启动它，会接着做。",
                "Start it again; it goes on.",
            ),
            "erased": (
                "这份文件已被存放者销毁",
                "Who stored this file has erased it",
                NOTHING_CHANGED,
                "还要用的话，作为新文件再存一次。",
                "If it is wanted, store its content as another file.",
            ),
            "key": (
                "钥匙不是这份文件的",
                "The key is not this file's",
                NOTHING_CHANGED,
                "向存放它的成员重新索取钥匙。",
                "Ask the member that stored it for the key anew.",
            ),
            "left": (
                "这个成员不在现行的成员名单上",
                "This member is not on the list of members in force",
                _NOT_PUT,
                "看看现在有哪些成员：tally store peers。",
                "See who is: tally store peers.",
            ),
            "lost": (
                "能读到或存下的份数不够",
                "Too few parts can be read, or were taken",
                NOTHING_CHANGED,
                "有成员离线就等它们；都在线就照下面的原因办，再也没有的用 tally store erase 了结。",
                "Wait for who is away; else see to the cause told, or end it: tally store erase.",
            ),
            "manifest": (
                "文件清单读不出来",
                "The list of the file's parts cannot be read",
                LOOK_UP,
                "凭编号向别的成员索取清单。",
                "Ask another member for the list by the file's name.",
            ),
            "members": (
                "能保管的成员不够",
                "Too few members can hold it",
                _NOT_PUT,
                "等更多成员在线，或换用份数较少的存法。",
                "Reach more members, or choose a way of fewer parts.",
            ),
            "no_folder": (
                "存的不是文件夹",
                "What was put is no folder",
                NOTHING_CHANGED,
                "不加 --folder 再取一次。",
                "Fetch it without --folder.",
            ),
            "no_proof": (
                "没有这份证据",
                "There is no such proof",
                LOOK_UP,
                "先列出来再选：tally store liars。",
                "List them and choose one: tally store liars.",
            ),
            "no_reader": (
                "没有这样一个别的成员",
                "There is no such other member",
                NOTHING_CHANGED,
                "先看看有哪些成员，再写它的名字。",
                "See which members there are, and name one.",
            ),
            "owner": (
                "这份文件是别的成员存放的",
                "Another member stored this file",
                NOTHING_CHANGED,
                "请那个成员来删除。",
                "Ask that member to drop it.",
            ),
            "quota": (
                "保管的成员没有空间了",
                "The member that would hold it has no room",
                _NOT_PUT,
                "删去不用的文件，或调大那里的限额。",
                "Drop files that are not needed, or set a greater limit there.",
            ),
            "reader": (
                "存放者没有让这个成员读，或期限已过",
                "Who stored it has not let this member read it, or no more",
                NOTHING_CHANGED,
                "请存放它的成员授权。",
                "Ask the member that stored it to let you read.",
            ),
            "sealed": (
                "加密的文件不完整，或被改过",
                "The sealed file is not whole, or was changed",
                DAMAGE_UNUSED,
                "请存放它的成员重新保存一次。",
                "Have the member that stored it store it again.",
            ),
            "second": (
                "这个成员已经拿着这份文件的另一份",
                "This member holds another part of the file already",
                NOTHING_CHANGED,
                "交给一份也没有的成员。",
                "Give it to a member that holds none.",
            ),
            "share": (
                "这个成员送来的、还没有登记的文件已到上限",
                "This member has brought as much as it may that is not recorded yet",
                _NOT_PUT,
                "等文件登记好再存；没有登记的一天后清除。",
                "Wait until the files are recorded; what is not goes after a day.",
            ),
            "size": (
                "文件太大，一份清单记不下",
                "The file is too long for one list of its parts",
                _NOT_PUT,
                "分成几个文件来存，或换用 rs-4+2 这样的编码。",
                "Store it as several files, or name a code that takes more, such as rs-4+2.",
            ),
            "source": (
                "文件读不全，或读的时候变了",
                "The file cannot be read whole, or changed meanwhile",
                _NOT_PUT,
                "等没有程序在写它时再存；读不了的，检查文件和磁盘。",
                "Put it again when nothing writes it; if it cannot be read, check it and its disk.",
            ),
            "torn": (
                "送来的一份与清单不符",
                "A part that came is not what the list says",
                _NOT_PUT,
                "从头再送一次。",
                "Send it again from its beginning.",
            ),
            "unknown": (
                "没有这份文件，或已销毁，或是别的成员的",
                "There is no such file, it was erased, or it is another member's",
                LOOK_UP,
                "先看看存了哪些文件。",
                "List which files are stored.",
            ),
            "unreadable": (
                "有文件现在读不到",
                "Some files cannot be read now",
                NOTHING_CHANGED,
                "用 tally store objects 看是哪些，让拿着它们的成员重新在线。",
                "See which by tally store objects, and bring back the members that held them.",
            ),
            "unrepaired": (
                "有文件没能修好",
                "Some files were not repaired",
                Phrase("其余的都修好了。", "All others were seen to."),
                "用 tally store objects 看缺什么，让离线的成员回来，再修一次。",
                "See by tally store objects what lacks, bring back who is away, and run it again.",
            ),
        },
    ),
}
