"""Keeps one CometBFT process running beside its application.

Laws: the application listens before the engine starts; the engine is started again after any exit,
status 0 included, since that is how it ends when it loses its application; an engine that says that
its consensus failed is ended, since it goes on answering and orders nothing more; what it says is
read here and not from its log, which a full disk loses; an engine whose app hash
contradicts the application's is not started again, and the fault is told; before each start but the
first, whoever owns it may put its folder in order; ending is asked for, and enforced when it takes
too long; whoever ends, even by a kill, leaves no engine behind.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tallystick.base.errors import Corrupt, Error, Unavailable
from tallystick.kernel.ledger.engines.leash import leashed

__all__ = ["Keeper"]

PAUSE_FIRST_MS: Final = 100
PAUSE_MAX_MS: Final = 5_000
STEADY_MS: Final = 10_000
"""An engine that ran this long ended for a new reason: the pause begins anew."""
END_MS: Final = 5_000
LOG_BYTES_MAX: Final = 4_000_000
_TAIL_BYTES: Final = 64 * 1024
REASON_CHARACTERS_MAX: Final = 200
_HALTED: Final = b"CONSENSUS FAILURE!!!"
_FATAL: Final = (b"AppHash does not match", b"state.AppHash does not match")


class Keeper:
    """Starts an engine, and starts it again until `close`.

    Args:
        command: the program and its arguments.
        log: where its output goes; begun anew when it grows too large.
        prepare: called before it is started again, with the end of what its last run told.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        prepare: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._command = list(command)
        self._log = log
        self._prepare = prepare
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._told = bytearray()
        self.starts = 0
        """How often it was started."""
        self.trouble: Error | None = None
        """Why the engine does not run; None while it does."""

    @property
    def pid(self) -> int | None:
        """The engine's process id, None while it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Run it from a thread of its own: the leash is the thread's."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        pause_ms = PAUSE_FIRST_MS
        while not self._ended.is_set():
            try:
                status, was_steady = self._run()
            except OSError as error:
                self.trouble = _gone(f"it could not be started: {error.strerror}")
                status, was_steady = -1, False
            if self._ended.is_set():
                return
            told = bytes(self._told)
            if any(words in told for words in _FATAL):
                self.trouble = Corrupt(
                    "engine.app_hash",
                    "the engine's app hash is not this member's: one of the two lost or changed"
                    " blocks",
                    cure="Repair the member's chain, or put the engine's folder aside and have its"
                    " key renewed: tally change renew --use bft.",
                )
                return
            self.trouble = self.trouble or _gone(f"it ended with status {status}{_last(told)}")
            pause_ms = PAUSE_FIRST_MS if was_steady else min(2 * pause_ms, PAUSE_MAX_MS)
            self._ended.wait(pause_ms / 1_000)
            self._put_in_order(told)

    def _put_in_order(self, told: bytes) -> None:
        if not self._ended.is_set():
            try:
                self._prepare(told)
            except Error as error:
                self.trouble = error
            except OSError as error:
                self.trouble = _gone(f"its folder could not be written: {error.strerror}")

    def _run(self) -> tuple[int, bool]:
        """Run it once; return its status and whether it ran for long."""
        # What an earlier run said may have been cured since.
        self._told.clear()
        # The log stands before the engine says anything, for whoever follows it.
        self._write(b"")
        begun = time.monotonic()
        self._process = process = subprocess.Popen(  # noqa: S603 - the program this keeper is for
            leashed(self._command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.starts += 1
        self.trouble = None
        if self._ended.is_set():
            process.terminate()
        assert process.stdout is not None
        with process.stdout as said:
            for line in iter(lambda: said.readline(_TAIL_BYTES), b""):
                self._write(line)
                self._told += line
                del self._told[:-_TAIL_BYTES]
                if _HALTED in line:
                    why = line.decode(errors="replace").partition("err=")[2]
                    self.trouble = _gone(f"its consensus failed: {why[:REASON_CHARACTERS_MAX]}")
                    process.kill()
        return process.wait(), time.monotonic() - begun >= STEADY_MS / 1_000

    def _write(self, line: bytes) -> None:
        """Keep a line in the log; where the disk is full it is lost, and nothing else is."""
        with contextlib.suppress(OSError):
            if self._log.exists() and self._log.stat().st_size > LOG_BYTES_MAX:
                self._log.replace(self._log.with_name(self._log.name + ".1"))
            with self._log.open("ab") as log:
                log.write(line)

    def restart(self) -> None:
        """End the engine's process; it is started again after its folder was put in order."""
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()

    def close(self) -> None:
        """End the engine and wait for it; a second call does nothing."""
        self._ended.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
        if self._thread is not None:
            self._thread.join(END_MS / 1_000)
            if self._thread.is_alive() and self._process is not None:
                self._process.kill()
                self._thread.join()


def _last(told: bytes) -> str:
    """Return the end of the last line an engine said, for a message; "" if it said nothing."""
    lines = told.decode(errors="replace").split("\n")
    said = next((line for line in reversed(lines) if line.strip()), "")
    return f": {said[-REASON_CHARACTERS_MAX:]}" if said else ""


def _gone(why: str) -> Unavailable:
    return Unavailable(
        "engine.down",
        f"CometBFT does not run: {why}",
        cure="Nothing to do: it is started again. If it stays, read the engine's log.",
    )
