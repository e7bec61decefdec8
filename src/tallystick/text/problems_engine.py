"""What a person reads when the program that orders the ledger is missing, wrong or away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.problem_row import (
    LEDGER_SAME,
    NOT_STARTED,
    NOTHING_CHANGED,
    NOTHING_LOST,
    OTHERS_HOLD_IT,
    WAITS,
    ProblemRow,
    problem_table,
)

__all__ = ["ENGINE_PROBLEMS"]

ENGINE_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **problem_table(
        "abci",
        {
            "failed": (
                "程序自己出了错，没有答复排序引擎",
                "The program failed to answer its ordering engine",
                NOTHING_LOST,
                "请运维人员重启本成员，并把日志发给开发方。",
                "Have the operator restart this member and report the log.",
            ),
            "frame": (
                "有别的程序连到了排序引擎的端口",
                "Something else talks to the ordering engine's port",
                LEDGER_SAME,
                "请运维人员关掉连到那个端口的程序。",
                "Have the operator end what else connects to that port.",
            ),
            "genesis": (
                "排序引擎是为另一份账本设置的",
                "The ordering engine was set up for another ledger",
                NOT_STARTED,
                "请运维人员重新生成引擎的文件夹。",
                "Have the operator write the engine's folder anew.",
            ),
            "height": (
                "排序引擎和本成员的进度对不上",
                "The ordering engine and this member are at different places",
                LEDGER_SAME,
                "会自动重启并补齐；一直如此就请运维人员看日志。",
                "It restarts and catches up by itself; if not, have the operator read the log.",
            ),
            "port": (
                "排序引擎要用的端口已被占用",
                "The port for the ordering engine is taken",
                NOT_STARTED,
                "请运维人员关掉占用的程序，或换一个端口。",
                "Have the operator end what uses it, or choose another port.",
            ),
            "request": (
                "排序引擎的端口收到了看不懂的内容",
                "What came on the ordering engine's port cannot be read",
                LEDGER_SAME,
                "请运维人员确认引擎版本是 0.38。",
                "Have the operator see to it that the engine's version is 0.38.",
            ),
            "undecidable": (
                "多数成员认可的一批记录，本成员认为不合规则",
                "Most members accepted what this member's rules refuse",
                OTHERS_HOLD_IT,
                "请运维人员与其他成员核对程序版本。",
                "Have the operator compare program versions with the other members.",
            ),
        },
    ),
    **problem_table(
        "engine",
        {
            "absent": (
                "排序引擎还没有安装",
                "The ordering engine is not installed",
                NOT_STARTED,
                "请运维人员运行 tally engine install cometbft。",
                "Have the operator run tally engine install cometbft.",
            ),
            "app_hash": (
                "排序引擎和本成员的账本内容不一致",
                "The ordering engine and this member's ledger contradict each other",
                OTHERS_HOLD_IT,
                "请运维人员修复本成员的账本，或把引擎的文件夹移开，再换投票的钥匙。",
                "Have the ledger repaired, or the engine's folder put aside and its key renewed.",
            ),
            "away": (
                "排序引擎暂时没有应答",
                "The ordering engine does not answer at the moment",
                WAITS,
                "等一会儿，它会自动恢复。",
                "Wait a little; it comes back by itself.",
            ),
            "bad_keys": (
                "本成员投票用的钥匙文件坏了",
                "The file with this member's voting keys is damaged",
                NOT_STARTED,
                "请运维人员从备份恢复 bft.key。",
                "Have the operator restore bft.key from a copy.",
            ),
            "bad_used": (
                "记着哪些钥匙投过票的文件坏了，本成员暂不投票",
                "The file of the keys that voted is damaged; this member does not vote",
                NOTHING_LOST,
                "从备份恢复 bft.used；没有就换钥匙：tally change renew --use bft。",
                "Restore bft.used from a copy; without one: tally change renew --use bft.",
            ),
            "bad_seats": (
                "投票成员的地址表读不出来",
                "The list of the voting members' addresses cannot be read",
                NOT_STARTED,
                "从任何一个成员那里取一份 engine.json，各家都一样。",
                "Take engine.json from any other member; it is the same at each.",
            ),
            "build": (
                "排序引擎没有编译成功",
                "The ordering engine could not be built",
                NOTHING_CHANGED,
                "检查能否取得 Go 的源码包，然后再运行一次。",
                "See to Go's access to its modules, then run it once more.",
            ),
            "down": (
                "排序引擎停了，正在重新启动",
                "The ordering engine stopped and is being started again",
                WAITS,
                "等几秒；一直如此就请运维人员看引擎的日志。",
                "Wait a few seconds; if it stays, have the operator read the engine's log.",
            ),
            "refused": (
                "有一个成员提出的一批记录不合规则，已被拒绝",
                "A member proposed records that break the rules; they were refused",
                LEDGER_SAME,
                "请运维人员与该成员核对程序版本；别的成员也拒绝它，就投票让它退出。",
                "Have the operator compare versions with it; if others refuse it too, vote it out.",
            ),
            "forgotten": (
                "引擎的文件夹丢了投票记录，这把钥匙不能再投票",
                "The engine's record of its votes is lost; this key may not vote again",
                NOTHING_LOST,
                (
                    "超过三分之二的排序成员还在排序时，提议新的投票钥匙并请各成员表决："
                    "tally change renew --use bft；"
                    "不足时什么都表决不了，看 docs/operate.md 的 Restore 一节。"
                ),
                (
                    "While more than two thirds of those that order still do, propose a new voting"
                    " key for a vote: tally change renew --use bft. Where fewer do, nothing can be"
                    " voted: see Restore in docs/operate.md."
                ),
            ),
            "no_go": (
                "没有找到编译引擎用的 Go 工具",
                "There is no Go toolchain to build the engine with",
                NOTHING_CHANGED,
                "先安装 Go 1.22 或更高版本，再运行一次。",
                "Install Go 1.22 or later, then run it once more.",
            ),
            "no_keys": (
                "本成员没有投票用的钥匙",
                "This member has no voting keys",
                NOT_STARTED,
                "请运维人员从备份恢复 bft.key；只跟随的成员用 tally member engine 抽取。",
                "Have the operator restore bft.key; a follower draws one: tally member engine.",
            ),
            "no_seats": (
                "投票成员的地址表里没有本成员，或者表不在",
                "The list of the voting members' addresses is missing, or lacks this member",
                NOT_STARTED,
                "从任何一个成员那里取一份 engine.json，或在各家的表里补上本成员。",
                "Take engine.json from another member, or add this one to it everywhere.",
            ),
            "not_listed": (
                "名单里还没有本成员的表决钥匙，它不参加排序",
                "The list holds no voting key of this member, so it does not order yet",
                NOTHING_LOST,
                "表决加入，并请各家写明它在哪里：tally member address --card；之后它自己赶上。",
                "Have it voted in and the others told: tally member address --card. It catches up.",
            ),
            "no_source": (
                "没有带来 IPFS 程序的源码",
                "The source of the IPFS program was not installed",
                NOTHING_CHANGED,
                "重新完整安装本软件，或从源码目录运行。",
                "Install this software anew, whole, or run it from its sources.",
            ),
            "not_told": (
                "别的成员不回答引擎的这个问题",
                "Other members do not answer this question of an engine",
                NOTHING_CHANGED,
                "请运维人员让各成员使用同一版本的程序。",
                "Have the operator run the same version of the program everywhere.",
            ),
            "no_validators": (
                "这份账本建立时没有投票成员",
                "This ledger was founded without voting members",
                NOT_STARTED,
                "请运维人员用 tally county init 重新建立。",
                "Have the operator found one with tally county init.",
            ),
            "validates": (
                "这个成员已经参加排序，或用别的钥匙参加过",
                "This member orders with others already, or did by another key",
                NOTHING_CHANGED,
                "换表决钥匙用 tally change renew --use bft；bft.key 丢了就从备份恢复。",
                "Renew its voting key: tally change renew --use bft; restore a lost bft.key.",
            ),
            "taken": (
                "engine.json 里的引擎与这张名片说的对不上",
                "The engines in engine.json and what the card says do not fit",
                NOTHING_CHANGED,
                "与别的成员的 engine.json 核对，并与名片的成员核对名片。",
                "Compare engine.json with another member's, and the card with its member.",
            ),
            "unknown": (
                "没有这个名字的排序引擎",
                "There is no ordering engine of that name",
                NOTHING_CHANGED,
                "用 tally engine list 看有哪些。",
                "See which there are with tally engine list.",
            ),
        },
    ),
}
"""By code."""
