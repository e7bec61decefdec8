"""Wraps: a data key made over to one key of one recipient, for one object and purpose.

HPKE base mode (RFC 9180) with HKDF-SHA256 and AES-256-GCM; wire = enc | ct, aad empty. The info
D("wrap", m([chain, recipient, key, obj, purpose, grant, until])) binds all that the wrap is for: a
wrap moved to another purpose, grant or date does not open. A wrap never stands in a record or the
store. Algorithm 2 is DHKEM(X25519), 3 is X-Wing (ML-KEM-768 with X25519), KEM 0x647a.
Private keys: 2 = the X25519 scalar's 32 bytes; 3 = the 32-byte seed of X-Wing.
Source: RFC 9180; draft-connolly-cfrg-xwing-kem; draft-ietf-hpke-pq.
"""

from __future__ import annotations

import hashlib
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tallystick.base import codec
from tallystick.base.codec import Cid
from tallystick.base.errors import Invalid
from tallystick.chain.digest import domain
from tallystick.chain.seal import DATA_KEY_SIZE

__all__ = [
    "PRIVATE_SIZE",
    "WIRE_SIZES",
    "X25519",
    "X_WING",
    "public_of",
    "unwrap",
    "wrap",
    "wrap_info",
]

X25519: Final = 2
X_WING: Final = 3
PRIVATE_SIZE: Final = 32
WIRE_SIZES: Final = {X25519: 32 + 48, X_WING: 1_120 + 48}
"""Bytes of a wrap by algorithm: encapsulation, data key, tag."""

_MLKEM_PUBLIC: Final = 1_184
_MLKEM_SEED: Final = 64
_PUBLIC_SIZES: Final = {X25519: 32, X_WING: _MLKEM_PUBLIC + 32}
_SUITES: Final = {
    alg: hpke.Suite(kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    for alg, kem in ((X25519, hpke.KEM.X25519), (X_WING, hpke.KEM.MLKEM768_X25519))
}
_Private: TypeAlias = X25519PrivateKey | hpke.MLKEM768X25519PrivateKey
_Public: TypeAlias = X25519PublicKey | hpke.MLKEM768X25519PublicKey


def wrap_info(
    *, chain: bytes, recipient: str, key: int, obj: Cid, purpose: str, grant: bytes, until_ms: int
) -> bytes:
    """Return what a wrap is bound to.

    Args:
        chain: the chain's digest, 32 bytes.
        recipient: the member it is for.
        key: the number of that member's key of use `seal`.
        obj: the sealed object the data key opens.
        purpose: as the grant states it.
        grant: the grant's id, 16 bytes; empty where none is needed.
        until_ms: when the recipient shall forget it, milliseconds since 1970 UTC.
    """
    return domain("wrap", codec.encode([chain, recipient, key, obj, purpose, grant, until_ms]))


def public_of(private: bytes, alg: int) -> bytes:
    """Return the public key, as a members list carries it, of a private key of 32 bytes."""
    if alg == X25519:
        return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    lattice, curve = _x_wing(private)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def wrap(data_key: bytes, *, alg: int, public: bytes, info: bytes) -> bytes:
    """Return a data key of 32 bytes encrypted to a public key; the randomness is the library's.

    Raises:
        Invalid: `wrap.key`, the public key is not one of `alg`.
    """
    assert len(data_key) == DATA_KEY_SIZE
    if len(public) != _PUBLIC_SIZES[alg]:
        raise _bad_key()
    try:
        return _SUITES[alg].encrypt(data_key, _public(public, alg), info=info)
    except ValueError as error:
        raise _bad_key() from error


def unwrap(wire: bytes, *, alg: int, private: bytes, info: bytes) -> bytes:
    """Return the data key of a wrap.

    Raises:
        Invalid: `wrap.open`, it was made for another key or another info, or was altered.
    """
    try:
        found = _SUITES[alg].decrypt(wire, _private(private, alg), info=info)
    except (InvalidTag, ValueError) as error:
        raise _not_opened() from error
    if len(found) != DATA_KEY_SIZE:
        raise _not_opened()
    return found


def _x_wing(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    both = hashlib.shake_256(seed).digest(_MLKEM_SEED + 32)
    return (
        MLKEM768PrivateKey.from_seed_bytes(both[:_MLKEM_SEED]),
        X25519PrivateKey.from_private_bytes(both[_MLKEM_SEED:]),
    )


def _private(private: bytes, alg: int) -> _Private:
    if alg == X25519:
        return X25519PrivateKey.from_private_bytes(private)
    return hpke.MLKEM768X25519PrivateKey(*_x_wing(private))


def _public(public: bytes, alg: int) -> _Public:
    if alg == X25519:
        return X25519PublicKey.from_public_bytes(public)
    return hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC:]),
    )


def _bad_key() -> Invalid:
    return Invalid("wrap.key", "public key", cure="Take the key from the members list in force.")


def _not_opened() -> Invalid:
    return Invalid("wrap.open", "wrap", cure="Ask the custodian for a wrap to this key and use.")
