"""Errors of the ledger, of the link between members and of evidence, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.phrase import Phrase
from tallystick.text.problem_row import (
    DAMAGE_UNUSED,
    LEDGER_SAME,
    LOOK_UP,
    NOT_RECORDED,
    NOT_STARTED,
    NOTHING_CHANGED,
    NOTHING_LOST,
    OTHERS_HOLD_IT,
    WAITS,
    ProblemRow,
    problem_table,
)

__all__ = ["LEDGER_PLACED", "LEDGER_PROBLEMS"]

_UNSIGNED: Final = Phrase(
    "本成员暂不签名，已经入账的内容没有动。",
    "This member signs nothing for now; what was recorded stands untouched.",
)
_WRITING: Final = problem_table(
    "ledger",
    {
        "busy": (
            "账本正忙，要排队",
            "The ledger is busy",
            WAITS,
            "过几秒看结果，不用重填。",
            "Look for the result in a few seconds; do not fill it in again.",
        ),
        "closed": (
            "账本正在关闭",
            "The ledger is closing",
            WAITS,
            "等系统重新启动后看结果。",
            "Look for the result when the system is up again.",
        ),
        "forgotten": (
            "账本刚重启，还没有答复",
            "The ledger restarted before it answered",
            WAITS,
            "过几秒看结果，不用重填。",
            "Look for the result in a few seconds; do not fill it in again.",
        ),
        "late": (
            "账本还没有答复",
            "The ledger has not answered yet",
            WAITS,
            "过几秒看结果，不用重填；一直没有，就看谁没有在运行：tally county status。",
            "Look again in a few seconds; do not fill it in anew. Else: tally county status.",
        ),
        "refused": (
            "账本没有接收这笔提交",
            "The ledger did not take this submission",
            NOT_RECORDED,
            "再提交一次；还是这样，就告诉运维人员。",
            "Submit it once more; if it stays so, tell the operator.",
        ),
        "stalled": (
            "有记录等了半分钟还没有入账",
            "A record has waited for half a minute and is not recorded",
            WAITS,
            "请运维人员看谁不在：tally county status；一起排序的成员要有超过三分之二在运行。",
            "See who is away: tally county status. Over two thirds of who order must run.",
        ),
        "too_few": (
            "一起排序的成员不够，现在记不了账",
            "Too few of those that order together answer: nothing can be recorded now",
            NOTHING_LOST,
            "请运维人员启动没有运行的成员：tally county status。",
            "Start the members that are away: tally county status.",
        ),
        "reopen": (
            "先前一次写入失败，账本暂停",
            "An earlier write failed, so the ledger pauses",
            NOTHING_LOST,
            "告诉运维人员：查看磁盘，重新启动这个成员。",
            "Tell the operator: check the disk, then start this member again.",
        ),
        "seq_conflict": (
            "同一个序号签了两笔提交",
            "Two submissions were signed under one number",
            NOT_RECORDED,
            "告诉运维人员：是否有人复制了成员文件夹、同时运行两份。",
            "Tell the operator: the member's folder may have been copied, and two of it run.",
        ),
    },
)
_CHECKING: Final = problem_table(
    "ledger",
    {
        "check_ended": (
            "系统关闭，核对中断了",
            "The system closed before the check was done",
            NOTHING_CHANGED,
            "等系统启动后再核对一次。",
            "Check again when the system is up.",
        ),
        "corrupt": (
            "本成员的账本文件有损坏",
            "This member's ledger file is damaged",
            OTHERS_HOLD_IT,
            "请运维人员核对并修复：tally verify，再 tally repair。",
            "Have the operator check and repair it: tally verify, then tally repair.",
        ),
        "forked": (
            "两份账本对不上",
            "Two copies of the ledger disagree",
            _UNSIGNED,
            "先别办新事；请运维人员与所有成员逐一核对。",
            "Stop new work; have the operator compare with every member.",
        ),
        "invalid_block": (
            "有一块账不合规则",
            "A block does not follow the ledger's rules",
            DAMAGE_UNUSED,
            "请运维人员与其他成员比对；只有本机不同，就修复。",
            "Have the operator compare with the others; repair if only this copy differs.",
        ),
        "bad_offer": (
            "对方给的状态没有证明",
            "The state another member offers is not proven",
            NOTHING_CHANGED,
            "换一个成员，或照常逐块跟上。",
            "Ask another member, or follow block by block.",
        ),
        "bad_claim": (
            "对方说的账没有证明",
            "What another member claims is not proven",
            NOTHING_CHANGED,
            "会改问别的成员；总是如此，请运维人员与它核对：tally verify。",
            "Others are asked instead. If it stays, have the operator compare: tally verify.",
        ),
        "differs": (
            "有一份账本和其他的不一致",
            "A copy of the ledger departs from the others",
            OTHERS_HOLD_IT,
            "看是哪个成员的：对它运行 tally verify，再运行 tally repair。",
            "See whose it is; run tally verify, then tally repair, for that member.",
        ),
        "equivocation": (
            "有成员签了两种不同的账",
            "A member signed two histories that contradict each other",
            LEDGER_SAME,
            "不再采信那个成员的账本，把证据文件给各成员看。",
            "Stop trusting that member's copy, and show the proof to all members.",
        ),
        "halted": (
            "排序成员签的一块账在这里不合规则",
            "What the ordering member signed breaks this member's rules",
            DAMAGE_UNUSED,
            "请运维人员与排序的成员核对程序版本，再运行 tally verify。",
            "Have the operator compare program versions with that member, then run tally verify.",
        ),
        "not_run": (
            "这一段是从别的成员接过来的",
            "This part was taken over from other members",
            NOTHING_CHANGED,
            "由运行过它的成员来见证。",
            "Let those who ran it witness it.",
        ),
        "no_source": (
            "没有成员能提供合用的账",
            "No member gives blocks that fit",
            NOTHING_CHANGED,
            "多联系几个成员，或用备份文件修复。",
            "Reach more members, or repair from a copy of the file.",
        ),
        "not_cosigned": (
            "有一行见证签名是假的",
            "A line said to be a member's signature is not",
            DAMAGE_UNUSED,
            "请运维人员比对两份账本：其中一份损坏或伪造。",
            "Have the operator compare the two copies: one is damaged or forged.",
        ),
        "not_heard": (
            "另一个成员不接收本成员转来的提交",
            "Another member does not take what this one passes on",
            WAITS,
            "请运维人员比对两家的成员名单和程序版本。",
            "Have the operator compare both members' lists and program versions.",
        ),
        "orderer_serves": (
            "本成员正在排序，不能边运行边修复",
            "This member orders the ledger now and cannot be repaired running",
            NOTHING_CHANGED,
            "请运维人员先停下本县的服务，再运行 tally repair。",
            "Have the operator end the county's server, then run tally repair.",
        ),
        "unsound": (
            "有文件与当初写下的不同",
            "Files are not what was written",
            OTHERS_HOLD_IT,
            "上面逐处列出了文件、高度、字段和办法，照办即可。",
            "The lines above name file, height and field, and the cure of each: do that.",
        ),
    },
)
_SIGNING: Final = problem_table(
    "ledger",
    {
        "bad_block": (
            "收到的一块账没有签名，也不合规则",
            "A block came that is unsigned and breaks the rules",
            DAMAGE_UNUSED,
            "系统会再要一次；反复出现就告诉运维人员。",
            "It is asked for again by itself; if this goes on, tell the operator.",
        ),
        "behind": (
            "本成员的账本缺了末尾",
            "This member's ledger has lost its end",
            _UNSIGNED,
            "等它从其他成员补齐；久不见好就告诉运维人员。",
            "Let it catch up from the others; if it does not, tell the operator.",
        ),
        "clock_ahead": (
            "机器之间的时钟差得太多",
            "The clocks of the machines are too far apart",
            _UNSIGNED,
            "请运维人员校准时钟。",
            "Have the operator set the clocks.",
        ),
        "unwitnessed": (
            "一分钟了，见证的成员还不到三分之二",
            "After a minute fewer than two thirds of the members have signed",
            NOTHING_LOST,
            "请运维人员启动不在的成员；谁不在，看 tally county status。",
            "Have the operator start the members that are away; tally county status names them.",
        ),
        "pen": (
            "签过什么写不下来，所以先不签",
            "What was signed cannot be written down, so nothing is signed",
            _UNSIGNED,
            "请运维人员查看磁盘。",
            "Have the operator check the disk.",
        ),
        "pen_corrupt": (
            "签名记录 signed.bin 已损坏",
            "The file of what was signed, signed.bin, is damaged",
            NOT_STARTED,
            "请运维人员先运行 tally repair；若此后只剩 signed.bin 一处有错，就删去这个文件。",
            "Have the operator run tally repair; if it names nothing else then, remove that file.",
        ),
        "signed_beyond": (
            "更晚的高度已经签过",
            "A later height is signed already",
            NOTHING_CHANGED,
            "要一个更晚的高度。",
            "Ask for a later one.",
        ),
    },
)
_READING: Final = problem_table(
    "ledger",
    {
        "exists": (
            "这里已有一份账本",
            "A ledger stands here already",
            NOTHING_CHANGED,
            "打开它，或先把它移走。",
            "Open it, or move it away first.",
        ),
        "missing": (
            "文件里没有账本",
            "The file holds no ledger",
            NOT_STARTED,
            "请运维人员从其他成员修复：tally repair。",
            "Have the operator repair it from the others: tally repair.",
        ),
        "no_block": (
            "账本里没有这一块",
            "The ledger has no such block",
            LOOK_UP,
            "从账本页列出的高度里选。",
            "Choose a height that the ledger page lists.",
        ),
        "no_offer": (
            "对方没有更新的状态可给",
            "The other member has no later state to give",
            NOTHING_CHANGED,
            "照常逐块跟上，或问别的成员。",
            "Follow block by block, or ask another member.",
        ),
        "pruned": (
            "这一块的正文已经归档",
            "The content of this block is in an archive",
            LOOK_UP,
            "问还保存着的成员，或把归档取回来。",
            "Ask a member that still holds it, or take the archive in.",
        ),
        "no_check": (
            "启动以来还没有核对过",
            "Nothing was checked since the start",
            LOOK_UP,
            "现在核对一次。",
            "Check now.",
        ),
        "no_entry": (
            "账本里没有这个位置",
            "The ledger has no such position",
            LOOK_UP,
            "要账本范围以内的位置。",
            "Ask for a position within the ledger.",
        ),
        "no_equivocation": (
            "没有这份双签的证明",
            "There is no such proof that a member signed twice",
            LOOK_UP,
            "从账本页列出的里选。",
            "Choose one that the ledger page lists.",
        ),
        "no_snapshot": (
            "账本里还没有内容，没有快照可写",
            "The ledger is still empty, so there is no snapshot of it",
            NOTHING_CHANGED,
            "先办一件事，再写快照。",
            "Record something first.",
        ),
        "no_tile": (
            "日志还没有长到这里",
            "The log has not grown that far",
            LOOK_UP,
            "按见证点写明的长度去取。",
            "Ask for what a checkpoint's size covers.",
        ),
        "no_note": (
            "这个高度还没有见证",
            "That height has no witnesses yet",
            LOOK_UP,
            "要早一点的高度，或稍后再来。",
            "Ask for an earlier height, or come back later.",
        ),
        "nothing_admitted": (
            "这一块里没有入账的记录",
            "That block holds no admitted record",
            LOOK_UP,
            "选一块有记录的。",
            "Choose a block with records.",
        ),
        "snapshot_disk": (
            "快照写不下去",
            "The snapshot cannot be written",
            NOTHING_LOST,
            "请运维人员查看磁盘，再写一次。",
            "Have the operator check the disk, then write it again.",
        ),
        "snapshot_size": (
            "快照里有一段太大，传不出去",
            "A part of the snapshot is too large to be passed on",
            NOTHING_LOST,
            "不用处理：离开过的成员照常逐块跟上。",
            "Nothing to do: members that were away follow block by block.",
        ),
        "snapshot_exists": (
            "这个文件已经有了",
            "A file of that name is there already",
            NOTHING_CHANGED,
            "换一个文件名。",
            "Name another file.",
        ),
        "size": (
            "要的证明超出账本范围",
            "The proof asked for goes beyond the ledger",
            LOOK_UP,
            "要账本范围以内的位置。",
            "Ask for a position within the ledger.",
        ),
        "unknown": (
            "找不到这笔提交",
            "There is no such submission",
            LOOK_UP,
            "核对编号；没有入账也不在等待。",
            "Check its id: it is neither recorded nor waiting.",
        ),
    },
)
_AROUND: Final = {
    **problem_table(
        "link",
        {
            "lost": (
                "联系不上另一个成员",
                "Another member cannot be reached",
                NOTHING_LOST,
                "过一会儿再试；重复问不会重复记。",
                "Try again in a while; asking twice is safe.",
            ),
            "method": (
                "对方成员的程序太旧",
                "The other member's program is too old for this",
                NOTHING_CHANGED,
                "请对方的运维人员升级。",
                "Have that member's operator update it.",
            ),
            "size": (
                "一次要的内容太多",
                "Too much was asked for at once",
                NOTHING_CHANGED,
                "分几次要。",
                "Ask for less at once.",
            ),
            "torn": (
                "对方的答复在路上损坏了",
                "The other member's answer came damaged",
                NOTHING_LOST,
                "再试一次。",
                "Try again.",
            ),
        },
    ),
    **problem_table(
        "evidence",
        {
            "not_witnessed": (
                "见证的成员还不到三分之二",
                "Fewer than two thirds of the members have witnessed this yet",
                LOOK_UP,
                "等其他成员跟上，几秒后再导出；仍不行，换一个成员的那一份。",
                "Wait for the others to follow and export again; else ask another member's copy.",
            )
        },
    ),
    **problem_table(
        "rules",
        {
            "unknown": (
                "账本用上了本程序没有的新规则",
                "The ledger has come to rules this program does not carry",
                _UNSIGNED,
                "请运维人员升级 tallystick 并重启；会自动接着走。",
                "Have the operator install a later tallystick and restart; it goes on by itself.",
            )
        },
    ),
    **problem_table(
        "tx",
        {
            "seq_repeated": (
                "这个序号已经用过",
                "That sequence number is used up",
                NOT_RECORDED,
                "看先前那笔的结果；不要换内容重发。",
                "Look at the first one's result; do not send other content under it.",
            ),
            "window": (
                "这个序号不在可用范围",
                "That sequence number is outside the window",
                NOT_RECORDED,
                "再提交一次，系统会取下一个序号。",
                "Submit it once more; the next number is taken by itself.",
            ),
        },
    ),
}
LEDGER_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **_WRITING,
    **_CHECKING,
    **_SIGNING,
    **_READING,
    **_AROUND,
}
"""By code."""

LEDGER_PLACED: Final[Mapping[str, Phrase]] = {
    "ledger.behind": Phrase(
        "本成员的账本缺了末尾，签到过第 {height} 块",
        "This member's ledger has lost its end: it had signed up to block {height}",
    ),
    "ledger.forked": Phrase(
        "与 {member} 的账本在第 {height} 块对不上",
        "This ledger and {member}'s disagree at block {height}",
    ),
    "ledger.no_source": Phrase(
        "没有成员能提供合用的第 {height} 块", "No member gives a block {height} that fits"
    ),
    "ledger.not_cosigned": Phrase(
        "第 {height} 块上 {member} 的见证签名是假的",
        "The line said to be {member}'s signature of block {height} is not",
    ),
    "ledger.seq_conflict": Phrase(
        "{member} 用序号 {seq} 签了两笔提交", "{member} signed two submissions under number {seq}"
    ),
}
"""Titles that name member and height, said where the error tells them."""
