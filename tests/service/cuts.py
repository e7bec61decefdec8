"""Lets a process die as by kill -9 before its n-th durable step, and tells how many there are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallystick.kernel.store.database import Database

__all__ = ["ALL_STEPS", "DIED", "ENDED", "in_a_child", "kill_before"]

DIED, ENDED = 9, 0
ALL_STEPS = 10**6
"""More than any act takes: it is not killed."""
_IDLE = ("SELECT", "BEGIN", "PRAGMA cache_size", "PRAGMA cell", "SAVEPOINT", "RELEASE")


def kill_before(step: int, patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let this process die before its n-th step that a file may show; return what counts them.

    A step is a commit, a statement outside of a transaction, or a call that moves a file's name or
    makes it durable. What comes between two steps is lost with the process in any case.
    """
    done = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def step_or_die(*given: Any, **named: Any) -> Any:
            nonlocal done
            if not _is_idle(given):
                if done == step:
                    os._exit(DIED)
                done += 1
            return function(*given, **named)

        return step_or_die

    for owner, name in (
        (os, "fsync"),
        (Path, "replace"),
        (Path, "unlink"),
        (Database, "run"),
    ):
        patch.setattr(owner, name, counted(getattr(owner, name)))
    return lambda: done


def _is_idle(given: tuple[Any, ...]) -> bool:
    """Tell whether a call to a database leaves nothing in a file by itself."""
    if not given or not isinstance(given[0], Database):
        return False
    inside = given[0]._connection.in_transaction
    return given[1].startswith(_IDLE) or (inside and given[1] != "COMMIT")


def in_a_child(work: Callable[[], None]) -> int:
    """Run in a forked process: `DIED`, or `ENDED` where it came to its end first."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(ENDED)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {DIED, ENDED}
    return status
