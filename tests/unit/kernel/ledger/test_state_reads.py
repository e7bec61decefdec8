"""Who reads the state, and when: beside a writer, after another file came, before a first block."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType

import pytest

from simulation.chain import CHARTER, Chain
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Corrupt
from tallystick.chain.record import record_key
from tallystick.kernel.ledger.cache import StateCache
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.pairs import replace_pairs, scan_pairs
from tallystick.kernel.ledger.replica import Replica

NONE = b"id/" + bytes(16)
PATIENCE_S = 20


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def replica(tmp_path: Path, chain: Chain) -> Iterator[Replica]:
    with closing(
        Replica.create(tmp_path / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    ) as found:
        yield found


class _LetIn:
    """A lock before which somebody else always comes first, once."""

    def __init__(self, first: threading.Thread) -> None:
        self._lock, self._first = threading.Lock(), first

    def __enter__(self) -> None:
        if threading.current_thread() is not self._first and not self._first.ident:
            self._first.start()
            self._first.join()
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


def test_a_reader_that_waited_does_not_put_an_old_value_over_a_new_one() -> None:
    file = {b"k": b"old"}
    cache = StateCache(
        file.get, lambda keys: {key: file[key] for key in keys if key in file}, pairs_max=2
    )
    for key in (b"k", b"a", b"b"):
        cache.read(key)
    assert b"k" in cache._old
    assert b"k" not in cache._young

    def write() -> None:
        file[b"k"] = b"new"
        cache.put({b"k": b"new"})

    cache._lock = _LetIn(threading.Thread(target=write))  # type: ignore[assignment]
    assert cache.read(b"k") == b"new"
    assert cache.read(b"k") == b"new"


@pytest.mark.parametrize("many", [False, True])
def test_a_block_waits_for_no_reader_of_the_file_and_its_value_stays(many: bool) -> None:
    reads, written = threading.Event(), threading.Event()

    def read_slowly(_: bytes) -> bytes:
        reads.set()
        assert written.wait(PATIENCE_S)
        return b"old"

    cache = StateCache(read_slowly, lambda keys: {key: read_slowly(key) for key in keys})
    reader = threading.Thread(target=lambda: cache.expect([b"k"]) if many else cache.read(b"k"))
    reader.start()
    assert reads.wait(PATIENCE_S)
    cache.put({b"k": b"new"})
    written.set()
    reader.join()
    assert cache.read(b"k") == b"new"


def test_who_took_the_reading_before_another_file_came_reads_that_one(
    chain: Chain, replica: Replica
) -> None:
    read = replica.read
    assert read(NONE) is None
    replica.exchange(lambda: None)
    chain.extend(replica, [chain.sign(1, [chain.news(0)])])
    replica.exchange(lambda: None)
    assert read(NONE) == replica.read(NONE) is not None
    assert read(b"seq/operator") is not None


def test_what_was_absent_is_found_once_a_block_has_written_it(
    chain: Chain, replica: Replica
) -> None:
    keys: list[bytes] = []
    for block in range(4):
        numbers = range(block * 70, block * 70 + 70)
        new = [record_key(each.to_bytes(16, "big")) for each in numbers]
        for is_new in (False, True):
            if is_new:
                replica.exchange(lambda: None)
            replica._cache.forget()
            replica.expect_pairs([*keys, *new])
            assert [key for key in keys if replica.read(key) is None] == []
            assert [key for key in new if replica.read(key) is not None] == []
        chain.extend(replica, [chain.sign(block + 1, [chain.news(each) for each in numbers])])
        keys += new
    replica.rewrite(lambda database: replace_pairs(database, [list(scan_pairs(database))]))
    replica.expect_pairs(keys)
    assert [key for key in keys if replica.read(key) is None] == []


def test_nobody_waits_for_a_transaction_to_read_the_state(chain: Chain, replica: Replica) -> None:
    chain.extend(replica, [chain.sign(1, [chain.news(0)])])
    begun, ended = threading.Event(), threading.Event()

    def work(_: object) -> None:
        begun.set()
        assert ended.wait(PATIENCE_S)

    writer = threading.Thread(target=replica.rewrite, args=(work,))
    writer.start()
    try:
        assert begun.wait(PATIENCE_S)
        assert replica.read(b"id/" + bytes(15) + b"\7") is None
        replica.expect_pairs([b"x", b"y"])
    finally:
        ended.set()
        writer.join()
    assert replica.read(NONE) is not None


def test_within_a_transaction_the_state_is_the_one_before_it(
    chain: Chain, replica: Replica
) -> None:
    chain.extend(replica, [chain.sign(1, [chain.news(0)])])
    found = list[bytes | None]()

    def work(database: object) -> None:
        replica._database.run("DELETE FROM pair WHERE name = ?", (NONE,))
        found.append(replica.read(NONE))
        raise Corrupt("test.undo", "taken back", cure="none")

    replica._cache.forget()
    with pytest.raises(Corrupt, match="taken back"):
        replica.keep(work)
    assert found == [replica.read(NONE)] != [None]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE place_recent SET short = short + 1 WHERE position = 2",
        "UPDATE pair SET name = name || x'00' WHERE position = 2",
    ],
)
def test_nobody_orders_over_a_state_in_which_a_pair_is_hidden(
    damage: str, chain: Chain, replica: Replica
) -> None:
    chain.extend(replica, [chain.sign(1, [chain.news(0)])])
    replica.close()
    with closing(sqlite3.connect(replica.path)) as plain, plain:
        assert plain.execute(damage).rowcount == 1
    with closing(Replica.open(replica.path, CHARTER)) as again:
        orderer = Orderer(again, "operator", chain.clock, SeededEntropy("x"))
        orderer.submit(chain.sign(2, [chain.news(1)]))
        for _ in range(2):
            with pytest.raises(Corrupt, match=r"ledger\.corrupt.*state is not the head"):
                orderer.cut()
        assert again.tip.height == 1
        assert orderer.waiting() == 1
