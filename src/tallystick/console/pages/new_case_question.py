"""What a question of a new case is: its leaf, its words, and when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from tallystick.text.fields import FIELDS
from tallystick.text.phrase import Phrase
from tallystick.text.words import WORDS

__all__ = [
    "BORROWED",
    "MONTHS",
    "MONTH_MAX",
    "MU",
    "PERCENT",
    "PERSONS",
    "PPM",
    "YUAN",
    "Answers",
    "Given",
    "Question",
    "name_words",
    "one_of",
    "pair_words",
]

Given: TypeAlias = Any
"""What a browser sends: text, a list of texts; never trusted to be either."""
Answers = Mapping[str, Any]
"""What was typed, by question: text, a list of texts, or a list of rows of texts."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        name: its key among the answers.
        step: in which step it is asked, from 0.
        label: shown above it.
        kind: `text`, `words`, `money` (yuan), `signed` (yuan, may be a loss), `count`, `area` (mu),
            `percent`, `choice`, `yes`, `month`, `months` or `crops` (which rows of the fields).
        hint: shown under it.
        path: the leaf it fills; "" where it fills none by itself.
        choices: of a choice.
        when: answers that call for it: name -> values; all must hold.
        is_needed: whether it may stay empty.
        low: least value, in the leaf's unit.
        high: greatest value, in the leaf's unit.
        unit: shown in the field.
        is_wide: whether it takes both columns.
    """

    name: str
    step: int
    label: Phrase
    kind: str = "text"
    hint: Phrase | None = None
    path: str = ""
    choices: Mapping[str, Phrase] = field(default_factory=dict)
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_needed: bool = False
    low: int = 0
    high: int = 10**12
    unit: Phrase | None = None
    is_wide: bool = False


def name_words(family: str, names: str) -> dict[str, Phrase]:
    """Return choices whose words the product knows already."""
    words = WORDS if f"{family}.{names.split(maxsplit=1)[0]}" in WORDS else FIELDS
    return {name: _begin(words[f"{family}.{name}"]) for name in names.split()}


def _begin(phrase: Phrase) -> Phrase:
    """Return a phrase as it stands by itself: the English half with a capital."""
    return Phrase(phrase.zh, phrase.en[:1].upper() + phrase.en[1:])


def pair_words(**named: tuple[str, str]) -> dict[str, Phrase]:
    """Return choices with words of their own."""
    return {name: Phrase(*pair) for name, pair in named.items()}


def one_of(names: str) -> frozenset[str]:
    """Return names written beside one another as a set."""
    return frozenset(names.split())


BORROWED: Final = one_of("borrow lease")
"""Kinds of need that are repaid."""
YUAN: Final = Phrase("元", "yuan")
MONTHS: Final = Phrase("个月", "months")
PERSONS: Final = Phrase("人", "people")
MU: Final = Phrase("亩", "mu")
PERCENT: Final = Phrase("%", "%")
MONTH_MAX: Final = 12 * 3_000
PPM: Final = 1_000_000
