"""Rot of a shard's file: found by segment, and mended where it stands.

Laws: only sub-chunks that are wrong are written over, with bytes that are the manifest's, so that a
stop in the middle leaves nothing wrong that was right; what is mended was put on disk and read
again. What is known to be wrong is noted beside the shard until it is mended, and told to others.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, decode, encode
from tallystick.base.errors import Invalid
from tallystick.kernel.store.folder import sync_path
from tallystick.kernel.store.spread.disk import write_all
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX

__all__ = ["FLAWS", "Rotten", "find_rotten", "mend_file", "read_flaws", "write_flaws"]

FLAWS: Final = "flaws"
"""The file in an object's folder."""
_SHARDS_MAX: Final = 32
_SEGMENTS_MAX: Final = 2**19
_NOTED: Final = codec.list_of(
    codec.tuple_of(
        codec.integer(0, _SHARDS_MAX - 1),
        codec.list_of(codec.integer(0, LENGTH_MAX), _SEGMENTS_MAX),
    ),
    _SHARDS_MAX,
)


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


def find_rotten(
    path: Path,
    manifest: Manifest,
    shard: int,
    pace: Callable[[int], None] = lambda _: None,
    places: Iterable[int] | None = None,
) -> Iterator[tuple[int, int]]:
    """Yield (segment, sub-chunk) of the first wrong one of each segment.

    Args:
        path: the shard's file.
        manifest: the object's.
        shard: its number.
        pace: told the bytes of each segment that was read; may wait, to keep to a rate.
        places: the segments to be read; None for all.

    Raises:
        OSError: the file cannot be opened; a piece of it that cannot be read is wrong.
    """
    layout = manifest.layout
    chunks = range(layout.profile.alpha)
    with path.open("rb", buffering=0) as file:
        for place in range(layout.segment_count) if places is None else places:
            segment = layout.segment(place)
            data = b""
            with suppress(OSError):
                data = os.pread(file.fileno(), segment.kept_bytes(shard), segment.piece_start)
            pace(len(data))
            wrong = manifest.find_wrong(place, shard, chunks, data)
            if wrong is not None:
                yield place, wrong


def mend_file(path: Path, manifest: Manifest, shard: int, place: int, piece: bytes) -> None:
    """Write over what is wrong of a shard's piece of one segment, and read it again.

    Args:
        path: the shard's file, which stands.
        manifest: the object's.
        shard: its number.
        place: the segment.
        piece: its kept bytes, which are the manifest's.

    Raises:
        OSError: the disk does not take them, or does not give them back.
    """
    segment = manifest.layout.segment(place)
    handle = os.open(path, os.O_RDWR)
    try:
        for x in range(segment.profile.alpha):
            start, end = segment.span(shard, x)
            at, right, found = segment.piece_start + start, piece[start:end], None
            with suppress(OSError):
                found = os.pread(handle, len(right), at)
            if found != right:
                write_all(handle, right, at)
        os.fsync(handle)
        if os.pread(handle, len(piece), segment.piece_start) != piece:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
    finally:
        os.close(handle)


def read_flaws(home: Path) -> dict[int, tuple[int, ...]]:
    """Return which segments of each shard are noted as wrong; none where nothing has a reading."""
    with suppress(OSError, Invalid):
        rows: Any = decode((home / FLAWS).read_bytes(), _NOTED)
        return {shard: tuple(places) for shard, places in rows}
    return {}


def write_flaws(home: Path, flaws: Mapping[int, Iterable[int]]) -> None:
    """Note which segments of each shard are wrong, so that it stands after a crash too."""
    rows: list[codec.Value] = [[s, [*places]] for s, places in sorted(flaws.items()) if places]
    if not rows:
        (home / FLAWS).unlink(missing_ok=True)
        return
    fresh = home / f"{FLAWS}.part"
    fresh.write_bytes(encode(rows))
    sync_path(fresh)
    fresh.replace(home / FLAWS)
    sync_path(home)
