"""Applications out of a foreign file: one mapping, one pass, nothing lost.

Laws: a fault of the file refuses it at once; a fault of a row rejects that row and the others go
on; every row of the file comes out as an `Application` or as a `Rejected`, in the file's order.
Memory does not grow with the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tallystick.base.errors import Invalid
from tallystick.sources.assembly import Assembler
from tallystick.sources.cells import plain_text
from tallystick.sources.documents import Json, verbatim
from tallystick.sources.features import FeatureReader
from tallystick.sources.mapping import Mapping, Target
from tallystick.sources.opening import Lines, open_source
from tallystick.sources.recipes import Reference, origin_references
from tallystick.sources.rows import Record, Records, bind, check_columns, open_records
from tallystick.sources.tables import empty_refused
from tallystick.sources.updates import UpdateReader

__all__ = [
    "KEY_BYTES_MAX",
    "PROGRESS_ROWS",
    "REJECTED_KEPT",
    "Application",
    "Reading",
    "Rejected",
    "read_applications",
]

KEY_BYTES_MAX = 200
"""Longest id of a case, in bytes."""
REJECTED_KEPT = 10_000
"""Most rejected rows that a `Reading` keeps; all are yielded and counted."""
PROGRESS_ROWS = 1_024
"""Rows between two calls of the progress hook."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Application:
    """One application.

    Attributes:
        row: number of the row or document, from 1, header and blank lines not counted.
        key: the case's own id, or None.
        profile: leaves of the household; see `tallystick.records.applicant`.
        demand: leaves of what is asked for.
        features: integers for the scorecard by name; what is unknown has no entry.
        target: 0 where the loan ended well, 1 where it ended badly, None where unknown.
        defaults: paths whose values were not read from the file, sorted.
        expected: parts handed through unchanged by path, or None.
        protected: protected columns by name, for audits of fairness only.
        later: columns known only after the decision by name, for the search for leaks only.
        clamped: paths, and `features.` with the name, brought into a declared range.
        dates: month in which a datum was last updated, in months since year 0, by path of a leaf
            or of a nested list as a whole (`profile.crops`); only of what the file gave, and only
            where its date is known.
    """

    row: int
    key: str | None
    profile: dict[str, object]
    demand: dict[str, object]
    features: dict[str, int]
    target: int | None
    defaults: tuple[str, ...]
    expected: dict[str, object] | None
    protected: dict[str, int] = field(default_factory=dict)
    later: dict[str, int] = field(default_factory=dict)
    clamped: tuple[str, ...] = ()
    dates: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not become an application, by its first fault.

    Attributes:
        row: number of the row, from 1.
        column: column or path of the fault, or empty where the whole row is at fault.
        code: dotted code of the fault.
        message: the fact, without any value of the row.
        cure: what to do next.
    """

    row: int
    column: str
    code: str
    message: str
    cure: str

    def error(self) -> Invalid:
        """Return the rejection as an error that names row and column."""
        place = f"row {self.row}" + (f", column {self.column}" if self.column else "")
        return Invalid(
            self.code, f"{place}: {self.message}", cure=self.cure, row=self.row, column=self.column
        )


class Reading(Iterator["Application | Rejected"]):
    """An iterator over applications that keeps count; close it if it is left early.

    Attributes:
        rows: rows read so far.
        accepted: applications yielded so far.
        rejected: rejected rows, the first `REJECTED_KEPT` of them.
        codes: rejected rows by code, all of them.
        bytes_total: size of the file, 0 where unknown.
        format: `csv`, `arff`, `jsonl` or `xlsx`.
        unmapped: columns of a table that the mapping reads nothing from and does not declare
            as never read.
    """

    def __init__(
        self,
        source: Path | str | BinaryIO,
        mapping: Mapping,
        *,
        training: bool,
        strict: bool,
        progress: Progress | None,
    ) -> None:
        """Open the file, read its header and bind the mapping; see `read_applications`."""
        self.rows = self.accepted = 0
        self.rejected: list[Rejected] = []
        self.codes: Counter[str] = Counter()
        self._strict = strict
        self._progress = progress
        self._opened = open_source(source, mapping.layout.member)
        self.bytes_total = self._opened.total
        try:
            self._lines = Lines(self._opened, mapping.layout.encoding)
            references = _references(mapping, training=training)
            names = frozenset(reference.name for reference in references)
            records = open_records(self._opened, self._lines, mapping.layout, names)
            check_columns(references, records)
            self._bind(mapping, records, training=training)
        except BaseException:
            self._opened.close()
            raise
        self.format = records.format
        known = names.union(mapping.layout.unread)
        self.unmapped = tuple(name for name in records.header if name and name not in known)
        self._stream = self._run(records)

    def _bind(self, mapping: Mapping, records: Records, *, training: bool) -> None:
        self._assembler = Assembler(mapping, records)
        self._features = FeatureReader(mapping, records, training=training)
        self._updates = UpdateReader(mapping, records)
        self._key = bind(mapping.key, records) if mapping.key else None
        self._target = mapping.target if training else None
        self._find_target = bind(self._target.origin, records) if self._target else None
        self._keep = [(kept.name, bind(kept, records)) for kept in mapping.keep]

    def __next__(self) -> Application | Rejected:
        """Return the next application, or the row that could not become one.

        Raises:
            Invalid: a fault of the file; under `strict`, of a row.
        """
        return next(self._stream)

    def close(self) -> None:
        """Close the file; a reading that ran to its end has closed it."""
        self._stream.close()
        self._opened.close()

    @property
    def bytes_read(self) -> int:
        """Return bytes of the file read so far."""
        return self._opened.position()

    @property
    def encoding(self) -> str:
        """Return the text's encoding as declared or found; `ascii` until it shows."""
        return self._lines.encoding

    @property
    def unseen(self) -> tuple[str, ...]:
        """Return mapped columns or paths from which no row so far has had a value."""
        return tuple(sorted(self._assembler.unseen | self._updates.unseen))

    def _run(self, records: Records) -> Generator[Application | Rejected, None, None]:
        try:
            for row, record in records.rows:
                self.rows = row
                yield self._convert(row, record)
                if self._progress is not None and row % PROGRESS_ROWS == 0:
                    self._progress(self.bytes_read, self.bytes_total)
            if self.rows == 0:
                raise empty_refused()
            if self._progress is not None:
                self._progress(self.bytes_total, self.bytes_total)
        finally:
            self._opened.close()

    def _convert(self, row: int, record: Record | Invalid) -> Application | Rejected:
        try:
            if isinstance(record, Invalid):
                raise record
            application = self._application(row, record)
        except Invalid as fault:
            column = str(fault.values.get("column", ""))
            rejected = Rejected(row, column, fault.code, fault.message, fault.cure)
            if self._strict:
                raise rejected.error() from None
            self.codes[fault.code] += 1
            if len(self.rejected) < REJECTED_KEPT:
                self.rejected.append(rejected)
            return rejected
        self.accepted += 1
        return application

    def _application(self, row: int, record: Record) -> Application:
        built = self._assembler.build(record)
        read = self._features.read(record, built.clamped)
        target = None
        if self._target is not None and self._find_target is not None:
            target = _outcome(self._find_target(record), self._target)
        kept = {name: find(record) for name, find in self._keep}
        expected = {name: verbatim(part) for name, part in kept.items() if part is not None}
        return Application(
            row=row,
            key=_key_of(self._key(record)) if self._key else None,
            profile=built.tree["profile"],
            demand=built.tree["demand"],
            features=read.features,
            target=target,
            defaults=tuple(built.defaults),
            expected=expected or None,
            protected=read.protected,
            later=read.later,
            clamped=tuple(built.clamped),
            dates=self._updates.read(record, built.given.difference(built.defaults)),
        )


def read_applications(
    source: Path | str | BinaryIO,
    mapping: Mapping,
    *,
    training: bool = True,
    strict: bool = False,
    progress: Progress | None = None,
) -> Reading:
    """Return an iterator over the applications of a file, with counts.

    Args:
        source: path, or a seekable binary stream (never closed here).
        mapping: what the file's columns mean.
        training: whether target and features of use `train` are read; without it, a file need
            not have their columns.
        strict: whether the first fault of a row is raised instead of yielded.
        progress: called with bytes read and bytes in all, every `PROGRESS_ROWS` rows and at
            the end.

    Raises:
        NotFound: `source.absent`.
        Invalid: at once, for what is wrong with the whole file; while iterating, where the
            bytes end badly (`source.packing`, `source.encoding`, `source.bomb`,
            `source.line_too_long`, `source.binary`, `source.quote_open`, `source.empty`).
    """
    return Reading(source, mapping, training=training, strict=strict, progress=progress)


def _references(mapping: Mapping, *, training: bool) -> list[Reference]:
    """Return every column or path that will be read."""
    found = [
        reference
        for entry in mapping.fields
        for reference in origin_references(entry.recipe.origin)
    ]
    for feature in mapping.features:
        if feature.is_read(training=training):
            found += origin_references(feature.recipe.origin)
    for date in mapping.dates:
        found += origin_references(date.recipe.origin)
    if mapping.key is not None:
        found.append(mapping.key)
    if training and mapping.target is not None:
        found.append(mapping.target.origin)
    return [*found, *mapping.keep]


def _outcome(cell: Json, target: Target) -> int | None:
    text = plain_text(cell) or ""
    if text in target.good:
        return 0
    if text in target.bad:
        return 1
    if text in target.unknown:
        return None
    raise Invalid(
        "source.target_unknown",
        "the value is none of good, bad and unknown",
        cure="Add it to one of the three in [target].",
        column=target.origin.name,
    )


def _key_of(cell: Json) -> str | None:
    text = plain_text(cell)
    if text is not None and len(text.encode()) > KEY_BYTES_MAX:
        raise Invalid(
            "source.key",
            f"the case's id exceeds {KEY_BYTES_MAX} bytes",
            cure="Name the column of the id in [case], not a text.",
        )
    return str(text) if text else None
