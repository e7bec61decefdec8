"""Sealed objects: the fields of one class of a record, encrypted, padded and committed to.

`01 | n:32 | kc:32 | ct`: (k, kc) = HKDF-SHA256(data key, salt n, info, 64 bytes); ct =
AES-256-GCM(k, nonce 0, AAD info, plain); info = D("seal", m([chain, member, id, t, rv, class]));
plain = u32 length, m({name: [salt, value?]}), zeros up to the least 2^j KiB that fits, 1 <= j <= 6.
Nonce 0 is safe because n, hence k, is fresh for each object. GCM alone does not commit to its key
(one ciphertext can open under two), so kc does: who opens checks kc first, then the padding, then
the commitment over all leaves; either failing is a fault. One lost key closes all fields.
Source: RFC 5869 (HKDF); NIST SP 800-38D (GCM); Albertini et al. 2022, How to abuse and fix
authenticated encryption without key commitment.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tallystick.base import codec
from tallystick.base.clock import Entropy
from tallystick.base.codec import Check, Value, cid_of
from tallystick.base.errors import Corrupt, Invalid
from tallystick.chain.digest import domain
from tallystick.chain.disclosure import (
    SALT_ITEM_SIZE,
    SALT_SIZE,
    Opening,
    check_slots,
    leaf_of,
    salt_item,
    text_item,
)
from tallystick.chain.merkle import leaf_hash, tree_levels
from tallystick.chain.record import SealClass

__all__ = [
    "DATA_KEY_SIZE",
    "NONCE_SIZE",
    "Material",
    "Place",
    "Sealed",
    "derive_keys",
    "draw_material",
    "open_sealed",
    "seal",
]

DATA_KEY_SIZE: Final = 32
NONCE_SIZE: Final = 32
_VERSION: Final = b"\x01"
_HEAD_SIZE: Final = 1 + NONCE_SIZE + 32
_TAG_SIZE: Final = 16
_LENGTH_SIZE: Final = 4
# A value stands in a map and a list; heads of 24 entries or more take a second byte.
_SLOT_DEPTH: Final = 2
_PLAIN: Final = frozenset({int, str, bytes, codec.Cid})
_SHORT: Final = 24
_GCM_NONCE: Final = bytes(12)
_SIZES: Final = tuple(1024 << j for j in range(1, 7))


@dataclass(frozen=True, slots=True)
class Place:
    """Where sealed fields stand; an object opens nowhere else.

    Attributes:
        chain: the chain's digest, 32 bytes.
        member: the writer of the record.
        record: the record's id, 16 bytes.
        kind: the record's type, its `t`.
        version: the type's version, its `rv`.
        sealed: the class.
    """

    chain: bytes
    member: str
    record: bytes
    kind: str
    version: int
    sealed: SealClass

    def info(self) -> bytes:
        """Return the bytes that bind keys and ciphertext to this place."""
        rows: list[Value] = [self.chain, self.member, self.record, self.kind, self.version]
        return domain("seal", codec.encode_decoded([*rows, self.sealed]))


@dataclass(frozen=True, slots=True, repr=False)
class Material:
    """What is drawn for one object.

    Attributes:
        data_key: 32 bytes, kept by the party's custodian and never in the store.
        nonce: n, 32 bytes, public.
        salts: 16 bytes for each field of the class, in schema order.
    """

    data_key: bytes
    nonce: bytes
    salts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed object and what the record says of it.

    Attributes:
        data: the object's bytes, for the store.
        com: the commitment, 32 bytes.
        size: the length of the padded plain text: one of six, whatever the fields hold.
        opening: the fields with their salts, for disclosures.
    """

    data: bytes
    com: bytes
    size: int
    opening: Opening

    def tree(self) -> dict[str, Value]:
        """Return the seal as it stands in a record: `{com, obj, size}`."""
        return {"com": self.com, "obj": cid_of(self.data, codec.RAW), "size": self.size}


def draw_material(entropy: Entropy, fields: int, data_key: bytes = b"") -> Material:
    """Return fresh material for an object of `fields` fields; a `data_key` given is used."""
    salts = entropy.draw("salt", SALT_SIZE * fields)
    return Material(
        data_key or entropy.draw("key", DATA_KEY_SIZE),
        entropy.draw("seal", NONCE_SIZE),
        tuple(salts[at : at + SALT_SIZE] for at in range(0, len(salts), SALT_SIZE)),
    )


def derive_keys(data_key: bytes, nonce: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Return (k, kc): the encryption key and the value that commits to it, 32 bytes each."""
    both = HKDF(SHA256(), 64, nonce, info).derive(data_key)
    return both[:32], both[32:]


def seal(
    values: Mapping[str, Value],
    *,
    place: Place,
    fields: Mapping[str, Check],
    material: Material,
) -> Sealed:
    """Return the sealed object of `values`.

    Args:
        values: the filled fields; those of the class that are not named are absent.
        place: where they stand.
        fields: the class's fields in schema order, from the record's type.
        material: data key, nonce and one salt for each field, all fresh.

    Raises:
        Invalid: a field is unknown or breaks its check, or all together exceed 64 KiB.
    """
    assert len(material.salts) == len(fields)
    assert len(material.data_key) == DATA_KEY_SIZE
    if not values.keys() <= fields.keys():
        raise Invalid("seal.fields", "fields", cure="Seal only the fields the type names.")
    slots: dict[str, list[Any]] = {}
    leaves, parts = [], {}
    for (name, check), salt in zip(fields.items(), material.salts, strict=True):
        slots[name], encoded = _fill(values, name, salt, check)
        leaves.append(leaf_of(place.record, place.sealed, name, encoded))
        parts[name] = encoded
    opening = Opening(place.record, place.sealed, slots)
    plain = _pad(_body(parts))
    info = place.info()
    k, kc = derive_keys(material.data_key, material.nonce, info)
    ciphertext = AESGCM(k).encrypt(_GCM_NONCE, plain, info)
    data = b"".join((_VERSION, material.nonce, kc, ciphertext))
    com = tree_levels([leaf_hash(leaf) for leaf in leaves])[-1][0]
    return Sealed(data, com, len(plain), opening)


def _fill(
    values: Mapping[str, Value], name: str, salt: bytes, check: Check
) -> tuple[list[Any], bytes]:
    """Return a field's slot and its bytes without the head of the list: salt, then value if any.

    A value is encoded once; its leaf and the body are put together from these bytes.
    """
    if name not in values:
        return [salt], salt_item(salt)
    encoded, value = _write(values[name], check)
    return [salt, value], salt_item(salt) + encoded


def _write(value: Value, check: Check) -> tuple[bytes, Value]:
    """Return a value's canonical bytes and what is read from them; Invalid if it breaks `check`.

    A check demands canonical key order, so bytes in the order given that pass it are canonical;
    they cost half of what sorting does. Services give most trees in that order.
    """
    if type(value) in _PLAIN:
        check(value)
        return codec.encode_decoded(value), value
    depth = codec.DEPTH_MAX - _SLOT_DEPTH
    encoded = codec.encode_decoded(value)
    try:
        read = codec.read_encoded(encoded, depth)
        check(read)
    except Invalid:
        encoded = codec.encode(value)
        read = codec.read_encoded(encoded, depth)
        check(read)
    return encoded, read


def _body(parts: Mapping[str, bytes]) -> bytes:
    """Return m({name: [salt, value?]}) of the fields' bytes: names by length, then bytes."""
    size = len(parts)
    found = [bytes([0xA0 | size]) if size < _SHORT else bytes([0xB8, size])]
    for name in sorted(parts, key=lambda each: (len(each), each)):
        head = b"\x82" if len(parts[name]) > SALT_ITEM_SIZE else b"\x81"
        found += [text_item(name), head, parts[name]]
    return b"".join(found)


def open_sealed(
    data: bytes,
    *,
    place: Place,
    fields: Mapping[str, Check],
    stated: Mapping[str, Any],
    data_key: bytes,
) -> Opening:
    """Return the fields of a sealed object, all checked against the record.

    Args:
        data: the object's bytes.
        place: where the record says they stand.
        fields: the class's fields in schema order, from the record's type.
        stated: the record's seal `{com, obj, size}`.
        data_key: 32 bytes.

    Raises:
        Invalid: `seal.key`, the key, or the place, is not the object's.
        Corrupt: the object is not the one named, was altered, or holds other fields than the
            record commits to.
    """
    if stated["obj"] != cid_of(data, codec.RAW):
        raise _fault("seal.object", "obj")
    if data[:1] != _VERSION or len(data) != _HEAD_SIZE + stated["size"] + _TAG_SIZE:
        raise _fault("seal.form", "object form")
    info = place.info()
    k, kc = derive_keys(data_key, data[1 : 1 + NONCE_SIZE], info)
    if not hmac.compare_digest(kc, data[1 + NONCE_SIZE : _HEAD_SIZE]):
        raise Invalid("seal.key", "kc", cure="Ask the custodian for this object's data key.")
    try:
        plain = AESGCM(k).decrypt(_GCM_NONCE, data[_HEAD_SIZE:], info)
    except InvalidTag as error:
        raise _fault("seal.tag", "tag") from error
    try:
        opening = _read_fields(_unpad(plain), place, fields)
    except Invalid as error:
        raise _fault("seal.fields", "fields") from error
    if opening.com() != stated["com"]:
        raise _fault("seal.com", "com")
    return opening


def _fault(code: str, what: str) -> Corrupt:
    return Corrupt(code, what, cure="Fetch the object again; if it stays, report its writer.")


def _pad(body: bytes) -> bytes:
    length = _LENGTH_SIZE + len(body)
    for size in _SIZES:
        if length <= size:
            return len(body).to_bytes(_LENGTH_SIZE, "big") + body + bytes(size - length)
    raise Invalid("seal.size", "fields exceed 64 KiB", cure="Keep large texts as objects.")


def _unpad(plain: bytes) -> bytes:
    length = int.from_bytes(plain[:_LENGTH_SIZE], "big")
    body = plain[_LENGTH_SIZE : _LENGTH_SIZE + length]
    if len(body) != length or plain != _pad(body):
        raise _fault("seal.padding", "padding")
    return body


def _read_fields(body: bytes, place: Place, fields: Mapping[str, Check]) -> Opening:
    found: dict[str, list[Any]] = codec.decode(body, check_slots)
    if found.keys() != fields.keys():
        raise Invalid("seal.fields", "fields", cure="Seal all fields of the type, no other.")
    slots = {name: found[name] for name in fields}
    for name, slot in slots.items():
        if len(slot) > 1:
            fields[name](slot[1])
    return Opening(place.record, place.sealed, slots)
