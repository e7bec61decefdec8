"""The state's pairs and the index that finds them, against a dict; files of older versions."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.chain import CHARTER, Chain
from tallystick.base.errors import Corrupt
from tallystick.chain.state import lanes_of
from tallystick.county.present import read_newest
from tallystick.kernel.ledger import index as indexing
from tallystick.kernel.ledger import layout, tables
from tallystick.kernel.ledger.audit import audit_chain
from tallystick.kernel.ledger.index import PLACES, Index
from tallystick.kernel.ledger.pairs import (
    change_pairs,
    is_state,
    pair_shorts,
    read_pair,
    read_pairs,
    replace_pairs,
    scan_pairs,
)
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.snapshot import save_snapshot
from tallystick.kernel.store.database import Database

KEYS = [hashlib.sha256(b"%d" % number).digest()[: 1 + number % 40] for number in range(60)]
SCHEMA = f"{layout.PAIR_SCHEMA};{PLACES.schema}"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of four ranges is moved on after every third entry, and again after every seventh."""
    monkeypatch.setattr(indexing, "RANGES", 4)
    monkeypatch.setattr(indexing, "STEPS", (3, 7))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database.write(tmp_path / "pairs.db", "pairs", SCHEMA, 1)) as found:
        yield found


def _change(database: Database, held: dict[bytes, bytes], block: dict[bytes, bytes | None]) -> None:
    with database.transaction():
        change_pairs(database, block, held.keys() & block.keys())
    for key, value in block.items():
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value


def _is_indexed(database: Database) -> bool:
    return is_state(database, lanes_of(scan_pairs(database)))


BLOCKS = st.lists(
    st.dictionaries(st.sampled_from(KEYS), st.one_of(st.none(), st.binary(max_size=8))), max_size=12
)


@pytest.mark.usefixtures("small")
@settings(max_examples=60)
@given(blocks=BLOCKS)
def test_what_blocks_leave_is_found_and_nothing_else(
    blocks: list[dict[bytes, bytes | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("pairs") / "pairs.db"
    held: dict[bytes, bytes] = {}
    with closing(Database.write(path, "pairs", SCHEMA, 1)) as database:
        for block in blocks:
            _change(database, held, block)
        assert dict(scan_pairs(database)) == held
        assert dict(read_pairs(database, KEYS)) == held
        assert {key: read_pair(database, key) for key in KEYS} == {
            key: held.get(key) for key in KEYS
        }
        assert list(scan_pairs(database, "name")) == sorted(held.items())
        assert _is_indexed(database)
        assert PLACES.count(database) == len(held)


@pytest.mark.usefixtures("small")
def test_a_state_put_in_anothers_place_leaves_nothing_of_it(database: Database) -> None:
    held: dict[bytes, bytes] = {}
    _change(database, held, dict.fromkeys(KEYS[:30], b"old"))
    fresh = dict.fromkeys(KEYS[20:], b"new")
    pairs = sorted(fresh.items())
    with database.transaction():
        replace_pairs(database, [pairs[:10], pairs[10:11], pairs[11:]])
    assert dict(read_pairs(database, KEYS)) == fresh
    assert _is_indexed(database)
    _change(database, fresh, {KEYS[0]: b"then", KEYS[59]: None})
    assert dict(read_pairs(database, KEYS)) == fresh
    assert _is_indexed(database)


def test_entries_move_on_by_ranges_and_few_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "STEPS", (64, 1_024))
    index, drawn = Index("at"), np.random.default_rng(7)
    shorts = drawn.integers(-(2**63), 2**63, 300_000, dtype=np.int64)
    with closing(Database.write(tmp_path / "x.db", "x", index.schema, 1)) as database:
        for first in range(0, len(shorts), 1_000):
            with database.transaction():
                index.add(database, first, shorts[first : first + 1_000])
        # A cycle of all ranges takes 256 steps; on average an entry waits for half of one.
        recent, later = (
            database.value(f"SELECT count(*) FROM at_{name}") for name in ("recent", "later")
        )
        assert 6_000 < recent < 11_000
        assert 100_000 < later < 160_000
        assert index.count(database) == len(shorts)
        assert all(
            position in index.find(database, int(shorts[position]))
            for position in range(0, len(shorts), 997)
        )


def test_equal_hashes_have_an_entry_each(tmp_path: Path) -> None:
    index = Index("at")
    with closing(Database.write(tmp_path / "x.db", "x", index.schema, 1)) as database:
        with database.transaction():
            index.add(database, 0, np.array([5, -1, 5], np.int64))
        assert index.find(database, 5) == [0, 2]
        with database.transaction():
            index.drop(database, [(5, 0)])
        assert index.find(database, 5) == [2]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE place SET short = short + 1 WHERE position = (SELECT min(position) FROM place)",
        "UPDATE place SET position = position + 100",
        "DELETE FROM place_recent WHERE position = (SELECT max(position) FROM place_recent)",
        "INSERT INTO place VALUES (12, 3)",
        "UPDATE place_recent SET short = 'x'",
        "UPDATE place SET position = -3 WHERE position = (SELECT min(position) FROM place)",
        "UPDATE place SET position = 3.5 WHERE position = (SELECT min(position) FROM place)",
        "UPDATE place SET position = position | (1 << 62)",
    ],
)
def test_an_entry_that_leads_astray_is_noticed(database: Database, damage: str) -> None:
    for first in range(0, 60, 4):
        _change(database, {}, dict.fromkeys(KEYS[first : first + 4], b"1"))
    lanes = lanes_of(scan_pairs(database))
    assert is_state(database, lanes)
    assert database.run(damage) >= 1
    assert not is_state(database, lanes)


def test_a_row_that_is_not_found_is_not_written_twice(database: Database) -> None:
    held: dict[bytes, bytes] = {}
    _change(database, held, dict.fromkeys(KEYS[:8], b"1"))
    database.run("DELETE FROM place_recent WHERE position = 3")
    with pytest.raises(Corrupt, match=f"state key {KEYS[3].hex()}"):
        _change(database, held, {KEYS[3]: b"2"})
    assert database.value("SELECT count(*) FROM pair") == 8


def make_older(path: Path, version: int) -> None:
    """Turn a file into one of an older version of its tables."""
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute(
            "CREATE TABLE state (\n    name BLOB PRIMARY KEY, value BLOB NOT NULL,"
            " tally BLOB NOT NULL) WITHOUT ROWID"
        )
        plain.execute("INSERT INTO state SELECT name, value, tally FROM pair")
        plain.execute("INSERT INTO entry SELECT * FROM entry_recent")
        gone = ["pair", "place", "place_recent", "place_later", "entry_recent", "entry_later"]
        gone += ["engine", "misbehaviour"] if version == 1 else []
        for table in gone:
            plain.execute(f"DROP TABLE {table}")
        plain.execute("UPDATE part SET version = ?", (version,))


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_an_older_version_goes_on(version: int, tmp_path: Path) -> None:
    chain, path = Chain(), tmp_path / "ledger.db"
    with closing(Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)) as replica:
        for block in range(4):
            numbers = range(5 * block, 5 * block + 5)
            chain.extend(replica, [chain.sign(each + 1, [chain.news(each)]) for each in numbers])
        before = dict(scan_pairs(replica._database))
    make_older(path, version)
    with closing(Replica.open(path, CHARTER)) as replica:
        assert dict(scan_pairs(replica._database)) == before
        replica.check_state()
        assert not replica.audit("operator").findings
        chain.extend(replica, [chain.sign(21, [chain.news(20)])])
        assert not replica.audit("operator").findings
    # Opened again, it is one of this version.
    Replica.open(path, CHARTER).close()


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_file_is_renewed_by_who_reads_it_first(version: int, tmp_path: Path) -> None:
    chain, path = Chain(), tmp_path / "ledger.db"
    with closing(Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)) as replica:
        chain.extend(replica, [chain.sign(1, [chain.news(1)])])
        tip = replica.tip
    make_older(path, version)
    told = chain.genesis.chain
    report = audit_chain(path, CHARTER, member="bank", chain=told, head=(tip.height, tip.cid))
    assert report.is_sound, report.findings
    make_older(path, version)
    assert save_snapshot(path, tmp_path / "s.snap").snapshot.lanes == tip.lanes
    make_older(path, version)
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "member.key").write_bytes(b"")
    path.rename(tmp_path / "bank" / "ledger.db")
    assert read_newest(tmp_path) == (2, chain.list)


def test_who_comes_second_to_an_older_file_finds_it_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, path = Chain(), tmp_path / "ledger.db"
    Replica.create(path, chain.genesis.data, chain.list.data, CHARTER).close()
    make_older(path, 2)
    first = tables._version(path)
    Replica.open(path, CHARTER).close()
    # What it saw before the other one was done.
    monkeypatch.setattr(tables, "_version", lambda _: first)
    Replica.open(path, CHARTER).close()
    with closing(Database.read(path)) as database:
        assert database.value("SELECT count(*) FROM pair") == len(dict(scan_pairs(database)))


def test_what_is_damaged_in_an_older_file_is_named_in_the_new_one(tmp_path: Path) -> None:
    chain, path = Chain(), tmp_path / "ledger.db"
    with closing(Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)) as replica:
        chain.extend(replica, [chain.sign(1, [chain.news(1)])])
    make_older(path, 2)
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute("UPDATE state SET value = x'00' WHERE substr(name, 1, 3) = x'69642f'")
        plain.execute("INSERT INTO state VALUES (7, x'00', x'00')")
    with closing(Replica.open(path, CHARTER)) as replica:
        found = Counter(finding.field for finding in replica.audit("operator").findings)
        assert found["state"] >= 2


def test_shorts_are_what_the_hash_begins_with() -> None:
    assert pair_shorts([b"a", b""]).tolist() == [
        int.from_bytes(hashlib.sha256(key).digest()[:8], "big", signed=True) for key in (b"a", b"")
    ]
