"""Frames of the ABCI socket: an unsigned varint with the length, then the message's bytes.

A length that is too great or not in its shortest form ends the connection before a byte of the
message is kept, so that no peer makes this process hold more than one frame's bound.
Source: CometBFT 0.38, abci/types/messages.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tallystick.base.errors import Invalid

__all__ = ["FRAME_BYTES_MAX", "CheckTx", "Frames", "frame_of", "read_check_tx"]

FRAME_BYTES_MAX: Final = 64 * 1024 * 1024
"""A proposal holds at most 4 MB; the engine may offer its whole pool to choose from."""

_MORE: Final = 0x80
_LENGTH_BYTES_MAX: Final = 5
_SHORT: Final = 0x80


def frame_of(message: bytes) -> bytes:
    r"""Return a message with its length before it.

    >>> frame_of(b"ab"), frame_of(bytes(300))[:2]
    (b'\x02ab', b'\xac\x02')
    """
    size = len(message)
    if size < _SHORT:
        return bytes((size,)) + message
    head = bytearray()
    while size >= _SHORT:
        head.append(size & 0x7F | _MORE)
        size >>= 7
    head.append(size)
    return bytes(head) + message


class CheckTx(NamedTuple):
    """What the engine asks of a transaction; named as the table's message."""

    tx: bytes
    type: int


_CHECK_TX: Final = 0x42
_TX: Final = 0x0A
_AGAIN: Final = b"\x10\x01"
_HEAD_BYTES: Final = 6


def read_check_tx(message: bytes) -> CheckTx | None:
    """Return the CheckTx of a message, None if it is another, or not in the engine's usual form.

    Nearly all that the engine asks is this, of 128 to 16,383 bytes: 42 | length | 0a | length | tx,
    and 10 01 behind it where it asks again. Each length is in its shortest form and ends where the
    message does, so that the table's general reader would read the same.
    """
    size = len(message)
    if size <= _HEAD_BYTES or message[0] != _CHECK_TX or message[3] != _TX:
        return None
    low, high, tx_low, tx_high = message[1], message[2], message[4], message[5]
    if not (low >= _MORE > high > 0 and tx_low >= _MORE > tx_high > 0):
        return None
    if size - 3 != low & 0x7F | high << 7:
        return None
    end = _HEAD_BYTES + (tx_low & 0x7F | tx_high << 7)
    if end == size:
        return CheckTx(message[_HEAD_BYTES:], 0)
    if message[end:] == _AGAIN:
        return CheckTx(message[_HEAD_BYTES:end], 1)
    return None


class Frames:
    """Takes in a stream's bytes as they come, and gives out the messages that are whole."""

    __slots__ = ("_held", "_wanted", "size_max")

    def __init__(self, size_max: int = FRAME_BYTES_MAX) -> None:
        self.size_max = size_max
        self._held = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages that `data` completes, in order.

        Raises:
            Invalid: `abci.frame`, a length is none, or more than `size_max`.
        """
        self._held += data
        if len(self._held) < self._wanted:
            # A large frame comes in hundreds of pieces: its length is read once.
            return
        held = bytes(self._held)
        place, last = 0, len(held) - 1
        try:
            while place <= last:
                if place < last and held[place] >= _MORE > held[place + 1] > 0:
                    # Nearly every transaction's length takes two bytes.
                    start, size = place + 2, held[place] & 0x7F | held[place + 1] << 7
                elif (found := self._read_length(held, place)) is not None:
                    start, size = found
                else:
                    break
                end = start + size
                if end > len(held):
                    self._wanted = end - place
                    return
                place = end
                yield held[start:end]
            self._wanted = 0
        finally:
            del self._held[:place]

    def _read_length(self, held: bytes, place: int) -> tuple[int, int] | None:
        """Return where the message at `place` begins and its size, None if that is not all here."""
        size = 0
        for index, byte in enumerate(held[place : place + _LENGTH_BYTES_MAX]):
            size |= (byte & 0x7F) << 7 * index
            if byte < _MORE:
                if size > self.size_max or (index and not byte):
                    raise _bad_frame(f"a frame of {size} bytes", self.size_max)
                return place + index + 1, size
        if len(held) - place >= _LENGTH_BYTES_MAX:
            raise _bad_frame("a length of more than 5 bytes", self.size_max)
        return None


def _bad_frame(what: str, size_max: int) -> Invalid:
    return Invalid(
        "abci.frame",
        f"{what}, most is {size_max} bytes",
        cure="Let the engine alone connect to this port; end whatever else does.",
    )
