"""Rows of a workbook's sheet, streamed.

Laws: a formula is its stored value, and one that holds none is a fault of its row; a date is read
by the workbook's own epoch; an integer is exact or refused; only columns that the mapping reads are
looked into. Memory holds the table of shared texts and one row. A number with a fraction has the 15
digits that spreadsheet programs keep and show; beyond them stand traces of binary fractions.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar, cast

from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import is_date_format
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from tallystick.base.errors import Error, Invalid
from tallystick.sources.dates import Dated, date_refused
from tallystick.sources.mapping import Layout
from tallystick.sources.numbers import INTEGER_LIMIT
from tallystick.sources.opening import PACKING_ERRORS, packing_refused, reading_stopped
from tallystick.sources.survey import Survey, survey_sheet, uncalculated
from tallystick.sources.tables import RowOrFault, check_header, empty_refused, header_refused
from tallystick.sources.workbook import sheet_refused

__all__ = ["read_sheet"]

# The library's warnings quote cells, and cells are personal.
warnings.filterwarnings("ignore", module=r"openpyxl\.")

_DIGITS = ".15g"
_YEAR_FIRST = 1900
Cell = ReadOnlyCell | EmptyCell
Row = tuple[Cell, ...]
Result = TypeVar("Result")


def read_sheet(
    packed: BinaryIO, layout: Layout, wanted: frozenset[str]
) -> tuple[tuple[str, ...], Iterator[RowOrFault]]:
    """Return the header of a sheet, and its rows numbered from 1; empty rows pass.

    Args:
        packed: a workbook that `check_package` let through.
        layout: which sheet, and in which of its rows the header stands.
        wanted: names of the columns to look into; all others are empty texts.

    Raises:
        Invalid: `source.sheet_missing`, `source.sheet_broken`, `source.formula`, `source.empty`,
            `source.columns`, `source.header_twice`.
    """
    reader = _guard(lambda: _open_reader(packed))
    sheet, part = _guard(lambda: _find_sheet(reader, layout.sheet))
    survey = _guard(lambda: _survey(reader, part))
    rows = _numbered(sheet, survey)
    names = _read_header(rows, layout)
    columns = _Columns(names, wanted, layout.missing or frozenset(), survey)
    return names, columns.read(rows)


def _open_reader(packed: BinaryIO) -> ExcelReader:
    packed.seek(0)
    reader = ExcelReader(packed, read_only=True, data_only=True, keep_links=False)
    reader.read()
    return reader


def _find_sheet(reader: ExcelReader, name: str) -> tuple[ReadOnlyWorksheet, str]:
    """Return the named sheet, or the first that is not hidden, and its part of the package."""
    sheets = reader.wb.worksheets
    for sheet in sheets:
        if sheet.title == name if name else sheet.sheet_state == "visible":
            parts = {each.name: relation.target for each, relation in reader.parser.find_sheets()}
            return cast("ReadOnlyWorksheet", sheet), str(parts[sheet.title])
    raise Invalid(
        "source.sheet_missing",
        f"of the workbook's {len(sheets)} sheets there is none "
        + (f"named {name}" if name else "that is visible"),
        cure="Correct sheet in [file], or leave it out for the first visible one.",
    )


def _survey(reader: ExcelReader, part: str) -> Survey:
    with reader.archive.open(part) as stream:
        return survey_sheet(stream)


def _numbered(sheet: ReadOnlyWorksheet, survey: Survey) -> Iterator[tuple[int, Row]]:
    """Yield number and cells of each row, up to the last; what stands behind is never parsed."""
    # Programs state a sheet's size wrongly, and the library would cut it off there.
    sheet.reset_dimensions()
    rows = cast("Iterator[Row]", sheet.rows)
    for number in range(1, survey.last_row + 1):
        yield number, _guard(lambda: next(rows))


def _read_header(rows: Iterator[tuple[int, Row]], layout: Layout) -> tuple[str, ...]:
    """Return the columns' names; a blank one takes the text above it, as merged cells show it."""
    if not layout.header:
        for _ in range(layout.header_row - 1):
            next(rows, None)
        return layout.columns
    names: dict[int, str] = {}
    for number, row in rows:
        shown = {place: _name_of(cell) for place, cell in enumerate(row)}
        names |= {place: name for place, name in shown.items() if name}
        if number == layout.header_row:
            # Names declared by the mapping stand for the row's own cells alone.
            counted = shown if layout.columns else names
            width = max((place + 1 for place in counted if counted[place]), default=0)
            return _named(tuple(names.get(place, "") for place in range(width)), layout)
    raise empty_refused()


def _named(names: tuple[str, ...], layout: Layout) -> tuple[str, ...]:
    if layout.columns and len(layout.columns) != len(names):
        raise header_refused(f"{len(layout.columns)} names are declared for {len(names)} columns")
    names = layout.columns or names
    # A column without a name cannot be read, so several may lack one.
    check_header(tuple(name or f"\0{place}" for place, name in enumerate(names)))
    return names


def _name_of(cell: Cell) -> str:
    """Return a header cell's text, its line breaks taken out."""
    return "" if cell.value is None else "".join(str(cell.value).splitlines()).strip()


class _Columns:
    """The columns that are read, and how their cells become texts."""

    def __init__(
        self,
        names: tuple[str, ...],
        wanted: frozenset[str],
        missing: frozenset[str],
        survey: Survey,
    ) -> None:
        self._width = len(names)
        self._places = [(place, name) for place, name in enumerate(names) if name in wanted]
        self._missing = missing
        self._survey = survey

    def read(self, rows: Iterator[tuple[int, Row]]) -> Iterator[RowOrFault]:
        """Yield each row that is not empty, numbered from 1, or the fault in its place."""
        count = start = 0
        for number, row in rows:
            uncached, start = self._survey.columns_uncached(number, start)
            if not uncached and all(_is_blank(cell) for cell in row):
                continue
            count += 1
            yield count, self._texts(row, uncached)

    def _texts(self, row: Row, uncached: set[int]) -> list[str] | Invalid:
        texts = [""] * self._width
        for place, name in self._places:
            try:
                if place in uncached:
                    raise uncalculated("the formula holds no value, for it was never calculated")
                if place < len(row) and row[place].value is not None:
                    texts[place] = _text_of(row[place], self._missing)
            except Invalid as fault:
                fault.values["column"] = name
                return fault
        return texts


def _is_blank(cell: Cell) -> bool:
    return cell.value is None or (isinstance(cell.value, str) and not cell.value.strip())


def _text_of(cell: Cell, missing: frozenset[str]) -> str:
    """Return a cell as text; a date as `Dated`, so that no pattern is needed to read it.

    Raises:
        Invalid: `source.formula_error`, `source.date`, `source.number_long`.
    """
    value = cell.value
    if cell.data_type == "e":
        return _error_text(cell, missing)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(value)
    if isinstance(value, datetime.date):
        if value.year < _YEAR_FIRST:
            raise date_refused("no calendar of a workbook holds this date")
        return Dated(value.isoformat()[:10])
    return str(value)


def _error_text(cell: Cell, missing: frozenset[str]) -> str:
    text = str(cell.value)
    if text in missing:
        return text
    if is_date_format(cell.number_format):
        # The library says so of a number in a cell of dates that is none.
        raise date_refused("the cell is formatted as a date, and its number is none")
    raise Invalid(
        "source.formula_error",
        "the cell shows an error of its formula, such as #N/A or #REF!",
        cure="Correct the formula, or name the error in missing of [file].",
    )


def _number_text(value: float) -> str:
    if abs(value) >= INTEGER_LIMIT:
        raise Invalid(
            "source.number_long",
            "a number of 2^53 or more stands here, whose last digits a spreadsheet loses",
            cure="Format the column as text, and enter the digits again from their source.",
        )
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return format(value, _DIGITS)


def _guard(read: Callable[[], Result]) -> Result:
    """Run a step of the library; whatever breaks it in a foreign workbook is one refusal.

    Raises:
        Unavailable: `source.unreadable` where the disk or network fails.
        Invalid: `source.packing` or `source.sheet_broken`.
    """
    try:
        return read()
    except Error:
        raise
    except PACKING_ERRORS as error:
        raise packing_refused() from error
    except OSError as error:
        if error.errno is None:
            raise sheet_refused("its parts do not fit together") from error
        raise reading_stopped(error) from error
    except Exception as error:
        raise sheet_refused("its parts do not fit together") from error
