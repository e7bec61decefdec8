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
- `entry`: where a transaction stands in the log, by the first 8 bytes of its id; like `place`, an
  index of three tables (`kernel.ledger.index`).
- `pair`: the state's pairs as they came, each with `tally`, the first 8 bytes of a digest of both.
  `place`: where one stands, by the first 8 bytes of its key's hash.
- `head`: one row, what the next block needs and no header tells: lanes and writes_root.
- `roster`: each list of members, by the height of the header that names it first.
- `cosignature`: checkpoint lines by height and member. `aside`: a block that was refused.
- `engine`: the height of a Byzantine engine whose block made ours at `own`; empty blocks of the
  engine leave no row. `misbehaviour`: what validators were caught at, as the engine told it. Both
  with `tally`, the first 8 bytes of a digest of the row.

Version 1 had not the last two; version 2 kept the pairs, and the entries, in one tree by name.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from tallystick import _native
from tallystick.base import codec
from tallystick.base.codec import Cid, Value, encode, item_head, sha256
from tallystick.base.errors import Corrupt
from tallystick.chain import schema
from tallystick.kernel.ledger.index import ENTRIES, PLACES

__all__ = [
    "ENGINE_SCHEMA",
    "PAIR_SCHEMA",
    "SCHEMA",
    "VERSION",
    "block_check",
    "code_items",
    "corrupt",
    "engine_check",
    "header_cid",
    "header_fields",
    "ids_within",
    "is_row",
    "join_block",
    "node_count",
    "pair_check",
    "pair_checks",
    "split_block",
]

VERSION: Final = 3
PAIR_SCHEMA: Final = """
CREATE TABLE pair (
    position INTEGER PRIMARY KEY, name BLOB NOT NULL, value BLOB NOT NULL, tally BLOB NOT NULL)
"""
ENGINE_SCHEMA: Final = """
CREATE TABLE engine (
    own INTEGER PRIMARY KEY, height INTEGER NOT NULL, tally BLOB NOT NULL);
CREATE TABLE misbehaviour (
    height INTEGER NOT NULL, address BLOB NOT NULL, kind INTEGER NOT NULL, time INTEGER NOT NULL,
    tally BLOB NOT NULL, PRIMARY KEY (height, address, kind)) WITHOUT ROWID
"""
_SCHEMA: Final = f"""
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
{PAIR_SCHEMA};
{ENTRIES.schema};
{PLACES.schema};
CREATE TABLE cosignature (
    height INTEGER NOT NULL, member TEXT NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (height, member)) WITHOUT ROWID;
CREATE TABLE aside (
    height INTEGER PRIMARY KEY, fault BLOB NOT NULL, data BLOB NOT NULL)
"""
SCHEMA: Final = f"{_SCHEMA};{ENGINE_SCHEMA}"
_CHECK_BYTES: Final = 8
_ID: Final = re.compile(rb"bid\x50([\0-\xff]{16})")
_LIST_OF_TWO: Final = b"\x82"


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


def code_items(codes: Sequence[int]) -> bytes:
    """Return transactions' codes as they are kept, 2 bytes each."""
    return struct.pack(f">{len(codes)}H", *codes)


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
