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
            "caller": (
                "这一份正由另一个成员写入",
                "Another member is writing this part",
                NOTHING_CHANGED,
                "重新开始保存这份文件。",
                "Begin to store the file anew.",
            ),
            "contradiction": (
                "这份文件的清单自相矛盾",
                "The list of this file's parts contradicts itself",
                DAMAGE_UNUSED,
                "请存放它的成员重新保存一次。",
                "Have the member that stored it store it again.",
            ),
            "disk": (
                "磁盘写不进去",
                "The disk does not take it",
                _NOT_PUT,
                "检查磁盘。",
                "Check the disk.",
            ),
            "lost": (
                "能读到的份数不够",
                "Too few parts can be reached",
                NOTHING_CHANGED,
                "等更多成员在线时再试。",
                "Try again when more members are up.",
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
            "torn": (
                "送来的一份与清单不符",
                "A part that came is not what the list says",
                _NOT_PUT,
                "从头再送一次。",
                "Send it again from its beginning.",
            ),
        },
    ),
}
