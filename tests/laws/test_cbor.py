"""The loop in C reads canonical bytes as the codec's other reading does, or tells nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tallystick import _native
from tallystick.base import codec
from tallystick.base.codec import Cid, Value, cid_of, encode
from values import TREES

pytestmark = pytest.mark.skipif(
    not _native.is_cbor_built(), reason="built with the package where there is a compiler"
)


def read(data: object) -> Any:
    """Return what the loop tells by itself, None if nothing."""
    return _native.cbor.read_tree(data, codec.DEPTH_MAX, Cid, codec._LINKS)


def check_alike(data: bytes) -> Any:
    """Return what the loop in C tells; fail if another reading would differ or refuse."""
    told = read(data)
    if told is not None:
        plain = codec._load(data, codec.DEPTH_MAX + 1)
        assert told == plain
        assert codec.encode_decoded(told) == data, "types, and the order of keys"
        assert codec._depth(told) <= codec.DEPTH_MAX
    return told


@given(TREES)
@example(2**64 - 1)
@example(-(2**63))
@example([{}, [], "", b"", {"a": [cid_of(b"")]}])
def test_the_loop_in_c_tells_all_that_is_canonical_as_the_other_reading_does(tree: Value) -> None:
    assert check_alike(encode(tree)) == tree


@given(TREES, st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=3))
def test_the_loop_in_c_tells_nothing_that_the_other_reading_refuses(
    tree: Value, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(encode(tree))
    for place, value in changes:
        data[place % len(data)] = value
    check_alike(bytes(data))
    check_alike(bytes(data[:-1]))
    check_alike(bytes(data) + b"\0")


@pytest.mark.parametrize("kind", range(8))
def test_the_loop_in_c_makes_nothing_of_a_length_that_is_not_there(kind: int) -> None:
    for size in (1, 2, 4, 8):
        for number in (1, 23, 2 ** (8 * size) - 1, 2 ** (8 * size - 1)):
            head = bytes([kind << 5 | 23 + size.bit_length()]) + number.to_bytes(size, "big")
            for rest in (b"", b"\x61a", b"\x61a\x00\x61b"):
                check_alike(head + rest)


def test_the_loop_in_c_leaves_to_the_other_what_it_does_not_know() -> None:
    for data in (
        "f6",
        "f5",
        "fb3ff0000000000000",
        "c249010000000000000000",
        "a10102",
        "3bff" + "ff" * 7,
    ):
        assert read(bytes.fromhex(data)) is None
    for other in (bytearray(b"\x01"), memoryview(b"\x01"), "a", None):
        assert read(other) is None
    for bad in (
        (b"\x01",),
        (b"\x01", "16", Cid, ()),
        (b"\x01", 16, 1, ()),
        (b"\x01", 16, Cid, (b"",)),
    ):
        with pytest.raises(TypeError):
            _native.cbor.read_tree(*bad)
