"""Shards on their way to a holder: by whom each is written, how far it came, and when it was last.

Laws: a part is its caller's alone, so that nobody stands in another's way; a restart drops all, and
one that nothing was written to for a while goes once its room is needed. Whoever calls holds the
holder's lock.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from tallystick.base.errors import Unavailable

__all__ = ["PARTS_MAX", "STALE_S", "Part", "Parts", "PartsKey"]

PARTS_MAX: Final = 64
"""Shards of one member that are being written at a time."""
STALE_S: Final = 600
"""A part that nothing was written to for so long goes once its room is needed."""
PartsKey: TypeAlias = tuple[str, bytes, int]
"""Who writes, an object's id, and a shard."""


@dataclass(slots=True, eq=False)
class Part:
    """A shard that is being written."""

    key: PartsKey
    path: Path
    size: int = 0
    touched_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Parts:
    """All shards that are being written to a folder; what is left from before is dropped.

    Args:
        folder: of parts alone.

    Attributes:
        bytes: of all parts.
        by_caller: of each caller's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[PartsKey, Part] = {}
        self.bytes = 0
        self.by_caller: Counter[str] = Counter()
        shutil.rmtree(folder, ignore_errors=True)

    def begin(self, key: PartsKey) -> Part:
        """Return a part, begun now if it was not.

        Raises:
            Unavailable: `spread.quota`, the caller has begun too many.
        """
        found = self._found.get(key)
        if found is None:
            caller, identifier, shard = key
            if sum(each[0] == caller for each in self._found) >= PARTS_MAX:
                raise Unavailable(
                    "spread.quota",
                    f"{caller} has begun {PARTS_MAX} shards here",
                    cure="End them, then begin others.",
                )
            path = self._folder / f"{identifier.hex()}-{shard}-{caller}"
            found = self._found[key] = Part(key, path)
        found.touched_s = time.monotonic()
        return found

    def has(self, part: Part) -> bool:
        """Tell whether a part is being written still."""
        return self._found.get(part.key) is part

    def grow(self, part: Part, count: int) -> None:
        """Note that a part is to be so many bytes longer."""
        part.size += count
        self.bytes += count
        self.by_caller[part.key[0]] += count

    def drop(self, part: Part) -> None:
        """Remove a part and its file; one that is gone already is left so."""
        if self._found.get(part.key) is part:
            del self._found[part.key]
            self.grow(part, -part.size)
            part.path.unlink(missing_ok=True)

    def forget(self, caller: str, identifier: bytes, shard: int | None = None) -> None:
        """Remove a caller's parts of an object, or one of them."""
        for key, part in list(self._found.items()):
            if key[:2] == (caller, identifier) and shard in (None, key[2]):
                self.drop(part)

    def lapse(self) -> None:
        """Remove parts that nobody goes on with."""
        for part in list(self._found.values()):
            if time.monotonic() - part.touched_s >= STALE_S:
                self.drop(part)
