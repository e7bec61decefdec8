"""What the household is read before it agrees: who may read what, what for, how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.kit import fill, item, join
from tallystick.console.pages.new_case_question import BORROWED
from tallystick.console.visit import Visit
from tallystick.text import say

__all__ = ["READ_CLASSES", "READ_DAYS", "draw_papers", "draw_text", "write_mandate"]

READ_CLASSES: Final = ("expected_income", "profile")
"""What a reader that the household names may open: the application, and nothing decided on it."""
READ_DAYS: Final = 90
_DAYS: Final = {
    "90": ("90 天", "90 days"),
    "365": ("一年", "one year"),
    "1095": ("三年", "three years"),
}
_PAPERS: Final[Mapping[str, str]] = {
    "shop_stock": "flows",
    "machine_leaseback": "asset",
    "renew_after_shock": "shock",
    "tuition": "study",
}
Answers = Mapping[str, Any]


def write_mandate(v: Visit, answers: Answers) -> str:
    """Return the mandate's text, as it is read aloud and kept sealed; at most 600 signs."""
    ours = v.name_of(v.member)
    zh, en = _DAYS.get(str(answers.get("days")), ("\u2026", "\u2026"))
    witness = v.name_of(str(answers["witness"])) if answers.get("witness") else "\u2026"
    return v.t(
        f"我委托{ours}的经办人替我办这笔申请，为期{zh}。{ours}可以看我填的家庭情况、收入、债务"
        "和用途，只用来判断合不合适、给我答复和回访。"
        f"{witness}的人在场见证。不用我的名义替别人借钱。我随时可以收回委托，不影响已经办完的事。",
        f"I let the officer of {ours} act for me in this application, for {en}. {ours} may read"
        " what I told about my household, income, debts and purpose, only to judge whether it"
        f" fits, to answer me and to ask me afterwards. Somebody of {witness} is here as witness."
        " Nobody may borrow for others in my name. I can take this back at any time; what is done"
        " stays done.",
    )


def draw_text(v: Visit, answers: Answers) -> Markup:
    """Return what is to be read aloud now."""
    if answers.get("assent") == "own":
        ours = v.name_of(v.member)
        words = v.t(
            f"我用自己的钥匙签这份申请。{ours}可以看我填的内容，只用来办这件事。申请会进账本，"
            "内容加密，别的单位只看到有一件案子，看不到是谁。",
            f"I sign this application with my own key. {ours} may read what I told, for this matter"
            " alone. It goes to the ledger sealed: other institutions see that there is a case, not"
            " whose it is.",
        )
    else:
        words = write_mandate(v, answers)
    readers = [v.name_of(each) for each in answers.get("readers", ())]
    more = (
        v.t(
            f"另外，{'、'.join(readers)}在 {READ_DAYS} 天内可以看这份申请，给我报更合适的办法。",
            f"Besides, {', '.join(readers)} may read this application for {READ_DAYS} days, to make"
            " me a better offer.",
        )
        if readers
        else v.t("别的单位都不能看。", "No other institution may read it.")
    )
    title = v.t("请念给农户听", "Read this aloud to the household")
    return fill(
        '<div class="aloud"><h3 class="b">{}</h3><blockquote>{}</blockquote>'
        "<blockquote>{}</blockquote></div>",
        title,
        words,
        more,
    )


def draw_papers(v: Visit, answers: Answers) -> Markup:
    """Return the papers to look at; they are not copied, and nothing of them is kept."""
    rows = [v.t("身份证或执照", "Identity card or licence")]
    if answers.get("kind") in BORROWED and answers.get("crops"):
        rows.append(v.t("土地承包证或租地合同", "Land certificate or lease"))
    if answers.get("debts"):
        rows.append(v.t("旧债的合同或借条", "Contracts or notes of older debts"))
    if answers.get("order_has") == "yes":
        rows.append(say("show.order", {}, v.language))
    if paper := _PAPERS.get(str(answers.get("purpose", ""))):
        rows.append(say(f"show.{paper}", {}, v.language))
    if answers.get("kind") == "lease" and answers.get("purpose") != "machine_leaseback":
        rows.append(say("show.asset", {}, v.language))
    title = v.t("要看的材料", "Papers to look at")
    note = v.t("只看原件，这里不留复印件。", "Look at the originals; no copy is kept here.")
    return fill(
        '<div class="papers"><h3 class="b">{}</h3>{}<p class="hint">{}</p></div>',
        title,
        join(item("file-check", row) for row in rows),
        note,
    )
