from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.town import ORDERER, Town
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import Cid
from tallystick.base.errors import Conflict, Error, Unavailable
from tallystick.kernel.ledger.audit import Report, audit_chain
from tallystick.kernel.ledger.compare import compare_blocks, compare_chains, sample_heights
from tallystick.kernel.ledger.repair import repair_chain
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rerun import verify_chain

Head = tuple[int, Cid]
BLOCKS = 12


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Members with a chain, in files that each test copies."""
    folder = tmp_path_factory.mktemp("built")
    town = Town(folder, Chain())
    town.open_all()
    town.order_news(BLOCKS)
    town.pull_all()
    town.pull_all()
    town.close()
    return folder


@pytest.fixture
def town(built: Path, tmp_path: Path) -> Iterator[Town]:
    shutil.copytree(built, tmp_path / "town")
    found = Town(tmp_path / "town", Chain())
    found.chain.clock.advance(10_000)
    found.open_all()
    yield found
    found.close()


def _head(replica: Replica) -> Head:
    return replica.tip.height, replica.tip.cid


def _audit(town: Town, path: Path, head: Head) -> Report:
    chain = town.chain.genesis.chain
    return audit_chain(path, CHARTER, member="bank", chain=chain, head=head)


def test_a_sound_chain_has_no_finding_while_it_is_open(town: Town) -> None:
    for house in town.houses.values():
        report = house.replica.audit(house.name)
        assert report.findings == ()
        assert (report.height, report.header) == _head(house.replica)
        assert house.replica.verify() == house.replica.tip


@pytest.mark.parametrize(
    ("statement", "height", "field"),
    [
        ("UPDATE pair SET value = x'00' WHERE name = x'6d656d62657273'", BLOCKS, "state"),
        ("DELETE FROM pair WHERE substr(name, 1, 3) = x'696421'", None, None),
        ("INSERT INTO pair VALUES (99999, x'61', x'62', x'63')", BLOCKS, "state"),
        ("UPDATE entry_recent SET position = 5 WHERE position = 4", 2, "entry"),
        ("UPDATE entry_recent SET short = short + 1 WHERE position = 4", 2, "entry"),
        ("INSERT INTO entry_recent VALUES (7, 4)", BLOCKS, "entry rows"),
        ("UPDATE log SET tids = zeroblob(96) WHERE first = 3", 2, "entry"),
        ("UPDATE log SET codes = zeroblob(6) WHERE height = 2", 2, "code"),
        ("UPDATE log SET codes = x'00' WHERE height = 2", 2, "code"),
        ("UPDATE log SET nodes = zeroblob(length(nodes)) WHERE first = 0", 1, "node"),
        ("UPDATE log SET height = 9 WHERE first = 0", 1, "log"),
        ("DELETE FROM log WHERE first = 0", 1, "log"),
        ("UPDATE log SET first = 4 WHERE first = 3", 2, "log"),
        ("UPDATE head SET height = 11", BLOCKS, "head"),
        ("DELETE FROM head", BLOCKS, "head"),
        ("UPDATE block SET tally = zeroblob(32) WHERE height = 5", 5, "tally"),
        ("UPDATE block SET digest = zeroblob(32) WHERE height = 5", 5, "digest"),
        ("DELETE FROM block WHERE height = 5", 5, "block"),
        ("DELETE FROM block WHERE height = 12", 11, "head"),
        ("UPDATE head SET lanes = zeroblob(2048)", BLOCKS, "head"),
        ("UPDATE roster SET data = x'00'", -1, "genesis"),
        ("INSERT INTO roster VALUES (3, x'00')", BLOCKS, "roster rows"),
        ("DELETE FROM cosignature", None, None),
        ("UPDATE cosignature SET line = 'no' WHERE height = 12", 12, "cosignature"),
        ("INSERT INTO aside VALUES (13, x'00', x'00')", BLOCKS, "aside"),
        ("DROP INDEX IF EXISTS none", None, None),
        ("CREATE INDEX more ON log (height)", -1, "schema"),
        ("UPDATE part SET version = 7", -1, "version"),
        ("INSERT INTO engine VALUES (3, 4, x'0000000000000000')", 3, "engine"),
        ("INSERT INTO misbehaviour VALUES (3, x'00', 1, 9, x'00')", 3, "misbehaviour"),
        ("UPDATE cosignature SET height = -2 WHERE height = 12", -2, "cosignature"),
        ("UPDATE block SET height = 9007199254740991 WHERE height = 12", 12, "block"),
        *(
            # One flipped bit makes text of bytes: SQL reads it otherwise, Python the same.
            (f"UPDATE {table} SET {column} = CAST({column} AS {kind})", -1, table)
            for table, column, kind in [
                *(("log", column, "TEXT") for column in ("tids", "codes", "nodes")),
                *(("block", column, "TEXT") for column in ("digest", "header", "body", "tally")),
                *(("pair", column, "TEXT") for column in ("name", "value", "tally")),
                *(("head", "lanes", "TEXT"), ("roster", "data", "TEXT"), ("fact", "value", "TEXT")),
                *(("cosignature", column, "BLOB") for column in ("member", "line")),
            ]
        ),
    ],
)
def test_each_changed_row_is_named_by_height_and_field(
    town: Town, statement: str, height: int | None, field: str | None
) -> None:
    head = _head(town.houses["bank"].replica)
    town.crash("bank")
    with sqlite3.connect(town.path("bank")) as plain:
        plain.execute(statement)
    plain.close()
    report = _audit(town, town.path("bank"), head)
    if field is None:
        assert report.is_sound
    else:
        assert any((f.height, f.field) == (height, field) for f in report.findings)


@pytest.mark.parametrize("height", [2, BLOCKS])
def test_a_block_that_does_not_run_takes_two_lines_to_tell(town: Town, height: int) -> None:
    head = _head(town.houses["bank"].replica)
    town.crash("bank")
    with sqlite3.connect(town.path("bank")) as plain:
        (header,) = plain.execute("SELECT header FROM block WHERE height = ?", (height,)).fetchone()
        at = header.index(b"merkle_root") + len(b"merkle_root") + 2
        flipped = header[:at] + bytes([header[at] ^ 1]) + header[at + 1 :]
        plain.execute("UPDATE block SET header = ? WHERE height = ?", (flipped, height))
    plain.close()
    expected, got = header[at : at + 32].hex(), flipped[at : at + 32].hex()
    findings = _audit(town, town.path("bank"), head).findings
    assert [(f.height, f.field, f.expected, f.got) for f in findings] == [
        (height, "merkle_root", expected, got),
        (height - 1, "unchecked", str(BLOCKS), str(height - 1)),
    ]


def test_what_is_damaged_after_a_block_that_does_not_run_is_told_too(town: Town) -> None:
    head = _head(town.houses["bank"].replica)
    town.crash("bank")
    with sqlite3.connect(town.path("bank")) as plain:
        plain.execute("UPDATE block SET body = x'80' WHERE height IN (3, 9)")
    plain.close()
    findings = _audit(town, town.path("bank"), head).findings
    assert [(f.height, f.field) for f in findings] == [
        (3, "block"),
        (9, "body"),
        (2, "unchecked"),
    ]


def _flip(data: bytes, entropy: SeededEntropy) -> tuple[bytes, int]:
    draw = int.from_bytes(entropy.draw("flip", 8), "big")
    place = draw % len(data)
    changed = bytearray(data)
    changed[place] ^= 1 << (draw >> 40) % 8
    return bytes(changed), place


def _is_same(path: Path, head: Head, sound: Replica) -> bool:
    """Tell whether a file, opened as a member opens it, gives all that a sound one gives."""
    try:
        found = Replica.open(path, CHARTER)
    except Error:
        return False
    try:
        return (
            _head(found) == head
            and all(found.block(h) == sound.block(h) for h in range(1, head[0] + 1))
            and all(found.header(h) == sound.header(h) for h in range(head[0] + 1))
            and all(found.leaf(p) == sound.leaf(p) for p in range(sound.tip.peaks.size))
            and all(
                found.find(entry.tid) == entry
                for entry in map(sound._rows.entry, range(sound.tip.peaks.size))
            )
            and found.tip == sound.tip
            and found.halted is None
        )
    except Error:
        return False
    finally:
        found.close()


def _flips(town: Town, name: str, count: int, *, journal: bool) -> dict[str, int]:
    """Flip one bit at a time; each is named by the audit, or the file gives what it gave."""
    house, path = town.houses[name], town.path(name)
    head = _head(house.replica)
    sound = town.houses["coop" if name != "coop" else "bank"].replica
    # The journal holds the last blocks of a file that is open.
    if journal:
        town.order_news(4)
        town.pull_all()
        head = _head(house.replica)
    else:
        town.crash(name)
    parts = {suffix: path.with_name(path.name + suffix) for suffix in ("", "-wal")}
    original = {s: p.read_bytes() for s, p in parts.items() if p.exists()}
    assert ("-wal" in original) == journal
    target = "-wal" if journal else ""
    folder = town.folder / "flips"
    folder.mkdir()
    entropy = SeededEntropy(f"flips {name} {journal}")
    counts = {"named": 0, "harmless": 0}
    for _ in range(count):
        for old in folder.iterdir():
            old.unlink()
        changed, place = _flip(original[target], entropy)
        for suffix, data in {**original, target: changed}.items():
            (folder / ("x.db" + suffix)).write_bytes(data)
        report = _audit(town, folder / "x.db", head)
        if report.is_sound:
            assert _is_same(folder / "x.db", head, sound), f"byte {place} of {target or 'file'}"
        else:
            assert all(finding.field for finding in report.findings)
        counts["harmless" if report.is_sound else "named"] += 1
    return counts


@pytest.mark.parametrize("journal", [False, True], ids=["file", "journal"])
@pytest.mark.parametrize("name", [ORDERER, pytest.param("bank", marks=pytest.mark.long)])
def test_a_flipped_bit_is_named_or_changes_nothing(town: Town, name: str, *, journal: bool) -> None:
    counts = _flips(town, name, 75, journal=journal)
    assert counts["named"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("journal", [False, True], ids=["file", "journal"])
@pytest.mark.parametrize("name", [ORDERER, "bank"])
def test_two_thousand_flipped_bits_are_named_or_change_nothing(
    town: Town, name: str, *, journal: bool
) -> None:
    counts = _flips(town, name, 500, journal=journal)
    assert counts["named"] > 150


def test_a_file_that_lost_its_end_is_named_though_all_it_holds_is_sound(town: Town) -> None:
    path = town.path("bank")
    town.order_news(2)
    town.pull_all()
    head = _head(town.houses["bank"].replica)
    copy = town.folder / "copy.db"
    shutil.copy(path, copy)
    # Without its journal the copy is the chain as it was at the last checkpoint of SQLite.
    report = _audit(town, copy, head)
    assert [(f.height, f.field, f.expected, f.got) for f in report.findings] == [
        (BLOCKS, "head", str(BLOCKS + 2), str(BLOCKS))
    ]


def test_verifying_stops_at_the_first_block_that_does_not_hold(town: Town) -> None:
    town.crash("bank")
    with sqlite3.connect(town.path("bank")) as plain:
        plain.execute("UPDATE block SET body = x'80' WHERE height = 7")
    plain.close()
    seen: list[int] = []
    with pytest.raises(Error) as error:
        verify_chain(town.path("bank"), CHARTER, lambda done, _: seen.append(done))
    assert error.value.values["height"] == 7
    assert seen == [1, 2, 3, 4, 5, 6]


def test_members_who_hold_the_same_chain_find_no_difference(town: Town) -> None:
    bank = town.houses["bank"]
    differences, silent = compare_chains(bank.replica, bank.link, range(1, BLOCKS + 1))
    assert (differences, silent) == ([], [])
    town.crash("coop")
    town.network.join("coop")
    assert compare_chains(bank.replica, bank.link, [1], ["gone"]) == ([], ["gone"])


def test_a_difference_is_told_by_member_height_field_and_both_values(town: Town) -> None:
    ours = town.orderer.replica.block(3)
    theirs = town.orderer.replica.block(4)
    found = {each.field: each for each in compare_blocks("coop", 3, ours, theirs)}
    assert (found["height"].ours, found["height"].theirs) == ("3", "4")
    assert {"prev", "time", "log_root", "transaction 0 header", "transaction 0 record 0"} <= set(
        found
    )
    assert compare_blocks("coop", 3, ours, ours) == []
    assert compare_blocks("coop", 3, ours, b"x")[0].field == "block"


def test_a_sample_of_heights_is_random_distinct_and_within_the_chain() -> None:
    entropy = SeededEntropy("sample")
    found = sample_heights(entropy, 1_000, 50)
    assert len(set(found)) == 50
    assert found == sorted(found)
    assert 1 <= found[0] <= found[-1] <= 1_000
    assert sample_heights(entropy, 1_000, 50) != found
    assert sample_heights(entropy, 5, 50) == [1, 2, 3, 4, 5]


def _damage(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute(statement)
    plain.close()


def test_a_repair_fetches_only_what_is_damaged(town: Town) -> None:
    head = _head(town.houses["bank"].replica)
    town.crash("bank")
    _damage(town.path("bank"), "UPDATE block SET body = x'80' WHERE height = 7")
    _damage(town.path("bank"), "DELETE FROM log")
    link = town.network.join("bank")
    done = repair_chain(town.path("bank"), CHARTER, genesis=town.chain.genesis, link=link)
    assert (done.height, done.fetched, done.kept) == (BLOCKS, (7,), BLOCKS - 1)
    assert done.damaged is not None
    assert done.damaged.exists()
    assert _audit(town, town.path("bank"), head).is_sound
    bank = town.open("bank")
    assert _head(bank.replica) == head
    assert bank.replica.cosignatures(BLOCKS)


@pytest.mark.parametrize("damage", ["removed", "garbage", "cut short"])
def test_a_repair_makes_the_whole_file_again(town: Town, damage: str) -> None:
    head = _head(town.houses["bank"].replica)
    town.crash("bank")
    path = town.path("bank")
    if damage == "removed":
        path.unlink()
    elif damage == "garbage":
        path.write_bytes(os.urandom(20_000))
    else:
        path.write_bytes(path.read_bytes()[:10_000])
    link = town.network.join("bank")
    repair_chain(path, CHARTER, genesis=town.chain.genesis, link=link)
    assert _audit(town, path, head).is_sound


def test_a_repair_without_a_source_replaces_nothing(town: Town) -> None:
    town.crash("bank")
    path = town.path("bank")
    _damage(path, "UPDATE block SET body = x'80' WHERE height = 7")
    before = path.read_bytes()
    link = town.network.join("bank")
    with pytest.raises(Unavailable, match=r"ledger\.no_source"):
        repair_chain(path, CHARTER, genesis=town.chain.genesis, link=link, peers=[])
    assert path.read_bytes() == before


def test_a_repair_refuses_what_its_peers_cosigned_otherwise(town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Town(folder, town.chain)
    other.open_all()
    other.order_news(BLOCKS)
    other.pull_all()
    town.crash("bank")
    link = other.network.join("bank")
    with pytest.raises(Conflict, match=r"ledger\.forked"):
        repair_chain(
            town.path("bank"), CHARTER, genesis=town.chain.genesis, link=link, peers=["coop"]
        )
    other.close()
