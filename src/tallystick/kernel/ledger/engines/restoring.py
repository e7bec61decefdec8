"""Taking over a snapshot that a Byzantine engine passes on, chunk by chunk.

Laws: the snapshot's header is the one whose digest the engine's light client trusts; besides, the
cosignatures of the lists of members lead to it from the list of the own tip, genesis' where nothing
is held; nothing is kept before all of it is proven, and then all in one transaction; what was taken
over is never cosigned here (`kernel.ledger.floor`). A wrong chunk names its sender, a wrong
snapshot is rejected; neither is an exception. Chunks that came before a crash are thrown away.
Where the own chain has the snapshot's height already, nothing is taken over: the engine goes on
from there, and finds the blocks that are kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

from tallystick.base.codec import INTEGER_MAX, sha256
from tallystick.base.errors import Error, Unavailable
from tallystick.chain.block import Tip
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.span import Span, follow_span
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.engines.manifest import FORMAT, GROUP, Manifest, Names
from tallystick.kernel.ledger.engines.marks import Mark, Marks
from tallystick.kernel.ledger.leap import ROOM, find_lead, leap_from
from tallystick.kernel.ledger.offer import PART_BYTES, Handover, decode_spans
from tallystick.kernel.ledger.replica import Replica

__all__ = ["Applied", "Applying", "Restoring", "Snapshot", "Told"]

PARTS: Final = "sync.parts"
_GIVER: Final = "the engine's snapshot"


class Told(IntEnum):
    """What is said of a snapshot that is offered, in the engine's numbers."""

    ACCEPT = 1
    REJECT = 3
    REJECT_FORMAT = 4


class Applying(IntEnum):
    """What is said of a chunk, in the engine's numbers."""

    ACCEPT = 1
    RETRY = 3
    RETRY_SNAPSHOT = 4
    REJECT_SNAPSHOT = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as the engine tells of it.

    Attributes:
        height: the engine's.
        format: how it is made up.
        chunks: how many there are.
        hash: what peers that offer the same agree on.
        metadata: the manifest.
    """

    height: int
    format: int
    chunks: int
    hash: bytes
    metadata: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a chunk.

    Attributes:
        result: what the engine is to do.
        refetch: chunks to be fetched again.
        rejected: senders that nothing more is taken from.
    """

    result: Applying
    refetch: tuple[int, ...] = ()
    rejected: tuple[str, ...] = ()


@dataclass(slots=True)
class _Begun:
    """A snapshot that was accepted and is coming in."""

    height: int
    app_hash: bytes
    manifest: Manifest
    came: set[int] = field(default_factory=set)


class Restoring:
    """One member's side of it; every call on the engine's thread.

    Args:
        replica: the member's chain; while a snapshot comes in nobody else writes it.
        restored: told where chain and engine stand once a snapshot has been taken over.
    """

    def __init__(self, replica: Replica, restored: Callable[[Mark], None]) -> None:
        self.steps = 0
        """How many snapshots and chunks were looked at: whether anything moves."""
        self.trouble: Error | None = None
        """Why the last snapshot was not taken over; None if none was refused."""
        self._replica = replica
        self._restored = restored
        self._folder = replica.path.with_name(PARTS)
        self._begun: _Begun | None = None
        self._clear()

    def _clear(self) -> None:
        """Throw away what came in, after a crash too."""
        self._begun = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def offer(self, offered: Snapshot, app_hash: bytes) -> Told:
        """Begin to take a snapshot over, or say why not.

        Args:
            offered: as the engine's peers tell it; believed in nothing.
            app_hash: what the engine's light client trusts at its height.
        """
        self.steps += 1
        self._clear()
        if offered.format != FORMAT:
            return Told.REJECT_FORMAT
        try:
            manifest = Manifest.read(offered.metadata)
            told = (manifest.hash, manifest.chunks)
            if told != (offered.hash, offered.chunks) or len(app_hash) != DIGEST_SIZE:
                raise _bad("it is not what its metadata says")
            if not manifest.own <= offered.height <= INTEGER_MAX:
                raise _bad(f"the engine's height {offered.height} comes before {manifest.own}")
            if self._holds(manifest) and self._digest(manifest.own) != app_hash:
                raise _bad(f"another block stands at height {manifest.own} here")
            self._make_room(manifest)
        except (Error, OSError) as error:
            self._refuse(error)
            return Told.REJECT
        self._begun = _Begun(offered.height, app_hash, manifest)
        return Told.ACCEPT

    def _holds(self, manifest: Manifest) -> bool:
        return manifest.own <= self._replica.tip.height

    def _digest(self, own: int) -> bytes:
        return layout.header_cid(self._replica.header(own)).digest

    def _make_room(self, manifest: Manifest) -> None:
        self._folder.mkdir(mode=0o700, parents=True)
        free, taken = shutil.disk_usage(self._folder).free, manifest.size * (ROOM + 1)
        if taken > free and not self._holds(manifest):
            raise Unavailable(
                "ledger.snapshot_disk",
                f"a state of {manifest.size} bytes takes {taken} to be taken over, {free} are free",
                cure="Make room on the disk.",
            )

    def _refuse(self, error: Exception) -> None:
        self._clear()
        if isinstance(error, OSError):
            error = Unavailable(
                "ledger.snapshot_disk", f"{PARTS}: {error.strerror}", cure="Check the disk."
            )
        self.trouble = error if isinstance(error, Error) else None

    def apply(self, index: int, chunk: bytes, sender: str) -> Applied:
        """Take in a chunk; with the last one, all of the snapshot, or nothing of it.

        Args:
            index: its place.
            chunk: its bytes; believed in nothing.
            sender: the peer that the engine had it from.
        """
        self.steps += 1
        begun = self._begun
        if begun is None or index >= begun.manifest.chunks:
            return Applied(Applying.REJECT_SNAPSHOT)
        again = Applied(Applying.RETRY, (index,), (sender,))
        digests = begun.manifest.digests
        try:
            if index < len(digests):
                if sha256(chunk) != digests[index]:
                    return again
                self._keep(begun, index, chunk)
                return Applied(Applying.ACCEPT)
            if len(begun.came) < len(digests):
                return Applied(Applying.RETRY_SNAPSHOT)
            if not self._holds(begun.manifest) and not self._take_over(begun, chunk):
                return again
        except (Error, OSError) as error:
            self._refuse(error)
            return Applied(Applying.REJECT_SNAPSHOT)
        self._clear()
        self.trouble = None
        self._restored(Mark(begun.manifest.own, begun.height))
        return Applied(Applying.ACCEPT)

    def _keep(self, begun: _Begun, index: int, chunk: bytes) -> None:
        if not self._holds(begun.manifest):
            (self._folder / str(index)).write_bytes(chunk)
        begun.came.add(index)

    def _take_over(self, begun: _Begun, chunk: bytes) -> bool:
        """Prove what came, and keep it; False if the names alone are wrong.

        Raises:
            Error: the snapshot is wrong, or this member's disk is full.
        """
        replica, manifest = self._replica, begun.manifest
        spans = _Spans(self._folder, manifest)
        tip, changes = _follow(spans.above(replica.tip.height), replica.tip, {})
        if (tip.height, tip.cid.digest) != (manifest.own, begun.app_hash):
            raise _bad("its headers do not lead to what the engine's light client trusts")
        try:
            names = Names.read(chunk)
            _, changes = _follow(names.tail, tip, changes)
            parts = _Parts(spans, names, changes)
            if find_lead(parts, replica.tip).last < manifest.own:
                return False
        except Error:
            return False
        leap_from(replica, parts, Marks.write(Mark(manifest.own, begun.height)))
        return True


def _bad(why: str) -> Unavailable:
    return Unavailable(
        "ledger.bad_offer",
        f"what {_GIVER} holds is not shown to be the chain's: {why}",
        cure="Ask another member, or follow by blocks.",
    )


Changes = dict[int, Span]
"""Spans that change the list of members, by height."""


def _follow(spans: Iterable[Span], tip: Tip, changes: Changes) -> tuple[Tip, Changes]:
    """Return where spans lead from a tip, and the changes of the list met before and on the way."""
    found = dict(changes)
    for span in spans:
        after = follow_span(span, tip).tip
        if after.members.cid != tip.members.cid:
            found[after.height] = span
        tip = after
    return tip, found


@dataclass(frozen=True, slots=True)
class _Spans:
    """The chunks of spans that came, as files."""

    folder: Path
    manifest: Manifest

    def group(self, index: int) -> list[Span]:
        """Return the spans of a chunk."""
        found = decode_spans((self.folder / str(index)).read_bytes())
        if len(found) != len(self.manifest.heights(index)):
            raise _bad(f"chunk {index} holds {len(found)} headers")
        return found

    def above(self, height: int) -> Iterator[Span]:
        """Yield the spans beyond a height."""
        for index in range(height // GROUP, self.manifest.groups):
            rows = zip(self.manifest.heights(index), self.group(index), strict=True)
            yield from (span for at, span in rows if at > height)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Gives what came in, as `leap` asks for it."""

    spans_held: _Spans
    names: Names
    changes: Changes
    name: str = _GIVER

    def offer(self, above: int) -> tuple[int, int]:
        """Return height and size of the state."""
        del above
        manifest = self.spans_held.manifest
        return manifest.own, manifest.size

    def part(self, height: int, offset: int) -> bytes:
        """Return a chunk of the state."""
        del height
        index = self.spans_held.manifest.groups + offset // PART_BYTES
        return (self.spans_held.folder / str(index)).read_bytes()

    def note(self) -> bytes:
        """Return the newest note that came."""
        return self.names.last

    def handover(self, above: int) -> Handover | None:
        """Return the first change of the list beyond a height, with the note that came for it."""
        height = min((at for at in self.changes if at > above), default=None)
        if height is None:
            return None
        span = self.changes[height]
        return Handover(span.header, span.members, self.names.notes.get(height, b""))

    def spans(self, first: int) -> Sequence[Span]:
        """Return spans from a height on."""
        own = self.spans_held.manifest.own
        if first > own:
            return self.names.tail[first - own - 1 :]
        index = (first - 1) // GROUP
        return self.spans_held.group(index)[first - index * GROUP - 1 :]
