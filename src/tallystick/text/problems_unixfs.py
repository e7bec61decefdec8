"""Errors of content that is named as IPFS names it, and of its archives, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase
from tallystick.text.problem_row import DAMAGE_UNUSED, LOOK_UP, ProblemRow, problem_table

__all__ = ["UNIXFS_PROBLEMS"]

_NOT_TAKEN: Final = Phrase("没有采用，什么都没有写入。", "It was not taken; nothing was written.")
_UNIXFS: Final = problem_table(
    "unixfs",
    {
        "block": (
            "收到的一份内容与编号对不上",
            "What was received is not what its CID names",
            DAMAGE_UNUSED,
            "从别的成员再取一次。",
            "Fetch it again from another member.",
        ),
        "cid": (
            "这不是内容编号（CID）",
            "This is not the CID of any content",
            LOOK_UP,
            "照 IPFS 工具显示的原样复制。",
            "Copy it as an IPFS tool shows it.",
        ),
        "codec": (
            "这种格式的内容编号这里读不了",
            "Content of this codec is not read here",
            LOOK_UP,
            "把内容按文件或文件夹重新导入。",
            "Import the content as a file or a folder.",
        ),
        "folder": (
            "文件夹没能读全",
            "The folder could not be read whole",
            _NOT_TAKEN,
            "请运维人员查看文件的权限，再导入一次。",
            "Have the operator check the rights of its files, then import again.",
        ),
        "hash_function": (
            "这种校验算法的内容编号这里读不了",
            "A CID of this hash function is not read here",
            LOOK_UP,
            "用 sha2-256 重新导入内容。",
            "Import the content anew with sha2-256.",
        ),
        "kind": (
            "编号指的不是这一类内容",
            "The CID names content of another kind",
            LOOK_UP,
            "先看它是文件、文件夹还是链接。",
            "Look first whether it is a file, a folder or a link.",
        ),
        "limit": (
            "内容超过了限度",
            "The content is over a limit",
            _NOT_TAKEN,
            "只取其中一部分，或请对方分成几份小的重做；限度是固定的。",
            "Take a part of it, or have it made anew in smaller parts; the limit is fixed.",
        ),
        "name": (
            "文件夹里有一个不允许的名字",
            "A name in the folder is not allowed",
            _NOT_TAKEN,
            "改名后重新导入；名字不能重复，也不能带 / 。",
            "Rename it and import again; no name may stand twice or hold a /.",
        ),
        "no_entry": (
            "文件夹里没有这个名字",
            "The folder has nothing of this name",
            LOOK_UP,
            "先列出文件夹，再照列出的名字取。",
            "List the folder, then ask for a name it shows.",
        ),
        "node": (
            "内容的结构不合规范",
            "The structure of the content breaks its specification",
            DAMAGE_UNUSED,
            "用合规范的工具重新导入。",
            "Import it anew with a tool that follows the specification.",
        ),
        "path": (
            "路径走到根以外去了",
            "The path leads out of its root",
            LOOK_UP,
            "从根开始写名字，用 / 隔开，不用 . 和 .. 。",
            "Write the names from the root down, separated by /; none is made of dots alone.",
        ),
        "profile": (
            "没有这种导入方式",
            "There is no such import profile",
            _NOT_TAKEN,
            "不写名字，就用现行的方式。",
            "Leave the name out to use the present one.",
        ),
        "range": (
            "文件没有这一段",
            "The file does not have this range",
            LOOK_UP,
            "先看文件多大，再取其中一段。",
            "Look how large the file is, then ask for a part of it.",
        ),
        "special": (
            "要存的是设备或管道之类，或文件夹里有这样的东西",
            "It is, or the folder holds, something that is no file",
            _NOT_TAKEN,
            "换成文件或文件夹；在文件夹里的，把它移出去，再导入一次。",
            "Name a file or a folder; move what is none out of the folder, then import again.",
        ),
    },
)
_CAR: Final = problem_table(
    "car",
    {
        "cut": (
            "归档文件不完整",
            "The archive was cut short",
            _NOT_TAKEN,
            "重新取一次完整的归档。",
            "Fetch the whole archive again.",
        ),
        "extra": (
            "归档里有多余的内容",
            "The archive holds what does not belong to it",
            _NOT_TAKEN,
            "从根重新导出归档。",
            "Export the archive anew from its roots alone.",
        ),
        "form": (
            "这不是 CAR 归档文件",
            "This is not a CAR archive",
            _NOT_TAKEN,
            "用第 1 版 CAR 重新导出；两个接在一起的，拆开分别导入。",
            "Export it anew as CAR version 1; import two that stand in one file each by itself.",
        ),
        "hash": (
            "归档里有一份内容损坏",
            "Something in the archive is damaged",
            DAMAGE_UNUSED,
            "重新取一次；还是这样就换一个来源。",
            "Fetch it again; from another source if it recurs.",
        ),
        "missing": (
            "归档里缺了一份内容",
            "The archive lacks something it needs",
            _NOT_TAKEN,
            "到存有全部内容的地方重新导出。",
            "Export it anew where the whole content is.",
        ),
    },
)
UNIXFS_PROBLEMS: Final[Mapping[str, ProblemRow]] = {**_UNIXFS, **_CAR}
"""By code."""
