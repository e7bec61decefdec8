"""Lost shards are made anew, and shards are put, whoever is full, refuses, lies or is away."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from circles import Circle, released
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import encode
from tallystick.base.errors import Denied
from tallystick.kernel.store.spread.placement import order_members
from tallystick.kernel.store.spread.putting import Put, put_object
from tallystick.kernel.store.spread.reading import Liar, Reader
from tallystick.kernel.store.spread.repairing import Repaired, draw_spot, repair_object
from tallystick.kernel.store.zigzag.profile import find_profile

MIB = 1024 * 1024
DATA = random.Random(8).randbytes(3 * MIB + 77)
CODE = find_profile("zz-4+2")


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    found = Circle(tmp_path, 9)
    with released(found):
        yield found


def put(circle: Circle, data: bytes = DATA) -> Put:
    ring = circle.rings["m00"]
    return put_object(ring, io.BytesIO(data), circle.draw(), CODE, segment_bytes=MIB)


def lose(circle: Circle, done: Put, *shards: int) -> list[str]:
    """Have the holders of some shards lose them and be away; return the spares, in order."""
    for shard in shards:
        circle.holding(done.holders[shard]).drop(done.manifest.cid)
        circle.away.add(done.holders[shard])
    order = order_members(done.manifest.id, circle.names)
    return [name for name in order if name not in done.holders]


def repair(circle: Circle, done: Put, by: str, **how: object) -> Repaired:
    return repair_object(circle.rings[by], done.manifest, hedge_s=5, **how)  # type: ignore[arg-type]


def held(circle: Circle, done: Put) -> dict[str, tuple[int, ...]]:
    """Return what members truly hold."""
    found = {name: circle.holding(name).shards_of(done.manifest.cid) for name in circle.names}
    return {name: shards for name, shards in found.items() if shards}


# ---- members that refuse


def test_a_full_member_keeps_no_shard_from_being_made(circle: Circle) -> None:
    done = put(circle)
    full, second, third = lose(circle, done, 1, 4)
    circle.holding(full).quota_bytes = 0
    found = repair(circle, done, done.holders[0])
    assert found.made == {1: third, 4: second}
    assert (found.missing, found.refusals) == ((), {full: "spread.quota"})
    assert held(circle, done).keys() == {second, third, *(done.holders[at] for at in (0, 2, 3, 5))}
    circle.away |= {done.holders[0], done.holders[2]}
    with Reader(circle.rings["m00"], done.manifest, hedge_s=5) as reader:
        assert b"".join(reader.read()) == DATA


@pytest.mark.parametrize("stretch", [1, 64 * MIB])
def test_a_member_that_is_full_in_the_middle_has_its_shard_given_to_the_next_from_the_start(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr("tallystick.kernel.store.spread.reading.STRETCH_BYTES", stretch)
    done = put(circle)
    full, second, third = lose(circle, done, 0, 3)
    # There is room for its first pieces, and no more.
    circle.holding(full).quota_bytes = MIB // 2 + 4_096
    monkeypatch.setattr("tallystick.kernel.store.spread.holding.SHARES", 1)
    found = repair(circle, done, done.holders[1])
    assert found.made == {0: third, 3: second}
    assert found.refusals == {full: "spread.quota"}
    assert circle.holding(full).used_bytes == 0, "what it took before is not left there"
    for name in (second, third):
        assert not list(circle.holding(name).scrub(done.manifest.cid))


@pytest.mark.parametrize("method", ["spread.piece", "spread.finish"])
def test_whoever_refuses_at_any_step_is_passed_over(circle: Circle, method: str) -> None:
    done = put(circle)
    foe, second, third = lose(circle, done, 2, 5)

    def refuse(_: str, __: bytes) -> bytes:
        raise Denied("spread.erased", "it is not", cure="None.")

    circle.rings[foe].link.serve({method: refuse})
    found = repair(circle, done, done.holders[1])
    assert sorted(found.made) == [2, 5]
    assert set(found.made.values()) == {second, third}
    assert (found.missing, found.refusals) == ((), {foe: "spread.erased"})


def test_what_nobody_takes_is_missing_and_the_rest_is_made(circle: Circle) -> None:
    done = put(circle)
    full, other, last = lose(circle, done, 0, 1)
    for name in (full, last):
        circle.holding(name).quota_bytes = 0
    found = repair(circle, done, done.holders[2])
    assert list(found.made.values()) == [other]
    assert len(found.missing) == 1
    assert found.refusals == {full: "spread.quota", last: "spread.quota"}
    # Who has room again is given it.
    circle.holding(full).quota_bytes = 1 << 30
    found = repair(circle, done, done.holders[2])
    assert (list(found.made.values()), found.missing) == ([full], ())


# ---- members that lie


def test_who_claims_all_shards_and_gives_none_keeps_nothing_from_being_made(
    circle: Circle,
) -> None:
    done = put(circle)
    spares = lose(circle, done, 0, 3)
    liar = done.holders[2]
    circle.lies[liar] = lambda method, told: (
        encode([*range(6), 31, 0]) if method == "spread.held" else told
    )
    found = repair(circle, done, spares[2])
    assert found.made == {0: spares[0], 3: spares[1]}
    assert (found.missing, found.liars) == ((), ()), "it gave no wrong bytes"
    assert held(circle, done)[liar] == (2,)


def test_who_claims_a_shard_and_holds_none_is_given_none(circle: Circle) -> None:
    done = put(circle)
    liar, second, _ = lose(circle, done, 3)
    circle.lies[liar] = lambda method, told: encode([3]) if method == "spread.held" else told
    assert repair(circle, done, done.holders[1]).made == {3: second}


def test_who_gives_wrong_bytes_of_what_it_claims_is_named(circle: Circle) -> None:
    done = put(circle)
    liar, second, _ = lose(circle, done, 3)
    circle.rings[liar].link.serve(
        {
            "spread.held": lambda *_: encode([3]),
            "spread.read": lambda *_: b"x",
            "spread.check": lambda *_: encode([]),
        }
    )
    listed = [(name, shard) for shard, name in enumerate(done.holders)]
    one = SeededEntropy("one")
    found = repair(circle, done, done.holders[1], listed=listed, entropy=one)
    spot = draw_spot(done.manifest, 3, SeededEntropy("one"))
    assert spot is not None
    assert found.liars == (Liar(liar, 3, *spot),)
    assert found.made == {3: second}


def test_a_member_that_takes_long_over_a_try_is_not_waited_for(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.kernel.store.spread.repairing.TRY_S", 0.5)
    done = put(circle)
    liar, second, _ = lose(circle, done, 3)

    def wait(_: str, __: bytes) -> bytes:
        circle.released.wait(20)
        return b""

    circle.rings[liar].link.serve({"spread.held": lambda *_: encode([3]), "spread.read": wait})
    found = repair(circle, done, done.holders[1])
    assert (found.made, found.liars) == ({3: second}, ())


def test_what_members_hold_is_believed_once_it_is_tried_and_not_tried_where_it_is_listed(
    circle: Circle,
) -> None:
    done = put(circle)
    by = next(name for name in circle.names if name not in done.holders)
    asked: list[str] = []
    ring = circle.rings[by]
    ask = ring.link.ask

    def count(to: str, method: str, payload: bytes) -> object:
        asked.append(to)
        return ask(to, method, payload)

    ring.link.ask = count  # type: ignore[method-assign, assignment]
    told: list[int] = []
    found = repair(circle, done, by, pace=told.append)
    assert (found.made, found.missing, found.read_bytes) == ({}, (), 0)
    assert sorted(asked) == sorted(done.holders), "one sub-chunk of each"
    assert sum(told) > 0
    asked.clear()
    listed = [(name, shard) for shard, name in enumerate(done.holders)]
    assert repair(circle, done, by, listed=listed).made == {}
    assert not asked


def test_a_spot_is_drawn_where_a_shard_has_bytes(circle: Circle) -> None:
    # The last segment has bytes of the first shard alone.
    done = put(circle, DATA[: MIB + 10])
    layout = done.manifest.layout
    entropy = SeededEntropy("spots")
    for shard in range(6):
        seen = set()
        for _ in range(60):
            spot = draw_spot(done.manifest, shard, entropy)
            assert spot is not None
            place, x = spot
            start, end = layout.segment(place).span(shard, x)
            assert end > start
            seen.add(place)
        kept = {at for at in range(layout.segment_count) if layout.segment(at).kept_bytes(shard)}
        assert seen == kept
    assert draw_spot(put(circle, b"").manifest, 0, entropy) is None


# ---- putting while members are away


def test_who_is_away_is_stood_in_for_by_the_next_in_order(circle: Circle) -> None:
    order = order_members(bytes(16), circle.names)
    gone = {name for name in (order[1], order[4], order[6]) if name != "m00"}
    circle.away = gone
    by = next(name for name in circle.names if name not in gone)
    done = put_object(circle.rings[by], io.BytesIO(DATA), bytes(16), CODE, segment_bytes=MIB)
    assert done.missing == ()
    at_home = [name for name in order[:6] if name not in gone]
    assert [name for name in done.holders if name in order[:6]] == at_home
    for shard, name in enumerate(order[:6]):
        assert name in gone or done.holders[shard] == name
    up = [name for name in order[6:] if name not in gone]
    assert {*done.holders} - {*at_home} == {*up[: 6 - len(at_home)]}
    assert held(circle, done) == {name: (shard,) for shard, name in enumerate(done.holders)}


def test_as_long_as_enough_members_are_up_every_put_is_whole(circle: Circle) -> None:
    circle.away = set(circle.names[-3:])
    for data in (b"", DATA[:1], DATA[:9_000]):
        for _ in range(6):
            done = put(circle, data)
            assert done.missing == ()
            assert not circle.away.intersection(done.holders)
            assert held(circle, done) == {n: (shard,) for shard, n in enumerate(done.holders)}
    circle.away = set(circle.names[-4:])
    assert len(put(circle).missing) == 1


def test_who_refuses_a_shard_that_is_put_is_not_stood_in_for(circle: Circle) -> None:
    identifier = circle.draw()
    full = order_members(identifier, circle.names)[2]
    circle.holding(full).quota_bytes = 0
    done = put_object(circle.rings["m00"], io.BytesIO(DATA), identifier, CODE, segment_bytes=MIB)
    assert (done.holders[2], done.missing) == (full, (2,))
