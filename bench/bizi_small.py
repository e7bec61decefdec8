"""Small objects among members: each in copies, each in shards, or many packed and then in shards.

For each size, what a byte takes at all members, what one object costs to put and to read, and what
is read and asked when one holder is lost: bytes of content, manifests and heads, and calls. Members
are real and in this process; a call's heads are counted as over HTTP. Copies are the code `rs-1+2`,
as sure as `zz-4+2`. A pack is an object of `PACK` bytes made of as many small ones as it takes.
Each object costs each member `ENTRY` bytes of its chain in every way: the record that names it, or
that says where in a pack it stands, which nobody keeps yet.
"""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bizi_members import CLIENT, Keeper, Outside, Peers
from bizi_ways import draw_name

from tallystick.kernel.link.base import Link
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Reader
from tallystick.kernel.store.spread.repairing import repair_object
from tallystick.kernel.store.zigzag.profile import find_profile

__all__ = ["run"]

KIB: Final = 1024
SIZES: Final = tuple(2**power * KIB for power in range(7))
PACK: Final = 1024 * KIB
MEMBERS: Final = 12
HEADS: Final = 1_033
"""Bytes of a signed request and its answer over HTTP beside what they carry."""
ENTRY: Final = 160
"""Bytes of a record in a member's chain, one an object."""
WAYS: Final = (("copies", "rs-1+2"), ("shards", "zz-4+2"), ("packed", "zz-4+2"))


@dataclass
class _Counting:
    """A link whose calls and bytes are counted."""

    link: Link
    calls: int = 0
    passed: int = 0

    @property
    def member(self) -> str:
        return self.link.member

    def call(self, to: str, method: str, payload: bytes) -> bytes:
        found = self.link.call(to, method, payload)
        self.calls += 1
        self.passed += len(payload) + len(found) + HEADS
        return found

    def serve(self, handlers: Any) -> None:  # noqa: ANN401 - handed on
        self.link.serve(handlers)

    def peers(self) -> list[str]:
        return self.link.peers()

    def close(self) -> None:
        self.link.close()

    def count(self, work: Callable[[], object]) -> tuple[int, int]:
        """Return the calls and bytes that a work makes."""
        before = self.calls, self.passed
        work()
        return self.calls - before[0], self.passed - before[1]


class _Members:
    """Members in this process, and somebody outside who asks them."""

    def __init__(self, folder: Path) -> None:
        network, names = Network(), [draw_name(number) for number in range(MEMBERS)]
        self.keepers = {name: Keeper(folder / name) for name in names}
        for name, keeper in self.keepers.items():
            keeper.serve(network.join(name))
        self.link = _Counting(Peers(network.join(CLIENT), names))
        self.ring = Outside(self.link, folder / CLIENT)

    def used(self) -> int:
        """Return the bytes of all shards and manifests."""
        found = 0
        for keeper in self.keepers.values():
            found += sum(path.stat().st_size for path in keeper.holding.folder.glob("*/*"))
        return found


def _measure(members: _Members, way: str, code: str, size: int) -> dict[str, Any]:
    """Put one object, or one pack, read one small object of it, lose a data shard and repair."""
    packed = PACK // size if way == "packed" else 1
    data = random.Random(f"{way} {size}").randbytes(size * packed)  # noqa: S311 - content
    identifier = random.Random(f"{way} {size} id").randbytes(16)  # noqa: S311 - a bench's own
    before, link, ring = members.used(), members.link, members.ring
    found: list[Any] = []
    put = link.count(
        lambda: found.append(put_object(ring, io.BytesIO(data), identifier, find_profile(code)))
    )
    stored = members.used() - before + (ENTRY * MEMBERS * packed)
    manifest: Manifest = found[0].manifest

    def read() -> None:
        with Reader(ring, ring.find_manifest(manifest.cid), hedge_s=20) as reader:
            assert b"".join(reader.read(0, size)) == data[:size]

    reading = link.count(read)
    members.keepers[found[0].holders[0]].holding.drop(manifest.cid)
    repaired: list[Any] = []
    repairing = link.count(lambda: repaired.append(repair_object(ring, manifest, hedge_s=20)))
    assert repaired[0].made.keys() == {0}
    return {
        "way": way,
        "size": size,
        "stored": round(stored / len(data), 3),
        "put_calls": round(put[0] / packed, 3),
        "put_bytes": round(put[1] / len(data), 3),
        "read_calls": reading[0],
        "read_bytes": round(reading[1] / size, 2),
        "repair_read": round(repaired[0].read_bytes / manifest.layout.shard_bytes(0), 3),
        "repair_calls": round(repairing[0] / packed, 3),
        "repair_bytes": round(repairing[1] / len(data), 3),
    }


def run() -> list[dict[str, Any]]:
    """Return a row for each size and way."""
    with tempfile.TemporaryDirectory() as name:
        members = _Members(Path(name))
        rows = [_measure(members, way, code, size) for size in SIZES for way, code in WAYS]
        for keeper in members.keepers.values():
            keeper.close()
    return rows


if __name__ == "__main__":
    for row in run():
        print(row)
