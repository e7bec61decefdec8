"""Which shards of which objects a folder keeps: remembered, so that nobody asks the disk each time.

Laws: the folder is the truth; an object is read again from it after every change, and whenever its
own folder's time says that something else changed it. What cannot be checked (a shard without its
manifest) or gives nothing (a manifest without a shard) is removed when it is found. Whoever calls
holds the holder's lock, but for `look`.
Layout of the folder: `HEX/manifest`, `HEX/giver` (who brought it, and in a line below who put it),
`HEX/SHARD`, and `HEX/flaws` where something of a shard is known to be wrong; HEX is the manifest's
digest.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.codec import DAG_CBOR, Cid
from tallystick.kernel.store.spread.rot import read_flaws, write_flaws

__all__ = ["GIVER", "MANIFEST", "Kept", "Shelf"]

MANIFEST: Final = "manifest"
GIVER: Final = "giver"
_PREFIX: Final = bytes((1, DAG_CBOR, 0x12, 32))
_NAME_CHARS: Final = 64
_CHECK_CHARS: Final = 16


@dataclass(slots=True)
class Kept:
    """An object of which something is kept.

    Attributes:
        shards: the bytes of each, by its number.
        manifest_bytes: of its manifest.
        since_ms: since when, by its manifest's file, ms since 1970 UTC.
        giver: the member that brought it; "" where that was not noted.
        seen_ns: its folder's own time when it was read.
        flaws: the segments of each shard that are known to be wrong.
        owner: who put it; "" where that was not noted, until somebody asked.
        is_recorded: whether the chain is known to speak of it.
    """

    shards: dict[int, int]
    manifest_bytes: int
    since_ms: int
    giver: str
    seen_ns: int
    flaws: dict[int, tuple[int, ...]]
    owner: str = ""
    is_recorded: bool = False

    @property
    def bytes(self) -> int:
        """Bytes of all of it."""
        return sum(self.shards.values()) + self.manifest_bytes


class Shelf:
    """The objects that a folder keeps.

    Args:
        folder: where they are.

    Attributes:
        kept: all of them.
        unrecorded: those of which no record is known to speak, among them.
        bytes: of all of them.
        by_giver: bytes of what each member brought and no record is known to speak of.
        count_by_giver: how many objects that is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kept: dict[Cid, Kept] = {}
        self.unrecorded: dict[Cid, Kept] = {}
        self.bytes = 0
        self.by_giver: Counter[str] = Counter()
        self.count_by_giver: Counter[str] = Counter()
        self._order: list[bytes] | None = None
        self._looked_s = 0.0
        for cid in self._scan():
            self.reread(cid)

    def home(self, cid: Cid) -> Path:
        """Return an object's own folder."""
        return self._folder / cid.digest.hex()

    def _scan(self) -> dict[Cid, int]:
        """Return the objects that have a folder, with its own time."""
        found = {}
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(ValueError, FileNotFoundError):
                    if len(entry.name) == _NAME_CHARS:
                        cid = Cid(_PREFIX + bytes.fromhex(entry.name))
                        found[cid] = entry.stat().st_mtime_ns
        return found

    def look(self, lock: AbstractContextManager[object], after_s: float = 0) -> None:
        """Take in what befell the folder from outside; the lock is held for one object at a time.

        Only folders whose own time is another than when they were read are read again, and none
        before so long after it was last looked.
        """
        if time.monotonic() - self._looked_s < after_s:
            return
        self._looked_s = time.monotonic()
        seen = self._scan()
        for cid in {*seen, *self.kept.copy()}:
            with lock:
                kept = self.kept.get(cid)
                if kept is None or kept.seen_ns != seen.get(cid):
                    self.reread(cid)

    def reread(self, cid: Cid) -> None:
        """Take in what an object's folder keeps now."""
        before, found, is_useless = self.kept.get(cid), None, False
        with suppress(OSError):
            # What the disk does not tell now counts as not there, and stays: it may tell it later.
            found = _read_home(self.home(cid))
            is_useless = found is None
        if before is not None:
            self.bytes -= before.bytes
            self._count_recorded(cid)
        if (found is None) != (before is None):
            self._order = None
        if found is None:
            self.kept.pop(cid, None)
            if is_useless:
                shutil.rmtree(self.home(cid), ignore_errors=True)
            return
        if before is not None:
            found.owner, found.is_recorded = before.owner or found.owner, before.is_recorded
        # Put in its place at once: whoever asks meanwhile never finds it gone.
        self.kept[cid] = found
        self.bytes += found.bytes
        if not found.is_recorded:
            self.unrecorded[cid] = found
            self.by_giver[found.giver] += found.bytes
            self.count_by_giver[found.giver] += 1

    def note_names(self, cid: Cid, giver: str, owner: str) -> None:
        """Note who brought an object and who put it: so that is known if the manifest rots."""
        home = self.home(cid)
        fresh = home / f"{GIVER}.part"
        fresh.write_text(f"{giver}\n{owner} {_check(home, owner)}\n", encoding="utf-8")
        fresh.replace(home / GIVER)

    def _count_recorded(self, cid: Cid) -> None:
        if (kept := self.unrecorded.pop(cid, None)) is not None:
            self.by_giver[kept.giver] -= kept.bytes
            self.count_by_giver[kept.giver] -= 1

    def mark_recorded(self, cid: Cid) -> None:
        """Note that a record speaks of an object: it counts as nobody's that brought it."""
        if (kept := self.kept.get(cid)) is not None:
            self._count_recorded(cid)
            kept.is_recorded = True

    def drop(self, cid: Cid, shard: int | None = None) -> int:
        """Remove an object's shards, or one; return the bytes of shards that went."""
        kept = self.kept.get(cid)
        gone = [] if kept is None else [each for each in kept.shards if shard in (None, each)]
        for each in gone:
            (self.home(cid) / str(each)).unlink(missing_ok=True)
        freed = 0 if kept is None else sum(kept.shards[each] for each in gone)
        self.reread(cid)
        return freed

    def note(self, cid: Cid, shard: int, right: set[int], wrong: Sequence[int]) -> None:
        """Note the segments of a shard that were found right or wrong, where that is new."""
        kept = self.kept.get(cid)
        if kept is None or shard not in kept.shards:
            return
        known = kept.flaws.get(shard, ())
        found = tuple(sorted({*known}.difference(right).union(wrong)))
        if found != known:
            write_flaws(self.home(cid), kept.flaws | {shard: found})
            self.reread(cid)

    def flaws(self) -> dict[tuple[Cid, int], tuple[int, ...]]:
        """Return the segments of shards that are known to be wrong."""
        return {
            (cid, shard): places
            for cid, kept in self.kept.items()
            for shard, places in kept.flaws.items()
        }

    def objects(self, after: bytes, limit: int | None) -> list[Cid]:
        """Return the objects whose digests come after one, ascending; the first few, or all."""
        if self._order is None:
            self._order = sorted(cid.digest for cid in self.kept)
        begin = bisect_right(self._order, after)
        page = self._order[begin:] if limit is None else self._order[begin : begin + limit]
        return [Cid(_PREFIX + digest) for digest in page]


def _check(home: Path, owner: str) -> str:
    """Return what tells a note of an object's owner from one that has rotted."""
    return hashlib.sha256(f"{home.name}/{owner}".encode()).hexdigest()[:_CHECK_CHARS]


def _read_names(home: Path) -> tuple[str, str]:
    """Return who brought an object and who put it; "" for what is not noted, or not soundly."""
    # What has rotted here is of no use, and the shard beside it serves on.
    lines = (home / GIVER).read_text(encoding="utf-8", errors="replace").split("\n")
    owner, _, check = lines[1].partition(" ") if len(lines) > 1 else ("", "", "")
    return lines[0], owner if check == _check(home, owner) else ""


def _read_home(home: Path) -> Kept | None:
    """Return what an object's folder keeps; None where that is of no use."""
    try:
        # Its time comes first: what changes while it is read is then seen the next time.
        seen_ns = home.stat().st_mtime_ns
        with os.scandir(home) as entries:
            sizes = {each.name: each.stat().st_size for each in entries}
        shards = {int(name): size for name, size in sizes.items() if name.isdecimal()}
        if not shards or MANIFEST not in sizes:
            return None
        since_ms = (home / MANIFEST).stat().st_mtime_ns // 1_000_000
        giver, owner = _read_names(home) if GIVER in sizes else ("", "")
    except (FileNotFoundError, NotADirectoryError):
        return None
    flaws = {s: places for s, places in read_flaws(home).items() if s in shards}
    held = dict(sorted(shards.items()))
    return Kept(held, sizes[MANIFEST], since_ms, giver, seen_ns, flaws, owner)
