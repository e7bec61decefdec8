"""The state's pairs in `ledger.db`: rows in the order in which their keys first came.

Laws: a row stands at one position from the block that first writes its key to the one that takes
the key away; each row has one entry in the index of places, and each entry its row; a row that was
changed is `Corrupt`, never served.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from tallystick import _native
from tallystick.base.codec import sha256
from tallystick.chain.state import Changes, lanes_of
from tallystick.kernel.ledger.bloom import PARTS, BloomFilter
from tallystick.kernel.ledger.index import PLACES, Shorts, short_of, shorts_of, split
from tallystick.kernel.ledger.layout import corrupt, is_row, pair_check, pair_checks
from tallystick.kernel.store.database import Database

__all__ = [
    "Reading",
    "change_pairs",
    "is_state",
    "pair_shorts",
    "put_pairs",
    "read_pair",
    "read_pairs",
    "replace_pairs",
    "scan_pairs",
]

Pair = tuple[bytes, bytes]
_HEAD_BYTES: Final = 8
_COLUMNS: Final = 4
_TOGETHER: Final = 8_192
_MANY: Final = 64
"""Who asks for so many keys at once writes as many soon."""
_NOTED: Final = 8_192
_PART_COST: Final = 64
"""In entries of the index: what to look at a part costs that has none."""


def pair_shorts(keys: Sequence[bytes]) -> Shorts:
    """Return what keys are found by: the first 8 bytes of their SHA-256, shape (n,)."""
    return shorts_of(_heads(keys), _HEAD_BYTES)


def _heads(keys: Sequence[bytes]) -> bytes:
    if _native.is_digests_built():
        return b"".join(_native.digests.sha256_each(b"", keys, _HEAD_BYTES))
    return b"".join(sha256(key)[:_HEAD_BYTES] for key in keys)


def read_pair(database: Database, key: bytes) -> bytes | None:
    """Return the value of a key, None if the state does not hold it."""
    query = f"SELECT name, value, tally FROM pair WHERE position IN ({PLACES.asking(1)})"  # noqa: S608 - our own names
    for name, value, tally in database.rows(query, (short_of(sha256(key)),)):
        if name == key:
            return _checked(name, value, tally)
    return None


def read_pairs(database: Database, keys: Sequence[bytes]) -> Iterator[Pair]:
    """Yield (key, value) of those of some keys that the state holds."""
    for row in _find(database, keys):
        yield row[1], _checked(*row[1:])


class Reading:
    """Reads many pairs at once of a file that one process writes, told of all that it writes.

    Most keys that a block asks for are new, and a key that is not there is looked for in every tree
    of the index. So what the index holds is noted in a filter, some thousand entries a reading.
    """

    def __init__(self) -> None:
        self._filter = BloomFilter()
        self._lock = threading.Lock()

    def read(self, database: Database, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return those of some pairs that the state holds."""
        shorts = pair_shorts(keys)
        with self._lock:
            if len(keys) >= _MANY:
                # Under the lock: what is committed meanwhile is entered after it.
                self._note(database)
            may_be = self._filter.may_hold(shorts).tolist()
        return dict(read_pairs(database, list(itertools.compress(keys, may_be))))

    def _note(self, database: Database) -> None:
        left = _NOTED
        while left > 0 and (part := self._filter.wanted()) is not None:
            shorts = PLACES.part(database, part, PARTS)
            self._filter.enter(part, shorts)
            left -= _PART_COST + len(shorts)

    def add(self, changes: Changes) -> None:
        """Note what a block wrote: after it is durable, and before anybody reads on it."""
        shorts = pair_shorts([key for key, value in changes.items() if value is not None])
        with self._lock:
            self._filter.add(shorts)


def _find(database: Database, keys: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
    """Yield (position, name, value, tally) of those of some keys that have a row."""
    wanted = set(keys)
    for part in split(pair_shorts(keys).tolist()):
        asking = PLACES.asking(len(part))
        query = f"SELECT position, name, value, tally FROM pair WHERE position IN ({asking})"  # noqa: S608 - our own names
        for row in database.rows(query, part):
            if row[1] in wanted:
                yield row


def _checked(key: bytes, value: Any, tally: Any) -> bytes:  # noqa: ANN401 - unchecked columns
    if type(value) is not bytes or pair_check(key, value) != tally:
        raise corrupt(f"state key {key.hex()}", field="state", key=key.hex())
    return value


def scan_pairs(database: Database, order: str = "position") -> Iterator[Pair]:
    """Yield all pairs as the file has them, by `position` or by `name`.

    Raises:
        Corrupt: `ledger.corrupt`, a column is no bytes.
    """
    for row in database.scan(f"SELECT name, value FROM pair ORDER BY {order}"):  # noqa: S608 - a column's name
        if not is_row(row, bytes, bytes):
            raise corrupt("a pair of the state", field="state")
        yield row


def put_pairs(database: Database, pairs: Sequence[Pair]) -> None:
    """Write pairs whose keys the state does not hold, within a transaction."""
    if pairs:
        first = database.value("SELECT coalesce(max(position), -1) + 1 FROM pair")
        PLACES.add(database, first, shorts_of(_write(database, first, pairs), _HEAD_BYTES))


def replace_pairs(database: Database, batches: Iterable[Sequence[Pair]]) -> None:
    """Write a whole state in the place of the one there is, within a transaction."""
    database.run("DELETE FROM pair")
    PLACES.clear(database)
    count, heads = 0, bytearray()
    for pairs in batches:
        heads += _write(database, count, pairs)
        count += len(pairs)
    PLACES.add(database, 0, shorts_of(heads, _HEAD_BYTES))


def _write(database: Database, first: int, pairs: Sequence[Pair]) -> bytes:
    """Write rows at `first` and the positions after it; return what their keys are found by."""
    rows, heads = _rows(first, pairs)
    database.put_bound("INSERT INTO pair", _COLUMNS, rows)
    return heads


def _rows(first: int, pairs: Sequence[Pair]) -> tuple[list[int | bytearray], bytes]:
    if _native.is_digests_built():
        return _native.digests.pair_rows(first, pairs)
    rows: list[int | bytearray] = []
    for at, (key, value) in enumerate(pairs, first):
        rows += at, bytearray(key), bytearray(value), bytearray(pair_check(key, value))
    return rows, _heads([key for key, _ in pairs])


def change_pairs(database: Database, changes: Changes, held: AbstractSet[bytes]) -> None:
    """Write what blocks leave of the pairs that they change, within a transaction.

    Args:
        database: the file.
        changes: the value of each key, None where the state holds it no more.
        held: which of the keys the state in the file holds.

    Raises:
        Corrupt: `ledger.corrupt`, a row that is to be changed is not found.
    """
    rows = {row[1]: row[0] for row in _find(database, list(held))}
    for key in held:
        if key not in rows:
            raise corrupt(f"state key {key.hex()}", field="state", key=key.hex())
    kept = [(key, value) for key in held if (value := changes[key]) is not None]
    database.run_many(
        "UPDATE pair SET value = ?, tally = ? WHERE position = ?",
        [
            (value, check, rows[key])
            for (key, value), check in zip(kept, pair_checks(kept), strict=True)
        ],
    )
    gone = [key for key in held if changes[key] is None]
    if gone:
        database.run_many("DELETE FROM pair WHERE position = ?", [(rows[key],) for key in gone])
        places = [rows[key] for key in gone]
        PLACES.drop(database, zip(pair_shorts(gone).tolist(), places, strict=True))
    new = [(key, value) for key, value in changes.items() if value is not None and key not in rows]
    put_pairs(database, new)


def is_state(database: Database, lanes: bytes) -> bool:
    """Tell whether the pairs are those of a state's lanes, and each is found where it stands.

    A flipped bit of an entry hides a row from its readers, and leaves no trace in the row.
    """
    return lanes_of(scan_pairs(database)) == lanes and PLACES.is_of(database, _places(database))


def _places(database: Database) -> Iterator[tuple[Shorts, Sequence[int]]]:
    rows = database.scan("SELECT name, position FROM pair")
    while batch := list(itertools.islice(rows, _TOGETHER)):
        yield pair_shorts([name for name, _ in batch]), [position for _, position in batch]
