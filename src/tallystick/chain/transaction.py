"""A transaction: a bundle of records under one member's signature, all or nothing.

`[header, signature, [record]]`, each a byte string. The id (tid) is the header's hash; the
signature covers D("tx", tid); the header's root covers the records' bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import INTEGER_MAX, item_head, refuse, sha256
from tallystick.base.errors import Invalid
from tallystick.base.keys import SigningKey, Verify, verify
from tallystick.chain import schema
from tallystick.chain.digest import domain
from tallystick.chain.member import Members
from tallystick.chain.merkle import root_of

__all__ = [
    "EMPTY_WINDOW",
    "LIFE_MAX_MS",
    "SEQ_AHEAD_MAX",
    "WINDOW_SIZE",
    "Transaction",
    "check_envelope",
    "check_window",
    "next_window",
    "sign_transaction",
]

LIFE_MAX_MS: Final = 24 * 3_600_000
WINDOW_SIZE: Final = 1_024
SEQ_AHEAD_MAX: Final = 2**20
EMPTY_WINDOW: Final = b""
_USE: Final = domain("tx")
_LONG: Final = 256
_SIGNATURE_ITEM_SIZE: Final = 2 + 64
_BITS_ITEM_SIZE: Final = 2 + WINDOW_SIZE // 8
_SHORT_TOP_END: Final = 2
_BITS_HEAD: Final = b"\x58\x80"
_MASK: Final = (1 << WINDOW_SIZE) - 1


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction of valid shape; nothing else about it is checked yet."""

    data: bytes
    header: bytes
    signature: bytes
    records: tuple[bytes, ...]
    tid: bytes
    chain: bytes
    member: str
    key: int
    seq: int
    not_after: int
    count: int
    root: bytes

    @classmethod
    def read(cls, data: bytes) -> Transaction:
        """Return the transaction of `data`; Invalid if its size or shape is wrong."""
        if len(data) > schema.TRANSACTION_BYTES_MAX:
            raise refuse("tx size")
        return _read_plain(data) or _read_by_schema(data)

    @property
    def signed(self) -> bytes:
        """The bytes that its signature covers: D("tx", tid)."""
        return _USE + self.tid

    @property
    def envelope(self) -> bytes:
        """The bytes a block's merkle root covers: m([header, signature])."""
        # The transaction's own bytes up to its records, in a list of two: a header takes 24 bytes
        # or more, so its length takes one byte after the head, or two from 256 on.
        end = 1 + (2 if len(self.header) < _LONG else 3) + len(self.header) + _SIGNATURE_ITEM_SIZE
        return b"\x82" + self.data[1:end]


def _read_by_schema(data: bytes) -> Transaction:
    """Return the transaction as the codec reads it; it names every fault."""
    header, signature, records = codec.decode(data, schema.TRANSACTION)
    fields: dict[str, Any] = codec.decode(header, schema.TX_HEADER)
    del fields["v"]
    return Transaction(data, header, signature, tuple(records), sha256(header), **fields)


_INTEGER: Final = (
    rb"([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\0)[\0-\xff]{2}"
    rb"|\x1a(?!\0\0)[\0-\xff]{4}|\x1b(?!\0\0\0\0)[\0-\xff]{8})"
)
_DIGEST: Final = rb"X ([\0-\xff]{32})"
_PLAIN: Final = re.compile(
    # 83 | byte string: a map of eight in key order | byte string of 64 | list
    rb"\x83X([\x18-\xff])"
    rb"(\xa8av\x01ckey%(i)bcseq%(i)bdroot%(d)bechain%(d)becount%(i)b"
    rb"fmember([\x61-\x77]|x\x18)([a-z0-9._-]{1,24})inot_after%(i)b)"
    rb"X@([\0-\xff]{64})" % {b"i": _INTEGER, b"d": _DIGEST}
)
_KEY_MAX: Final = 2**32 - 1
_WIDTHS: Final = {b"\x58": 1, b"\x59": 2, b"\x5a": 4}
_RECORDS: Final = codec.list_of(
    codec.octets(schema.TRANSACTION_BYTES_MAX), schema.BUNDLE_RECORDS_MAX, 1
)


def _read_plain(data: bytes) -> Transaction | None:
    """Return the transaction of bytes in the one form that every sound one has, else None.

    Each item is matched in its shortest head, each key at its place, each length compared: such
    bytes have this reading alone, and the schema's. It takes a third of the time.
    """
    found = _PLAIN.match(data)
    if found is None:
        return None
    size, header, key, seq, root, chain, count, head, name, until, signature = found.groups()
    records = _read_records(data[found.end() :])
    if records is None or size[0] != len(header) or head != item_head(3, len(name)):
        return None
    read = Transaction(
        data,
        header,
        signature,
        records,
        sha256(header),
        chain,
        name.decode(),
        _number(key),
        _number(seq),
        _number(until),
        _number(count),
        root,
    )
    return read if _has_limits(read) else None


def _has_limits(found: Transaction) -> bool:
    """Tell whether the header's integers are within what its schema admits."""
    return (
        found.key <= _KEY_MAX
        and 1 <= found.seq <= INTEGER_MAX
        and found.not_after <= INTEGER_MAX
        and 1 <= found.count <= schema.BUNDLE_RECORDS_MAX
    )


def _read_records(data: bytes) -> tuple[bytes, ...] | None:
    """Return the records of a list's canonical bytes, None if they have no such form."""
    # 81 | byte string: the one record that most transactions have.
    width = _WIDTHS.get(data[1:2], 0)
    only = data[2 + width :]
    if data[: 2 + width] == b"\x81" + item_head(2, len(only)):
        return (only,)
    try:
        return tuple(codec.decode(data, _RECORDS))
    except Invalid:
        return None


def _number(item: bytes) -> int:
    return int.from_bytes(item[1:], "big") if len(item) > 1 else item[0]


def sign_transaction(
    key: SigningKey,
    records: Sequence[bytes],
    *,
    chain: bytes,
    member: str,
    number: int,
    seq: int,
    not_after: int,
) -> bytes:
    """Return the bytes of a transaction over `records`, signed by the member's tx key `number`."""
    header = codec.encode(
        {
            "v": 1,
            "chain": chain,
            "member": member,
            "key": number,
            "seq": seq,
            "not_after": not_after,
            "count": len(records),
            "root": root_of(records),
        }
    )
    signature = key.sign(domain("tx", sha256(header)))
    return codec.encode([header, signature, list(records)])


def next_window(window: bytes, seq: int) -> bytes:
    """Return a member's window of used sequence numbers after `seq`; Invalid if it may not be used.

    Args:
        window: m([top, bits]); bit j stands for seq top - j; b"" before the first.
        seq: top - 1,024 < seq <= top + 2^20, not used before.
    """
    top, bits = check_window(window, seq)
    if seq > top:
        ahead = seq - top
        bits = bits << ahead & _MASK if ahead < WINDOW_SIZE else 0
        top = seq
    bits |= 1 << top - seq
    return b"\x82" + item_head(0, top) + _BITS_HEAD + bits.to_bytes(WINDOW_SIZE // 8, "little")


def check_window(window: bytes, seq: int) -> tuple[int, int]:
    """Return top and bits of a window that `seq` may still be used in.

    Raises:
        Invalid: `tx.window`, too old or too far ahead; `tx.seq_repeated`, used already.
    """
    top, bits = _read_window(window)
    if seq < 1 or seq <= top - WINDOW_SIZE or seq > top + SEQ_AHEAD_MAX:
        raise Invalid("tx.window", "window", cure="Take the member's next sequence number.")
    if seq <= top and bits >> top - seq & 1:
        raise Invalid("tx.seq_repeated", "seq repeated", cure="Resend the first answer's bytes.")
    return top, bits


def _read_window(window: bytes) -> tuple[int, int]:
    """Return top and bits of a window as `next_window` wrote it into the state."""
    if window == EMPTY_WINDOW:
        return 0, 0
    # 82 | top | 58 80 | 128 bytes. Every transaction reads one: no general reader is needed.
    end = len(window) - _BITS_ITEM_SIZE
    top = window[1] if end == _SHORT_TOP_END else int.from_bytes(window[2:end], "big")
    return top, int.from_bytes(window[end + 2 :], "little")


def check_envelope(
    found: Transaction,
    *,
    chain: bytes,
    members: Members,
    height: int,
    time: int,
    window: bytes,
    check: Verify = verify,
) -> bytes:
    """Return the window after a transaction that may stand in block `height`; else Invalid.

    The order of checks is fixed: chain, key, window, time, signature, count and root. `check` is
    `verify`, or a memory of its answers.
    """
    if found.chain != chain:
        raise refuse("chain")
    key = members.key(found.member, found.key, "tx", height)
    if key is None:
        raise refuse("key")
    after = next_window(window, found.seq)
    if not time <= found.not_after <= time + LIFE_MAX_MS:
        raise refuse("time")
    if not check(key.pub, found.signed, found.signature):
        raise refuse("signature")
    if found.count != len(found.records):
        raise refuse("count")
    if found.root != root_of(found.records):
        raise refuse("root")
    return after
