"""Law of the sums in C: of any pairs, at every width, they are what hashlib and NumPy say."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick import _native
from tallystick.base.codec import encode
from tallystick.chain import state

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not _native.is_lanes_built(), reason="the sums in C were not compiled here"),
]

# A block of SHAKE128 takes 168 bytes, of which the prefix takes some: lengths about each border.
LENGTHS = st.sampled_from([0, 1, 60, *range(150, 171), *range(318, 340), 1_000])
PAIRS = st.lists(
    st.tuples(LENGTHS, st.binary(min_size=1, max_size=4)).map(
        lambda found: (found[1] * (found[0] + 1))[: found[0]]
    ),
    max_size=40,
)


@given(PAIRS)
def test_every_width_says_what_hashlib_and_numpy_say(pairs: list[bytes]) -> None:
    told = state._sum_plain(pairs).tobytes()
    for level in range(_native.lanes.level + 1):
        assert _native.lanes.sum_pairs(state._USE, pairs, level) == told, level
    assert state._sum(iter(pairs)).tobytes() == told


@given(st.lists(st.tuples(LENGTHS, LENGTHS), max_size=20), st.binary(max_size=3), st.data())
def test_pairs_are_split_as_far_as_they_have_their_one_form(
    sizes: list[tuple[int, int]], behind: bytes, data: st.DataObject
) -> None:
    pairs = [(bytes(key), bytes(value)) for key, value in sizes]
    encoded = [encode([key, value]) for key, value in pairs]
    whole = b"".join(encoded) + behind
    cut = data.draw(st.integers(0, len(whole)))
    end, *found = _native.lanes.split_pairs(whole[:cut], 0, len(pairs), 2_000, 2_000)
    ends = [0, *itertools.accumulate(map(len, encoded))]
    count = sum(each <= cut for each in ends[1:])
    assert end == ends[count]
    assert found == [
        encoded[:count],
        [key for key, _ in pairs[:count]],
        [value for _, value in pairs[:count]],
    ]


@given(st.binary(max_size=12))
def test_any_bytes_that_are_split_are_as_the_codec_writes_them(rest: bytes) -> None:
    data = b"\x82" + rest
    end, encoded, keys, values = _native.lanes.split_pairs(data, 0, 5, 2_000, 2_000)
    assert b"".join(encoded) == data[:end]
    for pair, key, value in zip(encoded, keys, values, strict=True):
        assert pair == encode([key, value])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x82",
        b"\x83\x41a\x41b",
        b"\x82\x58\x01a\x41b",
        b"\x82\x59\x00\x01a\x41b",
        b"\x82\x5a\x00\x00\x00\x01a\x41b",
        b"\x82\x5b" + (1).to_bytes(8, "big") + b"a\x41b",
        b"\x82\x41a\x61b",
        b"\x82\x41a\x5a\xff\xff\xff\xff",
    ],
)
def test_what_is_no_pair_is_left_where_it_stands(data: bytes) -> None:
    assert _native.lanes.split_pairs(data, 0, 9, 2_000, 2_000) == (0, [], [], [])


def test_a_pair_longer_than_it_may_be_is_left() -> None:
    data = encode([b"key", b"value"])
    assert _native.lanes.split_pairs(data, 0, 1, 3, 5)[0] == len(data)
    assert _native.lanes.split_pairs(data, 0, 1, 2, 5)[0] == 0
    assert _native.lanes.split_pairs(data, 0, 1, 3, 4)[0] == 0
    assert _native.lanes.split_pairs(data, 0, 0, 3, 5)[0] == 0
    assert _native.lanes.split_pairs(data, len(data) + 1, 1, 3, 5)[0] == len(data) + 1


def test_what_is_no_pair_or_no_width_is_refused() -> None:
    with pytest.raises(TypeError):
        _native.lanes.sum_pairs(b"", ["text"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="level"):
        _native.lanes.sum_pairs(b"", [], _native.lanes.level + 1)
    with pytest.raises(ValueError, match="prefix"):
        _native.lanes.sum_pairs(bytes(65), [])
