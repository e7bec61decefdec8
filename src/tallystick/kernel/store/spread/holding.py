"""The shards that a member keeps for others, each a file, with the object's manifest beside it.

Laws: a shard counts once it was read again against its manifest and is on disk; until then it is a
part, which a restart drops; a part is written at places, so that what comes twice changes nothing;
what is kept is never beyond the quota, and one member's parts never more than theirs.
Layout of the folder: `HEX/manifest` and `HEX/SHARD` by the manifest's digest, `parts/ID-SHARD`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Denied, Invalid, NotFound, Unavailable
from tallystick.kernel.store.folder import sync_folder
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.stream import spans

__all__ = ["PARTS_MAX", "QUOTA_BYTES", "Holding", "Rotten"]

QUOTA_BYTES: Final = 64 * 1024**3
PARTS_MAX: Final = 64
"""Shards of one member that are being written at a time."""
_MANIFEST: Final = "manifest"
_PARTS: Final = "parts"


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


class Holding:
    """One member's folder of shards; safe to share between threads.

    Args:
        folder: where they are; made if it is not there, parts left from before are dropped.
        quota_bytes: most bytes of shards and parts.
    """

    def __init__(self, folder: Path, quota_bytes: int = QUOTA_BYTES) -> None:
        self.folder = folder
        self.quota_bytes = quota_bytes
        self._lock = threading.Lock()
        self._parts: dict[tuple[bytes, int], str] = {}
        shutil.rmtree(folder / _PARTS, ignore_errors=True)
        (folder / _PARTS).mkdir(parents=True)
        self.used_bytes = sum(
            path.stat().st_size for path in folder.glob("*/*") if path.name != _MANIFEST
        )
        """Bytes of all shards and parts."""

    def write_piece(self, caller: str, place: tuple[bytes, int], at: int, data: bytes) -> None:
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
        with self._lock:
            self._admit(caller, place)
            path = self._part(place)
            grown = max(0, at + len(data) - (path.stat().st_size if path.exists() else 0))
            if self.used_bytes + grown > self.quota_bytes:
                raise Unavailable(
                    "spread.quota",
                    f"{self.used_bytes} of {self.quota_bytes} bytes are held, {grown} more do not"
                    " fit",
                    cure="Drop objects, or set a greater quota at that member.",
                )
            with _told():
                handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
                try:
                    os.pwrite(handle, data, at)
                finally:
                    os.close(handle)
            self.used_bytes += grown

    def _admit(self, caller: str, place: tuple[bytes, int]) -> None:
        owner = self._parts.setdefault(place, caller)
        if owner != caller:
            raise Denied(
                "spread.caller",
                "another member writes this shard",
                cure="Draw another id for the object.",
            )
        if sum(each == caller for each in self._parts.values()) > PARTS_MAX:
            del self._parts[place]
            raise Unavailable(
                "spread.quota",
                f"{caller} has begun {PARTS_MAX} shards here",
                cure="End them, then begin others.",
            )

    def _part(self, place: tuple[bytes, int]) -> Path:
        return self.folder / _PARTS / f"{place[0].hex()}-{place[1]}"

    def _home(self, cid: Cid) -> Path:
        return self.folder / cid.digest.hex()

    def finish(self, caller: str, manifest: Manifest, shard: int) -> None:
        """Keep a shard whose pieces have all come, once each of its sub-chunks is the manifest's.

        Raises:
            Invalid: `spread.torn`, it is not; what came is dropped.
            Unavailable: `spread.disk`.
        """
        place, cid = (manifest.id, shard), manifest.cid
        with self._lock:
            if self._is_held(cid, shard):
                return
            if self._parts.get(place, caller) != caller:
                raise Denied(
                    "spread.caller",
                    "another member writes this shard",
                    cure="Draw another id for the object.",
                )
            path = self._part(place)
            with _told():
                # An object of no bytes has shards of none.
                path.touch(0o600)
                if path.stat().st_size != manifest.layout.shard_bytes(shard) or any(
                    _find_rotten(path, manifest, shard)
                ):
                    self._drop_part(place)
                    raise Invalid(
                        "spread.torn",
                        f"what came as shard {shard} is not the manifest's",
                        cure="Send it again from its beginning.",
                    )
                self._keep(path, manifest, cid, shard)
            self._parts.pop(place, None)

    def _keep(self, path: Path, manifest: Manifest, cid: Cid, shard: int) -> None:
        home = self._home(cid)
        home.mkdir(exist_ok=True)
        part = home / f"{_MANIFEST}.part"
        part.write_bytes(manifest.data)
        for each in (path, part):
            handle = os.open(each, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        part.replace(home / _MANIFEST)
        path.replace(home / str(shard))
        sync_folder(home)
        sync_folder(self.folder)

    def forget(self, caller: str, identifier: bytes) -> None:
        """Drop the parts of an object that a member began and does not go on with."""
        with self._lock:
            for place, owner in list(self._parts.items()):
                if place[0] == identifier and owner == caller:
                    self._drop_part(place)

    def _drop_part(self, place: tuple[bytes, int]) -> None:
        path = self._part(place)
        if path.exists():
            self.used_bytes -= path.stat().st_size
            path.unlink()
        self._parts.pop(place, None)

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

    def read(self, cid: Cid, shard: int, segment: Segment, chunks: Sequence[int]) -> bytes:
        """Return sub-chunks of a shard, ascending, one after another; unchecked, as the disk has.

        Raises:
            NotFound: `spread.absent`.
        """
        try:
            handle = os.open(self._home(cid) / str(shard), os.O_RDONLY)
        except FileNotFoundError as error:
            raise _absent(cid) from error
        try:
            begin = segment.piece_start
            return b"".join(
                os.pread(handle, end - start, begin + start)
                for start, end in spans(segment, shard, chunks)
            )
        finally:
            os.close(handle)

    def objects(self) -> Iterator[Cid]:
        """Yield the objects of which a shard is held, ascending."""
        for path in sorted(self.folder.glob("*/manifest")):
            manifest = Manifest.read(path.read_bytes())
            if manifest.cid.digest.hex() == path.parent.name:
                yield manifest.cid

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
            self.used_bytes -= freed
        return freed

    def scrub(self, cid: Cid) -> Iterator[Rotten]:
        """Read every shard of an object again; yield each sub-chunk that is not what was put.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`, the manifest itself is damaged.
        """
        manifest = Manifest.read(self.manifest_of(cid))
        for shard in self.shards_of(cid):
            for place, x in _find_rotten(self._home(cid) / str(shard), manifest, shard):
                yield Rotten(cid, shard, place, x)


def _find_rotten(path: Path, manifest: Manifest, shard: int) -> Iterator[tuple[int, int]]:
    """Yield (segment, sub-chunk) of the first wrong one of each segment."""
    chunks = range(manifest.layout.profile.alpha)
    with path.open("rb") as file:
        for place, segment in enumerate(manifest.layout.segments()):
            wrong = manifest.find_wrong(place, shard, chunks, file.read(segment.kept_bytes(shard)))
            if wrong is not None:
                yield place, wrong


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "spread.disk", f"a shard cannot be kept: {error.strerror}", cure="Check the disk."
        ) from error


def _absent(cid: Cid) -> NotFound:
    return NotFound(
        "spread.absent", f"no such shard of {cid} here", cure="Ask another member.", cid=str(cid)
    )
