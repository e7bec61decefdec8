"""The tables of `ledger.db`, a member's own copy of the chain.

What each row says follows from the blocks, so the audit can compute all of it again:

- `block`: header and the rest of a block's bytes; `tally` = H(H(header), body), so that no flipped
  byte is served or folded; `digest` is the header's CID digest. An empty `body` is one that is not
  held here; it may be missing up to the height `floor` alone (`kernel.ledger.floor`).
- `fact`: `genesis`; and, where bodies are missing or were, what `kernel.ledger.floor` says.
- `log`: what a block adds to the transaction log, one row, by its first leaf's place there: the
  ids of its transactions, 32 bytes each; their codes, 2 bytes each; the roots of all perfect
  subtrees that its leaves close, leaf hashes included, 32 bytes each, so that a proof takes
  O(log n) reads. A leaf at place p closes the subtrees of levels 0 to the number of ones that p
  ends with, and the leaves before it have closed 2p - ones(p): so each has a place that is known.
- `entry`: where a transaction stands in the log, by the first 8 bytes of its id.
- `state`: the pairs, each with `tally`, the first 8 bytes of a digest of both.
- `head`: one row, what the next block needs and no header tells: lanes and writes_root.
- `roster`: each list of members, by the height of the header that names it first.
- `cosignature`: checkpoint lines by height and member. `aside`: a block that was refused.
- `engine`: the height of a Byzantine engine whose block made ours at `own`; empty blocks of the
  engine leave no row. `misbehaviour`: what validators were caught at, as the engine told it. Both
  with `tally`, the first 8 bytes of a digest of the row.

Version 1 had not the last two.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from tallystick import _native
from tallystick.base import codec
from tallystick.base.codec import Cid, Value, encode, item_head, sha256
from tallystick.base.errors import Corrupt, Error
from tallystick.chain import schema
from tallystick.kernel.store.database import Database

__all__ = [
    "SCHEMA",
    "VERSION",
    "block_check",
    "code_item",
    "corrupt",
    "engine_check",
    "entry_rows",
    "header_cid",
    "header_fields",
    "ids_within",
    "is_row",
    "join_block",
    "node_count",
    "open_file",
    "pair_check",
    "pair_checks",
    "short_id",
    "split_block",
]

VERSION: Final = 2
_ENGINE: Final = """
CREATE TABLE engine (
    own INTEGER PRIMARY KEY, height INTEGER NOT NULL, tally BLOB NOT NULL);
CREATE TABLE misbehaviour (
    height INTEGER NOT NULL, address BLOB NOT NULL, kind INTEGER NOT NULL, time INTEGER NOT NULL,
    tally BLOB NOT NULL, PRIMARY KEY (height, address, kind)) WITHOUT ROWID
"""
_SCHEMA_1: Final = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE head (
    one INTEGER PRIMARY KEY, height INTEGER NOT NULL, lanes BLOB NOT NULL, writes BLOB NOT NULL);
CREATE TABLE block (
    height INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, header BLOB NOT NULL,
    body BLOB NOT NULL, tally BLOB NOT NULL);
CREATE TABLE roster (height INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE log (
    first INTEGER PRIMARY KEY, height INTEGER NOT NULL, tids BLOB NOT NULL, codes BLOB NOT NULL,
    nodes BLOB NOT NULL);
CREATE TABLE entry (
    short INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (short, position))
    WITHOUT ROWID;
CREATE TABLE state (
    name BLOB PRIMARY KEY, value BLOB NOT NULL, tally BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE cosignature (
    height INTEGER NOT NULL, member TEXT NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (height, member)) WITHOUT ROWID;
CREATE TABLE aside (
    height INTEGER PRIMARY KEY, fault BLOB NOT NULL, data BLOB NOT NULL)
"""
SCHEMA: Final = f"{_SCHEMA_1};{_ENGINE}"
_CHECK_BYTES: Final = 8
_TID_BYTES: Final = 32
_ENTRIES_TOGETHER: Final = 65_536
_ID: Final = re.compile(rb"bid\x50([\0-\xff]{16})")
_LIST_OF_TWO: Final = b"\x82"


def open_file(path: Path) -> Database:
    """Open a chain's file for writing, with the tables of this version.

    Raises:
        Unavailable: `database.version`, a later program wrote it.
    """
    if path.is_file() and _version(path) == 1:
        older = Database.write(path, "ledger", _SCHEMA_1, 1)
        with contextlib.closing(older), older.transaction():
            for statement in _ENGINE.split(";"):
                older.run(statement)
            older.run("UPDATE part SET version = ? WHERE name = 'ledger'", (VERSION,))
    return Database.write(path, "ledger", SCHEMA, VERSION)


def _version(path: Path) -> int | None:
    """Return the version of a file's tables; None if it has none, or cannot be read."""
    try:
        with contextlib.closing(Database.read(path)) as database:
            found = database.value("SELECT version FROM part WHERE name = 'ledger'")
    except Error:
        return None
    return found if type(found) is int else None


def corrupt(what: str, **values: object) -> Corrupt:
    """Return the error for a row that is not what was written; `what` names table and place."""
    return Corrupt(
        "ledger.corrupt", f"ledger.db: {what}", cure="tally verify, then tally repair.", **values
    )


def node_count(size: int) -> int:
    """Return how many perfect subtrees a log of `size` leaves has, its leaves included.

    >>> [node_count(size) for size in range(6)]
    [0, 1, 3, 4, 7, 8]
    """
    return 2 * size - size.bit_count()


def ids_within(data: bytes) -> list[bytes]:
    """Return what look like the ids of the records in a transaction's or block's bytes.

    A guess that costs nothing where it is wrong: who reads ahead by it reads again what it missed.
    """
    return _ID.findall(data)[: schema.BLOCK_RECORDS_MAX]


def short_id(tid: bytes) -> int:
    """Return the 8 bytes that a transaction is looked up by, as SQLite's signed integer."""
    return int.from_bytes(tid[:8], "big", signed=True)


def entry_rows(first: int, tids: bytes | bytearray) -> Iterator[list[tuple[int, int]]]:
    """Yield the rows of `entry` for ids of 32 bytes each from place `first` on, in its order."""
    shorts = np.frombuffer(tids, ">i8")[:: _TID_BYTES // 8].astype(np.int64)
    order = np.argsort(shorts, kind="stable")
    for at in range(0, len(order), _ENTRIES_TOGETHER):
        part = order[at : at + _ENTRIES_TOGETHER]
        yield list(zip(shorts[part].tolist(), (part + first).tolist(), strict=True))


def code_item(code: int) -> bytes:
    """Return a transaction's code as it is kept, 2 bytes."""
    return code.to_bytes(2, "big")


def pair_check(key: bytes, value: bytes) -> bytes:
    """Return the 8 bytes that a pair of the state is kept with."""
    # Called for every pair that is read: one call less is a tenth of it.
    return hashlib.sha256(len(key).to_bytes(4, "big") + key + value).digest()[:_CHECK_BYTES]


def pair_checks(pairs: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Return the `pair_check` of each of many pairs."""
    if not _native.is_digests_built():
        return [pair_check(key, value) for key, value in pairs]
    parts = [len(key).to_bytes(4, "big") + key + value for key, value in pairs]
    return _native.digests.sha256_each(b"", parts, _CHECK_BYTES)


def engine_check(*values: Value) -> bytes:
    """Return the 8 bytes that a row of an engine's own tables is kept with."""
    return sha256(encode(list(values)))[:8]


def block_check(header: bytes, body: bytes) -> bytes:
    """Return the 32 bytes that a block is kept with."""
    return sha256(sha256(header) + body)


def split_block(data: bytes) -> tuple[bytes, bytes]:
    """Return the header of a block of known form, and the bytes after it, without reading them."""
    # 82 | byte string head | header: the head is 59 nn nn for 256 .. 65,535 bytes, and no header
    # is shorter: its nine names and five digests alone take more.
    assert data[:2] == _LIST_OF_TWO + b"\x59"
    end = 4 + int.from_bytes(data[2:4], "big")
    return data[4:end], data[end:]


def join_block(header: bytes, body: bytes) -> bytes:
    """Return the block of its header and what followed it."""
    return _LIST_OF_TWO + item_head(2, len(header)) + header + body


@lru_cache(maxsize=256)
def header_fields(header: bytes) -> Mapping[str, Any]:
    """Return the fields of a header that is known to be of its form.

    Each member, and each who asks it, reads the same newest ones.
    """
    return MappingProxyType(codec.decode(header, schema.HEADER))


def is_row(row: Sequence[Any], *kinds: type) -> bool:
    """Tell whether a row's columns have the types they were written with."""
    return [type(value) for value in row] == list(kinds)


def header_cid(header: bytes) -> Cid:
    """Return the CID that names a header."""
    return codec.cid_of(header)
