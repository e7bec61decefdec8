"""Files in a member's store: the blocks of UnixFS DAGs, and the roots they are kept for.

A block of any codec stands in the store under the raw CID of its digest; the tables of this part
of `store.db` say which blocks were put as files, for which roots, and which roots are public.
Laws: what is read here was put here, so no sealed object is ever given out as a block; a block is
hashed against its CID at each reading; public is what a pinned root that is marked so reaches;
whose a block is stands in one commit with its bytes, so no kill leaves bytes of nobody.
Who writes holds the folder's lock (`keeping.py`); any number of others may read meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import RAW, Cid
from tallystick.base.errors import Conflict, Corrupt, Error, Invalid, NotFound, Unavailable
from tallystick.kernel.store.base import Store
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag

__all__ = [
    "OURS",
    "SHARED",
    "Blocks",
    "Root",
    "Usage",
    "absent_root",
    "file_exists",
    "not_whole",
    "open_blocks",
    "over_quota",
    "raw_cid",
    "read_blocks",
]

VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE file_root (
    number INTEGER PRIMARY KEY, cid BLOB NOT NULL UNIQUE, profile TEXT NOT NULL,
    name TEXT NOT NULL, pinned INTEGER NOT NULL, public INTEGER NOT NULL,
    size INTEGER NOT NULL, added_ms INTEGER NOT NULL);
CREATE TABLE file_block (
    digest BLOB PRIMARY KEY, size INTEGER NOT NULL, state INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE file_link (
    digest BLOB NOT NULL, root INTEGER NOT NULL, PRIMARY KEY (digest, root)) WITHOUT ROWID;
CREATE INDEX file_link_root ON file_link (root);
CREATE TABLE file_quota (one INTEGER PRIMARY KEY, bytes INTEGER NOT NULL)
"""
# An object that another room writes under the same CID is that room's too from then on, whenever
# that is: the file itself notes it, so that no collection can take it.
_TRIGGER: Final = """
CREATE TRIGGER IF NOT EXISTS file_block_shared AFTER INSERT ON object
WHEN substr(NEW.cid, 1, 4) = x'01551220'
BEGIN UPDATE file_block SET state = 2 WHERE digest = substr(NEW.cid, 5); END
"""
OURS: Final = 1
"""A block that this room put, and nobody else."""
SHARED: Final = 2
"""A block whose bytes another room keeps too: it is read here, and never dropped from here."""
QUOTA_BYTES: Final = 10 * 2**30
"""Bytes of blocks that a member keeps as files, unless set otherwise."""
_OBJECT: Final = "SELECT 1 FROM object WHERE cid = ?"
_WHOSE: Final = """
INSERT INTO file_block VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET state = excluded.state
"""
_DROP: Final = """
DELETE FROM object WHERE cid = ? AND (SELECT state FROM file_block WHERE digest = ?) = ?
"""
_PREFIX: Final = bytes((1, RAW, 0x12, 32))
_ROOT: Final = """
SELECT cid, profile, name, pinned, public, size, added_ms,
    (SELECT count(*) FROM file_link WHERE root = number),
    (SELECT coalesce(sum(b.size), 0) FROM file_link l JOIN file_block b USING (digest)
     WHERE l.root = number)
FROM file_root
"""


@dataclass(frozen=True, slots=True)
class Root:
    """A file or directory that is kept.

    Attributes:
        cid: its name.
        profile: how it was imported; "" where it came in an archive, which does not tell.
        name: what the member calls it; of no meaning to others.
        pinned: whether a collection leaves it.
        public: whether anybody may read it, without a log-in.
        size: bytes of the file; of anything else 0.
        added_ms: when it was put, ms since 1970 UTC.
        blocks: how many it has, one that stands twice counted once.
        stored: their bytes.
    """

    cid: IpfsCid
    profile: str
    name: str
    pinned: bool
    public: bool
    size: int
    added_ms: int
    blocks: int
    stored: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What all files together take, bytes, and what they may take."""

    used: int
    quota: int


class Blocks:
    """The blocks of a member's files.

    Args:
        store: where their bytes are.
        database: `store.db`, for the tables of this part.
    """

    def __init__(self, store: Store, database: Database) -> None:
        self.store = store
        self.database = database

    @property
    def dag(self) -> Dag:
        """Return all that is kept, to be read from."""
        return Dag(self.get)

    @property
    def public_dag(self) -> Dag:
        """Return what is public, to be read from: each block is asked for by itself."""
        return Dag(self.get_public)

    def get(self, cid: IpfsCid) -> bytes:
        """Return a block.

        Raises:
            NotFound: `store.no_block`, it was not put here as a file's.
            Corrupt: `store.corrupt`.
        """
        if self.state(cid.digest) is None:
            raise _no_block(cid)
        return self.store.get(raw_cid(cid.digest))

    def get_public(self, cid: IpfsCid) -> bytes:
        """Return a block that anybody may read; raises as `get`, also where it is not public.

        A block is not public because a public one names it: bytes that were published may read as
        a node that links what was not.
        """
        if not self.is_public(cid):
            raise _no_block(cid)
        return self.get(cid)

    def is_public(self, cid: IpfsCid) -> bool:
        """Tell whether a pinned root that is marked public reaches a block."""
        query = (
            "SELECT 1 FROM file_link JOIN file_root ON number = root"
            " WHERE digest = ? AND pinned = 1 AND public = 1 LIMIT 1"
        )
        if cid.inline is not None:
            # It stands in its own name, and no row of blocks holds it: as a root alone it is here.
            found = self.find_root(cid)
            return found is not None and found.pinned and found.public
        return self.database.row(query, (cid.digest,)) is not None

    def state(self, digest: bytes) -> int | None:
        """Return `OURS` or `SHARED`; None for a block that is no file's."""
        found: int | None = self.database.value(
            "SELECT state FROM file_block WHERE digest = ?", (digest,)
        )
        return found

    def put(self, found: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep blocks, each with its digest, and whose they are: all of them, or none."""
        with self.database.transaction():
            rows = [(digest, len(block), self._whose(digest)) for digest, block in found]
            # This has the trigger call them shared, which they may not be.
            self.database.run_many(
                "INSERT OR REPLACE INTO object VALUES (?, ?)",
                [(raw_cid(digest).raw, block) for digest, block in found],
            )
            self.database.run_many(_WHOSE, rows)

    def _whose(self, digest: bytes) -> int:
        """Return the state of a block to be put: what is here and not ours is another room's."""
        if self.state(digest) == OURS:
            return OURS
        is_here = self.database.row(_OBJECT, (raw_cid(digest).raw,)) is not None
        return SHARED if is_here else OURS

    def drop(self, digests: Iterable[bytes]) -> None:
        """Forget blocks, and the bytes of those that are ours, overwriting them."""
        gone = list(digests)
        with self.database.transaction():
            self.database.run_many(_DROP, [(raw_cid(each).raw, each, OURS) for each in gone])
            self.database.run_many(
                "DELETE FROM file_block WHERE digest = ?", [(each,) for each in gone]
            )
        self.database.truncate_journal()

    def roots(self) -> list[Root]:
        """Return all roots in the order they were put."""
        return [self._root(row) for row in self.database.rows(f"{_ROOT} ORDER BY number")]

    def find_root(self, cid: IpfsCid) -> Root | None:
        """Return a root; None for what is none, be it within one."""
        row = self.database.row(f"{_ROOT} WHERE cid = ?", (cid.raw,))
        return None if row is None else self._root(row)

    def find_profile(self, cid: IpfsCid) -> str:
        """Return the profile under which a block came here first, "" where that is not known."""
        query = (
            "SELECT profile FROM file_link JOIN file_root ON number = root"
            " WHERE digest = ? AND profile != '' ORDER BY number LIMIT 1"
        )
        return _text(self.database.value(query, (cid.digest,)) or b"")

    def usage(self) -> Usage:
        """Return what is used, and the quota."""
        used = self.database.value(
            "SELECT coalesce(sum(size), 0) FROM file_block WHERE state != ?", (SHARED,)
        )
        quota = self.database.value("SELECT bytes FROM file_quota")
        return Usage(used, QUOTA_BYTES if quota is None else quota)

    def _root(self, row: tuple[Any, ...]) -> Root:
        cid, profile, name, pinned, public, size, added_ms, blocks, stored = row
        try:
            found = IpfsCid(cid)
        except (Invalid, TypeError) as error:
            raise Corrupt(
                "database.corrupt",
                f"{self.database.name}: a row's name is no CID",
                cure="Restore the file.",
            ) from error
        told = (_text(profile), _text(name), bool(pinned), bool(public))
        return Root(found, *told, size, added_ms, blocks, stored)


def open_blocks(store: Store, path: Path) -> Blocks:
    """Open a member's files for writing, making their tables where there are none.

    Args:
        store: the member's, kept in the same file.
        path: of `store.db`; whoever calls holds the folder's lock, and closes `database`.
    """
    database = Database.write(path, "file", SCHEMA, VERSION)
    try:
        database.run(_TRIGGER)
    except Error:
        database.close()
        raise
    return Blocks(store, database)


@contextmanager
def read_blocks(store: Store, path: Path) -> Iterator[Blocks | None]:
    """Open a member's files for reading; None where no file was ever put."""
    database = Database.read(path)
    try:
        known = database.row("SELECT 1 FROM sqlite_master WHERE name = 'file_quota'")
        yield None if known is None else Blocks(store, database)
    finally:
        database.close()


def raw_cid(digest: bytes) -> Cid:
    """Return the name under which the store keeps a block."""
    return Cid(_PREFIX + digest)


def _text(found: object) -> str:
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


def _no_block(cid: IpfsCid) -> NotFound:
    return NotFound(
        "store.no_block",
        f"no block {cid} among the files here",
        cure="List what is kept: tally store ls.",
        cid=str(cid),
    )


def absent_root(cid: IpfsCid) -> NotFound:
    """Return the error for a CID that is no root here."""
    return NotFound(
        "store.no_root",
        f"{cid} is not kept as a file or directory of its own",
        cure="List what is kept: tally store ls.",
        cid=str(cid),
    )


def not_whole(cid: IpfsCid, error: Error) -> NotFound:
    """Return the error for content of which a block lacks, or is damaged."""
    return NotFound(
        "store.not_whole",
        f"{cid} is not whole here: {error.message}",
        cure="Add the content again, or import its archive.",
        cid=str(cid),
    )


def over_quota(wanted: int, quota: int) -> Unavailable:
    """Return the error for content that passes the member's quota."""
    return Unavailable(
        "store.quota",
        f"the files would take {wanted} bytes, the quota is {quota}; nothing of them was kept",
        cure="Unpin what is not needed and collect, or raise the quota: tally store quota.",
        quota=quota,
    )


def file_exists(name: str) -> Conflict:
    """Return the error for a place on the machine that is taken."""
    return Conflict("store.exists", f"{name} is there already", cure="Name another place.")
