"""Puts files into a member's store, pins and unpins them, and collects what nobody needs.

Laws: blocks go in by durable batches and the root last, so a root that is there is whole, unless it
came in an archive that was said to be a part; what fails midway takes back all that it had put; a
collection takes only blocks that this room put, that no root reaches and that no other room keeps
under the same CID.
A kill leaves at most blocks without a root, which the next collection takes. Limits: `dag.Limits`,
and the quota.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeAlias

from tallystick.base.errors import Corrupt, NotFound
from tallystick.kernel.store.blocks import (
    OURS,
    SHARED,
    Blocks,
    Root,
    absent_root,
    not_whole,
    over_quota,
    raw_cid,
)
from tallystick.kernel.store.unixfs.bounds import check_content
from tallystick.kernel.store.unixfs.car import Archive
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.importer import Block, Made
from tallystick.kernel.store.unixfs.links import links_of
from tallystick.kernel.store.unixfs.reader import read_status

__all__ = [
    "Collected",
    "Note",
    "Progress",
    "add_blocks",
    "collect_garbage",
    "import_archive",
    "pin_root",
    "public_through",
    "reach",
    "set_quota",
    "unpin_root",
]

BATCH_BYTES: Final = 8 * 2**20
BATCH_BLOCKS: Final = 512
COLLECT_BLOCKS: Final = 1_024
_KEEP: Final = """
INSERT INTO file_root (cid, profile, name, pinned, public, size, added_ms)
VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT (cid) DO UPDATE SET pinned = 1,
    name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
    profile = CASE excluded.profile WHEN '' THEN profile ELSE excluded.profile END,
    public = max(public, excluded.public)
"""
Progress: TypeAlias = Callable[[int], None]
"""Told how many bytes of blocks have come so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is noted of a root beside its blocks.

    Attributes:
        name: what the member calls it.
        profile: how it was imported, "" where that is not known.
        public: whether anybody may read it; False leaves one that is public as it is.
        now_ms: the present time, ms since 1970 UTC.
    """

    name: str = ""
    profile: str = ""
    public: bool = False
    now_ms: int = 0


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection took: roots, blocks, and the bytes of those blocks."""

    roots: int
    blocks: int
    bytes: int


@dataclass(slots=True)
class _Putting:
    """One put: what it has written, and what waits for its batch."""

    blocks: Blocks
    told: Progress | None
    used: int
    quota: int
    seen: set[bytes] = field(default_factory=set)
    fresh: list[bytes] = field(default_factory=list)
    batch: list[tuple[bytes, bytes]] = field(default_factory=list)
    waiting: int = 0
    come: int = 0

    def take(self, cid: IpfsCid, block: bytes) -> None:
        """Take a block in; what its CID holds itself needs no keeping."""
        self.come += len(block)
        if self.told:
            self.told(self.come)
        if cid.inline is not None or cid.digest in self.seen:
            return
        self.seen.add(cid.digest)
        known = self.blocks.state(cid.digest)
        if not self._is_wanted(cid.digest, len(block), known):
            return
        if self.used > self.quota:
            raise over_quota(self.used, self.quota)
        if known is None:
            # Noted before it is written: what fails from here on is taken back.
            self.fresh.append(cid.digest)
        self.batch.append((cid.digest, block))
        self.waiting += len(block)
        if self.waiting >= BATCH_BYTES or len(self.batch) >= BATCH_BLOCKS:
            self.flush()

    def _is_wanted(self, digest: bytes, size: int, known: int | None) -> bool:
        """Tell whether a block is to be put; count what it takes."""
        try:
            self.blocks.store.get(raw_cid(digest))
        except NotFound:
            self.used += 0 if known == OURS else size
        except Corrupt:
            # It is put again, and stays whose it was.
            return True
        else:
            return known not in {OURS, SHARED}
        return True

    def flush(self) -> None:
        """Put what waits."""
        if self.batch:
            self.blocks.put(self.batch)
            self.batch, self.waiting = [], 0

    def undo(self) -> None:
        """Take back what was put, but for what was here before."""
        self.blocks.drop(self.fresh)


def add_blocks(
    blocks: Blocks,
    found: Generator[Block, None, Made],
    note: Note,
    told: Progress | None = None,
) -> Root:
    """Keep what an import makes, pinned; adding it again changes its name and makes it public.

    Raises:
        Unavailable: `store.quota`, and as the import does; nothing of it is kept.
        Invalid: as the import does.
    """
    with _putting(blocks, told) as putting:
        made = _take_all(putting, found)
        putting.flush()
        _keep_roots(blocks, [_Kept(made.cid, made.size, note, putting.seen)])
    return _root(blocks, made.cid)


@contextmanager
def _putting(blocks: Blocks, told: Progress | None) -> Iterator[_Putting]:
    """Put blocks; what fails takes them back."""
    usage = blocks.usage()
    putting = _Putting(blocks, told, usage.used, usage.quota)
    try:
        yield putting
    except BaseException:
        putting.undo()
        raise


def _take_all(putting: _Putting, found: Generator[Block, None, Made]) -> Made:
    while True:
        try:
            cid, block = next(found)
        except StopIteration as end:
            made: Made = end.value
            return made
        putting.take(cid, block)


def import_archive(
    blocks: Blocks, archive: Archive, note: Note, told: Progress | None = None
) -> list[Root]:
    """Keep all of an archive that was found sound, each of its roots pinned.

    Of an archive that was opened as a part, what lacks may come later, under the same root.

    Raises:
        Unavailable: `store.quota`; Invalid: as `check_content`, before a block is kept. Nothing is.
    """
    check_content(Dag(archive.get), archive.roots, archive.measure, archive.stored)
    with _putting(blocks, told) as putting:
        for cid in archive:
            putting.take(cid, archive.get(cid))
        putting.flush()
        dag = Dag(archive.get)
        _keep_roots(
            blocks,
            [
                _Kept(cid, read_status(dag, cid).size, note, list(reach(dag, cid, archive.has)))
                for cid in archive.roots
            ],
        )
    return [_root(blocks, cid) for cid in archive.roots]


class _Kept(NamedTuple):
    """A root to be noted, with all its blocks."""

    cid: IpfsCid
    size: int
    note: Note
    digests: Iterable[bytes]


def _keep_roots(blocks: Blocks, roots: Iterable[_Kept]) -> None:
    """Note roots and all their blocks, in one commit."""
    database = blocks.database
    with database.transaction():
        for cid, size, note, digests in roots:
            database.run(
                _KEEP, (cid.raw, note.profile, note.name, int(note.public), size, note.now_ms)
            )
            number = database.value("SELECT number FROM file_root WHERE cid = ?", (cid.raw,))
            database.run_many(
                "INSERT OR IGNORE INTO file_link VALUES (?, ?)",
                ((digest, number) for digest in digests),
            )


def _root(blocks: Blocks, cid: IpfsCid) -> Root:
    found = blocks.find_root(cid)
    assert found is not None
    return found


def reach(
    dag: Dag, cid: IpfsCid, has: Callable[[IpfsCid], bool] = lambda _: True
) -> Iterator[bytes]:
    """Yield the digest of each block under a root once, the root's first.

    Args:
        dag: where the blocks come from.
        cid: the root.
        has: whether a block that is linked is to be followed.

    Raises:
        NotFound, Corrupt: a block is not there, or damaged; Invalid: `unixfs.limit`.
    """
    reading = dag.reading()
    waiting, seen = [cid], {cid.raw}
    while waiting:
        cid = waiting.pop()
        block = reading.block(cid)
        if cid.inline is None:
            yield cid.digest
        for link in reversed(links_of(cid, block)):
            if link.raw not in seen and has(link):
                seen.add(link.raw)
                waiting.append(link)


def pin_root(blocks: Blocks, cid: IpfsCid, note: Note, *, private: bool = False) -> Root:
    """Pin what is here, be it a part of something that is kept, once all its blocks were read.

    Args:
        blocks: where it is.
        cid: what to pin.
        note: what to note of it.
        private: take the public mark from it; `public_through` tells who reaches it still.

    Raises:
        NotFound: `store.not_whole`, a block lacks or is damaged; `store.no_block`, nothing of it
            is here.
    """
    if private:
        # First, and by itself: what was lost of the content since keeps nobody from it.
        blocks.database.run("UPDATE file_root SET public = 0 WHERE cid = ?", (cid.raw,))
        known = blocks.find_root(cid)
        if known is not None and known.pinned and not note.name:
            return known
    if cid.inline is None and blocks.state(cid.digest) is None:
        raise absent_root(cid)
    try:
        digests = list(reach(blocks.dag, cid))
        size = read_status(blocks.dag, cid).size
    except (NotFound, Corrupt) as error:
        raise not_whole(cid, error) from error
    profile = note.profile or blocks.find_profile(cid)
    _keep_roots(blocks, [_Kept(cid, size, replace(note, profile=profile), digests)])
    return _root(blocks, cid)


def unpin_root(blocks: Blocks, cid: IpfsCid) -> Root:
    """Let the next collection take a root; it makes nothing public any more.

    Raises:
        NotFound: `store.no_root`.
    """
    changed = blocks.database.run(
        "UPDATE file_root SET pinned = 0, public = 0 WHERE cid = ?", (cid.raw,)
    )
    if not changed:
        raise absent_root(cid)
    return _root(blocks, cid)


def public_through(blocks: Blocks, cid: IpfsCid) -> list[IpfsCid]:
    """Return the other roots by which anybody reads a block, in the order they were put."""
    query = (
        "SELECT cid FROM file_link JOIN file_root ON number = root"
        " WHERE digest = ? AND pinned = 1 AND public = 1 AND cid != ? ORDER BY number"
    )
    return [IpfsCid(raw) for (raw,) in blocks.database.rows(query, (cid.digest, cid.raw))]


def collect_garbage(blocks: Blocks) -> Collected:
    """Take roots that are not pinned, and the blocks that no root reaches."""
    database = blocks.database
    gone = database.rows("SELECT number FROM file_root WHERE pinned = 0")
    with database.transaction():
        database.run_many("DELETE FROM file_link WHERE root = ?", gone)
        database.run_many("DELETE FROM file_root WHERE number = ?", gone)
    count = size = 0
    query = (
        "SELECT digest, size, state FROM file_block b WHERE NOT EXISTS"
        " (SELECT 1 FROM file_link l WHERE l.digest = b.digest) LIMIT ?"
    )
    while rows := database.rows(query, (COLLECT_BLOCKS,)):
        ours = [length for _, length, state in rows if state == OURS]
        blocks.drop(digest for digest, _, _ in rows)
        count += len(ours)
        size += sum(ours)
    return Collected(len(gone), count, size)


def set_quota(blocks: Blocks, quota: int) -> None:
    """Set how many bytes of blocks the member keeps as files, >= 0; what is kept stays."""
    assert quota >= 0
    blocks.database.run("REPLACE INTO file_quota VALUES (0, ?)", (quota,))
