"""Objects that their owners had dropped here: none of them is taken again, whatever a chain says.

A holder that gave its word that it holds nothing of an object would be given a shard of it anew by
whoever repairs by a chain that does not tell of the erasure yet; or never does, where its owner has
left the list since. It is kept by object and by who asked: of an object that another put it says
nothing.
Layout: `dropped` in the holder's folder, a line for each: the CID, and who had it dropped.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

from tallystick.base.codec import Cid
from tallystick.base.errors import Invalid
from tallystick.kernel.store.folder import sync_path
from tallystick.kernel.store.spread.refusal import told

__all__ = ["DROPPED_MAX", "Dropped"]

DROPPED_MAX: Final = 65_536
"""Of one owner's objects; then the older half is forgotten: the chain tells of most by then."""
_FILE: Final = "dropped"
_Row: TypeAlias = tuple[str, str]


class Dropped:
    """The objects that were dropped here at their owners' word; safe to share between threads.

    Args:
        folder: the holder's.

    Both methods raise Unavailable, `spread.disk`, where the folder cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._lock = threading.Lock()
        self._rows: dict[_Row, None] | None = None
        self._counts: Counter[str] = Counter()

    def add(self, cid: Cid, owner: str) -> None:
        """Note that an owner had an object dropped; on disk once it returns."""
        with self._lock, told():
            row, rows = (str(cid), owner), self._read()
            if row in rows:
                return
            self._path.parent.mkdir(exist_ok=True)
            if self._counts[owner] >= DROPPED_MAX:
                rows = self._forget_older(rows, owner)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line(row))
                file.flush()
                os.fsync(file.fileno())
            sync_path(self._path.parent)
            rows[row] = None
            self._counts[owner] += 1

    def has(self, cid: Cid, owner: str) -> bool:
        """Tell whether an owner had an object dropped here."""
        with self._lock, told():
            return (str(cid), owner) in self._read()

    def _read(self) -> dict[_Row, None]:
        if self._rows is None:
            return self._take(_rows(self._path))
        return self._rows

    def _take(self, rows: Iterable[_Row]) -> dict[_Row, None]:
        self._rows = found = dict.fromkeys(rows)
        self._counts = Counter(owner for _, owner in found)
        return found

    def _forget_older(self, rows: Iterable[_Row], owner: str) -> dict[_Row, None]:
        kept = [row for row in rows if row[1] == owner][DROPPED_MAX // 2 :]
        kept += [row for row in rows if row[1] != owner]
        fresh = self._path.with_suffix(".part")
        fresh.write_text("".join(map(_line, kept)), encoding="utf-8")
        sync_path(fresh)
        fresh.replace(self._path)
        return self._take(kept)


def _line(row: _Row) -> str:
    # Begun anew: a line before it may have been cut off.
    return f"\n{row[0]} {row[1]}\n"


def _rows(path: Path) -> list[_Row]:
    """Return what a file says; a line that was cut off, or has rotted, says nothing."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    found = []
    for line in text.splitlines():
        cid, _, owner = line.partition(" ")
        try:
            Cid.parse(cid)
        except Invalid:
            continue
        found.append((cid, owner))
    return found
