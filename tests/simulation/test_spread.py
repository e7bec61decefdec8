"""Seeded histories of a store among members: losses, rot, lies, slowness, crashes, full disks.

Objects within the code's promise, segment by segment, come back byte for byte; no wrong byte ever
comes out; whoever lied and was asked is named, and nobody whose disk is only rotten.
"""

from __future__ import annotations

import contextlib
import io
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from circles import Circle
from tallystick.base.codec import Cid, encode
from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.store.spread import care
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.mending import mend_shard
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Liar, Reader
from tallystick.kernel.store.spread.repairing import repair_object
from tallystick.kernel.store.zigzag.profile import find_profile

MEMBERS = 10
CODES = ["zz-4+2", "zz-6+3", "rs-3+2", "rs-1+1", ""]
"""The last: chosen by the object's size."""
STEPS = 14
MIB = 1024 * 1024
SIZES = [0, 1, 5_000, 70_000, 2 * MIB + 12_345]
"""The last: three segments."""
HEDGE_S = 0.04
SLOW_S = 0.15
"""What a slow member takes: more than is waited for a segment."""


class _Killed(Exception):
    """A repair that ends in the middle, as a process does."""


class History:
    """One seeded history."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.circle = Circle(folder, MEMBERS)
        self.circle.slow_s = SLOW_S
        self.objects: dict[Cid, tuple[Manifest, bytes]] = {}
        self.lying: set[str] = set()
        self.ever_lying: set[str] = set()
        self.liars: set[str] = set()
        self.lied: set[str] = set()
        self.claimed = 0
        self.told = self.slowed = self.mended = self.parted = 0

    def one(self) -> str:
        return self.dice.choice(self.circle.names)

    def step(self) -> None:
        acts = (self.put, self.go, self.come, self.rot, self.lose, self.lie, self.repair, self.fill)
        self.dice.choice((*acts, self.put, self.repair, self.come, self.rot, self.slow))()

    def put(self) -> None:
        data = self.dice.randbytes(self.dice.choice(SIZES))
        code = self.dice.choice(CODES)
        profile = find_profile(code) if code else None
        ring = self.circle.rings[self.one()]
        with contextlib.suppress(Unavailable):
            source, drawn = io.BytesIO(data), self.circle.draw()
            done = put_object(ring, source, drawn, profile, segment_bytes=MIB)
            self.objects[done.manifest.cid] = (done.manifest, data)

    def go(self) -> None:
        if len(self.circle.away) < 2:
            self.circle.away.add(self.one())

    def come(self) -> None:
        self.circle.away.clear()
        self.circle.slow.clear()

    def slow(self) -> None:
        """Let a member take longer than anybody waits who need not."""
        if len(self.circle.away | self.circle.slow) < 2:
            self.circle.slow.add(self.one())
            self.slowed += 1

    def rot(self) -> None:
        """Flip a bit of some shards' files, of one object at times, each elsewhere."""
        files = [p for p in self.circle.folder.glob("*/*/*") if p.name.isdigit()]
        files = [path for path in sorted(files) if path.stat().st_size]
        if files:
            home = self.dice.choice(files).parent.name
            same = [path for path in files if path.parent.name == home]
            for path in self.dice.sample(same, min(len(same), self.dice.choice([1, 1, 3]))):
                data = bytearray(path.read_bytes())
                data[self.dice.randrange(len(data))] ^= 1 << self.dice.randrange(8)
                path.write_bytes(data)

    def lose(self) -> None:
        """Have a member lose its disk, and begin again."""
        name = self.one()
        shutil.rmtree(self.circle.folder / name, ignore_errors=True)
        self.circle.open(name)

    def lie(self) -> None:
        name = self.one()
        if name in self.lying or len(self.lying) == 2:
            self.circle.lies.pop(name, None)
            self.lying.discard(name)
            return

        # Some say to hold every shard too, and some that the code has not.
        claims = self.dice.choice([None, None, range(6), range(32)])

        def change(method: str, found: bytes) -> bytes:
            if method == "spread.held" and claims is not None:
                self.claimed += 1
                return encode([*claims])
            if method != "spread.read" or not found:
                return found
            self.told += 1
            self.lied.add(name)
            return found[:-1] + bytes([found[-1] ^ 8])

        self.circle.lies[name] = change
        self.lying.add(name)
        self.ever_lying.add(name)

    def fill(self) -> None:
        """Let a member's disk be full for a while."""
        holding = self.circle.holding(self.one())
        holding.quota_bytes = holding.used_bytes + self.dice.choice([0, 2_000, 1 << 34])

    def repair(self) -> None:
        """Scrub, mend what is rotten, and repair every object; some repairs end in the middle."""
        for manifest, _ in self.objects.values():
            ring = self.circle.rings[self.one()]
            bad = self._mend_all(manifest)
            fatal = self.dice.random() < 0.2

            def pace(_: int, fatal: bool = fatal) -> None:
                if fatal:
                    raise _Killed

            with contextlib.suppress(Error, _Killed):
                found = repair_object(ring, manifest, bad=bad, hedge_s=HEDGE_S, pace=pace)
                self._name(found.liars)

    def _mend_all(self, manifest: Manifest) -> list[tuple[str, int]]:
        """Have who is there mend its own shards of an object; return what stays rotten."""
        bad = []
        for name in self.circle.names:
            if name in self.circle.away:
                continue
            rotten: dict[int, list[int]] = {}
            with contextlib.suppress(Error):
                for each in self.circle.holding(name).scrub(manifest.cid):
                    rotten.setdefault(each.shard, []).append(each.segment)
            for shard, places in rotten.items():
                ring = self.circle.rings[name]
                done = mend_shard(ring, manifest, (name, shard), places, hedge_s=HEDGE_S)
                self._name(done.liars)
                self.mended += len(done.places)
                if len(done.places) < len(places):
                    bad.append((name, shard))
        return bad

    def _name(self, liars: Iterable[Liar]) -> None:
        named = {each.member for each in liars}
        assert named <= self.ever_lying, f"{named - self.ever_lying} never lied"
        self.liars |= named

    def check(self, seed: int) -> None:
        """Read everything; what the code promises must come, and nothing wrong may."""
        for manifest, data in self.objects.values():
            ring = self.circle.rings[self.one()]
            profile, layout = manifest.layout.profile, manifest.layout
            good, rotten = self._good(manifest)
            lost = [place for place in good if len(good[place]) < profile.k]
            wholes = self._wholes(good)
            self.lied.clear()
            # Who is slow is read around; where nobody is, all who are asked have their say.
            hedge_s = HEDGE_S if self.circle.slow else 10
            with Reader(ring, manifest, hedge_s=hedge_s) as reader:
                try:
                    found = b"".join(reader.read())
                except Unavailable:
                    assert lost, f"seed {seed}: {profile.name} of {layout.segment_count}, {good}"
                    continue
                assert found == data, f"seed {seed}: wrong bytes"
                self._name(reader.liars)
                self.parted += bool(data) and wholes < profile.k
                if not self.circle.slow:
                    # Whose disk is rotten too can say that it is that.
                    missed = self.lied - rotten - {each.member for each in reader.liars}
                    assert not missed, f"seed {seed}: {missed} lied and are not named"

    @staticmethod
    def _wholes(good: dict[int, set[int]]) -> int:
        """Return how many shards are good in every segment."""
        return len(set.intersection(*good.values())) if good else 0

    def _good(self, manifest: Manifest) -> tuple[dict[int, set[int]], set[str]]:
        """Return by segment the shards that somebody who is there and honest holds rightly.

        And whoever holds something of the object that is rotten.
        """
        spoilt = set()
        layout = manifest.layout
        found: dict[int, set[int]] = {place: set() for place in range(layout.segment_count)}
        for name in self.circle.names:
            holding = self.circle.holding(name)
            with contextlib.suppress(Error):
                rotten = {(each.shard, each.segment) for each in holding.scrub(manifest.cid)}
                if rotten:
                    spoilt.add(name)
                if name not in self.circle.away | self.lying:
                    for shard in holding.shards_of(manifest.cid):
                        for place, shards in found.items():
                            if (shard, place) not in rotten:
                                shards.add(shard)
        return found, spoilt


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole history takes less time than for which a mended piece excuses who gave it."""
    monkeypatch.setattr(care, "MENDED_S", 0)


def play(folder: Path, seed: int) -> History:
    history = History(folder, seed)
    for _ in range(STEPS):
        history.step()
    history.check(seed)
    return history


def test_what_the_code_promises_comes_back_and_nothing_wrong_does(tmp_path: Path) -> None:
    played = []
    for seed in range(12):
        (tmp_path / f"{seed}").mkdir()
        played.append(play(tmp_path / f"{seed}", seed))
    found = [manifest.layout for each in played for manifest, _ in each.objects.values()]
    assert len(found) > 20
    assert len({layout.profile for layout in found}) == len(CODES)
    assert max(layout.segment_count for layout in found) == 3
    assert sum(each.told for each in played) > 0
    assert sum(each.slowed for each in played) > 0
    assert sum(each.claimed for each in played) > 0
    assert sum(each.mended for each in played) > 0
    assert set().union(*(each.liars for each in played))


def test_every_liar_that_is_asked_is_named(tmp_path: Path) -> None:
    history = History(tmp_path, 5)
    data = history.dice.randbytes(60_000)
    done = put_object(history.circle.rings["m00"], io.BytesIO(data), history.circle.draw())
    for name in done.holders[:2]:
        history.circle.lies[name] = lambda method, found: (
            found[:-1] + bytes([found[-1] ^ 8]) if method == "spread.read" else found
        )
    with Reader(history.circle.rings[done.holders[5]], done.manifest, hedge_s=10) as reader:
        assert b"".join(reader.read()) == data
        assert {each.member for each in reader.liars} == set(done.holders[:2])


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_histories_give_no_wrong_byte(tmp_path: Path, part: int) -> None:
    for seed in range(1_000 + 100 * part, 1_100 + 100 * part):
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        play(folder, seed).circle.released.set()
        # A slow member may still be at what nobody waits for: what it removes itself is gone too.
        shutil.rmtree(folder, ignore_errors=True)
