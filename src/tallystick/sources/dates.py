"""Dates written by others, read as a month index (year * 12 + month - 1).

A pattern is made of YYYY, YY, MM, M, DD, D, Mon, a closing `*` (anything follows) and literal
marks. Counted dates are named by their epoch. A date that no calendar holds is refused.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from tallystick.base.errors import Invalid
from tallystick.sources.numbers import Style, parse_number

__all__ = ["DATE_EPOCHS", "Dated", "compile_date", "date_refused", "month_index"]

DATE_EPOCHS = {
    "sas_days": "days since 1960-01-01",
    "unix_days": "days since 1970-01-01",
    "unix_seconds": "seconds since 1970-01-01",
    "excel_days": "days since 1899-12-30",
}
"""Short names of the counted dates that statistical packages write."""

_TOKENS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "YY": r"(?P<short>[0-9]{2})",
    "Mon": r"(?P<name>[A-Za-z]{3,9})",
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{2})",
    "D": r"(?P<day>[0-9]{1,2})",
    "*": r".*",
}
_TOKEN = re.compile(r"YYYY|YY|Mon|MM|M|DD|D|\*")
_COUNTED = re.compile(r"(days|seconds) since ([0-9]{4}-[0-9]{2}-[0-9]{2})")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS_PER_DAY = 86_400
_CENTURY_MAX = 9_900


class Dated(str):
    """A date that a file holds as such, written `YYYY-MM-DD`; no pattern is needed to read it."""

    __slots__ = ()

    @property
    def month(self) -> int:
        """Return the date's month index."""
        return month_index(int(self[:4]), int(self[5:7]))


def month_index(year: int, month: int) -> int:
    """Return months since year 0.

    >>> month_index(2027, 1)
    24324
    """
    return year * 12 + month - 1


def compile_date(pattern: str, century: int = 0) -> Callable[[str], int]:
    """Return a function from a date's text to its month index.

    Args:
        pattern: tokens as in the module's first lines, `days since YYYY-MM-DD`,
            `seconds since YYYY-MM-DD`, or a name of `DATE_EPOCHS`.
        century: first year of the hundred that YY names; 0 where there is no YY.

    Raises:
        Invalid: `mapping.date` where the pattern names no year and month, or YY no century.
    """
    counted = _COUNTED.fullmatch(DATE_EPOCHS.get(pattern, pattern))
    if counted is not None:
        return _compile_counted(counted[1], counted[2])
    expression = _expression(pattern)
    groups = expression.groupindex
    if not ({"year", "short"} & set(groups)) or not ({"month", "name"} & set(groups)):
        raise _pattern_refused("it names no year and month")
    if "short" in groups and not 0 < century <= _CENTURY_MAX:
        raise _pattern_refused("YY needs century, the first year of its hundred")

    def read(text: str) -> int:
        found = expression.fullmatch(text.strip())
        if found is None:
            raise date_refused("the value is not a date of the declared pattern")
        return _month_of(found.groupdict(), century)

    return read


def _compile_counted(unit: str, epoch: str) -> Callable[[str], int]:
    try:
        first = datetime.date.fromisoformat(epoch).toordinal()
    except ValueError as error:
        raise _pattern_refused("its epoch is not a date") from error
    divisor = 1 if unit == "days" else _SECONDS_PER_DAY

    def read(text: str) -> int:
        ordinal = first + parse_number(text, Style()) // divisor
        if not 1 <= ordinal <= datetime.date.max.toordinal():
            raise date_refused("the count of days leaves the calendar")
        day = datetime.date.fromordinal(ordinal)
        return month_index(day.year, day.month)

    return read


def _expression(pattern: str) -> re.Pattern[str]:
    parts, end = [], 0
    for token in _TOKEN.finditer(pattern):
        parts += [re.escape(pattern[end : token.start()]), _TOKENS[token[0]]]
        end = token.end()
    try:
        return re.compile("".join([*parts, re.escape(pattern[end:])]), re.DOTALL)
    except re.error as error:
        raise _pattern_refused("it names one part twice") from error


def _month_of(parts: dict[str, str | None], century: int) -> int:
    if parts.get("year") is not None:
        year = int(parts["year"] or "")
    else:
        year = century + (int(parts["short"] or "") - century) % 100
    name = (parts.get("name") or "")[:3].lower()
    if name and name not in _NAMES:
        raise date_refused("the month's name is not an English one")
    month = _NAMES.index(name) + 1 if name else int(parts["month"] or "")
    try:
        day = datetime.date(year, month, int(parts.get("day") or 1))
    except ValueError as error:
        raise date_refused("no calendar holds this date") from error
    return month_index(day.year, day.month)


def date_refused(fact: str) -> Invalid:
    """Return the fault of a value that is no date."""
    return Invalid(
        "source.date",
        fact,
        cure="Correct the row, or the field's date pattern; see docs/mapping.md.",
    )


def _pattern_refused(fact: str) -> Invalid:
    return Invalid(
        "mapping.date",
        f"the date pattern cannot be used: {fact}",
        cure='Write one such as "YYYY-MM-DD", "days since 1960-01-01" or sas_days.',
    )
