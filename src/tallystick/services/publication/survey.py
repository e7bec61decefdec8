"""A survey and its villages as CSV: what each row says, and which line has no reading.

Laws: pure; a fault names its line and never what stands in it, since a row is a household.
Limits: as many rows as the text holds; who reads the file limits its size.
Source: RFC 4180.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final

from tallystick.base.errors import Invalid
from tallystick.services.publication.reach import Surveyed, Village

__all__ = [
    "FILE_BYTES_MAX",
    "SURVEY_HEAD",
    "VILLAGES_HEAD",
    "decode_file",
    "read_survey",
    "read_villages",
]

FILE_BYTES_MAX: Final = 1024 * 1024
"""Most bytes of a file that an officer brings."""
SURVEY_HEAD: Final = ("village", "group", "poor", "held")
"""A household a row: its village's code, its group, 1 or 0 each for poor and held; no name."""
VILLAGES_HEAD: Final = ("code", "zh", "en", "lon_micro", "lat_micro")
"""A village a row: code, names, and where it lies in millionths of a degree."""
_ANSWERS: Final = {"1": True, "0": False}
_MICRO: Final = frozenset({"lon_micro", "lat_micro"})


def decode_file(data: bytes) -> str:
    """Return the text of a file that an officer brought.

    Raises:
        Invalid: `programme.file`, it is too large, or not UTF-8 text.
    """
    cure = "Save it as CSV in UTF-8, or use the command line."
    if len(data) > FILE_BYTES_MAX:
        raise Invalid("programme.file", f"larger than {FILE_BYTES_MAX} bytes", cure=cure)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("programme.file", "the file is not UTF-8", cure=cure) from error
    if "\0" in text:
        raise Invalid("programme.file", "the file is no text", cure=cure)
    return text


def read_survey(text: str) -> Iterator[Surveyed]:
    """Yield the households of a survey.

    Raises:
        Invalid: `programme.row`, a line has no reading; it is in `values` and in the message.
    """
    for row in _read(text, SURVEY_HEAD, "survey"):
        yield Surveyed(row["village"], row["group"], _ANSWERS[row["poor"]], _ANSWERS[row["held"]])


def read_villages(text: str) -> list[Village]:
    """Return the villages of a list.

    Raises:
        Invalid: `programme.row`, a line has no reading, or names a village again.
    """
    found: dict[str, Village] = {}
    for line, row in enumerate(_read(text, VILLAGES_HEAD, "villages"), 2):
        if row["code"] in found:
            raise _fault("villages", line, "the village of an earlier line")
        place = int(row["lon_micro"]), int(row["lat_micro"])
        found[row["code"]] = Village(row["code"], row["zh"], row["en"], *place)
    return list(found.values())


def _read(text: str, names: tuple[str, ...], what: str) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(text.splitlines())
    try:
        if tuple(rows.fieldnames or ()) != names:
            raise _fault(what, 1, f"the head is not {','.join(names)}")
        for number, row in enumerate(rows, 2):
            if None in row or None in row.values() or not all(map(_is_cell, row.items())):
                raise _fault(what, number, f"no reading as {','.join(names)}")
            yield row
    except csv.Error as error:
        raise _fault(what, rows.line_num + 1, "no CSV") from error


def _is_cell(cell: tuple[str, str]) -> bool:
    name, text = cell
    if name in {"poor", "held"}:
        return text in _ANSWERS
    if name in _MICRO:
        digits = text.removeprefix("-")
        return digits.isdecimal() and digits.isascii() and len(digits) <= 9  # noqa: PLR2004 - 180 degrees
    return bool(text)


def _fault(what: str, line: int, why: str) -> Invalid:
    return Invalid(
        "programme.row",
        f"{what} line {line}: {why}",
        cure="Correct the line, or the head.",
        line=line,
    )
