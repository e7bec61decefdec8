"""A sheet looked through once, before its rows are read.

The library that reads cells tells neither whether a cell without a value is a formula, nor whether
rows stand out of order (it would pass them over), and it builds each row whole. So this pass finds
formulas that hold no value, proves that rows ascend and are of bounded length, and where they end.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from tallystick.base.errors import Invalid
from tallystick.sources.tables import RECORD_CHARACTERS_MAX
from tallystick.sources.workbook import sheet_refused, walk_part

__all__ = ["FORMULAS_MAX", "ROWS_MAX", "Survey", "survey_sheet"]

ROWS_MAX = 1_048_576
"""Most rows of a sheet, as spreadsheet programs have it."""
FORMULAS_MAX = 1_048_576
"""Most formulas without a value that are told one by one."""
_COLUMNS_MAX = 16_384


@dataclass(slots=True)
class Survey:
    """What a sheet holds.

    Attributes:
        last_row: number of the last row, from 1; 0 where there is none.
        uncached: row * 16,384 + column (from 0) of each formula without a value, ascending.
    """

    last_row: int = 0
    uncached: array[int] = field(default_factory=lambda: array("q"))

    def columns_uncached(self, row: int, start: int) -> tuple[set[int], int]:
        """Return columns, from 0, of the formulas of `row` without a value.

        Args:
            row: number of the row, from 1.
            start: where in `uncached` to look, 0 at first.

        Returns:
            The columns, and where to look for the next row.
        """
        found, low, high = set(), row * _COLUMNS_MAX, (row + 1) * _COLUMNS_MAX
        while start < len(self.uncached) and self.uncached[start] < high:
            if self.uncached[start] >= low:
                found.add(self.uncached[start] - low)
            start += 1
        return found, start


class _Surveyor:
    """Handlers of one pass; a cell is settled where the next cell or row begins."""

    def __init__(self) -> None:
        self.survey = Survey()
        self.column = -1
        self.row_began = 0
        self.parser: expat.XMLParserType | None = None
        self.kind = ""
        self.in_cell = self.is_formula = self.has_value = False

    def prepare(self, parser: expat.XMLParserType) -> None:
        self.parser = parser

    def on_start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self.settle()
            self.column = _column_of(attributes.get("r", ""), self.column + 1)
            self.kind = attributes.get("t", "n")
            self.in_cell = True
        elif name == "f" and self.in_cell:
            self.is_formula = True
        elif name == "v" and self.is_formula:
            # A formula may well give an empty text; any other kind of value is written out.
            self.has_value = self.kind == "str"
            assert self.parser is not None
            self.parser.CharacterDataHandler = self.on_text
        elif name == "row":
            self.settle()
            self.begin_row(attributes.get("r", ""))
        elif name == "extLst":
            # Extensions of the sheet hold formulas of their own, which are no cell's.
            self.settle()

    def on_text(self, text: str) -> None:
        self.has_value = self.has_value or bool(text.strip())

    def begin_row(self, written: str) -> None:
        row = int(written) if written.isdecimal() else self.survey.last_row + 1
        if not self.survey.last_row < row <= ROWS_MAX:
            raise sheet_refused(f"row {self.survey.last_row} is followed by row {row}")
        self.survey.last_row, self.column = row, -1
        assert self.parser is not None
        self.row_began = self.parser.CurrentByteIndex

    def on_chunk(self, _parser: expat.XMLParserType, fed: int) -> None:
        if fed - self.row_began > RECORD_CHARACTERS_MAX:
            raise sheet_refused(f"row {self.survey.last_row} exceeds {RECORD_CHARACTERS_MAX} bytes")

    def settle(self) -> None:
        if self.is_formula and not self.has_value:
            if len(self.survey.uncached) >= FORMULAS_MAX:
                raise uncalculated(f"over {FORMULAS_MAX} formulas hold no value")
            self.survey.uncached.append(self.survey.last_row * _COLUMNS_MAX + self.column)
        if self.is_formula and self.parser is not None:
            self.parser.CharacterDataHandler = None
        self.in_cell = self.is_formula = self.has_value = False


def survey_sheet(stream: IO[bytes]) -> Survey:
    """Return what the XML of one sheet holds.

    Raises:
        Invalid: `source.sheet_broken`, or `source.formula` where formulas beyond counting hold
            no value.
    """
    surveyor = _Surveyor()
    walk_part(stream, surveyor.on_start, on_chunk=surveyor.on_chunk, prepare=surveyor.prepare)
    surveyor.settle()
    return surveyor.survey


def uncalculated(fact: str) -> Invalid:
    """Return the fault of a formula that was never calculated."""
    return Invalid(
        "source.formula",
        fact,
        cure="Open the workbook in a spreadsheet program, let it calculate, and save it.",
    )


def _column_of(coordinate: str, following: int) -> int:
    """Return the column, from 0, of a cell such as `AB12`; without one, the following."""
    column = 0
    for letter in coordinate:
        if not "A" <= letter <= "Z":
            break
        column = column * 26 + ord(letter) - ord("A") + 1
    column = column - 1 if column else following
    if column >= _COLUMNS_MAX:
        raise sheet_refused(f"a cell stands beyond column {_COLUMNS_MAX}")
    return column
