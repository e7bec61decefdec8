"""A sealed object opens whole, in ranges, with its own key alone, and in no other order."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tallystick.base.errors import Corrupt, Invalid
from tallystick.kernel.store.spread.sealed import (
    CHUNK_BYTES,
    HEAD_BYTES,
    SealedSource,
    StreamKey,
    open_sealed_stream,
    plain_bytes,
)

FULL = CHUNK_BYTES + 16
KEYS = StreamKey.of(bytes(range(32)), bytes(32), "bank", bytes(16))
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000]


def sealed(data: bytes, step: int = 10_000) -> bytes:
    source, found = SealedSource(io.BytesIO(data), KEYS), bytearray()
    while piece := source.read(step):
        found += piece
    return bytes(found)


def opened(data: bytes, keys: StreamKey = KEYS, **how: int) -> bytes:
    def read(start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, 7_001):
            yield data[at : min(stop, at + 7_001)]

    return b"".join(open_sealed_stream(read, len(data), keys, **how))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_opens_whole_and_in_any_range(size: int) -> None:
    data = random.Random(size).randbytes(size)
    found = sealed(data)
    assert plain_bytes(len(found)) == size
    assert opened(found) == data
    assert sealed(data, 1_000_000) == found
    dice = random.Random(size)
    for _ in range(20):
        start = dice.randrange(size + 2)
        stop = dice.randrange(size + 2)
        assert opened(found, start=start, stop=stop) == data[start:stop]


def test_a_whole_object_is_asked_for_once_and_a_part_of_it_twice() -> None:
    data = sealed(bytes(200_000))
    asked: list[tuple[int, int]] = []

    def read(start: int, stop: int) -> Iterator[bytes]:
        asked.append((start, stop))
        yield data[start:stop]

    assert b"".join(open_sealed_stream(read, len(data), KEYS)) == bytes(200_000)
    assert asked == [(0, len(data))]
    asked.clear()
    assert b"".join(open_sealed_stream(read, len(data), KEYS, 70_000, 70_001)) == b"\0"
    assert asked == [(0, 33), (33 + 65_552, 33 + 2 * 65_552)]


@pytest.mark.parametrize("size", SIZES)
def test_the_bytes_are_those_of_the_page(size: int) -> None:
    """Made again from docs/spec/spread.md alone, without a line of the product's."""
    data = random.Random(size).randbytes(size)
    info = b"tally/spread/1\x00\x83\x58\x20" + bytes(32) + b"\x64bank\x50" + bytes(16)
    both = HKDF(SHA256(), 64, bytes(16), info).derive(bytes(range(32)))
    found = b"\x01" + both[32:]
    count = max(1, -(-size // 65_536))
    for i in range(count):
        nonce = i.to_bytes(11, "big") + (b"\x01" if i == count - 1 else b"\x00")
        found += AESGCM(both[:32]).encrypt(nonce, data[i * 65_536 : (i + 1) * 65_536], None)
    assert sealed(data) == found


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES])
def test_what_is_cut_off_or_added_does_not_open(size: int) -> None:
    found = sealed(bytes(size))
    for wrong in (found[:-1], found[:-FULL], found[:-16], found + bytes(16), found + found[-FULL:]):
        with pytest.raises(Corrupt, match=r"spread\.sealed"):
            opened(wrong)


def test_chunks_in_another_order_or_of_another_object_do_not_open() -> None:
    found = sealed(random.Random(1).randbytes(3 * CHUNK_BYTES))
    head, first, second = (
        found[:HEAD_BYTES],
        found[33 : 33 + FULL],
        found[33 + FULL : 33 + 2 * FULL],
    )
    rest = found[33 + 2 * FULL :]
    for wrong in (head + second + first + rest, head + first + first + rest):
        with pytest.raises(Corrupt, match=r"spread\.sealed"):
            opened(wrong)
    for at in (0, 40, len(found) - 1):
        changed = bytearray(found)
        changed[at] ^= 1
        with pytest.raises(Corrupt, match=r"spread\.sealed"):
            opened(bytes(changed))


def test_another_key_owner_or_object_opens_nothing() -> None:
    found = sealed(b"abc")
    others = [
        StreamKey.of(bytes(32), bytes(32), "bank", bytes(16)),
        StreamKey.of(bytes(range(32)), bytes(31) + b"x", "bank", bytes(16)),
        StreamKey.of(bytes(range(32)), bytes(32), "village", bytes(16)),
        StreamKey.of(bytes(range(32)), bytes(32), "bank", b"x" * 16),
    ]
    for keys in others:
        with pytest.raises(Invalid, match=r"spread\.key"):
            opened(found, keys)
