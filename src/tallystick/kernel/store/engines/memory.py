"""A store in memory: for simulation and tests; lost with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from tallystick.base.codec import RAW, Cid
from tallystick.base.errors import Corrupt
from tallystick.kernel.store.base import absent, checked, named

__all__ = ["MemoryStore"]


class MemoryStore:
    """Objects in a map."""

    def __init__(self) -> None:
        self._objects: dict[Cid, bytes] = {}
        self._lock = threading.Lock()

    def put_many(self, objects: Sequence[bytes], codec: int = RAW) -> list[Cid]:
        """Keep all objects, or none; return their CIDs in order."""
        cids = named(objects, codec)
        with self._lock:
            self._objects.update(zip(cids, objects, strict=True))
        return cids

    def get(self, cid: Cid) -> bytes:
        """Return the bytes that `cid` names."""
        data = self._objects.get(cid)
        if data is None:
            raise absent(cid)
        return checked(cid, data)

    def has(self, cid: Cid) -> bool:
        """Tell whether an object is kept under `cid`."""
        return cid in self._objects

    def drop(self, cids: Sequence[Cid]) -> int:
        """Forget the objects; return how many there were."""
        with self._lock:
            return sum(self._objects.pop(cid, None) is not None for cid in dict.fromkeys(cids))

    def cids(self) -> Iterator[Cid]:
        """Yield the CIDs of all objects, ascending."""
        with self._lock:
            found = sorted(self._objects)
        yield from found

    def audit(self) -> list[Cid]:
        """Hash everything again and return the CIDs that do not hold."""
        return [cid for cid in self.cids() if not self._holds(cid)]

    def _holds(self, cid: Cid) -> bool:
        try:
            self.get(cid)
        except Corrupt:
            return False
        return True

    def close(self) -> None:
        """Nothing is held that needs ending."""
