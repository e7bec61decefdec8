"""Objects that only readers with their key can read: encrypted by chunks before they are coded.

`01 | kc:32 | chunks`: (k, kc) = HKDF-SHA256(data key, salt id, info D("spread", m([chain, owner,
id])), 64 bytes); chunk i = AES-256-GCM(k, nonce u88 i | u8 last, no additional data, at most 64 KiB
of plain), the tag last. The nonce counts, so no two chunks share one and a chunk at another place
does not open; its last byte is 1 in the last chunk alone, so what is cut off or added is found out.
The key is drawn for one object and never used for another. kc commits to it, as in sealed parts of
records.
Limits: lengths are seen by whoever holds the object; 2^53 - 1 bytes.
Source: docs/spec/spread.md, "Sealed objects"; Hoang, Reyhanitabar, Rogaway, Vizár 2015 (STREAM).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tallystick.base.codec import encode
from tallystick.base.errors import Corrupt, Invalid
from tallystick.chain.digest import domain
from tallystick.chain.seal import derive_keys
from tallystick.kernel.store.spread.source import fill
from tallystick.kernel.store.unixfs.importer import Readable

__all__ = [
    "CHUNK_BYTES",
    "SealedSource",
    "StreamKey",
    "open_sealed_stream",
    "plain_bytes",
    "sealed_bytes",
]

CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
_FULL: Final = CHUNK_BYTES + TAG_BYTES
_VERSION: Final = b"\x01"
HEAD_BYTES: Final = 1 + 32
_PLACE_BYTES: Final = 11


@dataclass(frozen=True, slots=True, repr=False)
class StreamKey:
    """What one object's stream is made with.

    Attributes:
        key: k, 32 bytes.
        commitment: kc, 32 bytes.
    """

    key: bytes
    commitment: bytes

    @classmethod
    def of(cls, data_key: bytes, chain: bytes, owner: str, identifier: bytes) -> StreamKey:
        """Return the keys that follow from an object's data key and where it belongs."""
        info = domain("spread", encode([chain, owner, identifier]))
        return cls(*derive_keys(data_key, identifier, info))


def _nonce(place: int, *, last: bool) -> bytes:
    return place.to_bytes(_PLACE_BYTES, "big") + bytes((last,))


class SealedSource:
    """The sealed bytes of what another source gives, to be read once.

    Args:
        source: the plain bytes.
        keys: the object's.
    """

    def __init__(self, source: Readable, keys: StreamKey) -> None:
        self._source = source
        self._cipher = AESGCM(keys.key)
        self._rest = memoryview(_VERSION + keys.commitment)
        self._chunk, self._next = (memoryview(bytearray(CHUNK_BYTES)) for _ in range(2))
        self._ahead = fill(source, self._next)
        self._place = 0
        self._done = False

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        room = memoryview(bytearray(size))
        return bytes(room[: self.readinto(room)])

    def readinto(self, room: memoryview, /) -> int:
        """Write the next bytes into a room and return how many; none at the end."""
        at = min(len(self._rest), len(room))
        room[:at] = self._rest[:at]
        self._rest = self._rest[at:]
        while at < len(room) and not self._done:
            at += self._seal_one(room[at:])
        return at

    def _seal_one(self, room: memoryview) -> int:
        """Seal the chunk that was read ahead: only the next one's reading tells if it is last."""
        self._chunk, self._next = self._next, self._chunk
        chunk = self._chunk[: self._ahead]
        self._ahead = fill(self._source, self._next) if len(chunk) == CHUNK_BYTES else 0
        self._done = not self._ahead
        nonce, size = _nonce(self._place, last=self._done), len(chunk) + TAG_BYTES
        self._place += 1
        if size <= len(room):
            self._cipher.encrypt_into(nonce, chunk, None, room[:size])
            return size
        found = memoryview(self._cipher.encrypt(nonce, chunk, None))
        room[:] = found[: len(room)]
        self._rest = found[len(room) :]
        return len(room)


def sealed_bytes(plain: int) -> int:
    """Return how many bytes a sealed object of `plain` plain bytes has.

    >>> plain_bytes(sealed_bytes(CHUNK_BYTES)) == CHUNK_BYTES
    True
    """
    return HEAD_BYTES + plain + TAG_BYTES * max(1, -(-plain // CHUNK_BYTES))


def plain_bytes(length: int) -> int:
    """Return how many plain bytes a sealed object of `length` bytes has.

    Raises:
        Corrupt: `spread.sealed`, no sealed object is so long.
    """
    rest = length - HEAD_BYTES
    chunks = -(-rest // _FULL)
    last = rest - (chunks - 1) * _FULL
    if rest < TAG_BYTES or last < TAG_BYTES or (last == TAG_BYTES and chunks > 1):
        raise _broken()
    return rest - chunks * TAG_BYTES


def open_sealed_stream(
    read: Callable[[int, int], Iterator[bytes]],
    length: int,
    keys: StreamKey,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[bytes]:
    """Yield plain bytes from `start` to before `stop`, each chunk believed before any of it is.

    Args:
        read: gives the sealed bytes from one place to before another, in any pieces.
        length: of the sealed object, as its manifest states it.
        keys: the object's.

    Raises:
        Invalid: `spread.key`, the key is not the object's.
        Corrupt: `spread.sealed`, what was sealed is cut off, longer, or changed.
    """
    plain = plain_bytes(length)
    end = plain if stop is None else min(stop, plain)
    last = max(0, -(-plain // CHUNK_BYTES) - 1)
    if start >= end and plain:
        _check_head(b"".join(read(0, HEAD_BYTES)), keys)
        return
    first, until = start // CHUNK_BYTES, last if end == plain else (end - 1) // CHUNK_BYTES
    begun, ended = HEAD_BYTES + first * _FULL, min(length, HEAD_BYTES + (until + 1) * _FULL)
    # The head and what follows come at once: each reading asks all members anew.
    sealed = chain(read(0, HEAD_BYTES), read(begun, ended)) if first else read(0, ended)
    pieces = _pieces(sealed)
    _check_head(next(pieces, b""), keys)
    cipher = AESGCM(keys.key)
    for place, chunk in enumerate(pieces, first):
        try:
            found = cipher.decrypt(_nonce(place, last=place == last), chunk, None)
        except InvalidTag as error:
            raise _broken() from error
        begin = place * CHUNK_BYTES
        if piece := found[max(0, start - begin) : max(0, end - begin)]:
            yield piece


def _check_head(head: bytes, keys: StreamKey) -> None:
    if head[:1] != _VERSION:
        raise _broken()
    if not hmac.compare_digest(head[1:], keys.commitment):
        raise Invalid(
            "spread.key",
            "the key is not the object's",
            cure="Ask the member that put it for the key anew.",
        )


def _pieces(sealed: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the head, full sealed chunks, then what is left."""
    waiting, size = bytearray(), HEAD_BYTES
    for piece in sealed:
        waiting += piece
        at = 0
        while len(waiting) - at >= size:
            yield bytes(waiting[at : at + size])
            at, size = at + size, _FULL
        del waiting[:at]
    if waiting:
        yield bytes(waiting)


def _broken() -> Corrupt:
    return Corrupt(
        "spread.sealed",
        "a sealed object is cut off, longer, or not what its key sealed",
        cure="Have its owner put the object again.",
    )
