"""How many bytes a holder keeps at most: set once, kept beside its shards in `quota`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from tallystick.kernel.store.folder import sync_path

__all__ = ["QUOTA_BYTES", "read_quota", "write_quota"]

QUOTA_BYTES: Final = 64 * 1024**3
_QUOTA: Final = "quota"


def read_quota(folder: Path) -> int:
    """Return what was set; the usual where nothing was, or it has no reading any more.

    Raises:
        OSError: the disk does not tell.
    """
    try:
        return int((folder / _QUOTA).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return QUOTA_BYTES


def write_quota(folder: Path, quota_bytes: int) -> None:
    """Set it, so that it stands after a crash too.

    Raises:
        OSError: the disk does not take it; what was set before stands.
    """
    assert quota_bytes >= 0
    folder.mkdir(exist_ok=True)
    fresh = folder / f"{_QUOTA}.part"
    try:
        fresh.write_text(str(quota_bytes), encoding="ascii")
        sync_path(fresh)
        fresh.replace(folder / _QUOTA)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    sync_path(folder)
