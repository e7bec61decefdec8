"""A folder of the machine into blocks: files, folders and symbolic links as they stand.

Links are kept as links and not followed. Hidden entries (a name that begins with a dot) are left
out unless asked for, as the profiles say. Anything else, such as a device or a pipe, is refused.
Limits: 64 folders within one another. Permissions and times are not imported.
Source: IPIP-0499, "Hidden entities", "Symlinks".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from pathlib import Path
from typing import Final

from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.fault import refuse_folder, refuse_limit, refuse_special
from tallystick.kernel.store.unixfs.importer import (
    Block,
    Blocks,
    Made,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.profile import DEFAULT, Profile

__all__ = ["DEPTH_MAX", "import_path"]

DEPTH_MAX: Final = 64


def import_path(path: Path, profile: Profile = DEFAULT, *, hidden: bool = False) -> Blocks:
    """Yield the blocks of a file, folder or symbolic link.

    Args:
        path: what to import.
        profile: how it is cut and linked.
        hidden: whether entries whose name begins with a dot come too.

    Raises:
        Invalid: `unixfs.special`, `unixfs.name`, `unixfs.limit`.
        Unavailable: `unixfs.folder` where the operating system does not give it.
    """
    try:
        return (yield from _import(path, profile, hidden, 0))
    except OSError as error:
        raise refuse_folder(error) from error


def _import(path: Path, profile: Profile, hidden: bool, depth: int) -> Blocks:  # noqa: FBT001 - inner
    if depth > DEPTH_MAX:
        raise refuse_limit("depth of folders", depth, DEPTH_MAX)
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return (yield from import_symlink(os.fsencode(path.readlink()), profile))
    if stat.S_ISDIR(mode):
        entries = yield from _import_entries(path, profile, hidden, depth)
        return (yield from import_directory(entries, profile))
    if not stat.S_ISREG(mode):
        raise refuse_special()
    # What became a link since it was looked at is not followed, and a pipe is not waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return (yield from import_file(file, profile))


def _import_entries(
    folder: Path,
    profile: Profile,
    hidden: bool,  # noqa: FBT001 - inner
    depth: int,
) -> Generator[Block, None, list[Entry]]:
    made: list[Entry] = []
    for name in sorted((each.name for each in folder.iterdir()), key=os.fsencode):
        if name.startswith(".") and not hidden:
            continue
        found: Made = yield from _import(folder / name, profile, hidden, depth + 1)
        made.append(found.entry(name))
    return made
