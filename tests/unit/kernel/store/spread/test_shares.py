"""A holder's room: what one member may take of it before records speak of what it brought."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from circles import Circle
from tallystick.base.codec import Cid
from tallystick.base.errors import Unavailable
from tallystick.kernel.store.spread import holding as room
from tallystick.kernel.store.spread.manifest import Manifest, hash_pieces
from tallystick.kernel.store.spread.receipt import Vouching
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.profile import find_profile


@pytest.fixture
def circle(tmp_path: Path) -> Circle:
    return Circle(tmp_path, 5)


def counted(own: room.Holding) -> int:
    """Return the bytes of all that lies in a holder's folder and counts."""
    homes = [path for path in own.folder.glob("*/*") if path.name != "giver"]
    return sum(path.stat().st_size for path in homes)


class Records:
    """What the chain says is kept, of a holder's."""

    def __init__(self, own: room.Holding) -> None:
        self.kept: set[tuple[object, str]] = set()
        own.vouching = Vouching(
            member="m01",
            is_kept=lambda cid, owner: (cid, owner) in self.kept,
            now_ms=lambda: time.time_ns() // 1_000_000,
        )


def give(own: room.Holding, circle: Circle, data: bytes, by: str) -> Manifest:
    """Give a holder the one shard of an object, and its manifest."""
    layout = Layout(find_profile("rs-1+1"), len(data), 1 << 20)
    digests = [hash_pieces(each, [data, data]) for each in layout.segments()]
    manifest = Manifest.of(circle.draw(), by, layout, digests)
    own.write_piece(by, (manifest.id, 0), 0, data)
    own.finish(by, manifest, 0)
    return manifest


def test_a_stranger_fills_no_more_than_its_share(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SETTLE_S", 0)
    own = circle.holding("m01")
    own.quota_bytes = 40_000
    records = Records(own)
    first = give(own, circle, bytes(4_000), "m04")
    give(own, circle, b"a" * 4_000, "m04")
    with pytest.raises(Unavailable, match=r"spread\.share"):
        give(own, circle, b"b" * 4_000, "m04")
    # Parts are of the share too, and what another says it put is on whoever brought it.
    give(own, circle, b"c" * 4_000, "m03")
    records.kept.add((first.cid, "m02"))
    with pytest.raises(Unavailable, match=r"spread\.share"):
        own.write_piece("m04", (circle.draw(), 0), 0, b"d" * 4_000)
    records.kept.add((first.cid, "m04"))
    give(own, circle, b"e" * 4_000, "m04")
    assert own.used_bytes == counted(own)
    # After a restart it is the same that has brought it.
    again = room.Holding(own.folder, 40_000)
    with pytest.raises(Unavailable, match=r"spread\.share"):
        give(again, circle, b"f" * 4_000, "m04")
    give(again, circle, b"g" * 4_000, "m03")


def test_a_stranger_fills_no_folder_with_what_is_nothing(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "UNRECORDED_MAX", 3)
    own = circle.holding("m01")
    asked: list[str] = []

    def is_kept(_: Cid, owner: str) -> bool:
        asked.append(owner)
        return False

    own.vouching = Vouching(member="m01", is_kept=is_kept)
    for _ in range(3):
        give(own, circle, b"", "m04")
    asked.clear()
    for _ in range(5):
        with pytest.raises(Unavailable, match=r"spread\.share"):
            give(own, circle, b"", "m04")
    assert asked.count("m04") == 5 + 3, "each time about what comes, once about what has come"
    give(own, circle, b"", "m03")


def test_what_a_record_speaks_of_is_on_nobodys_share(circle: Circle) -> None:
    own = circle.holding("m01")
    own.quota_bytes = 40_000
    own.vouching = Vouching(member="m01", is_kept=lambda _, owner: owner == "m02")
    kept = [give(own, circle, bytes([at]) * 4_000, "m02") for at in range(6)]
    assert not own.unrecorded()
    assert all(own.shards_of(each.cid) for each in kept)


def test_a_manifest_takes_room_as_all_else_does(circle: Circle) -> None:
    own = circle.holding("m01")
    give(own, circle, b"", "m04")
    own.quota_bytes = own.used_bytes * room.SHARES + 10
    with pytest.raises(Unavailable, match=r"spread\.share"):
        give(own, circle, b"", "m04")
    own.quota_bytes = own.used_bytes + 10
    own.vouching = Vouching(member="m01", is_kept=lambda *_: True)
    with pytest.raises(Unavailable, match=r"spread\.quota"):
        give(own, circle, b"", "m03")
    assert own.used_bytes == counted(own) > 0


def test_where_there_is_no_room_the_oldest_that_no_record_speaks_of_goes_first(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SETTLE_S", 0)
    own = circle.holding("m01")
    own.quota_bytes = 20_000
    records = Records(own)
    found = [give(own, circle, bytes([at]) * 4_000, f"m0{at}") for at in range(4)]
    for at, each in enumerate(found):
        os.utime(own.folder / each.cid.digest.hex() / "manifest", (1_000 + at, 1_000 + at))
    own = room.Holding(own.folder, 20_000)
    records = Records(own)
    records.kept.add((found[0].cid, "m00"))
    give(own, circle, b"x" * 4_000, "m04")
    assert [bool(own.shards_of(each.cid)) for each in found] == [True, False, True, True]
    for each in found:
        records.kept.add((each.cid, each.owner))
    with pytest.raises(Unavailable, match=r"spread\.quota"):
        give(own, circle, b"y" * 4_000, "m03")
    assert own.used_bytes == counted(own)
