"""A member whose folder is a small file system of its own, so that a test can fill it to the end.

`python -m simulation.disk FOLDER SEED NAME PORT COUNT` puts it there and becomes
`simulation.troubled`. It stands in a mount namespace, which takes no root where the kernel gives
users their own, and is gone with the last process that sees it. Entering one needs a process of a
single thread: nothing is imported here that starts another.
Source: Linux, unshare(2), user_namespaces(7), tmpfs(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path
from typing import Final

DISK_BYTES: Final = 48 << 20
MODULE: Final = "simulation.disk"
_NEW_NAMESPACES: Final = 0x1002_0000
"""Of users and of mounts: linux/sched.h, CLONE_NEWUSER | CLONE_NEWNS."""


def _check(result: int) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def mount_small_disk(folder: Path, size: int = DISK_BYTES) -> None:
    """Put a file system of `size` bytes at a folder, for this process and its children alone.

    Raises:
        OSError: the kernel lets nobody but root have one.
    """
    library = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    _check(library.unshare(_NEW_NAMESPACES))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
    _check(library.mount(b"none", bytes(folder), b"tmpfs", 0, f"size={size}".encode()))


def can_mount(folder: Path) -> bool:
    """Tell whether this kernel lets a process have a file system of its own."""
    child = os.fork()
    if not child:
        with contextlib.suppress(OSError):
            mount_small_disk(folder)
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


if __name__ == "__main__":
    own = Path(sys.argv[1], sys.argv[3])
    own.mkdir(exist_ok=True)
    mount_small_disk(own)
    os.execv(sys.executable, [sys.executable, "-m", "simulation.troubled", *sys.argv[1:]])
