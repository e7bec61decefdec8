"""A wrap opens for its key, object, purpose and date only; both suites agree with other readers."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import pyhpke
import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tallystick.base.codec import RAW, cid_of
from tallystick.base.errors import Invalid
from tallystick.chain.wrap import (
    WIRE_SIZES,
    X25519,
    X_WING,
    public_of,
    unwrap,
    wrap,
    wrap_info,
)

BOUND: Final[dict[str, Any]] = {
    "chain": bytes(32),
    "recipient": "bank-b",
    "key": 4,
    "obj": cid_of(b"object", RAW),
    "purpose": "credit",
    "grant": b"g" * 16,
    "until_ms": 1_790_000_000_000,
}
INFO: Final = wrap_info(**BOUND)
PRIVATE: Final = hashlib.sha256(b"a made-up key").digest()
DATA_KEY: Final = bytes(range(32))


@pytest.mark.parametrize("alg", [X25519, X_WING])
def test_a_wrap_opens_with_its_key_and_info(alg: int) -> None:
    wire = wrap(DATA_KEY, alg=alg, public=public_of(PRIVATE, alg), info=INFO)
    assert len(wire) == WIRE_SIZES[alg]
    assert unwrap(wire, alg=alg, private=PRIVATE, info=INFO) == DATA_KEY


@pytest.mark.parametrize("alg", [X25519, X_WING])
@pytest.mark.parametrize(
    "change",
    [
        {"chain": b"\x01" * 32},
        {"recipient": "bank-a"},
        {"key": 5},
        {"obj": cid_of(b"other", RAW)},
        {"purpose": "marketing"},
        {"grant": b""},
        {"until_ms": 1_790_000_000_001},
    ],
)
def test_a_wrap_opens_for_nothing_else(alg: int, change: dict[str, Any]) -> None:
    wire = wrap(DATA_KEY, alg=alg, public=public_of(PRIVATE, alg), info=INFO)
    with pytest.raises(Invalid, match=r"wrap\.open"):
        unwrap(wire, alg=alg, private=PRIVATE, info=wrap_info(**{**BOUND, **change}))


@pytest.mark.parametrize("alg", [X25519, X_WING])
def test_an_altered_or_cut_wrap_opens_nothing(alg: int) -> None:
    wire = wrap(DATA_KEY, alg=alg, public=public_of(PRIVATE, alg), info=INFO)
    for at in range(0, len(wire), 7):
        altered = bytearray(wire)
        altered[at] ^= 1
        with pytest.raises(Invalid, match=r"wrap\.open"):
            unwrap(bytes(altered), alg=alg, private=PRIVATE, info=INFO)
    for cut in (b"", wire[:10], wire[:-1], wire + b"\x00"):
        with pytest.raises(Invalid, match=r"wrap\.open"):
            unwrap(cut, alg=alg, private=PRIVATE, info=INFO)


@pytest.mark.parametrize("alg", [X25519, X_WING])
def test_a_key_of_the_wrong_length_or_order_is_refused(alg: int) -> None:
    for public in (b"", bytes(31), bytes(33), bytes(len(public_of(PRIVATE, alg)))):
        with pytest.raises(Invalid, match=r"wrap\.key"):
            wrap(DATA_KEY, alg=alg, public=public, info=INFO)


def test_pyhpke_opens_our_wraps_and_we_open_its() -> None:
    suite = pyhpke.CipherSuite.new(
        pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256,
        pyhpke.KDFId.HKDF_SHA256,
        pyhpke.AEADId.AES256_GCM,
    )
    private = suite.kem.deserialize_private_key(PRIVATE)
    wire = wrap(DATA_KEY, alg=X25519, public=public_of(PRIVATE, X25519), info=INFO)
    recipient = suite.create_recipient_context(wire[:32], private, info=INFO)
    assert recipient.open(wire[32:]) == DATA_KEY
    public = suite.kem.deserialize_public_key(public_of(PRIVATE, X25519))
    encapsulated, sender = suite.create_sender_context(public, info=INFO)
    theirs = encapsulated + sender.seal(DATA_KEY)
    assert unwrap(theirs, alg=X25519, private=PRIVATE, info=INFO) == DATA_KEY


def _labeled(secret: bytes, label: bytes, data: bytes, suite: bytes) -> bytes:
    return hmac.digest(secret, b"HPKE-v1" + suite + label + data, "sha256")


def _expanded(secret: bytes, label: bytes, context: bytes, suite: bytes, size: int) -> bytes:
    info = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context
    return hmac.digest(secret, info + b"\x01", "sha256")[:size]


def test_the_hybrid_suite_is_x_wing_as_its_draft_says() -> None:
    """Open a wrap by hand: two secrets combined by SHA3-256, then RFC 9180 section 5.1."""
    wire = wrap(DATA_KEY, alg=X_WING, public=public_of(PRIVATE, X_WING), info=INFO)
    ct_lattice, ct_curve, ciphertext = wire[:1_088], wire[1_088:1_120], wire[1_120:]
    expanded = hashlib.shake_256(PRIVATE).digest(96)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    curve = X25519PrivateKey.from_private_bytes(expanded[64:])
    pub_curve = curve.public_key().public_bytes_raw()
    assert public_of(PRIVATE, X_WING) == lattice.public_key().public_bytes_raw() + pub_curve
    shared = hashlib.sha3_256(
        lattice.decapsulate(ct_lattice)
        + curve.exchange(X25519PublicKey.from_public_bytes(ct_curve))
        + ct_curve
        + pub_curve
        + bytes.fromhex("5c2e2f2f5e5c")
    ).digest()
    suite = b"HPKE" + bytes.fromhex("647a 0001 0002")
    zero = bytes(32)
    context = b"\x00" + _labeled(zero, b"psk_id_hash", b"", suite)
    context += _labeled(zero, b"info_hash", INFO, suite)
    secret = _labeled(shared, b"secret", b"", suite)
    key = _expanded(secret, b"key", context, suite, 32)
    nonce = _expanded(secret, b"base_nonce", context, suite, 12)
    assert AESGCM(key).decrypt(nonce, ciphertext, b"") == DATA_KEY
