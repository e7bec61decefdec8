"""A transaction: a bundle of records under one member's signature, all or nothing.

`[header, signature, [record]]`, each a byte string. The id (tid) is the header's hash; the
signature covers D("tx", tid); the header's root covers the records' bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import refuse, sha256
from tallystick.base.errors import Invalid
from tallystick.base.keys import SigningKey, verify
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
_LONG: Final = 256
_SIGNATURE_ITEM_SIZE: Final = 2 + 64
_BITS_ITEM_SIZE: Final = 2 + WINDOW_SIZE // 8
_SHORT_TOP_END: Final = 2
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
        header, signature, records = codec.decode(data, schema.TRANSACTION)
        fields: dict[str, Any] = codec.decode(header, schema.TX_HEADER)
        del fields["v"]
        return cls(data, header, signature, tuple(records), sha256(header), **fields)

    @property
    def envelope(self) -> bytes:
        """The bytes a block's merkle root covers: m([header, signature])."""
        # The transaction's own bytes up to its records, in a list of two: a header takes 24 bytes
        # or more, so its length takes one byte after the head, or two from 256 on.
        end = 1 + (2 if len(self.header) < _LONG else 3) + len(self.header) + _SIGNATURE_ITEM_SIZE
        return b"\x82" + self.data[1:end]


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
    return codec.encode([top, bits.to_bytes(WINDOW_SIZE // 8, "little")])


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
    found: Transaction, *, chain: bytes, members: Members, height: int, time: int, window: bytes
) -> bytes:
    """Return the window after a transaction that may stand in block `height`; else Invalid.

    The order of checks is fixed: chain, key, window, time, signature, count and root.
    """
    if found.chain != chain:
        raise refuse("chain")
    key = members.key(found.member, found.key, "tx", height)
    if key is None:
        raise refuse("key")
    after = next_window(window, found.seq)
    if not time <= found.not_after <= time + LIFE_MAX_MS:
        raise refuse("time")
    if not verify(key.pub, domain("tx", found.tid), found.signature):
        raise refuse("signature")
    if found.count != len(found.records):
        raise refuse("count")
    if found.root != root_of(found.records):
        raise refuse("root")
    return after
