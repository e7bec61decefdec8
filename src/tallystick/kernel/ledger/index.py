"""Where the rows of a growing table stand, found by eight bytes of a hash.

Hashes come in no order: in one tree of a million, each new entry falls into a page of its own, and
4 KiB are read, journalled and written for 18 bytes. So an entry goes into a small tree first, whose
pages many share, and from there, one range of hashes after another, into the large one, so that
each of its pages takes many at once. Every entry stands in one of the two, never in both.
Source: Brodal and Fagerberg, "Lower Bounds for External Memory Dictionaries" (2003).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tallystick.kernel.store.database import Database

__all__ = ["ENTRIES", "PLACES", "Index", "Shorts", "short_of", "shorts_of", "split"]

RANGES: Final = 256
"""Into how many ranges hashes are parted; a power of two."""
STEP: Final = 512
"""After how many entries a range is moved; so some 65,000 stand in the small tree."""
SORTED_MIN: Final = RANGES * STEP // 2
"""So many at once are as dense as a moved range is: they go into the large tree straight away."""
ASKED_MAX: Final = 500
_TOGETHER: Final = 65_536
_SHORTS: Final = 1 << 64
_LOWEST: Final = -_SHORTS // 2

_SCHEMA: Final = """
CREATE TABLE {} (
    short INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (short, position))
    WITHOUT ROWID"""

Shorts = npt.NDArray[np.int64]


def short_of(digest: bytes) -> int:
    """Return the first 8 bytes of a hash as SQLite's signed integer."""
    return int.from_bytes(digest[:8], "big", signed=True)


def shorts_of(digests: bytes | bytearray, size: int) -> Shorts:
    """Return the shorts of hashes of `size` bytes each, a multiple of 8; shape (n,)."""
    return np.frombuffer(digests, ">i8")[:: size // 8].astype(np.int64)


class Index:
    """The two trees of one index, tables of (short, position).

    Args:
        table: the large one's name; the small one's is `<table>_recent`.
    """

    __slots__ = ("_recent", "_table", "recent_schema", "schema")

    def __init__(self, table: str) -> None:
        self._table, self._recent = table, f"{table}_recent"
        self.recent_schema = _SCHEMA.format(self._recent)
        self.schema = f"{_SCHEMA.format(table)};{self.recent_schema}"

    def add(self, database: Database, first: int, shorts: Shorts) -> None:
        """Enter rows at `first` and the positions after it, and move the ranges whose turn it is.

        Args:
            database: within a transaction.
            first: position of the first.
            shorts: of each, shape (n,).
        """
        order, count = np.argsort(shorts, kind="stable"), len(shorts)
        table = self._table if count >= SORTED_MIN else self._recent
        for at in range(0, count, _TOGETHER):
            part = order[at : at + _TOGETHER]
            rows = zip(shorts[part].tolist(), (part + first).tolist(), strict=True)
            database.put_many(f"INSERT INTO {table}", list(rows))
        before, after = first // STEP, (first + count) // STEP
        for turn in range(max(before, after - RANGES) + 1, after + 1):
            self._move(database, turn % RANGES)

    def _move(self, database: Database, part: int) -> None:
        low = _LOWEST + part * (_SHORTS // RANGES)
        bounds = (low, low + _SHORTS // RANGES - 1)
        where = f"FROM {self._recent} WHERE short BETWEEN ? AND ?"
        database.run(f"INSERT INTO {self._table} SELECT * {where}", bounds)
        database.run(f"DELETE {where}", bounds)

    def find(self, database: Database, short: int) -> list[int]:
        """Return the positions whose row may be the one of a hash; most often one or none."""
        return [position for (position,) in database.rows(self.asking(1), (short,))]

    def asking(self, count: int) -> str:
        """Return a query for the positions of `count` shorts, bound as its first parameters."""
        marks = ",".join(f"?{number}" for number in range(1, count + 1))
        return " UNION ALL ".join(
            f"SELECT position FROM {table} WHERE short IN ({marks})"  # noqa: S608 - our own names
            for table in (self._recent, self._table)
        )

    def drop(self, database: Database, rows: Iterable[tuple[int, int]]) -> None:
        """Take entries out, within a transaction."""
        gone = list(rows)
        for table in (self._recent, self._table):
            query = f"DELETE FROM {table} WHERE short = ? AND position = ?"  # noqa: S608 - our own names
            database.run_many(query, gone)

    def clear(self, database: Database) -> None:
        """Take all entries out, within a transaction."""
        for table in (self._recent, self._table):
            database.run(f"DELETE FROM {table}")  # noqa: S608 - our own names

    def count(self, database: Database) -> int:
        """Return how many entries there are."""
        tables = (self._table, self._recent)
        return sum(database.value(f"SELECT count(*) FROM {table}") for table in tables)  # noqa: S608 - our own names

    def scan(self, database: Database) -> Iterator[tuple[int, int]]:
        """Yield every entry as the file has it: (short, position), unchecked."""
        for table in (self._table, self._recent):
            yield from database.scan(f"SELECT short, position FROM {table}")  # noqa: S608 - our own names

    def is_of(self, database: Database, rows: Iterable[tuple[Shorts, Sequence[int]]]) -> bool:
        """Tell whether each row has its entry and each entry its row, by one sum over both.

        Args:
            database: the file.
            rows: shorts and positions of all rows, some thousands at a time.
        """
        total = sum(_sum(shorts, positions) for shorts, positions in rows)
        entries = self.scan(database)
        while batch := list(itertools.islice(entries, _TOGETHER)):
            if {type(part) for entry in batch for part in entry} != {int}:
                return False
            shorts, positions = zip(*batch, strict=True)
            total -= _sum(np.array(shorts, np.int64), positions)
        return total % _SHORTS == 0


def _sum(shorts: Shorts, positions: Sequence[int]) -> int:
    """Return the sum of rows' hashes modulo 2^64: a changed bit changes half of those of its row.

    Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
    """
    stirred = _stir(np.array(positions, np.int64).view(np.uint64))
    return int(_stir(shorts.view(np.uint64) ^ stirred).sum())


def _stir(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def split(shorts: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield shorts so many at a time as one query may ask for."""
    for start in range(0, len(shorts), ASKED_MAX):
        yield shorts[start : start + ASKED_MAX]


ENTRIES: Final = Index("entry")
"""Transactions' places in the log, by their ids."""
PLACES: Final = Index("place")
"""Rows of `pair`, by the hashes of their keys."""
