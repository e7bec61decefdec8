"""What is hashed in C is what hashlib says, of every length and every tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick import _native
from tallystick.chain.merkle import Peaks, leaf_hashes, root_of
from tallystick.kernel.ledger.index import PLACES, shorts_of
from tallystick.kernel.ledger.layout import SCHEMA, pair_check, pair_checks
from tallystick.kernel.ledger.pairs import pair_shorts, put_pairs
from tallystick.kernel.store.database import Database, Row

pytestmark = pytest.mark.skipif(
    not _native.is_digests_built(), reason="no compiler was here, or no instructions for SHA-256"
)
DRAWN = Random(5)


@contextmanager
def _by_hashlib() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "is_digests_built", lambda: False)
        yield


@pytest.mark.parametrize("prefix_size", [0, 1, 3, 31, 55, 56, 63, 64])
def test_every_length_around_every_block_is_hashed_as_by_hashlib(prefix_size: int) -> None:
    prefix = DRAWN.randbytes(prefix_size)
    items = [DRAWN.randbytes(size) for size in [*range(200), 1_000, 65_537]]
    expected = [hashlib.sha256(prefix + item).digest() for item in items]
    assert _native.digests.sha256_each(prefix, items) == expected
    for size in (1, 8, 31):
        assert _native.digests.sha256_each(prefix, items, size) == [e[:size] for e in expected]


@given(st.lists(st.binary(max_size=150), max_size=140), st.integers(0, 140))
def test_trees_are_those_of_the_loop_in_python(items: list[bytes], cut: int) -> None:
    leaves = leaf_hashes(items)
    before, early = Peaks().extend(leaves[:cut])
    after, late = before.extend(iter(leaves[cut:]))
    root = root_of(iter(items))
    with _by_hashlib():
        assert leaf_hashes(items) == leaves
        assert root_of(items) == root == after.root()
        assert Peaks().extend(leaves) == (after, early + late)


@given(st.lists(st.tuples(st.binary(max_size=80), st.binary(max_size=200)), max_size=80))
def test_pairs_are_checked_alike_together_and_alone(pairs: list[tuple[bytes, bytes]]) -> None:
    assert pair_checks(pairs) == [pair_check(*pair) for pair in pairs]


@given(
    st.integers(0, 2**53),
    st.lists(st.tuples(st.binary(max_size=80), st.binary(max_size=300)), max_size=20),
)
def test_rows_of_pairs_are_those_of_the_loop_in_python(
    first: int, pairs: list[tuple[bytes, bytes]]
) -> None:
    rows, heads = _native.digests.pair_rows(first, pairs)
    assert rows == [
        column
        for at, (key, value) in enumerate(pairs, first)
        for column in (at, key, value, pair_check(key, value))
    ]
    assert [type(column) for column in rows] == [int, *[bytearray] * 3] * len(pairs)
    assert heads == b"".join(hashlib.sha256(key).digest()[:8] for key, _ in pairs)
    assert shorts_of(heads, 8).tolist() == pair_shorts([key for key, _ in pairs]).tolist()


def test_pairs_are_kept_alike_with_and_without_the_loop(tmp_path: Path) -> None:
    pairs = [(DRAWN.randbytes(size % 40 + 1), DRAWN.randbytes(size)) for size in range(300)]

    def keep(name: str) -> tuple[list[Row], list[tuple[int, int]]]:
        with closing(Database.write(tmp_path / name, "ledger", SCHEMA, 1)) as database:
            put_pairs(database, pairs[:10])
            put_pairs(database, pairs[10:])
            return database.rows("SELECT * FROM pair"), sorted(PLACES.scan(database))

    kept = keep("loop")
    assert [row[1:3] for row in kept[0]] == pairs
    with _by_hashlib():
        assert keep("hashlib") == kept


def test_what_is_no_pair_of_bytes_is_refused_and_named() -> None:
    for wrong in ([(b"k", "v")], [(b"k",)], [[b"k", b"v"]], [(b"k", b"v"), (bytearray(1), b"v")]):
        with pytest.raises(TypeError, match="tuple of two bytes"):
            _native.digests.pair_rows(0, wrong)  # type: ignore[arg-type]
    long = (bytes(2_000_000), bytes(1_000_000))
    assert _native.digests.pair_rows(7, [long])[0] == [7, *long, pair_check(*long)]


def test_what_is_no_bytes_or_out_of_range_is_refused_and_named() -> None:
    digests, leaf = _native.digests, bytes(32)
    with pytest.raises(TypeError, match="an item is bytes"):
        digests.sha256_each(b"", [b"", "text"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="an item is bytes"):
        digests.merkle_root([bytearray(3)])  # type: ignore[list-item]
    for prefix, size in [(bytes(65), 32), (b"", 0), (b"", 33), (b"", -1)]:
        with pytest.raises(ValueError, match="out of range"):
            digests.sha256_each(prefix, [leaf], size)
    with pytest.raises(ValueError, match="of 32 bytes"):
        digests.merkle_extend([], 0, [bytes(31)])
    for peaks, count in [([], 1), ([leaf], 0), ([leaf], 3), ([leaf] * 64, 2**64 - 1)]:
        with pytest.raises(ValueError, match="no peaks"):
            digests.merkle_extend(peaks, count, [leaf])


def test_a_tree_of_more_leaves_than_fit_a_word_is_not_begun() -> None:
    size = 2**62 - 1
    with pytest.raises(ValueError, match="no peaks"):
        _native.digests.merkle_extend([bytes(32)] * 63, 2**63 - 1, [bytes(32)])
    peaks, nodes = _native.digests.merkle_extend([bytes(32)] * 62, size, [bytes(32)])
    assert (len(peaks), len(nodes)) == (1, 63)
