"""Seeded histories of a county whose members hold objects for one another and see to them.

Members go and come, lose disks, rot; objects are put and erased. As long as no more shards are gone
than the code makes good, every object reads as it was put, wherever it is asked for; once all are
there, a few rounds make every object whole again, each shard where it belongs and nowhere else; and
nothing is left anywhere of what was erased.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from counties import open_town
from stores import CODE, Place, found_small
from tallystick.base.clock import SystemClock
from tallystick.base.codec import Cid
from tallystick.base.errors import NotFound
from tallystick.kernel.store.spread.putting import SMALL_BYTES

LOSSES = 2
SHARE = 0.7
ROUNDS = 3


class Past:
    """One seeded history."""

    def __init__(self, place: Place, seed: int) -> None:
        self.place = place
        self.seed = seed
        self.dice = random.Random(seed)
        self.objects: dict[Cid, tuple[str, bytes]] = {}
        self.erased: list[Cid] = []
        self.away: set[str] = set()
        self.broken: set[str] = set()
        """Members that have lost or spoilt shards since all was whole."""
        self.needed = {"village", "finance"}
        """Who puts and who orders are never away: what is recorded needs both."""

    def play(self, steps: int) -> None:
        for _ in range(steps):
            acts = (self.put, self.put, self.erase, self.go, self.come, self.lose, self.rot)
            self.dice.choice((*acts, self.tend, self.tend, self.heal))()
            self.check()
        self.heal()
        self.check()

    def one(self) -> str:
        return self.dice.choice([name for name in self.place.names if name not in self.away])

    def put(self) -> None:
        if not self.away:
            data = self.dice.randbytes(self.dice.choice([0, 1, 3_000, 80_000]))
            # Of small ones some are kept as copies, as whoever names no code has them.
            code = "" if len(data) < SMALL_BYTES and self.dice.random() < SHARE else CODE
            self.objects[self.place.put(data=data, public=True, code=code)] = ("village", data)

    def erase(self) -> None:
        if self.objects:
            cid = self.dice.choice(list(self.objects))
            self.place.spread("village").erase(cid)
            del self.objects[cid]
            self.erased.append(cid)
            self.place.settle()

    def go(self) -> None:
        name = self.dice.choice(self.place.names)
        if name not in self.needed and len(self.away | self.broken | {name}) <= LOSSES:
            self.away.add(name)
            self.place.part(*self.away)

    def come(self) -> None:
        self.away.clear()
        self.place.part()
        self.place.settle()

    def lose(self) -> None:
        name = self.one()
        if len(self.away | self.broken | {name}) <= LOSSES:
            self.place.lose_disk(name)
            self.broken.add(name)

    def rot(self) -> None:
        name = self.one()
        files = sorted((self.place.house.node(name).folder / "shards").glob("*/[0-9]*"))
        files = [path for path in files if path.stat().st_size]
        if files and len(self.away | self.broken | {name}) <= LOSSES:
            path = self.dice.choice(files)
            data = bytearray(path.read_bytes())
            data[self.dice.randrange(len(data))] ^= 1 << self.dice.randrange(8)
            path.write_bytes(data)
            self.broken.add(name)

    def tend(self) -> None:
        """Let some members see to their objects, in any order, whoever is away."""
        names = [name for name in self.place.names if name not in self.away]
        self.place.round(*self.dice.sample(names, self.dice.randrange(1, 5)))

    def heal(self) -> None:
        """Let all come back and see to everything: then all is as it should be."""
        self.come()
        for _ in range(ROUNDS):
            names = list(self.place.names)
            self.dice.shuffle(names)
            self.place.round(*names)
        self.broken.clear()
        for cid in self.objects:
            held = self.place.holders(cid)
            names = [name for each in held.values() for name in each]
            n = self.place.spread("village").find_manifest(cid).layout.profile.n
            told = f"seed {self.seed}: {held}, home is {self.place.order(cid)[:n]}"
            assert sorted(held) == [*range(n)], told
            assert sorted(names) == sorted(self.place.order(cid)[:n]), told
        for cid in self.erased:
            assert not self.place.holders(cid), f"seed {self.seed}: erased and held"
            said = self.place.spread("village").book.receipts(cid)
            assert set(said) == set(self.place.names)

    def check(self) -> None:
        for cid, (_, data) in self.objects.items():
            assert self.place.read(self.one(), cid) == data, f"seed {self.seed}"
        for cid in self.erased:
            with pytest.raises(NotFound):
                self.place.read("village", cid)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found_small(tmp_path_factory.mktemp("founded"))


@contextmanager
def opened(founded: Path, folder: Path) -> Iterator[Place]:
    with open_town(shutil.copytree(founded, folder / "county"), SystemClock()) as town:
        yield Place(town)


def test_objects_outlive_what_befalls_their_members(founded: Path, tmp_path: Path) -> None:
    with opened(founded, tmp_path) as place:
        Past(place, 8).play(6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_histories_of_objects(founded: Path, tmp_path: Path, seed: int) -> None:
    with opened(founded, tmp_path) as place:
        Past(place, seed).play(16)
