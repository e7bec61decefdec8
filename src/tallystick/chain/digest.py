"""Digests that cannot be mistaken for one another.

Every hash or signature covers bytes that begin with its use, so that none made for one purpose
counts for another.
"""

from __future__ import annotations

from typing import Final

from tallystick.base.codec import sha256

__all__ = ["DIGEST_SIZE", "domain", "sha256"]

DIGEST_SIZE: Final = 32


def domain(use: str, *parts: bytes) -> bytes:
    """Return D(use, ..) = "tally/USE/1", a zero byte, the parts; only the last may vary in length.

    >>> domain("tx", bytes(2)).hex()
    '74616c6c792f74782f31000000'
    """
    return b"tally/" + use.encode() + b"/1\x00" + b"".join(parts)
