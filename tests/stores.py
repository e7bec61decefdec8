"""All members of a county in one process, who hold objects for one another and see to them."""

from __future__ import annotations

import io
import random
import shutil
import threading
from pathlib import Path
from typing import Final

from counties import START_MS, Town
from tallystick.base.clock import ManualClock
from tallystick.base.codec import Cid
from tallystick.county.founding import found_county
from tallystick.county.member import MEMBERS
from tallystick.kernel.store.spread.placement import order_members
from tallystick.services.storing.acts import Spreading, Wanted
from tallystick.services.storing.standing import Report
from tallystick.services.storing.tending import Rates, Tending

__all__ = ["CODE", "DATA", "NAMES", "Place", "found_small"]

NAMES: Final = (
    *("finance", "village", "credit-union", "newspaper", "agriculture", "cooperative"),
    "regulator",
)
"""The orderer first; three more than the shards of an object, to stand in."""

CODE: Final = "rs-2+2"
EAGER: Final = Rates(patience_s=0, grace_s=0, repair_bytes=1 << 40, scrub_bytes=1 << 40)
DATA: Final = random.Random(3).randbytes(50_000)


def found_small(folder: Path) -> Path:
    """Found a county of these members, and of no others."""
    county = folder / "county"
    chosen = [each for each in MEMBERS if each.name in NAMES]
    assert len(chosen) == len(NAMES)
    found_county(county, clock=ManualClock(START_MS), members=chosen)
    return county


class Place:
    """All members of a county in one process, each with its tending."""

    def __init__(self, town: Town) -> None:
        self.house = town.house
        self.names = [node.member for node in self.house.nodes()]
        self.ended = threading.Event()
        self.tending = {name: Tending(self.spread(name), self.ended, EAGER) for name in self.names}

    def spread(self, name: str) -> Spreading:
        return self.house.node(name).spreading

    def part(self, *away: str) -> None:
        """Have some members be away; none for all to be back."""
        here = [name for name in self.names if name not in away]
        self.house.network.partition(*([here, *([name] for name in away)] if away else []))

    def round(self, *names: str) -> dict[str, Report]:
        self.settle()
        found = {}
        for name in names or self.names:
            self.tending[name].scrub_round()
            found[name] = self.tending[name].round()
        return found

    def settle(self) -> None:
        """Have all members know what is recorded."""
        self.house.spread()
        for node in self.house.nodes():
            node.fold()

    def put(
        self,
        by: str = "village",
        party: bytes = b"",
        data: bytes = DATA,
        *,
        public: bool = False,
        code: str = CODE,
    ) -> Cid:
        wanted = Wanted(code=code, party=party, public=public)
        noted, done = self.spread(by).put(io.BytesIO(data), wanted)
        assert not done.missing
        self.settle()
        return noted.cid

    def holders(self, cid: Cid) -> dict[int, list[str]]:
        return self.spread("village").ring.locate(cid).held

    def order(self, cid: Cid) -> list[str]:
        """Return all members in the object's order: the first four are to hold it."""
        return order_members(self.spread("village").find_manifest(cid).id, self.names)

    def read(self, by: str, cid: Cid) -> bytes:
        opened = self.spread(by).open(cid)
        return b"".join(opened.read(0, opened.size))

    def lose_disk(self, name: str) -> None:
        shutil.rmtree(self.house.node(name).folder / "shards", ignore_errors=True)
        self.spread(name).ring.own.look()
