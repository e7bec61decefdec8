"""A folder as one object: an archive of its tree, and the tree again out of its archive.

Laws: names, empty folders and bytes come back as they were; permissions, times and owners do not.
A symbolic link is refused both ways: what it leads to would be another file elsewhere. An archive
is checked whole, names and all, before any of it is written.
Limits: those of an archive (`unixfs/car.py`). While a folder is packed its blocks stand in a file
without a name, which ends with this process.
Source: docs/spec/spread.md, "Folders".
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO

from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.store.outward import Told, write_content
from tallystick.kernel.store.unixfs.bounds import check_content
from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.fault import refuse_kind, refuse_missing
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.reader import read_status, walk

__all__ = ["Packed", "pack_folder", "unpack_folder"]


class Packed:
    """An archive that is read from its beginning, as a file is.

    Args:
        dag: the blocks.
        root: the folder's.

    Attributes:
        size: bytes of the archive.
    """

    def __init__(self, dag: Dag, root: IpfsCid) -> None:
        # Written twice, the first time for its length alone: it is not kept beside its blocks.
        self.size = sum(map(len, write_archive(dag, [root])))
        self._pieces = write_archive(dag, [root])
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        found = bytearray()
        while len(found) < size:
            self._rest = self._rest or next(self._pieces, b"")
            if not self._rest:
                break
            wanted = size - len(found)
            found += self._rest[:wanted]
            self._rest = self._rest[wanted:]
        return bytes(found)


@contextmanager
def pack_folder(folder: Path) -> Iterator[Packed]:
    """Give the archive of a folder, hidden entries and all.

    Raises:
        Invalid: `store.link`, it holds a symbolic link; `unixfs.special`, `unixfs.name`;
            `unixfs.limit`, nobody could take it out of its archive again.
        Unavailable: `unixfs.folder`, the operating system does not give it; `database.full`, its
            blocks have no room among the temporary files.
    """
    with _scratch() as kept:
        root, places = _keep(folder, kept)

        def get(cid: IpfsCid) -> bytes:
            if cid.raw not in places:
                raise refuse_missing(cid)
            at, size = places[cid.raw]
            return os.pread(kept.fileno(), size, at)

        def measure(cid: IpfsCid) -> int | None:
            place = places.get(cid.raw)
            return None if place is None else place[1]

        dag = Dag(get)
        check_content(dag, [root], measure, sum(size for _, size in places.values()))
        _check_tree(dag, root)
        yield Packed(dag, root)


def _scratch() -> FileIO:
    # Without a buffer: what a full disk did not take is not written again as the file is closed.
    with _told():
        return tempfile.TemporaryFile(buffering=0)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the operating system refuses to keep as every full disk is told."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "database.full",
            f"the blocks of the folder cannot be written down: {error.strerror}",
            cure="Free space; nothing was lost.",
        ) from error


def _write(kept: FileIO, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[kept.write(rest) :]


def _keep(folder: Path, kept: FileIO) -> tuple[IpfsCid, dict[bytes, tuple[int, int]]]:
    """Write a folder's blocks one after another; return its root, and where each stands."""
    places: dict[bytes, tuple[int, int]] = {}
    at, blocks = 0, import_path(folder, hidden=True)
    while True:
        try:
            cid, block = next(blocks)
        except StopIteration as end:
            root: IpfsCid = end.value.cid
            return root, places
        if cid.raw not in places:
            with _told():
                _write(kept, block)
            places[cid.raw] = (at, len(block))
            at += len(block)


def unpack_folder(file: IO[bytes], out: Path, told: Told) -> int:
    """Write the folder of an archive to `out`, where nothing stands; return its files' bytes.

    Raises:
        Invalid: `store.link`; `car.form` and the like, it is no whole archive; `unixfs.kind`, it
            is not of one folder; `unixfs.name`, `unixfs.limit`.
        Conflict: `store.exists`, something stands there.
        Unavailable: `store.place`, it cannot be written.
    """
    descriptor = file.fileno()
    archive = open_archive(
        lambda at, size: os.pread(descriptor, size, at), os.fstat(descriptor).st_size
    )
    root = archive.roots[0]
    if len(archive.roots) > 1:
        raise refuse_kind("archive of several roots", "directory")
    dag = Dag(archive.get)
    check_content(dag, [root], archive.measure, archive.stored)
    _check_tree(dag, root)
    return write_content(dag, root, out, told)


def _check_tree(dag: Dag, root: IpfsCid) -> None:
    """Refuse what is no folder of files and folders alone."""
    kind = read_status(dag, root).kind
    if kind == "symlink":
        raise _holds_link()
    if kind != "directory":
        raise refuse_kind(kind, "directory")
    for found in walk(dag, root):
        if found.kind == "symlink":
            raise _holds_link()


def _holds_link() -> Invalid:
    return Invalid(
        "store.link",
        "the folder holds a symbolic link, and members keep files and folders alone",
        cure="Put what it leads to in its place, or take it out.",
    )
