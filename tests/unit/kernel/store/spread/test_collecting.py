"""What goes for want of room or a record, and whose an object is once its manifest has rotted."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from circles import Circle
from tallystick.base.codec import Cid, encode
from tallystick.base.errors import Denied, Invalid, Unavailable
from tallystick.kernel.store.spread import holding as room
from tallystick.kernel.store.spread.manifest import Manifest, hash_pieces
from tallystick.kernel.store.spread.receipt import Receipt, Vouching
from tallystick.kernel.store.spread.serving import answer_for
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.profile import find_profile

QUOTA_BYTES = 20_000
BROUGHT_MS = 1_700_000_000_000
LATE = Vouching(member="m01", now_ms=lambda: BROUGHT_MS + 100_000 * room.LAPSE_S)
"""By its clock all has been held for long."""


@pytest.fixture
def circle(tmp_path: Path) -> Circle:
    return Circle(tmp_path, 5)


def give(
    own: room.Holding, circle: Circle, owner: str, by: str = "", count: int = 4_000
) -> Manifest:
    """Give a holder the one shard of an object, and have it held for years."""
    data = b"x" * count
    layout = Layout(find_profile("rs-1+1"), len(data), 1 << 20)
    digests = [hash_pieces(each, [data, data]) for each in layout.segments()]
    manifest = Manifest.of(circle.draw(), owner, layout, digests)
    own.write_piece(by or owner, (manifest.id, 0), 0, data)
    own.finish(by or owner, manifest, 0)
    age(home(own, manifest.cid) / "manifest")
    return manifest


def age(path: Path) -> None:
    os.utime(path, (BROUGHT_MS // 1_000, BROUGHT_MS // 1_000))


def home(own: room.Holding, cid: Cid) -> Path:
    return own.folder / cid.digest.hex()


def spoil(path: Path, at: int = 30, bits: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bits
    path.write_bytes(data)


def reopen(own: room.Holding) -> room.Holding:
    """Return the folder as it is found by the next start."""
    return room.Holding(own.folder, QUOTA_BYTES)


def test_for_want_of_room_nothing_goes_that_the_own_chain_has_not_come_past(
    circle: Circle,
) -> None:
    own = circle.holding("m01")
    found = [give(own, circle, f"m0{at}") for at in range(4)]
    own = reopen(own)
    own.vouching = LATE
    # Its copy of the chain stands still at the very end of the time for which they may stay.
    come_ms = [BROUGHT_MS + 1_000 * room.LAPSE_S]
    own.chain_ms = lambda: come_ms[0]
    with pytest.raises(Unavailable, match=r"spread\.quota"):
        give(own, circle, "m04")
    assert all(own.shards_of(each.cid) for each in found)
    come_ms[0] += 1
    give(own, circle, "m04")
    assert sum(bool(own.shards_of(each.cid)) for each in found) == 3


def test_for_want_of_room_nothing_goes_of_which_nobody_can_say_whose_it_is(
    circle: Circle,
) -> None:
    own = circle.holding("m01")
    kept = [give(own, circle, f"m0{at}") for at in range(4)]
    for each in kept:
        # As it was noted before owners were, and then the disk rotted.
        (home(own, each.cid) / "giver").write_text("m00", encoding="utf-8")
        spoil(home(own, each.cid) / "manifest")
        age(home(own, each.cid) / "manifest")
    own = reopen(own)
    own.vouching = LATE
    with pytest.raises(Unavailable, match=r"spread\.quota"):
        give(own, circle, "m04")
    assert all(own.shards_of(each.cid) for each in kept)


def test_the_owner_alone_has_its_shard_dropped_where_the_manifest_has_rotted(
    circle: Circle,
) -> None:
    own = circle.holding("m01")
    manifest = give(own, circle, "m02", by="m03")
    spoil(home(own, manifest.cid) / "manifest")
    own = reopen(own)
    drop = answer_for(own, Vouching(member="m01"))["spread.drop"]
    for other in ("m03", "m04"):
        with pytest.raises(Denied, match=r"spread\.owner"):
            drop(other, encode([manifest.cid]))
    assert own.shards_of(manifest.cid) == (0,)
    assert Receipt.read(drop("m02", encode([manifest.cid]))).freed == 4_000
    assert not home(own, manifest.cid).exists()


@pytest.mark.parametrize("at", [0, 2, 3, 4, 5, 6, 8, 15, 21])
@pytest.mark.parametrize("bits", [1, 0x80])
def test_a_note_that_has_rotted_makes_nobody_else_the_owner(
    circle: Circle, at: int, bits: int
) -> None:
    own = circle.holding("m01")
    manifest = give(own, circle, "m02", by="m03")
    note = home(own, manifest.cid) / "giver"
    spoil(note, at, bits)
    rotten = note.read_bytes()
    own = reopen(own)
    assert own.shards_of(manifest.cid) == (0,), "no shard goes for what is noted beside it"
    assert own.owner_of(manifest.cid) == "m02"
    note.write_bytes(rotten)
    spoil(home(own, manifest.cid) / "manifest")
    own = reopen(own)
    found = ""
    with suppress(Invalid):
        found = own.owner_of(manifest.cid)
    # What has rotted of the note may be the giver's name alone.
    assert found == ("m02" if at < len("m03") else "")


def test_whose_it_is_is_noted_of_what_was_kept_before_while_its_manifest_is_sound(
    circle: Circle,
) -> None:
    own = circle.holding("m01")
    manifest = give(own, circle, "m02", by="m03")
    (home(own, manifest.cid) / "giver").write_text("m03", encoding="utf-8")
    own = reopen(own)
    before = own.used_bytes
    assert own.owner_of(manifest.cid) == "m02"
    assert own.used_bytes == before
    spoil(home(own, manifest.cid) / "manifest")
    assert reopen(own).owner_of(manifest.cid) == "m02"
    own.look()
    assert own.owner_of(manifest.cid) == "m02"
