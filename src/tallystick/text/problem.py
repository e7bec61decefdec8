"""Say an error to a person: what happened, what is safe, what to do, in Chinese or English.

Laws: a code without words of its own is said by its family, the fact itself staying with support;
of an error's values only whole numbers and short plain names are ever said, so that nothing of a
person leaves by a title; the same error is always said in the same words.
Limits: the reason of a verdict on an evidence file, told within the verdict, has its family's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import (
    Conflict,
    Corrupt,
    Denied,
    Error,
    Invalid,
    NotFound,
    Unavailable,
)
from tallystick.records.refusal import Refusal
from tallystick.text.phrase import BLANK, Phrase
from tallystick.text.problem_row import (
    DAMAGE_UNUSED,
    NOT_RECORDED,
    NOTHING_CHANGED,
    NOTHING_LOST,
    TITLE_EN_MAX,
    TITLE_ZH_MAX,
    TYPED_KEPT,
    UNSURE,
    ProblemRow,
)
from tallystick.text.problems_access import ACCESS_PROBLEMS
from tallystick.text.problems_archive import ARCHIVE_PROBLEMS
from tallystick.text.problems_case import CASE_PROBLEMS
from tallystick.text.problems_choice import CHOICE_PROBLEMS
from tallystick.text.problems_engine import ENGINE_PROBLEMS
from tallystick.text.problems_file import FILE_PROBLEMS
from tallystick.text.problems_form import FORM_PROBLEMS
from tallystick.text.problems_ipfs import GATEWAY_PROBLEMS, IPFS_PROBLEMS, IPNS_PROBLEMS
from tallystick.text.problems_ledger import LEDGER_PLACED, LEDGER_PROBLEMS
from tallystick.text.problems_link import LINK_PROBLEMS
from tallystick.text.problems_member import MEMBER_PROBLEMS
from tallystick.text.problems_refusal import REFUSAL_CURES
from tallystick.text.problems_spread import SPREAD_PROBLEMS
from tallystick.text.problems_store import STORE_PROBLEMS
from tallystick.text.problems_unixfs import UNIXFS_PROBLEMS
from tallystick.text.problems_verb import VERB_PROBLEMS
from tallystick.text.refusal import explain_refusal, name_refusal
from tallystick.text.wording import Language, format_count

__all__ = ["FAMILY_PROBLEMS", "PROBLEMS", "Said", "say_problem"]


def _join(*tables: Mapping[str, ProblemRow]) -> dict[str, ProblemRow]:
    """Join tables whose codes must not meet."""
    found: dict[str, ProblemRow] = {}
    for table in tables:
        if twice := sorted(found.keys() & table.keys()):
            raise ValueError(f"said twice: {twice}")
        found.update(table)
    return found


PROBLEMS: Final[Mapping[str, ProblemRow]] = _join(
    ACCESS_PROBLEMS,
    CASE_PROBLEMS,
    CHOICE_PROBLEMS,
    ARCHIVE_PROBLEMS,
    ENGINE_PROBLEMS,
    FILE_PROBLEMS,
    FORM_PROBLEMS,
    LEDGER_PROBLEMS,
    LINK_PROBLEMS,
    MEMBER_PROBLEMS,
    STORE_PROBLEMS,
    GATEWAY_PROBLEMS,
    IPFS_PROBLEMS,
    IPNS_PROBLEMS,
    SPREAD_PROBLEMS,
    UNIXFS_PROBLEMS,
    VERB_PROBLEMS,
)
"""What is said of a code, by code."""

FAMILY_PROBLEMS: Final[Mapping[type[Error], ProblemRow]] = {
    Denied: ProblemRow(
        Phrase("您不能这样做", "You may not do this"),
        NOT_RECORDED,
        Phrase("交给有这项权限的同事来办。", "Hand it to a colleague who may."),
    ),
    NotFound: ProblemRow(
        Phrase("找不到您要的内容", "What you asked for is not here"),
        NOTHING_CHANGED,
        Phrase("核对编号或名称再试。", "Check the id or name and try again."),
    ),
    Conflict: ProblemRow(
        Phrase("这与已有的记录冲突", "This contradicts what is already recorded"),
        NOT_RECORDED,
        Phrase("重新载入，看看现在记着什么。", "Load the page again and look at what stands now."),
    ),
    Invalid: ProblemRow(
        Phrase("填写的内容不合规定", "What was entered breaks a rule"),
        TYPED_KEPT,
        Phrase("改正后再提交。", "Correct it and submit again."),
    ),
    Unavailable: ProblemRow(
        Phrase("现在办不了", "This cannot be done right now"),
        NOTHING_LOST,
        Phrase("过一会儿再试。", "Try again in a while."),
    ),
    Corrupt: ProblemRow(
        Phrase("有存储的内容损坏了", "Something stored or received is damaged"),
        DAMAGE_UNUSED,
        Phrase("停下手里的事，告诉运维人员。", "Stop, and tell the operator."),
    ),
    Error: ProblemRow(
        Phrase("系统自己出了故障", "The system itself failed"),
        UNSURE,
        Phrase(
            "先看有没有入账再重做；并告诉运维人员。",
            "Look whether it was recorded before you repeat it, and tell the operator.",
        ),
    ),
}
"""What is said of a code that has no words of its own."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Said:
    """One error as a person reads it.

    Attributes:
        title: what happened, one short sentence without its full stop.
        safe: what was kept, lost, or is uncertain.
        cure: what to do.
    """

    title: str
    safe: str
    cure: str


def say_problem(error: Error, language: Language) -> Said:
    """Return what a person reads of an error; none is without words.

    Args:
        error: of any family, raised here or told by the API.
        language: `zh` or `en`.
    """
    row = _refusal_row(error) or PROBLEMS.get(error.code) or _family_row(error)
    placed = _half(LEDGER_PLACED.get(error.code, row.title), language)
    return Said(
        _fill(placed, error.values) or _half(row.title, language),
        _half(row.safe, language),
        _half(row.cure, language),
    )


def _half(phrase: Phrase, language: Language) -> str:
    return phrase.zh if language == "zh" else phrase.en


def _family_row(error: Error) -> ProblemRow:
    """Return what is said of the nearest family the error belongs to."""
    return next(FAMILY_PROBLEMS[each] for each in type(error).__mro__ if each in FAMILY_PROBLEMS)


def _refusal_row(error: Error) -> ProblemRow | None:
    """Return which rule refused a record and what to do, None where that is not told or known."""
    code = error.values.get("code_number")
    if error.code != "record.refused" or type(code) is not int or code not in set(Refusal):
        return None
    plain = PROBLEMS[error.code]
    meaning = _not_recorded(explain_refusal(code, "zh"), explain_refusal(code, "en"))
    is_short = len(meaning.zh) <= TITLE_ZH_MAX and len(meaning.en) <= TITLE_EN_MAX
    named = _not_recorded(name_refusal(code, "zh"), name_refusal(code, "en"))
    cure = REFUSAL_CURES.get(Refusal(code), plain.cure)
    return ProblemRow(meaning if is_short else named, plain.safe, cure)


def _not_recorded(zh: str, en: str) -> Phrase:
    return Phrase(f"没有入账：{zh}", f"Not recorded: {en[0].lower()}{en[1:]}")


def _fill(text: str, values: Mapping[str, object]) -> str:
    """Return the text with its blanks filled, "" where a value is missing or may be a person's."""
    blanks = {match[1] for match in BLANK.finditer(text)}
    said = {name: _plain(values.get(name)) for name in blanks}
    return BLANK.sub(lambda match: said[match[1]], text) if all(said.values()) else ""


def _plain(value: object) -> str:
    """Return a whole number or a short plain name as text, "" for everything else."""
    if type(value) is int:
        return format_count(value)
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""
