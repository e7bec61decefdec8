"""The county folder's bearer token: who can read the file may act for its members.

Law: 32 random bytes as hex, in a file that only its owner reads; compared in constant time.
"""

from __future__ import annotations

import hmac
import os
from pathlib import Path
from typing import Final

from tallystick.base.clock import SystemEntropy
from tallystick.base.errors import Denied

__all__ = ["ensure_token", "is_token", "read_token"]

_NAME: Final = "token"
_SIZE: Final = 32


def ensure_token(folder: Path) -> str:
    """Return the folder's token, making one where there is none.

    Raises:
        Denied: `api.token_open`, others than its owner may read the file.
    """
    try:
        handle = os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_token(folder)
    token = SystemEntropy().draw("token", _SIZE).hex()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    return token


def read_token(folder: Path) -> str:
    """Return the folder's token.

    Raises:
        Denied: `api.token_missing`; `api.token_open`, others than its owner may read the file.
    """
    path = folder / _NAME
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise Denied(
            "api.token_missing", "the county folder holds no token", cure="tally serve."
        ) from error
    if path.stat().st_mode & 0o077:
        raise Denied(
            "api.token_open",
            "others than its owner may read the token",
            cure="Remove the file `token`, and start the county again: it makes a new one.",
        )
    return token


def is_token(expected: str, given: str) -> bool:
    """Tell whether two tokens are equal, in a time that does not tell how nearly."""
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))
