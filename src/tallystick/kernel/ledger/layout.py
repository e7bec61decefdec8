"""The tables of `ledger.db`, a member's own copy of the chain.

What each row says follows from the blocks, so the audit can compute all of it again:

- `block`: header and the rest of a block's bytes; `tally` = H(H(header), body), so that no flipped
  byte is served or folded; `digest` is the header's CID digest.
- `entry`: each transaction by its place in the log, with its result.
- `node`: the log's perfect subtrees, leaf hashes included, at their in-order place, so that a proof
  takes O(log n) reads: `place = (2 index + 1) 2^level - 1`.
- `state`: the pairs, each with `tally`, the first 8 bytes of a digest of both.
- `head`: one row, what the next block needs and no header tells: lanes and writes_root.
- `roster`: each list of members, by the height of the header that names it first.
- `cosignature`: checkpoint lines by height and member. `aside`: a block that was refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, encode, sha256
from tallystick.base.errors import Corrupt
from tallystick.chain import schema

__all__ = [
    "SCHEMA",
    "VERSION",
    "block_check",
    "corrupt",
    "header_cid",
    "header_fields",
    "is_row",
    "join_block",
    "node_place",
    "pair_check",
    "split_block",
]

VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE head (
    one INTEGER PRIMARY KEY, height INTEGER NOT NULL, lanes BLOB NOT NULL, writes BLOB NOT NULL);
CREATE TABLE block (
    height INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, header BLOB NOT NULL,
    body BLOB NOT NULL, tally BLOB NOT NULL);
CREATE TABLE roster (height INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE entry (
    position INTEGER PRIMARY KEY, tid BLOB NOT NULL UNIQUE, height INTEGER NOT NULL,
    place INTEGER NOT NULL, code INTEGER NOT NULL);
CREATE TABLE node (place INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE state (
    name BLOB PRIMARY KEY, value BLOB NOT NULL, tally BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE cosignature (
    height INTEGER NOT NULL, member TEXT NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (height, member)) WITHOUT ROWID;
CREATE TABLE aside (
    height INTEGER PRIMARY KEY, fault BLOB NOT NULL, data BLOB NOT NULL)
"""
_LIST_OF_TWO: Final = b"\x82"


def corrupt(what: str, **values: object) -> Corrupt:
    """Return the error for a row that is not what was written; `what` names table and place."""
    return Corrupt(
        "ledger.corrupt", f"ledger.db: {what}", cure="Run the audit, then the repair.", **values
    )


def node_place(level: int, index: int) -> int:
    """Return where the root of the perfect subtree of 2^level leaves from index 2^level stands.

    >>> [node_place(0, 0), node_place(1, 0), node_place(0, 1), node_place(2, 0)]
    [0, 1, 2, 3]
    """
    return ((2 * index + 1) << level) - 1


def pair_check(key: bytes, value: bytes) -> bytes:
    """Return the 8 bytes that a pair of the state is kept with."""
    return sha256(len(key).to_bytes(4, "big") + key + value)[:8]


def block_check(header: bytes, body: bytes) -> bytes:
    """Return the 32 bytes that a block is kept with."""
    return sha256(sha256(header) + body)


def split_block(data: bytes, header: bytes) -> bytes:
    """Return a block's bytes after its header."""
    start = len(_LIST_OF_TWO + encode(header))
    return data[start:]


def join_block(header: bytes, body: bytes) -> bytes:
    """Return the block of its header and what followed it."""
    return _LIST_OF_TWO + encode(header) + body


def header_fields(header: bytes) -> dict[str, Any]:
    """Return the fields of a header that is known to be of its form."""
    found: dict[str, Any] = codec.decode(header, schema.HEADER)
    return found


def is_row(row: Sequence[Any], *kinds: type) -> bool:
    """Tell whether a row's columns have the types they were written with."""
    return [type(value) for value in row] == list(kinds)


def header_cid(header: bytes) -> Cid:
    """Return the CID that names a header."""
    return codec.cid_of(header)
