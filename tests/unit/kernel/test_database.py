from __future__ import annotations

import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tallystick.base.errors import Conflict, Corrupt, Error, Invalid, NotFound, Unavailable
from tallystick.kernel.store import database as opening
from tallystick.kernel.store.database import Database

SCHEMA = "CREATE TABLE thing (name INTEGER PRIMARY KEY, value BLOB)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database.write(tmp_path / "a.db", "thing", SCHEMA, 1)
    yield found
    found.close()


def test_a_writer_is_durable_or_does_not_open(database: Database) -> None:
    assert database.value("PRAGMA journal_mode") == b"wal"
    assert database.value("PRAGMA synchronous") == 2
    assert database.value("PRAGMA secure_delete") == 1


def test_a_journal_that_cannot_be_wal_is_refused() -> None:
    # SQLite keeps its temporary databases out of WAL whatever it is told.
    with pytest.raises(Unavailable, match=r"database\.(not_durable|refused)"):
        Database._open(Path("x.db"), "file::memory:").prepare("thing", SCHEMA, 1)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def write() -> None:
        with database.transaction():
            database.run("INSERT INTO thing VALUES (1, x'00')")
            raise Invalid("test.no", "no")

    with pytest.raises(Invalid):
        write()
    assert database.rows("SELECT * FROM thing") == []


def test_another_version_is_told_apart(tmp_path: Path, database: Database) -> None:
    del database
    with pytest.raises(Unavailable, match=r"database\.version"):
        Database.write(tmp_path / "a.db", "thing", SCHEMA, 2)


def test_parts_share_a_file_each_with_its_own_version(tmp_path: Path, database: Database) -> None:
    other = Database.write(tmp_path / "a.db", "other", "CREATE TABLE other (a INTEGER)", 7)
    other.run("INSERT INTO other VALUES (1)")
    assert database.value("SELECT version FROM part WHERE name = 'other'") == 7
    assert database.value("SELECT a FROM other") == 1
    other.close()


def test_a_locked_file_is_unavailable(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 0)
    other = Database.write(tmp_path / "a.db", "thing", SCHEMA, 1)
    with (
        database.transaction(),
        pytest.raises(Unavailable, match=r"database\.locked"),
        other.transaction(),
    ):
        pass
    other.close()
    assert database.run("INSERT INTO thing VALUES (1, x'00')") == 1


def test_a_reader_cannot_write(tmp_path: Path, database: Database) -> None:
    del database
    reader = Database.read(tmp_path / "a.db")
    with pytest.raises(Unavailable, match=r"database\.refused"):
        reader.run("INSERT INTO thing VALUES (1, x'00')")
    reader.close()


def test_a_missing_file_is_not_found_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"database\.missing"):
        Database.read(tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()


@pytest.mark.parametrize(
    "call",
    [
        lambda d: d.run("INSERT INTO thing VALUES (1, x'00')"),
        lambda d: d.run_many("INSERT INTO thing VALUES (?, ?)", [(1, b"")]),
        lambda d: d.put_many("INSERT INTO thing", [(1, b"")]),
        lambda d: d.rows("SELECT * FROM thing"),
        lambda d: d.row("SELECT * FROM thing"),
        lambda d: d.value("SELECT value FROM thing"),
        lambda d: list(d.scan("SELECT * FROM thing")),
    ],
)
def test_every_call_translates_what_sqlite_says(
    tmp_path: Path, call: Callable[[Database], object]
) -> None:
    path = tmp_path / "a.db"
    made = Database.write(path, "thing", SCHEMA, 1)
    made.close()
    data = bytearray(path.read_bytes())
    # The page of the table `thing`: its header's type byte.
    with sqlite3.connect(path) as plain:
        (root,) = plain.execute("SELECT rootpage FROM sqlite_master WHERE name='thing'").fetchone()
    plain.close()
    data[(root - 1) * 4_096] ^= 0xFF
    path.write_bytes(data)
    found = Database.write(path, "thing", SCHEMA, 1)
    with pytest.raises(Corrupt, match=r"database\.corrupt"):
        call(found)
    found.close()


def test_a_file_whose_log_s_index_finds_no_room_tells_of_a_full_disk(
    tmp_path: Path,
) -> None:
    """A file system without a free page refuses the index at opening, before all else."""
    path = tmp_path / "whole.db"
    Database.write(path, "own", "CREATE TABLE own (id INTEGER)", 1).close()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, before[1]))
    try:
        with pytest.raises(Unavailable, match=r"^database\.full: whole\.db: the disk is full"):
            Database.write(path, "own", "CREATE TABLE own (id INTEGER)", 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    Database.write(path, "own", "CREATE TABLE own (id INTEGER)", 1).close()


def test_what_is_no_database_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database, but long enough to look like a file of one" * 100)
    with pytest.raises(Corrupt):
        Database.write(path, "thing", SCHEMA, 1)


def test_a_closed_file_says_so_and_closes_twice(database: Database) -> None:
    database.close()
    database.close()
    with pytest.raises(Unavailable, match=r"database\.closed"):
        database.rows("SELECT * FROM thing")


def test_threads_that_wait_share_one_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    plain = Database._commit

    def counted(self: Database, jobs: list[object]) -> None:
        commits.append(len(jobs))
        plain(self, jobs)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "_commit", counted)
    ready = threading.Barrier(9)

    def work(number: int) -> None:
        ready.wait()
        database.together(lambda: database.run("INSERT INTO thing VALUES (?, x'')", (number,)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    with database._lock:
        # While the file is busy, all eight come to wait.
        ready.wait()
        while len(database._jobs) < 8:
            pass
    for thread in threads:
        thread.join()
    assert commits == [8]
    assert database.value("SELECT count(*) FROM thing") == 8


def test_an_error_in_a_shared_commit_undoes_its_own_part_alone(database: Database) -> None:
    def fail() -> None:
        database.run("INSERT INTO thing VALUES (1, x'')")
        raise Invalid("test.no", "no")

    with pytest.raises(Invalid):
        database.together(fail)
    jobs = [
        opening._Job(fail),
        opening._Job(lambda: database.run("INSERT INTO thing VALUES (2, x'')")),
    ]
    database._commit(jobs)
    assert isinstance(jobs[0].error, Invalid)
    assert (jobs[1].error, jobs[1].result) == (None, 1)
    assert database.rows("SELECT name FROM thing") == [(2,)]


def test_a_commit_that_fails_fails_for_all_who_shared_it(database: Database) -> None:
    database.run("PRAGMA max_page_count = 6")

    def much() -> None:
        for _ in range(100):
            database.run("INSERT INTO thing (value) VALUES (zeroblob(4000))")

    jobs = [
        opening._Job(lambda: database.run("INSERT INTO thing VALUES (900, x'')")),
        opening._Job(much),
    ]
    database._commit(jobs)
    assert isinstance(jobs[1].error, Unavailable)
    kept = database.rows("SELECT name FROM thing")
    assert kept == ([(900,)] if jobs[0].error is None else [])


def test_a_bug_in_a_shared_commit_is_success_for_nobody(database: Database) -> None:
    def broken() -> None:
        raise AssertionError("a bug")

    jobs = [
        opening._Job(lambda: database.run("INSERT INTO thing VALUES (1, x'')")),
        opening._Job(broken),
    ]
    with pytest.raises(AssertionError):
        database._commit(jobs)
    assert isinstance(jobs[0].error, Unavailable)
    assert database.rows("SELECT name FROM thing") == []


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_many_rows_are_put_as_if_one_by_one(database: Database, count: int) -> None:
    rows = [(name, name.to_bytes(2, "big")) for name in range(count)]
    database.put_many("INSERT INTO thing", rows)
    assert database.rows("SELECT name, value FROM thing ORDER BY name") == rows
    database.put_many("REPLACE INTO thing", [(name, b"") for name, _ in rows])
    assert database.rows("SELECT count(*) FROM thing WHERE value = x''") == [(count,)]


@pytest.mark.parametrize("count", [3, 70])
def test_many_rows_of_which_one_cannot_be_put_are_refused(database: Database, count: int) -> None:
    rows = [(name % (count - 1), b"") for name in range(count)]
    with pytest.raises(Conflict, match=r"database\.conflict"), database.transaction():
        database.put_many("INSERT INTO thing", rows)
    assert not database.rows("SELECT name FROM thing")


def test_a_second_row_of_one_name_tells_of_another_writer(database: Database) -> None:
    database.run("INSERT INTO thing VALUES (1, x'')")
    with pytest.raises(Conflict, match=r"database\.conflict"):
        database.run("INSERT INTO thing VALUES (1, x'')")


def test_a_held_snapshot_stays_until_it_is_released(tmp_path: Path, database: Database) -> None:
    reader = Database.read(tmp_path / "a.db")
    reader.hold()
    assert reader.value("SELECT count(*) FROM thing") == 0
    database.run("INSERT INTO thing VALUES (1, x'')")
    reader.hold()
    assert reader.value("SELECT count(*) FROM thing") == 0
    reader.release()
    assert reader.value("SELECT count(*) FROM thing") == 1
    reader.close()
    reader.release()


def test_the_catalogue_of_a_file_is_that_of_its_schema(database: Database) -> None:
    assert database.catalogue() == Database.catalogue_of(SCHEMA)
    database.run("CREATE INDEX more ON thing (value)")
    assert database.catalogue() != Database.catalogue_of(SCHEMA)


def test_messages_name_the_file_but_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Error) as error:
        Database.read(tmp_path / "b.db")
    assert str(tmp_path) not in str(error.value)
