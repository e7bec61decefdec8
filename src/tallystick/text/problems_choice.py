"""Errors of what is chosen by: applications, products, models, reports, programmes, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.text.problem_row import (
    LOOK_UP,
    NOT_RECORDED,
    TYPED_KEPT,
    ProblemRow,
    problem_table,
)

__all__ = ["CHOICE_PROBLEMS"]

_POSITIONING: Final = problem_table(
    "positioning",
    {
        "catalogue": (
            "服务目录不合规定",
            "The catalogue of providers and products breaks a rule",
            TYPED_KEPT,
            "照样例 examples/products.toml 改正。",
            "Correct it after the example, examples/products.toml.",
        ),
        "inputs": (
            "作决定所需的资料不成形",
            "What the decision is to be made from has not the right form",
            TYPED_KEPT,
            "重新填写申请；还是这样，就告诉运维人员。",
            "Fill in the application again; if it stays so, tell the operator.",
        ),
        "no_catalogue": (
            "还没有公布任何产品",
            "No products are published yet",
            NOT_RECORDED,
            "请主管部门或监管机构先公布产品。",
            "Have a department or the regulator publish products first.",
        ),
        "not_department": (
            "您的机构不能公布参考数字",
            "Your institution may not put reference figures in force",
            NOT_RECORDED,
            "请主管部门或监管机构来公布。",
            "Have a department or the regulator publish them.",
        ),
        "not_in_force": (
            "申请月份没有在售的产品",
            "No product is on offer in the month of application",
            TYPED_KEPT,
            "核对申请月份，或先公布这个月的产品。",
            "Check the month of application, or publish products for it.",
        ),
        "rules": (
            "门槛数字不是这一版规则的",
            "The thresholds are not those of this version of the rules",
            NOT_RECORDED,
            "只改数值，不增减条目。",
            "Change values only; add and drop none.",
        ),
    },
)
_APPLICATION: Final = {
    **problem_table(
        "application",
        {
            "form": (
                "申请里有填错的地方",
                "Something in the application is not filled in right",
                TYPED_KEPT,
                "改正标出的各项：核对单位、范围和必填项。",
                "Correct the marked fields: check units, ranges and what is required.",
            )
        },
    ),
    **problem_table(
        "decision",
        {
            "question": (
                "这一版决定不回答这个问题",
                "This version of the decision answers no such question",
                LOOK_UP,
                "向作出决定的成员要真实的记录。",
                "Ask the member that decided for the true record.",
            ),
            "version": (
                "本程序没有这一版决定规则",
                "This program does not carry that version of the decision",
                LOOK_UP,
                "请运维人员升级 tallystick 后再验证。",
                "Have the operator install a later tallystick, then verify again.",
            ),
        },
    ),
}
_REPORT: Final = {
    **problem_table(
        "programme",
        {
            "file": (
                "这不是一份 1 MiB 以内的 UTF-8 表格",
                "This is no UTF-8 table of at most 1 MiB",
                NOT_RECORDED,
                "另存为 UTF-8 的 CSV；更大的用命令行。",
                "Save it as CSV in UTF-8; bring a larger one by the command line.",
            ),
            "row": (
                "文件里有一行不合格式",
                "A line of the file is not of its form",
                NOT_RECORDED,
                "改正提示的那一行，或改正表头。",
                "Correct the line that the message names, or the head.",
            ),
            "too_few": (
                "人数太少，公布会让人认出农户",
                "Too few households: a count would tell who they are",
                NOT_RECORDED,
                "多调查一些农户，或几个乡镇一起测算。",
                "Survey more households, or measure several townships at once.",
            ),
            "unknown": (
                "没有这个项目的测算和资金",
                "No programme of that name was measured or given money",
                LOOK_UP,
                "在项目列表里找。",
                "Look in the list of programmes.",
            ),
            "village": (
                "有农户所在的村不在名单里",
                "A household's village is not in the list of villages",
                TYPED_KEPT,
                "在名单里添上这个村，或改正村的编码。",
                "Add the village with its names and place, or correct its code.",
            ),
        },
    ),
    **problem_table(
        "dues",
        {
            "differs": (
                "收费方报表的明细与笔数、时段对不上",
                "A payee's report and its own counts or period disagree",
                NOT_RECORDED,
                "问收费方；它重报之前，先不用它的账。",
                "Ask the payee; leave its book out until it has told again.",
            ),
            "rows": (
                "有一笔应缴不属于这一期，或写了两遍",
                "A due is not of this period, or is told twice",
                TYPED_KEPT,
                "每笔应缴在到期那一期写一次；后来缴清的，在缴清那一期再写一次。",
                "Tell each due in the period in which it fell due, and again when it was paid.",
            ),
            "unknown_due": (
                "收费方报表结清了没有报过的欠费",
                "A payee's report settles a due that none told as open",
                NOT_RECORDED,
                "问收费方；它重报之前，先不用它的账。",
                "Ask the payee; leave its book out until it has told again.",
            ),
        },
    ),
    **problem_table(
        "report",
        {
            "differs": (
                "贷款报告的明细与合计对不上",
                "A lender's report and its own counts disagree",
                NOT_RECORDED,
                "问放款机构；它重报之前，先不用它的账。",
                "Ask the lender; leave its book out until it has told again.",
            ),
            "features": (
                "有一笔贷款没有写金额或期限",
                "A loan is told without its amount or term, or with too much",
                NOT_RECORDED,
                "每笔贷款都写明金额和期限。",
                "State amount and term of every loan, and drop what is not needed.",
            ),
            "rows": (
                "月报的明细不成形",
                "The rows of the month's report are not of their form",
                TYPED_KEPT,
                "写明三张清单：放了哪些、还了哪些、逾期哪些。",
                "Give three lists: what was granted, what was repaid, what is late.",
            ),
            "unknown_loan": (
                "贷款报告提到没有放过的贷款",
                "A lender's report names a loan it never granted",
                NOT_RECORDED,
                "问放款机构；它重报之前，先不用它的账。",
                "Ask the lender; leave its book out until it has told again.",
            ),
            "unripe": (
                "账上还没有一笔贷款了结，学不到什么",
                "No loan in the books is over yet, so nothing can be learned",
                NOT_RECORDED,
                "等贷款到期，或请放款机构让您读它的账。",
                "Wait until loans are over, or ask lenders to name you as a reader.",
            ),
        },
    ),
}
_MODEL: Final = problem_table(
    "model",
    {
        "columns": (
            "数据列与模型不符",
            "The columns do not fit the model",
            NOT_RECORDED,
            "用模型自己的对照表重新生成数据。",
            "Make the table again with the model's own mapping.",
        ),
        "file": (
            "这不是训练得出的模型文件",
            "This is no file that training writes",
            TYPED_KEPT,
            "选 tally model train --out 写出的文件。",
            "Choose a file that tally model train --out has written.",
        ),
        "malformed": (
            "模型内容不合规定",
            "The model is not of its form",
            NOT_RECORDED,
            "重新取回这个模型，或从训练重新公布。",
            "Fetch the model again, or publish it anew from training.",
        ),
        "name": (
            "有几个模型同名",
            "Several models have that name",
            NOT_RECORDED,
            "用模型的编号指明是哪一个。",
            "Say which one by its id.",
        ),
        "not_calibrated": (
            "模型的概率偏差超出偶然",
            "The model's probabilities are off by more than chance",
            TYPED_KEPT,
            "用更多更好的数据训练；执意批准须写明理由。",
            "Train on more or better data; to approve it nevertheless, state why.",
        ),
        "row": (
            "这份数据不能交给模型评分",
            "The model cannot score this data",
            NOT_RECORDED,
            "先按模型的对照表换成整数。",
            "Convert it to whole numbers by the model's mapping first.",
        ),
        "unknown": (
            "没有批准过这个模型",
            "No such model was ever approved",
            NOT_RECORDED,
            "从模型列表里选。",
            "Choose one from the list of models.",
        ),
    },
)
CHOICE_PROBLEMS: Final[Mapping[str, ProblemRow]] = {
    **_POSITIONING,
    **_APPLICATION,
    **_REPORT,
    **_MODEL,
}
"""By code."""
