"""How long an object may be: its manifest must be kept and read, so what is longer is not put."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from circles import Circle, released
from tallystick.base.codec import encode
from tallystick.base.errors import Invalid, NotFound
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX
from tallystick.kernel.store.base import OBJECT_BYTES_MAX
from tallystick.kernel.store.spread import manifest as manifests
from tallystick.kernel.store.spread.manifest import DIGEST_SIZE, ID_SIZE, Manifest, length_max
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Reader
from tallystick.kernel.store.spread.sealed import CHUNK_BYTES, plain_bytes, sealed_bytes
from tallystick.kernel.store.spread.serving import READ_METHOD
from tallystick.kernel.store.zigzag.layout import SEGMENT_BYTES, Layout
from tallystick.kernel.store.zigzag.profile import Profile, find_profile

MIB = 2**20
GIB = 2**30
CODE = find_profile("zz-4+2")


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    found = Circle(tmp_path, 7)
    with released(found):
        yield found


class Endless:
    """A source that never ends, and counts what was read of it."""

    def __init__(self, most: int) -> None:
        self.taken, self._most = 0, most

    def read(self, size: int, /) -> bytes:
        assert self.taken <= self._most, "it goes on reading"
        self.taken += size
        return bytes(size)


def manifest_of(code: Profile, length: int) -> Manifest:
    layout = Layout(code, length, SEGMENT_BYTES)
    digests = [bytes(code.n * code.alpha * DIGEST_SIZE)] * layout.segment_count
    return Manifest.of(bytes(ID_SIZE), "village", layout, digests)


@pytest.mark.parametrize("name", ["zz-4+2", "zz-8+2", "zz-6+3", "rs-4+2"])
def test_the_longest_object_is_the_longest_whose_manifest_is_read(name: str) -> None:
    code = find_profile(name)
    most = length_max(code, SEGMENT_BYTES, "village")
    longest = manifest_of(code, most)
    assert Manifest.read(longest.data) == longest
    longer = manifest_of(code, most + 1)
    assert len(longer.data) > OBJECT_BYTES_MAX
    with pytest.raises(Invalid, match=r"spread\.manifest"):
        Manifest.read(longer.data)
    if name == "zz-4+2":
        assert most // GIB == 42


def test_what_is_known_to_be_too_long_is_refused_before_a_byte_is_read(circle: Circle) -> None:
    source = Endless(-1)
    with pytest.raises(Invalid, match=r"spread\.size") as caught:
        put_object(circle.rings["m00"], source, circle.draw(), CODE, length=48 * GIB)
    assert "--code rs-4+2 takes 337 GiB" in caught.value.cure
    assert source.taken == 0
    assert circle.bytes_told == {}
    done = put_object(circle.rings["m00"], io.BytesIO(b"abc"), circle.draw(), CODE, length=3)
    assert done.manifest.layout.length == 3


def test_what_turns_out_too_long_is_ended_as_soon_as_it_is_and_taken_back(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "OBJECT_BYTES_MAX", 8_192)
    ring = circle.rings["m00"]
    most = length_max(CODE, MIB, "m00")
    assert most == 5 * Layout(CODE, most, MIB).full_bytes
    with pytest.raises(Invalid, match=r"spread\.size"):
        put_object(ring, Endless(most + 2 * MIB), circle.draw(), CODE, segment_bytes=MIB)
    for name, each in circle.rings.items():
        assert each.own.used_bytes == 0, name
        assert not [path for path in (circle.folder / name).rglob("*") if path.is_file()]
    done = put_object(ring, io.BytesIO(bytes(most)), circle.draw(), CODE, segment_bytes=MIB)
    with Reader(circle.rings["m01"], done.manifest, hedge_s=5) as reader:
        assert b"".join(reader.read()) == bytes(most)


@pytest.mark.parametrize("plain", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 10**9])
def test_the_length_of_what_is_sealed_is_known_before_it_is(plain: int) -> None:
    assert plain_bytes(sealed_bytes(plain)) == plain


def test_more_than_an_answer_carries_is_refused_before_a_byte_is_read(circle: Circle) -> None:
    ring = circle.rings["m00"]
    code = find_profile("rs-1+1")
    layout = Layout(code, 5 * 4 * MIB, SEGMENT_BYTES)
    done = put_object(ring, io.BytesIO(bytes(layout.length)), circle.draw(), code)
    shard, (name,) = next(iter(ring.locate(done.manifest.cid).held.items()))
    asker = circle.rings[next(each for each in circle.names if each != name)]
    most = PAYLOAD_BYTES_MAX // done.manifest.layout.full_bytes

    def read(places: range) -> bytes:
        asked = encode([done.manifest.cid, shard, [*places], [0]])
        return asker.link.call(name, READ_METHOD, asked)

    assert len(read(range(most))) == most * done.manifest.layout.full_bytes
    tracemalloc.start()
    with pytest.raises(Invalid, match=r"link\.size") as caught:
        read(range(most + 1))
    assert tracemalloc.get_traced_memory()[1] < MIB, "nothing was read to see it"
    tracemalloc.stop()
    assert caught.value.cure
    with pytest.raises(NotFound, match=r"spread\.absent"):
        read(range(60, 64))
