"""Files, and names in a folder, made durable; a damaged one put aside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["JOURNALS", "put_aside", "sync_path"]

JOURNALS: Final = ("-wal", "-shm")
"""What SQLite keeps beside a file, behind the file's name."""


def put_aside(path: Path) -> Path | None:
    """Keep a damaged file, its journals with it, under a free name; None if there is no file.

    Whoever calls syncs the folder, once what takes the file's place stands there.
    """
    number, is_held = 1, path.exists()
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    # The journal goes first: a file without it is behind, never a mixture of two.
    for suffix in (*JOURNALS, ""):
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.rename(aside.with_name(aside.name + suffix))
    return aside if is_held else None


def sync_path(path: Path) -> None:
    """Have the disk keep a file's bytes, or which files a folder holds, over a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
