"""One SQLite file of a member, opened so that a commit is durable and every fault has a name.

Laws: journal WAL and synchronous FULL, asserted at each opening for writing; one connection, one
lock; a transaction is all or nothing; no exception of the vendor leaves this file. A full disk, a
locked file and a file that may not be written are `Unavailable`, and nothing is lost; whatever
contradicts the file's own structure is `Corrupt`.
Source: SQLite, "Write-Ahead Logging"; "Result and Error Codes".
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from tallystick.base.errors import Conflict, Corrupt, Error, NotFound, Unavailable

__all__ = ["Database", "Row"]

Row = tuple[Any, ...]
T = TypeVar("T")

_FULLY_SYNCHRONOUS: Final = 2
_TOGETHER: Final = 128
BUSY_TIMEOUT_MS: Final = 2_000
CACHE_KIB: Final = 16 * 1024
# The library raises the last two itself: for a value that fits no column, and for a message about a
# damaged name that is no text any more.
_FAULTS: Final = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeDecodeError)
_PARTS: Final = (
    "CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, version INTEGER NOT NULL)"
    " WITHOUT ROWID"
)
# The file of the write-ahead log's index could not be made as long as it must be: so a file system
# without a free page shows at opening, where nothing else is written yet.
_FULL: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_REFUSED: Final = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


def _translate(error: Exception, name: str) -> Error:
    """Return our error for the vendor's; `name` is the file's name, never its folder."""
    extended = getattr(error, "sqlite_errorcode", None)
    primary = None if extended is None else extended & 0xFF
    if not _FULL.isdisjoint({primary, extended}):
        return Unavailable(
            "database.full", f"{name}: the disk is full", cure="Free space; nothing was lost."
        )
    if primary in _LOCKED:
        return Unavailable(
            "database.locked", f"{name}: another process writes it", cure="End it, or try again."
        )
    if primary in _REFUSED:
        return Unavailable(
            "database.refused", f"{name}: may not be opened", cure="Check the folder's owner."
        )
    if primary == sqlite3.SQLITE_IOERR:
        return Unavailable(
            "database.io", f"{name}: reading or writing failed", cure="Check the disk."
        )
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return Conflict(
            "database.conflict",
            f"{name}: another writer was here first",
            cure="Let one process write it; open it again.",
        )
    if isinstance(error, sqlite3.ProgrammingError) and primary is None:
        return Unavailable("database.closed", f"{name}: closed", cure="Open it again.")
    return Corrupt(
        "database.corrupt", f"{name}: {error}", cure="tally verify, then tally repair.", file=name
    )


def _bind(values: Iterable[Any]) -> list[Any]:
    """Return a statement's values as the library takes them at once.

    It looks for an adapter of each value that is no integer, float, text or bytearray: of bytes
    too, and for longer than a row takes to be written.
    """
    return [bytearray(value) if type(value) is bytes else value for value in values]


@dataclass(slots=True, eq=False)
class _Job:
    """One thread's part of a common commit."""

    work: Callable[[], object]
    done: bool = False
    result: object = None
    error: Error | None = None


class Database:
    """One open SQLite file; safe to share between threads.

    Args:
        path: the file.
        connection: opened by `write` or `read`.
    """

    __slots__ = ("_connection", "_jobs", "_lock", "_queueing", "name", "path")

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.name = path.name
        self._connection = connection
        self._lock = threading.RLock()
        self._queueing = threading.Lock()
        self._jobs: list[_Job] = []

    @classmethod
    def write(cls, path: Path, part: str, schema: str, version: int) -> Database:
        """Open for writing, creating the tables of `schema` if the file has no such part yet.

        Args:
            path: the file.
            part: whose tables they are; several parts may share a file, each with its version.
            schema: statements, separated by semicolons.
            version: of the schema, >= 1.

        Raises:
            Unavailable: `database.version` if the part was written by another version.
        """
        found = cls._open(path, f"{path.absolute().as_uri()}?mode=rwc")
        try:
            found.prepare(part, schema, version)
        except Error:
            found.close()
            raise
        return found

    @classmethod
    def change(cls, path: Path) -> Database:
        """Open a file that is there for writing, whatever parts it has; else Unavailable."""
        found = cls._open(path, f"{path.absolute().as_uri()}?mode=rw")
        try:
            found._make_durable()  # noqa: SLF001 - of this class
        except Error:
            found.close()
            raise
        return found

    @classmethod
    def read(cls, path: Path) -> Database:
        """Open a fresh connection that can only read; NotFound if there is no file."""
        if not path.is_file():
            raise NotFound(
                "database.missing", f"{path.name}: no such file", cure="Restore it, or repair."
            )
        return cls._open(path, f"{path.absolute().as_uri()}?mode=ro")

    @classmethod
    def _open(cls, path: Path, uri: str) -> Database:
        try:
            connection = sqlite3.connect(
                uri,
                uri=True,
                timeout=BUSY_TIMEOUT_MS // 1_000,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
        except sqlite3.Error as error:
            raise _translate(error, path.name) from error
        found = cls(path, connection)
        # Text is read as bytes: what a flipped type makes of it is then seen, not guessed.
        connection.text_factory = bytes
        try:
            found.bound_cache(CACHE_KIB)
            found.run("PRAGMA cell_size_check = ON")
        except Error:
            connection.close()
            raise
        return found

    def bound_cache(self, kib: int) -> None:
        """Keep at most so many KiB of the file's pages in memory."""
        self.run(f"PRAGMA cache_size = -{kib}")

    def prepare(self, part: str, schema: str, version: int) -> None:
        """Make commits durable, and see to it that the file has the part's tables."""
        self._make_durable()
        if self._version(part) is None:
            with self.transaction():
                self.run(_PARTS)
                if self._version(part) is None:
                    for statement in schema.split(";"):
                        self.run(statement)
                    self.run("INSERT INTO part VALUES (?, ?)", (part, version))
        if (held := self._version(part)) != version:
            raise Unavailable(
                "database.version",
                f"{self.name}: {part} was written by version {held}, this program reads {version}",
                cure="Run the program that wrote it, or its migration.",
            )
        journal, synchronous = self.value("PRAGMA journal_mode"), self.value("PRAGMA synchronous")
        if journal != b"wal" or synchronous != _FULLY_SYNCHRONOUS:
            raise Unavailable(
                "database.not_durable",
                f"{self.name}: journal {journal!r}, synchronous {synchronous}, not WAL and FULL",
                cure="Keep it on a local file system.",
            )

    def _make_durable(self) -> None:
        self.run("PRAGMA journal_mode = WAL")
        self.run("PRAGMA synchronous = FULL")
        self.run("PRAGMA secure_delete = ON")

    def _version(self, part: str) -> int | None:
        if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'part'"):
            return None
        found: int | None = self.value("SELECT version FROM part WHERE name = ?", (part,))
        return found

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        try:
            with self._lock:
                return self._connection.execute(statement, _bind(values)).rowcount
        except _FAULTS as error:
            raise _translate(error, self.name) from error

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        try:
            with self._lock:
                self._connection.executemany(statement, map(_bind, rows))
        except _FAULTS as error:
            raise _translate(error, self.name) from error

    def put_many(self, verb: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run `INSERT INTO table` or `REPLACE INTO table` for rows of one width, many at once.

        A statement for many rows takes two thirds of the time of one for each.
        """
        if rows:
            self.put_bound(verb, len(rows[0]), _bind(itertools.chain.from_iterable(rows)))

    def put_bound(self, verb: str, width: int, values: Sequence[Any]) -> None:
        """Do as `put_many` with rows that stand one after another, no value of them bytes.

        Args:
            verb: `INSERT INTO table` or `REPLACE INTO table`.
            width: how many columns.
            values: of all rows; bytes as bytearray, which the library takes as it is.
        """
        one, size = f"({', '.join('?' * width)})", width * _TOGETHER
        many, whole = f"{verb} VALUES {', '.join([one] * _TOGETHER)}", len(values) // size * size
        rest = [values[at : at + width] for at in range(whole, len(values), width)]
        try:
            with self._lock:
                for at in range(0, whole, size):
                    self._connection.execute(many, values[at : at + size])
                self._connection.executemany(f"{verb} VALUES {one}", rest)
        except _FAULTS as error:
            raise _translate(error, self.name) from error

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query."""
        try:
            with self._lock:
                return self._connection.execute(query, _bind(values)).fetchall()
        except _FAULTS as error:
            raise _translate(error, self.name) from error

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row of a query, None if there is none."""
        try:
            with self._lock:
                found: Row | None = self._connection.execute(query, _bind(values)).fetchone()
                return found
        except _FAULTS as error:
            raise _translate(error, self.name) from error

    def value(self, query: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - a column's
        """Return the first column of the first row, None if there is none."""
        found = self.row(query, values)
        return None if found is None else found[0]

    def scan(self, query: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """Yield the rows of a query one by one, without holding the lock between them."""
        try:
            with self._lock:
                cursor = self._connection.execute(query, _bind(values))
            while True:
                with self._lock:
                    batch = cursor.fetchmany(256)
                if not batch:
                    return
                yield from batch
        except _FAULTS as error:
            raise _translate(error, self.name) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block writes as one durable unit, or nothing of it; one fsync."""
        with self._lock:
            self.run("BEGIN IMMEDIATE")
            try:
                yield
                self.run("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors, a full disk among them.
                if self._connection.in_transaction:
                    self.run("ROLLBACK")
                raise

    @contextlib.contextmanager
    def unless_busy(self) -> Iterator[bool]:
        """Keep others from beginning a transaction; False, at once, where one is open."""
        taken = self._lock.acquire(blocking=False)
        try:
            yield taken and not self._connection.in_transaction
        finally:
            if taken:
                self._lock.release()

    def catalogue(self) -> dict[bytes, tuple[bytes, bytes]]:
        """Return the file's tables and indexes: (type, statement) by name."""
        rows = self.rows("SELECT name, type, coalesce(sql, '') FROM sqlite_master")
        return {name: (kind, statement) for name, kind, statement in rows}

    @classmethod
    def catalogue_of(cls, schema: str) -> dict[bytes, tuple[bytes, bytes]]:
        """Return the catalogue that a sound file of `schema` alone has."""
        found = cls._open(Path("sound.db"), "file::memory:")
        try:
            for statement in [_PARTS, *schema.split(";")]:
                found.run(statement)
            return found.catalogue()
        finally:
            found.close()

    def together(self, work: Callable[[], T]) -> T:
        """Run `work` inside a transaction shared with other threads that wait; return its result.

        One fsync serves all who came while the one before ran. An `Error` that `work` raises undoes
        what it wrote and nothing else; if the commit fails, it fails for all.
        """
        job = _Job(work)
        with self._queueing:
            self._jobs.append(job)
        with self._lock:
            if not job.done:
                with self._queueing:
                    jobs, self._jobs = self._jobs, []
                self._commit(jobs)
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[return-value]

    def _commit(self, jobs: Sequence[_Job]) -> None:
        try:
            with self.transaction():
                for job in jobs:
                    self._run_job(job)
        except Error as error:
            for job in jobs:
                job.error = job.error or error
        except BaseException:
            # A bug in one thread's work: the others must not take silence for success.
            aborted = Unavailable(
                "database.aborted", f"{self.name}: a shared commit broke off", cure="Try again."
            )
            for job in jobs:
                job.error = job.error or aborted
            raise
        finally:
            for job in jobs:
                job.done = True

    def _run_job(self, job: _Job) -> None:
        self.run("SAVEPOINT job")
        try:
            job.result = job.work()
        except Error as error:
            if not self._connection.in_transaction:
                raise
            job.error = error
            self.run("ROLLBACK TO job")
        self.run("RELEASE job")

    def hold(self) -> None:
        """Keep one snapshot for all reads until `release`."""
        if not self._connection.in_transaction:
            self.run("BEGIN")

    def release(self) -> None:
        """End the snapshot of `hold`, if there is one; on a closed file too."""
        with contextlib.suppress(sqlite3.ProgrammingError):
            if self._connection.in_transaction:
                self.run("COMMIT")

    def backup(self, path: Path) -> None:
        """Copy the whole file, as it stands now, to `path`."""
        try:
            with self._lock, contextlib.closing(sqlite3.connect(path)) as target:
                self._connection.backup(target)
        except sqlite3.Error as error:
            raise _translate(error, self.name) from error

    def truncate_journal(self) -> None:
        """Move the journal's frames into the file and empty it."""
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close; a second call does nothing."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()
