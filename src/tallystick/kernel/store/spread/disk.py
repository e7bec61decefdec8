"""Bytes written to a file at a place: all of them, or the file is told not to have them."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["write_all", "write_part"]


def write_all(handle: int, data: bytes, at: int) -> None:
    """Write bytes to an open file from a place on.

    A disk that is nearly full takes some of them and says how many; only the next write is refused.

    Raises:
        OSError: not all were taken.
    """
    rest = memoryview(data)
    while rest:
        count = os.pwrite(handle, rest, at)
        rest, at = rest[count:], at + count


def write_part(path: Path, data: bytes, at: int, before: int) -> None:
    """Write bytes to a file, made if there is none, from a place on.

    Args:
        path: the file.
        data: the bytes.
        at: where in it they begin.
        before: how long it is, and stays where the disk does not take all of them.

    Raises:
        OSError: not all were taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        write_all(handle, data, at)
    except OSError:
        os.ftruncate(handle, before)
        raise
    finally:
        os.close(handle)
