"""What a filter says is absent was never entered: against a set, at every width."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.kernel.ledger import bloom, layout, pairs
from tallystick.kernel.ledger.bloom import PARTS, BloomFilter
from tallystick.kernel.ledger.index import PLACES, Shorts
from tallystick.kernel.ledger.pairs import Reading, change_pairs, read_pairs
from tallystick.kernel.store.database import Database

SHORT = st.integers(-(2**63), 2**63 - 1)
EDGES = [-(2**63), 2**63 - 1, -1, 0, 1, -(2**56), 2**56, 2**56 - 1]


def _draw(drawn: np.random.Generator, count: int) -> Shorts:
    return drawn.integers(-(2**63), 2**63, count, dtype=np.int64)


def _enter(found: BloomFilter, held: Shorts) -> None:
    """Enter one part, all that it holds."""
    part = found.wanted()
    if part is not None:
        found.enter(part, held[(held >> 56) + PARTS // 2 == part])


@settings(max_examples=50)
@given(
    steps=st.lists(
        st.one_of(st.none(), st.lists(st.one_of(SHORT, st.sampled_from(EDGES)), max_size=40)),
        max_size=60,
    )
)
def test_what_was_entered_is_never_absent(steps: list[list[int] | None]) -> None:
    found, held = BloomFilter(), np.zeros(0, np.int64)
    for step in steps:
        if step is None:
            _enter(found, held)
        else:
            shorts = np.array(step, np.int64)
            held = np.concatenate((held, shorts))
            found.add(shorts)
        assert found.may_hold(held).all()


def test_few_absent_ones_are_looked_for_while_the_set_grows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bloom, "WIDTH", 64)
    drawn, found, held = np.random.default_rng(3), BloomFilter(), np.zeros(0, np.int64)
    assert found.may_hold(_draw(drawn, 10_000)).all()
    shares = []
    for _ in range(100):
        for _ in range(PARTS):
            _enter(found, held)
        shares.append(found.may_hold(_draw(drawn, 4_096)).mean())
        more = _draw(drawn, 1_024)
        held = np.concatenate((held, more))
        found.add(more)
        assert found.may_hold(held).all()
    assert np.mean(shares) < 0.02
    assert found.wanted() is None or max(shares[-10:]) < 0.05


def test_what_is_changed_over_and_over_takes_no_more_room() -> None:
    found, shorts = BloomFilter(), _draw(np.random.default_rng(4), 5_000)
    for _ in range(PARTS):
        _enter(found, np.zeros(0, np.int64))
    for _ in range(50):
        found.add(shorts)
    assert found._bits.nbytes == PARTS * bloom.WIDTH // 8


def test_beyond_the_most_room_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bloom, "WIDTH", 64)
    monkeypatch.setattr(bloom, "WIDTH_MAX", 128)
    found, held = BloomFilter(), _draw(np.random.default_rng(5), 20_000)
    for _ in range(2 * PARTS):
        _enter(found, held)
    assert found._bits.nbytes == PARTS * 128 // 8
    assert found.may_hold(held).all()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    schema = f"{layout.PAIR_SCHEMA};{PLACES.schema}"
    with closing(Database.write(tmp_path / "pairs.db", "pairs", schema, 1)) as found:
        yield found


def _keys(block: int, count: int) -> list[bytes]:
    return [b"%d/%d" % (block, number) for number in range(count)]


def test_a_reading_finds_what_the_file_holds_from_its_first_block_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "_NOTED", 500)
    held: dict[bytes, bytes] = {}
    reading = Reading()
    asked: list[int] = []
    for block in range(60):
        if block == 20:
            # Another one, of a file that holds much already.
            reading = Reading()
        keys = _keys(block, 200)
        seen = list(held)[:: max(1, len(held) // 100)]
        wanted = {key: held[key] for key in seen}
        assert reading.read(database, [*keys, *seen]) == wanted
        changes: dict[bytes, bytes | None] = dict.fromkeys(keys, b"%d" % block)
        changes |= dict.fromkeys(seen[:20]) | dict.fromkeys(seen[20:40], b"new")
        with database.transaction():
            change_pairs(database, changes, held.keys() & changes.keys())
        reading.add(changes)
        held = {key: value for key, value in {**held, **changes}.items() if value is not None}
        everything = [*held, *seen[:20]]
        assert reading.read(database, everything) == held

    def count(_: Database, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        asked.append(len(keys))
        return iter(())

    monkeypatch.setattr(pairs, "read_pairs", count)
    reading.read(database, _keys(1_000, 1_000))
    assert asked[0] < 50


def test_who_reads_beside_a_writer_misses_nothing_that_was_told(database: Database) -> None:
    reading, told, ended = Reading(), [0], threading.Event()
    faults: list[bytes] = []

    def read() -> None:
        beside = Database.read(database.path)
        with closing(beside):
            while not ended.is_set():
                keys = [key for block in range(told[0]) for key in _keys(block, 64)][-640:]
                found = reading.read(beside, [*keys, *_keys(-1, 64)])
                faults.extend(set(keys) - set(found))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for each in readers:
        each.start()
    for block in range(150):
        changes: dict[bytes, bytes | None] = dict.fromkeys(_keys(block, 64), b"v")
        with database.transaction():
            change_pairs(database, changes, set())
        reading.add(changes)
        told[0] = block + 1
    ended.set()
    for each in readers:
        each.join()
    assert not faults
    assert len(dict(read_pairs(database, _keys(149, 64)))) == 64
