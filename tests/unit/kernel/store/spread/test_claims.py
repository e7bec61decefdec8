"""What members say they hold, or refuse to say, keeps nobody from what stands at others."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from circles import Circle, released
from tallystick.base import codec
from tallystick.base.codec import DAG_CBOR, Cid, decode, encode
from tallystick.base.errors import Denied, Error, NotFound, Unavailable
from tallystick.kernel.store.spread import reading
from tallystick.kernel.store.spread.putting import Put, put_object
from tallystick.kernel.store.spread.reading import LATE_MAX, Reader
from tallystick.kernel.store.spread.repairing import repair_object
from tallystick.kernel.store.spread.rot import write_flaws
from tallystick.kernel.store.zigzag.profile import find_profile

MIB = 1024 * 1024
DATA = random.Random(3).randbytes(7 * MIB + 333)
SEGMENTS = 8


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    found = Circle(tmp_path, 9)
    with released(found):
        yield found


def put(circle: Circle) -> Put:
    code = find_profile("zz-4+2")
    done = put_object(circle.rings["m00"], io.BytesIO(DATA), circle.draw(), code, segment_bytes=MIB)
    assert done.manifest.layout.segment_count == SEGMENTS
    return done


def outsiders(circle: Circle, done: Put) -> list[str]:
    return [name for name in circle.names if name not in done.holders]


def read(circle: Circle, done: Put, by: str, hedge_s: float = 10) -> Reader:
    """Read all of it, which must be right; return who read it."""
    with Reader(circle.rings[by], done.manifest, hedge_s=hedge_s) as reader:
        assert b"".join(reader.read()) == DATA
    return reader


def count_held(circle: Circle, by: str) -> list[str]:
    """Return the list of who is asked from now on what it holds."""
    asked: list[str] = []
    link = circle.rings[by].link
    call = link.call

    def counted(to: str, method: str, payload: bytes) -> bytes:
        if method == "spread.held":
            asked.append(to)
        return call(to, method, payload)

    link.call = counted  # type: ignore[method-assign]
    return asked


# ---- what is claimed


def make_anew(circle: Circle, done: Put, shards: int) -> None:
    """Have the first shards made anew at members beyond those that were to hold them."""
    for shard, name in enumerate(done.holders[:shards]):
        circle.holding(name).drop(done.manifest.cid)
        circle.away.add(name)
        found = repair_object(circle.rings[outsiders(circle, done)[0]], done.manifest, hedge_s=10)
        assert found.made == {shard: found.made[shard]}


def test_holders_whose_disks_rotted_keep_nobody_from_what_was_made_anew(circle: Circle) -> None:
    done = put(circle)
    kept = {
        name: circle.folder / name / done.manifest.cid.digest.hex() / f"{shard}"
        for shard, name in enumerate(done.holders[:3])
    }
    rotten = {path: bytes(path.stat().st_size) for path in kept.values()}
    make_anew(circle, done, 3)
    for name, path in kept.items():
        # They are back, and say to hold what they held.
        path.parent.mkdir(exist_ok=True)
        (path.parent / "manifest").write_bytes(done.manifest.data)
        path.write_bytes(rotten[path])
        circle.open(name)
        assert circle.holding(name).shards_of(done.manifest.cid) == (int(path.name),)
    circle.away.clear()
    for by in circle.names:
        assert not read(circle, done, by).liars


@pytest.mark.parametrize("claimed", [range(6), range(6, 32), [0, 0, 0, *range(1, 6)]])
def test_one_member_that_claims_every_shard_keeps_nobody_from_those_of_others(
    circle: Circle, claimed: list[int]
) -> None:
    done = put(circle)
    make_anew(circle, done, 2)
    liar = done.holders[2]

    def lie(method: str, found: bytes) -> bytes:
        if method == "spread.read":
            raise NotFound("spread.absent", "not here", cure="Ask another.")
        return encode([*claimed]) if method == "spread.held" else found

    circle.lies[liar] = lie
    for by in (outsiders(circle, done)[0], done.holders[3]):
        read(circle, done, by)
        with Reader(circle.rings[by], done.manifest, hedge_s=10) as reader:
            assert set(reader.holders) <= set(range(6))
            assert all(len(names) == len({*names}) for names in reader.holders.values())


def test_all_are_asked_once_where_too_little_is_found_and_else_nobody_more(circle: Circle) -> None:
    done = put(circle)
    by = outsiders(circle, done)[0]
    asked = count_held(circle, by)
    read(circle, done, by)
    assert sorted(asked) == sorted(done.holders), "in the ordinary case only who is to hold it"
    asked.clear()
    with Reader(circle.rings[by], done.manifest, hedge_s=10) as reader:
        for name in done.holders[:3]:
            circle.holding(name).drop(done.manifest.cid)
        for _ in range(3):
            with pytest.raises(Unavailable, match=r"spread\.lost.*3 of 6 shards"):
                reader.give(range(SEGMENTS), range(4))
    others = [name for name in circle.names if name != by]
    assert sorted(asked) == sorted([*done.holders, *others])


# ---- who is slow


def test_who_was_slow_is_not_waited_for_in_the_stretches_that_follow(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STRETCH_BYTES", 1)
    done, hedge_s = put(circle), 0.3
    slow = done.holders[0]
    with Reader(circle.rings[outsiders(circle, done)[0]], done.manifest, hedge_s=hedge_s) as reader:
        circle.slow = {slow}
        waited = []
        for place in range(SEGMENTS):
            began_s = time.monotonic()
            found = reader.give([place], range(4))[place]
            waited.append(time.monotonic() - began_s)
            every = range(done.manifest.layout.profile.alpha)
            assert done.manifest.find_wrong(place, 0, every, found[0]) is None
        assert waited[0] >= hedge_s, "it was waited for once"
        assert max(waited[1:]) < hedge_s
        assert not reader.liars


def test_who_was_slow_and_is_needed_is_asked_still_and_few_threads_wait_for_it(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STRETCH_BYTES", 1)
    done = put(circle)
    circle.slow_s = 0.15
    asking = dict.fromkeys(circle.names, 0)
    most = dict.fromkeys(circle.names, 0)
    with Reader(circle.rings[outsiders(circle, done)[0]], done.manifest, hedge_s=0.02) as reader:
        ask = reader.ring.link.ask

        def count(to: str, method: str, payload: bytes) -> object:
            with circle.lock:
                asking[to] += 1
                most[to] = max(most[to], asking[to])
            try:
                return ask(to, method, payload)
            finally:
                with circle.lock:
                    asking[to] -= 1

        reader.ring.link.ask = count  # type: ignore[method-assign,assignment]
        circle.slow = set(done.holders[:4])
        # Two of the four slow ones are needed in every segment.
        assert b"".join(reader.read()) == DATA
        circle.away = set(done.holders[4:])
        assert reader.give([0], range(4))[0], "the four slow ones are all that is left"
    assert 0 < max(most.values()) <= LATE_MAX


def test_a_shard_that_comes_from_another_need_not_come_from_who_is_late(circle: Circle) -> None:
    done = put(circle)
    twice, spare = done.holders[0], outsiders(circle, done)[:2]
    path = circle.folder / twice / done.manifest.cid.digest.hex()
    copy = circle.folder / spare[0] / path.name
    copy.mkdir(parents=True)
    for name in ("0", "manifest"):
        (copy / name).write_bytes((path / name).read_bytes())
    circle.open(spare[0])
    circle.slow_s = 60
    with Reader(circle.rings[spare[1]], done.manifest, hedge_s=0.1) as reader:
        circle.away = set(done.holders[4:])
        circle.slow = {twice}
        began_s = time.monotonic()
        assert b"".join(reader.read()) == DATA
        assert time.monotonic() - began_s < 20


# ---- who is asked whether its disk is rotten


def spoil(circle: Circle, done: Put, shard: int) -> Path:
    """Have a shard's file rot where it stands; return its folder."""
    home = circle.folder / done.holders[shard] / done.manifest.cid.digest.hex()
    path = home / f"{shard}"
    path.write_bytes(bytes(path.stat().st_size))
    return home


def test_who_has_a_rotten_manifest_beside_a_rotten_shard_is_no_liar(circle: Circle) -> None:
    done = put(circle)
    by = outsiders(circle, done)[0]
    read(circle, done, by)
    home = spoil(circle, done, 1)
    (home / "manifest").write_bytes(done.manifest.data[:-1] + b"x")
    reader = read(circle, done, by)
    assert {each.member for each in reader.wrong} == {done.holders[1]}
    assert not reader.liars


def test_who_cannot_note_its_rot_for_its_disk_is_full_is_no_liar(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = put(circle)
    home = spoil(circle, done, 1)

    def full(at: Path, flaws: dict[int, tuple[int, ...]]) -> None:
        if at == home:
            raise OSError(28, "No space left on device")
        write_flaws(at, flaws)

    monkeypatch.setattr("tallystick.kernel.store.spread.shelf.write_flaws", full)
    ring = circle.rings[outsiders(circle, done)[0]]
    with pytest.raises(Unavailable, match=r"spread\.disk"):
        circle.holding(done.holders[1]).care.check(done.manifest.cid, 1, [0])
    assert ring.find_admitted(done.holders[1], done.manifest.cid, 1, [0, 3]) == {0, 3}
    reader = read(circle, done, ring.member)
    assert {each.member for each in reader.wrong} == {done.holders[1]}
    assert not reader.liars


def test_who_drops_its_shard_before_it_is_asked_about_it_is_no_liar(circle: Circle) -> None:
    done = put(circle)
    spoil(circle, done, 1)

    def drop(method: str, found: bytes) -> bytes:
        if method == "spread.read":
            circle.holding(done.holders[1]).drop(done.manifest.cid)
        return found

    circle.lies[done.holders[1]] = drop
    reader = read(circle, done, outsiders(circle, done)[0])
    assert {each.member for each in reader.wrong} == {done.holders[1]}
    assert not reader.liars


def refusing(error: Error) -> Callable[[str, bytes], bytes]:
    """Return how somebody lies who gives wrong bytes and answers nothing else about them."""

    def lie(method: str, found: bytes) -> bytes:
        if method in {"spread.check", "spread.mend"}:
            raise error
        return bytes([found[0] ^ 1]) + found[1:] if method == "spread.read" else found

    return lie


REFUSED = {"message": "not now", "cure": "Try again."}


@pytest.mark.parametrize(
    ("error", "is_named"),
    [
        (Unavailable("spread.quota", **REFUSED), True),
        (Unavailable("spread.later", **REFUSED), True),
        (Denied("spread.left", **REFUSED), True),
        (NotFound("link.method", **REFUSED), True),
        (NotFound("spread.absent", **REFUSED), True),
        (Unavailable("link.lost", **REFUSED), False),
        (Unavailable("link.torn", **REFUSED), False),
        (Unavailable("link.busy", **REFUSED), False),
        (Denied("link.expired", **REFUSED), False),
    ],
    ids=lambda each: each.code if isinstance(each, Error) else f"{each}",
)
def test_who_answers_and_will_not_say_is_named_and_who_is_cut_off_is_not(
    circle: Circle, error: Error, is_named: bool
) -> None:
    done = put(circle)
    circle.lies[done.holders[1]] = refusing(error)
    reader = read(circle, done, outsiders(circle, done)[0])
    assert {each.member for each in reader.wrong} == {done.holders[1]}
    assert {each.member for each in reader.liars} == ({done.holders[1]} if is_named else set())


# ---- who tells for ever


def test_nothing_is_asked_after_a_survey_of_who_tells_for_ever(circle: Circle) -> None:
    pages = []

    def tell(_: str, payload: bytes) -> bytes:
        (after,) = decode(payload, codec.tuple_of(codec.octets(32)))
        first = int.from_bytes(after, "big") + 1
        pages.append(first)
        time.sleep(0.05)
        digests = [(first + at).to_bytes(32, "big") for at in range(4_096)]
        cids = [Cid(bytes((1, DAG_CBOR, 0x12, 32)) + digest) for digest in digests]
        return encode([0, 0, [[cid, [0]] for cid in cids]])

    circle.rings["m01"].link.serve({"spread.list": tell})
    told = circle.rings["m00"].survey(0.6)
    assert sorted(told) == [name for name in circle.names if name != "m01"]
    asked = len(pages)
    assert asked > 1
    time.sleep(1)
    assert len(pages) <= asked + 1, "the page that was on its way, and none after it"
