"""Numbers and fields of protocol buffers, read in the one form they have.

A varint is minimal; a field is a varint, four bytes or a run of bytes, no other wire type is read.
What field may stand where is said by who reads the message.
Source: Protocol Buffers encoding guide; multiformats unsigned-varint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from tallystick.base.errors import Invalid

__all__ = [
    "FIXED32",
    "NUMBER",
    "OCTETS",
    "VARINT_SIZE_MAX",
    "Refuse",
    "octets_head",
    "read_fields",
    "read_varint",
    "write_number",
    "write_octets",
    "write_varint",
]

NUMBER: Final = 0
OCTETS: Final = 2
FIXED32: Final = 5
VARINT_SIZE_MAX: Final = 9
"""Bytes of the longest unsigned number: below 2^63."""
Refuse: TypeAlias = Callable[[str], Invalid]
"""Makes the error of a structure from the rule that is broken."""
_FIXED32_SIZE: Final = 4


def write_varint(number: int) -> bytes:
    """Return a number's bytes, seven bits a byte, the lowest first.

    >>> [write_varint(each).hex() for each in (0, 127, 128, 300)]
    ['00', '7f', '8001', 'ac02']
    """
    if number < 0x80:  # noqa: PLR2004 - seven bits a byte
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(
    data: bytes, at: int, refuse: Refuse, size_max: int = VARINT_SIZE_MAX
) -> tuple[int, int]:
    """Return the number at a place and where it ends.

    Raises:
        Invalid: it ends too early, has more than `size_max` bytes, or is not minimal.
    """
    number = 0
    for size, byte in enumerate(data[at : at + size_max]):
        number |= (byte & 0x7F) << 7 * size
        if byte < 0x80:  # noqa: PLR2004 - the last byte has no continuation bit
            if byte == 0 and size:
                raise refuse("a number that is not in its shortest form")
            return number, at + size + 1
    raise refuse("a number that does not end")


def write_number(field: int, number: int) -> bytes:
    """Return a field that is a number."""
    return write_varint(field << 3 | NUMBER) + write_varint(number)


def write_octets(field: int, data: bytes) -> bytes:
    """Return a field that is a run of bytes."""
    return octets_head(field, len(data)) + data


def octets_head(field: int, size: int) -> bytes:
    """Return what stands before a run of so many bytes, so that a long one need not be copied."""
    return write_varint(field << 3 | OCTETS) + write_varint(size)


def read_fields(
    data: bytes, refuse: Refuse, size_max: int = VARINT_SIZE_MAX
) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield a message's fields in the order they stand: (field, wire type, value).

    Args:
        data: the message.
        refuse: makes the error.
        size_max: bytes of the longest number.

    Raises:
        Invalid: the message is cut, or has a wire type that is not read.
    """
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at, refuse)
        wire = tag & 7
        if wire == NUMBER:
            number, at = read_varint(data, at, refuse, size_max)
            yield tag >> 3, wire, number
            continue
        if wire == OCTETS:
            size, at = read_varint(data, at, refuse)
        elif wire == FIXED32:
            size = _FIXED32_SIZE
        else:
            raise refuse(f"a field of wire type {wire}")
        if size > len(data) - at:
            raise refuse("a field that is cut")
        yield tag >> 3, wire, data[at : at + size]
        at += size
