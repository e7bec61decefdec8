"""Who gave this member wrong bytes: remembered over restarts, and proven where both have signed.

Whoever reads, repairs, tries or hands over tells it here.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tallystick.base.codec import Cid, decode, value
from tallystick.base.errors import Error
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.line import Line
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.reading import Liar
from tallystick.kernel.store.spread.wrong_answer import (
    WrongAnswer,
    verify_wrong_answer,
    write_wrong_answer,
)
from tallystick.kernel.store.spread.wrongs import Wrong, Wrongs
from tallystick.services.storing.service import Storing

__all__ = ["Heard"]


class Heard:
    """What one member has heard that was wrong.

    Args:
        desk: the member's.
        path: its `local.db`; opened when it is first needed.
    """

    def __init__(self, desk: Desk, path: Path) -> None:
        self._desk = desk
        self._path = path
        self._line: Line | None = None
        self._wrongs: Wrongs | None = None
        self._owners: dict[bytes, str] = {}
        """Who put the object of each proof that was looked into."""
        self._lock = threading.Lock()

    def take_line(self, line: Line) -> None:
        """Verify by the line's copy of the chain from now on."""
        self._line = line

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            if self._wrongs is not None:
                self._wrongs.close()

    def _open(self) -> Wrongs:
        with self._lock:
            if self._wrongs is None:
                self._wrongs = Wrongs(self._path, self._desk.now_ms)
            return self._wrongs

    def hear(self, manifest: Manifest, liars: Collection[Liar]) -> None:
        """Remember who gave wrong bytes of an object."""
        for liar in liars:
            found = Wrong(liar.member, manifest.cid, liar.shard, liar.segment, liar.sub_chunk)
            proof = write_wrong_answer(liar.exchange, manifest) if liar.exchange else b""
            with contextlib.suppress(Error):
                # A file that takes no table keeps nobody from reading what others give rightly.
                self._open().note(found, proof, self._verify)

    def known(self) -> list[Wrong]:
        """Return who gave wrong bytes, the longest ago first."""
        return self._open().known()

    def proven(self) -> Iterator[tuple[Wrong, WrongAnswer | None]]:
        """Yield all that is known with what its proof proves, verified anew; None without one."""
        for found in self.known():
            if not found.digest:
                yield found, None
                continue
            try:
                yield found, self._verify(self.read(found.digest))
            except Error:
                # Damaged here, or the member has left the list with its keys: no proof now.
                yield replace(found, digest=b"", size=0), None

    def read(self, digest: bytes) -> bytes:
        """Return the file of a proof; NotFound `spread.no_proof` if it is not kept here."""
        return self._open().read(digest)

    def forget(self, cids: Collection[Cid]) -> None:
        """Drop the proofs that hold bytes of erased objects."""
        if cids:
            self._open().forget(cids)

    def forget_erased(self, storing: Storing) -> None:
        """Drop the proofs whose objects their owners have erased, whenever they were found.

        Whose an object is its manifest says, and that is in the proof: who only read the object,
        or tried its holders, has it nowhere else.
        """
        for found in self.known():
            if found.digest and any(storing.list_objects(manifest=found.cid.raw, erased=1)):
                kept = storing.find_object(found.cid, self._find_owner(found))
                if kept is not None and kept.erased:
                    self.forget([found.cid])

    def _find_owner(self, found: Wrong) -> str:
        """Return who put a proof's object, by the manifest in it; "" if the proof is damaged."""
        if found.digest not in self._owners:
            with contextlib.suppress(Error):
                # Damaged here it proves nothing, and another of the same object may tell.
                tree: Any = decode(self.read(found.digest), value)
                self._owners[found.digest] = Manifest.read(tree["manifest"]).owner
        return self._owners.get(found.digest, "")

    def _verify(self, data: bytes) -> WrongAnswer:
        assert self._line is not None
        members = self._line.chain.tip.members
        return verify_wrong_answer(data, chain=self._desk.chain, members=members)
