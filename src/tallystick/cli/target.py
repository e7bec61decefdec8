"""A file that the user named to be written: known to be writable before what goes in is made.

What is written may open what is sealed, or take minutes: neither is done for a place that takes no
file. The file appears whole, and a failure leaves nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tallystick.base.errors import Unavailable

__all__ = ["Write", "writing"]

PART: Final = ".part"
Write = Callable[[bytes], None]
"""Writes the whole file; Unavailable `archive.write` where the disk does not take it."""


@contextlib.contextmanager
def writing(out: Path) -> Iterator[Write]:
    """Give what writes a file, once it is known that its place takes one.

    Args:
        out: as the user gave it; a file there is replaced, a device or a pipe written to.

    Raises:
        Unavailable: `archive.write`, nothing can be written there.
    """
    part = out

    def write(data: bytes) -> None:
        try:
            part.write_bytes(data)
            if part != out:
                part.replace(out)
        except OSError as error:
            raise _unwritten(out, error) from error

    try:
        part = _begin(out)
    except OSError as error:
        raise _unwritten(out, error) from error
    try:
        yield write
    finally:
        if part != out:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _begin(out: Path) -> Path:
    """Return where to write: an empty file beside, or what stands there if it is no plain file."""
    if out.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if os.path.lexists(out):
        if out.exists() and not os.access(out, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if out.is_symlink() or not out.is_file():
            return out
    part = out.with_name(out.name + PART)
    try:
        part.open("xb").close()
    except FileExistsError as error:
        # A file of the user's, or of a writing that was killed: neither is written over.
        raise _unwritten(part, error) from error
    return part


def _unwritten(out: Path, error: OSError) -> Unavailable:
    return Unavailable(
        "archive.write",
        f"{out} cannot be written: {error.strerror}",
        cure="Check the folder and the disk.",
    )
