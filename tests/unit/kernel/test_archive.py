"""A chain goes out to an archive that any IPFS tool walks, and comes in as the charter runs it."""

from __future__ import annotations

import shutil
import sqlite3
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dag_cbor
import pytest
from multiformats import CID

from chains import CHARTER as SMALL_CHARTER
from chains import SmallChain
from simulation.chain import CHARTER, Chain
from simulation.town import Town
from tallystick.base import codec
from tallystick.base.codec import encode
from tallystick.base.errors import Conflict, Corrupt, Error, Invalid, NotFound, Unavailable
from tallystick.chain.car import read_car, write_car
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.export import CODE_SIZE, Archive, write_export, write_parts
from tallystick.chain.pin import Pin
from tallystick.kernel.ledger.archive import export_chain, import_chain, verify_archive
from tallystick.kernel.ledger.audit import audit_chain
from tallystick.kernel.ledger.holding import prove_held
from tallystick.kernel.ledger.replica import Replica

BLOCKS = 10
Built = tuple[Chain, Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Members with a chain of three transactions a block, every sixth of them refused."""
    folder = tmp_path_factory.mktemp("built")
    town = Town(folder, Chain())
    town.open_all()
    for seq in range(1, 3 * BLOCKS + 1):
        number = seq - 1 if seq % 6 == 0 else seq
        town.orderer.submit(town.chain.sign(seq, [town.chain.news(number)]))
        if seq % 3 == 0:
            town.chain.clock.advance(7)
            town.orderer.cut()
    town.pull_all()
    town.pull_all()
    town.close()
    return town.chain, town.path("bank")


@pytest.fixture
def archive(built: Built, tmp_path: Path) -> Path:
    out = tmp_path / "chain.car"
    export_chain(built[1], out)
    return out


@pytest.fixture
def copy(built: Built, archive: Path, tmp_path: Path) -> Iterator[Path]:
    import_chain(archive, tmp_path / "copy", CHARTER)
    yield tmp_path / "copy"
    shutil.rmtree(tmp_path / "copy")


def sound(path: Path, chain: Chain) -> int:
    report = audit_chain(path, CHARTER, member="copy", chain=chain.genesis.chain)
    assert report.findings == ()
    return report.height


def test_a_chain_goes_out_and_in_and_every_row_is_as_it_was(
    built: Built, archive: Path, copy: Path, tmp_path: Path
) -> None:
    chain, path = built
    assert sound(copy / "ledger.db", chain) == BLOCKS
    again = tmp_path / "again.car"
    seen: list[tuple[int, int]] = []
    found = export_chain(copy / "ledger.db", again, progress=lambda a, b: seen.append((a, b)))
    assert again.read_bytes() == archive.read_bytes()
    assert (found.first, found.height, found.size) == (1, BLOCKS, archive.stat().st_size)
    assert seen[-1] == (3 * BLOCKS, 3 * BLOCKS)
    with sqlite3.connect(path) as ours, sqlite3.connect(copy / "ledger.db") as theirs:
        for table in ("block", "log", "entry_recent", "pair", "head", "roster"):
            query = f"SELECT * FROM {table} ORDER BY 1, 2"
            assert ours.execute(query).fetchall() == theirs.execute(query).fetchall(), table
    ours.close()
    theirs.close()


def test_a_reader_of_plain_ipld_walks_every_block_from_the_root(archive: Path) -> None:
    """Links as another library decodes them lead to every block, and each encodes as it stands."""
    car = read_car(archive.read_bytes())
    blocks = {cid.raw: block for cid, block in car.blocks.items()}
    waiting, seen = [car.root.raw], set[bytes]()
    while waiting:
        cid = waiting.pop()
        if cid in seen:
            continue
        seen.add(cid)
        assert CID.decode(cid).hashfun.name == "sha2-256"
        if CID.decode(cid).codec.name == "dag-cbor":
            tree: Any = dag_cbor.decode(blocks[cid])
            assert dag_cbor.encode(tree) == blocks[cid]
            waiting += links_of(tree)
    assert seen == blocks.keys()
    assert len(seen) == 2 * BLOCKS + 3 * BLOCKS + 2


def links_of(tree: Any) -> Iterator[bytes]:
    if isinstance(tree, CID):
        yield bytes(tree)
    for each in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from links_of(each)


def test_a_part_joins_on_to_what_is_held_and_to_nothing_else(built: Built, tmp_path: Path) -> None:
    chain, path = built
    whole, first, rest = (tmp_path / name for name in ("whole.car", "first.car", "rest.car"))
    export_chain(path, whole)
    found = export_chain(path, rest, first=7)
    assert (found.first, found.height) == (7, BLOCKS)
    shorter = Replica.open(path, CHARTER)
    blocks = [shorter.block(height) for height in range(1, 7)]
    shorter.close()
    first.write_bytes(write_export(chain.genesis.data, [chain.list.data], blocks))
    with pytest.raises(Conflict, match=r"archive\.gap"):
        import_chain(rest, tmp_path / "copy", CHARTER)
    assert not (tmp_path / "copy").exists()
    assert import_chain(first, tmp_path / "copy", CHARTER).added == 6
    assert import_chain(rest, tmp_path / "copy", CHARTER).added == BLOCKS - 6
    assert sound(tmp_path / "copy" / "ledger.db", chain) == BLOCKS
    assert import_chain(whole, tmp_path / "copy", CHARTER).added == 0
    with pytest.raises(Conflict, match=r"archive\.gap"):
        verify_archive(rest, CHARTER)


def test_heights_that_the_chain_has_not_are_refused(built: Built, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"archive\.first"):
        export_chain(built[1], tmp_path / "x.car", first=BLOCKS + 1)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_of_another_history_is_not_mixed_with_the_one_held(
    copy: Path, tmp_path: Path
) -> None:
    other = Chain()
    replica = Replica.create(tmp_path / "other.db", other.genesis.data, other.list.data, CHARTER)
    other.extend(replica, [other.sign(1, [other.news(99)])])
    replica.close()
    export_chain(tmp_path / "other.db", tmp_path / "other.car")
    with pytest.raises(Conflict, match=r"archive\.forked"):
        import_chain(tmp_path / "other.car", copy, CHARTER)
    assert sound(copy / "ledger.db", other) == BLOCKS


def test_a_pin_is_held_to_chain_list_and_log(built: Built, archive: Path, tmp_path: Path) -> None:
    chain, path = built
    replica = Replica.open(path, CHARTER)
    root = replica.log.root(8)
    replica.close()
    pin = Pin(chain.genesis.chain, "testcounty", chain.list, 8, root)
    assert verify_archive(archive, CHARTER, pin=pin).is_sound
    strangers = Chain(seed="strangers")
    for wrong in (
        replace(pin, root=bytes(32)),
        replace(pin, size=999),
        replace(pin, chain=bytes(32)),
        replace(pin, name="other"),
        replace(pin, members=strangers.list),
    ):
        with pytest.raises(Conflict, match=r"archive\.pin"):
            verify_archive(archive, CHARTER, pin=wrong)
        with pytest.raises(Conflict, match=r"archive\.pin"):
            import_chain(archive, tmp_path / "copy", CHARTER, pin=wrong)
        assert not (tmp_path / "copy").exists()
        assert not list(tmp_path.glob("*.part"))


def cut_off(built: Built, folder: Path, last: int) -> Path:
    """Return a folder that holds the first blocks alone, taken in without a pin."""
    export_chain(built[1], folder / "first.car", last=last)
    import_chain(folder / "first.car", folder / "begun", CHARTER)
    return folder / "begun"


def height_of(folder: Path) -> int:
    replica = Replica.open(folder / "ledger.db", CHARTER)
    replica.close()
    return replica.tip.height


@pytest.mark.parametrize("last", [2, 3, BLOCKS])
def test_a_pin_is_held_to_what_a_folder_holds_already(
    built: Built, archive: Path, tmp_path: Path, last: int
) -> None:
    """The pin's size, 8, lies in the third of blocks of three."""
    chain, path = built
    replica = Replica.open(path, CHARTER)
    pin = Pin(chain.genesis.chain, "testcounty", chain.list, 8, replica.log.root(8))
    replica.close()
    folder = cut_off(built, tmp_path, last)
    for wrong in (
        replace(pin, root=bytes(32)),
        replace(pin, chain=bytes(32)),
        replace(pin, name="other"),
    ):
        with pytest.raises(Conflict, match=r"archive\.pin"):
            import_chain(archive, folder, CHARTER, pin=wrong)
        assert height_of(folder) == last
    for wrong in (
        replace(pin, size=10**6, root=bytes(32)),
        replace(pin, members=Chain(seed="strangers").list),
    ):
        with pytest.raises(Conflict, match=r"archive\.pin"):
            import_chain(archive, folder, CHARTER, pin=wrong)
    shutil.rmtree(folder)
    folder = cut_off(built, tmp_path, last)
    assert import_chain(archive, folder, CHARTER, pin=pin).added == BLOCKS - last
    assert sound(folder / "ledger.db", chain) == BLOCKS


def test_the_list_of_a_pin_may_have_come_into_force_in_what_a_folder_holds(
    tmp_path: Path,
) -> None:
    small = SmallChain()
    small.cut(("operator", [small.joining("fund-a")]))
    small.cut(("bank-a", [small.record("fund.allocated", {"amount": 1})]))
    lists = {each.cid: each.data for each in small.lists}
    blocks = [(block, b"") for block in small.blocks]
    for name, count in (("first.car", 1), ("whole.car", 2)):
        parts = write_parts(small.genesis.data, lists.get, lambda count=count: blocks[:count])  # type: ignore[misc]
        (tmp_path / name).write_bytes(b"".join(parts))
    joined = small.pin(1)
    assert joined.members.cid != small.genesis.members.cid
    import_chain(tmp_path / "first.car", tmp_path / "copy", SMALL_CHARTER)
    found = import_chain(tmp_path / "whole.car", tmp_path / "copy", SMALL_CHARTER, pin=joined)
    assert found.added == 1


def test_a_block_that_may_not_stand_is_kept_aside_though_the_pin_reaches_into_it(
    built: Built, tmp_path: Path
) -> None:
    chain, path = built
    folder = cut_off(built, tmp_path, 2)
    replica = Replica.open(path, CHARTER)
    blocks = [replica.block(height) for height in range(1, 4)]
    pin = Pin(chain.genesis.chain, "testcounty", chain.list, 8, replica.log.root(8))
    replica.close()
    header, rows = codec.decode(blocks[2], codec.value)
    fields = codec.decode(header, codec.value)
    forged = encode([encode({**fields, "state_root": bytes(32)}), rows])
    data = write_export(chain.genesis.data, [chain.list.data], [*blocks[:2], forged])
    (tmp_path / "forged.car").write_bytes(data)
    with pytest.raises(Invalid, match=r"ledger\.invalid_block"):
        import_chain(tmp_path / "forged.car", folder, CHARTER, pin=pin)
    replica = Replica.open(folder / "ledger.db", CHARTER)
    try:
        assert (replica.tip.height, replica.aside(3)) == (2, forged)
    finally:
        replica.close()


@pytest.mark.long
def test_a_changed_byte_of_an_archive_leaves_nothing_behind(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    for at in range(0, len(data), 97):
        altered = bytearray(data)
        altered[at] ^= 1 << at % 8
        (tmp_path / "bad.car").write_bytes(bytes(altered))
        # A node that is not there any more makes a part of what is above it.
        with pytest.raises(Error, match=r"codec\.form|archive\.gap"):
            import_chain(tmp_path / "bad.car", tmp_path / "copy", CHARTER)
        with pytest.raises(Error, match=r"codec\.form|archive\.gap"):
            verify_archive(tmp_path / "bad.car", CHARTER)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bad.car", "chain.car"]


def test_a_block_that_may_not_stand_is_named_by_height_and_field(
    built: Built, tmp_path: Path
) -> None:
    chain, path = built
    replica = Replica.open(path, CHARTER)
    blocks = [replica.block(height) for height in range(1, 5)]
    replica.close()
    header, rows = codec.decode(blocks[3], codec.value)
    fields = codec.decode(header, codec.value)
    forged = encode([encode({**fields, "state_root": bytes(32)}), rows])
    data = write_export(chain.genesis.data, [chain.list.data], [*blocks[:3], forged])
    (tmp_path / "forged.car").write_bytes(data)
    report = verify_archive(tmp_path / "forged.car", CHARTER)
    assert (report.height, report.findings[0].height, report.findings[0].field) == (
        3,
        4,
        "state_root",
    )
    with pytest.raises(Invalid, match=r"ledger\.invalid_block"):
        import_chain(tmp_path / "forged.car", tmp_path / "copy", CHARTER)
    assert not (tmp_path / "copy").exists()


def test_results_in_an_archive_have_two_bytes_a_transaction(built: Built) -> None:
    chain, path = built
    replica = Replica.open(path, CHARTER)
    block = replica.block(1)
    replica.close()
    lists = {chain.list.cid: chain.list.data}
    for results, fits in ((b"", True), (bytes(3 * CODE_SIZE), True), (bytes(CODE_SIZE), False)):
        given = [(block, results)]
        data = b"".join(write_parts(chain.genesis.data, lists.get, lambda given=given: given))  # type: ignore[misc]
        if fits:
            assert list(read_all(data)) == [(block, results)]
        else:
            with pytest.raises(Invalid, match="results"):
                list(read_all(data))


def test_wrong_results_are_neither_given_out_nor_taken_for_sound(
    built: Built, tmp_path: Path
) -> None:
    chain, path = built
    damaged = Path(shutil.copy(path, tmp_path / "ledger.db"))
    with sqlite3.connect(damaged) as plain:
        plain.execute("UPDATE log SET codes = x'000000000001' WHERE height = 2")
    plain.close()
    with pytest.raises(Corrupt, match=r"^ledger\.corrupt: ledger\.db: block 2: log_root"):
        export_chain(damaged, tmp_path / "chain.car")
    assert not list(tmp_path.glob("*.car*"))
    replica = Replica.open(path, CHARTER)
    given = [(replica.block(height), replica.span(height).codes) for height in (1, 2)]
    replica.close()
    given[1] = (given[1][0], bytes(3 * CODE_SIZE - 1) + b"\1")
    lists = {chain.list.cid: chain.list.data}
    archive = tmp_path / "false.car"
    archive.write_bytes(b"".join(write_parts(chain.genesis.data, lists.get, lambda: given)))
    report = verify_archive(archive, CHARTER)
    assert [(each.height, each.field) for each in report.findings] == [(2, "results")]
    with pytest.raises(Invalid, match=r"^codec\.form: results"):
        import_chain(archive, tmp_path / "copy", CHARTER)
    assert not (tmp_path / "copy").exists()


def read_all(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    return Archive(lambda at, size: data[at : at + size], len(data)).blocks()


def test_what_the_chain_does_not_reach_is_refused_at_the_end(archive: Path) -> None:
    car = read_car(archive.read_bytes())
    loose = encode({"loose": 1})
    cbor = [block for cid, block in car.blocks.items() if cid.codec == codec.DAG_CBOR]
    raws = [block for cid, block in car.blocks.items() if cid.codec == codec.RAW]
    data = write_car(car.root, [*cbor, loose], raws)
    with pytest.raises(Invalid, match="unreachable"):
        list(read_all(data))
    reordered = write_car(car.root, reversed(cbor), reversed(raws))
    assert list(read_all(reordered)) == list(read_all(archive.read_bytes()))


def test_a_file_that_cannot_be_written_or_read_is_told(built: Built, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"archive\.write"):
        export_chain(built[1], tmp_path / "nowhere" / "x.car")
    with pytest.raises(Invalid, match=r"archive\.read"):
        import_chain(tmp_path / "nothing.car", tmp_path / "copy", CHARTER)
    export_chain(built[1], tmp_path / "x.car")
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "copy", tmp_path / ("x" * 300)):
        with pytest.raises(Unavailable, match=rf"archive\.write: {place} cannot be written: ."):
            import_chain(tmp_path / "x.car", place, CHARTER)
    (tmp_path / "x.car").unlink()
    damaged = tmp_path / "ledger.db"
    shutil.copy(built[1], damaged)
    with sqlite3.connect(damaged) as plain:
        plain.execute("UPDATE block SET body = zeroblob(length(body)) WHERE height = 5")
    plain.close()
    with pytest.raises(Corrupt, match=r"ledger\.corrupt"):
        export_chain(damaged, tmp_path / "x.car")
    assert not list(tmp_path.glob("x.car*"))


def test_memory_is_bounded_by_a_block_and_not_by_the_chain(tmp_path: Path) -> None:
    """1.5 MB of blocks go out and are read in within a fraction of it."""
    chain = Chain()
    replica = Replica.create(tmp_path / "a.db", chain.genesis.data, chain.list.data, CHARTER)
    for height in range(24):
        first = 600 * height
        records = [chain.news(first + each, text=bytes(8)) for each in range(600)]
        chain.extend(replica, [chain.sign(height + 1, records)])
    replica.close()
    tracemalloc.start()
    export_chain(tmp_path / "a.db", tmp_path / "a.car")
    size = (tmp_path / "a.car").stat().st_size
    assert size > 1_500_000
    _, out = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    with (tmp_path / "a.car").open("rb") as file:

        def read(at: int, length: int) -> bytes:
            file.seek(at)
            return file.read(length)

        before = tracemalloc.get_traced_memory()[0]
        assert sum(1 for _ in Archive(read, size).blocks()) == 24
        read_in = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert max(out, read_in) < size // 2


def test_one_record_is_proven_from_a_file_and_a_refused_one_is_not(built: Built) -> None:
    chain, path = built
    pin = Pin(chain.genesis.chain, "testcounty", chain.list)
    for number in (1, 5, 29):
        data = prove_held(path, number.to_bytes(16, "big"))
        verdict = verify_evidence(data, pin, CHARTER)
        assert verdict.status == "proven"
        assert verdict.records[0].fields is not None
        assert verdict.records[0].fields["id"] == number.to_bytes(16, "big")
    for number in (6, 0, 31):
        with pytest.raises(NotFound, match=r"record\.unknown"):
            prove_held(path, number.to_bytes(16, "big"))


def test_a_record_that_nobody_witnessed_is_not_yet_proven(copy: Path) -> None:
    """An archive carries no cosignatures, so a copy made from one has none."""
    with pytest.raises(Unavailable, match=r"evidence\.not_witnessed"):
        prove_held(copy / "ledger.db", (1).to_bytes(16, "big"))


def test_a_damaged_row_gives_no_proof(built: Built, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(built[1], path)
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE log SET nodes = zeroblob(length(nodes)) WHERE height = 1")
    plain.close()
    with pytest.raises(Error, match=r"ledger\.corrupt"):
        prove_held(path, (1).to_bytes(16, "big"))
