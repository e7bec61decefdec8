"""The master key's files: `master.key`, and `master.new` while one replaces the other.

Laws: which of the two is in force, the keys' own file says, by a digest of it, so a kill at any
point leaves one that opens all rows; what is put out of force is overwritten before its name goes.
Limits: a file system that writes elsewhere (copy on write, flash) keeps what was overwritten.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Final

from tallystick.base.errors import Corrupt
from tallystick.kernel.store.folder import sync_path

__all__ = ["MASTER_SIZE", "MasterFiles", "digest_of"]

MASTER_SIZE: Final = 32


def digest_of(master: bytes) -> bytes:
    """Return by what the keys' file names its master key; it tells nothing of it."""
    return blake2b(b"master key in force", key=master, digest_size=32).digest()


class MasterFiles:
    """The two names under which a master key may lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._present = folder / "master.key"
        self._fresh = folder / "master.new"

    def present(self) -> bytes | None:
        """Return what `master.key` holds, None where there is none."""
        return _read(self._present)

    def holding(self, digest: bytes) -> bytes | None:
        """Return the key in force by its digest, from whichever name it lies under; None if none.

        Nothing is moved or removed.
        """
        found = (_read(self._fresh), self.present())
        return next((each for each in found if _fits(each, digest)), None)

    def stage(self, master: bytes) -> None:
        """Write a key to come beside the present one, durably, for its owner alone."""
        _write(self._fresh, master)
        sync_path(self._folder)

    def promote(self) -> None:
        """Put the key to come in the place of the present one, which is overwritten."""
        if self._present.exists():
            _overwrite(self._present)
        self._fresh.replace(self._present)
        sync_path(self._folder)

    def settle(self, digest: bytes) -> bytes:
        """Return the key in force by its digest, and leave no other behind.

        Raises:
            Corrupt: `keys.no_master`, neither file holds it.
        """
        if _fits(_read(self._fresh), digest):
            self.promote()
        elif _fits(self.present(), digest):
            self.discard()
        found = self.present()
        if found is None or not _fits(found, digest):
            raise Corrupt(
                "keys.no_master",
                "keys.db stands under a master key that is in neither master.key nor master.new",
                cure="Restore master.key; without it the parties' data cannot be opened.",
            )
        return found

    def discard(self) -> None:
        """Overwrite and remove a key that never came into force."""
        if self._fresh.exists():
            _overwrite(self._fresh)
            self._fresh.unlink()
            sync_path(self._folder)


def _fits(master: bytes | None, digest: bytes) -> bool:
    return master is not None and len(master) == MASTER_SIZE and digest_of(master) == digest


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, secret: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())


def _overwrite(path: Path) -> None:
    """Write zeros over a file's bytes, where they lie."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
