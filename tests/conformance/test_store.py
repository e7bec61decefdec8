from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes import find_peer, run_kubo
from tallystick.base.codec import DAG_CBOR, RAW, Cid, cid_of, encode
from tallystick.base.errors import Corrupt, Invalid, NotFound, Unavailable
from tallystick.kernel.store.base import OBJECT_BYTES_MAX, Store
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.engines.ipfs import IpfsStore
from tallystick.kernel.store.engines.kubo import Kubo
from tallystick.kernel.store.engines.memory import MemoryStore
from tallystick.kernel.store.engines.peers import start_peer
from tallystick.kernel.store.engines.sqlite import SqliteStore

Engine = Callable[[Path], Store]
ENGINES: dict[str, Engine] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "store.db"),
}


NODES = [
    pytest.param("peer", id="ipfs-peer"),
    pytest.param("kubo", id="ipfs-kubo", marks=pytest.mark.external),
]


@pytest.fixture(scope="module")
def peer() -> Iterator[str]:
    """The address of a node of our own."""
    with start_peer(find_peer()) as found:
        yield found.rpc


@pytest.fixture(scope="module")
def kubo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the user's own node."""
    with run_kubo(tmp_path_factory.mktemp("kubo")) as found:
        yield found


@pytest.fixture(params=[*sorted(ENGINES), *NODES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param in ENGINES:
        found = ENGINES[request.param](tmp_path)
    else:
        found = IpfsStore(Kubo(request.getfixturevalue(request.param)))
        found.drop(list(found.cids()))
    yield found
    found.close()


def test_what_is_put_is_got_under_the_name_of_its_bytes(store: Store) -> None:
    objects = [b"", b"a", bytes(70_000)]
    cids = store.put_many(objects)
    assert cids == [cid_of(data, RAW) for data in objects]
    assert [store.get(cid) for cid in cids] == objects
    assert all(store.has(cid) for cid in cids)


def test_the_codec_is_part_of_the_name(store: Store) -> None:
    data = encode({"a": 1})
    (raw,) = store.put_many([data])
    (node,) = store.put_many([data], DAG_CBOR)
    assert raw != node
    assert store.get(raw) == store.get(node) == data


def test_putting_twice_is_putting_once(store: Store) -> None:
    store.put_many([b"same", b"same"])
    store.put_many([b"same"])
    assert list(store.cids()) == [cid_of(b"same", RAW)]


def test_nothing_put_is_nothing_kept(store: Store) -> None:
    assert store.put_many([]) == []
    assert list(store.cids()) == []


def test_an_absent_object_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match=r"store\.absent"):
        store.get(cid_of(b"never", RAW))
    assert not store.has(cid_of(b"never", RAW))


def test_a_batch_with_one_object_too_large_keeps_none(store: Store) -> None:
    with pytest.raises(Invalid, match=r"store\.size"):
        store.put_many([b"small", bytes(OBJECT_BYTES_MAX + 1)])
    assert list(store.cids()) == []


def test_names_come_ascending_and_whole(store: Store) -> None:
    cids = store.put_many([number.to_bytes(4, "big") for number in range(2_500)])
    assert list(store.cids()) == sorted(cids)


def test_what_is_dropped_is_gone_and_counted(store: Store) -> None:
    kept, gone = store.put_many([b"kept", b"gone"])
    assert store.drop([gone, gone, cid_of(b"never", RAW)]) == 1
    assert not store.has(gone)
    assert store.get(kept) == b"kept"
    with pytest.raises(NotFound):
        store.get(gone)


def test_a_sound_store_has_nothing_to_audit(store: Store) -> None:
    store.put_many([b"a", b"b"])
    assert store.audit() == []


def test_many_threads_put_and_get_at_once(store: Store) -> None:
    failures: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for number in range(start, start + 20):
                (cid,) = store.put_many([number.to_bytes(8, "big")])
                assert store.get(cid) == number.to_bytes(8, "big")
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(100 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(list(store.cids())) == 80


@given(objects=st.lists(st.binary(max_size=64), max_size=8))
def test_any_objects_come_back_as_they_were(objects: list[bytes]) -> None:
    store = MemoryStore()
    assert [store.get(cid) for cid in store.put_many(objects)] == objects


def test_objects_outlive_the_process_that_put_them(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "store.db")
    (cid,) = first.put_many([b"durable"])
    first.close()
    second = SqliteStore(tmp_path / "store.db")
    assert second.get(cid) == b"durable"
    second.close()


def test_a_changed_object_is_named_when_read_and_by_the_audit(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    sound, damaged = store.put_many([b"sound", b"damaged"])
    with sqlite3.connect(tmp_path / "store.db") as other:
        other.execute("UPDATE object SET data = x'00' WHERE cid = ?", (damaged.raw,))
    other.close()
    with pytest.raises(Corrupt) as error:
        store.get(damaged)
    assert error.value.values["cid"] == str(damaged)
    assert store.audit() == [damaged]
    assert store.get(sound) == b"sound"
    store.close()


def test_dropped_bytes_stand_nowhere_in_the_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    secret = b"the words of a household" * 40
    (cid,) = store.put_many([secret])
    store.put_many([b"other"])
    store.drop([cid])
    for path in tmp_path.iterdir():
        assert b"words of a household" not in path.read_bytes(), path.name
    store.close()


def test_a_full_disk_refuses_the_batch_and_loses_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    (before,) = store.put_many([b"before"])
    database: Database = store._database
    database.run("PRAGMA max_page_count = 8")
    with pytest.raises(Unavailable, match=r"database\.full"):
        store.put_many([bytes([n]) * 4_000 for n in range(50)])
    assert list(store.cids()) == [before]
    database.run("PRAGMA max_page_count = 100000")
    assert store.put_many([b"after"])
    store.close()


def test_a_name_in_the_file_that_is_no_cid_is_a_fault_of_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    with sqlite3.connect(tmp_path / "store.db") as other:
        other.execute("INSERT INTO object VALUES (x'0102', x'00')")
    other.close()
    with pytest.raises(Corrupt, match=r"database\.corrupt"):
        list(store.cids())
    store.close()


def test_a_link_is_needed_to_ask(store: Store) -> None:
    with pytest.raises(Invalid):
        store.get(Cid(b"not a link"))
