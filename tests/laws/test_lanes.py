"""Law of the sums in C: of any pairs, at every width, they are what hashlib and NumPy say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick import _native
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


def test_what_is_no_pair_or_no_width_is_refused() -> None:
    with pytest.raises(TypeError):
        _native.lanes.sum_pairs(b"", ["text"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="level"):
        _native.lanes.sum_pairs(b"", [], _native.lanes.level + 1)
    with pytest.raises(ValueError, match="prefix"):
        _native.lanes.sum_pairs(bytes(65), [])
