"""The last step of a new case: everything on one page, each part leading back, and what follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from tallystick.console.kit import fill, item, join
from tallystick.console.pages.new_case_home import LIST_KINDS, LIST_NAMES, LIST_WORDS, LISTS
from tallystick.console.pages.new_case_question import Answers, Given, Question
from tallystick.console.pages.new_case_questions import list_asked
from tallystick.console.pages.new_case_use import list_purposes
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase
from tallystick.text.wording import format_month

__all__ = ["draw_plan", "draw_step"]

_GROUPS: Final = {1: ("crops", "livestock", "debts")}
_YES: Final = {"yes": Phrase("是", "Yes"), "no": Phrase("否", "No")}


def draw_step(v: Visit, answers: Answers, step: int) -> Markup:
    """Return what was told in a step, question by question."""
    rows = [
        fill("<dt>{}</dt><dd>{}</dd>", v.say(question.label), said)
        for question in list_asked(answers, step)
        if (said := _say(v, question, answers.get(question.name), answers)) != ""
    ]
    rows += [
        fill("<dt>{}</dt><dd>{}</dd>", v.say(LIST_NAMES[group]), said)
        for group in _GROUPS.get(step, ())
        if answers.get("kind", "borrow") in LIST_KINDS[group]
        and (said := _say_rows(v, group, answers))
    ]
    if not rows:
        return fill('<p class="dim">{}</p>', v.t("还没有填", "Nothing told yet"))
    return fill('<dl class="kv">{}</dl>', join(rows))


def _say(v: Visit, question: Question, value: Given, answers: Answers) -> str | Markup:
    if value in (None, "", []):
        return ""
    if isinstance(value, list):
        between = v.t("、", ", ")
        return between.join(_say_one(v, question, each, answers) for each in value)
    text = str(value)
    if question.name == "witness":
        return v.name_of(text)
    if question.kind in {"choice", "yes", "tick"}:
        kind = str(answers.get("kind") or "borrow")
        more = list_purposes(kind) if question.name == "purpose" else question.choices
        known = {**_YES, **more}.get(text)
        return v.say(known) if known else ""
    if question.kind == "month":
        return format_month(int(text), v.language) if text.isdigit() else ""
    return _with_unit(v, question, text)


def _say_one(v: Visit, question: Question, value: str, answers: Answers) -> str:
    """Return one of several: a member, a month or a field."""
    if question.kind == "members":
        return v.name_of(value)
    return _month(v, int(value)) if question.kind == "months" else _crop(v, answers, int(value))


def _month(v: Visit, month: int) -> str:
    return v.t(f"{month}月", format_month(month - 1, "en").split()[0])


def _crop(v: Visit, answers: Answers, place: int) -> str:
    rows = answers.get("crops", ())
    row = rows[place] if place < len(rows) else {}
    known = LISTS["crops"][0].choices.get(row.get("crop", ""))
    return v.say(known) if known else "\u2013"


def _with_unit(v: Visit, question: Question, text: str) -> str | Markup:
    if question.unit is None:
        # What people typed may be Chinese on any page.
        return fill('<span lang="zh">{}</span>', text)
    return f"{text} {v.say(question.unit)}"


def _say_rows(v: Visit, group: str, answers: Answers) -> Markup | str:
    rows = answers.get(group, ())
    if not rows:
        none = f"no_{group}" in answers.get("none", ())
        return v.say(LIST_WORDS[group][2]) if none else ""
    between = v.t("，", ", ")
    return join(
        fill("<div>{}</div>", join(_cells(v, group, row), between) or "\u2013") for row in rows
    )


def _cells(v: Visit, group: str, row: Answers) -> Iterator[Markup]:
    for column in LISTS[group]:
        said = _say(v, column, row.get(column.name), {})
        if said != "":
            label = "" if column.kind == "choice" else v.say(column.label) + " "
            yield fill("{}{}", label, said)


def draw_plan(v: Visit, answers: Answers) -> Markup:
    """Return what will be recorded, and who will be able to read it."""
    rows = []
    if answers.get("party_known") != "yes":
        rows.append(
            item(
                "user-plus",
                v.t(
                    "登记这一户，姓名和电话加密；别的单位看不到是谁",
                    "Registers the household, name and phone sealed; no one else sees who it is",
                ),
            )
        )
    if answers.get("assent") == "mandate":
        rows.append(
            item("handshake", v.t("记下委托和见证人", "Records the mandate and its witness"))
        )
    readers = [v.name_of(each) for each in answers.get("readers", ())]
    if readers:
        names = v.t("、", ", ").join(readers)
        rows.append(item("key-round", v.t(f"准许 {names} 看申请", f"Lets {names} read it")))
    rows.append(
        item(
            "send",
            v.t(
                "申请加密进账本，当场算出合不合适",
                "The application goes to the ledger sealed, and is judged at once",
            ),
        )
    )
    return fill("{}", join(rows))
