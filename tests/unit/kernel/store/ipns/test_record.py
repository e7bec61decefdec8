"""Records of names: each rule of the specification, first kept, then broken."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import dag_cbor
import pytest

from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.ipns.moment import MOMENT_MAX, read_moment, write_moment
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.record import (
    NUMBER_MAX,
    RECORD_BYTES_MAX,
    Pointer,
    Record,
    check_current,
    read_record,
    sign_record,
)
from tallystick.kernel.store.unixfs.wire import write_number, write_octets

KEY, OTHER = (SigningKey.from_seed(seed * 32) for seed in (b"a", b"b"))
NAME = IpnsName(KEY.public)
SAID = Pointer(
    value=b"/ipfs/bafkqaaa", sequence=7, ends_ns=1_800_000_000_000_000_001, ttl_ns=300 * 10**9
)
DOCUMENT = {
    "TTL": SAID.ttl_ns,
    "Value": SAID.value,
    "Sequence": SAID.sequence,
    "Validity": b"2027-01-15T08:00:00.000000001Z",
    "ValidityType": 0,
}


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code


def seal(document: bytes, *more: bytes, key: SigningKey = KEY) -> bytes:
    """Return a record of a document, signed as the specification says, by other means than ours."""
    signature = key.sign(b"ipns-signature:" + document)
    return b"".join((*more, write_octets(8, signature), write_octets(9, document)))


def told(**changed: Any) -> bytes:
    found: dict[str, Any] = {
        name: value for name, value in (DOCUMENT | changed).items() if value is not None
    }
    return dag_cbor.encode(found)


def old(**changed: bytes | int) -> list[bytes]:
    """Return the older fields, some with another value; an unsigned signature among them."""
    fields: dict[str, bytes | int] = {
        "value": SAID.value,
        "signature": b"never looked at",
        "type": 0,
        "validity": DOCUMENT["Validity"],  # type: ignore[dict-item] # one of its values
        "sequence": SAID.sequence,
        "ttl": SAID.ttl_ns,
    }
    return [
        write_octets(field, value) if isinstance(value, bytes) else write_number(field, value)
        for field, value in enumerate((fields | changed).values(), 1)
    ]


def read(raw: bytes) -> Record:
    return read_record(NAME, raw)


def test_a_signed_record_comes_back_and_its_document_is_as_another_library_writes_it() -> None:
    for is_old in (True, False):
        made = sign_record(KEY, SAID, is_old=is_old)
        assert read(made.raw) == made
        assert made.raw.endswith(write_octets(9, told()))
        assert made.raw == seal(told(), *(old(signature=_first(made.raw)) if is_old else ()))


def _first(raw: bytes) -> bytes:
    """Return the older signature of a record that begins with its value."""
    at = 2 + len(SAID.value) + 2
    return raw[at : at + 64]


def test_what_counts_is_the_second_signature_and_never_the_first() -> None:
    assert read(seal(told())).said == SAID
    assert read(seal(told(), *old())).said == SAID
    first = KEY.sign(SAID.value + b"2027-01-15T08:00:00.000000001Z" + b"EOL")
    only_first = b"".join(old(signature=first))
    assert code(lambda: read(only_first)) == "ipns.record"
    assert code(lambda: read(only_first + write_octets(9, told()))) == "ipns.record"
    broken = only_first + write_octets(8, bytes(64)) + write_octets(9, told())
    assert code(lambda: read(broken)) == "ipns.signature"


@pytest.mark.parametrize(
    "changed",
    [
        {"value": b"/ipfs/bafkqaab"},
        {"validity": b"2028-01-15T08:00:00.000000001Z"},
        {"type": 1},
        {"sequence": 8},
        {"ttl": 1},
        {"value": b"", "ttl": 1},
    ],
)
def test_older_fields_that_say_something_else_make_it_none(changed: dict[str, bytes | int]) -> None:
    assert code(lambda: read(seal(told(), *old(**changed)))) == "ipns.record"


def test_older_fields_are_compared_where_one_of_the_two_that_count_is_there() -> None:
    # As the specification has it: by signatureV1 or value; the others alone say nothing.
    assert read(seal(told(), write_number(5, 99))).said == SAID
    assert code(lambda: read(seal(told(), write_octets(1, SAID.value)))) == "ipns.record"


def test_a_key_beside_the_record_is_that_of_the_name_or_refused() -> None:
    own, other = (write_octets(7, b"\x08\1\x12\x20" + each.public) for each in (KEY, OTHER))
    assert read(seal(told(), own)).said == SAID
    assert code(lambda: read(seal(told(), other))) == "ipns.signature"
    assert code(lambda: read(seal(told(), other, key=OTHER))) == "ipns.signature"
    assert code(lambda: read(seal(told(), key=OTHER))) == "ipns.signature"


@pytest.mark.parametrize(
    "document",
    [
        *(told(**{name: None}) for name in DOCUMENT),
        *(told(**{name: "text"}) for name in DOCUMENT),
        *(told(**{name: -1}) for name in ("TTL", "Sequence", "ValidityType")),
        *(told(**{name: 2**63}) for name in ("TTL", "Sequence")),
        told(ValidityType=1),
        told(Validity=b"2027-01-15"),
        told() + b"\0",
        told()[:-1],
        b"\xa0",
        b"\x80",
        dag_cbor.encode([1]),
        # A key that stands twice says two things.
        b"\xa6" + told()[1:] + b"\x63TTL\x01",
    ],
)
def test_a_document_that_says_less_or_two_things_is_none(document: bytes) -> None:
    assert code(lambda: read(seal(document))) == "ipns.record"


def test_what_else_stands_in_the_document_is_passed_over_and_signed_all_the_same() -> None:
    more: dict[str, object] = {"_note": "x", "_map": {"a": [1, None, 1.5]}, "_list": [b"x"]}
    assert read(seal(told(**more))).said == SAID
    cut = seal(told(**more)).replace(b"_note", b"_nota")
    assert code(lambda: read(cut)) == "ipns.signature"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff" * 9,
        b"no record",
        seal(told()) + write_octets(9, told()),
        seal(told()) + write_octets(8, bytes(64)),
        seal(told(), write_octets(5, b"\7")),
        seal(told(), write_number(9, 1)),
        seal(told())[:-1],
        write_octets(8, b"") + write_octets(9, b""),
    ],
)
def test_bytes_that_are_no_message_or_say_a_thing_twice_are_none(raw: bytes) -> None:
    assert code(lambda: read(raw)) == "ipns.record"


def test_every_flipped_bit_of_a_record_is_refused() -> None:
    whole = sign_record(KEY, SAID, is_old=False).raw
    for bit in range(len(whole) * 8):
        raw = bytearray(whole)
        raw[bit // 8] ^= 1 << bit % 8
        assert code(partial(read, bytes(raw))) in {"ipns.record", "ipns.signature"}, bit


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert read(seal(told(), write_octets(10, b"x"), write_number(99, 1))).said == SAID


def test_a_record_of_ten_kibibytes_is_read_and_one_byte_more_is_not() -> None:
    room = RECORD_BYTES_MAX - len(seal(told(_fill=b"x" * 9_000)))
    whole = seal(told(_fill=b"x" * (9_000 + room)))
    assert len(whole) == RECORD_BYTES_MAX
    assert read(whole).said == SAID
    assert code(lambda: read(seal(told(_fill=b"x" * (9_001 + room))))) == "ipns.record"
    long = Pointer(value=b"/" * RECORD_BYTES_MAX, sequence=0, ends_ns=1, ttl_ns=0)
    assert code(lambda: sign_record(KEY, long)) == "ipns.record"


def test_the_largest_numbers_come_back() -> None:
    most = Pointer(value=b"", sequence=NUMBER_MAX, ends_ns=MOMENT_MAX, ttl_ns=NUMBER_MAX)
    assert read(sign_record(KEY, most).raw).said == most


def test_a_record_counts_until_its_last_moment() -> None:
    record = sign_record(KEY, SAID)
    last_ms = SAID.ends_ns // 1_000_000
    assert check_current(record, last_ms) is record
    assert code(lambda: check_current(record, last_ms + 1)) == "ipns.ended"
    even = sign_record(KEY, Pointer(value=b"", sequence=0, ends_ns=5_000_000, ttl_ns=0))
    assert check_current(even, 4) is even
    assert code(lambda: check_current(even, 5)) == "ipns.ended"
    before = read(seal(told(Validity=b"0001-01-01T00:00:00Z")))
    assert before.said.ends_ns < 0
    assert code(lambda: check_current(before, 0)) == "ipns.ended"


def test_of_two_records_the_sequence_decides_then_the_end_then_the_bytes() -> None:
    def make(sequence: int, ends_ns: int, value: bytes = b"/a") -> Record:
        said = Pointer(value=value, sequence=sequence, ends_ns=ends_ns, ttl_ns=0)
        return sign_record(KEY, said)

    assert make(2, 1).is_newer(make(1, 9))
    assert make(1, 9).is_newer(make(1, 8))
    assert not make(1, 9).is_newer(make(1, 9))
    one, two = make(1, 9, b"/a"), make(1, 9, b"/b")
    assert one.is_newer(two) != two.is_newer(one)


@pytest.mark.parametrize(
    ("text", "moment_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("2027-01-15T08:00:00.1Z", 1_800_000_000_100_000_000),
        ("2027-01-15T16:30:00+08:30", 1_800_000_000_000_000_000),
        ("2027-01-15T07:00:00-01:00", 1_800_000_000_000_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
    ],
)
def test_a_moment_is_read_to_the_nanosecond(text: str, moment_ns: int) -> None:
    assert read_moment(text.encode()) == moment_ns
    if moment_ns >= 0 and text.endswith("Z"):
        assert write_moment(moment_ns) == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        *("", "2027", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15 08:00:00Z"),
        *("2027-01-15t08:00:00z", "2027-01-15T08:00:00.Z", "2027-01-15T08:00:00.1234567890Z"),
        *("2027-01-15T24:00:00Z", "2027-01-15T23:59:60Z", "2027-02-29T00:00:00Z"),
        *("2027-13-01T00:00:00Z", "0000-01-01T00:00:00Z", "2027-01-15T08:00:00+24:00"),
        *("2027-01-15T08:00:00+08:60", "2027-01-15T08:00:00Z\n", " 2027-01-15T08:00:00Z"),
        *("2027-01-15T08:00:00,5Z", "２０２７-01-15T08:00:00Z"),
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    assert code(lambda: read_moment(text.encode())) == "ipns.record"
