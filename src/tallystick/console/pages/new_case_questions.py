"""The questions of a new case in the order of the form, and which of them are asked.

Laws: a question is asked only where the kind of need and the purpose call for it, so that a
villager's case stays short; what follows from other answers (age from the identity number, the
insured area from the fields) is not asked. Every answer is kept as it was typed.
Source: the county's practice (intake form of a rural credit officer); records.applicant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tallystick.console.pages.new_case_home import LISTS, MONEY, WHO
from tallystick.console.pages.new_case_question import Answers, Question
from tallystick.console.pages.new_case_use import CONSENT, USE
from tallystick.text.phrase import Phrase

__all__ = ["QUESTIONS", "STEPS", "find_question", "is_asked", "list_asked"]

STEPS: Final = (
    Phrase("谁在申请", "Who is asking"),
    Phrase("收入和支出", "Money in and out"),
    Phrase("用来做什么", "What it is for"),
    Phrase("授权与材料", "Consent and papers"),
    Phrase("核对并提交", "Check and submit"),
)


QUESTIONS: Final = (*WHO, *MONEY, *USE, *CONSENT)
"""Every question, in the order of the form."""
_BY_NAME: Final = {each.name: each for each in QUESTIONS}


def find_question(name: str) -> Question:
    """Return the question of a name; of a list's cell `crops-0-area` its column."""
    if "-" in name:
        group, _, column = name.split("-", 2)
        return next(each for each in LISTS[group] if each.name == column)
    return _BY_NAME[name]


def is_asked(question: Question, answers: Answers) -> bool:
    """Tell whether the answers so far call for a question; `-` stands for an empty answer."""
    return all(
        (answers.get(name) or "-") in wanted
        and (name not in _BY_NAME or is_asked(_BY_NAME[name], answers) or "-" in wanted)
        for name, wanted in question.when.items()
    )


def list_asked(answers: Answers, step: int | None = None) -> Iterator[Question]:
    """Yield the questions that are asked now, of one step or of all."""
    for question in QUESTIONS:
        if step in (None, question.step) and is_asked(question, answers):
            yield question
