"""A holder's care for what rots: its shards read again, told of, and mended where they stand.

Laws: no shard is dropped for what is wrong of it, for the rest of it serves; what is wrong is noted
on disk until it is mended or found right, and nobody writes but what is the manifest's.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tallystick.base.codec import Cid, cid_of
from tallystick.kernel.store.folder import sync_path
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.refusal import absent, told, torn
from tallystick.kernel.store.spread.rot import Rotten, find_rotten, mend_file
from tallystick.kernel.store.spread.shelf import MANIFEST, Shelf

__all__ = ["Care"]

MENDED_S: Final = 30.0
"""So long it is told of a mended piece that it was wrong: who read it before may ask after."""
MENDED_KEPT: Final = 4_096


class Care:
    """One holder's care for its shards; safe to share between threads.

    Args:
        shelf: what is held.
        lock: of the holder, held for every change of the shelf.
        find_manifest: of an object of which a shard is held.
    """

    def __init__(
        self, shelf: Shelf, lock: threading.Lock, find_manifest: Callable[[Cid], Manifest]
    ) -> None:
        self._shelf = shelf
        self._lock = lock
        self._find_manifest = find_manifest
        self._mending = threading.Lock()
        self._mended: OrderedDict[tuple[Cid, int, int], float] = OrderedDict()

    def scrub(self, cid: Cid, pace: Callable[[int], None] = lambda _: None) -> Iterator[Rotten]:
        """Read every shard of an object again; yield each sub-chunk that is not what was put.

        What is found wrong, or right again, is noted once a shard was read to its end.

        Args:
            cid: the object.
            pace: told the bytes of each segment that was read; may wait, to keep to a rate.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`, the manifest itself is damaged;
                Unavailable: `spread.disk`.
        """
        manifest = self._find_manifest(cid)
        every = range(manifest.layout.segment_count)
        for shard in self._shards_of(cid):
            wrong = []
            for place, x in self._find_rotten(manifest, shard, every, pace):
                wrong.append(place)
                yield Rotten(cid, shard, place, x)
            self._note(cid, shard, set(every).difference(wrong), wrong)

    def _find_rotten(
        self,
        manifest: Manifest,
        shard: int,
        places: Sequence[int],
        pace: Callable[[int], None] = lambda _: None,
    ) -> Iterator[tuple[int, int]]:
        """Yield (segment, sub-chunk) of what is wrong: all of a file that does not open."""
        path = self._shelf.home(manifest.cid) / str(shard)
        try:
            yield from find_rotten(path, manifest, shard, pace, places)
        except OSError:
            yield from ((place, 0) for place in places)

    def check(self, cid: Cid, shard: int, places: Sequence[int]) -> list[int]:
        """Read some of a shard again; return the segments that are wrong, or were just now.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.manifest`; Unavailable: `spread.disk`.
        """
        manifest = self._find_manifest(cid)
        if shard not in self._shards_of(cid) or max(places) >= manifest.layout.segment_count:
            raise absent(cid)
        wrong = [place for place, _ in self._find_rotten(manifest, shard, places)]
        self._note(cid, shard, set(places).difference(wrong), wrong)
        since_s = time.monotonic() - MENDED_S
        lately = [each for each in places if self._mended.get((cid, shard, each), 0) > since_s]
        return sorted({*wrong, *lately})

    def mend(self, cid: Cid, shard: int, place: int, piece: bytes) -> None:
        """Write over what is wrong of a shard's piece of one segment.

        Raises:
            NotFound: `spread.absent`; Invalid: `spread.torn`, the piece is not the manifest's;
                `spread.manifest`; Unavailable: `spread.disk`.
        """
        manifest = self._find_manifest(cid)
        if shard not in self._shards_of(cid) or place >= manifest.layout.segment_count:
            raise absent(cid)
        every = range(manifest.layout.profile.alpha)
        if manifest.find_wrong(place, shard, every, piece) is not None:
            raise torn(shard)
        with self._mending, told():
            if any(self._find_rotten(manifest, shard, [place])):
                # Who read it a moment ago is told that it was wrong then.
                self._mended[cid, shard, place] = time.monotonic()
                if len(self._mended) > MENDED_KEPT:
                    self._mended.popitem(last=False)
                mend_file(self._shelf.home(cid) / str(shard), manifest, shard, place, piece)
        self._note(cid, shard, {place}, ())

    def mend_manifest(self, data: bytes) -> None:
        """Write an object's manifest anew where it is damaged; another's bytes change nothing.

        Raises:
            NotFound: `spread.absent`, nothing of that object is held; Unavailable: `spread.disk`.
        """
        cid = cid_of(data)
        if not self._shards_of(cid):
            raise absent(cid)
        fresh = self._shelf.home(cid) / f"{MANIFEST}.part"
        with self._mending, told():
            fresh.write_bytes(data)
            sync_path(fresh)
            fresh.replace(fresh.with_name(MANIFEST))
            sync_path(fresh.parent)
        with self._lock, told():
            self._shelf.reread(cid)

    def note_unread(self, cid: Cid) -> None:
        """Note that nothing of an object can be given, for its manifest here is damaged.

        Until that is mended its first segment stands for all.
        """
        for shard in self._shards_of(cid):
            self._note(cid, shard, set(), [0])

    def _shards_of(self, cid: Cid) -> tuple[int, ...]:
        kept = self._shelf.kept.get(cid)
        return () if kept is None else tuple(kept.shards)

    def _note(self, cid: Cid, shard: int, right: set[int], wrong: Sequence[int]) -> None:
        """Note what was found right and wrong of a shard, where that is anything new."""
        with self._lock, told():
            self._shelf.note(cid, shard, right, wrong)

    def flaws(self) -> dict[tuple[Cid, int], tuple[int, ...]]:
        """Return the segments of own shards that are known to be wrong, by object and shard."""
        with self._lock:
            return self._shelf.flaws()
