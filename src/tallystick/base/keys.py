"""Ed25519 keys under one strict rule of validity.

Validity is consensus: libraries disagree about small-order and non-canonical points, and members
that disagree would fork. So points and scalars are checked here before libsodium is asked:
A and R canonical and not of small order, s < L, cofactorless, R compared as bytes.
Source: RFC 8032 section 5.1; the list of small-order points of Curve25519.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from nacl import bindings
from nacl.exceptions import BadSignatureError

__all__ = [
    "PUBLIC_SIZE",
    "SEED_SIZE",
    "SIGNATURE_SIZE",
    "SigningKey",
    "Verify",
    "is_point",
    "verify",
]

Verify: TypeAlias = Callable[[bytes, bytes, bytes], bool]
"""(public, message, signature) -> whether it is valid: `verify`, or a memory of its answers."""

PUBLIC_SIZE: Final = 32
SEED_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64
_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_SIGN_BIT: Final = 2**255
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y coordinates of the eight points whose order divides 8.
_SMALL_ORDER: Final = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})
# Where the last byte is none of these, y is below p and none of those five.
_RARE_ENDS: Final = bytes({each >> 248 for each in (*_SMALL_ORDER, _P)})
_RARE: Final = bytes(end & 0x7F in _RARE_ENDS for end in range(256))
_SURE_END: Final = _L >> 248
"""A scalar whose last byte is less is below L."""


def is_point(encoded: bytes) -> bool:
    """Tell whether 32 bytes may stand as A or R: canonical y, not of small order.

    Whether y lies on the curve is left to libsodium, which refuses what does not.
    """
    if len(encoded) != PUBLIC_SIZE:
        return False
    if not _RARE[encoded[-1]]:
        return True
    y = int.from_bytes(encoded, "little") & (_SIGN_BIT - 1)
    return y < _P and y not in _SMALL_ORDER


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (64 bytes) over `message` is valid under `public` (32 bytes)."""
    if len(signature) != SIGNATURE_SIZE or not is_point(public) or not is_point(signature[:32]):
        return False
    if signature[-1] >= _SURE_END and int.from_bytes(signature[32:], "little") >= _L:
        return False
    try:
        bindings.crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private Ed25519 key; `repr` shows the public half only."""

    seed: bytes
    public: bytes
    _secret: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Return the key of a 32-byte seed."""
        assert len(seed) == SEED_SIZE
        public, secret = bindings.crypto_sign_seed_keypair(seed)
        return cls(seed, public, secret)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_SIZE]

    def __repr__(self) -> str:
        """Name the key by its public half."""
        return f"SigningKey({self.public.hex()})"
