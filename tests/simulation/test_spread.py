"""Seeded histories of a store among members: losses, rot, lies, crashes, full disks.

Objects within the code's promise come back byte for byte, no wrong byte ever comes out, and whoever
gave one is named.
"""

from __future__ import annotations

import contextlib
import io
import random
import shutil
from pathlib import Path

import pytest

from circles import Circle
from tallystick.base.codec import Cid
from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Reader, repair_object
from tallystick.kernel.store.zigzag.profile import find_profile

MEMBERS = 10
CODES = ["zz-4+2", "zz-6+3", "rs-3+2", "rs-1+1", ""]
"""The last: chosen by the object's size."""
STEPS = 14


class _Killed(Exception):
    """A repair that ends in the middle, as a process does."""


class History:
    """One seeded history."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.circle = Circle(folder, MEMBERS)
        self.objects: dict[Cid, tuple[Manifest, bytes]] = {}
        self.lying: set[str] = set()
        self.liars: set[str] = set()
        self.told = 0

    def one(self) -> str:
        return self.dice.choice(self.circle.names)

    def step(self) -> None:
        acts = (self.put, self.go, self.come, self.rot, self.lose, self.lie, self.repair, self.fill)
        self.dice.choice((*acts, self.put, self.repair, self.come))()

    def put(self) -> None:
        data = self.dice.randbytes(self.dice.choice([0, 1, 5_000, 70_000]))
        code = self.dice.choice(CODES)
        profile = find_profile(code) if code else None
        ring = self.circle.rings[self.one()]
        with contextlib.suppress(Unavailable):
            done = put_object(ring, io.BytesIO(data), self.circle.draw(), profile)
            self.objects[done.manifest.cid] = (done.manifest, data)

    def go(self) -> None:
        if len(self.circle.away) < 2:
            self.circle.away.add(self.one())

    def come(self) -> None:
        self.circle.away.clear()

    def rot(self) -> None:
        """Flip a bit of a shard's file."""
        files = [p for p in self.circle.folder.glob("*/*/*") if p.name.isdigit()]
        files = [path for path in sorted(files) if path.stat().st_size]
        if files:
            path = self.dice.choice(files)
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

        def change(method: str, found: bytes) -> bytes:
            if method != "spread.read" or not found:
                return found
            self.told += 1
            return found[:-1] + bytes([found[-1] ^ 8])

        self.circle.lies[name] = change
        self.lying.add(name)

    def fill(self) -> None:
        """Let a member's disk be full for a while."""
        holding = self.circle.holding(self.one())
        holding.quota_bytes = holding.used_bytes + self.dice.choice([0, 2_000, 1 << 34])

    def repair(self) -> None:
        """Scrub, drop what is rotten, and repair every object; some repairs end in the middle."""
        for manifest, _ in self.objects.values():
            ring, bad = self.circle.rings[self.one()], []
            for name in self.circle.names:
                if name in self.circle.away:
                    continue
                with contextlib.suppress(Error):
                    rotten = {each.shard for each in self.circle.holding(name).scrub(manifest.cid)}
                    for shard in rotten:
                        self.circle.holding(name).drop(manifest.cid, shard)
                        bad.append((name, shard))
            fatal = self.dice.random() < 0.2

            def pace(_: int, fatal: bool = fatal) -> None:
                if fatal:
                    raise _Killed

            with contextlib.suppress(Error, _Killed):
                found = repair_object(ring, manifest, bad=bad, hedge_s=10, pace=pace)
                self.liars |= {each.member for each in found.liars}

    def check(self, seed: int) -> None:
        """Read everything; what the code promises must come, and nothing wrong may."""
        for manifest, data in self.objects.values():
            ring = self.circle.rings[self.one()]
            good = self._good(manifest)
            with Reader(ring, manifest, hedge_s=10) as reader:
                try:
                    found = b"".join(reader.read())
                except Unavailable:
                    profile = manifest.layout.profile
                    assert len(good) < profile.k, f"seed {seed}: {profile.name}, {good} are good"
                    continue
                assert found == data, f"seed {seed}: wrong bytes"
                self.liars |= {each.member for each in reader.liars}

    def _good(self, manifest: Manifest) -> set[int]:
        """Return the shards that somebody who is there and honest holds whole."""
        found = set()
        for name in self.circle.names:
            if name not in self.circle.away and name not in self.lying:
                holding = self.circle.holding(name)
                with contextlib.suppress(Error):
                    rotten = {each.shard for each in holding.scrub(manifest.cid)}
                    found |= set(holding.shards_of(manifest.cid)) - rotten
        return found


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
    assert sum(each.told for each in played) > 0
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
        play(folder, seed)
        shutil.rmtree(folder)
