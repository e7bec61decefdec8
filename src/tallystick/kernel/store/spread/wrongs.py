"""Who gave wrong bytes, kept over restarts, each with its proof where both members signed.

A table of `local.db`. Laws: a proof is verified before it is kept and again when it is told of, so
that no flipped bit accuses anybody; what an erased object's proof holds goes with the object; where
the file cannot be written, what was found stands until the member ends, and reading goes on.
Limits: 100 finds, those without a proof and of whom most is known go first; 4 proofs of a member,
for one is enough, and more than one only up to 64 MiB of all.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tallystick.base.codec import Cid, sha256
from tallystick.base.errors import Error, NotFound
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.spread.wrong_answer import WrongAnswer

__all__ = ["Wrong", "Wrongs"]

KEPT_MAX: Final = 100
OF_A_MEMBER_MAX: Final = 4
PROOF_BYTES_MAX: Final = 64 * 1024 * 1024
_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE wrong_answer (
    member TEXT NOT NULL, cid BLOB NOT NULL, shard INTEGER NOT NULL, segment INTEGER NOT NULL,
    sub_chunk INTEGER NOT NULL, at_ms INTEGER NOT NULL, digest BLOB NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (member, cid, shard, segment, sub_chunk))
"""
_ROWS: Final = (
    "SELECT member, cid, shard, segment, sub_chunk, at_ms, digest, length(data) FROM wrong_answer"
    " ORDER BY at_ms, rowid"
)

Verify = Callable[[bytes], WrongAnswer]
"""Returns what a file proves by the chain as this member has it, or raises."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Wrong bytes that a member gave.

    Attributes:
        member: who gave them.
        cid: the object.
        shard, segment, sub_chunk: what it was asked for, the first that was wrong.
        at_ms: when it was found, ms since 1970 UTC.
        digest: names the proof: its SHA-256; b"" where there is none.
        size: the proof's bytes.
    """

    member: str
    cid: Cid
    shard: int
    segment: int
    sub_chunk: int
    at_ms: int = 0
    digest: bytes = b""
    size: int = 0

    @property
    def place(self) -> tuple[str, Cid, int, int, int]:
        """What tells it from others, whenever it was found."""
        return self.member, self.cid, self.shard, self.segment, self.sub_chunk


class Wrongs:
    """One member's list; safe to share between threads.

    Args:
        path: its `local.db`.
        now_ms: tells the time.
    """

    def __init__(self, path: Path, now_ms: Callable[[], int]) -> None:
        self._database = Database.write(path, "wrong_answer", _SCHEMA, _VERSION)
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._kept = {each.place: each for each in self._load()}

    def _load(self) -> Iterator[Wrong]:
        """Yield what the file holds and has a reading."""
        for row in self._database.rows(_ROWS):
            with contextlib.suppress(Error, TypeError, ValueError, AttributeError):
                member, cid, *rest = row
                yield Wrong(member.decode(), Cid(cid), *rest)

    def known(self) -> list[Wrong]:
        """Return all that is known, the longest ago first."""
        with self._lock:
            return list(self._kept.values())

    def note(self, found: Wrong, proof: bytes, verify: Verify) -> None:
        """Keep what was found, with its proof if it proves it; once, however often it is found.

        Args:
            found: who gave what.
            proof: the file of it; b"" for none.
            verify: checks it.
        """
        with self._lock:
            known = self._kept.get(found.place)
            if known is not None and (known.digest or not proof):
                return
            found = replace(found, at_ms=self._now_ms())
            if proof and self._has_room(found.member, len(proof)) and _proves(found, proof, verify):
                found = replace(found, digest=sha256(proof), size=len(proof))
            else:
                proof = b""
            self._kept[found.place] = found
            gone = self._kept.pop(self._least().place) if len(self._kept) > KEPT_MAX else None
            with contextlib.suppress(Error):
                # A full disk keeps nobody from reading what others give rightly.
                self._write(found, proof, gone)

    def _has_room(self, member: str, size: int) -> bool:
        """Tell whether a proof may be kept: the first of a member always."""
        proven = [each for each in self._kept.values() if each.digest]
        own = sum(each.member == member for each in proven)
        all_bytes = sum(each.size for each in proven) + size
        return not own or (own < OF_A_MEMBER_MAX and all_bytes <= PROOF_BYTES_MAX)

    def _least(self) -> Wrong:
        """Return what goes first: unproven, of whom most is known, and the longest ago."""
        often = Counter(each.member for each in self._kept.values())
        return min(
            self._kept.values(),
            key=lambda each: (bool(each.digest), -often[each.member], each.at_ms),
        )

    def _write(self, found: Wrong, proof: bytes, gone: Wrong | None) -> None:
        with self._database.transaction():
            self._database.run(
                "INSERT OR REPLACE INTO wrong_answer VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*_columns(found), found.at_ms, found.digest, proof),
            )
            if gone is not None:
                self._database.run(
                    "DELETE FROM wrong_answer WHERE member = ? AND cid = ? AND shard = ?"
                    " AND segment = ? AND sub_chunk = ?",
                    _columns(gone),
                )

    def read(self, digest: bytes) -> bytes:
        """Return the file of a digest; NotFound `spread.no_proof` if it is not kept here."""
        query = "SELECT data FROM wrong_answer WHERE digest = ?"
        data = self._database.value(query, (digest,)) if digest else None
        if type(data) is not bytes or sha256(data) != digest:
            raise NotFound(
                "spread.no_proof",
                f"no file {digest.hex()[:16]} of a member that gave wrong bytes is kept here",
                cure="List what is kept: tally store liars.",
            )
        return data

    def forget(self, cids: Collection[Cid]) -> None:
        """Overwrite the proofs of erased objects, which hold their bytes; who gave them stays."""
        with self._lock:
            held = [each for each in self._kept.values() if each.digest and each.cid in set(cids)]
            if not held:
                return
            with self._database.transaction():
                for each in held:
                    self._database.run(
                        "UPDATE wrong_answer SET digest = x'', data = x'' WHERE digest = ?",
                        (each.digest,),
                    )
            self._database.truncate_journal()
            for each in held:
                self._kept[each.place] = replace(each, digest=b"", size=0)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._database.close()


def _columns(found: Wrong) -> tuple[object, ...]:
    return found.member, found.cid.raw, found.shard, found.segment, found.sub_chunk


def _proves(found: Wrong, proof: bytes, verify: Verify) -> bool:
    """Tell whether a file proves this very find."""
    try:
        proven = verify(proof)
    except Error:
        return False
    return (proven.member, proven.cid, proven.shard) == (found.member, found.cid, found.shard)
