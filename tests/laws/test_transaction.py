"""A transaction is read by its plain form or by the codec, and both say the same."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base import codec
from tallystick.base.codec import INTEGER_MAX, encode, item_head
from tallystick.base.errors import Invalid
from tallystick.base.keys import SigningKey
from tallystick.chain import transaction
from tallystick.chain.transaction import Transaction, check_window, next_window, sign_transaction

KEY = SigningKey.from_seed(bytes(32))
EDGES = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, INTEGER_MAX, INTEGER_MAX + 1]
integers = st.one_of(st.sampled_from(EDGES), st.integers(0, 2**64 - 1))
names = st.one_of(
    st.text("abcz019._-", max_size=26),
    st.sampled_from(["inot_after", "ainot_after", "x" * 23, "y" * 24, "A", "\u6751", ""]),
)
headers = st.fixed_dictionaries(
    {
        "v": st.sampled_from([1, 2]),
        "chain": st.binary(min_size=31, max_size=33),
        "member": names,
        "key": integers,
        "seq": integers,
        "not_after": integers,
        "count": st.one_of(integers, st.integers(1, 1_100)),
        "root": st.binary(min_size=32, max_size=32),
    }
)
sizes = st.sampled_from([0, 1, 23, 24, 255, 256, 65_535, 65_536, 100_000])
record_lists = st.one_of(
    st.lists(st.binary(max_size=40), max_size=30),
    sizes.map(lambda size: [bytes(size)]),
    st.just([b"r"] * 1_024),
    st.just([b"r"] * 1_025),
)


def _by_schema(data: bytes) -> Transaction | None:
    try:
        return transaction._read_by_schema(data)
    except Invalid:
        return None


def _read(data: bytes) -> Transaction | None:
    try:
        return Transaction.read(data)
    except Invalid:
        return None


@given(headers, st.binary(min_size=63, max_size=65), record_lists)
def test_any_header_and_records_are_read_as_the_schema_reads_them(
    header: dict[str, object], signature: bytes, records: list[bytes]
) -> None:
    data = cbor2.dumps([cbor2.dumps(header, canonical=True), signature, records])
    assert _read(data) == _by_schema(data)


@given(
    st.integers(1, 70_000),
    st.lists(st.binary(max_size=300), min_size=1, max_size=3),
    st.data(),
)
def test_changed_bytes_are_read_as_the_schema_reads_them(
    seq: int, records: list[bytes], draws: st.DataObject
) -> None:
    data = bytearray(
        sign_transaction(
            KEY, records, chain=bytes(32), member="bank", number=1, seq=seq, not_after=seq << 20
        )
    )
    assert _read(bytes(data)) == _by_schema(bytes(data)) != None  # noqa: E711 - both sides read
    for _ in range(draws.draw(st.integers(1, 3))):
        place = draws.draw(st.integers(0, len(data) - 1))
        kind = draws.draw(st.sampled_from(["flip", "insert", "delete"]))
        if kind == "flip":
            data[place] ^= 1 << draws.draw(st.integers(0, 7))
        elif kind == "insert":
            data.insert(place, draws.draw(st.integers(0, 255)))
        elif len(data) > 1:
            del data[place]
    assert _read(bytes(data)) == _by_schema(bytes(data))


def test_what_members_sign_has_the_plain_form() -> None:
    for records in ([b""], [b"r" * 70_000], [b"r"] * 1_024):
        data = sign_transaction(
            KEY, records, chain=bytes(32), member="bank", number=1, seq=9, not_after=9
        )
        assert transaction._read_plain(data) == transaction._read_by_schema(data)


@pytest.mark.parametrize(
    ("field", "value", "is_read"),
    [
        ("v", 2, False),
        ("member", "", False),
        ("member", "m" * 23, True),
        ("member", "m" * 24, True),
        ("member", "m" * 25, False),
        ("member", "M", False),
        ("member", "inot_after", True),
        ("key", 0, True),
        ("key", 2**32 - 1, True),
        ("key", 2**32, False),
        ("seq", 0, False),
        ("seq", 1, True),
        ("seq", INTEGER_MAX, True),
        ("seq", INTEGER_MAX + 1, False),
        ("not_after", 0, True),
        ("not_after", INTEGER_MAX, True),
        ("not_after", INTEGER_MAX + 1, False),
        ("count", 0, False),
        ("count", 1, True),
        ("count", 1_024, True),
        ("count", 1_025, False),
        ("chain", bytes(31), False),
        ("root", bytes(33), False),
    ],
)
def test_each_field_is_held_to_its_limits(field: str, value: object, *, is_read: bool) -> None:
    fields = {"v": 1, "chain": bytes(32), "member": "bank", "key": 1, "seq": 5}
    fields |= {"not_after": 9, "count": 1, "root": bytes(32), field: value}
    header = cbor2.dumps(fields, canonical=True)
    data = cbor2.dumps([header, bytes(64), [b"r"]])
    assert (_read(data) is not None) == is_read
    assert _read(data) == _by_schema(data)


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        (b"cseq\x05", b"cseq\x18\x05"),
        (b"cseq\x05", b"cseq\x19\x00\x05"),
        (b"cseq\x05", b"cseq\x1a\x00\x00\x01\x00"),
        (b"cseq\x05", b"cseq\x1b\x00\x00\x00\x00\x01\x00\x00\x00"),
        (b"cseq\x05", b"cseq\x25"),
        (b"dbank", b"cbank"),
        (b"dbank", b"ebank"),
        (b"dbank", b"x\x04bank"),
        (b"dbank", b"x\x18bank"),
        (b"dbank", b"Dbank"),
        (b"ckey\x01cseq\x05", b"cseq\x05ckey\x01"),
        (b"ckey\x01", b"ckey\x01ckey\x01"),
        (b"\xa8av\x01", b"\xa7"),
        (b"\xa8av\x01", b"\xb8\x08av\x01"),
        (b"\xa8av\x01", b"\xbfav\x01"),
        (b"not_after\x09", b"not_after\x09\x00"),
    ],
)
def test_a_header_in_another_form_is_refused(plain: bytes, other: bytes) -> None:
    data = sign_transaction(
        KEY, [b"r"], chain=bytes(32), member="bank", number=1, seq=5, not_after=9
    )
    header = Transaction.read(data).header
    changed = header.replace(plain, other)
    assert changed != header
    with pytest.raises(Invalid):
        Transaction.read(encode([changed, bytes(64), [b"r"]]))


@pytest.mark.parametrize(
    ("start", "other"), [(b"\x83", b"\x84"), (b"\x83", b"\x98\x03"), (b"\x83X", b"\x83Y\x00")]
)
@pytest.mark.parametrize("end", [b"", b"\x00"])
def test_a_transaction_in_another_form_is_refused(start: bytes, other: bytes, end: bytes) -> None:
    data = sign_transaction(
        KEY, [b"r"], chain=bytes(32), member="bank", number=1, seq=5, not_after=9
    )
    with pytest.raises(Invalid):
        Transaction.read(other + data.removeprefix(start) + end)
    with pytest.raises(Invalid):
        Transaction.read(data + b"\x00")
    # A list of one in a longer head, a record in a longer head.
    for wide in (
        b"\x98\x01\x41r",
        b"\x81\x58\x01r",
        b"\x9f\x41r\xff",
        b"\x81\x5f\x41r\xff",
        b"\x80",
    ):
        with pytest.raises(Invalid):
            Transaction.read(data.removesuffix(b"\x81\x41r") + wide)


@given(integers)
def test_a_head_is_the_one_the_library_writes(number: int) -> None:
    assert item_head(0, number) == cbor2.dumps(number)


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65_535, 65_536])
def test_the_head_of_a_length_is_the_one_the_library_writes(size: int) -> None:
    assert item_head(2, size) + bytes(size) == cbor2.dumps(bytes(size))
    assert item_head(3, size) + b"a" * size == cbor2.dumps("a" * size)
    assert item_head(4, size) + bytes(size) == cbor2.dumps([0] * size)


@given(st.integers(1, 2**20), st.lists(st.integers(-1_030, 1_100), max_size=8))
def test_a_window_is_written_as_the_codec_writes_it(first: int, steps: list[int]) -> None:
    window = next_window(b"", first)
    for step in steps:
        try:
            top, _ = check_window(window, first + step)
        except Invalid:
            continue
        window = next_window(window, first + step)
        tree = codec.decode(window, codec.value)
        assert tree[0] == max(top, first + step)
        assert encode(tree) == window
