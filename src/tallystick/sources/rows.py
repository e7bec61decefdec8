"""Records of a file as cells: where a recipe's origin stands in a row or document.

A row of a table is a list, a document of JSON lines a map; both are read through the same
functions, bound once per file. Columns that the file lacks are named all at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from tallystick.base.errors import Invalid
from tallystick.sources.cells import Absence, remembered
from tallystick.sources.documents import Document, Json, read_documents, walk_to
from tallystick.sources.mapping import Layout
from tallystick.sources.opening import Lines, Opened
from tallystick.sources.recipes import Origin, Reference
from tallystick.sources.sheets import read_sheet
from tallystick.sources.tables import read_arff, read_csv

__all__ = ["Record", "Records", "bind", "bind_formula", "check_columns", "open_records"]

Record = list[str] | Document
Find = Callable[[Record], Json]
_ENDINGS = {"arff": "arff", "jsonl": "jsonl", "ndjson": "jsonl"}


@dataclass(frozen=True, slots=True)
class Records:
    """A file's records.

    Attributes:
        format: `csv`, `arff`, `jsonl` or `xlsx`.
        header: names of the columns; empty for documents.
        rows: number from 1 and record, or the fault that stands in its place.
        missing: codes of absence that this format brings where the mapping states none.
    """

    format: str
    header: tuple[str, ...]
    rows: Iterator[tuple[int, Record | Invalid]]
    missing: frozenset[str]


def open_records(opened: Opened, lines: Lines, layout: Layout, wanted: frozenset[str]) -> Records:
    """Return the records of an opened file, its header already read.

    Args:
        opened: the file.
        lines: its lines, where it is text.
        layout: how it is written.
        wanted: names of the columns that will be read; of a workbook no others are looked into.

    Raises:
        Invalid: `source.format`; as `read_csv`, `read_arff` and `read_sheet`.
    """
    kind = layout.format
    if kind != "auto" and opened.workbook != (kind == "xlsx"):
        raise _format_refused(kind, workbook=opened.workbook)
    if opened.workbook:
        return _open_workbook(opened, lines, layout, wanted)
    if kind == "auto":
        kind = _ENDINGS.get(opened.name.lower().rpartition(".")[2], "csv")
    if kind == "jsonl":
        missing = layout.missing if layout.missing is not None else frozenset()
        return Records(
            kind, (), cast("Iterator[tuple[int, Record | Invalid]]", read_documents(lines)), missing
        )
    if kind == "arff":
        header, rows = read_arff(lines)
        marks = frozenset({"", "?"})
    else:
        header, rows = read_csv(
            lines,
            layout.delimiter,
            layout.columns,
            header=layout.header,
            header_row=layout.header_row,
        )
        marks = frozenset({""})
    found = cast("Iterator[tuple[int, Record | Invalid]]", rows)
    return Records(kind, header, found, marks if layout.missing is None else layout.missing)


def _open_workbook(opened: Opened, lines: Lines, layout: Layout, wanted: frozenset[str]) -> Records:
    header, rows = read_sheet(opened.packed, layout, wanted)
    lines.encoding = "utf-8"
    missing = frozenset({""}) if layout.missing is None else layout.missing
    return Records("xlsx", header, cast("Iterator[tuple[int, Record | Invalid]]", rows), missing)


def _format_refused(declared: str, *, workbook: bool) -> Invalid:
    found = "a workbook" if workbook else "no .xlsx workbook"
    return Invalid(
        "source.format",
        f"the file is {found}, and the mapping declares {declared}",
        cure="Correct format in [file], or leave it out.",
    )


def check_columns(references: list[Reference], records: Records) -> None:
    """Refuse references that no row of the file can answer, all at once.

    Raises:
        Invalid: `source.columns_missing`, `source.path_in_table`.
    """
    if records.format == "jsonl":
        return
    wanted = {reference.name: reference for reference in references}
    missing = sorted(name for name in wanted if name not in records.header)
    if missing:
        raise Invalid(
            "source.columns_missing",
            f"the file's {len(records.header)} columns lack {len(missing)} that the mapping "
            f"reads: {', '.join(missing)}",
            cure="Correct the names, the delimiter, or the header and columns keys of [file].",
            columns=tuple(missing),
        )


def bind(reference: Reference, records: Records) -> Find:
    """Return a function from a record to the cell of `reference`."""
    if records.format == "jsonl":
        return cast("Find", walk_to(reference.steps))
    return cast("Find", operator.itemgetter(records.header.index(reference.name)))


def bind_formula(
    origin: Origin, records: Records, number: Callable[[Json], Fraction | Absence]
) -> Callable[[Record], Fraction | None]:
    """Return a function from a record to the formula's exact result; None where unknown.

    Args:
        origin: a formula, or a column or path as its leaf.
        records: the file.
        number: from a cell to its exact number.
    """
    if isinstance(origin, Reference):
        find, number = bind(origin, records), remembered(number)

        def read(record: Record) -> Fraction | None:
            found = number(find(record))
            return None if isinstance(found, Absence) else found

        return read
    operands = tuple(bind_formula(operand, records, number) for operand in origin.operands)
    combine = _OPERATIONS[origin.operation]

    def work(record: Record) -> Fraction | None:
        values = [operand(record) for operand in operands]
        known = [value for value in values if value is not None]
        return combine(known) if len(known) == len(values) else None

    return work


def _ratio(values: list[Fraction]) -> Fraction | None:
    return values[0] / values[1] if values[1] else None


def _product(values: list[Fraction]) -> Fraction | None:
    result = values[0]
    for value in values[1:]:
        result *= value
    return result


_OPERATIONS: dict[str, Callable[[list[Fraction]], Fraction | None]] = {
    "ratio": _ratio,
    "difference": lambda values: values[0] - values[1],
    "sum": lambda values: sum(values[1:], values[0]),
    "product": _product,
}
