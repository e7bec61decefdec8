from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER, Chain
from tallystick.base import codec
from tallystick.base.codec import cid_of
from tallystick.base.errors import Conflict, Corrupt, NotFound, Unavailable
from tallystick.chain.block import Genesis, read_block
from tallystick.chain.merkle import includes, leaf_hash
from tallystick.chain.proof import prove_record, verify_record
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.cache import StateCache
from tallystick.kernel.ledger.fault import BlockFault, InvalidBlock
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.store.database import Database

TABLES = ("fact", "block", "log", "entry_recent", "pair", "place_recent", "head", "roster", "aside")


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def replica(tmp_path: Path, chain: Chain) -> Iterator[Replica]:
    found = _create(tmp_path / "ledger.db", chain)
    yield found
    found.close()


@pytest.fixture
def other(tmp_path: Path, chain: Chain) -> Iterator[Replica]:
    found = _create(tmp_path / "other.db", chain)
    yield found
    found.close()


def _create(path: Path, chain: Chain) -> Replica:
    return Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)


def _grow(chain: Chain, replica: Replica, blocks: int, width: int = 3) -> list[bytes]:
    first = replica.tip.peaks.size
    return [
        chain.extend(
            replica,
            [
                chain.sign(number + 1, [chain.news(number)])
                for number in range(first + b * width, first + (b + 1) * width)
            ],
        )
        for b in range(blocks)
    ]


def _halted(replica: Replica) -> BlockFault | None:
    return replica.halted


def test_a_chain_reopened_stands_where_it_stood(chain: Chain, replica: Replica) -> None:
    _grow(chain, replica, 7)
    tip = replica.tip
    replica.close()
    again = Replica.open(replica.path, CHARTER)
    assert again.tip == tip
    _grow(chain, again, 1)
    again.close()


def test_a_file_holds_one_chain(chain: Chain, replica: Replica) -> None:
    with pytest.raises(Conflict, match=r"ledger\.exists"):
        _create(replica.path, chain)
    with pytest.raises(NotFound, match=r"ledger\.missing"):
        Replica.open(replica.path.with_name("none.db"), CHARTER)


def test_a_verified_block_leaves_the_state_its_proposer_has(
    chain: Chain, replica: Replica, other: Replica
) -> None:
    for data in _grow(chain, replica, 4):
        other.accept(data)
    assert other.tip == replica.tip
    for key in (b"members", b"seq/operator", b"id/" + bytes(15) + b"\x01"):
        assert other.read(key) == replica.read(key) is not None


def test_blocks_headers_and_results_are_found_as_they_were(chain: Chain, replica: Replica) -> None:
    blocks = _grow(chain, replica, 3)
    assert [replica.block(height) for height in (1, 2, 3)] == blocks
    assert replica.blocks(2, 10**9) == blocks[1:]
    assert replica.blocks(1, 1) == blocks[:1]
    assert replica.blocks(4, 10**9) == []
    header, _, found = read_block(blocks[1])
    assert replica.header(2) == replica.header(cid_of(header)) == header
    assert replica.header(0) == replica.header(replica.genesis.cid) == chain.genesis.data
    result = replica.find(found[2].tid)
    assert result is not None
    assert (result.height, result.index, result.code, result.position) == (2, 2, 0, 5)
    assert replica.find(bytes(32)) is None
    with pytest.raises(NotFound, match=r"ledger\.no_block"):
        replica.block(4)


def test_every_leaf_is_proven_under_every_later_root(chain: Chain, replica: Replica) -> None:
    _grow(chain, replica, 5)
    size = replica.tip.peaks.size
    for position in range(size):
        leaf = leaf_hash(replica.leaf(position))
        for end in range(position + 1, size + 1):
            assert includes(
                leaf=leaf,
                index=position,
                size=end,
                path=replica.log.inclusion(position, end),
                root=replica.log.root(end),
            )


def test_a_record_is_proven_from_what_the_replica_keeps(chain: Chain, replica: Replica) -> None:
    _grow(chain, replica, 3)
    position, size = 4, 9
    entry = replica._rows.entry(position)
    found = read_block(replica.block(entry.height))[2][entry.index]
    proof = prove_record(
        found,
        0,
        leaf=replica.leaf(position),
        position=position,
        log_path=replica.log.inclusion(position, size),
    )
    before = replica.header(entry.height - 1)
    proven = verify_record(
        proof,
        chain=chain.genesis.chain,
        size=size,
        root=replica.tip.peaks.root(),
        headers={cid_of(before): before},
        lists={chain.list.cid: chain.list},
    )
    assert (proven.data, proven.height, proven.code) == (found.records[0], entry.height, 0)


def test_an_invalid_block_is_put_aside_with_its_place_and_changes_nothing(
    chain: Chain, replica: Replica, other: Replica
) -> None:
    (first, second) = _grow(chain, replica, 2)
    other.accept(first)
    bad = bytearray(second)
    bad[-1] ^= 1
    before = other.tip
    with pytest.raises(InvalidBlock) as error:
        other.accept(bytes(bad))
    fault = error.value.fault
    assert (fault.height, fault.index, fault.field) == (2, 2, "root")
    assert other.tip == before
    assert _halted(other) == fault
    assert other.aside(2) == bytes(bad)
    other.accept(second)
    assert _halted(other) is None
    assert other.aside(2) is None
    assert other.tip == replica.tip


def test_blocks_that_come_together_leave_what_each_alone_leaves(
    chain: Chain, replica: Replica, other: Replica, tmp_path: Path
) -> None:
    blocks = _grow(chain, replica, 3)
    blocks.append(chain.extend(replica, [chain.sign(10, [chain.rotation(900, "operator")])]))
    blocks += [chain.extend(replica, [chain.sign(11, [chain.news(901)])])]
    other.accept(*blocks)
    alone = _create(tmp_path / "alone.db", chain)
    for data in blocks:
        alone.accept(data)
    held = [
        [found._database.rows(f"SELECT * FROM {table}") for table in TABLES]
        for found in (alone, other)
    ]
    assert held[0] == held[1]
    assert other.tip == alone.tip == replica.tip
    assert other.handovers() == alone.handovers() == replica.handovers() != []
    alone.close()


def test_what_came_before_an_invalid_block_is_kept_and_what_came_after_is_not(
    chain: Chain, replica: Replica, other: Replica
) -> None:
    blocks = _grow(chain, replica, 4)
    bad = bytearray(blocks[2])
    bad[-1] ^= 1
    with pytest.raises(InvalidBlock) as error:
        other.accept(*blocks[:2], bytes(bad), blocks[3])
    assert error.value.fault.height == 3
    assert other.tip.height == 2
    assert other.aside(3) == bytes(bad)
    assert other.verify() == other.tip
    other.accept(*blocks[2:])
    assert other.tip == replica.tip
    assert other.aside(3) is None


def test_a_disk_that_fills_while_blocks_are_kept_together_loses_none_of_them(
    chain: Chain, replica: Replica, other: Replica
) -> None:
    blocks = _grow(chain, replica, 2)
    other.accept(blocks[0])
    before = other.tip
    big = [chain.sign(100, [chain.news(1000 + n) for n in range(400)])]
    blocks.append(chain.extend(replica, big))
    other._database.run(f"PRAGMA max_page_count = {other._database.value('PRAGMA page_count')}")
    with pytest.raises(Unavailable, match=r"database\.full"):
        other.accept(*blocks[1:])
    assert other.tip == before
    assert other.read(b"id/" + (4).to_bytes(16, "big")) is None
    other._database.run("PRAGMA max_page_count = 100000")
    other.accept(*blocks[1:])
    assert other.tip == replica.tip
    assert other.verify() == other.tip


@pytest.mark.parametrize("name", ["state_root", "log_root", "log_size", "merkle_root", "time"])
def test_a_header_that_lies_is_named_with_both_values(
    chain: Chain, replica: Replica, other: Replica, name: str
) -> None:
    (block,) = _grow(chain, replica, 1)
    header, rows = codec.decode(block, codec.value)
    fields = codec.decode(header, codec.value)
    truth = fields[name]
    lie = bytes(32) if isinstance(truth, bytes) else 0
    forged = codec.encode([codec.encode({**fields, name: lie}), rows])
    with pytest.raises(InvalidBlock) as error:
        other.accept(forged)
    fault = error.value.fault
    shown = truth.hex() if isinstance(truth, bytes) else str(truth)
    assert (fault.height, fault.index, fault.field) == (1, -1, name)
    assert fault.got == (lie.hex() if isinstance(lie, bytes) else str(lie))
    assert fault.expected == (shown if name != "time" else f"> {chain.genesis.fields['time']}")


def test_a_full_disk_leaves_the_chain_as_it_was(chain: Chain, replica: Replica) -> None:
    _grow(chain, replica, 1)
    before = replica.tip
    pages = replica._database.value("PRAGMA page_count")
    replica._database.run(f"PRAGMA max_page_count = {pages}")
    # The number is used up in no block: the same transactions are ordered once there is room.
    big = [chain.sign(100, [chain.news(1000 + n) for n in range(400)])]
    with pytest.raises(Unavailable, match=r"database\.full"):
        chain.extend(replica, big)
    assert replica.tip == before
    replica._database.run("PRAGMA max_page_count = 100000")
    chain.extend(replica, big)
    assert replica.tip.height == before.height + 1
    assert replica.verify() == replica.tip


def test_a_failed_disk_stops_the_chain_until_it_is_read_again(
    chain: Chain, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("database.io", "ledger.db: writing failed")

    with monkeypatch.context() as patch:
        patch.setattr(Replica, "_write", fail)
        with pytest.raises(Unavailable, match=r"database\.io"):
            _grow(chain, replica, 1)
    with pytest.raises(Unavailable, match=r"ledger\.reopen"):
        _grow(chain, replica, 1)
    replica.close()
    again = Replica.open(replica.path, CHARTER)
    _grow(chain, again, 1)
    again.close()


def test_two_writers_of_one_file_do_not_fork_it(chain: Chain, replica: Replica) -> None:
    second = Replica.open(replica.path, CHARTER)
    _grow(chain, replica, 1)
    other = [chain.sign(100, [chain.news(100)])]
    with pytest.raises(Conflict, match=r"database\.conflict"):
        chain.extend(second, other)
    with pytest.raises(Unavailable, match=r"ledger\.reopen"):
        chain.extend(second, other)
    second.close()
    _grow(chain, replica, 1)
    assert replica.verify() == replica.tip


def test_a_pair_hidden_by_a_flip_in_its_key_is_found_before_anything_is_ordered(
    chain: Chain, replica: Replica
) -> None:
    _grow(chain, replica, 2)
    replica.check_state()
    replica.close()
    with sqlite3.connect(replica.path) as plain:
        plain.execute(
            "UPDATE pair SET name = ? WHERE name = ?",
            (b"id/" + bytes(15) + b"\xff", b"id/" + bytes(15) + b"\x03"),
        )
    plain.close()
    again = Replica.open(replica.path, CHARTER)
    with pytest.raises(Corrupt, match=r"ledger\.corrupt"):
        again.check_state()
    again.close()


def test_the_journal_does_not_grow_with_the_chain(chain: Chain, replica: Replica) -> None:
    journal = replica.path.with_name(replica.path.name + "-wal")
    replica._database.run("PRAGMA wal_autocheckpoint = 20")
    sizes = []
    for _ in range(30):
        _grow(chain, replica, 1)
        replica.read(b"id/" + chain.clock.now_ms().to_bytes(16, "big"))
        sizes.append(journal.stat().st_size)
    assert max(sizes) < 60 * 4_200


def test_a_changed_row_is_named_where_it_is_read(chain: Chain, replica: Replica) -> None:
    _grow(chain, replica, 2)
    replica.close()
    with sqlite3.connect(replica.path) as plain:
        plain.execute("UPDATE pair SET value = x'00' WHERE substr(name, 1, 3) = x'69642f'")
        plain.execute(
            "UPDATE log SET codes = zeroblob(2) || x'0009' || zeroblob(2) WHERE first = 0"
        )
        plain.execute("UPDATE block SET body = x'00' WHERE height = 1")
        plain.execute("UPDATE log SET nodes = substr(nodes, 1, 32) WHERE first = 0")
        plain.execute("UPDATE roster SET data = x'00'")
        (tids,) = plain.execute("SELECT tids FROM log WHERE first = 0").fetchone()
    plain.close()
    with pytest.raises(Corrupt):
        # Even genesis needs its list of members.
        Replica.open(replica.path, CHARTER)
    with sqlite3.connect(replica.path) as plain:
        plain.execute("UPDATE roster SET data = ?", (chain.list.data,))
    plain.close()
    again = Replica.open(replica.path, CHARTER)
    for call in (
        lambda: again.read(b"id/" + bytes(16)),
        lambda: again.find(tids[32:64]),
        lambda: again.leaf(1),
        lambda: again.block(1),
        lambda: again.log.inclusion(0, 4),
    ):
        with pytest.raises(Corrupt, match=r"ledger\.corrupt"):
            call()
    again.close()


def test_a_head_that_was_changed_does_not_open(chain: Chain, replica: Replica) -> None:
    _grow(chain, replica, 2)
    replica.close()
    with sqlite3.connect(replica.path) as plain:
        plain.execute("UPDATE head SET lanes = zeroblob(2048)")
    plain.close()
    with pytest.raises(Corrupt) as error:
        Replica.open(replica.path, CHARTER)
    assert error.value.values["field"] == "state_root"


def test_readers_see_whole_blocks_while_others_are_kept(chain: Chain, replica: Replica) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                tip = replica.tip
                assert tip.height == 0 or replica.header(tip.height)
                held = replica.read(b"seq/operator")
                assert held is None or codec.decode(held, codec.value)[0] >= tip.peaks.size
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    _grow(chain, replica, 30)
    done.set()
    thread.join()
    assert failures == []


def test_a_line_written_while_lines_are_read_is_never_missed(
    chain: Chain, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    _grow(chain, replica, 1)
    for name in ("cosignatures", "cosigned"):
        read = getattr(Rows, name)

        def read_before(rows: Rows, *given: int, read: Any = read) -> Any:
            found = read(rows, *given)
            replica.flush()
            return found

        monkeypatch.setattr(Rows, name, read_before)
    replica.keep_cosignature(1, "bank", "a line\n")
    assert replica.cosignatures(1) == {"bank": "a line\n"}
    replica.keep_cosignature(1, "coop", "a line\n")
    assert replica.cosigned() == {"bank": 1, "coop": 1}


def test_the_cache_reads_the_file_once_and_never_an_old_value() -> None:
    held: dict[bytes, bytes] = {b"a": b"1"}
    reads: list[bytes] = []

    def below(key: bytes) -> bytes | None:
        reads.append(key)
        return held.get(key)

    def many(keys: Sequence[bytes]) -> dict[bytes, bytes]:
        reads.extend(keys)
        return {key: held[key] for key in keys if key in held}

    cache = StateCache(below, many, pairs_max=2)
    assert [cache.read(b"a"), cache.read(b"a"), cache.read(b"none"), cache.read(b"none")] == [
        b"1",
        b"1",
        None,
        None,
    ]
    assert reads == [b"a", b"none"]
    held[b"a"] = b"2"
    cache.put({b"a": b"2"})
    for number in range(3):
        cache.read(b"%d" % number)
    assert cache.read(b"a") == b"2"
    assert len(cache._young) <= 2
    assert len(cache._old) <= 2
    reads.clear()
    cache.expect([b"a", b"b", b"b"])
    assert reads == [b"b"]
    assert [cache.read(b"a"), cache.read(b"b")] == [b"2", None]
    assert reads == [b"b"]


def test_a_damaged_pair_is_named_when_it_is_read_ahead(chain: Chain, replica: Replica) -> None:
    _grow(chain, replica, 1)
    replica.close()
    with sqlite3.connect(replica.path) as plain:
        plain.execute("UPDATE pair SET value = x'00' WHERE substr(name, 1, 3) = x'69642f'")
    plain.close()
    again = Replica.open(replica.path, CHARTER)
    again.expect([chain.sign(9, [chain.news(98), chain.news(99)])])
    assert again.read(b"id/" + (99).to_bytes(16, "big")) is None
    with pytest.raises(Corrupt, match=r"ledger\.corrupt"):
        again.expect([chain.sign(9, [chain.news(1), chain.news(99)])])
    again.close()


def test_a_genesis_of_other_members_is_refused(tmp_path: Path, chain: Chain) -> None:
    stranger = Chain("b")
    with pytest.raises(Exception, match="members"):
        Genesis.read(chain.genesis.data, stranger.list.data)
    with pytest.raises(Exception, match="members"):
        Replica.create(tmp_path / "x.db", chain.genesis.data, stranger.list.data, CHARTER)


def test_a_creation_that_was_interrupted_is_resumed(tmp_path: Path, chain: Chain) -> None:
    from tallystick.kernel.ledger import layout

    Database.write(tmp_path / "x.db", "ledger", layout.SCHEMA, layout.VERSION).close()
    found = _create(tmp_path / "x.db", chain)
    assert found.tip.height == 0
    found.close()


def test_transactions_keep_their_bytes(chain: Chain, replica: Replica) -> None:
    data = chain.sign(1, [chain.news(1), chain.news(2)])
    block = chain.extend(replica, [data])
    assert read_block(block)[2] == [Transaction.read(data)]
