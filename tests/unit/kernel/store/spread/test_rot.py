"""Rot by segment: read around, owned up to, mended where it stands, and never a shard dropped."""

from __future__ import annotations

import errno
import io
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from circles import Circle, released
from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.kernel.store.spread import care
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.mending import mend_shard
from tallystick.kernel.store.spread.putting import Put, put_object
from tallystick.kernel.store.spread.reading import REFUSED_MAX, Reader
from tallystick.kernel.store.zigzag.profile import find_profile

MIB = 1024 * 1024
DATA = random.Random(9).randbytes(5 * MIB + 333)
SEGMENTS = 6


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    found = Circle(tmp_path, 8)
    with released(found):
        yield found


def put(circle: Circle, code: str = "zz-4+2") -> Put:
    ring, profile = circle.rings["m00"], find_profile(code)
    done = put_object(ring, io.BytesIO(DATA), circle.draw(), profile, segment_bytes=MIB)
    assert done.manifest.layout.segment_count == SEGMENTS
    return done


def path_of(circle: Circle, done: Put, shard: int) -> Path:
    return circle.folder / done.holders[shard] / done.manifest.cid.digest.hex() / str(shard)


def flip(circle: Circle, done: Put, shard: int, place: int, offset: int = 5) -> None:
    path = path_of(circle, done, shard)
    data = bytearray(path.read_bytes())
    data[done.manifest.layout.segment(place).piece_start + offset] ^= 16
    path.write_bytes(data)


def outsider(circle: Circle, done: Put) -> str:
    return next(name for name in circle.names if name not in done.holders)


def read(circle: Circle, done: Put) -> Reader:
    """Read all of it, which must be right; return who read it."""
    with Reader(circle.rings[outsider(circle, done)], done.manifest, hedge_s=10) as reader:
        assert b"".join(reader.read()) == DATA
    return reader


def test_every_shard_may_be_wrong_as_long_as_each_segment_has_k_that_are_right(
    circle: Circle,
) -> None:
    done = put(circle)
    for shard in range(6):
        # Of segment i the shards i and i + 1 are wrong: no shard is whole, and none is to spare.
        flip(circle, done, shard, shard)
        flip(circle, done, (shard + 1) % 6, shard)
    reader = read(circle, done)
    assert reader.wrong
    assert not reader.liars
    flip(circle, done, 5, 2)
    with (
        Reader(circle.rings["m00"], done.manifest, hedge_s=10) as reader,
        pytest.raises(Unavailable, match=r"spread\.lost.*segment 2"),
    ):
        b"".join(reader.read())


def test_who_was_wrong_often_is_asked_only_where_too_few_others_can_give(circle: Circle) -> None:
    done = put(circle)
    for place in range(REFUSED_MAX):
        flip(circle, done, 0, place)
    calls: list[tuple[str, bytes]] = []
    ring = circle.rings[outsider(circle, done)]
    with Reader(ring, done.manifest, hedge_s=10) as reader:
        for place in range(SEGMENTS):
            reader.give([place], range(4))
        assert len(reader.wrong) == REFUSED_MAX
        ask = ring.link.ask

        def count(to: str, method: str, payload: bytes) -> object:
            calls.append((to, payload))
            return ask(to, method, payload)

        ring.link.ask = count  # type: ignore[method-assign,assignment]
        reader.give([SEGMENTS - 1], range(4))
        assert done.holders[0] not in {to for to, _ in calls}
        for shard in (1, 2):
            reader.pass_over(done.holders[shard], shard, [SEGMENTS - 1])
        found = reader.give([SEGMENTS - 1], range(4))
        assert done.holders[0] in {to for to, _ in calls}, "without it there are only three"
        assert done.manifest.find_wrong(SEGMENTS - 1, 0, range(8), found[SEGMENTS - 1][0]) is None


def test_rot_is_mended_where_it_stands_and_no_other_byte_is_written(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = put(circle)
    before = path_of(circle, done, 1).read_bytes()
    flip(circle, done, 1, 3)
    flip(circle, done, 2, 3)
    name, cid = done.holders[1], done.manifest.cid
    (found,) = circle.holding(name).scrub(cid)
    assert (found.shard, found.segment) == (1, 3)
    assert circle.rings[name].listing(name).flaws == {(cid, 1): (3,)}
    written: list[int] = []
    pwrite = os.pwrite

    def count(handle: int, data: bytes, at: int) -> int:
        written.append(len(data))
        return pwrite(handle, data, at)

    monkeypatch.setattr(os, "pwrite", count)
    other = circle.rings[outsider(circle, done)]
    mended = mend_shard(other, done.manifest, (name, 1), [3, 99], hedge_s=10)
    assert mended.places == (3,)
    assert not mended.liars
    assert written == [done.manifest.layout.segment(3).sub_chunk_bytes]
    assert path_of(circle, done, 1).read_bytes() == before
    assert other.listing(name).flaws == {}
    assert other.find_admitted(name, cid, 1, [2, 3]) == {3}, "who read it before is told"


def test_what_is_known_to_be_wrong_is_told_after_a_restart_and_until_it_is_right(
    circle: Circle,
) -> None:
    done = put(circle)
    flip(circle, done, 4, 0)
    flip(circle, done, 4, 2)
    name, cid = done.holders[4], done.manifest.cid
    ring = circle.rings[outsider(circle, done)]
    assert ring.find_admitted(name, cid, 4, [0, 1]) == {0}
    circle.open(name)
    assert ring.listing(name).flaws == {(cid, 4): (0,)}
    assert len(list(circle.holding(name).scrub(cid))) == 2
    assert ring.listing(name).flaws == {(cid, 4): (0, 2)}
    flip(circle, done, 4, 0)
    assert ring.find_admitted(name, cid, 4, [0]) == set()
    assert ring.listing(name).flaws == {(cid, 4): (2,)}
    circle.holding(name).drop(cid)
    assert ring.listing(name).flaws == {}
    assert not path_of(circle, done, 4).parent.exists()


def test_a_stop_while_a_piece_is_mended_leaves_what_was_right(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = put(circle)
    size = done.manifest.layout.segment(1).sub_chunk_bytes
    whole = path_of(circle, done, 0).read_bytes()
    for x in (1, 5):
        flip(circle, done, 0, 1, x * size)
    name = done.holders[0]
    pwrite, left = os.pwrite, [1]

    def stop(handle: int, data: bytes, at: int) -> int:
        if not left:
            raise OSError(errno.EIO, "Input/output error")
        left.pop()
        return pwrite(handle, data, at)

    monkeypatch.setattr(os, "pwrite", stop)
    ring = circle.rings[name]
    assert mend_shard(ring, done.manifest, (name, 0), [1], hedge_s=10).places == ()
    monkeypatch.undo()
    circle.open(name)
    found = path_of(circle, done, 0).read_bytes()
    assert sum(a != b for a, b in zip(found, whole, strict=True)) == 1
    assert [each.sub_chunk for each in circle.holding(name).scrub(done.manifest.cid)] == [5]
    assert mend_shard(circle.rings[name], done.manifest, (name, 0), [1], hedge_s=10).places == (1,)
    assert path_of(circle, done, 0).read_bytes() == whole


def test_a_shard_that_was_cut_off_is_mended_to_its_end(circle: Circle) -> None:
    done = put(circle)
    whole = path_of(circle, done, 3).read_bytes()
    path_of(circle, done, 3).write_bytes(whole[: len(whole) // 2])
    name = done.holders[3]
    places = [each.segment for each in circle.holding(name).scrub(done.manifest.cid)]
    assert places == [2, 3, 4], "the last segment ends before it"
    read(circle, done)
    ring = circle.rings[name]
    assert mend_shard(ring, done.manifest, (name, 3), places, hedge_s=10).places == (2, 3, 4)
    assert path_of(circle, done, 3).read_bytes() == whole


def test_nobody_mends_with_what_is_not_the_manifests(circle: Circle) -> None:
    done = put(circle)
    flip(circle, done, 0, 0)
    before = path_of(circle, done, 0).read_bytes()
    name, cid = done.holders[0], done.manifest.cid
    ring = circle.rings[outsider(circle, done)]
    piece = ring.read(name, cid, ([0], 0), range(8))
    for place, data, code in ((0, piece, "torn"), (0, piece[:-1], "torn"), (99, piece, "absent")):
        with pytest.raises((Invalid, NotFound), match=rf"spread\.{code}"):
            ring.mend(name, cid, (place, 0), data)
    with pytest.raises(NotFound, match=r"spread\.absent"):
        ring.mend(name, cid, (0, 1), piece)
    assert path_of(circle, done, 0).read_bytes() == before


def test_who_lies_is_named_and_whose_disk_is_rotten_is_not(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = put(circle)
    flip(circle, done, 1, 1)
    circle.lies[done.holders[2]] = lambda method, found: (
        bytes([found[0] ^ 1]) + found[1:] if method == "spread.read" else found
    )
    reader = read(circle, done)
    assert {each.member for each in reader.wrong} == {done.holders[1], done.holders[2]}
    assert {each.member for each in reader.liars} == {done.holders[2]}
    # It says that its disk is rotten, takes what it is mended with, and lies as before.
    monkeypatch.setattr(care, "MENDED_S", 0)
    by = circle.rings[outsider(circle, done)]
    mended = mend_shard(by, done.manifest, (done.holders[2], 2), [0], hedge_s=10)
    assert mended.places == ()
    assert {each.member for each in mended.liars} == {done.holders[2]}


def test_of_what_a_disk_gives_no_more_the_rest_is_read(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = put(circle, "rs-2+1")
    path = path_of(circle, done, 0)
    at = done.manifest.layout.segment(4).piece_start
    pread = os.pread

    def failing(handle: int, size: int, start: int) -> bytes:
        if os.fstat(handle).st_ino == path.stat().st_ino and start == at:
            raise OSError(errno.EIO, "Input/output error")
        return pread(handle, size, start)

    monkeypatch.setattr(os, "pread", failing)
    flip(circle, done, 1, 0)
    flip(circle, done, 2, 1)
    reader = read(circle, done)
    assert not reader.liars
    (found,) = circle.holding(done.holders[0]).scrub(done.manifest.cid)
    assert found.segment == 4


def test_a_manifest_is_mended_by_its_own_bytes_alone(circle: Circle) -> None:
    done = put(circle)
    own = circle.holding(done.holders[0])
    path = path_of(circle, done, 0).with_name("manifest")
    path.write_bytes(done.manifest.data[:-1] + b"\x01")
    with pytest.raises(Invalid, match=r"spread\.manifest"):
        next(own.scrub(done.manifest.cid))
    own.care.note_unread(done.manifest.cid)
    assert own.care.flaws() == {(done.manifest.cid, 0): (0,)}
    other = Manifest.of(bytes(16), "m00", done.manifest.layout, done.manifest.digests)
    with pytest.raises(NotFound, match=r"spread\.absent"):
        own.care.mend_manifest(other.data)
    own.care.mend_manifest(done.manifest.data)
    assert path.read_bytes() == done.manifest.data
    assert not list(own.scrub(done.manifest.cid))
    assert own.care.flaws() == {}
