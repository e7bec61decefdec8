"""CIDs as IPFS has them: version 0 and 1, raw, dag-pb and dag-cbor, sha2-256 and identity.

The ledger's own CIDs (`base/codec.py`) are a part of these and stay as strict as they are: nothing
of this module enters a record. A CID has one text: base58btc for version 0, lower base32 for 1.
Limits: 128 bytes of identity. Other codecs and hash functions are refused by name.
Source: multiformats CID and multihash; UnixFS specification, "Identity CID Size Limit".
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

from tallystick.base.codec import DAG_CBOR, RAW, sha256
from tallystick.kernel.store.unixfs.fault import (
    refuse_cid,
    refuse_codec,
    refuse_hash_function,
    wrong_hash,
)
from tallystick.kernel.store.unixfs.wire import read_varint, write_varint

__all__ = [
    "DAG_CBOR",
    "DAG_PB",
    "IDENTITY_BYTES_MAX",
    "RAW",
    "IpfsCid",
    "check_block",
    "name_block",
    "name_inline",
    "read_leading",
]

DAG_PB: Final = 0x70
IDENTITY_BYTES_MAX: Final = 128
_CODECS: Final = (RAW, DAG_PB, DAG_CBOR)
_DIGEST_SIZE: Final = 32
_VERSION_0: Final = bytes((0x12, _DIGEST_SIZE))
_PLAIN: Final = {codec: bytes((1, codec)) + _VERSION_0 for codec in _CODECS}
_PREFIXES: Final = frozenset(_PLAIN.values())
_IDENTITIES: Final = frozenset(bytes((1, codec, 0)) for codec in _CODECS)
_ONE_BYTE: Final = 0x80
"""A size below it stands in one byte."""
_SIZE_0: Final = 34
_SIZE_1: Final = 36
_TEXT_MAX: Final = 256
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_SIZE: Final = 46


@dataclass(frozen=True, slots=True, order=True)
class IpfsCid:
    """The name of a block.

    Args:
        raw: its bytes as they stand in a link: a bare multihash for version 0.

    Raises:
        Invalid: `unixfs.cid`, `unixfs.codec` or `unixfs.hash_function`.
    """

    raw: bytes

    def __post_init__(self) -> None:
        """Refuse what is not one whole CID."""
        if read_leading(self.raw, 0) != len(self.raw):
            raise refuse_cid("bytes follow it")

    @property
    def version(self) -> int:
        """0 or 1."""
        return 0 if len(self.raw) == _SIZE_0 and self.raw[:2] == _VERSION_0 else 1

    @property
    def codec(self) -> int:
        """`RAW`, `DAG_PB` or `DAG_CBOR`."""
        return self.raw[1] if self.version else DAG_PB

    @property
    def inline(self) -> bytes | None:
        """The content, where the CID itself holds it (identity); else None."""
        if not self.version or self.raw[2]:
            return None
        # Archives may hold more of them than of any other link: the short ones are read at once.
        at = 4 if self.raw[3] < _ONE_BYTE else read_varint(self.raw, 3, refuse_cid)[1]
        return self.raw[at:]

    @property
    def digest(self) -> bytes:
        """The 32 bytes of SHA-256; of an identity CID its content."""
        found = self.inline
        return self.raw[-_DIGEST_SIZE:] if found is None else found

    def __str__(self) -> str:
        """Return the text, as IPFS tools print it."""
        if not self.version:
            return _write_base58(self.raw)
        return "b" + base64.b32encode(self.raw).decode().lower().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> IpfsCid:
        """Return the CID of its text; Invalid if it is not its one spelling."""
        if len(text) > _TEXT_MAX or not text.isascii():
            raise refuse_cid("the text is too long or has other signs")
        if len(text) == _BASE58_SIZE and text.startswith("Qm"):
            return cls(_read_base58(text))
        if not text.startswith("b"):
            raise refuse_cid("the text begins with neither Qm nor b")
        try:
            raw = base64.b32decode(text[1:].upper() + "=" * (-(len(text) - 1) % 8))
        except ValueError as error:
            raise refuse_cid("the text is not base32") from error
        found = cls(raw)
        if str(found) != text:
            raise refuse_cid("the text is not in its one spelling")
        return found


def read_leading(data: bytes, at: int) -> int:
    """Return where the CID that begins at a place ends.

    Raises:
        Invalid: as `IpfsCid` does.
    """
    head = data[at : at + 4]
    if head in _PREFIXES:
        return _end(data, at + _SIZE_1)
    if head[:2] == _VERSION_0:
        return _end(data, at + _SIZE_0)
    if head[:3] in _IDENTITIES and head[3:] and head[3] < _ONE_BYTE:
        return _end(data, at + len(head) + head[3])
    version, at = read_varint(data, at, refuse_cid)
    if version != 1:
        raise refuse_cid(f"version {version}")
    codec, at = read_varint(data, at, refuse_cid)
    if codec not in _CODECS:
        raise refuse_codec(codec)
    function, at = read_varint(data, at, refuse_cid)
    size, at = read_varint(data, at, refuse_cid)
    if function == _VERSION_0[0]:
        raise refuse_cid(f"a digest of {size} bytes, not {_DIGEST_SIZE}")
    if function or size > IDENTITY_BYTES_MAX:
        raise refuse_hash_function(function)
    return _end(data, at + size)


def name_block(data: bytes, codec: int, version: int = 1) -> IpfsCid:
    """Return the CID of a block by sha2-256; version 0 is dag-pb's alone."""
    if version:
        return IpfsCid(_PLAIN[codec] + sha256(data))
    assert codec == DAG_PB
    return IpfsCid(_VERSION_0 + sha256(data))


def name_inline(data: bytes, codec: int) -> IpfsCid:
    """Return the CID that holds a small block itself.

    >>> str(name_inline(b"", RAW))
    'bafkqaaa'
    """
    return IpfsCid(bytes((1, codec, 0)) + write_varint(len(data)) + data)


def check_block(cid: IpfsCid, data: bytes) -> bytes:
    """Return `data` if it is what `cid` names; else Corrupt `unixfs.block`."""
    inline = cid.inline
    if (sha256(data) if inline is None else data) != cid.digest:
        raise wrong_hash(cid)
    return data


def _end(data: bytes, end: int) -> int:
    if end > len(data):
        raise refuse_cid("it is cut")
    return end


def _write_base58(raw: bytes) -> str:
    number, out = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, len(_BASE58))
        out = _BASE58[rest] + out
    return out


def _read_base58(text: str) -> bytes:
    number = 0
    for sign in text:
        value = _BASE58.find(sign)
        if value < 0:
            raise refuse_cid("the text is not base58btc")
        number = number * len(_BASE58) + value
    # 46 signs are below 2^270, so they always fit.
    return number.to_bytes(_SIZE_0, "big")
