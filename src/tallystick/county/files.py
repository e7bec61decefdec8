"""A member's files, opened by whoever holds its folder while it is at rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallystick.base.clock import Clock, SystemEntropy
from tallystick.kernel.store.blocks import Blocks, open_blocks
from tallystick.node import Node

__all__ = ["open_files"]


@contextmanager
def open_files(home: Path, clock: Clock) -> Iterator[Blocks]:
    """Open the files of the member whose folder is `home`, for reading and writing.

    Raises:
        NotFound: `member.elsewhere`; Conflict: `node.locked`, another process writes the folder.
    """
    node = Node.open(home, clock, SystemEntropy())
    try:
        blocks = open_blocks(node.store, home / "store.db")
        try:
            yield blocks
        finally:
            blocks.database.close()
    finally:
        node.close()
