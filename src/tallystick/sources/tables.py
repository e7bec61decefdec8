"""Tables of text, row by row: CSV in its dialects and ARFF.

A row is a list of cells in the header's order. A fault of one row (ragged, ill quoted) is yielded
in its place so that the others go on; a fault of the file (no header, a name twice, a quote that
never closes) is raised. Header names are never quoted from the file: without a header they would
be somebody's data. Source of ARFF: Weka's manual, dense form.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from tallystick.base.errors import Invalid
from tallystick.sources.opening import Lines

__all__ = [
    "COLUMNS_MAX",
    "DELIMITERS",
    "RECORD_CHARACTERS_MAX",
    "RowOrFault",
    "check_header",
    "empty_refused",
    "header_refused",
    "read_arff",
    "read_csv",
    "sniff_delimiter",
]

COLUMNS_MAX = 4_096
"""Most columns of a table."""
RECORD_CHARACTERS_MAX = 4_194_304
"""Longest record, over all the lines that quotes tie together."""
DELIMITERS = (",", ";", "\t", "|")
"""Marks looked for where none is declared."""

RowOrFault = tuple[int, list[str] | Invalid]

_ATTRIBUTE = re.compile(
    r"@attribute\s+(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\S+?))(?:\s+.+|\s*\{.*)",
    re.IGNORECASE,
)
_ARFF_CELL = re.compile(
    r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^,'\"]*?))\s*(,|\Z)", re.DOTALL
)


def sniff_delimiter(header: str) -> str:
    """Return the mark of `DELIMITERS` that stands most often in `header` outside quotes.

    >>> sniff_delimiter('"a;b","c"')
    ','
    """
    bare = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=bare.count)


class _Bounded(Iterator[str]):
    """Lines for the csv module, counted so that a quote never closed cannot eat the file."""

    __slots__ = ("lines", "taken", "waiting")

    def __init__(self, lines: Lines, first: str) -> None:
        self.lines, self.waiting, self.taken = lines, first, 0

    def __next__(self) -> str:
        line, self.waiting = self.waiting or next(self.lines), ""
        self.taken += len(line)
        if self.taken > RECORD_CHARACTERS_MAX:
            raise _quote_open(self.lines.row)
        return line


def read_csv(
    lines: Lines,
    delimiter: str = "",
    columns: tuple[str, ...] = (),
    *,
    header: bool = True,
    header_row: int = 1,
) -> tuple[tuple[str, ...], Iterator[RowOrFault]]:
    """Return the header, and the rows numbered from 1.

    Args:
        lines: decoded lines.
        delimiter: one character, or empty to look for it in the first line.
        columns: names to use instead of those of the first line.
        header: whether the first line holds names.
        header_row: line at which the table begins, titles above it passed over.

    Raises:
        Invalid: `source.empty`, `source.columns`, `source.header_twice`.
    """
    for _ in range(header_row - 1):
        next(lines, None)
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise empty_refused()
    bounded = _Bounded(lines, first)
    reader = csv.reader(bounded, delimiter=delimiter or sniff_delimiter(first), strict=True)
    if header:
        try:
            names = tuple(name.strip() for name in next(reader))
        except csv.Error as error:
            raise header_refused("the header is ill quoted") from error
        if columns and len(columns) != len(names):
            raise header_refused(f"{len(columns)} names are declared for {len(names)} columns")
        names = columns or names
    else:
        names = columns
    check_header(names)
    return names, _csv_rows(reader, bounded, len(names))


def _csv_rows(reader: Iterator[list[str]], bounded: _Bounded, width: int) -> Iterator[RowOrFault]:
    row = 0
    while True:
        bounded.taken = 0
        bounded.lines.row = row + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            row += 1
            text = str(error)
            if "unexpected end" in text:
                raise _quote_open(row) from error
            if "field limit" in text:
                raise _cell_too_long(row) from error
            yield row, _ill_quoted()
            continue
        if cells is None:
            return
        if not cells:
            continue
        row += 1
        yield row, cells if len(cells) == width else ragged(len(cells), width)


def read_arff(lines: Lines) -> tuple[tuple[str, ...], Iterator[RowOrFault]]:
    """Return the attributes' names, and the rows numbered from 1 (dense form).

    Raises:
        Invalid: `source.arff` where the head is broken; as `read_csv` for the rest.
    """
    names: list[str] = []
    for line in lines:
        text = line.strip()
        if text[:5].lower() == "@data":
            check_header(tuple(names))
            return tuple(names), _arff_rows(lines, len(names))
        if text[:10].lower() == "@attribute":
            found = _ATTRIBUTE.fullmatch(text)
            if found is None or len(names) >= COLUMNS_MAX:
                raise _arff_refused(f"attribute {len(names) + 1} cannot be read")
            names.append(_unescape(found[1] or found[2] or found[3]))
        elif text and text[0] != "%" and text[:9].lower() != "@relation":
            raise _arff_refused(f"a line after attribute {len(names)} belongs to no head")
    raise _arff_refused("the file ends before @data") if names else empty_refused()


def _arff_rows(lines: Lines, width: int) -> Iterator[RowOrFault]:
    row = 0
    lines.row = 1
    for line in lines:
        text = line.strip()
        if not text or text[0] == "%":
            continue
        if text[0] == "{":
            raise _arff_refused("the rows are sparse")
        row += 1
        lines.row = row + 1
        cells = [cell.strip() for cell in text.split(",")] if _bare(text) else _arff_cells(text)
        if cells is None:
            yield row, _ill_quoted()
        else:
            yield row, cells if len(cells) == width else ragged(len(cells), width)


def _bare(text: str) -> bool:
    return "'" not in text and '"' not in text


def _arff_cells(text: str) -> list[str] | None:
    cells, end = [], 0
    while True:
        found = _ARFF_CELL.match(text, end)
        if found is None:
            return None
        quoted = found[1] if found[1] is not None else found[2]
        cells.append(found[3] if quoted is None else _unescape(quoted))
        end = found.end()
        if not found[4]:
            return cells


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def check_header(names: tuple[str, ...]) -> None:
    """Refuse a header without names, with too many, or with one name twice."""
    if not 0 < len(names) <= COLUMNS_MAX:
        raise header_refused(f"it has {len(names)} columns where 1 to {COLUMNS_MAX} are read")
    first: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if name in first:
            raise Invalid(
                "source.header_twice",
                f"columns {first[name]} and {number} carry the same name",
                cure="Name every column in columns of [file], or rename one in the file.",
                column=number,
            )
        first[name] = number


def ragged(found: int, expected: int) -> Invalid:
    """Return the fault of a row with another number of cells than the header."""
    return Invalid(
        "source.ragged",
        f"the row has {found} cells where the header has {expected}",
        cure="Quote cells that hold the delimiter, or declare the right delimiter.",
    )


def empty_refused() -> Invalid:
    """Return the refusal of a file without rows."""
    return Invalid("source.empty", "the file holds no row", cure="Export it again, with its rows.")


def _ill_quoted() -> Invalid:
    return Invalid(
        "source.quote",
        "the row's quotes do not close where a cell ends",
        cure="Write a quote inside a quoted cell twice.",
    )


def _quote_open(row: int) -> Invalid:
    return Invalid(
        "source.quote_open",
        f"a quote opened in row {row} does not close",
        cure="Close it, or write a quote inside a quoted cell twice.",
        row=row,
    )


def _cell_too_long(row: int) -> Invalid:
    return Invalid(
        "source.cell_too_long",
        f"a cell of row {row} exceeds {csv.field_size_limit()} characters",
        cure="Shorten it, or close a quote that was opened before it.",
        row=row,
    )


def header_refused(fact: str) -> Invalid:
    """Return the refusal of a header that does not fit the mapping."""
    return Invalid(
        "source.columns", fact, cure="Check delimiter, header and columns in [file] of the mapping."
    )


def _arff_refused(fact: str) -> Invalid:
    return Invalid("source.arff", fact, cure="Save it as dense ARFF, or as CSV with a header.")
