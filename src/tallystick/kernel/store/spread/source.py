"""Bytes that come from somewhere, read into memory that is used again."""

from __future__ import annotations

from tallystick.kernel.store.unixfs.importer import Readable

__all__ = ["fill"]


def fill(source: Readable, room: memoryview) -> int:
    """Read until the room is full or the source ends; return how many bytes came.

    What can read into memory, as files can, does so; of anything else its bytes are copied.
    """
    into = getattr(source, "readinto", None)
    at = 0
    while at < len(room):
        if into is not None:
            count = into(room[at:])
        else:
            data = source.read(len(room) - at)
            count = len(data)
            room[at : at + count] = data
        if not count:
            break
        at += count
    return at
