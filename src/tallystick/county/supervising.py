"""One process a member, watched: started together, each started again when it dies, ended together.

Laws: a member's process is a group of its own and holds a pipe to whoever started it, so that it
ends by itself when the supervisor is killed, and nothing is left over; a process that died is
started again after a pause that doubles while it keeps dying; one supervisor a county, by a lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from tallystick.base.errors import Conflict, Unavailable

__all__ = ["Command", "Supervisor", "find_supervisor", "hold", "log_path", "stop_supervisor"]

_LOG: Final = logging.getLogger(__name__)
LOCK_FILE: Final = "supervisor.lock"
LOGS: Final = "logs"
LOG_BYTES_MAX: Final = 10_000_000
PAUSE_MIN_S: Final = 0.5
PAUSE_MAX_S: Final = 30.0
STEADY_S: Final = 60.0
"""A process that lived so long and dies is started again at once."""
LOOK_S: Final = 0.1
END_S: Final = 15.0
"""How long a process may take to end before it is killed."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a member's process is started.

    Attributes:
        member: its name.
        words: the command line, without the program.
    """

    member: str
    words: tuple[str, ...]


@dataclass(slots=True)
class _Child:
    command: Command
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    pause_s: float = 0.0
    due_s: float = field(default=0.0)


def log_path(county: Path, member: str) -> Path:
    """Return where a member's process writes what it tells."""
    return county / LOGS / f"{member}.log"


class Supervisor:
    """Starts and watches the processes of one county.

    Args:
        county: its folder.
        commands: one a member, in the order in which they are started.
    """

    def __init__(self, county: Path, commands: Sequence[Command]) -> None:
        self._county = county
        self._children = [_Child(each, log_path(county, each.member)) for each in commands]
        self._ended = threading.Event()

    def run(self) -> None:
        """Watch until `end`, then end all processes."""
        (self._county / LOGS).mkdir(mode=0o700, exist_ok=True)
        try:
            while not self._ended.is_set():
                for child in self._children:
                    self._look_after(child)
                self._ended.wait(LOOK_S)
        finally:
            self._end_all()

    def end(self, *_: object) -> None:
        """Have `run` end; also as a signal's handler."""
        self._ended.set()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            status = child.process.poll()
            if status is None:
                return
            steady = now - child.started_s > STEADY_S
            child.pause_s = 0.0 if steady else min(max(child.pause_s * 2, PAUSE_MIN_S), PAUSE_MAX_S)
            child.due_s = now + child.pause_s
            member = child.command.member
            _LOG.warning("%s ended with %d, again in %.1f s", member, status, child.pause_s)
            self._close(child)
        if now >= child.due_s:
            self._start(child, now)

    def _start(self, child: _Child, now: float) -> None:
        if child.log.is_file() and child.log.stat().st_size > LOG_BYTES_MAX:
            child.log.replace(child.log.with_suffix(".log.1"))
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "tallystick.cli", *child.command.words],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        child.started_s = now
        _LOG.info("%s is process %d", child.command.member, child.process.pid)

    def _end_all(self) -> None:
        """Ask all to end at once, wait, and kill who does not."""
        running = [child for child in self._children if child.process is not None]
        for child in running:
            assert child.process is not None
            child.process.terminate()
        deadline = time.monotonic() + END_S
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
            self._close(child)

    def _close(self, child: _Child) -> None:
        assert child.process is not None
        if child.process.stdin is not None:
            child.process.stdin.close()
        child.process = None


@contextmanager
def hold(county: Path) -> Iterator[None]:
    """Be a county's only supervisor for as long as the block lasts.

    Raises:
        Conflict: `county.started`, there is one.
    """
    with (county / LOCK_FILE).open("a+b") as file:
        if not _lock(file):
            raise _started(county)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def find_supervisor(county: Path) -> int:
    """Return the process that watches a county's members, 0 if none does."""
    try:
        with (county / LOCK_FILE).open("r+b") as file:
            if _lock(file):
                return 0
            found = file.read(20).decode("ascii", "replace")
    except FileNotFoundError:
        return 0
    return int(found) if found.isdecimal() else 0


def stop_supervisor(county: Path, timeout_s: float = 2 * END_S) -> bool:
    """End a county's supervisor and all that it started; False if there is none.

    Raises:
        Unavailable: `county.not_ended`, it is still there after `timeout_s`.
    """
    pid = find_supervisor(county)
    if not pid:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while find_supervisor(county):
        if time.monotonic() > deadline:
            raise Unavailable(
                "county.not_ended",
                f"process {pid} watches the members still, after {timeout_s:.0f} s",
                cure="Look at its log: tally county logs.",
            )
        time.sleep(LOOK_S)
    return True


def _started(county: Path) -> Conflict:
    return Conflict(
        "county.started",
        f"the members of {county.name} are running already",
        cure="tally county status, or tally county stop.",
    )
