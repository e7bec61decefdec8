"""Laws of the PSI: 0 for equal counts, one figure for both directions, never negative, growing."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tallystick.learning.drift import psi

COUNTS = st.integers(0, 10**6)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    bins = draw(st.integers(1, 12))
    lists = st.lists(COUNTS, min_size=bins, max_size=bins)
    return draw(lists), draw(lists)


@given(st.lists(COUNTS, min_size=1, max_size=12))
def test_equal_counts_have_not_moved(counts: list[int]) -> None:
    assert psi(counts, counts) == 0


@given(pairs())
def test_it_is_symmetric_finite_and_never_negative(pair: tuple[list[int], list[int]]) -> None:
    before, after = pair
    assert psi(before, after) == psi(after, before)
    assert 0 <= psi(before, after) < math.inf


@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_bins_tells_nothing(pair: tuple[list[int], list[int]], random: object) -> None:
    before, after = pair
    order = list(range(len(before)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert psi([before[at] for at in order], [after[at] for at in order]) == psi(before, after)


@given(
    st.lists(st.integers(1, 10**5), min_size=2, max_size=12),
    st.data(),
)
def test_it_grows_as_rows_leave_one_bin_for_another(counts: list[int], data: st.DataObject) -> None:
    source, target = data.draw(st.permutations(range(len(counts))))[:2]
    fewer = data.draw(st.integers(0, counts[source] - 1))
    more = data.draw(st.integers(fewer + 1, counts[source]))

    def moved(rows: int) -> list[int]:
        found = list(counts)
        found[source] -= rows
        found[target] += rows
        return found

    assert psi(counts, moved(more)) > psi(counts, moved(fewer))
