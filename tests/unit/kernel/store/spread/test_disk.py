"""A disk that takes no more in the middle of a write, or gives nothing of a holder's folder."""

from __future__ import annotations

import io
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from circles import Circle
from tallystick.base.errors import NotFound, Unavailable
from tallystick.kernel.store.spread.holding import QUOTA_BYTES, Holding
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.rot import mend_file
from tallystick.kernel.store.zigzag.profile import find_profile

DATA = random.Random(11).randbytes(40_000)
MOST = 4_000
PLACE = (bytes(16), 0)


@contextmanager
def short_of(most: int) -> Iterator[None]:
    """Have no file grow beyond so many bytes: a write takes what fits, and the next none."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def lengths(own: Holding) -> list[int]:
    """Return how long the files of parts are."""
    return [path.stat().st_size for path in own.folder.glob("parts/*")]


def test_a_piece_that_a_disk_takes_in_part_is_refused_and_takes_no_room(tmp_path: Path) -> None:
    own = Holding(tmp_path / "one")
    own.write_piece("m01", PLACE, 0, bytes(1_000))
    with short_of(MOST), pytest.raises(Unavailable, match=r"spread\.disk"):
        own.write_piece("m01", PLACE, 1_000, bytes(9_000))
    assert (own.used_bytes, lengths(own)) == (1_000, [1_000])
    with short_of(MOST):
        own.write_piece("m01", PLACE, 1_000, bytes(MOST - 1_000))
    assert (own.used_bytes, lengths(own)) == (MOST, [MOST])


def test_what_was_refused_for_want_of_disk_is_kept_once_there_is_some(tmp_path: Path) -> None:
    circle = Circle(tmp_path, 4)
    done = put_object(circle.rings["m00"], io.BytesIO(DATA), circle.draw(), find_profile("rs-2+1"))
    name, cid = done.holders[0], done.manifest.cid
    own = circle.holding(name)
    data = (own.folder / cid.digest.hex() / "0").read_bytes()
    own.drop(cid)
    with short_of(MOST), pytest.raises(Unavailable, match=r"spread\.disk"):
        own.write_piece("m00", (done.manifest.id, 0), 0, data)
    assert own.used_bytes == 0
    own.write_piece("m00", (done.manifest.id, 0), 0, data)
    own.finish("m00", done.manifest, 0)
    assert own.shards_of(cid) == (0,)


def test_a_piece_that_is_mended_in_part_is_told_by_what_the_disk_says(tmp_path: Path) -> None:
    circle = Circle(tmp_path, 4)
    done = put_object(circle.rings["m00"], io.BytesIO(DATA), circle.draw(), find_profile("rs-2+1"))
    path = circle.holding(done.holders[0]).folder / done.manifest.cid.digest.hex() / "0"
    piece = path.read_bytes()
    path.write_bytes(bytes(len(piece)))
    with short_of(MOST), pytest.raises(OSError, match="File too large"):
        mend_file(path, done.manifest, 0, 0, piece)
    mend_file(path, done.manifest, 0, 0, piece)
    assert path.read_bytes() == piece


def test_a_quota_that_the_disk_does_not_take_changes_nothing(tmp_path: Path) -> None:
    own = Holding(tmp_path / "one")
    own.set_quota(7)
    with short_of(2), pytest.raises(Unavailable, match=r"spread\.disk"):
        own.set_quota(1_234_567)
    assert [path.name for path in own.folder.iterdir()] == ["quota"]
    assert (own.quota_bytes, Holding(own.folder).quota_bytes) == (7, 7)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match=r"spread\.disk"):
        Holding(tmp_path / "file").set_quota(7)


def test_a_quota_that_cannot_be_read_is_told_to_who_asks_and_read_once_it_can_be(
    tmp_path: Path,
) -> None:
    (tmp_path / "one" / "quota").mkdir(parents=True)
    own = Holding(tmp_path / "one")
    with pytest.raises(Unavailable, match=r"spread\.disk"):
        assert own.quota_bytes
    with pytest.raises(Unavailable, match=r"spread\.disk"):
        own.write_piece("m01", PLACE, 0, b"abc")
    (tmp_path / "one" / "quota").rmdir()
    own.write_piece("m01", PLACE, 0, b"abc")
    assert (own.used_bytes, own.quota_bytes) == (3, QUOTA_BYTES)


def test_a_folder_that_cannot_be_read_is_told_to_who_asks_and_read_once_it_can_be(
    tmp_path: Path,
) -> None:
    circle = Circle(tmp_path, 4)
    done = put_object(circle.rings["m00"], io.BytesIO(DATA), circle.draw(), find_profile("rs-2+1"))
    name, cid = done.holders[0], done.manifest.cid
    folder = circle.holding(name).folder
    folder.rename(tmp_path / "aside")
    folder.write_bytes(b"")
    ring = circle.open(name)
    own = ring.own
    for ask in (
        own.look,
        own.objects,
        own.unrecorded,
        lambda: own.shards_of(cid),
        lambda: own.care,
    ):
        with pytest.raises(Unavailable, match=r"spread\.disk"):
            ask()
    assert own.may_hold
    assert name not in circle.rings["m00"].locate(cid).answered, "it says nothing of what it holds"
    folder.unlink()
    (tmp_path / "aside").rename(folder)
    assert ring.locate(cid).held[0] == [name]
    with pytest.raises(NotFound):
        own.since_ms(done.manifest.cid.__class__(cid.raw[:-1] + b"\0"))
