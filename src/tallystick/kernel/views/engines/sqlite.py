"""Views in one SQLite file.

The file is derived: it may be lost, corrupted or of another version of the tables at any time and
is folded again from the chain, so it is not synced on every commit. Text comes back as text, bytes
as bytes, and what is absent as None.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import encode, sha256
from tallystick.base.errors import Corrupt, NotFound, Unavailable
from tallystick.kernel.store.database import Database
from tallystick.kernel.views.base import PAGE_MAX, Row
from tallystick.records.view import Op, Put, Table

__all__ = ["SqliteViews"]

_SQL_TYPES: Final = {"integer": "INTEGER", "text": "TEXT", "blob": "BLOB"}
_PART: Final = "views"


def _quote(name: str) -> str:
    return f'"{name}"'


def _schema_of(tables: Iterable[Table]) -> str:
    """Return the statements that make the tables; names are declared in code, never given."""
    found = ["CREATE TABLE fold (one INTEGER PRIMARY KEY, height INTEGER NOT NULL)"]
    found.append("INSERT INTO fold VALUES (1, 0)")
    for table in tables:
        name = table.name
        columns = ", ".join(f"{_quote(n)} {_SQL_TYPES[kind]}" for n, kind in table.columns.items())
        key = ", ".join(map(_quote, table.key))
        found.append(f"CREATE TABLE {_quote(name)} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID")
        found += [
            f"CREATE INDEX {_quote(f'{name}_{column}')} ON {_quote(name)} ({_quote(column)})"
            for column in table.indexed
        ]
    return ";".join(found)


@cache
def _put_statement(table: str, key: tuple[str, ...], names: tuple[str, ...]) -> str:
    rest = [_quote(name) for name in names if name not in key]
    change = ", ".join(f"{name} = excluded.{name}" for name in rest)
    return (
        f"INSERT INTO {_quote(table)} ({', '.join(map(_quote, names))})"  # noqa: S608 - names are declared
        f" VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT DO {f'UPDATE SET {change}' if rest else 'NOTHING'}"
    )


def _tests_of(table: Table, where: Mapping[str, Any]) -> str:
    for name in where:
        _check_column(table, name)
    return " AND ".join(f"{_quote(name)} IS ?" for name in where)


def _check_column(table: Table, name: str) -> None:
    if name not in table.columns:
        raise NotFound(
            "views.column",
            f"{table.name} has no column {name}",
            cure="Ask for one of the view's columns.",
        )


def _beyond(table: Table, order: str, row: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the test for rows that come after `row`; NULL comes before all values."""
    keys = ", ".join(map(_quote, table.key))
    later = f"({keys}) > ({', '.join('?' * len(table.key))})"
    values = [row[name] for name in table.key]
    name = order.lstrip("-")
    if not name:
        return later, values
    column, value = _quote(name), row[name]
    if order.startswith("-"):
        further = "0" if value is None else f"({column} < ? OR {column} IS NULL)"
    else:
        further = f"{column} IS NOT NULL" if value is None else f"{column} > ?"
    first = [] if value is None else [value]
    return f"({further} OR ({column} IS ? AND {later}))", [*first, value, *values]


class SqliteViews:
    """Views of one member.

    Raises:
        Corrupt: `database.corrupt`, or `views.corrupt` where the tables are another version's;
            either way the file is to be made anew.
    """

    def __init__(self, path: Path, tables: Iterable[Table]) -> None:
        self._tables = {table.name: table for table in tables}
        # Many reads make one digest, so no block may come between them.
        self._lock = threading.RLock()
        schema = _schema_of(self._tables.values())
        version = int.from_bytes(sha256(schema.encode())[:4], "big") >> 1
        try:
            self._file = Database.write(path, _PART, schema, version)
        except Unavailable as error:
            if error.code != "database.version":
                raise
            raise Corrupt(
                "views.corrupt",
                "views.db holds the tables of another version",
                cure="Run `tally rebuild`; nothing is lost.",
            ) from error
        self._file.run("PRAGMA synchronous = NORMAL")

    def height(self) -> int:
        """Return the height the tables stand at; 0 before the first block."""
        return int(self._file.value("SELECT height FROM fold"))

    def apply(self, height: int, ops: Sequence[Op]) -> None:
        """Apply a block's operations; `height` must follow the present one."""
        with self._lock, self._file.transaction():
            assert height == self.height() + 1
            of_table: defaultdict[str, list[Op]] = defaultdict(list)
            for op in ops:
                of_table[op.table].append(op)
            # Tables do not touch one another; within one the order of the block holds.
            for name, found in of_table.items():
                self._run(self._tables[name], found)
            self._file.run("UPDATE fold SET height = ?", (height,))

    def _run(self, table: Table, ops: Sequence[Op]) -> None:
        for is_put, group in itertools.groupby(ops, lambda op: isinstance(op, Put)):
            if is_put:
                self._put(table, [op.row for op in group if isinstance(op, Put)])
                continue
            for op in group:
                assert not isinstance(op, Put)
                tests = _tests_of(table, op.key)
                statement = f"DELETE FROM {_quote(table.name)} WHERE {tests}"  # noqa: S608 - names are declared
                self._file.run(statement, tuple(op.key.values()))

    def _put(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write what puts in a row come to: one write a key, one statement a set of columns."""
        of_key: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            of_key.setdefault(tuple(row[name] for name in table.key), {}).update(row)
        of_columns: defaultdict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for merged in of_key.values():
            of_columns[tuple(merged)].append(tuple(merged.values()))
        for names, found in of_columns.items():
            self._file.run_many(_put_statement(table.name, table.key, names), found)

    def _table(self, name: str) -> Table:
        found = self._tables.get(name)
        if found is None:
            raise NotFound(
                "views.table", f"no view is named {name}", cure="See docs/spec/views.md."
            )
        return found

    def rows(
        self,
        table: str,
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "",
        limit: int = PAGE_MAX,
        offset: int = 0,
        after: Mapping[str, Any] | None = None,
    ) -> list[Row]:
        """Return up to `limit` rows whose columns equal `where`; order "-column" descends."""
        found = self._table(table)
        tests = [_tests_of(found, where)] if where else []
        values = list(where.values()) if where else []
        name = order.lstrip("-")
        sort = ", ".join(map(_quote, found.key))
        if name:
            _check_column(found, name)
            sort = f"{_quote(name)} {'DESC' if order.startswith('-') else 'ASC'}, {sort}"
        if after is not None:
            test, more = _beyond(found, order, after)
            tests, values = [*tests, test], [*values, *more]
        test = f" WHERE {' AND '.join(tests)}" if tests else ""
        query = f"SELECT {_columns(found)} FROM {_quote(found.name)}{test}"  # noqa: S608 - names are declared
        page = (*values, min(limit, PAGE_MAX), offset)
        raw = self._file.rows(f"{query} ORDER BY {sort} LIMIT ? OFFSET ?", page)
        return list(_told(found, raw))

    def count(self, table: str, where: Mapping[str, Any] | None = None) -> int:
        """Return how many rows equal `where`."""
        found = self._table(table)
        test = f" WHERE {_tests_of(found, where)}" if where else ""
        query = f"SELECT count(*) FROM {_quote(found.name)}{test}"  # noqa: S608 - names are declared
        return int(self._file.value(query, tuple(where.values()) if where else ()))

    def digest(self, table: str) -> bytes:
        """Return the canonical digest of a table's rows in key order."""
        found = self._table(table)
        keys = ", ".join(map(_quote, found.key))
        query = f"SELECT {_columns(found)} FROM {_quote(found.name)} ORDER BY {keys}"  # noqa: S608 - names are declared
        digest = hashlib.sha256()
        with self._lock:
            for row in _told(found, self._file.scan(query)):
                present = {name: each for name, each in row.items() if each is not None}
                digest.update(sha256(encode(present)))
        return digest.digest()

    def clear(self) -> None:
        """Empty all tables and go back to height 0."""
        with self._lock, self._file.transaction():
            for name in self._tables:
                self._file.run(f"DELETE FROM {_quote(name)}")  # noqa: S608 - names are declared
            self._file.run("UPDATE fold SET height = 0")

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._file.close()


def _columns(table: Table) -> str:
    return ", ".join(map(_quote, table.columns))


def _told(table: Table, rows: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    """Yield rows by name; the file gives text as bytes, so that no flip is guessed away."""
    names = tuple(table.columns)
    texts = [name for name, kind in table.columns.items() if kind == "text"]
    for cells in rows:
        row = dict(zip(names, cells, strict=True))
        for name in texts:
            if row[name] is not None:
                row[name] = _text(row[name])
        yield row


def _text(cell: Any) -> str:  # noqa: ANN401 - what a damaged file may hold
    try:
        return str(cell, "utf-8")
    except (TypeError, UnicodeDecodeError) as error:
        raise Corrupt(
            "views.corrupt",
            "views.db holds what is no text in a column of text",
            cure="Run `tally rebuild`; nothing is lost.",
        ) from error
