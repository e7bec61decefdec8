"""Objects are put, read and repaired while members are away, slow, rotten or lying."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import Buffer

from circles import Circle, released
from tallystick.base.errors import Denied, Invalid, NotFound, Unavailable
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import Put, put_object
from tallystick.kernel.store.spread.reading import Liar, Reader
from tallystick.kernel.store.spread.repairing import repair_object
from tallystick.kernel.store.zigzag.profile import PROFILES, Profile, find_profile

MIB = 1024 * 1024
CODES = [*PROFILES.values(), find_profile("rs-4+2"), find_profile("rs-1+2")]


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    found = Circle(tmp_path, 12)
    with released(found):
        yield found


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def put(circle: Circle, data: bytes, code: Profile | str = "zz-4+2", by: str = "m00") -> Put:
    profile = find_profile(code) if isinstance(code, str) else code
    ring = circle.rings[by]
    return put_object(ring, io.BytesIO(data), circle.draw(), profile, segment_bytes=MIB)


def read(circle: Circle, manifest: Manifest, by: str = "m01", **how: int) -> bytes:
    with Reader(circle.rings[by], manifest, hedge_s=5) as reader:
        return b"".join(reader.read(**how))


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 100_000, MIB, 2 * MIB + 12_345])
def test_what_is_put_is_read_by_whoever_knows_its_name(
    circle: Circle, code: Profile, size: int
) -> None:
    data = content(size)
    done = put(circle, data, code)
    assert done.missing == ()
    assert len(set(done.holders)) == code.n
    manifest = circle.rings["m05"].find_manifest(done.manifest.cid)
    assert manifest == done.manifest
    assert read(circle, manifest) == data


@pytest.mark.parametrize(
    ("size", "code"),
    [(0, "rs-1+2"), (8_191, "rs-1+2"), (8_192, "zz-4+2"), (5 * MIB, "zz-4+2")],
)
def test_what_names_no_code_goes_by_its_size_whatever_pieces_it_comes_in(
    circle: Circle, size: int, code: str
) -> None:
    data = content(size)
    coming = io.BytesIO(data)

    class Dripping:
        """A source of no known length, a little at a time."""

        def read(self, most: int, /) -> bytes:
            return coming.read(min(most, 700))

    done = put_object(circle.rings["m00"], Dripping(), circle.draw(), segment_bytes=MIB)
    assert done.manifest.layout.profile.name == code
    assert done.manifest.layout.length == size
    circle.away = set(done.holders[:2])
    by = next(name for name in circle.names if name not in circle.away)
    assert read(circle, done.manifest, by) == data
    repaired = repair_object(circle.rings[by], done.manifest, hedge_s=5)
    assert sorted(repaired.made) == [0, 1]
    assert repaired.read_bytes <= max(size, 1) * 1.01 + 128


@pytest.mark.parametrize("code", ["zz-4+2", "zz-6+3"])
def test_any_losses_that_the_code_makes_good_change_nothing(circle: Circle, code: str) -> None:
    profile, data = find_profile(code), content(MIB + 777)
    done = put(circle, data, code)
    patterns = list(itertools.combinations(range(profile.n), profile.r))
    for pattern in random.Random(1).sample(patterns, 15):
        circle.away = {done.holders[shard] for shard in pattern}
        by = next(name for name in circle.names if name not in circle.away)
        assert read(circle, done.manifest, by) == data
    one_more = {*circle.away, *done.holders[: profile.r + 1]}
    circle.away = one_more
    by = next(name for name in circle.names if name not in circle.away)
    with pytest.raises(Unavailable, match=r"spread\.lost"):
        read(circle, done.manifest, by)


@pytest.mark.parametrize("stretch", [1, 600_000, 10 * MIB])
def test_a_range_over_stretches_of_segments_reads_as_it_was_put(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr("tallystick.kernel.store.spread.reading.STRETCH_BYTES", stretch)
    data = content(5 * MIB + 77)
    done = put(circle, data)
    circle.away = {done.holders[1]}
    by = next(name for name in circle.names if name not in circle.away)
    dice = random.Random(stretch)
    for _ in range(12):
        start, stop = sorted(dice.choices(range(len(data) + 1), k=2))
        assert read(circle, done.manifest, by, start=start, stop=stop) == data[start:stop]
    assert read(circle, done.manifest, by) == data
    assert list(repair_object(circle.rings[by], done.manifest, hedge_s=5).made) == [1]
    circle.away = {done.holders[1], *done.holders[4:]}
    by = next(name for name in circle.names if name not in circle.away)
    assert read(circle, done.manifest, by) == data


def test_many_segments_cost_a_call_a_member(circle: Circle) -> None:
    done = put(circle, content(5 * MIB))
    calls = []
    ring = circle.rings[next(name for name in circle.names if name not in done.holders)]
    ask = ring.link.call

    def call(to: str, method: str, payload: bytes) -> bytes:
        calls.append(method)
        return ask(to, method, payload)

    ring.link.call = call  # type: ignore[method-assign]
    assert read(circle, done.manifest, ring.member) == content(5 * MIB)
    assert calls.count("spread.read") == 4


def test_who_is_to_hold_an_object_is_asked_and_others_only_where_shards_lack(
    circle: Circle,
) -> None:
    data = content(100_000)
    done = put(circle, data)
    by = next(name for name in circle.names if name not in done.holders)
    asked: list[str] = []
    ring = circle.rings[by]
    ask = ring.link.call

    def call(to: str, method: str, payload: bytes) -> bytes:
        if method == "spread.held":
            asked.append(to)
        return ask(to, method, payload)

    ring.link.call = call  # type: ignore[method-assign]
    assert read(circle, done.manifest, by) == data
    assert sorted(asked) == sorted(done.holders)
    # A shard that somebody else holds is found there.
    lost, kept = done.holders[2], asked.copy()
    circle.holding(lost).drop(done.manifest.cid)
    circle.away = {lost}
    assert list(repair_object(circle.rings[done.holders[0]], done.manifest).made) == [2]
    circle.away = {lost, *done.holders[4:]}
    asked.clear()
    assert read(circle, done.manifest, by) == data
    assert {*asked} == {*circle.names} - {by} > {*kept}


def test_a_range_reads_only_the_segments_and_shards_it_touches(circle: Circle) -> None:
    data = content(5 * MIB)
    done = put(circle, data)
    with Reader(circle.rings["m03"], done.manifest) as reader:
        assert b"".join(reader.read(MIB + 10, MIB + 2_000)) == data[MIB + 10 : MIB + 2_000]
        assert reader.read_bytes <= 2 * MIB // 4
    for start, stop in [(0, 1), (5 * MIB - 1, 5 * MIB), (5 * MIB, 6 * MIB), (3, 3), (7, 4 * MIB)]:
        assert read(circle, done.manifest, start=start, stop=stop) == data[start:stop]


@pytest.mark.parametrize(
    ("code", "share"), [("zz-4+2", 0.625), ("zz-8+2", 0.625), ("zz-6+3", 0.556), ("rs-4+2", 1.0)]
)
def test_a_lost_data_shard_is_repaired_from_the_planned_share_alone(
    circle: Circle, code: str, share: float
) -> None:
    profile, data = find_profile(code), content(2 * MIB)
    done = put(circle, data, code)
    loser = done.holders[1]
    circle.holding(loser).drop(done.manifest.cid)
    circle.away = {loser}
    ring = circle.rings[next(name for name in circle.names if name != loser)]
    repaired = repair_object(ring, done.manifest, hedge_s=5)
    assert list(repaired.made) == [1]
    assert repaired.made[1] not in done.holders
    whole = done.manifest.layout.shard_bytes(0)
    assert repaired.read_bytes <= (share + 0.01) * profile.k * whole
    circle.away = {loser, *done.holders[profile.k :]}
    assert read(circle, done.manifest, ring.member) == data


def test_each_lost_shard_goes_to_a_member_that_holds_none(circle: Circle) -> None:
    data = content(300_000)
    done = put(circle, data)
    for shard in (0, 5):
        circle.holding(done.holders[shard]).drop(done.manifest.cid)
    circle.away = {done.holders[0], done.holders[5]}
    ring = circle.rings[next(name for name in circle.names if name not in circle.away)]
    repaired = repair_object(ring, done.manifest, hedge_s=5)
    assert sorted(repaired.made) == [0, 5]
    held = ring.locate(done.manifest.cid).held
    assert sorted(held) == list(range(6))
    names = [name for names in held.values() for name in names]
    assert len(names) == len(set(names)) == 6
    assert repair_object(ring, done.manifest, hedge_s=5).made == {}


def test_a_circle_too_small_says_so_and_puts_nothing(tmp_path: Path) -> None:
    circle = Circle(tmp_path, 5)
    with pytest.raises(Unavailable, match=r"spread\.members"):
        put(circle, b"abc")
    assert put(circle, b"abc", "rs-2+1").missing == ()
    done = put(circle, content(9_999), "rs-3+2")
    circle.holding(done.holders[2]).drop(done.manifest.cid)
    circle.away = {done.holders[2]}
    ring = circle.rings[next(name for name in circle.names if name not in circle.away)]
    repaired = repair_object(ring, done.manifest, hedge_s=5)
    assert (repaired.made, repaired.missing) == ({}, (2,))


def test_who_lies_is_named_and_read_around(circle: Circle) -> None:
    data = content(MIB)
    done = put(circle, data)
    liar = done.holders[2]

    def lie(method: str, found: bytes) -> bytes:
        return bytes([found[0] ^ 1]) + found[1:] if method == "spread.read" else found

    circle.lies[liar] = lie
    by = next(name for name in circle.names if name != liar)
    with Reader(circle.rings[by], done.manifest, hedge_s=5) as reader:
        assert b"".join(reader.read()) == data
        assert reader.liars == [Liar(liar, 2, 0, 0)]
    circle.lies[liar] = lambda _, found: found + b"x"
    assert read(circle, done.manifest, by) == data
    circle.lies[liar] = lambda _, found: found[:-1]
    assert read(circle, done.manifest, by) == data


def test_a_slow_member_is_read_around_and_two_too_many_are_waited_for(circle: Circle) -> None:
    data = content(MIB)
    done = put(circle, data)
    by = next(name for name in circle.names if name not in done.holders)
    with Reader(circle.rings[by], done.manifest, hedge_s=0.2) as reader:
        circle.slow = {done.holders[0]}
        assert b"".join(reader.read()) == data
    circle.slow = set()
    with Reader(circle.rings[by], done.manifest, hedge_s=0.05) as reader:
        circle.slow = set(done.holders[:3])
        circle.released.set()
        assert b"".join(reader.read()) == data


def test_who_does_not_say_in_time_what_it_holds_is_read_around(circle: Circle) -> None:
    data = content(200_000)
    done = put(circle, data)
    by = next(name for name in circle.names if name not in done.holders)
    circle.slow = set(done.holders[1:3])
    located = circle.rings[by].locate(done.manifest.cid, 0.2)
    assert sorted(located.held) == [0, 3, 4, 5]
    assert not circle.slow.intersection(located.answered)
    assert read(circle, done.manifest, by) == data


def test_a_member_that_fails_while_an_object_is_put_is_left_out_and_told(circle: Circle) -> None:
    data, identifier = content(3 * MIB), circle.draw()

    class Failing(io.BytesIO):
        """After the first segment, somebody goes."""

        def readinto(self, room: Buffer, /) -> int:
            if self.tell() >= MIB:
                circle.away.add(goes)
            return super().readinto(room)

    code = find_profile("zz-4+2")
    goes = put_object(circle.rings["m00"], io.BytesIO(b""), identifier, code).holders[3]
    by = next(name for name in circle.names if name != goes)
    source = Failing(data)
    done = put_object(circle.rings[by], source, circle.draw(), segment_bytes=MIB)
    lost = [shard for shard, name in enumerate(done.holders) if name == goes]
    assert list(done.missing) == lost
    assert read(circle, done.manifest, by) == data


def test_a_member_that_is_away_for_a_moment_is_given_its_shard_after_all(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        circle.away = set()

    monkeypatch.setattr("time.sleep", pause)
    circle.rings["m00"].pauses_s = (0.25, 4.0)
    circle.away = set(circle.names[1:])
    assert put(circle, content(1_000)).missing == ()
    assert set(pauses) == {0.25}


def test_an_object_is_not_put_where_too_many_fail(circle: Circle) -> None:
    circle.away = set(circle.names[1:])
    with pytest.raises(Unavailable, match=r"spread\.lost"):
        put(circle, content(1_000))


def test_rot_on_a_disk_is_found_where_it_is_and_made_good(circle: Circle) -> None:
    data = content(2 * MIB + 5)
    done = put(circle, data)
    cid, name = done.manifest.cid, done.holders[1]
    path = circle.folder / name / cid.digest.hex() / "1"
    whole = bytearray(path.read_bytes())
    segment = done.manifest.layout.segment(1)
    whole[segment.piece_start + 3 * segment.sub_chunk_bytes] ^= 0x80
    path.write_bytes(whole)
    (found,) = circle.holding(name).scrub(cid)
    assert (found.shard, found.segment, found.sub_chunk) == (1, 1, 3)
    assert all(not list(circle.holding(each).scrub(cid)) for each in done.holders if each != name)
    assert read(circle, done.manifest) == data
    circle.holding(name).drop(cid, 1)
    ring = circle.rings[name]
    assert repair_object(ring, done.manifest, bad=[(name, 1)], hedge_s=5).made[1]
    assert read(circle, done.manifest) == data


def test_a_false_manifest_is_found_out_by_who_reads(circle: Circle) -> None:
    done = put(circle, content(100_000))
    with pytest.raises(Unavailable, match=r"spread\.lost"):
        circle.rings["m01"].find_manifest(
            put(circle, b"").manifest.cid.__class__(done.manifest.cid.raw[:-1] + b"\x00")
        )
    ring = circle.rings["m00"]
    other = Manifest.of(done.manifest.id, "m00", done.manifest.layout, [bytes(6 * 8 * 32)])
    with pytest.raises(Invalid, match=r"spread\.torn"):
        ring.finish(done.holders[0], other, 0)


def test_only_its_owner_drops_an_object(circle: Circle) -> None:
    done = put(circle, content(10_000), by="m02")
    holder, cid = done.holders[0], done.manifest.cid
    other = next(name for name in circle.names if name not in ("m02", holder))
    with pytest.raises(Denied, match=r"spread\.owner"):
        circle.rings[other].drop(holder, cid)
    freed = sum(circle.rings["m02"].drop(name, cid).freed for name in done.holders)
    assert freed == sum(done.manifest.layout.shard_bytes(shard) for shard in range(6))
    assert circle.rings["m02"].locate(cid).held == {}
    assert all(circle.holding(name).used_bytes == 0 for name in done.holders)


def test_a_quota_is_kept_and_a_restart_drops_what_was_never_whole(tmp_path: Path) -> None:
    circle = Circle(tmp_path, 6, quota_bytes=600_000)
    done = put(circle, content(500_000))
    assert done.missing == ()
    name = circle.names[1]
    held = circle.holding(name).used_bytes
    for holding in (each.own for each in circle.rings.values()):
        holding.quota_bytes = holding.used_bytes + 100_000
    with pytest.raises(Unavailable, match=r"spread\.lost.*bytes are held"):
        put(circle, content(2 * MIB))
    circle.holding(name).quota_bytes = 600_000
    assert circle.holding(name).used_bytes == held
    circle.rings["m00"].write(name, (circle.draw(), 0), 0, bytes(1_000))
    assert circle.holding(name).used_bytes == held + 1_000
    circle.open(name)
    shard = done.holders.index(name)
    size = done.manifest.layout.shard_bytes(shard) + len(done.manifest.data)
    assert circle.holding(name).used_bytes == size
    assert list(circle.holding(name).objects()) == [done.manifest.cid]


def test_what_comes_twice_or_from_another_changes_nothing(circle: Circle) -> None:
    ring, other = circle.rings["m00"], circle.rings["m01"]
    done = put(circle, content(50_000))
    holder = next(name for name in done.holders if name not in ("m00", "m01"))
    shard = done.holders.index(holder)
    ring.finish(holder, done.manifest, shard)
    identifier = circle.draw()
    ring.write(holder, (identifier, 0), 0, b"abc")
    held = circle.holding(holder).used_bytes
    ring.write(holder, (identifier, 0), 0, b"abc")
    assert circle.holding(holder).used_bytes == held
    other.write(holder, (identifier, 0), 0, b"xyz")
    part = circle.holding(holder).folder / "parts" / f"{identifier.hex()}-0-m00"
    assert part.read_bytes() == b"abc"
    with pytest.raises(NotFound, match=r"spread\.absent"):
        ring.read(holder, done.manifest.cid, ([0, 99], shard), [0])
    assert read(circle, done.manifest) == content(50_000)
