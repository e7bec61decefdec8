"""What is wrong with the answers of a new case, and what is hardly meant (a zero missing).

Laws: pure. A doubt is no refusal: whoever types may say that the figure is right, and changing it
asks anew. Bounds are wide, so that they catch slips of the hand and not poor or rich households.
Source: the county's practice (ranges of the intake form).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tallystick.console.pages.new_case_home import LISTS
from tallystick.console.pages.new_case_question import PPM, Answers, Question
from tallystick.console.pages.new_case_questions import find_question, is_asked, list_asked
from tallystick.console.pages.new_case_value import Wrong, find_wrong, read_value
from tallystick.text.phrase import Phrase
from tallystick.text.wording import format_money

__all__ = ["Fault", "find_faults", "name_doubt", "read_answer"]

_FEN: Final = 100
_LIVING_LOW: Final = 2_000 * _FEN
_LIVING_HIGH: Final = 80_000 * _FEN
_WAGE_LOW: Final = 300 * _FEN
_WAGE_HIGH: Final = 30_000 * _FEN
_SAVINGS_HIGH: Final = 5_000_000 * _FEN
_AREA_HIGH: Final = 2_000 * _FEN
_AMOUNT_LOW: Final = 500 * _FEN
_AMOUNT_HIGH: Final = 3_000_000 * _FEN
_PERCENT: Final = PPM // 100
_RATE_HIGH: Final = 40 * _PERCENT
ROWS_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands against an answer.

    Attributes:
        field: question, or cell of a list such as `crops-0-area`.
        step: where it is asked, from 0.
        said: what to do.
        is_doubt: whether it may be meant as it is.
    """

    field: str
    step: int
    said: Phrase
    is_doubt: bool = False


def read_answer(answers: Answers, name: str) -> Any:  # noqa: ANN401 - as its kind
    """Return the value of an answer that is asked for, None where there is none to be read."""
    question = find_question(name)
    if not is_asked(question, answers):
        return None
    try:
        return read_value(question, answers.get(name))
    except Wrong:
        return None


def find_faults(answers: Answers, step: int | None = None) -> list[Fault]:
    """Return what stands against the answers of one step or of all, in the form's order."""
    found = [*_find_wrongs(answers, step), *_find_contradictions(answers)]
    sure = set(answers.get("sure", ()))
    taken = {each.field for each in found}
    found += [
        each
        for each in _find_doubts(answers)
        if each.field not in taken and name_doubt(answers, each.field) not in sure
    ]
    return sorted((each for each in found if step in (None, each.step)), key=lambda each: each.step)


def name_doubt(answers: Answers, field: str) -> str:
    """Return what a doubt is called once somebody said that the figure is right."""
    if "-" in field:
        group, place, column = field.split("-", 2)
        return f"{field}={answers[group][int(place)].get(column, '')}"
    return f"{field}={answers.get(field, '')}"


def _find_wrongs(answers: Answers, step: int | None) -> Iterator[Fault]:
    for question in list_asked(answers, step):
        said = find_wrong(question, answers.get(question.name))
        if said is not None:
            yield Fault(question.name, question.step, said)
    for group, columns in LISTS.items():
        for place, row in enumerate(answers.get(group, ())):
            yield from _find_wrong_cells(f"{group}-{place}", columns, row)


def _find_wrong_cells(row: str, columns: tuple[Question, ...], cells: Answers) -> Iterator[Fault]:
    for column in columns:
        said = find_wrong(column, cells.get(column.name))
        if said is not None:
            yield Fault(f"{row}-{column.name}", column.step, said)


_ORDERED: Final = (
    ("amount", "cost", "总投入不能少于要的钱", "The cost cannot be less than what is asked"),
    ("sale_first", "sale_last", "不能早于头一次卖", "It cannot be before the first sale"),
    ("needed", "sale_first", "不能早于用钱的月份", "It cannot be before the money is needed"),
    ("workers", "persons", "不能比能干活的人少", "It cannot be fewer than those who work"),
    ("insure_from", "insure_to", "收获不能早于下种", "The harvest cannot be before sowing"),
)
"""Pairs of which the second may not be less than the first."""


def _find_contradictions(answers: Answers) -> Iterator[Fault]:
    """Yield answers that cannot both be true."""
    for low, high, zh, en in _ORDERED:
        one, two = read_answer(answers, low), read_answer(answers, high)
        if one is not None and two is not None and two < one:
            yield Fault(high, find_question(high).step, Phrase(zh, en))
    usual, bad = read_answer(answers, "gain"), read_answer(answers, "gain_low")
    if usual is not None and bad is not None and bad > usual:
        said = Phrase("差年景不会比一般年景多", "A bad year cannot bring more than a usual one")
        yield Fault("gain_low", find_question("gain_low").step, said)


_RANGES: Final = (
    ("wage", _WAGE_LOW, _WAGE_HIGH),
    ("savings", 0, _SAVINGS_HIGH),
    ("amount", _AMOUNT_LOW, _AMOUNT_HIGH),
)


def _find_doubts(answers: Answers) -> Iterator[Fault]:
    for name, low, high in _RANGES:
        found = read_answer(answers, name)
        if found and not low <= found <= high:
            yield _doubt(name, _money(found), is_low=found < low)
    living, persons = read_answer(answers, "living"), read_answer(answers, "persons")
    if living and persons and not _LIVING_LOW <= living // persons <= _LIVING_HIGH:
        said = _money(living)
        people = "1 person" if persons == 1 else f"{persons} people"
        said = Phrase(f"{persons} 口人一年 {said.zh}", f"{said.en} a year for {people}")
        yield _doubt("living", said, is_low=living // persons < _LIVING_LOW)
    yield from _doubt_cells(answers, "crops", "area", _AREA_HIGH)
    yield from _doubt_cells(answers, "debts", "rate", _RATE_HIGH)


def _doubt_cells(answers: Answers, group: str, column: str, high: int) -> Iterator[Fault]:
    question = next(each for each in LISTS[group] if each.name == column)
    for place, row in enumerate(answers.get(group, ())):
        try:
            found = read_value(question, row.get(column))
        except Wrong:
            continue
        if isinstance(found, int) and found > high:
            figure = str(row[column]).strip()
            yield _doubt(f"{group}-{place}-{column}", Phrase(figure, figure), is_low=False)


def _money(minor: int) -> Phrase:
    return Phrase(format_money(minor, "zh"), format_money(minor, "en"))


def _doubt(field: str, figure: Phrase, *, is_low: bool) -> Fault:
    zh, en = (
        ("偏低，是不是少写了一个 0？", "looks low. Is a zero missing?")
        if is_low
        else ("偏高，是不是多写了一个 0？", "looks high. Is there a zero too many?")
    )
    said = Phrase(f"{figure.zh}{zh}", f"{figure.en} {en}")
    return Fault(field, find_question(field).step, said, is_doubt=True)
