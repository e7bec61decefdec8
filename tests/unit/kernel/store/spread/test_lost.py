"""An object that cannot be put or read: the error says what it is, and what helps with that."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from circles import Circle, released
from tallystick.base.errors import Unavailable
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Reader
from tallystick.kernel.store.zigzag.profile import find_profile

DATA = random.Random(7).randbytes(100_000)
CODE = find_profile("rs-2+1")


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    found = Circle(tmp_path, 4)
    with released(found):
        yield found


def put(circle: Circle) -> tuple[Manifest, tuple[str, ...]]:
    done = put_object(circle.rings["m00"], io.BytesIO(DATA), circle.draw(), CODE)
    return done.manifest, done.holders


def cure_of_reading(circle: Circle, manifest: Manifest) -> str:
    with (
        pytest.raises(Unavailable, match=r"spread\.lost") as caught,
        Reader(circle.rings["m00"], manifest, hedge_s=5) as reader,
    ):
        list(reader.read())
    return caught.value.cure


def test_what_members_that_are_away_hold_comes_back_with_them(circle: Circle) -> None:
    manifest, holders = put(circle)
    circle.away = {name for name in holders if name != "m00"}
    assert cure_of_reading(circle, manifest) == "Try again when more members are up."
    circle.away = set(circle.names) - {"m00"}
    with pytest.raises(Unavailable, match=r"spread\.lost") as caught:
        circle.rings["m00"].find_manifest(manifest.cid.__class__(manifest.cid.raw[:-1] + b"\0"))
    assert "more members are up" in caught.value.cure
    with pytest.raises(Unavailable, match=r"spread\.lost") as caught:
        put(circle)
    assert "more members are up" in caught.value.cure


def test_what_is_gone_or_rotten_while_all_are_up_is_called_so(circle: Circle) -> None:
    manifest, holders = put(circle)
    digest = manifest.cid.digest.hex()
    for shard, name in enumerate(holders):
        path = circle.folder / name / digest / str(shard)
        path.write_bytes(bytes(path.stat().st_size))
    assert cure_of_reading(circle, manifest).startswith("All members are up")
    for name in holders:
        shutil.rmtree(circle.folder / name / digest)
    for name in circle.names:
        circle.open(name)
    with pytest.raises(Unavailable, match=r"spread\.lost") as caught:
        circle.rings["m00"].find_manifest(manifest.cid)
    assert caught.value.cure.startswith("All members are up")


def test_a_full_quota_at_members_that_are_up_is_called_so(tmp_path: Path) -> None:
    circle = Circle(tmp_path, 4, quota_bytes=1_000)
    with released(circle), pytest.raises(Unavailable, match=r"spread\.lost") as caught:
        put(circle)
    assert "quota" in caught.value.cure
