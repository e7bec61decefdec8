"""The shards that a member keeps for others, each a file, with the object's manifest beside it.

Laws: a shard counts once it was read again against its manifest and is on disk; until then it is a
part, which a restart drops; a part is written at places, so that what comes twice changes nothing;
no two shards of an object are held; what is kept is never beyond the quota, and one member's parts
never more than theirs. Long reads and writes wait for nobody but those of the same part.
Layout of the folder: `HEX/manifest` and `HEX/SHARD` by the manifest's digest, `parts/ID-SHARD`,
`quota`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from tallystick.base.codec import DAG_CBOR, Cid
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from tallystick.kernel.store.folder import sync_path
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.stream import spans

__all__ = ["PARTS_MAX", "QUOTA_BYTES", "Holding", "Rotten"]

QUOTA_BYTES: Final = 64 * 1024**3
PARTS_MAX: Final = 64
"""Shards of one member that are being written at a time."""
STALE_S: Final = 600
"""A part that nothing was written to for so long is anybody's to begin anew."""
LAYOUTS_KEPT: Final = 16
_MANIFEST: Final = "manifest"
_PARTS: Final = "parts"
_QUOTA: Final = "quota"
_PREFIX: Final = bytes((1, DAG_CBOR, 0x12, 32))
_Place: TypeAlias = tuple[bytes, int]
"""An object's id and a shard."""


@dataclass(frozen=True, slots=True)
class Rotten:
    """A sub-chunk that is not what was put.

    Attributes:
        cid: the object's.
        shard, segment, sub_chunk: where it stands.
    """

    cid: Cid
    shard: int
    segment: int
    sub_chunk: int


@dataclass(slots=True, eq=False)
class _Part:
    """A shard that is being written: by whom, how far, and when it was last."""

    owner: str
    path: Path
    size: int = 0
    touched_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Holding:
    """One member's folder of shards; safe to share between threads.

    Args:
        folder: where they are; parts left from before are dropped.
        quota_bytes: most bytes of shards and parts; None for what was set, else `QUOTA_BYTES`.
    """

    def __init__(self, folder: Path, quota_bytes: int | None = None) -> None:
        self.folder = folder
        self.quota_bytes = _read_quota(folder) if quota_bytes is None else quota_bytes
        self._lock = threading.Lock()
        self._parts: dict[_Place, _Part] = {}
        self._layouts: OrderedDict[Cid, Layout] = OrderedDict()
        shutil.rmtree(folder / _PARTS, ignore_errors=True)
        self.used_bytes = sum(
            path.stat().st_size for path in folder.glob("*/*") if path.name != _MANIFEST
        )
        """Bytes of all shards and parts."""

    def write_piece(self, caller: str, place: _Place, at: int, data: bytes) -> None:
        """Write bytes of a shard that is being put.

        Args:
            caller: who sends them.
            place: the object's id and the shard.
            at: where in the shard they begin.
            data: the bytes.

        Raises:
            Denied: `spread.caller`, another member began it.
            Unavailable: `spread.quota`, there is no room, or the caller has begun too many;
                `spread.disk`.
        """
        part = self._begin(caller, place)
        with part.lock:
            self._grow(part, place, at + len(data))
            with _told():
                part.path.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(part.path, os.O_CREAT | os.O_WRONLY, 0o600)
                try:
                    os.pwrite(handle, data, at)
                finally:
                    os.close(handle)

    def _begin(self, caller: str, place: _Place) -> _Part:
        """Return the part of a shard, begun now if it was not."""
        now = time.monotonic()
        with self._lock:
            found = self._parts.get(place)
            if found is not None and found.owner != caller:
                if now - found.touched_s < STALE_S:
                    raise _of_another()
                self._drop_part(place)
                found = None
            if found is None:
                if sum(each.owner == caller for each in self._parts.values()) >= PARTS_MAX:
                    raise Unavailable(
                        "spread.quota",
                        f"{caller} has begun {PARTS_MAX} shards here",
                        cure="End them, then begin others.",
                    )
                path = self.folder / _PARTS / f"{place[0].hex()}-{place[1]}"
                found = self._parts[place] = _Part(caller, path)
            found.touched_s = now
            return found

    def _grow(self, part: _Part, place: _Place, end: int) -> None:
        """Take the room for a part that is to reach `end`."""
        with self._lock:
            if self._parts.get(place) is not part:
                raise _torn(place[1])
            grown = max(0, end - part.size)
            if self.used_bytes + grown > self.quota_bytes:
                raise Unavailable(
                    "spread.quota",
                    f"{self.used_bytes} of {self.quota_bytes} bytes are held, {grown} more do not"
                    " fit",
                    cure="Drop objects, or set a greater quota at that member.",
                )
            self.used_bytes += grown
            part.size += grown

    def set_quota(self, quota_bytes: int) -> None:
        """Hold at most so many bytes from now on, also after a restart; what is held stays."""
        assert quota_bytes >= 0
        self.folder.mkdir(exist_ok=True)
        fresh = self.folder / f"{_QUOTA}.part"
        fresh.write_text(str(quota_bytes), encoding="ascii")
        sync_path(fresh)
        fresh.replace(self.folder / _QUOTA)
        sync_path(self.folder)
        self.quota_bytes = quota_bytes

    def _home(self, cid: Cid) -> Path:
        return self.folder / cid.digest.hex()

    def finish(self, caller: str, manifest: Manifest, shard: int) -> None:
        """Keep a shard whose pieces have all come, once each of its sub-chunks is the manifest's.

        Raises:
            Invalid: `spread.torn`, it is not; what came is dropped.
            Conflict: `spread.second`, another shard of the object is held: both would go at once.
            Unavailable: `spread.disk`.
        """
        place, cid = (manifest.id, shard), manifest.cid
        if self._is_held(cid, shard):
            # Asked again, or put again: what came once more is not needed.
            self.forget(caller, manifest.id, shard)
            return
        if self.shards_of(cid):
            self.forget(caller, manifest.id, shard)
            raise _second(cid)
        part = self._begin(caller, place)
        with part.lock:
            if self._is_held(cid, shard):
                return
            with _told():
                # An object of no bytes has shards of none.
                part.path.parent.mkdir(parents=True, exist_ok=True)
                part.path.touch(0o600)
                if part.size != manifest.layout.shard_bytes(shard) or any(
                    _find_rotten(part.path, manifest, shard)
                ):
                    with self._lock:
                        self._drop_part(place)
                    raise _torn(shard)
                sync_path(part.path)
                self._keep(part, manifest, shard)

    def _keep(self, part: _Part, manifest: Manifest, shard: int) -> None:
        """Give a part that was read again its name."""
        home = self._home(manifest.cid)
        with self._lock:
            if self._parts.pop((manifest.id, shard), None) is not part:
                raise _torn(shard)
            if self.shards_of(manifest.cid):
                self.used_bytes -= part.size
                part.path.unlink(missing_ok=True)
                raise _second(manifest.cid)
            home.mkdir(exist_ok=True)
            known = home / _MANIFEST
            if not known.exists() or known.read_bytes() != manifest.data:
                fresh = home / f"{_MANIFEST}.part"
                fresh.write_bytes(manifest.data)
                sync_path(fresh)
                fresh.replace(known)
            part.path.replace(home / str(shard))
        sync_path(home)
        sync_path(self.folder)

    def forget(self, caller: str, identifier: bytes, shard: int | None = None) -> None:
        """Drop the parts of an object, or one, that a member began and does not go on with."""
        with self._lock:
            for place, part in list(self._parts.items()):
                wanted = place[0] == identifier and shard in (None, place[1])
                if wanted and part.owner == caller:
                    self._drop_part(place)

    def _drop_part(self, place: _Place) -> None:
        part = self._parts.pop(place)
        self.used_bytes -= part.size
        part.path.unlink(missing_ok=True)

    def _is_held(self, cid: Cid, shard: int) -> bool:
        return (self._home(cid) / str(shard)).is_file()

    def shards_of(self, cid: Cid) -> tuple[int, ...]:
        """Return which shards of an object are held, ascending."""
        found = self._home(cid).glob("[0-9]*")
        return tuple(sorted(int(path.name) for path in found if path.name.isdigit()))

    def manifest_of(self, cid: Cid) -> bytes:
        """Return the manifest's bytes of an object of which a shard is held.

        Raises:
            NotFound: `spread.absent`.
        """
        try:
            return (self._home(cid) / _MANIFEST).read_bytes()
        except FileNotFoundError as error:
            raise _absent(cid) from error

    def layout_of(self, cid: Cid) -> Layout:
        """Return how an object of which a shard is held lies in its shards.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`, it is damaged.
        """
        with self._lock:
            if (found := self._layouts.get(cid)) is not None:
                self._layouts.move_to_end(cid)
                return found
        found = Manifest.read(self.manifest_of(cid)).layout
        with self._lock:
            self._layouts[cid] = found
            if len(self._layouts) > LAYOUTS_KEPT:
                self._layouts.popitem(last=False)
        return found

    def read(self, cid: Cid, shard: int, places: Sequence[int], chunks: Sequence[int]) -> bytes:
        """Return sub-chunks of a shard, ascending, one after another; unchecked, as the disk has.

        Args:
            cid: the object.
            shard: of it.
            places: the segments' numbers, ascending; of each the same sub-chunks are read.
            chunks: which, ascending.

        Raises:
            NotFound: `spread.absent`.
        """
        layout = self.layout_of(cid)
        if places[-1] >= layout.segment_count or chunks[-1] >= layout.profile.alpha:
            raise NotFound(
                "spread.absent", "no such sub-chunk in that object", cure="Ask within the object."
            )
        try:
            handle = os.open(self._home(cid) / str(shard), os.O_RDONLY)
        except FileNotFoundError as error:
            raise _absent(cid) from error
        try:
            return b"".join(
                os.pread(handle, end - start, segment.piece_start + start)
                for segment in map(layout.segment, places)
                for start, end in spans(segment, shard, chunks)
            )
        finally:
            os.close(handle)

    def objects(self) -> Iterator[Cid]:
        """Yield the objects of which a shard is held, ascending, as their folders are named."""
        for path in sorted(self.folder.glob("*/manifest")):
            with contextlib.suppress(ValueError):
                yield Cid(_PREFIX + bytes.fromhex(path.parent.name))

    def drop(self, cid: Cid, shard: int | None = None) -> int:
        """Remove an object's shards, or one; return the bytes that are free again."""
        freed = 0
        with self._lock:
            for each in self.shards_of(cid):
                if shard in (None, each):
                    path = self._home(cid) / str(each)
                    freed += path.stat().st_size
                    path.unlink()
            if not self.shards_of(cid):
                shutil.rmtree(self._home(cid), ignore_errors=True)
                self._layouts.pop(cid, None)
            self.used_bytes -= freed
        return freed

    def size_of(self, cid: Cid) -> int:
        """Return the bytes of an object's shards that are held."""
        home = self._home(cid)
        return sum((home / str(shard)).stat().st_size for shard in self.shards_of(cid))

    def since_ms(self, cid: Cid) -> int:
        """Return since when an object has been held, by its file's own time, ms since 1970 UTC."""
        return (self._home(cid) / _MANIFEST).stat().st_mtime_ns // 1_000_000

    def scrub(self, cid: Cid, pace: Callable[[int], None] = lambda _: None) -> Iterator[Rotten]:
        """Read every shard of an object again; yield each sub-chunk that is not what was put.

        Args:
            cid: the object.
            pace: told the bytes of each segment that was read; may wait, to keep to a rate.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`, the manifest itself is damaged.
        """
        manifest = Manifest.read(self.manifest_of(cid))
        for shard in self.shards_of(cid):
            path = self._home(cid) / str(shard)
            for place, x in _find_rotten(path, manifest, shard, pace):
                yield Rotten(cid, shard, place, x)


def _find_rotten(
    path: Path, manifest: Manifest, shard: int, pace: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[int, int]]:
    """Yield (segment, sub-chunk) of the first wrong one of each segment."""
    chunks = range(manifest.layout.profile.alpha)
    with path.open("rb") as file:
        for place, segment in enumerate(manifest.layout.segments()):
            data = file.read(segment.kept_bytes(shard))
            pace(len(data))
            wrong = manifest.find_wrong(place, shard, chunks, data)
            if wrong is not None:
                yield place, wrong


def _read_quota(folder: Path) -> int:
    """Return what was set; the usual where nothing was, or it has no reading any more."""
    try:
        return int((folder / _QUOTA).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return QUOTA_BYTES


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "spread.disk", f"a shard cannot be kept: {error.strerror}", cure="Check the disk."
        ) from error


def _of_another() -> Denied:
    return Denied(
        "spread.caller",
        "another member writes this shard",
        cure="Draw another id for the object.",
    )


def _torn(shard: int) -> Invalid:
    return Invalid(
        "spread.torn",
        f"what came as shard {shard} is not the manifest's",
        cure="Send it again from its beginning.",
    )


def _second(cid: Cid) -> Conflict:
    return Conflict(
        "spread.second",
        f"another shard of {cid} is held here, and two would be lost together",
        cure="Give it to a member that holds none.",
        cid=str(cid),
    )


def _absent(cid: Cid) -> NotFound:
    return NotFound(
        "spread.absent", f"no such shard of {cid} here", cure="Ask another member.", cid=str(cid)
    )
