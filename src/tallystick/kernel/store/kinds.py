"""Values that are not of the kind their column declares: bytes become text by one flipped bit.

Read by this program both are the same bytes; what SQL does with them, from `length` to `substr` and
`=`, ends otherwise. SQLite's own check of a file passes over them in tables like these. The bytes
are whole, so that telling SQLite again what they are mends them.
Source: SQLite, "Datatypes In SQLite", 2 and 3; "STRICT Tables".
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tallystick.kernel.store.database import Database

__all__ = ["MISFIT", "find_misfits", "mend_misfits"]

MISFIT: Final = "column "
"""How what is wrong begins."""
_KINDS: Final = {b"INTEGER": "integer", b"BLOB": "blob", b"TEXT": "text"}
_EVERY: Final[Mapping[str, str]] = MappingProxyType({})
_TOLD_MAX: Final = 100
_TABLES: Final = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table, and the condition under which a row holds another kind there."""

    table: str
    key: str
    name: str
    kind: str
    odd: str


def _columns_of(database: Database) -> Iterator[_Column]:
    for (raw,) in database.rows(_TABLES):
        table = raw.decode(errors="replace")
        rows = database.rows(f'PRAGMA table_info("{table}")')
        for _, name, declared, needed, _, keyed in rows:
            kind, column = _KINDS.get(declared), name.decode(errors="replace")
            if kind is not None:
                lacks = "" if needed or keyed else f' AND "{column}" IS NOT NULL'
                odd = f"typeof(\"{column}\") <> '{kind}'{lacks}"
                yield _Column(table, rows[0][1].decode(errors="replace"), column, kind, odd)


def find_misfits(
    database: Database, wheres: Mapping[str, str] = _EVERY
) -> Iterator[tuple[str, str]]:
    """Yield (table, what is wrong there), at most 100 for a column.

    Args:
        database: the file.
        wheres: conditions, in SQL, on the rows of some tables; of others every row is looked at.

    Raises:
        Corrupt: `database.corrupt`.
    """
    for each in _columns_of(database):
        where = f"{wheres.get(each.table, 'true')} AND {each.odd}"
        query = f'SELECT "{each.key}" FROM "{each.table}" WHERE {where} LIMIT {_TOLD_MAX}'  # noqa: S608 - the file's own names
        for (key,) in database.rows(query):
            row = key.hex() if isinstance(key, bytes) else key
            what = f"{MISFIT}{each.name} of row {row} of table {each.table} is no {each.kind}"
            yield each.table, what


def mend_misfits(path: Path) -> int:
    """Make text of bytes and bytes of text again, as the columns declare; return how many were not.

    Args:
        path: the file; nobody else writes it.

    Raises:
        Corrupt: `database.corrupt`; Unavailable: it may not be written. Nothing was changed.
    """
    with contextlib.closing(Database.read(path)) as database:
        if next(find_misfits(database), None) is None:
            return 0
    with contextlib.closing(Database.change(path)) as database, database.transaction():
        return sum(
            database.run(
                f'UPDATE "{each.table}" SET "{each.name}" = CAST("{each.name}" AS {each.kind})'  # noqa: S608 - the file's own names
                f" WHERE {each.odd} AND typeof(\"{each.name}\") IN ('blob', 'text')"
            )
            for each in _columns_of(database)
            if each.kind in {"blob", "text"}
        )
