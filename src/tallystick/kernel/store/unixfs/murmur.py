"""MurmurHash3 x64, the first 64 of its 128 bits, seed 0: a name's place in a large directory.

It spreads names and protects nothing: who chooses the names can make them meet, so who reads bounds
how deep it goes.
Source: A. Appleby, MurmurHash3.cpp, `MurmurHash3_x64_128`; multihash 0x22 `murmur3-x64-64`.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HASH_BITS", "hash_name"]

HASH_BITS: Final = 64
_MASK: Final = (1 << 64) - 1
_C1: Final = 0x87C37B91114253D5
_C2: Final = 0x4CF5AD432745937F
_BLOCK: Final = 16


def hash_name(data: bytes) -> int:
    """Return the hash, 0 <= h < 2^64; bits are taken from the highest down.

    >>> hex(hash_name(b"hello"))
    '0xcbd8a7b341bd9b02'
    """
    h1 = h2 = 0
    end = len(data) - len(data) % _BLOCK
    for at in range(0, end, _BLOCK):
        k1 = int.from_bytes(data[at : at + 8], "little")
        k2 = int.from_bytes(data[at + 8 : at + 16], "little")
        h1 = _turn(h1 ^ _mix_low(k1), 27) + h2 & _MASK
        h1 = h1 * 5 + 0x52DCE729 & _MASK
        h2 = _turn(h2 ^ _mix_high(k2), 31) + h1 & _MASK
        h2 = h2 * 5 + 0x38495AB5 & _MASK
    tail = data[end:]
    h2 ^= _mix_high(int.from_bytes(tail[8:], "little"))
    h1 ^= _mix_low(int.from_bytes(tail[:8], "little"))
    h1 ^= len(data)
    h2 ^= len(data)
    h1 = h1 + h2 & _MASK
    h2 = h2 + h1 & _MASK
    return _finish(h1) + _finish(h2) & _MASK


def _turn(number: int, bits: int) -> int:
    return (number << bits | number >> 64 - bits) & _MASK


def _mix_low(k1: int) -> int:
    return _turn(k1 * _C1 & _MASK, 31) * _C2 & _MASK


def _mix_high(k2: int) -> int:
    return _turn(k2 * _C2 & _MASK, 33) * _C1 & _MASK


def _finish(number: int) -> int:
    number = (number ^ number >> 33) * 0xFF51AFD7ED558CCD & _MASK
    number = (number ^ number >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return number ^ number >> 33
