"""Views in one SQLite file.

The file is derived: it may be lost or corrupted at any time and is folded again from the chain, so
it is not synced on every commit.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tallystick.base.codec import encode
from tallystick.base.errors import Corrupt, NotFound
from tallystick.kernel.views.base import PAGE_MAX, Row
from tallystick.records.view import Op, Put, Table

__all__ = ["SqliteViews"]

_SQL_TYPES = {"integer": "INTEGER", "text": "TEXT", "blob": "BLOB"}


class SqliteViews:
    """Views of one member."""

    def __init__(self, path: Path, tables: Iterable[Table]) -> None:
        self._tables = {table.name: table for table in tables}
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise _corrupt() from error

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS fold (one INTEGER PRIMARY KEY, height INTEGER)"
        )
        self._db.execute("INSERT OR IGNORE INTO fold VALUES (1, 0)")
        for table in self._tables.values():
            columns = ", ".join(f'"{n}" {_SQL_TYPES[kind]}' for n, kind in table.columns.items())
            key = ", ".join(f'"{name}"' for name in table.key)
            self._db.execute(
                f'CREATE TABLE IF NOT EXISTS "{table.name}" ({columns}, PRIMARY KEY ({key}))'
                " WITHOUT ROWID"
            )
            for name in table.indexed:
                self._db.execute(
                    f'CREATE INDEX IF NOT EXISTS "{table.name}_{name}" ON "{table.name}" ("{name}")'
                )

    def height(self) -> int:
        """Return the height the tables stand at; 0 before the first block."""
        with self._lock:
            return int(self._db.execute("SELECT height FROM fold").fetchone()[0])

    def apply(self, height: int, ops: Sequence[Op]) -> None:
        """Apply a block's operations; `height` must follow the present one."""
        with self._lock:
            assert height == self.height() + 1
            self._db.execute("BEGIN")
            try:
                for op in ops:
                    self._run(op)
                self._db.execute("UPDATE fold SET height = ?", (height,))
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def _run(self, op: Op) -> None:
        table = self._tables[op.table]
        if isinstance(op, Put):
            names = list(op.row)
            rest = [name for name in names if name not in table.key]
            change = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
            self._db.execute(
                f'INSERT INTO "{table.name}" ({", ".join(map(_quote, names))})'  # noqa: S608 - names are declared
                f" VALUES ({', '.join('?' * len(names))})"
                f" ON CONFLICT DO {f'UPDATE SET {change}' if rest else 'NOTHING'}",
                tuple(op.row.values()),
            )
        else:
            where, values = self._where(table, op.key)
            self._db.execute(f'DELETE FROM "{table.name}"{where}', values)  # noqa: S608 - names are declared

    def _table(self, name: str) -> Table:
        found = self._tables.get(name)
        if found is None:
            raise NotFound(
                "views.table", f"no view is named {name}", cure="See docs/spec/views.md."
            )
        return found

    def _where(self, table: Table, where: Mapping[str, Any] | None) -> tuple[str, tuple[Any, ...]]:
        if not where:
            return "", ()
        for name in where:
            if name not in table.columns:
                raise NotFound("views.column", f"{table.name} has no column {name}")
        tests = " AND ".join(f'"{name}" IS ?' for name in where)
        return f" WHERE {tests}", tuple(where.values())

    def rows(
        self,
        table: str,
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "",
        limit: int = PAGE_MAX,
        offset: int = 0,
    ) -> list[Row]:
        """Return up to `limit` rows whose columns equal `where`; order "-column" descends."""
        found = self._table(table)
        test, values = self._where(found, where)
        keys = ", ".join(map(_quote, found.key))
        name = order.lstrip("-")
        if name and name not in found.columns:
            raise NotFound("views.column", f"{table} has no column {name}")
        sort = f'"{name}" {"DESC" if order.startswith("-") else "ASC"}, {keys}' if name else keys
        query = f'SELECT * FROM "{found.name}"{test} ORDER BY {sort} LIMIT ? OFFSET ?'  # noqa: S608 - names are declared
        with self._lock:
            return [
                dict(row)
                for row in self._db.execute(query, (*values, min(limit, PAGE_MAX), offset))
            ]

    def count(self, table: str, where: Mapping[str, Any] | None = None) -> int:
        """Return how many rows equal `where`."""
        found = self._table(table)
        test, values = self._where(found, where)
        query = f'SELECT count(*) FROM "{found.name}"{test}'  # noqa: S608 - names are declared
        with self._lock:
            return int(self._db.execute(query, values).fetchone()[0])

    def digest(self, table: str) -> bytes:
        """Return the canonical digest of a table's rows in key order."""
        found = self._table(table)
        keys = ", ".join(map(_quote, found.key))
        digest = hashlib.sha256()
        with self._lock:
            rows = self._db.execute(f'SELECT * FROM "{found.name}" ORDER BY {keys}')  # noqa: S608 - names are declared
            for row in rows:
                present = {name: row[name] for name in found.columns if row[name] is not None}
                digest.update(hashlib.sha256(encode(present)).digest())
        return digest.digest()

    def clear(self) -> None:
        """Empty all tables and go back to height 0."""
        with self._lock:
            for name in self._tables:
                self._db.execute(f'DELETE FROM "{name}"')  # noqa: S608 - names are declared
            self._db.execute("UPDATE fold SET height = 0")

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()


def _quote(name: str) -> str:
    return f'"{name}"'


def _corrupt() -> Corrupt:
    return Corrupt(
        "views.corrupt", "views.db cannot be read", cure="Run `tally rebuild`; nothing is lost."
    )
