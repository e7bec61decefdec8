"""Runs a program that ends with the process that started it, however that one ends.

`python -m tallystick.kernel.ledger.engines.leash PARENT PROGRAM ARGUMENT...`: asks the kernel for a
signal at the parent's death, sees to it that the parent still lives, and becomes the program. So a
member that is killed leaves no engine behind that waits for it for ever. Where the kernel has no
such call, the engine itself ends when its application's connections do.
Source: Linux, prctl(2), PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

__all__ = ["leashed", "main"]

_SET_PARENT_DEATH_SIGNAL: Final = 1
_NO_PARENT: Final = 1


def leashed(command: Sequence[str]) -> list[str]:
    """Return what runs `command` on this process's leash; start it from a thread that stays."""
    return [sys.executable, "-m", __name__, str(os.getpid()), *command]


def main(given: Sequence[str]) -> int:
    """Become the program; returns only if the parent has gone already."""
    parent, *command = given
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() == int(parent):
        os.execv(command[0], command)  # noqa: S606 - the very purpose
    return _NO_PARENT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
