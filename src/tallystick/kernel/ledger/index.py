"""Where the rows of a growing table stand, found by eight bytes of a hash.

Hashes come in no order: in one tree of a million, each new entry falls into a page of its own, and
4 KiB are read, journalled and written for 18 bytes. So an entry goes into a small tree first, whose
pages many share, and from there, one range of hashes after another, into one sixteen times as
large, and so on into the one that holds the rest: each page takes many at once. Every entry stands
in one of the trees, never in two.
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
STEPS: Final = (256, 4_096)
"""After how many entries a range of each but the last tree is moved on: half of `RANGES` times as
many stand in it, some 33,000 and half a million."""
ASKED_MAX: Final = 500
_LENGTHS: Final = (1, 4, 16, 64, 256, ASKED_MAX)
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
    """The trees of one index, tables of (short, position).

    Args:
        table: the last one's name; those before it are `<table>_recent` and `<table>_later`.

    Attributes:
        tables: the names, from the small one to the last.
    """

    __slots__ = ("schema", "tables", "waiting_schema")

    def __init__(self, table: str) -> None:
        self.tables = (f"{table}_recent", f"{table}_later", table)
        self.waiting_schema = ";".join(map(_SCHEMA.format, self.tables[:-1]))
        self.schema = f"{_SCHEMA.format(table)};{self.waiting_schema}"

    def add(self, database: Database, first: int, shorts: Shorts) -> None:
        """Enter rows at `first` and the positions after it, and move the ranges whose turn it is.

        Args:
            database: within a transaction.
            first: position of the first.
            shorts: of each, shape (n,).
        """
        order, count = np.argsort(shorts, kind="stable"), len(shorts)
        # So many at once are as dense as the ranges that are moved into a tree.
        table = self.tables[sum(count >= step * RANGES // 2 for step in STEPS)]
        for at in range(0, count, _TOGETHER):
            part = order[at : at + _TOGETHER]
            rows = np.column_stack((shorts[part], part + first))
            database.put_bound(f"INSERT INTO {table}", 2, rows.ravel().tolist())
        for step, source, target in zip(STEPS, self.tables, self.tables[1:], strict=False):
            before, after = first // step, (first + count) // step
            for turn in range(max(before, after - RANGES) + 1, after + 1):
                _move(database, source, target, turn % RANGES)

    def find(self, database: Database, short: int) -> list[int]:
        """Return the positions whose row may be the one of a hash; most often one or none."""
        return [position for (position,) in database.rows(self.asking(1), (short,))]

    def asking(self, count: int) -> str:
        """Return a query for the positions of `count` shorts, bound as its first parameters."""
        marks = ",".join(f"?{number}" for number in range(1, count + 1))
        return " UNION ALL ".join(
            f"SELECT position FROM {table} WHERE short IN ({marks})"  # noqa: S608 - our own names
            for table in self.tables
        )

    def drop(self, database: Database, rows: Iterable[tuple[int, int]]) -> None:
        """Take entries out, within a transaction."""
        gone = list(rows)
        for table in self.tables:
            query = f"DELETE FROM {table} WHERE short = ? AND position = ?"  # noqa: S608 - our own names
            database.run_many(query, gone)

    def clear(self, database: Database) -> None:
        """Take all entries out, within a transaction."""
        for table in self.tables:
            database.run(f"DELETE FROM {table}")  # noqa: S608 - our own names

    def count(self, database: Database) -> int:
        """Return how many entries there are."""
        counts = (f"SELECT count(*) FROM {table}" for table in self.tables)  # noqa: S608 - our own names
        return sum(map(database.value, counts))

    def scan(self, database: Database) -> Iterator[tuple[int, int]]:
        """Yield every entry as the file has it: (short, position), unchecked."""
        for table in self.tables:
            yield from database.scan(f"SELECT short, position FROM {table}")  # noqa: S608 - our own names

    def part(self, database: Database, number: int, parts: int) -> Shorts:
        """Return the shorts within one of so many equal ranges of hashes; shape (n,)."""
        query = " UNION ALL ".join(
            f"SELECT short FROM {table} WHERE short BETWEEN ?1 AND ?2"  # noqa: S608 - our own names
            for table in self.tables
        )
        rows = database.rows(query, _bounds(number, parts))
        return np.array([short for (short,) in rows if type(short) is int], np.int64)

    def is_just(self, database: Database, shorts: Shorts, positions: Sequence[int]) -> bool:
        """Tell whether the entries are those of some rows and no others, each compared.

        Args:
            database: the file.
            shorts: of all rows, shape (n,).
            positions: of all rows.
        """
        flat = list(itertools.chain.from_iterable(self.scan(database)))
        if len(flat) != 2 * len(shorts) or set(map(type, flat)) - {int}:
            return False
        held = np.array(flat, np.int64).reshape(-1, 2).T
        expected = np.stack((shorts, np.array(positions, np.int64)))
        return np.array_equal(held[:, np.lexsort(held)], expected[:, np.lexsort(expected)])

    def is_of(self, database: Database, rows: Iterable[tuple[Shorts, Sequence[int]]]) -> bool:
        """Tell whether each row has its entry and each entry its row, by one sum over both.

        Args:
            database: the file.
            rows: shorts and positions of all rows, some thousands at a time.
        """
        total = sum(_sum(shorts, positions) for shorts, positions in rows)
        entries = self.scan(database)
        while batch := list(itertools.chain.from_iterable(itertools.islice(entries, _TOGETHER))):
            if set(map(type, batch)) != {int}:
                return False
            total -= _sum(np.array(batch[::2], np.int64), batch[1::2])
        return total % _SHORTS == 0


def _move(database: Database, source: str, target: str, part: int) -> None:
    """Move the entries of one range of hashes, in their order, from one tree into another."""
    bounds = _bounds(part, RANGES)
    where = f"FROM {source} WHERE short BETWEEN ? AND ?"
    database.run(f"INSERT INTO {target} SELECT * {where}", bounds)
    database.run(f"DELETE {where}", bounds)


def _bounds(number: int, parts: int) -> tuple[int, int]:
    """Return the lowest and the highest short of one of so many equal ranges."""
    low = _LOWEST + number * (_SHORTS // parts)
    return low, low + _SHORTS // parts - 1


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


def split(shorts: Sequence[int]) -> Iterator[list[int]]:
    """Yield shorts so many at a time as one query may ask for.

    The last are repeated up to one of a few lengths: SQLite takes longer to read a query anew than
    to answer it.
    """
    for start in range(0, len(shorts), ASKED_MAX):
        part = list(shorts[start : start + ASKED_MAX])
        length = next(each for each in _LENGTHS if each >= len(part))
        yield part + part[-1:] * (length - len(part))


ENTRIES: Final = Index("entry")
"""Transactions' places in the log, by their ids."""
PLACES: Final = Index("place")
"""Rows of `pair`, by the hashes of their keys."""
