"""A member's signed word that it holds nothing of an object any more.

Law: what is signed names the chain, the object, who asked, who answers and when; it is signed with
the holder's link key under a use of its own, so that no message of the link reads the same.
Source: docs/spec/spread.md, "Erasing".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, decode, encode
from tallystick.base.keys import SIGNATURE_SIZE, verify
from tallystick.chain.digest import domain

__all__ = ["RECEIPT_BYTES_MAX", "Receipt", "Vouching"]

RECEIPT_BYTES_MAX: Final = 512
_BODY: Final = codec.tuple_of(
    codec.exact_bytes(32),
    codec.cid,
    codec.ident(40),
    codec.ident(40),
    codec.integer(0),
    codec.integer(),
)
_SIGNED: Final = codec.tuple_of(codec.octets(RECEIPT_BYTES_MAX), codec.octets(SIGNATURE_SIZE))


def _never(cid: Cid, owner: str) -> bool:
    del cid, owner
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """What a holder answers others by, besides its shards.

    Attributes:
        member: who holds.
        chain: the chain's id, 32 bytes.
        sign: signs by the member's link key in force; b"" where it has none.
        now_ms: tells the time.
        is_kept, is_erased: whether the chain says so of an object of an owner's.
        is_listed: whether the list in force at this member's tip names a member.
    """

    member: str
    chain: bytes = bytes(32)
    sign: Callable[[bytes], bytes] = field(default=lambda _: b"", repr=False)
    now_ms: Callable[[], int] = lambda: 0
    is_kept: Callable[[Cid, str], bool] = _never
    is_erased: Callable[[Cid, str], bool] = _never
    is_listed: Callable[[str], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a holder says once an object's shards are gone from it.

    Attributes:
        chain: the chain's id.
        cid: the object.
        owner: who asked.
        holder: who answers.
        freed: bytes of shards that went just now, >= 0.
        at_ms: when, by the holder's clock, ms since 1970 UTC.
        signature: the holder's, over all of it.
    """

    chain: bytes
    cid: Cid
    owner: str
    holder: str
    freed: int
    at_ms: int
    signature: bytes = field(default=b"", repr=False)

    @property
    def body(self) -> bytes:
        """What is signed, without its use."""
        rows: list[Any] = [self.chain, self.cid, self.owner, self.holder, self.freed, self.at_ms]
        return encode(rows)

    @property
    def message(self) -> bytes:
        """What is signed."""
        return domain("dropped", self.body)

    @property
    def data(self) -> bytes:
        """Its bytes, signature and all."""
        return encode([self.body, self.signature])

    @classmethod
    def read(cls, data: bytes) -> Receipt:
        """Return the receipt of its bytes; Invalid `codec.*` if they are none."""
        body, signature = decode(data, _SIGNED)
        chain, cid, owner, holder, freed, at_ms = decode(body, _BODY)
        return cls(chain, cid, owner, holder, freed, at_ms, signature)

    def is_by(self, public: bytes) -> bool:
        """Tell whether the holder of this link key signed it."""
        return verify(public, self.message, self.signature)
