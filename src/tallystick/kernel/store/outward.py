"""Files, directories and archives out of blocks onto the machine, whole or not at all.

Laws: what is written stands under another name until all of it is there and on disk; nothing that
stands in its place is written over; a name is one of `entry.py`'s, so nothing leaves its folder,
and nothing is written through a symbolic link. Links are written as links; their targets are not
looked at.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.store.blocks import file_exists
from tallystick.kernel.store.folder import sync_path
from tallystick.kernel.store.unixfs.car import write_archive
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.fault import refuse_kind
from tallystick.kernel.store.unixfs.reader import read_file, read_status, walk

__all__ = ["Told", "room_beside", "write_car", "write_content", "write_filled"]

Told = Callable[[int], None]
"""Told how many bytes were written so far."""
_PREFIX: Final = ".tally-"
"""What a name to write under begins with. It is short, however long the name in the end is."""


def write_content(dag: Dag, cid: IpfsCid, out: Path, told: Told) -> int:
    """Write a file, directory or symbolic link to `out`; return the bytes of its files.

    Raises:
        Conflict: `store.exists`, something stands there.
        Unavailable: `store.place`, the operating system does not let it be written.
        NotFound, Corrupt, Invalid: as the reading does; nothing is left.
    """
    with _place(out) as part:
        count = _Count(told)
        _write_one(dag, cid, read_status(dag, cid).kind, part, count)
        if part.is_dir() and not part.is_symlink():
            for found in walk(dag, cid):
                _write_one(dag, found.entry.cid, found.kind, part / found.path, count)
            _sync_tree(part)
    return count.done


def write_car(dag: Dag, cid: IpfsCid, out: Path, told: Told) -> int:
    """Write all under a root to an archive at `out`; return its size. Raises as `write_content`."""
    with _place(out) as part:
        count = _Count(told)
        _write_bytes(part, write_archive(dag, [cid]), count)
    return count.done


def write_filled(out: Path, fill: Callable[[IO[bytes]], int]) -> int:
    """Write a file to `out`; return what `fill` does, which is given it open and writes all of it.

    Raises:
        Conflict, Unavailable: as `write_content`; and whatever `fill` raises. Nothing is left.
    """
    with _place(out) as part, _open_new(part) as file:
        found = fill(file)
        _sync_file(file)
    return found


@contextmanager
def room_beside(out: Path) -> Iterator[IO[bytes]]:
    """Give a file without a name, where `out` is to stand: room is there, and nothing is left.

    Raises:
        Conflict, Unavailable: as `write_content`.
    """
    with _at_place(out), tempfile.TemporaryFile(dir=out.absolute().parent) as file:
        yield file


class _Count:
    def __init__(self, told: Told) -> None:
        self.done = 0
        self._told = told

    def pass_on(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self.done += len(piece)
            self._told(self.done)


@contextmanager
def _at_place(out: Path) -> Iterator[None]:
    """Refuse a place that is taken, and tell as one error what the system refuses there."""
    try:
        _check_free(out)
        yield
    except OSError as error:
        raise _no_place(out, error) from error


@contextmanager
def _place(out: Path) -> Iterator[Path]:
    """Give another name to write under; it becomes `out` once the block has ended."""
    with _at_place(out):
        # A folder of its own beside `out`, so that it is nobody else's, and on the same disk.
        room = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out.absolute().parent))
        try:
            part = room / "out"
            yield part
            # Nobody else's file is written over, should one have come meanwhile.
            _check_free(out)
            part.rename(out)
        finally:
            shutil.rmtree(room, ignore_errors=True)
        sync_path(out.parent)


def _check_free(path: Path) -> None:
    """Refuse a name that is taken; what the system says of a name that cannot be stays its own."""
    try:
        path.lstat()
    except FileNotFoundError:
        return
    raise file_exists(path.name)


def _write_one(dag: Dag, cid: IpfsCid, kind: str, path: Path, count: _Count) -> None:
    if kind == "directory":
        path.mkdir()
    elif kind == "symlink":
        path.symlink_to(os.fsdecode(read_status(dag, cid).target))
    elif kind == "file":
        _write_bytes(path, read_file(dag, cid), count)
    else:
        raise refuse_kind("dag-cbor block", "file or directory")


def _write_bytes(path: Path, pieces: Iterable[bytes], count: _Count) -> None:
    with _open_new(path) as file:
        for piece in count.pass_on(pieces):
            file.write(piece)
        _sync_file(file)


def _open_new(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    return os.fdopen(descriptor, "wb")


def _sync_file(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_tree(folder: Path) -> None:
    for found, _, _ in os.walk(folder):
        sync_path(Path(found))


def _no_place(out: Path, error: OSError) -> Error:
    return Unavailable(
        "store.place",
        f"{out.name} cannot be written: {error.strerror}",
        cure="Name a place with room that you may write.",
    )
