"""The shards that a member keeps for others, each a file, with the object's manifest beside it.

Laws: a shard counts once it was read again against its manifest and is on disk; until then it is a
part, which a restart drops; a part is written at places, so that what comes twice changes nothing;
no two shards of an object are held; what is kept, manifests and all, is never beyond the quota, and
what one member brings that no record speaks of never beyond its share of it. Long reads and writes
wait for nobody but those of the same part.
A disk that cannot be read is asked again whenever shards are; till then each call is refused.
Layout of the folder: what `shelf` keeps, `parts/`, and `quota`.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.kernel.store.folder import sync_path
from tallystick.kernel.store.spread.care import Care
from tallystick.kernel.store.spread.disk import write_part
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.parts import Part, Parts
from tallystick.kernel.store.spread.quota import QUOTA_BYTES, read_quota, write_quota
from tallystick.kernel.store.spread.receipt import Vouching
from tallystick.kernel.store.spread.refusal import absent, check_same, told, torn
from tallystick.kernel.store.spread.rot import Rotten, find_rotten
from tallystick.kernel.store.spread.shelf import MANIFEST, Shelf
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.stream import spans

__all__ = ["QUOTA_BYTES", "SHARES", "Holding", "Rotten"]

SHARES: Final = 4
"""One member may fill the quota's so manieth part with what no record speaks of: with the usual
quota the largest shard there can be, some 10 GiB, is less."""
UNRECORDED_MAX: Final = 4_096
"""Objects that one member brings and no record speaks of."""
SETTLE_S: Final = 1.0
"""How often it is looked at most whether records speak of what one member brought."""
LAPSE_S: Final = 600
"""What no record speaks of after so long makes room for others where there is none."""
LAYOUTS_KEPT: Final = 16
_PARTS: Final = "parts"
_Place: TypeAlias = tuple[bytes, int]
"""An object's id and a shard."""


class Holding:
    """One member's folder of shards; safe to share between threads.

    Args:
        folder: where they are; parts left from before are dropped.
        quota_bytes: most bytes of all that is kept; None for what was set, else `QUOTA_BYTES`.

    Whatever asks for shards, room or quota raises `spread.disk` where the folder cannot be read.

    Attributes:
        vouching: what the chain says, and the time; a ring sets it.
        chain_ms: tells the time of the last block that `vouching` speaks by: what comes in no block
            until then is known to have come in none. The clock's, where nobody sets it.
    """

    def __init__(self, folder: Path, quota_bytes: int | None = None) -> None:
        self.folder = folder
        self._quota_bytes = quota_bytes
        self.vouching = Vouching(member="")
        self.chain_ms: Callable[[], int] = self._clock_ms
        self._lock = threading.Lock()
        self._settle_s: dict[str, float] = {}
        self._layouts: OrderedDict[Cid, Layout] = OrderedDict()
        self._opening = threading.Lock()
        self._opened: tuple[Parts, Shelf, Care] | None = None
        with contextlib.suppress(Unavailable):
            self._open()

    def _open(self) -> tuple[Parts, Shelf, Care]:
        """Return what the folder keeps, read when it is first needed and can be.

        Raises:
            Unavailable: `spread.disk`.
        """
        if (found := self._opened) is not None:
            return found
        with self._opening, told():
            if self._opened is None:
                parts, shelf = Parts(self.folder / _PARTS), Shelf(self.folder)
                self._opened = parts, shelf, Care(shelf, self._lock, self.find_manifest)
            return self._opened

    @property
    def _parts(self) -> Parts:
        return self._open()[0]

    @property
    def _shelf(self) -> Shelf:
        return self._open()[1]

    @property
    def care(self) -> Care:
        """Care of what rots."""
        return self._open()[2]

    def _clock_ms(self) -> int:
        return self.vouching.now_ms()

    # ---- room

    @property
    def quota_bytes(self) -> int:
        """Most bytes of all that is kept."""
        if self._quota_bytes is None:
            with told():
                self._quota_bytes = read_quota(self.folder)
        return self._quota_bytes

    @quota_bytes.setter
    def quota_bytes(self, count: int) -> None:
        self._quota_bytes = count

    @property
    def may_hold(self) -> bool:
        """Whether anything is held, or it cannot be told now."""
        try:
            return bool(self._shelf.kept)
        except Unavailable:
            return True

    @property
    def used_bytes(self) -> int:
        """Bytes of all shards, manifests and parts."""
        return self._shelf.bytes + self._parts.bytes

    def _check_room(self, caller: str, count: int, *, is_recorded: bool = False) -> None:
        """Refuse so many bytes more where they do not fit; with the lock held."""
        if self.used_bytes + count > self.quota_bytes:
            raise Unavailable(
                "spread.quota",
                f"{self.used_bytes} of {self.quota_bytes} bytes are held, {count} more do not fit",
                cure="Drop objects, or set a greater quota at that member.",
            )
        share = self.quota_bytes // SHARES
        brought = self._shelf.by_giver[caller] + self._parts.by_caller[caller]
        objects = self._shelf.count_by_giver[caller]
        if not is_recorded and (brought + count > share or objects >= UNRECORDED_MAX):
            raise Unavailable(
                "spread.share",
                f"{caller} has brought {objects} objects and {brought} bytes that no record speaks"
                f" of, {count} more go beyond {UNRECORDED_MAX} objects or {share} bytes",
                cure="Wait until the objects' records are admitted; what has none goes after a"
                " day.",
            )

    def _with_room(self, caller: str, act: Callable[[], None], count: int) -> None:
        """Do what takes room, again once what may go has gone."""
        try:
            act()
        except Unavailable as error:
            if error.code not in {"spread.quota", "spread.share"}:
                raise
            self._settle(caller)
            self._lapse(count)
            act()

    def _settle(self, caller: str) -> None:
        """Find out of which objects that a member brought records speak by now."""
        now_s = time.monotonic()
        with self._lock:
            if now_s < self._settle_s.get(caller, now_s):
                return
            self._settle_s[caller] = now_s + SETTLE_S
            found = [cid for cid, kept in self._shelf.unrecorded.items() if kept.giver == caller]
        for cid in found:
            self._find_recorded(cid)

    def _find_recorded(self, cid: Cid) -> bool:
        """Tell whether a record may speak of an object; note it where one does."""
        try:
            owner = self.owner_of(cid)
        except NotFound:
            return False
        except Invalid:
            # Whose it is cannot be told here: for want of room alone it does not go.
            return True
        if is_kept := self.vouching.is_kept(cid, owner):
            self.mark_recorded(cid)
        return is_kept

    def unrecorded(self) -> list[Cid]:
        """Return the objects of which no record is known to speak, the oldest first."""
        with self._lock:
            found = {cid: kept.since_ms for cid, kept in self._shelf.unrecorded.items()}
        return sorted(found, key=lambda cid: (found[cid], cid.digest))

    def _lapse(self, count: int) -> None:
        """Make room for so many bytes of what nobody goes on with and no record speaks of.

        By the chain's own time: a copy of it that stands still may lack the record.
        """
        with self._lock:
            self._parts.lapse()
        before_ms = self.chain_ms() - LAPSE_S * 1_000
        for cid in self.unrecorded():
            kept = self._shelf.kept.get(cid)
            is_fitting = self.used_bytes + count <= self.quota_bytes
            if is_fitting or (kept is not None and kept.since_ms >= before_ms):
                return
            if not self._find_recorded(cid):
                self.drop(cid)

    def look(self, after_s: float = 0) -> None:
        """Take in what befell the folder from outside, and drop parts that nobody goes on with.

        Nothing is done before so long after the last time.

        Raises:
            Unavailable: `spread.disk`.
        """
        with told():
            self._shelf.look(self._lock, after_s)
        with self._lock:
            self._parts.lapse()

    # ---- putting

    def write_piece(self, caller: str, place: _Place, at: int, data: bytes) -> None:
        """Write bytes of a shard that is being put.

        Args:
            caller: who sends them.
            place: the object's id and the shard.
            at: where in the shard they begin.
            data: the bytes.

        Raises:
            Unavailable: `spread.quota`, there is no room, or the caller has begun too many;
                `spread.share`, it has brought too much that no record speaks of; `spread.disk`.
        """
        with self._lock:
            part = self._parts.begin((caller, *place))
        with part.lock:
            end = at + len(data)
            before = part.size
            self._with_room(caller, lambda: self._grow(part, end), max(0, end - before))
            try:
                with told():
                    write_part(part.path, data, at, before)
            except BaseException:
                with self._lock:
                    if self._parts.has(part):
                        self._parts.grow(part, before - part.size)
                raise

    def _grow(self, part: Part, end: int) -> None:
        """Take the room for a part that is to reach `end`."""
        caller, _, shard = part.key
        with self._lock:
            if not self._parts.has(part):
                raise torn(shard)
            grown = max(0, end - part.size)
            if grown:
                self._check_room(caller, grown)
                self._parts.grow(part, grown)

    def set_quota(self, quota_bytes: int) -> None:
        """Hold at most so many bytes from now on, also after a restart; what is held stays.

        Raises:
            Unavailable: `spread.disk`; what was set before holds.
        """
        with told():
            write_quota(self.folder, quota_bytes)
        self.quota_bytes = quota_bytes

    def finish(self, caller: str, manifest: Manifest, shard: int) -> None:
        """Keep a shard whose pieces have all come, once each of its sub-chunks is the manifest's.

        Raises:
            Invalid: `spread.torn`, it is not; what came is dropped.
            Conflict: `spread.second`, another shard of the object is held: both would go at once.
            Unavailable: `spread.quota` or `spread.share`, there is no room for the manifest;
                `spread.disk`; what came is dropped.
        """
        with self._lock:
            held = self.shards_of(manifest.cid)
            if held:
                # Asked again, or put again: what came once more is not needed.
                self._parts.forget(caller, manifest.id, shard)
                check_same(held, shard, manifest.cid)
                return
            part = self._parts.begin((caller, manifest.id, shard))
        with part.lock:
            try:
                with told():
                    self._check_part(part, manifest)
                    is_recorded = self.vouching.is_kept(manifest.cid, manifest.owner)
                    keep = partial(self._keep, part, manifest, is_recorded=is_recorded)
                    self._with_room(caller, keep, len(manifest.data))
            except BaseException:
                with self._lock:
                    self._parts.drop(part)
                raise

    @staticmethod
    def _check_part(part: Part, manifest: Manifest) -> None:
        """Read a part again: it is the manifest's, and on disk."""
        shard = part.key[2]
        # An object of no bytes has shards of none.
        part.path.parent.mkdir(parents=True, exist_ok=True)
        part.path.touch(0o600)
        if part.size != manifest.layout.shard_bytes(shard) or any(
            find_rotten(part.path, manifest, shard)
        ):
            raise torn(shard)
        sync_path(part.path)

    def _keep(self, part: Part, manifest: Manifest, *, is_recorded: bool) -> None:
        """Give a part that was read again its name; manifest, giver and owner come before it."""
        caller, _, shard = part.key
        cid, home = manifest.cid, self._shelf.home(manifest.cid)
        with self._lock:
            held = self.shards_of(cid)
            if not held and not self._parts.has(part):
                raise torn(shard)
            if held:
                self._parts.drop(part)
                check_same(held, shard, cid)
                return
            self._check_room(caller, len(manifest.data), is_recorded=is_recorded)
            try:
                home.mkdir(exist_ok=True)
                self._shelf.note_names(cid, caller, manifest.owner)
                (home / MANIFEST).write_bytes(manifest.data)
                sync_path(home / MANIFEST)
                part.path.replace(home / str(shard))
            finally:
                self._parts.drop(part)
                self._shelf.reread(cid)
            if is_recorded:
                self._shelf.mark_recorded(cid)
        sync_path(home)
        sync_path(self.folder)

    def forget(self, caller: str, identifier: bytes, shard: int | None = None) -> None:
        """Drop the parts of an object, or one, that a member began and does not go on with."""
        with self._lock:
            self._parts.forget(caller, identifier, shard)

    # ---- what is held

    def shards_of(self, cid: Cid) -> tuple[int, ...]:
        """Return which shards of an object are held, ascending."""
        kept = self._shelf.kept.get(cid)
        return () if kept is None else tuple(kept.shards)

    def manifest_of(self, cid: Cid) -> bytes:
        """Return the manifest's bytes of an object of which a shard is held; unchecked.

        Raises:
            NotFound: `spread.absent`.
        """
        try:
            return (self._shelf.home(cid) / MANIFEST).read_bytes()
        except OSError as error:
            raise absent(cid) from error

    def find_manifest(self, cid: Cid) -> Manifest:
        """Return the manifest of an object of which a shard is held.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`, it is damaged.
        """
        data = self.manifest_of(cid)
        if cid_of(data) != cid:
            raise Invalid(
                "spread.manifest",
                f"the manifest of {cid} is not what was put",
                cure="Ask another member for the object's manifest by its CID.",
                cid=str(cid),
            )
        return Manifest.read(data)

    def owner_of(self, cid: Cid) -> str:
        """Return who put an object of which a shard is held, as it was noted when that was kept.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`, it was not noted, and the
                manifest is damaged.
        """
        kept = self._shelf.kept.get(cid)
        if kept is None:
            raise absent(cid)
        if not kept.owner:
            # Kept before that was noted: it is noted while the manifest can still be read.
            kept.owner = self.find_manifest(cid).owner
            with self._lock, contextlib.suppress(OSError):
                self._shelf.note_names(cid, kept.giver, kept.owner)
        return kept.owner

    def layout_of(self, cid: Cid) -> Layout:
        """Return how an object of which a shard is held lies in its shards.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`, it is damaged.
        """
        with self._lock:
            if (found := self._layouts.get(cid)) is not None:
                self._layouts.move_to_end(cid)
                return found
        found = self.find_manifest(cid).layout
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
            handle = os.open(self._shelf.home(cid) / str(shard), os.O_RDONLY)
        except OSError as error:
            raise absent(cid) from error
        try:
            return b"".join(
                os.pread(handle, end - start, segment.piece_start + start)
                for segment in map(layout.segment, places)
                for start, end in spans(segment, shard, chunks)
            )
        except OSError as error:
            # A disk that gives it no more: whoever asks reads it from another.
            raise absent(cid) from error
        finally:
            os.close(handle)

    def objects(self, after: bytes = b"", limit: int | None = None) -> list[Cid]:
        """Return the objects of which a shard is held, ascending by digest, from behind one on."""
        with self._lock:
            return self._shelf.objects(after, limit)

    def drop(self, cid: Cid, shard: int | None = None) -> int:
        """Remove an object's shards, or one; return the bytes of shards that went.

        Raises:
            Unavailable: `spread.disk`.
        """
        with self._lock, told():
            freed = self._shelf.drop(cid, shard)
            self._layouts.pop(cid, None)
        return freed

    def mark_recorded(self, cid: Cid) -> None:
        """Note that a record speaks of an object: it counts as nobody's that brought it."""
        with self._lock:
            self._shelf.mark_recorded(cid)

    def size_of(self, cid: Cid) -> int:
        """Return the bytes of what is held of an object, its manifest among them."""
        kept = self._shelf.kept.get(cid)
        return 0 if kept is None else kept.bytes

    def since_ms(self, cid: Cid) -> int:
        """Return since when an object has been held, by its file's own time, ms since 1970 UTC.

        Raises:
            NotFound: `spread.absent`.
        """
        kept = self._shelf.kept.get(cid)
        if kept is None:
            raise absent(cid)
        return kept.since_ms

    def scrub(self, cid: Cid, pace: Callable[[int], None] = lambda _: None) -> Iterator[Rotten]:
        """Read every shard of an object again; yield each sub-chunk that is not what was put.

        Raises:
            As `Care.scrub`.
        """
        return self.care.scrub(cid, pace)
