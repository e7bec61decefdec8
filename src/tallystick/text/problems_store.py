"""Errors of a member's files, keys, objects and views, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase
from tallystick.text.problem_row import (
    DAMAGE_UNUSED,
    LOOK_UP,
    NOT_RECORDED,
    NOT_STARTED,
    NOTHING_CHANGED,
    NOTHING_LOST,
    UNSURE,
    ProblemRow,
    problem_table,
)

__all__ = ["STORE_PROBLEMS"]

_FILE_DAMAGED: Final = Phrase(
    "账本可据其他成员修复；本成员自己的钥匙和草稿只能从备份恢复。",
    "The ledger can be made whole from the other members; own keys and drafts only from a copy.",
)
_KEYS_HERE: Final = Phrase(
    "账本没有动；用这些钥匙密封的内容，恢复之前打不开。",
    "The ledger is untouched; what was sealed with these keys stays shut until they are restored.",
)
_KEYS_GONE: Final = Phrase(
    "钥匙已经删除，但另一个程序还能读到旧文件。",
    "The keys are deleted, but another process can still read the old file.",
)
_VIEWS: Final = Phrase(
    "视图随时可从账本重建，什么都没有丢。",
    "Views can be made anew from the ledger at any time; nothing is lost.",
)
_DATABASE: Final = problem_table(
    "database",
    {
        "aborted": (
            "一起保存的另一项出错，这次没有存上",
            "Another save failed alongside, so this one was not kept",
            UNSURE,
            "先看有没有入账，没有就再提交一次。",
            "Look whether it was recorded; if not, submit it once more.",
        ),
        "closed": (
            "系统正在关闭，文件已合上",
            "The system is closing and its files are shut",
            UNSURE,
            "等系统重新启动，先看有没有入账再重做。",
            "When the system is up again, look whether it was recorded before you repeat it.",
        ),
        "conflict": (
            "别的程序先写了这个文件",
            "Another program wrote this file first",
            UNSURE,
            "先看有没有入账再重做；反复出现就告诉运维人员：只能有一个程序在写。",
            "Look whether it was recorded before you repeat; tell the operator if it goes on.",
        ),
        "corrupt": (
            "本成员的一个文件有损坏",
            "One of this member's files is damaged",
            _FILE_DAMAGED,
            "停下手里的事，请运维人员核对并修复：tally verify，再 tally repair。",
            "Stop, and have the operator check and repair: tally verify, then tally repair.",
        ),
        "full": (
            "磁盘满了",
            "The disk is full",
            NOTHING_LOST,
            "请运维人员腾出空间，再提交一次。",
            "Have the operator free space, then submit again.",
        ),
        "io": (
            "磁盘读写出错",
            "Reading or writing the disk failed",
            UNSURE,
            "请运维人员查看磁盘；先看有没有入账，再决定是否重做。",
            "Have the operator check the disk; look whether it was recorded before you repeat.",
        ),
        "locked": (
            "别的程序占着这个文件",
            "Another program is holding this file",
            UNSURE,
            "先看有没有入账再重做；总是这样就请运维人员结束那个程序。",
            "Look whether it was recorded before you repeat; the operator can end that program.",
        ),
        "missing": (
            "成员文件夹里少了一个文件",
            "A file of the member's folder is missing",
            NOTHING_CHANGED,
            "请运维人员从备份恢复，或修复：tally repair。",
            "Have the operator restore it from a copy, or repair: tally repair.",
        ),
        "not_durable": (
            "这块盘存不牢，所以什么都不写",
            "This disk cannot keep data safely, so nothing is written",
            NOT_RECORDED,
            "请运维人员把文件夹放到本机硬盘。",
            "Have the operator keep the folder on a local disk.",
        ),
        "refused": (
            "系统不让打开这个文件",
            "The system refuses to open this file",
            NOT_RECORDED,
            "请运维人员查看文件夹的所有者。",
            "Have the operator check the folder's owner.",
        ),
        "version": (
            "文件是另一版程序写的",
            "The file was written by another version of the program",
            NOT_STARTED,
            "用写它的那一版打开，或先做迁移。",
            "Use the version that wrote it, or migrate it first.",
        ),
    },
)
_KEYS: Final = {
    **problem_table(
        "keys",
        {
            "corrupt": (
                "钥匙文件 keys.db 有损坏",
                "The file of keys, keys.db, is damaged",
                _KEYS_HERE,
                "请运维人员从备份恢复 keys.db。",
                "Have the operator restore keys.db from a copy.",
            ),
            "lost": (
                "数据钥匙文件 keys.db 不见了",
                "The file of the data keys, keys.db, is missing",
                _KEYS_HERE,
                "请运维人员把它和 master.key 一起恢复；没有备份就移开 master.key 和 views.db。",
                "Have both restored; without a copy have it and views.db put aside.",
            ),
            "no_master": (
                "主钥匙 master.key 不见了",
                "The master key, master.key, is missing",
                _KEYS_HERE,
                "请运维人员恢复 master.key；没有它，密封内容再也打不开。",
                "Have the operator restore master.key; without it sealed parts never open again.",
            ),
            "not_erased": (
                "销毁还没有彻底完成",
                "The erasure is not complete yet",
                _KEYS_GONE,
                "请运维人员结束那个程序，再重新打开本成员。",
                "Have the operator end that process, then open the member again.",
            ),
        },
    ),
    **problem_table(
        "outbox",
        {
            "corrupt": (
                "待发的一笔提交有损坏",
                "A submission that waits to be sent is damaged",
                DAMAGE_UNUSED,
                "请运维人员从备份恢复 local.db。",
                "Have the operator restore local.db from a copy.",
            ),
            "full": (
                "等着入账的太多了",
                "Too many submissions wait to be recorded",
                NOT_RECORDED,
                "等前面的入账后再提交。",
                "Wait until the earlier ones are recorded, then submit.",
            ),
            "key_reused": (
                "同一个请求编号带了不同的内容",
                "The same request key came with other content",
                NOT_RECORDED,
                "重新载入页面，再提交一次。",
                "Load the page again and submit once more.",
            ),
        },
    ),
}
_STORE: Final = problem_table(
    "store",
    {
        "absent": (
            "本机构没有存这份内容",
            "Your institution does not keep this content",
            LOOK_UP,
            "向写它的成员要。",
            "Ask the member that wrote it.",
        ),
        "corrupt": (
            "存着的一份内容有损坏",
            "Something kept here is damaged",
            DAMAGE_UNUSED,
            "请运维人员停下服务，运行 tally repair --member 成员名：公开的内容从其他成员取回。",
            "Have the operator end the server and run: tally repair --member NAME.",
        ),
        "exists": (
            "那个位置已经有东西",
            "Something stands at that place already",
            NOTHING_CHANGED,
            "换一个位置。",
            "Name another place.",
        ),
        "link": (
            "文件夹里有符号链接，这里只存文件和文件夹",
            "The folder holds a symbolic link; files and folders alone are kept here",
            NOTHING_CHANGED,
            "把链接换成它指向的内容，或者移走它。",
            "Put what it leads to in its place, or take it out.",
        ),
        "no_block": (
            "文件库里没有这一块",
            "No file kept here has this block",
            LOOK_UP,
            "用 tally store ls 看存了什么。",
            "See what is kept: tally store ls.",
        ),
        "no_root": (
            "文件库里没有单独存这个编号",
            "Nothing is kept here under this CID by itself",
            LOOK_UP,
            "用 tally store ls 看存了什么。",
            "See what is kept: tally store ls.",
        ),
        "not_whole": (
            "这份内容在本机构不完整",
            "This content is not whole here",
            NOTHING_CHANGED,
            "重新存入，或导入它的归档。",
            "Add it again, or import its archive.",
        ),
        "nowhere": (
            "在线的成员都没有这份内容",
            "No member that answers holds this content",
            LOOK_UP,
            "等成员都在线时再试。",
            "Try again when all members are up.",
        ),
        "place": (
            "那个位置写不进去",
            "That place cannot be written",
            NOTHING_CHANGED,
            "换一个有空间、您有权写的位置。",
            "Name a place with room that you may write.",
        ),
        "quota": (
            "超过了本成员存文件的限额",
            "The member's quota for files would be passed",
            NOTHING_CHANGED,
            "先取消不需要的再清理，或调高限额：tally store quota。",
            "Unpin what is not needed and collect, or raise the quota: tally store quota.",
        ),
        "sealed": (
            "这是密封内容，不公开提供",
            "This is sealed and is not handed out as public",
            LOOK_UP,
            "请本人授权。",
            "Ask the party for a grant.",
        ),
        "served": (
            "成员的服务正在运行",
            "The member's folder is being served",
            NOTHING_CHANGED,
            "停掉服务，做完这一步再启动。",
            "End the server, do this, then start it again.",
        ),
        "size": (
            "内容太大",
            "The content is too large",
            NOT_RECORDED,
            "拆成几份。",
            "Split it into several.",
        ),
        "still_public": (
            "公开的标记收回了，但谁都还能读这个内容",
            "The public mark is taken, and yet anybody still reads this content",
            Phrase(
                "标记已经收回；另一个公开的内容还含有它。",
                "The mark is taken; another public root still holds the content.",
            ),
            "把指出的那个也收回公开：tally store pin 编号 --private。",
            "Take the mark from the root named too: tally store pin ROOT --private.",
        ),
    },
)
_ZIGZAG: Final = problem_table(
    "zigzag",
    {
        "length": (
            "对象的长度不可能是这样",
            "An object cannot have that length",
            NOTHING_CHANGED,
            "写对象自己的长度。",
            "State the object's own length.",
        ),
        "lost": (
            "在线的碎片太少，暂时拼不回来",
            "Too few pieces can be reached to put the content together",
            LOOK_UP,
            "等更多存有碎片的成员在线时再试。",
            "Try again when more of the members that hold pieces are up.",
        ),
        "profile": (
            "没有这种纠删码",
            "There is no such erasure code",
            NOTHING_CHANGED,
            "从手册列出的名字里选。",
            "Choose one of the names that the manual lists.",
        ),
        "segment": (
            "分段大小不在允许范围内",
            "The size of a segment is outside its limits",
            NOTHING_CHANGED,
            "在 1 到 16 MiB 之间选。",
            "Choose a size from 1 to 16 MiB.",
        ),
        "shard": (
            "碎片编号不对，或少了一块",
            "A piece has a wrong number, or a needed one is missing",
            DAMAGE_UNUSED,
            "所有碎片都取自同一份内容，再试一次。",
            "Take all pieces from the same content and try again.",
        ),
        "size": (
            "碎片的大小不对",
            "A piece has the wrong size",
            DAMAGE_UNUSED,
            "它属于另一份内容或已残缺，请从其他成员取。",
            "It is of other content or cut short; fetch it from another member.",
        ),
    },
)
_VIEW: Final = problem_table(
    "views",
    {
        "behind": (
            "本成员的视图落后了一分钟以上",
            "This member's views are more than a minute behind",
            _VIEWS,
            "请运维人员看磁盘；不行就 tally rebuild，旧内容没人有了就 tally chain import。",
            "Have the disk checked; then tally rebuild, or tally chain import for old blocks.",
        ),
        "column": (
            "视图里没有这一列",
            "The view has no such column",
            LOOK_UP,
            "从视图已有的列里选。",
            "Ask for one of the view's columns.",
        ),
        "corrupt": (
            "本成员的视图读不出来",
            "This member's views cannot be read",
            _VIEWS,
            "请运维人员重建视图：tally rebuild；也看看磁盘是否满了。",
            "Have the operator make them anew: tally rebuild; the disk may be full, too.",
        ),
        "table": (
            "没有这个视图",
            "There is no such view",
            LOOK_UP,
            "从手册列出的视图里选。",
            "Choose one that the manual lists.",
        ),
    },
)
_HOUSE: Final = {
    **problem_table(
        "county",
        {
            "exists": (
                "这个文件夹不是空的",
                "The folder is not empty",
                NOTHING_CHANGED,
                "换一个空文件夹。",
                "Choose an empty folder.",
            ),
            "malformed": (
                "县文件夹里有文件读不出来",
                "A file of the county's folder cannot be read",
                NOT_STARTED,
                "请运维人员从备份恢复；创世文件可用 tally repair 重做。",
                "Have the operator restore it from a copy; tally repair makes genesis anew.",
            ),
            "missing": (
                "这个文件夹里没有县",
                "The folder holds no county",
                NOT_STARTED,
                "先建立一个县：tally county init。",
                "Found one first: tally county init.",
            ),
            "chains": (
                "这个文件夹里有几条链，要指明是哪一条",
                "The folder holds several chains: name one of them",
                NOT_STARTED,
                "用 --county 写出其中一条的文件夹；各条写在后面。",
                "Give the folder of one of them as --county; they are named beside this.",
            ),
            "no_genesis": (
                "缺少创世文件",
                "The county's first files are missing",
                NOT_STARTED,
                "请运维人员从备份恢复 genesis.cbor 和 members.cbor。",
                "Have the operator restore genesis.cbor and members.cbor from a copy.",
            ),
            "role": (
                "没有这种成员角色",
                "There is no such role of a member",
                NOTHING_CHANGED,
                "从 tally rules 列出的角色里选。",
                "Choose one that tally rules lists.",
            ),
        },
    ),
    **problem_table(
        "node",
        {
            "bad_keys": (
                "成员文件夹里的钥匙文件坏了",
                "A file with the member's keys is damaged",
                NOT_STARTED,
                "从备份恢复它；没有就移开，用 tally member renew 换钥匙。",
                "Restore it from a copy; without one put it aside: tally member renew.",
            ),
            "locked": (
                "本成员的文件夹正被另一个程序使用",
                "Another process is using this member's folder",
                NOTHING_CHANGED,
                "用正在运行的服务的地址，或先停掉它。",
                "Use the running server's address, or end it first.",
            ),
            "no_keys": (
                "成员文件夹里没有 member.key",
                "The member's folder has no member.key",
                NOT_STARTED,
                "请运维人员从备份恢复 member.key；没有备份就用 tally member renew 换钥匙。",
                "Have member.key restored from a copy; without one: tally member renew.",
            ),
            "place": (
                "本成员的文件夹写不进去",
                "The member's folder cannot be written",
                NOT_STARTED,
                "请运维人员把它挂载为可写，或把它交还给运行 tally 的用户。",
                "Have the operator mount it for writing, or give it back to who runs tally.",
            ),
        },
    ),
}
STORE_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **_DATABASE,
    **_KEYS,
    **_STORE,
    **_ZIGZAG,
    **_VIEW,
    **_HOUSE,
}
"""By code."""
