"""Field, profiles, plans: what the specification says of the code, counted."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from tallystick.base.errors import Invalid
from tallystick.kernel.store.zigzag.field import (
    invert,
    invert_matrix,
    logarithm,
    multiply,
    power,
)
from tallystick.kernel.store.zigzag.plan import (
    plan_encoding,
    plan_recovery,
    plan_update,
    touched,
)
from tallystick.kernel.store.zigzag.profile import PROFILES, Profile, find_profile


def product(a: int, b: int) -> int:
    """Return the product by the definition: shift, add, reduce."""
    found = 0
    for bit in range(8):
        found ^= a * (b >> bit & 1) << bit
    for bit in range(14, 7, -1):
        found ^= 0x11D << bit - 8 if found >> bit & 1 else 0
    return found


def test_products_are_those_of_polynomials_and_each_byte_has_its_inverse() -> None:
    for a, b in itertools.product(range(256), repeat=2):
        assert multiply(a, b) == product(a, b)
    for a in range(1, 256):
        assert multiply(a, invert(a)) == 1
        assert power(logarithm(a)) == a
    assert power(-1) == invert(2)
    assert power(255) == power(0) == 1


def test_an_inverse_matrix_undoes_and_a_singular_one_is_a_bug() -> None:
    matrix = [[power(row * column) for column in range(5)] for row in range(5)]
    inverse = invert_matrix(matrix)
    for row, column in itertools.product(range(5), repeat=2):
        total = 0
        for place in range(5):
            total ^= multiply(matrix[row][place], inverse[place][column])
        assert total == (row == column)
    assert invert_matrix([[0, 1], [1, 0]]) == [[0, 1], [1, 0]]
    with pytest.raises(AssertionError, match="depends"):
        invert_matrix([[1, 2], [2, 4]])
    with pytest.raises(AssertionError, match="inverse"):
        invert(0)


# Name -> alpha, and the shards' worth read for each lost data shard and each lost parity.
TRAFFIC = {
    "zz-4+2": (8, Fraction(5, 2), 4),
    "zz-8+2": (8, Fraction(5), 8),
    "zz-6+3": (9, Fraction(10, 3), 6),
    "rs-4+2": (1, Fraction(4), 4),
    "rs-10+4": (1, Fraction(10), 10),
}


def read(profile: Profile, lost: list[int]) -> Fraction:
    reads = plan_recovery(profile, lost, lost).reads
    return Fraction(sum(len(chunks) for _, chunks in reads), profile.alpha)


@pytest.mark.parametrize("name", TRAFFIC)
def test_a_lost_shard_is_rebuilt_from_as_little_as_the_specification_says(name: str) -> None:
    profile, (alpha, data, parity) = find_profile(name), TRAFFIC[name]
    assert profile.alpha == alpha
    assert [read(profile, [shard]) for shard in range(profile.k)] == [data] * profile.k
    assert [read(profile, [s]) for s in range(profile.k, profile.n)] == [parity] * profile.r


@pytest.mark.parametrize("name", TRAFFIC)
def test_more_losses_are_recovered_from_k_whole_shards(name: str) -> None:
    profile = find_profile(name)
    for lost in itertools.combinations(range(profile.n), 2):
        assert read(profile, list(lost)) == profile.k


def test_what_is_not_wanted_is_neither_read_nor_written() -> None:
    profile = PROFILES["zz-4+2"]
    nothing = plan_recovery(profile, [], [4, 5])
    assert (nothing.reads, nothing.writes, nothing.sums) == ((), (), ())
    one = plan_recovery(profile, [1], [1, 5])
    assert [shard for shard, _ in one.writes] == [1]
    assert [shard for shard, _ in one.reads] == [0, 2, 3, 4]


@pytest.mark.parametrize("name", TRAFFIC)
def test_each_data_sub_chunk_enters_one_sub_chunk_of_each_parity(name: str) -> None:
    profile = find_profile(name)
    parity = dict(
        zip(_rows(plan_encoding(profile).writes), plan_encoding(profile).sums, strict=True)
    )
    number = {row: place for place, row in enumerate(_rows(plan_encoding(profile).reads))}
    for shard, x in itertools.product(range(profile.k), range(profile.alpha)):
        entered = [row for row, terms in parity.items() if number[shard, x] in dict(terms)]
        assert sorted(entered) == sorted(touched(profile, shard, x))
        assert len(plan_update(profile, shard, x).sums) == profile.r == len(entered)


def _rows(rows: tuple[tuple[int, tuple[int, ...]], ...]) -> list[tuple[int, int]]:
    return [(shard, x) for shard, chunks in rows for x in chunks]


def test_the_largest_reed_solomon_code_loses_any_four_shards() -> None:
    """Every square piece of the coefficients has an inverse, so any k shards suffice."""
    profile = find_profile("rs-20+4")
    for count in range(1, 5):
        for places in itertools.combinations(range(profile.r), count):
            for shards in itertools.combinations(range(profile.k), count):
                invert_matrix([[power(place * shard) for shard in shards] for place in places])


def test_sub_chunks_are_odd_multiples_of_64_and_the_least_that_fit() -> None:
    for name in TRAFFIC:
        profile = find_profile(name)
        cut = profile.k * profile.alpha
        for length in [*range(1, 5_000, 7), 65_536, 2**20, 2**20 + 1]:
            size = profile.sub_chunk_bytes(length)
            assert size % 128 == 64
            assert size * cut >= length
            assert size == 64 or (size - 128) * cut < length
        for length in (2**20, 2**22, 2**24, 2**24 - 1):
            size = profile.full_sub_chunk_bytes(length)
            assert size % 128 == 64
            assert size * cut <= length < (size + 128) * cut


@pytest.mark.parametrize(
    "name", ["", "zz-4+3", "rs-0+1", "rs-21+1", "rs-4+5", "rs-4+0", "rs-04+2", "RS-4+2", "rs-4+2 "]
)
def test_a_name_that_is_no_code_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(Invalid, match="zz-4") as caught:
        find_profile(name)
    assert caught.value.code == "zigzag.profile"
    assert caught.value.cure
