"""Errors that the command line's own verbs meet: words, county, training, history, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.problem_row import (
    NOTHING_CHANGED,
    ProblemRow,
    problem_table,
)

__all__ = ["VERB_PROBLEMS"]

_WORD: Final = problem_table(
    "cli",
    {
        "example": (
            "没有这个样例文件",
            "The program brings no such example file",
            NOTHING_CHANGED,
            "写您自己的文件名。",
            "Name a file of your own.",
        ),
        "file": (
            "给的文件读不了或写不了",
            "The file given cannot be read or written",
            NOTHING_CHANGED,
            "核对路径；文件须是 UTF-8 的 JSON 或 TOML。",
            "Check the path; the file must be JSON or TOML in UTF-8.",
        ),
        "leaf": (
            "命令里有一个词不是申请的字段",
            "A word of the command names no field of an application",
            NOTHING_CHANGED,
            "金额以分计，利率以百万分计；字段见 docs/mapping.md，清单写进文件。",
            "Money is in fen, rates in ppm; docs/mapping.md has the fields; lists go in a file.",
        ),
        "member": (
            "没有说明替哪个成员做",
            "Which member acts is not said",
            NOTHING_CHANGED,
            "用 --member 写明成员。",
            "Name one by --member.",
        ),
        "name": (
            "这个名字不是 UTF-8",
            "This name is not UTF-8",
            NOTHING_CHANGED,
            "用 --name 另取一个名字。",
            "Give a name by --name.",
        ),
        "other_user": (
            "本县由这台机器的另一个用户在运行",
            "Another user of this machine serves the county",
            NOTHING_CHANGED,
            "请那位用户来做，或通过服务的网址。",
            "Ask that user, or use the server's address.",
        ),
        "source": (
            "这个路径不能存：是空的，或牵涉到成员的钥匙",
            "This path cannot be put: it is empty, or takes in a member's keys",
            NOTHING_CHANGED,
            "写明要存的文件或文件夹；放在县文件夹里的，先移出来。",
            "Name the file or folder to put; move it out of the county's folder first.",
        ),
        "train_features": (
            "没有一列能用来训练",
            "No column is left to train on",
            NOTHING_CHANGED,
            "添上申请时就知道的列，并用 known_at 写明。",
            "Bring columns known at the application, and say so with known_at.",
        ),
        "train_force": (
            "--force 指的列并没有因泄漏而去掉",
            "--force names a column that was not left out for leaking",
            NOTHING_CHANGED,
            "不带 --force 运行一次，从泄漏清单里选列。",
            "Run once without --force and name columns of its leakage list.",
        ),
        "train_name": (
            "有一列的名称不能用",
            "A feature's name cannot be used",
            NOTHING_CHANGED,
            "用 1 到 64 个 a-z 0-9 . _ -，不用 bad_end。",
            "Use 1 to 64 of a-z 0-9 . _ - and not bad_end.",
        ),
        "train_target": (
            "对照表没有写明结果列",
            "The mapping names no outcome",
            NOTHING_CHANGED,
            "添上 [target]，写明列名和好坏的写法。",
            "Add [target] with the column and the texts of good and bad.",
        ),
        "word": (
            "有一个词不是“名称=值”，或说了两次",
            "A word is not name=value, or names one thing twice",
            NOTHING_CHANGED,
            "写成“名称=值”，各写一次。",
            "Write name=value, each once.",
        ),
    },
)
_COUNTY: Final = {
    **problem_table(
        "bench",
        {
            "absent": (
                "测量要在源码里运行",
                "Benches run in a checkout alone",
                NOTHING_CHANGED,
                "到源码目录里运行。",
                "Run it in a checkout.",
            ),
            "unknown": (
                "没有这项测量",
                "There is no such bench",
                NOTHING_CHANGED,
                "运行 tally bench，看有哪些。",
                "Run tally bench with no name to see them.",
            ),
        },
    ),
    **problem_table(
        "county",
        {
            "months": (
                "要演的月份比造出来的多",
                "More months are asked for than the county was drawn for",
                NOTHING_CHANGED,
                "造县时就写够月份。",
                "Draw the county for as many months as are to be acted out.",
            ),
            "not_seeded": (
                "这是真实的县，不造演示账号",
                "This county is a real one: no officers are made up for it",
                NOTHING_CHANGED,
                "为每位经办人设立账号：tally user add。",
                "Make an account for each officer: tally user add.",
            ),
            "offices": (
                "造出来的县有成员在这里没有办公处",
                "A member of the drawn county has no office here",
                NOTHING_CHANGED,
                "给每个成员一个办公处。",
                "Give each of its members a desk.",
            ),
            "size": (
                "要造的县太大",
                "The county asked for is too large",
                NOTHING_CHANGED,
                "造小一点。",
                "Ask for a smaller county.",
            ),
        },
    ),
    **problem_table(
        "history",
        {
            "dial": (
                "刻度只有 0 到 100",
                "A dial goes from 0 to 100",
                NOTHING_CHANGED,
                "在刻度内选；50 是实测的县。",
                "Choose a value on the scale; 50 is the county as measured.",
            ),
            "order": (
                "还款记在放款之前",
                "A loan is repaid before it was granted",
                NOTHING_CHANGED,
                "从第一个月起读全部月份。",
                "Read all months, from the first.",
            ),
            "size": (
                "要的历史太长或贷款太多",
                "More months or loans are asked for than can be drawn",
                NOTHING_CHANGED,
                "缩短月份，或减少贷款。",
                "Ask for a shorter history or fewer loans.",
            ),
            "unripe": (
                "到这个月还没有一笔贷款了结",
                "No loan has come to its end by that month",
                NOTHING_CHANGED,
                "多造几个月，或多造些贷款。",
                "Draw more months or more loans.",
            ),
        },
    ),
    **problem_table(
        "tamper",
        {
            "not_found": (
                "文件里找不到可改的一处",
                "The file has no place to tamper with",
                NOTHING_CHANGED,
                "先停下本县的服务，让写入都进到文件里。",
                "Close the county first, so that all it wrote is in the file.",
            )
        },
    ),
}
_LEARNING: Final = problem_table(
    "learning",
    {
        "few_rows": (
            "有结果的行太少",
            "Too few rows have a known outcome",
            NOTHING_CHANGED,
            "等更多结果，或用另一个县的历史；并核对 [target]。",
            "Wait for outcomes, or take another county's history; check [target], too.",
        ),
        "leak": (
            "结果列混进了输入",
            "The outcome is among the features",
            NOTHING_CHANGED,
            "从输入里去掉结果列。",
            "Take it out of the features.",
        ),
        "many_rows": (
            "有结果的行太多",
            "More rows have an outcome than training takes",
            NOTHING_CHANGED,
            "抽一部分来训练。",
            "Draw a sample of them.",
        ),
        "monotone": (
            "要求的方向不成立",
            "A demanded direction is none, or its feature has no order",
            NOTHING_CHANGED,
            "改正方向，或把这一列写明为数字。",
            "Correct the directions, or declare the feature a number.",
        ),
        "no_reference": (
            "没有可以比较的分数",
            "There are no scores to measure drift against",
            NOTHING_CHANGED,
            "与训练时那些行的分数比。",
            "Compare with the scores of the rows the model was fitted on.",
        ),
        "no_signal": (
            "没有一列能分出好坏",
            "No feature tells good from bad",
            NOTHING_CHANGED,
            "添上别的列，或更多有结果的行。",
            "Bring further features, or more rows with an outcome.",
        ),
        "one_outcome": (
            "样本里几乎只有一种结果",
            "The sample has one outcome only, or too few of the other",
            NOTHING_CHANGED,
            "换一份两种结果都够多的样本。",
            "Take a sample in which both outcomes occur often enough.",
        ),
        "rows": (
            "训练表不成形",
            "The training table is malformed",
            NOTHING_CHANGED,
            "输入用整数，结果用 0、1 或不明，每行一格不缺。",
            "Give whole numbers, outcomes 0, 1 or unknown, and one entry per row.",
        ),
    },
)
_REPORT: Final = {
    **problem_table(
        "score",
        {
            "label": (
                "有一行的预期写得不对",
                "A row's label is not of its form",
                NOTHING_CHANGED,
                "在 expected 里写 fits、scheme、gaps、gaps_ok 和 preferred_expertise。",
                "Give expected with fits, scheme, gaps, gaps_ok and preferred_expertise.",
            ),
            "no_expected": (
                "没有一行写着预期",
                "No row says what an officer expected",
                NOTHING_CHANGED,
                '在文件里写上预期，并在对照表里写 [expected] keep = ["expected"]。',
                'State it in the file, and write [expected] keep = ["expected"] in the mapping.',
            ),
        },
    ),
}
VERB_PROBLEMS: Final[Mapping[str, ProblemRow]] = {**_WORD, **_COUNTY, **_LEARNING, **_REPORT}
"""By code."""
