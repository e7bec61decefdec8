"""Ed25519 keys under one strict rule of validity.

Validity is consensus: libraries disagree about small-order and non-canonical points, and members
that disagree would fork. So points and scalars are checked here before libsodium is asked:
A and R canonical and not of small order, s < L, cofactorless, R compared as bytes.
Source: RFC 8032 section 5.1; the list of small-order points of Curve25519.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final, TypeAlias

from nacl import _sodium, bindings
from nacl.exceptions import BadSignatureError

from tallystick import _native

__all__ = [
    "PUBLIC_SIZE",
    "SEED_SIZE",
    "SIGNATURE_SIZE",
    "Signed",
    "SigningKey",
    "Verify",
    "is_point",
    "verify",
    "verify_many",
]

Signed: TypeAlias = tuple[bytes, bytes, bytes]
"""Public key, message, signature."""

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
_OPEN: Final = int(
    _sodium.ffi.cast("uintptr_t", _sodium.ffi.addressof(_sodium.lib, "crypto_sign_open"))
)
"""Where libsodium's function stands in this process."""


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


def _has_form(public: bytes, signature: bytes) -> bool:
    if len(signature) != SIGNATURE_SIZE or not is_point(public) or not is_point(signature[:32]):
        return False
    return signature[-1] < _SURE_END or int.from_bytes(signature[32:], "little") < _L


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (64 bytes) over `message` is valid under `public` (32 bytes)."""
    if not _has_form(public, signature):
        return False
    try:
        bindings.crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def verify_many(rows: Sequence[Signed]) -> list[bool]:
    """Tell of each row what `verify` does.

    Where the loop in C was built, other threads run meanwhile, undisturbed; else they and this one
    wait for each other at each row.
    """
    if not _native.is_signatures_built():
        return [verify(*row) for row in rows]
    formed = [_has_form(public, signature) for public, _, signature in rows]
    valid = iter(_native.signatures.check_many(_OPEN, list(compress(rows, formed))))
    return [has_form and next(valid) == 1 for has_form in formed]


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
