"""CIDs in the bases that IPFS tools print and take; what we print are base32, and base36 for names.

A text names its base by its first sign. Version 0 has no base but its own, base58btc with no sign.
Limits: base16, base32, base36, base58btc and base64url; 256 signs. Padded forms are refused.
Source: multiformats multibase; CID specification, "Decoding Algorithm".
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.fault import refuse_cid

__all__ = ["parse_any", "read_base", "write_base36"]

_DIGITS: Final = "0123456789"
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_BYTE: Final = 8
_TEXT_MAX: Final = 256


class _Base(NamedTuple):
    """A base: its signs in order, and what one tells.

    Attributes:
        signs: the signs, the first for 0.
        bits: how many each stands for; 0 where a text is one number.
        is_folded: whether upper case is the same.
    """

    signs: str
    bits: int
    is_folded: bool


_BASES: Final = {
    "f": _Base(_DIGITS + _LOWER[:6], 4, is_folded=True),
    "b": _Base(_LOWER + "234567", 5, is_folded=True),
    "k": _Base(_DIGITS + _LOWER, 0, is_folded=True),
    "z": _Base("123456789ABCDEFGHJKLMNPQRSTUVWXYZ" + _LOWER.replace("l", ""), 0, is_folded=False),
    "u": _Base(_LOWER.upper() + _LOWER + _DIGITS + "-_", 6, is_folded=False),
}


def parse_any(text: str) -> IpfsCid:
    """Return the CID of a text in any of the bases.

    Raises:
        Invalid: as `IpfsCid` does.

    >>> str(parse_any("F01550000")), str(parse_any("bafkqaaa"))
    ('bafkqaaa', 'bafkqaaa')
    """
    if text.startswith("Qm"):
        return IpfsCid.parse(text)
    found = IpfsCid(read_base(text))
    if not found.version:
        raise refuse_cid("version 0 in a base of another version")
    return found


def read_base(text: str) -> bytes:
    """Return the bytes of a text whose first sign names its base.

    Raises:
        Invalid: `unixfs.cid`.

    >>> read_base("zJxF").hex(), read_base("k2").hex()
    ('ebe8', '02')
    """
    if len(text) > _TEXT_MAX or not text.isascii():
        raise refuse_cid("the text is too long or has other signs")
    base = _BASES.get(text[:1]) or _BASES.get(text[:1].lower())
    if base is None or (text[:1].isupper() and not base.is_folded):
        raise refuse_cid("the text begins with the sign of no base that is read")
    return _decode(text[1:].lower() if base.is_folded else text[1:], base)


def write_base36(raw: bytes) -> str:
    """Return bytes that do not begin with zero in base36, with the sign of that base before them.

    >>> write_base36(bytes((1, 0x72)))
    'kaa'
    """
    number, signs = int.from_bytes(raw, "big"), _BASES["k"].signs
    out = ""
    while number:
        number, rest = divmod(number, len(signs))
        out = signs[rest] + out
    return "k" + out


def _decode(digits: str, base: _Base) -> bytes:
    number = 0
    for sign in digits:
        value = base.signs.find(sign)
        if value < 0:
            raise refuse_cid("the text has a sign that its base has not")
        number = number * len(base.signs) + value
    if not base.bits:
        if digits.startswith(base.signs[0]):
            raise refuse_cid("the text begins with a zero")
        return number.to_bytes((number.bit_length() + _BYTE - 1) // _BYTE, "big")
    size, rest = divmod(len(digits) * base.bits, _BYTE)
    if rest >= base.bits or number & ((1 << rest) - 1):
        raise refuse_cid("the text does not end with a byte")
    return (number >> rest).to_bytes(size, "big")
