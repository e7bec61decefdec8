"""Bodies of old blocks go into an archive and come back; what is left is whole without them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER, Chain
from simulation.town import ORDERER, Town
from tallystick.base.errors import Corrupt, Invalid, NotFound
from tallystick.kernel.ledger.archive import export_chain, import_chain, prune_chain, verify_archive
from tallystick.kernel.ledger.audit import Report, audit_chain
from tallystick.kernel.ledger.bodies import fill_bodies
from tallystick.kernel.ledger.floor import state_file
from tallystick.kernel.ledger.kept import KeptState, read_state
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.store.database import Database

HEIGHTS, BELOW = 10, 6


def order(town: Town, blocks: int) -> None:
    town.order_news(blocks)
    town.pull_all()
    town.pull_all()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(tmp_path, Chain())
    found.open_all()
    order(found, HEIGHTS)
    yield found
    found.close()


def audit(town: Town, name: str) -> Report:
    replica = town.houses[name].replica
    replica.flush()
    return audit_chain(
        replica.path,
        CHARTER,
        member=name,
        chain=replica.genesis.chain,
        head=(replica.tip.height, replica.tip.cid),
    )


def pruned(town: Town, below: int = BELOW, name: str = "bank") -> tuple[Replica, Path]:
    replica = town.houses[name].replica
    out = replica.path.parent / f"to-{below}.car"
    found = prune_chain(replica, out, below)
    assert found.archive.height == below
    return replica, out


def test_a_member_without_old_bodies_proves_follows_and_is_found_sound(town: Town) -> None:
    before = [town.houses["bank"].replica.block(height) for height in range(1, HEIGHTS + 1)]
    replica, _ = pruned(town)
    assert replica.floor == HEIGHTS
    assert replica.lowest() == BELOW + 1
    assert replica.holes(9) == []
    for height in range(1, BELOW + 1):
        with pytest.raises(NotFound, match=r"ledger\.pruned"):
            replica.block(height)
        assert replica.header(height) == town.orderer.replica.header(height)
    assert replica.blocks(BELOW + 1, 10**6) == before[BELOW:]
    assert replica.blocks(1, 10**6) == []
    assert [replica.leaf(at) for at in range(30)] == [
        town.orderer.replica.leaf(at) for at in range(30)
    ]
    assert replica.log.inclusion(3, 30) == town.orderer.replica.log.inclusion(3, 30)
    order(town, 3)
    assert replica.tip.cid == town.orderer.replica.tip.cid
    report = audit(town, "bank")
    assert (report.findings, report.first, report.height) == ((), HEIGHTS + 1, HEIGHTS + 3)
    assert replica.verify() == replica.tip
    town.reopen("bank")
    assert town.houses["bank"].replica.floor == HEIGHTS
    assert audit(town, "bank").is_sound


def test_a_second_pruning_writes_the_bodies_alone_that_it_gives_away(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, _ = pruned(town)
    written: list[int] = []
    run_many = Database.run_many

    def counted(self: Database, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        given = list(rows)
        if statement.startswith("UPDATE block"):
            written.extend(row[-1] for row in given)
        run_many(self, statement, given)

    monkeypatch.setattr(Database, "run_many", counted)
    found = prune_chain(replica, replica.path.parent / "more.car", HEIGHTS - 1)
    assert written == list(range(BELOW + 1, HEIGHTS))
    assert found.bodies == len(written)


def test_the_archives_of_two_prunings_are_one_chain(town: Town, tmp_path: Path) -> None:
    replica, first = pruned(town)
    order(town, 4)
    _, second = pruned(town, HEIGHTS + 1)
    assert replica.floor == HEIGHTS + 4
    assert not state_file(replica.path, HEIGHTS).exists()
    rest = tmp_path / "rest.car"
    export_chain(replica.path, rest, first=HEIGHTS + 2)
    with pytest.raises(NotFound, match=r"ledger\.pruned"):
        export_chain(replica.path, tmp_path / "whole.car")
    assert verify_archive(first, CHARTER).is_sound
    found = [import_chain(each, tmp_path / "again", CHARTER) for each in (first, second, rest)]
    assert found[-1].tip == replica.tip
    assert audit(town, "bank").is_sound


def test_bodies_come_back_from_archives_and_all_is_run_from_genesis_again(
    town: Town, tmp_path: Path
) -> None:
    replica, out = pruned(town)
    folder = replica.path.parent
    town.crash("bank")
    found = import_chain(out, folder, CHARTER)
    assert (found.added, found.filled) == (0, BELOW)
    town.open("bank")
    replica = town.houses["bank"].replica
    assert replica.floor == 0
    assert not list(folder.glob("floor-*"))
    assert audit(town, "bank").first == 1
    assert export_chain(replica.path, tmp_path / "x.car").first == 1


def test_a_body_that_is_not_the_headers_is_not_kept(town: Town) -> None:
    replica, _ = pruned(town)
    good = town.orderer.replica.block(2)
    bad = bytearray(good)
    bad[-3] ^= 1
    for data in (bytes(bad), good[:-1]):
        with pytest.raises(Invalid):
            fill_bodies(replica, [town.orderer.replica.block(1), data])
    assert not replica.holds(1)
    assert fill_bodies(replica, [good, town.orderer.replica.block(9)]) == 1
    assert replica.holds(2)
    assert not replica.holds(1)
    assert audit(town, "bank").is_sound


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("UPDATE block SET tally = zeroblob(32) WHERE height = 3", "body"),
        ("UPDATE block SET body = x'', tally = tally WHERE height = 8", "body"),
        ("DELETE FROM block WHERE height = 3", "block"),
        ("UPDATE log SET codes = zeroblob(6) WHERE height = 4", "block"),
        ("UPDATE log SET tids = zeroblob(96) WHERE height = 4", "block"),
        ("UPDATE log SET nodes = zeroblob(length(nodes)) WHERE height = 4", "node"),
        ("UPDATE entry_recent SET short = short + 1 WHERE position = 2", "entry"),
        ("UPDATE pair SET value = x'00' WHERE substr(name, 1, 3) = x'69642f'", "state"),
        ("INSERT INTO roster VALUES (4, x'00')", "roster rows"),
        ("UPDATE fact SET value = x'09' WHERE name = 'floor'", "fact"),
        ("UPDATE fact SET value = value || x'00' WHERE name = 'archived'", "fact"),
        ("UPDATE fact SET name = 'leapt' WHERE name = 'pruned'", "fact"),
        ("DELETE FROM fact WHERE name = 'floor'", "body"),
        ("INSERT INTO fact VALUES ('x', x'00')", "fact rows"),
    ],
)
def test_what_differs_in_a_file_without_bodies_is_named(
    town: Town, statement: str, field: str
) -> None:
    replica, _ = pruned(town)
    replica.flush()
    with contextlib.closing(sqlite3.connect(replica.path)) as plain, plain:
        plain.execute(statement)
    report = audit_chain(replica.path, CHARTER, member="bank", chain=replica.genesis.chain)
    assert field in {each.field for each in report.findings}, report.findings


def test_a_flipped_byte_in_the_floors_state_is_found(town: Town) -> None:
    replica, _ = pruned(town)
    place = state_file(replica.path, HEIGHTS)
    whole = place.read_bytes()
    for at in range(0, len(whole), 97):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert [each.field for each in audit(town, "bank").findings] == ["floor"]
    place.unlink()
    with pytest.raises(Corrupt, match="floor-10"):
        replica.verify()
    place.write_bytes(whole)
    assert audit(town, "bank").is_sound


@pytest.mark.parametrize("below", [0, HEIGHTS + 1])
def test_nothing_is_given_away_beyond_what_is_held(town: Town, below: int) -> None:
    replica = town.houses["bank"].replica
    with pytest.raises(Invalid, match=r"archive\.first"):
        prune_chain(replica, replica.path.parent / "out.car", below)
    pruned(town)
    with pytest.raises(Invalid, match=r"archive\.first"):
        prune_chain(replica, replica.path.parent / "out.car", BELOW)
    assert ORDERER in town.houses


def kept(replica: Replica) -> KeptState:
    replica.flush()
    chain = replica.genesis.chain
    found = audit_chain(replica.path, CHARTER, member="", chain=chain, keep=True).kept
    assert found is not None
    return read_state(found.state, found.note, replica.genesis)


def test_a_kept_checkpoint_below_the_floor_must_be_the_files(town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Town(folder, Chain())
    other.open_all()
    other.chain.clock.advance(1)
    order(other, 3)
    false, since = kept(other.houses["bank"].replica), town.houses["bank"].replica
    order(other, HEIGHTS)
    replica, _ = pruned(town)
    replica.flush()
    chain = since.genesis.chain
    report = audit_chain(replica.path, CHARTER, member="bank", chain=chain, since=false)
    assert [(each.height, each.field) for each in report.findings] == [(3, "header")]
    same, _ = pruned(other)
    same.flush()
    assert audit_chain(same.path, CHARTER, member="bank", chain=chain, since=false).is_sound
    other.close()


def test_an_archives_name_is_durable_before_a_body_goes(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut a folder knows the names alone that it was told to keep."""
    replica, folder = town.houses["bank"].replica, tmp_path / "elsewhere"
    folder.mkdir()
    synced, sync = list[Path](), os.fsync

    def note(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        assert replica.holds(1)
        sync(handle)

    monkeypatch.setattr(os, "fsync", note)
    prune_chain(replica, folder / "old.car", BELOW)
    assert folder in synced
    assert not replica.holds(1)
