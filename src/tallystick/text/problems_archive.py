"""Errors of archives of a chain and of verifying, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase
from tallystick.text.problem_row import (
    DAMAGE_UNUSED,
    LOOK_UP,
    NOTHING_CHANGED,
    OTHERS_HOLD_IT,
    ProblemRow,
    problem_table,
)

__all__ = ["ARCHIVE_PROBLEMS"]

_NOT_TAKEN: Final = Phrase("归档里的内容没有收进来。", "Nothing of the archive was taken in.")
ARCHIVE_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **problem_table(
        "archive",
        {
            "exists": (
                "那里已经有一个文件",
                "A file stands there already",
                NOTHING_CHANGED,
                "换一个文件名。",
                "Name another file.",
            ),
            "first": (
                "账本没有这个高度",
                "The chain has no such height",
                NOTHING_CHANGED,
                "写一个账本里有的高度。",
                "Name a height that it has.",
            ),
            "forked": (
                "归档与这里的账本对不上",
                "The archive and the chain here disagree",
                DAMAGE_UNUSED,
                "与所有成员比对：两者之一坏了或是伪造的。",
                "Compare with all members: one of the two is damaged or forged.",
            ),
            "gap": (
                "归档接不上这里的账本",
                "The archive does not join on to the chain here",
                _NOT_TAKEN,
                "先取回中间的部分，或用完整的归档。",
                "Take in what lies between first, or an archive of the whole chain.",
            ),
            "pin": (
                "归档不是名单所指的那份账本",
                "The archive is not of the chain you trust",
                _NOT_TAKEN,
                "问给归档的成员；名单要从您信任的人那里拿。",
                "Ask the member who gave it; take the list from one you trust.",
            ),
            "read": (
                "归档读不出来",
                "The archive cannot be read",
                LOOK_UP,
                "写一个存在的文件。",
                "Name an existing file.",
            ),
            "span": (
                "没有说清哪些旧内容要归档",
                "It is not clear which old blocks go",
                NOTHING_CHANGED,
                "写明保留多少天，或到哪个高度，二者选一。",
                "Give either the days that stay or the height up to which they go.",
            ),
            "write": (
                "文件写不下去",
                "The file cannot be written",
                NOTHING_CHANGED,
                "查看文件夹和磁盘。",
                "Check the folder and the disk.",
            ),
        },
    ),
    **problem_table(
        "verify",
        {
            "archive": (
                "归档里有一块不能入账",
                "The archive holds a block that may not stand",
                _NOT_TAKEN,
                "向给归档的成员另要一份；这一份不要用。",
                "Ask the member who gave it for another; take nothing from this one.",
            ),
            "no_checkpoint": (
                "还没有足够成员签过的见证点",
                "No checkpoint has enough members' names yet",
                NOTHING_CHANGED,
                "等成员跟上后再试。",
                "Try again when the members have followed.",
            ),
            "no_handover": (
                "有一次名单变更没有足够成员签过的见证点",
                "A change of the list of members lacks enough names",
                LOOK_UP,
                "等成员跟上后再试，或请另一个成员来存。",
                "Try again when the members have followed, or have another member run it.",
            ),
            "no_state": (
                "见证点旁边没有状态文件",
                "There is no state beside the checkpoint",
                LOOK_UP,
                "用 tally verify --keep 存下的见证点，或验整份账本。",
                "Name one that tally verify --keep wrote, or verify the whole chain.",
            ),
            "options": (
                "一次要了两种验证",
                "Two different checks were asked for at once",
                LOOK_UP,
                "分两次做。",
                "Run them one after the other.",
            ),
            "other_note": (
                "归档与这个见证点对不上",
                "The archive is not what the checkpoint was of",
                LOOK_UP,
                "见证点若是您自己存的，就不要用这个归档，把两样都给各成员看。",
                "If you kept the checkpoint yourself, use nothing of it; show both to the members.",
            ),
            "record": (
                "这份账本证明不了这条记录",
                "This copy of the ledger does not prove the record",
                OTHERS_HOLD_IT,
                "验一遍这个成员的账本，再修复。",
                "Verify that member's chain, then repair it.",
            ),
            "state": (
                "状态文件不是这个见证点的",
                "The state is not the checkpoint's",
                DAMAGE_UNUSED,
                "从同一处取这两个文件，或验整份账本。",
                "Take both from one place, or verify the whole chain.",
            ),
        },
    ),
}
"""By code."""
