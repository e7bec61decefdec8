"""Say a code in Chinese or English: `say(code, values, language)`.

Codes are those of reasons (bare) and of named tables (`gap.floor_month`, `scheme.student`,
`field.age_years`). Blanks are filled from `values` by the form the phrase names; a word of a table
that is not known there (a lender's own ident) is said as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from tallystick.base.errors import Invalid, NotFound
from tallystick.text.due import DUE
from tallystick.text.fields import FIELDS
from tallystick.text.gaps import GAPS
from tallystick.text.phrase import BLANK, NUMBER_FORMS, Phrase
from tallystick.text.reasons import REASONS
from tallystick.text.standing import STANDING
from tallystick.text.wording import (
    Language,
    format_area,
    format_count,
    format_money,
    format_month,
    format_months,
    format_percent,
    format_rate,
    format_ratio,
    format_years,
)
from tallystick.text.words import WORDS

__all__ = ["PHRASES", "say"]


def _join(*tables: Mapping[str, Phrase]) -> dict[str, Phrase]:
    """Join tables whose codes must not meet."""
    found: dict[str, Phrase] = {}
    for table in tables:
        if twice := sorted(set(found) & set(table)):
            raise ValueError(f"said twice: {twice}")
        found.update(table)
    return found


PHRASES: Mapping[str, Phrase] = _join(REASONS, GAPS, STANDING, DUE, WORDS, FIELDS)
"""Every phrase by code."""

_WRITE: Mapping[str, Callable[[int, Language], str]] = {
    "": lambda value, _: format_count(value),
    "money": format_money,
    "cents": lambda value, language: format_money(value, language, cents=True),
    "percent": lambda value, _: format_percent(value),
    "rate": lambda value, _: format_rate(value),
    "ratio": format_ratio,
    "month": format_month,
    "months": format_months,
    "years": format_years,
    "area": format_area,
}
assert set(_WRITE) == NUMBER_FORMS, "every number form is written"


def say(code: str, values: Mapping[str, int | str] | None = None, language: str = "zh") -> str:
    """Return what a code says.

    Args:
        code: of `PHRASES`.
        values: what fills the phrase's blanks; more than it needs is no fault.
        language: `zh` or `en`.

    Raises:
        NotFound: `text.code`.
        Invalid: `text.language`, or `text.value` where a blank has no value of its kind.

    >>> say("less_would_pass", {"x": 400_000}, "en")
    '¥4,000 less would pass'
    >>> say("share_of_income", {"p": 327_000}, "zh")
    '一年还款占收入 33%'
    """
    phrase = PHRASES.get(code)
    if phrase is None:
        raise NotFound("text.code", f"no text for {code!r}", cure="Add it in both languages.")
    if language not in ("zh", "en"):
        raise Invalid("text.language", f"{language!r} is neither zh nor en", cure="Choose one.")
    given = values or {}
    tongue = cast("Language", language)
    template = phrase.zh if tongue == "zh" else phrase.en
    return BLANK.sub(lambda match: _fill(code, match[1], match[2] or "", given, tongue), template)


def _fill(
    code: str, name: str, form: str, values: Mapping[str, int | str], language: Language
) -> str:
    """Return the text of one blank."""
    value = values.get(name)
    if form in _WRITE and type(value) is int:
        return _WRITE[form](value, language)
    if form not in _WRITE and isinstance(value, str):
        known = PHRASES.get(f"{form}.{value}")
        if known is None:
            return value
        return known.zh if language == "zh" else known.en
    raise Invalid(
        "text.value",
        f"{code} needs {name} as {form or 'a number'}, found {type(value).__name__}",
        cure="Give the reason the values its phrase names.",
    )
