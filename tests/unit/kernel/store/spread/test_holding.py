"""A holder's folder: parts that come twice, stop short, or wait; what it says it holds."""

from __future__ import annotations

import errno
import io
import os
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from circles import Circle
from tallystick.base import codec
from tallystick.base.codec import DAG_CBOR, Cid, decode, encode
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.spread import holding as room
from tallystick.kernel.store.spread import parts, rot, serving
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.receipt import Receipt, Vouching
from tallystick.kernel.store.zigzag.profile import find_profile

DATA = random.Random(5).randbytes(400_000)


@pytest.fixture
def circle(tmp_path: Path) -> Circle:
    return Circle(tmp_path, 5)


def put(circle: Circle, data: bytes = DATA, by: str = "m00") -> Manifest:
    done = put_object(circle.rings[by], io.BytesIO(data), circle.draw(), find_profile("rs-2+1"))
    assert not done.missing
    return done.manifest


def pieces(circle: Circle, manifest: Manifest) -> tuple[int, str, bytes]:
    """Return a shard, who holds it, and its bytes."""
    shard, (name,) = next(iter(circle.rings["m00"].locate(manifest.cid).held.items()))
    path = circle.holding(name).folder / manifest.cid.digest.hex() / str(shard)
    return shard, name, path.read_bytes()


def test_what_is_put_again_leaves_nothing_behind(circle: Circle) -> None:
    manifest = put(circle)
    shard, name, data = pieces(circle, manifest)
    own = circle.holding(name)
    before = own.used_bytes
    for _ in range(2):
        own.write_piece("m00", (manifest.id, shard), 0, data)
        own.finish("m00", manifest, shard)
    assert own.used_bytes == before
    assert not list((own.folder / "parts").iterdir())


def test_nobody_stands_in_anothers_way_by_writing_what_it_writes(circle: Circle) -> None:
    manifest = put(circle)
    shard, name, data = pieces(circle, manifest)
    own = circle.holding(name)
    own.drop(manifest.cid)
    own.write_piece("m02", (manifest.id, shard), 0, b"abc")
    own.write_piece("m03", (manifest.id, shard), 0, data)
    with pytest.raises(Invalid, match=r"spread\.torn"):
        own.finish("m02", manifest, shard)
    own.write_piece("m02", (manifest.id, shard), 0, b"abc")
    own.finish("m03", manifest, shard)
    own.finish("m02", manifest, shard)
    assert own.shards_of(manifest.cid) == (shard,)
    assert own.used_bytes == own.size_of(manifest.cid)


def test_a_part_that_nobody_goes_on_with_goes_after_a_while(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = circle.holding("m01")
    own.write_piece("m02", (circle.draw(), 0), 0, b"abc")
    own.look()
    assert own.used_bytes == 3
    monkeypatch.setattr(parts, "STALE_S", 0)
    own.look()
    assert own.used_bytes == 0
    assert not list((own.folder / "parts").iterdir())


def counted(own: room.Holding) -> int:
    """Return the bytes of all that lies in a holder's folder and counts."""
    homes = [path for path in own.folder.glob("*/*") if path.name != "giver"]
    return sum(path.stat().st_size for path in homes)


def test_what_is_used_is_what_lies_there_whatever_comes_and_goes(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = [put(circle, bytes([at]) * 3_000) for at in range(4)]
    own = circle.holding("m01")
    held = [each for each in manifests if own.shards_of(each.cid)]
    assert len(held) >= 2, "else the seed gives it too little to drop"
    own.write_piece("m03", (circle.draw(), 1), 0, b"abc")
    assert own.used_bytes == counted(own) > 0
    assert set(own.objects()) == {each.cid for each in held}
    own.drop(held[0].cid)
    assert own.used_bytes == counted(own)
    assert set(own.objects()) == {each.cid for each in held[1:]}
    shard, name, data = pieces(circle, manifests[0])
    other = circle.holding(name)
    before = other.used_bytes
    other.drop(manifests[0].cid)
    rest = other.used_bytes
    for failing in ("parts", manifests[0].cid.digest.hex()):
        other.write_piece("m00", (manifests[0].id, shard), 0, data)

        def fail(path: Path, failing: str = failing) -> None:
            if path.parent.name == failing:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(room, "sync_path", fail)
        with pytest.raises(Unavailable, match=r"spread\.disk"):
            other.finish("m00", manifests[0], shard)
        assert other.used_bytes == counted(other) == rest
        assert other.shards_of(manifests[0].cid) == ()
        monkeypatch.undo()
    other.write_piece("m00", (manifests[0].id, shard), 0, data)
    other.finish("m00", manifests[0], shard)
    assert other.used_bytes == counted(other) == before


def test_a_crash_at_any_place_leaves_no_byte_uncounted(circle: Circle) -> None:
    manifest = put(circle)
    shard, name, _ = pieces(circle, manifest)
    folder = circle.holding(name).folder
    home = folder / manifest.cid.digest.hex()
    data = (home / str(shard)).read_bytes()
    other = folder / ("ab" * 32)
    other.mkdir()
    (other / "manifest").write_bytes(manifest.data[:100])
    orphan = folder / ("cd" * 32)
    orphan.mkdir()
    (orphan / "0").write_bytes(data)
    again = circle.open(name).own
    assert again.used_bytes == counted(again) == len(data) + len(manifest.data)
    assert list(again.objects()) == [manifest.cid]
    assert not other.exists()
    assert not orphan.exists(), "nothing could ever check it"


def test_a_disk_that_loses_files_is_seen_at_the_next_look(circle: Circle) -> None:
    manifest = put(circle)
    shard, name, data = pieces(circle, manifest)
    own = circle.holding(name)
    home = own.folder / manifest.cid.digest.hex()
    (home / str(shard)).unlink()
    own.look()
    assert own.shards_of(manifest.cid) == ()
    assert own.used_bytes == counted(own) == 0
    own.write_piece("m00", (manifest.id, shard), 0, data)
    own.finish("m00", manifest, shard)
    assert own.shards_of(manifest.cid) == (shard,)


def test_a_shard_that_is_read_again_keeps_nobody_waiting(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = put(circle)
    shard, name, data = pieces(circle, manifest)
    own = next(circle.holding(each) for each in circle.names if each != name)
    own.drop(manifest.cid)
    reached, go_on, find = threading.Event(), threading.Event(), rot.find_rotten

    def slow(*given: object) -> Iterator[tuple[int, int]]:
        reached.set()
        assert go_on.wait(20)
        return find(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(room, "find_rotten", slow)
    own.write_piece("m00", (manifest.id, shard), 0, data)
    working = threading.Thread(target=own.finish, args=("m00", manifest, shard))
    working.start()
    try:
        assert reached.wait(20)
        own.write_piece("m04", (circle.draw(), 0), 0, b"abc")
        assert own.shards_of(manifest.cid) == ()
    finally:
        go_on.set()
        working.join(20)
    assert own.shards_of(manifest.cid) == (shard,)


def test_a_part_that_is_forgotten_while_it_ends_is_not_kept(circle: Circle) -> None:
    manifest = put(circle)
    shard, name, data = pieces(circle, manifest)
    own = next(circle.holding(each) for each in circle.names if each != name)
    own.drop(manifest.cid)
    own.write_piece("m00", (manifest.id, shard), 0, data)
    own.forget("m00", manifest.id)
    with pytest.raises(Invalid, match=r"spread\.torn"):
        own.finish("m00", manifest, shard)
    assert own.used_bytes == 0


def test_a_quota_that_was_set_holds_after_a_restart(tmp_path: Path) -> None:
    own = room.Holding(tmp_path / "one")
    assert own.quota_bytes == room.QUOTA_BYTES
    own.set_quota(10)
    for number in range(room.SHARES):
        own.write_piece(f"m0{number}", (bytes(16), 0), 0, bytes(2))
    own.write_piece("m09", (bytes(16), 0), 0, bytes(2))
    with pytest.raises(Unavailable, match=r"spread\.quota"):
        own.write_piece("m10", (bytes(16), 0), 0, b"x")
    again = room.Holding(tmp_path / "one")
    assert (again.quota_bytes, again.used_bytes, list(again.objects())) == (10, 0, [])
    (tmp_path / "one" / "quota").write_text("ten")
    assert room.Holding(tmp_path / "one").quota_bytes == room.QUOTA_BYTES


def test_nobody_holds_two_shards_of_an_object(circle: Circle) -> None:
    manifest = put(circle)
    shard, name, data = pieces(circle, manifest)
    held = circle.rings["m00"].locate(manifest.cid).held
    other = next(who[0] for each, who in held.items() if each != shard)
    before = circle.holding(other).used_bytes
    ring = circle.rings[name]
    ring.write(other, (manifest.id, shard), 0, data)
    with pytest.raises(Conflict, match=r"spread\.second"):
        ring.finish(other, manifest, shard)
    assert circle.holding(other).used_bytes == before
    assert circle.holding(other).shards_of(manifest.cid) != (shard,)


def test_two_that_end_at_once_leave_one_shard(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = put(circle)
    both = {}
    for shard, (name,) in list(circle.rings["m00"].locate(manifest.cid).held.items())[:2]:
        home = circle.holding(name).folder / manifest.cid.digest.hex()
        both[shard] = (home / str(shard)).read_bytes()
        circle.holding(name).drop(manifest.cid)
    own = next(circle.holding(n) for n in circle.names if not circle.holding(n).used_bytes)
    together, find = threading.Barrier(2, timeout=20), rot.find_rotten

    def meet(*given: object) -> Iterator[tuple[int, int]]:
        together.wait()
        return find(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(room, "find_rotten", meet)
    told: list[str] = []

    def finish(shard: int) -> None:
        own.write_piece(f"m0{shard}", (manifest.id, shard), 0, both[shard])
        try:
            own.finish(f"m0{shard}", manifest, shard)
        except Conflict as error:
            told.append(error.code)

    threads = [threading.Thread(target=finish, args=(shard,)) for shard in both]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert told == ["spread.second"]
    assert len(own.shards_of(manifest.cid)) == 1
    assert own.used_bytes == own.size_of(manifest.cid)
    assert not list((own.folder / "parts").iterdir())


def test_members_tell_all_they_hold_page_by_page(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LISTED_MAX", 2)
    monkeypatch.setattr("tallystick.kernel.store.spread.ring.LISTED_MAX", 2)
    manifests = [put(circle, bytes([at]) * 10) for at in range(7)]
    told = circle.rings["m03"].survey()
    assert sorted(told) == circle.names
    for manifest in manifests:
        held = circle.rings["m00"].locate(manifest.cid).held
        said = {
            shard: [name]
            for name, listing in told.items()
            for shard in listing.held.get(manifest.cid, [])
        }
        assert said == held
    circle.away = {"m01"}
    assert "m01" not in circle.rings["m00"].survey(5)
    assert sum(each.used for each in told.values()) == sum(
        circle.holding(name).used_bytes for name in circle.names
    )


def test_a_holder_signs_that_it_holds_nothing_any_more(tmp_path: Path) -> None:
    circle, key = Circle(tmp_path, 3), SigningKey.from_seed(bytes(32))
    manifest = put(circle)
    ring = circle.rings["m00"]
    vouching = Vouching(member="m01", chain=b"c" * 32, sign=key.sign, now_ms=lambda: 77)
    circle.rings["m01"].link.serve(serving.answer_for(circle.holding("m01"), vouching))
    shard = circle.holding("m01").shards_of(manifest.cid)[0]
    word = ring.drop("m01", manifest.cid)
    size = manifest.layout.shard_bytes(shard)
    assert word == Receipt(
        b"c" * 32, manifest.cid, "m00", "m01", size, 77, signature=word.signature
    )
    assert Receipt.read(word.data) == word
    assert word.is_by(key.public)
    assert not word.is_by(SigningKey.from_seed(b"x" * 32).public)
    for other in (replace(word, chain=b"d" * 32), replace(word, holder="m02")):
        assert not other.is_by(key.public)
    assert ring.drop("m01", manifest.cid).freed == 0


def test_nobody_takes_a_shard_of_what_is_erased(circle: Circle) -> None:
    manifest = put(circle)
    shard, name, data = pieces(circle, manifest)
    taker = next(each for each in circle.names if each != name)
    circle.holding(taker).drop(manifest.cid)
    vouching = Vouching(member=taker, is_erased=lambda cid, owner: (cid, owner) == gone)
    gone = (manifest.cid, "m00")
    circle.rings[taker].link.serve(serving.answer_for(circle.holding(taker), vouching))
    caller = next(each for each in circle.names if each != taker)
    circle.rings[caller].write(taker, (manifest.id, shard), 0, data)
    with pytest.raises(Denied, match=r"spread\.erased"):
        circle.rings[caller].finish(taker, manifest, shard)
    assert circle.holding(taker).used_bytes == 0


def test_a_member_that_tells_for_ever_is_left_at_that(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LISTED_MAX", 1)
    monkeypatch.setattr("tallystick.kernel.store.spread.ring.LISTED_MAX", 1)
    monkeypatch.setattr("tallystick.kernel.store.spread.ring.LISTING_MAX", 20)

    def tell(_: str, payload: bytes) -> bytes:
        (after,) = decode(payload, codec.tuple_of(codec.octets(32)))
        number = int.from_bytes(after, "big") + 1
        cid = Cid(bytes((1, DAG_CBOR, 0x12, 32)) + number.to_bytes(32, "big"))
        return encode([0, 0, [[cid, [0]]]])

    circle.rings["m01"].link.serve({"spread.list": tell})
    assert len(circle.rings["m00"].listing("m01").held) == 20


def test_a_shard_that_the_disk_gives_no_more_is_rotten_and_read_from_another(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = put(circle)
    shard, name, _ = pieces(circle, manifest)
    own = circle.holding(name)
    real = os.pread

    def fail(*given: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", fail)
    with pytest.raises(NotFound, match=r"spread\.absent"):
        own.read(manifest.cid, shard, [0], [0])
    monkeypatch.setattr(os, "pread", real)
    (own.folder / manifest.cid.digest.hex() / str(shard)).unlink()
    assert [each.shard for each in own.scrub(manifest.cid)] == [shard]
    own.drop(manifest.cid, shard)
    assert own.used_bytes == counted(own) == 0
    assert own.objects() == []


def test_a_folder_that_the_disk_does_not_tell_now_is_there_again_when_it_does(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = put(circle)
    shard, name, _ = pieces(circle, manifest)
    home, real = circle.holding(name).folder / manifest.cid.digest.hex(), os.scandir

    def fail(path: Path) -> Iterator[os.DirEntry[str]]:
        if path == home:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    monkeypatch.setattr(os, "scandir", fail)
    own = circle.open(name).own
    assert (own.objects(), own.used_bytes) == ([], 0)
    monkeypatch.undo()
    own.look()
    assert own.shards_of(manifest.cid) == (shard,)
    assert own.used_bytes == counted(own)
