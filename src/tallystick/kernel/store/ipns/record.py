"""Records of names: what one says, signed, and read back only if its name's key signed it.

Laws: what counts is the signed document (`data`, by signature 2); the older fields beside it must
say the same, and their own signature is made for old readers and never believed. Of two records the
one of the greater sequence is newer, then the one that counts longer, then the greater bytes. No
record is read without its signature; whether it counts still is the reader's clock to say.
Limits: 10 KiB; numbers below 2^63; Ed25519. Each field once; fields that are not known are passed
over, as the specification wants; what else the document holds too.
Source: IPNS record specification of 2023-10-03.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.base.codec import encode
from tallystick.base.errors import Invalid
from tallystick.base.keys import SigningKey, verify
from tallystick.kernel.store.ipns.fault import ended_record, refuse_record, wrong_signature
from tallystick.kernel.store.ipns.moment import read_moment, write_moment
from tallystick.kernel.store.ipns.name import IpnsName, write_public
from tallystick.kernel.store.unixfs.dagcbor import read_plain
from tallystick.kernel.store.unixfs.wire import (
    NUMBER,
    OCTETS,
    read_fields,
    write_number,
    write_octets,
)

__all__ = [
    "NUMBER_MAX",
    "RECORD_BYTES_MAX",
    "Pointer",
    "Record",
    "check_current",
    "read_record",
    "sign_record",
]

RECORD_BYTES_MAX: Final = 10 * 1024
NUMBER_MAX: Final = 2**63 - 1
_SIGNED: Final = b"ipns-signature:"
_END_OF_LIFE: Final = 0
_OLD_TYPE: Final = b"EOL"
_VALUE, _SIGNATURE_1, _TYPE, _VALIDITY, _SEQUENCE, _TTL, _KEY, _SIGNATURE_2, _DATA = range(1, 10)
_FORMS: Final = {
    _VALUE: OCTETS,
    _SIGNATURE_1: OCTETS,
    _TYPE: NUMBER,
    _VALIDITY: OCTETS,
    _SEQUENCE: NUMBER,
    _TTL: NUMBER,
    _KEY: OCTETS,
    _SIGNATURE_2: OCTETS,
    _DATA: OCTETS,
}
_OLD: Final = {
    _VALUE: "Value",
    _VALIDITY: "Validity",
    _TYPE: "ValidityType",
    _SEQUENCE: "Sequence",
    _TTL: "TTL",
}
"""The older fields, and where the signed document says the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What a record says.

    Attributes:
        value: the content path it points to, such as `/ipfs/CID`; of any bytes.
        sequence: how new it is, 0 to `NUMBER_MAX`.
        ends_ns: the last moment it counts, ns since 1970 UTC.
        ttl_ns: how long it may be kept before it is asked for again, ns, 0 to `NUMBER_MAX`.
    """

    value: bytes
    sequence: int
    ends_ns: int
    ttl_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record whose signature has been checked: whose it is, what it says, and its bytes."""

    name: IpnsName
    said: Pointer
    raw: bytes

    def is_newer(self, other: Record) -> bool:
        """Tell whether it takes the place of another record of its name."""
        return self._order > other._order

    @property
    def _order(self) -> tuple[int, int, bytes]:
        return self.said.sequence, self.said.ends_ns, self.raw


def sign_record(key: SigningKey, said: Pointer, *, is_old: bool = True) -> Record:
    """Return the record that says something under the name of a key.

    Args:
        key: the name's.
        said: what it says.
        is_old: whether it also has the fields that readers from before 2021 need.

    Raises:
        Invalid: `ipns.record`, it would be too large, or a number of it.
    """
    _check_numbers(said.sequence, said.ttl_ns)
    validity = write_moment(said.ends_ns)
    document = encode(
        {
            "Value": said.value,
            "Validity": validity,
            "ValidityType": _END_OF_LIFE,
            "Sequence": said.sequence,
            "TTL": said.ttl_ns,
        }
    )
    parts = []
    if is_old:
        parts = [
            write_octets(_VALUE, said.value),
            write_octets(_SIGNATURE_1, key.sign(said.value + validity + _OLD_TYPE)),
            write_number(_TYPE, _END_OF_LIFE),
            write_octets(_VALIDITY, validity),
            write_number(_SEQUENCE, said.sequence),
            write_number(_TTL, said.ttl_ns),
        ]
    parts.append(write_octets(_SIGNATURE_2, key.sign(_SIGNED + document)))
    parts.append(write_octets(_DATA, document))
    raw = b"".join(parts)
    _check_size(raw)
    return Record(IpnsName(key.public), said, raw)


def read_record(name: IpnsName, raw: bytes) -> Record:
    """Return the record of a name, its signature checked.

    Raises:
        Invalid: `ipns.record`, it is none; `ipns.signature`, the name's key did not sign it.
    """
    _check_size(raw)
    fields = _read_fields(raw)
    signature, document = fields.get(_SIGNATURE_2), fields.get(_DATA)
    if not isinstance(signature, bytes) or not isinstance(document, bytes) or not document:
        raise refuse_record("it lacks signature 2, or what that signs")
    if fields.get(_KEY, write_public(name)) != write_public(name):
        raise wrong_signature()
    told = _read_document(document)
    if not verify(name.public, _SIGNED + document, signature):
        raise wrong_signature()
    if fields.get(_SIGNATURE_1) or fields.get(_VALUE):
        _check_old(fields, told)
    return Record(name, _read_pointer(told), raw)


def check_current(record: Record, now_ms: int) -> Record:
    """Return the record if it counts at a time, ms since 1970 UTC; else Invalid `ipns.ended`."""
    if record.said.ends_ns <= now_ms * 1_000_000:
        raise ended_record(write_moment(max(record.said.ends_ns, 0)).decode())
    return record


def _check_numbers(*numbers: int) -> None:
    if max(numbers) > NUMBER_MAX:
        raise refuse_record("a number of 2^63 or more")


def _check_size(raw: bytes) -> None:
    if len(raw) > RECORD_BYTES_MAX:
        raise refuse_record(f"{len(raw)} bytes, most is {RECORD_BYTES_MAX}")


def _read_fields(raw: bytes) -> dict[int, int | bytes]:
    found: dict[int, int | bytes] = {}
    for field, wire, value in read_fields(raw, refuse_record):
        if field not in _FORMS:
            continue
        if wire != _FORMS[field]:
            raise refuse_record(f"field {field} has another form")
        if field in found:
            raise refuse_record(f"field {field} stands twice")
        found[field] = value
    return found


def _read_document(document: bytes) -> dict[str, int | bytes]:
    try:
        return read_plain(document)
    except Invalid as error:
        raise refuse_record(f"what is signed cannot be read: {error.message}") from error


def _check_old(fields: dict[int, int | bytes], told: dict[str, int | bytes]) -> None:
    for field, key in _OLD.items():
        # What an older field does not say is nothing, or zero.
        absent: int | bytes = 0 if _FORMS[field] == NUMBER else b""
        if fields.get(field, absent) != told.get(key):
            raise refuse_record(f"field {field} differs from what is signed")


def _read_pointer(told: dict[str, int | bytes]) -> Pointer:
    value, validity = told.get("Value"), told.get("Validity")
    sequence, ttl_ns = told.get("Sequence"), told.get("TTL")
    if told.get("ValidityType") != _END_OF_LIFE:
        raise refuse_record("it does not count until a moment, the one way that is known")
    if not isinstance(value, bytes) or not isinstance(validity, bytes):
        raise refuse_record("what is signed lacks Value or Validity")
    if not isinstance(sequence, int) or not isinstance(ttl_ns, int):
        raise refuse_record("what is signed lacks Sequence or TTL")
    _check_numbers(sequence, ttl_ns)
    return Pointer(value=value, sequence=sequence, ends_ns=read_moment(validity), ttl_ns=ttl_ns)
